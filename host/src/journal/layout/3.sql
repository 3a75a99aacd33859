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
