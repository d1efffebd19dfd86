-- Who answers for an approval, and what time does to it. Null throughout for approvals without owners.
ALTER TABLE _smithers_approvals ADD COLUMN owner TEXT;
-- 1 when the owner is the deployment's default, which restricts nobody unless the configuration says so.
ALTER TABLE _smithers_approvals ADD COLUMN owner_by_default INTEGER NOT NULL DEFAULT 0
    CHECK (owner_by_default IN (0, 1));
ALTER TABLE _smithers_approvals ADD COLUMN fallback_owner TEXT;
ALTER TABLE _smithers_approvals ADD COLUMN escalates_at_ms INTEGER;
ALTER TABLE _smithers_approvals ADD COLUMN escalated_at_ms INTEGER;
ALTER TABLE _smithers_approvals ADD COLUMN expires_at_ms INTEGER;
ALTER TABLE _smithers_approvals ADD COLUMN expired_at_ms INTEGER;
-- The next escalation or expiry; null when none is left, and once the approval is decided.
ALTER TABLE _smithers_approvals ADD COLUMN due_at_ms INTEGER;

-- Scheduler: the next due time and what is due, however many approvals wait.
CREATE INDEX _smithers_approvals_due ON _smithers_approvals (due_at_ms, run_id) WHERE due_at_ms IS NOT NULL;
