-- What each step of a run has changed: added up to a frame, they are the snapshot of that frame.
CREATE TABLE _smithers_snapshots (
    run_id       TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    -- From 1, no holes.
    n            INTEGER NOT NULL,
    -- Frames that the step has stored; null when it has stored none.
    first_frame  INTEGER,
    last_frame   INTEGER,
    -- Place of its first output row in the order of completion.
    first_clock  INTEGER NOT NULL,
    -- A packed delta, compressed when it is long.
    content      BLOB    NOT NULL,
    content_bytes INTEGER NOT NULL,
    -- SHA-256 of the hash before it and the packed delta.
    content_hash BLOB    NOT NULL,
    PRIMARY KEY (run_id, n)
) STRICT, WITHOUT ROWID;

-- Output rows that have left their table, for the frames that knew them.
CREATE TABLE _smithers_undone_outputs (
    run_id       TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    -- Place in the order of completion.
    seq          INTEGER NOT NULL,
    output_table TEXT    NOT NULL,
    node_id      TEXT    NOT NULL,
    iteration    INTEGER NOT NULL,
    payload_json TEXT    NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- Signals that a rewind has taken out of a run: they came after its frame.
CREATE TABLE _smithers_withdrawn_signals (
    id             INTEGER PRIMARY KEY,
    run_id         TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    seq            INTEGER NOT NULL,
    signal_name    TEXT    NOT NULL,
    correlation_id TEXT,
    payload_json   TEXT    NOT NULL,
    received_at_ms INTEGER NOT NULL,
    received_by    TEXT
) STRICT;

CREATE INDEX _smithers_withdrawn_signals_by_run ON _smithers_withdrawn_signals (run_id);

-- Runs that began as a copy of another one.
CREATE TABLE _smithers_branches (
    run_id           TEXT    PRIMARY KEY REFERENCES _smithers_runs (run_id),
    parent_run_id    TEXT    NOT NULL,
    parent_frame_no  INTEGER NOT NULL,
    branch_label     TEXT,
    fork_description TEXT,
    created_at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX _smithers_branches_by_parent ON _smithers_branches (parent_run_id, parent_frame_no);

-- Every try to rewind a run. It outlives the run.
CREATE TABLE _smithers_time_travel_audit (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id        TEXT    NOT NULL,
    from_frame_no INTEGER NOT NULL,
    to_frame_no   INTEGER NOT NULL,
    caller        TEXT    NOT NULL,
    timestamp_ms  INTEGER NOT NULL,
    result        TEXT    NOT NULL
                  CHECK (result IN ('in_progress', 'success', 'failed', 'partial', 'rejected')),
    duration_ms   INTEGER,
    -- Names the try.
    op            TEXT    UNIQUE
) STRICT;

-- How many tries of a run one caller has made lately.
CREATE INDEX _smithers_time_travel_audit_tries
    ON _smithers_time_travel_audit (run_id, caller, timestamp_ms);
-- Tries that a start finds unfinished.
CREATE INDEX _smithers_time_travel_audit_open
    ON _smithers_time_travel_audit (id) WHERE result = 'in_progress';

CREATE TRIGGER _smithers_time_travel_audit_keep
BEFORE DELETE ON _smithers_time_travel_audit
BEGIN
    SELECT raise(ABORT, 'the trail of rewinds is never deleted');
END;

-- One change is allowed: how a try that was under way has ended.
CREATE TRIGGER _smithers_time_travel_audit_fixed
BEFORE UPDATE ON _smithers_time_travel_audit
WHEN old.result <> 'in_progress' OR new.result = 'in_progress'
     OR new.id <> old.id OR new.run_id <> old.run_id OR new.from_frame_no <> old.from_frame_no
     OR new.to_frame_no <> old.to_frame_no OR new.caller <> old.caller
     OR new.timestamp_ms <> old.timestamp_ms OR new.op IS NOT old.op
BEGIN
    SELECT raise(ABORT, 'the trail of rewinds is never changed');
END;

-- INSERT OR REPLACE deletes without the trigger above unless recursive triggers are on.
CREATE TRIGGER _smithers_time_travel_audit_once
BEFORE INSERT ON _smithers_time_travel_audit
WHEN EXISTS (SELECT 1 FROM _smithers_time_travel_audit WHERE id = new.id)
     OR EXISTS (SELECT 1 FROM _smithers_time_travel_audit WHERE op = new.op)
BEGIN
    SELECT raise(ABORT, 'the trail of rewinds is never replaced');
END;
