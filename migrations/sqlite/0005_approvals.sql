-- What is asked, with the newest decision beside it for readers.
CREATE TABLE _smithers_approvals (
    run_id          TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    node_id         TEXT    NOT NULL,
    iteration       INTEGER NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('requested', 'approved', 'denied')),
    requested_at_ms INTEGER NOT NULL,
    decided_at_ms   INTEGER,
    note            TEXT,
    decided_by      TEXT,
    token_id        TEXT,
    decision_json   TEXT,
    auto_approved   INTEGER NOT NULL DEFAULT 0,
    request_json    TEXT    NOT NULL,
    PRIMARY KEY (run_id, node_id, iteration)
) STRICT, WITHOUT ROWID;

-- listApprovals and hello: what waits, oldest first.
CREATE INDEX _smithers_approvals_pending
    ON _smithers_approvals (status, requested_at_ms, run_id, node_id, iteration)
    WHERE status = 'requested';

-- Every decision ever made. Rows are only added.
CREATE TABLE _smithers_approval_decisions (
    decision_id   INTEGER PRIMARY KEY,
    run_id        TEXT    NOT NULL,
    node_id       TEXT    NOT NULL,
    iteration     INTEGER NOT NULL,
    approved      INTEGER NOT NULL CHECK (approved IN (0, 1)),
    note          TEXT,
    decided_by    TEXT,
    token_id      TEXT,
    decision_json TEXT,
    decided_at_ms INTEGER NOT NULL,
    FOREIGN KEY (run_id, node_id, iteration) REFERENCES _smithers_approvals (run_id, node_id, iteration)
) STRICT;

-- History of one approval, and the check of the foreign key.
CREATE INDEX _smithers_approval_decisions_by_node
    ON _smithers_approval_decisions (run_id, node_id, iteration);

CREATE TRIGGER _smithers_approval_decisions_keep
BEFORE DELETE ON _smithers_approval_decisions
BEGIN
    SELECT raise(ABORT, 'decisions are never deleted');
END;

CREATE TRIGGER _smithers_approval_decisions_fixed
BEFORE UPDATE ON _smithers_approval_decisions
BEGIN
    SELECT raise(ABORT, 'decisions are never changed');
END;

-- INSERT OR REPLACE deletes without the trigger above unless recursive triggers are on.
CREATE TRIGGER _smithers_approval_decisions_once
BEFORE INSERT ON _smithers_approval_decisions
WHEN EXISTS (SELECT 1 FROM _smithers_approval_decisions WHERE decision_id = new.decision_id)
BEGIN
    SELECT raise(ABORT, 'decisions are never replaced');
END;
