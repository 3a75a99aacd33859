-- What versions, trials, people and our own writes need. Not released yet: while it is not, add here.
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
-- Every lookup table and every route's settings that were brought in or in use, as they were.
CREATE TABLE value_versions (
    merchant TEXT NOT NULL,
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    digest   TEXT NOT NULL,
    no       INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    origin   TEXT NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT NOT NULL,
    size     INTEGER NOT NULL,
    packing  INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (merchant, kind, name, digest)
) STRICT, WITHOUT ROWID;
-- What a shop will say of our own writes to it (`echoes.rs`).
CREATE TABLE echoes (
    merchant     TEXT NOT NULL,
    connection   TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    after_seq    INTEGER NOT NULL,
    contents     BLOB NOT NULL,
    written_by   TEXT NOT NULL,
    at           INTEGER NOT NULL,
    heard        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (merchant, connection, resource_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX echoes_by_at ON echoes (at);
-- Last words of resources that checkpoints no longer hold themselves (`kept.rs`).
CREATE TABLE kept (
    merchant     TEXT NOT NULL,
    route        TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    mark         INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    version      INTEGER,
    status       TEXT,
    checkpoint   TEXT,
    PRIMARY KEY (merchant, route, resource_key)
) STRICT, WITHOUT ROWID;
