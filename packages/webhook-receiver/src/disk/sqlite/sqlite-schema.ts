/** Version of the tables. A higher one is refused. */
export const SCHEMA_VERSION = 1

/**
 * `events` is the log; `seq` is dense and never given twice. `aside` holds what is parked or a dead letter, and refers to its event, which stays for as
 * long. `done` has what a consumer is through with above its low-water mark.
 */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    meta TEXT NOT NULL,
    body BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS events_by_arrival ON events (received_at, seq);
  CREATE TABLE IF NOT EXISTS ids (
    identity TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    stored_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ids_by_age ON ids (stored_at);
  CREATE TABLE IF NOT EXISTS consumers (name TEXT PRIMARY KEY, low INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS done (consumer TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (consumer, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS retries (
    consumer TEXT NOT NULL,
    seq INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at REAL NOT NULL,
    PRIMARY KEY (consumer, seq)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS aside (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    consumer TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('parked', 'dead')),
    seq INTEGER NOT NULL,
    lane TEXT NOT NULL,
    redrives INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at REAL NOT NULL,
    failure TEXT,
    UNIQUE (consumer, kind, seq)
  );
  CREATE INDEX IF NOT EXISTS aside_by_lane ON aside (consumer, kind, lane, seq);
  CREATE INDEX IF NOT EXISTS aside_by_event ON aside (seq);
`
