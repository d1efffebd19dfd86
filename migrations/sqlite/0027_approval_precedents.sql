-- Of the run, so that what people decided about a node is found without looking at runs.
ALTER TABLE _smithers_approvals ADD COLUMN workflow_key TEXT;
UPDATE _smithers_approvals
SET workflow_key = (SELECT workflow_key FROM _smithers_runs r WHERE r.run_id = _smithers_approvals.run_id);

-- autoApprove: what people decided about a node in other runs of its workflow, the newest first.
CREATE INDEX _smithers_approvals_precedents
    ON _smithers_approvals (workflow_key, node_id, decided_at_ms, run_id, iteration)
    WHERE decided_at_ms IS NOT NULL AND auto_approved = 0 AND withdrawn = 0;
