-- How a child run is tied to its parent: awaited, taken or unwanted. Both indexes hold only what is still to be done,
-- so that a lost notice is found by one read.
ALTER TABLE _smithers_runs ADD COLUMN parent_tie TEXT;
CREATE INDEX _smithers_runs_ended_children ON _smithers_runs (run_id)
    WHERE parent_tie = 'awaited' AND finished_at_ms IS NOT NULL;
CREATE INDEX _smithers_runs_unwanted_children ON _smithers_runs (run_id)
    WHERE parent_tie = 'unwanted' AND finished_at_ms IS NULL;
