"""The tables of a journal, as the steps that made them: a step, once released, is never changed."""

MIGRATIONS = (
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE items (id TEXT PRIMARY KEY, added_at TEXT NOT NULL) STRICT;
    CREATE TABLE models (version TEXT PRIMARY KEY, provenance TEXT NOT NULL, added_at TEXT NOT NULL) STRICT;
    CREATE TABLE batches (
        id INTEGER PRIMARY KEY,
        strategy TEXT NOT NULL,
        size INTEGER NOT NULL,
        provenance TEXT NOT NULL,
        added_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE tasks (
        key TEXT PRIMARY KEY,
        item TEXT NOT NULL REFERENCES items,
        batch INTEGER REFERENCES batches,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        classes TEXT NOT NULL,
        votes TEXT NOT NULL,
        probs TEXT NOT NULL,
        rank INTEGER NOT NULL,
        blind INTEGER NOT NULL,
        label TEXT,
        probability REAL,
        model TEXT REFERENCES models,
        sent_model TEXT,
        state TEXT NOT NULL CHECK (state IN ('pending', 'in_flight', 'pushed', 'tombstone')),
        remote_id TEXT,
        added_at TEXT NOT NULL,
        moved_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX tasks_by_state ON tasks (state);
    CREATE INDEX tasks_by_item ON tasks (item);
    CREATE TABLE annotators (name TEXT PRIMARY KEY, added_at TEXT NOT NULL) STRICT;
    CREATE TABLE annotations (
        id INTEGER PRIMARY KEY,
        task TEXT NOT NULL REFERENCES tasks,
        remote_task TEXT NOT NULL,
        remote_id TEXT NOT NULL,
        created_at TEXT NOT NULL,
        version INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('answer', 'skip', 'deleted')),
        annotator TEXT NOT NULL REFERENCES annotators,
        label TEXT,
        lead_time REAL,
        suggestion TEXT NOT NULL,
        model TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        UNIQUE (task, remote_id, created_at, version)
    ) STRICT;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        task TEXT REFERENCES tasks,
        annotation INTEGER REFERENCES annotations,
        detail TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER annotations_stay BEFORE UPDATE ON annotations
        BEGIN SELECT RAISE(ABORT, 'annotations are only added to'); END;
    CREATE TRIGGER annotations_are_kept BEFORE DELETE ON annotations
        BEGIN SELECT RAISE(ABORT, 'annotations are only added to'); END;
    CREATE VIEW current_annotations AS
        SELECT * FROM annotations AS newest
        WHERE version = (
            SELECT max(version) FROM annotations AS other
            WHERE other.task = newest.task
            AND other.remote_id = newest.remote_id
            AND other.created_at = newest.created_at
        )
        AND kind != 'deleted';
    """,
    """
    CREATE TABLE rounds (number INTEGER PRIMARY KEY, added_at TEXT NOT NULL, record TEXT NOT NULL) STRICT;
    """,
)
TABLES = ("items", "batches", "tasks", "annotations", "annotators", "models", "events", "rounds")
