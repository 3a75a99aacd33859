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
-- Who may ask the API. A token that was revoked stays, so that the audit record can be read.
CREATE TABLE api_tokens (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    merchant   TEXT,
    digest     BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    revoked_at INTEGER,
    revoked_by TEXT
) STRICT;
CREATE UNIQUE INDEX api_tokens_by_name ON api_tokens (name) WHERE revoked_at IS NULL;
-- Every version of a merchant's plugin that was ever brought in, refused ones too.
CREATE TABLE versions (
    merchant   TEXT NOT NULL,
    plugin     TEXT NOT NULL,
    digest     TEXT NOT NULL,
    name       TEXT,
    version    TEXT,
    state      TEXT NOT NULL,
    who        TEXT NOT NULL,
    came       TEXT NOT NULL,
    form       TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    signed_by  TEXT,
    report     TEXT NOT NULL,
    kept       INTEGER NOT NULL,
    came_at    INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (merchant, plugin, digest)
) STRICT, WITHOUT ROWID;
-- The golden cases and tables that came beside a version, packed.
CREATE TABLE version_cases (
    merchant TEXT NOT NULL,
    plugin   TEXT NOT NULL,
    digest   TEXT NOT NULL,
    packed   BLOB NOT NULL,
    PRIMARY KEY (merchant, plugin, digest)
) STRICT;
-- Truth tables that a trusted key has signed; of those that were replaced only the sum.
CREATE TABLE signed_tables (
    merchant  TEXT NOT NULL,
    plugin    TEXT NOT NULL,
    name      TEXT NOT NULL,
    sha       TEXT NOT NULL,
    signed_by TEXT NOT NULL,
    digest    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    held      INTEGER NOT NULL,
    packed    BLOB NOT NULL,
    PRIMARY KEY (merchant, plugin, name, sha)
) STRICT;
-- What was brought in within the last hour: there is a limit to it.
CREATE TABLE uploads (
    id       INTEGER PRIMARY KEY,
    merchant TEXT NOT NULL,
    at       INTEGER NOT NULL,
    bytes    INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_by_merchant ON uploads (merchant, at);
-- What is being done by hand outside of the journal: written before, taken away with its audit line.
CREATE TABLE intents (
    key      TEXT PRIMARY KEY,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    action   TEXT NOT NULL,
    merchant TEXT NOT NULL,
    subject  TEXT NOT NULL,
    why      TEXT NOT NULL,
    detail   TEXT NOT NULL
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
    target_status TEXT,
    PRIMARY KEY (merchant, route, resource_key)
) STRICT, WITHOUT ROWID;
