-- 1 once a retry has undone what was decided: people are asked again when the turn of the node comes.
ALTER TABLE _smithers_approvals ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1));
