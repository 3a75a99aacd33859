CREATE TABLE events (
    seq            INTEGER PRIMARY KEY,
    id             TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    merchant       TEXT NOT NULL,
    connection     TEXT NOT NULL,
    topic          TEXT NOT NULL,
    resource_key   TEXT NOT NULL,
    version        INTEGER,
    received_at    INTEGER NOT NULL,
    body           BLOB NOT NULL
) STRICT;
CREATE TABLE open (seq INTEGER PRIMARY KEY) STRICT;
CREATE TABLE unrouted (
    seq INTEGER PRIMARY KEY,
    why TEXT NOT NULL
) STRICT;
CREATE TABLE resources (
    merchant     TEXT NOT NULL,
    connection   TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    fingerprint  BLOB NOT NULL,
    event_seq    INTEGER NOT NULL,
    event_id     TEXT NOT NULL,
    duplicates   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (merchant, connection, resource_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE passages (
    seq      INTEGER NOT NULL,
    route    TEXT NOT NULL,
    state    INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    due_at   INTEGER,
    intended INTEGER,
    reason   TEXT,
    ended_at INTEGER,
    PRIMARY KEY (seq, route)
) STRICT, WITHOUT ROWID;
CREATE TABLE mappings (
    seq        INTEGER NOT NULL,
    route      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    receipts   TEXT NOT NULL,
    documents  TEXT NOT NULL,
    checkpoint TEXT,
    status     TEXT,
    PRIMARY KEY (seq, route)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (
    seq         INTEGER NOT NULL,
    route       TEXT NOT NULL,
    ordinal     INTEGER NOT NULL,
    no          INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    delivered   INTEGER NOT NULL,
    target_id   TEXT,
    PRIMARY KEY (seq, route, ordinal, no)
) STRICT, WITHOUT ROWID;
CREATE TABLE finished (
    mark  INTEGER PRIMARY KEY,
    seq   INTEGER NOT NULL,
    route TEXT NOT NULL
) STRICT;
CREATE TABLE dead_letters (
    seq      INTEGER NOT NULL,
    route    TEXT NOT NULL,
    merchant TEXT NOT NULL,
    at       INTEGER NOT NULL,
    cause    TEXT NOT NULL,
    detail   TEXT NOT NULL,
    PRIMARY KEY (seq, route)
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letters_by_cause ON dead_letters (merchant, cause);
CREATE TABLE identities (
    merchant   TEXT NOT NULL,
    connection TEXT NOT NULL,
    entity     TEXT NOT NULL,
    key        TEXT NOT NULL,
    target_id  TEXT NOT NULL,
    PRIMARY KEY (merchant, connection, entity, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY,
    merchant    TEXT NOT NULL,
    connection  TEXT NOT NULL,
    reason      TEXT NOT NULL,
    detail      TEXT NOT NULL,
    headers     TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body        BLOB NOT NULL
) STRICT;
