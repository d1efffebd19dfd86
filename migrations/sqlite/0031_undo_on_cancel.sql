-- How long what a run has done may take to be undone when the run is cancelled, from the request on; null where
-- nothing is. Said by the newest frame, so that the request need not render the workflow to know.
ALTER TABLE _smithers_runs ADD COLUMN undo_within_ms INTEGER CHECK (undo_within_ms >= 0);

-- When a run that is undone ends in any case: next_due and due_runs.
CREATE INDEX _smithers_runs_ending ON _smithers_runs (cancel_requested_at_ms + undo_within_ms, run_id)
    WHERE cancel_requested_at_ms IS NOT NULL AND undo_within_ms IS NOT NULL AND finished_at_ms IS NULL;
