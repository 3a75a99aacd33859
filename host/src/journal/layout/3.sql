-- What versions, trials, people and our own writes need. Not released yet: while it is not, add here.
CREATE TABLE route_pauses (
    merchant TEXT NOT NULL,
    route    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT NOT NULL,
    PRIMARY KEY (merchant, route)
) STRICT, WITHOUT ROWID;
CREATE TABLE canaries (
    merchant  TEXT NOT NULL,
    plugin    TEXT NOT NULL,
    candidate TEXT NOT NULL,
    -- Of ten thousand resources.
    share     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    who       TEXT NOT NULL,
    why       TEXT NOT NULL,
    PRIMARY KEY (merchant, plugin)
) STRICT, WITHOUT ROWID;
CREATE TABLE trials (
    merchant   TEXT NOT NULL,
    plugin     TEXT NOT NULL,
    role       TEXT NOT NULL,
    live       TEXT NOT NULL,
    beside     TEXT NOT NULL,
    state      TEXT NOT NULL,
    terms      TEXT NOT NULL,
    progress   TEXT NOT NULL,
    began_at   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    who        TEXT NOT NULL,
    why        TEXT NOT NULL,
    PRIMARY KEY (merchant, plugin, role)
) STRICT, WITHOUT ROWID;
-- The status in the target's words, beside the one in the shop's.
ALTER TABLE mappings ADD COLUMN target_status TEXT;
ALTER TABLE remembered ADD COLUMN target_status TEXT;
-- What a recall found: one row for each resource on a route that is not as it should be.
CREATE TABLE corrections (
    job          INTEGER NOT NULL,
    no           INTEGER NOT NULL,
    merchant     TEXT NOT NULL,
    connection   TEXT NOT NULL,
    route        TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    event_id     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    told         TEXT NOT NULL,
    PRIMARY KEY (job, no)
) STRICT, WITHOUT ROWID;
