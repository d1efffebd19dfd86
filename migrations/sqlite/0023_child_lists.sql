-- Children of a run in the order of lists, and those that have not ended: a signal to a run reaches them too.
CREATE INDEX _smithers_runs_by_parent_listing ON _smithers_runs (parent_run_id, created_at_ms DESC, run_id)
    WHERE parent_run_id IS NOT NULL;
CREATE INDEX _smithers_runs_live_children ON _smithers_runs (parent_run_id, run_id)
    WHERE parent_tie IS NOT NULL AND finished_at_ms IS NULL;
