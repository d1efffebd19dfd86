-- Over what a command came, and for whom. Rows from before have no channel; their hashes do not cover these columns.
ALTER TABLE _smithers_audit ADD COLUMN channel TEXT;
ALTER TABLE _smithers_audit ADD COLUMN org_id TEXT;
ALTER TABLE _smithers_audit ADD COLUMN project_id TEXT;
