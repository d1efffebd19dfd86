-- Runs under a hold are not deleted, by nobody, until they are released.
CREATE TABLE _smithers_run_holds (
    run_id     TEXT    PRIMARY KEY REFERENCES _smithers_runs (run_id),
    held_at_ms INTEGER NOT NULL,
    held_by    TEXT,
    reason     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What is left of deleted runs. Their ids are never used again.
CREATE TABLE _smithers_run_tombstones (
    run_id        TEXT    PRIMARY KEY,
    parent_run_id TEXT,
    workflow_key  TEXT    NOT NULL,
    workflow_name TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    deployment_id TEXT,
    created_at_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    deleted_at_ms INTEGER NOT NULL,
    deleted_by    TEXT,
    token_id      TEXT,
    channel       TEXT    NOT NULL,
    reason        TEXT,
    -- JSON object: how many rows of each kind the run had.
    counts_json   TEXT    NOT NULL,
    -- Over the whole event log, so that an export of it can be recognised.
    events_sha256 TEXT    NOT NULL,
    -- JSON array: who decided which approval how, and what they noted.
    approvals_json TEXT   NOT NULL
) STRICT, WITHOUT ROWID;

-- The mark of a deletion that is under way: the run has its tombstone and nobody sees it any more, but some of
-- its rows are still there. A start goes on with what it finds here.
CREATE TABLE _smithers_run_deletions (
    run_id       TEXT    PRIMARY KEY REFERENCES _smithers_runs (run_id),
    begun_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Names the run whose rows the open transaction may delete; empty outside of one. The triggers below ask it.
CREATE TABLE _smithers_deletion_session (
    run_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Deletion by tree, by launch and by parent; retention by the end of a run.
CREATE INDEX _smithers_frames_by_tree ON _smithers_frames (tree_hash);
CREATE INDEX _smithers_launches_by_run ON _smithers_launches (run_id);
CREATE INDEX _smithers_runs_by_parent ON _smithers_runs (parent_run_id, run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX _smithers_runs_by_end ON _smithers_runs (finished_at_ms, run_id) WHERE finished_at_ms IS NOT NULL;

CREATE TRIGGER _smithers_runs_keep
BEFORE DELETE ON _smithers_runs
WHEN NOT EXISTS (SELECT 1 FROM _smithers_deletion_session WHERE run_id = old.run_id)
BEGIN
    SELECT raise(ABORT, 'runs are never deleted by hand; use `smithers runs delete`');
END;

-- INSERT OR REPLACE deletes without the trigger above unless recursive triggers are on.
CREATE TRIGGER _smithers_runs_once
BEFORE INSERT ON _smithers_runs
WHEN EXISTS (SELECT 1 FROM _smithers_runs WHERE run_id = new.run_id)
    OR EXISTS (SELECT 1 FROM _smithers_run_tombstones WHERE run_id = new.run_id)
BEGIN
    SELECT raise(ABORT, 'runs are never replaced, and ids of deleted runs are never used again');
END;

CREATE TRIGGER _smithers_events_keep
BEFORE DELETE ON _smithers_events
WHEN NOT EXISTS (SELECT 1 FROM _smithers_deletion_session WHERE run_id = old.run_id)
BEGIN
    SELECT raise(ABORT, 'events are never deleted without their run; use `smithers runs delete`');
END;

CREATE TRIGGER _smithers_events_fixed
BEFORE UPDATE ON _smithers_events
BEGIN
    SELECT raise(ABORT, 'events are never changed');
END;

CREATE TRIGGER _smithers_events_once
BEFORE INSERT ON _smithers_events
WHEN EXISTS (SELECT 1 FROM _smithers_events WHERE position = new.position)
    OR EXISTS (SELECT 1 FROM _smithers_events WHERE run_id = new.run_id AND seq = new.seq)
    OR EXISTS (SELECT 1 FROM _smithers_events WHERE run_id = new.run_id AND stream_seq = new.stream_seq)
BEGIN
    SELECT raise(ABORT, 'events are never replaced');
END;

-- Decisions go with their run, and only so.
DROP TRIGGER _smithers_approval_decisions_keep;
CREATE TRIGGER _smithers_approval_decisions_keep
BEFORE DELETE ON _smithers_approval_decisions
WHEN NOT EXISTS (SELECT 1 FROM _smithers_deletion_session WHERE run_id = old.run_id)
BEGIN
    SELECT raise(ABORT, 'decisions are never deleted without their run; use `smithers runs delete`');
END;

CREATE TRIGGER _smithers_run_tombstones_keep
BEFORE DELETE ON _smithers_run_tombstones
BEGIN
    SELECT raise(ABORT, 'tombstones are never deleted');
END;

CREATE TRIGGER _smithers_run_tombstones_fixed
BEFORE UPDATE ON _smithers_run_tombstones
BEGIN
    SELECT raise(ABORT, 'tombstones are never changed');
END;

CREATE TRIGGER _smithers_run_tombstones_once
BEFORE INSERT ON _smithers_run_tombstones
WHEN EXISTS (SELECT 1 FROM _smithers_run_tombstones WHERE run_id = new.run_id)
BEGIN
    SELECT raise(ABORT, 'tombstones are never replaced');
END;
