ALTER TABLE events ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN packing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN packing INTEGER NOT NULL DEFAULT 0;
-- Where `packing` is not 0, the documents are here and `documents` is empty.
ALTER TABLE mappings ADD COLUMN packing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mappings ADD COLUMN packed BLOB;
CREATE TABLE open_by_merchant (
    merchant     TEXT NOT NULL,
    seq          INTEGER NOT NULL,
    connection   TEXT NOT NULL,
    topic        TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    origin       INTEGER NOT NULL,
    PRIMARY KEY (merchant, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO open_by_merchant
    SELECT e.merchant, e.seq, e.connection, e.topic, e.resource_key, 0
    FROM open o JOIN events e ON e.seq = o.seq;
DROP TABLE open;
ALTER TABLE open_by_merchant RENAME TO open;
CREATE TABLE cursors (
    merchant   TEXT NOT NULL,
    connection TEXT NOT NULL,
    list       TEXT NOT NULL,
    known_to   INTEGER NOT NULL,
    PRIMARY KEY (merchant, connection, list)
) STRICT, WITHOUT ROWID;
CREATE TABLE followups (
    merchant     TEXT NOT NULL,
    connection   TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    wanted       TEXT NOT NULL,
    have         TEXT NOT NULL DEFAULT '[]',
    event_seq    INTEGER NOT NULL,
    PRIMARY KEY (merchant, connection, resource_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX followups_open ON followups (merchant, connection) WHERE wanted <> have;
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,
    merchant   TEXT NOT NULL,
    spec       TEXT NOT NULL,
    state      TEXT NOT NULL,
    cursor     TEXT,
    progress   TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    who        TEXT NOT NULL DEFAULT '',
    why        TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX jobs_open ON jobs (kind) WHERE state IN ('queued', 'running');
-- The event of the same resource before this one: a resource's history is a chain, which costs
-- the accepting commit nothing, where an index would cost it a page.
ALTER TABLE events ADD COLUMN previous INTEGER;
ALTER TABLE resources ADD COLUMN previous INTEGER;
CREATE INDEX events_by_merchant ON events (merchant);
-- Whether only the passages that were begun take a reopened event, and not every route.
ALTER TABLE open ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
ALTER TABLE passages ADD COLUMN replays INTEGER NOT NULL DEFAULT 0;
ALTER TABLE passages ADD COLUMN tries_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE passages ADD COLUMN pin TEXT;
ALTER TABLE passages ADD COLUMN job INTEGER;
CREATE TABLE past_passages (
    seq         INTEGER NOT NULL,
    route       TEXT NOT NULL,
    replay      INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    reason      TEXT,
    ended_at    INTEGER,
    replaced_at INTEGER NOT NULL,
    job         INTEGER NOT NULL,
    receipts    TEXT,
    documents   TEXT,
    packing     INTEGER,
    packed      BLOB,
    mark        INTEGER,
    PRIMARY KEY (seq, route, replay)
) STRICT, WITHOUT ROWID;
CREATE TABLE job_ends (
    job     INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (job, outcome)
) STRICT, WITHOUT ROWID;
ALTER TABLE dead_letters ADD COLUMN status INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN issue INTEGER;
ALTER TABLE dead_letters ADD COLUMN deaths INTEGER NOT NULL DEFAULT 1;
ALTER TABLE dead_letters ADD COLUMN resource_key TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN currency TEXT;
ALTER TABLE dead_letters ADD COLUMN amount TEXT;
ALTER TABLE dead_letters ADD COLUMN changed_at INTEGER;
CREATE INDEX dead_letters_open ON dead_letters (seq, route) WHERE status = 0;
CREATE INDEX dead_letters_by_issue ON dead_letters (issue, seq, route);
CREATE INDEX dead_letters_by_resource ON dead_letters (issue, resource_key, seq);
CREATE TABLE issues (
    id             INTEGER PRIMARY KEY,
    fingerprint    BLOB NOT NULL UNIQUE,
    merchant       TEXT NOT NULL,
    route          TEXT NOT NULL,
    cause          TEXT NOT NULL,
    code           TEXT NOT NULL,
    plugin         TEXT,
    plugin_version TEXT,
    plugin_digest  TEXT,
    pointer        TEXT,
    target_status  INTEGER,
    detail         TEXT NOT NULL,
    last_seq       INTEGER NOT NULL,
    count          INTEGER NOT NULL,
    pending        INTEGER NOT NULL,
    first_seen     INTEGER NOT NULL,
    last_seen      INTEGER NOT NULL,
    state          INTEGER NOT NULL
) STRICT;
CREATE TABLE issue_money (
    issue    INTEGER NOT NULL,
    currency TEXT NOT NULL,
    affected TEXT NOT NULL,
    pending  TEXT NOT NULL,
    PRIMARY KEY (issue, currency)
) STRICT, WITHOUT ROWID;
ALTER TABLE quarantine ADD COLUMN status INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN event_id TEXT;
CREATE TABLE bookmarks (
    name     TEXT NOT NULL,
    merchant TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (name, merchant)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    action   TEXT NOT NULL,
    merchant TEXT NOT NULL,
    subject  TEXT NOT NULL,
    why      TEXT NOT NULL,
    detail   TEXT NOT NULL
) STRICT;
CREATE TABLE answers_given (
    who     TEXT NOT NULL,
    key     TEXT NOT NULL,
    request BLOB NOT NULL,
    status  INTEGER NOT NULL,
    body    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (who, key)
) STRICT, WITHOUT ROWID;
ALTER TABLE passages ADD COLUMN mark INTEGER;
CREATE INDEX finished_by_seq ON finished (seq, route);
UPDATE passages SET mark = (SELECT max(mark) FROM finished f
                            WHERE f.seq = passages.seq AND f.route = passages.route)
    WHERE state = 2;
DROP INDEX finished_by_seq;
CREATE TABLE remembered (
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
CREATE INDEX remembered_by_mark ON remembered (mark);
CREATE INDEX remembered_by_seq ON remembered (seq, route);
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
