-- Nodes that wait for something that is no decision, for as long as they do.
CREATE TABLE _smithers_waits (
    run_id         TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    node_id        TEXT    NOT NULL,
    iteration      INTEGER NOT NULL,
    kind           TEXT    NOT NULL,
    since_ms       INTEGER NOT NULL,
    -- When it ends by itself; null when only somebody outside can end it.
    due_at_ms      INTEGER,
    signal_name    TEXT,
    correlation_id TEXT,
    cause_json     TEXT    NOT NULL,
    -- Its time wakes nobody, because the run is paused.
    held           INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
    PRIMARY KEY (run_id, node_id, iteration)
) STRICT, WITHOUT ROWID;

-- Scheduler: the next due time and what is due, however many runs are parked.
CREATE INDEX _smithers_waits_due ON _smithers_waits (due_at_ms, run_id)
    WHERE due_at_ms IS NOT NULL AND held = 0;
-- Signals that name no run: who waits for this one.
CREATE INDEX _smithers_waits_by_signal ON _smithers_waits (signal_name, correlation_id, run_id)
    WHERE signal_name IS NOT NULL;
