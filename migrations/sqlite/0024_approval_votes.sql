-- How often it was asked: votes count for the question they were cast on.
ALTER TABLE _smithers_approvals ADD COLUMN round INTEGER NOT NULL DEFAULT 1;

-- Every vote about an approval that needs several people. Rows are only added.
CREATE TABLE _smithers_approval_votes (
    vote_id       INTEGER PRIMARY KEY,
    run_id        TEXT    NOT NULL,
    node_id       TEXT    NOT NULL,
    iteration     INTEGER NOT NULL,
    round         INTEGER NOT NULL,
    approved      INTEGER NOT NULL CHECK (approved IN (0, 1)),
    note          TEXT,
    -- Null only for a no of a token without a user.
    decided_by    TEXT    CHECK (decided_by IS NOT NULL OR approved = 0),
    token_id      TEXT,
    decision_json TEXT,
    decided_at_ms INTEGER NOT NULL,
    FOREIGN KEY (run_id, node_id, iteration) REFERENCES _smithers_approvals (run_id, node_id, iteration)
) STRICT;

-- Votes of one approval, the check of the foreign key, and one vote for everybody.
CREATE UNIQUE INDEX _smithers_approval_votes_by_voter
    ON _smithers_approval_votes (run_id, node_id, iteration, round, decided_by);

CREATE TRIGGER _smithers_approval_votes_keep
BEFORE DELETE ON _smithers_approval_votes
WHEN NOT EXISTS (SELECT 1 FROM _smithers_deletion_session WHERE run_id = old.run_id)
BEGIN
    SELECT raise(ABORT, 'votes are never deleted without their run; use `smithers runs delete`');
END;

CREATE TRIGGER _smithers_approval_votes_fixed
BEFORE UPDATE ON _smithers_approval_votes
BEGIN
    SELECT raise(ABORT, 'votes are never changed');
END;

-- INSERT OR REPLACE deletes without the trigger above unless recursive triggers are on.
CREATE TRIGGER _smithers_approval_votes_once
BEFORE INSERT ON _smithers_approval_votes
WHEN EXISTS (SELECT 1 FROM _smithers_approval_votes WHERE vote_id = new.vote_id)
    OR EXISTS (SELECT 1 FROM _smithers_approval_votes
               WHERE run_id = new.run_id AND node_id = new.node_id AND iteration = new.iteration
                   AND round = new.round AND decided_by = new.decided_by)
BEGIN
    SELECT raise(ABORT, 'votes are never replaced');
END;
