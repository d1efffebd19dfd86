-- Effects on the world outside: those that were begun, by tasks and by tools that agents call.
CREATE TABLE _smithers_tool_calls (
    run_id                  TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    node_id                 TEXT    NOT NULL,
    iteration               INTEGER NOT NULL,
    attempt                 INTEGER NOT NULL,
    -- 0 is the body of the task, tools count from 1.
    seq                     INTEGER NOT NULL,
    call_token              TEXT    NOT NULL,
    tool_name               TEXT    NOT NULL,
    kind                    TEXT    NOT NULL,
    status                  TEXT    NOT NULL,
    side_effect             INTEGER NOT NULL CHECK (side_effect IN (0, 1)),
    idempotent              INTEGER NOT NULL CHECK (idempotent IN (0, 1)),
    accepts_idempotency_key INTEGER NOT NULL CHECK (accepts_idempotency_key IN (0, 1)),
    has_revert              INTEGER NOT NULL CHECK (has_revert IN (0, 1)),
    idempotency_key         TEXT,
    input_json              TEXT,
    output_json             TEXT,
    error_json              TEXT,
    started_at_ms           INTEGER NOT NULL,
    finished_at_ms          INTEGER,
    -- What became of the wish to take it back.
    revert_status           TEXT,
    PRIMARY KEY (run_id, node_id, iteration, attempt, seq)
) STRICT, WITHOUT ROWID;

-- Opening a run: what is under way or must not be had again, which few calls are.
CREATE INDEX _smithers_tool_calls_unsafe ON _smithers_tool_calls (run_id)
    WHERE status = 'started' OR (side_effect = 1 AND idempotent = 0);

-- Calls of attempts that time travel has undone: the newest state of each, once for each operation.
CREATE TABLE _smithers_tool_call_archive (
    archive_id              INTEGER PRIMARY KEY,
    run_id                  TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    node_id                 TEXT    NOT NULL,
    iteration               INTEGER NOT NULL,
    attempt                 INTEGER NOT NULL,
    seq                     INTEGER NOT NULL,
    call_token              TEXT    NOT NULL,
    tool_name               TEXT    NOT NULL,
    kind                    TEXT    NOT NULL,
    status                  TEXT    NOT NULL,
    side_effect             INTEGER NOT NULL,
    idempotent              INTEGER NOT NULL,
    accepts_idempotency_key INTEGER NOT NULL,
    has_revert              INTEGER NOT NULL,
    idempotency_key         TEXT,
    input_json              TEXT,
    output_json             TEXT,
    error_json              TEXT,
    started_at_ms           INTEGER NOT NULL,
    finished_at_ms          INTEGER,
    revert_status           TEXT,
    archived_by_op          TEXT    NOT NULL,
    archived_at_ms          INTEGER NOT NULL,
    archive_reason          TEXT    NOT NULL
) STRICT;

-- Deletion of a run.
CREATE INDEX _smithers_tool_call_archive_by_run ON _smithers_tool_call_archive (run_id);
