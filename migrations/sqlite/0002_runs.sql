-- Runs. Columns that no code of this version writes belong to the public row shape and stay null.
CREATE TABLE _smithers_runs (
    run_id                         TEXT    PRIMARY KEY,
    parent_run_id                  TEXT,
    workflow_key                   TEXT    NOT NULL,
    workflow_name                  TEXT    NOT NULL,
    workflow_path                  TEXT,
    workflow_hash                  TEXT,
    status                         TEXT    NOT NULL,
    system                         INTEGER NOT NULL CHECK (system IN (0, 1)),
    created_at_ms                  INTEGER NOT NULL,
    started_at_ms                  INTEGER,
    finished_at_ms                 INTEGER,
    heartbeat_at_ms                INTEGER,
    runtime_owner_id               TEXT,
    cancel_requested_at_ms         INTEGER,
    cancel_request_id              TEXT,
    cancel_request_source          TEXT,
    cancel_request_client_identity TEXT,
    cancel_request_client_pid      INTEGER,
    pause_requested_at_ms          INTEGER,
    hijack_requested_at_ms         INTEGER,
    hijack_target                  TEXT,
    vcs_type                       TEXT,
    vcs_root                       TEXT,
    vcs_revision                   TEXT,
    deployment_id                  TEXT    REFERENCES _smithers_deployments (deployment_id),
    error_json                     TEXT,
    config_json                    TEXT    NOT NULL,
    -- Last, because it may be large and most reads stop before it.
    input_json                     TEXT    NOT NULL
) STRICT;

-- listRuns and hello: runs that people launched, newest first.
CREATE INDEX _smithers_runs_newest ON _smithers_runs (system, created_at_ms DESC, run_id);
-- listRuns with includeSystem: all runs, newest first.
CREATE INDEX _smithers_runs_newest_of_all ON _smithers_runs (created_at_ms DESC, run_id);
-- listRuns with a status: newest first.
CREATE INDEX _smithers_runs_newest_by_status ON _smithers_runs (status, created_at_ms DESC, run_id);
-- listRuns with a workflow: newest first.
CREATE INDEX _smithers_runs_newest_by_workflow ON _smithers_runs (workflow_key, created_at_ms DESC, run_id);
-- Recovery: pages through the runs of one status by id.
CREATE INDEX _smithers_runs_by_status ON _smithers_runs (status, run_id);

-- Counters of a run. Apart from the run row because every step changes them: sixty heads share a page,
-- and a step does not rewrite the input.
CREATE TABLE _smithers_run_heads (
    run_id          TEXT    PRIMARY KEY REFERENCES _smithers_runs (run_id),
    epoch           INTEGER NOT NULL,
    next_seq        INTEGER NOT NULL,
    next_stream_seq INTEGER NOT NULL,
    next_frame_no   INTEGER NOT NULL,
    next_clock      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Launches with an idempotency key: a second one with the same key is the same launch.
CREATE TABLE _smithers_launches (
    workflow_key    TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    run_id          TEXT NOT NULL REFERENCES _smithers_runs (run_id),
    PRIMARY KEY (workflow_key, idempotency_key)
) STRICT, WITHOUT ROWID;

-- Inputs for people who query the database. Workflows share this table, so that a field column takes any
-- type; `payload` holds the whole input of workflows that declare no fields.
CREATE TABLE input (
    run_id  TEXT PRIMARY KEY REFERENCES _smithers_runs (run_id),
    payload ANY
) STRICT;
