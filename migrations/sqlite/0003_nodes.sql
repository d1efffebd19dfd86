-- Nodes and their attempts.
CREATE TABLE _smithers_nodes (
    run_id        TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    node_id       TEXT    NOT NULL,
    iteration     INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    last_attempt  INTEGER,
    updated_at_ms INTEGER NOT NULL,
    output_table  TEXT,
    label         TEXT,
    PRIMARY KEY (run_id, node_id, iteration)
) STRICT, WITHOUT ROWID;

CREATE TABLE _smithers_attempts (
    run_id              TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    node_id             TEXT    NOT NULL,
    iteration           INTEGER NOT NULL,
    attempt             INTEGER NOT NULL,
    state               TEXT    NOT NULL,
    started_at_ms       INTEGER NOT NULL,
    finished_at_ms      INTEGER,
    -- When the next attempt is due; only on the newest attempt of a node that backs off.
    retry_at_ms         INTEGER,
    heartbeat_at_ms     INTEGER,
    heartbeat_data_json TEXT,
    error_json          TEXT,
    jj_pointer          TEXT,
    jj_cwd              TEXT,
    response_text       TEXT,
    cached              INTEGER NOT NULL DEFAULT 0,
    meta_json           TEXT,
    PRIMARY KEY (run_id, node_id, iteration, attempt)
) STRICT, WITHOUT ROWID;

-- Scheduler: the next due time and what is due, however many runs are parked.
CREATE INDEX _smithers_attempts_due ON _smithers_attempts (retry_at_ms, run_id) WHERE retry_at_ms IS NOT NULL;
