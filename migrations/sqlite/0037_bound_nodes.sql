-- The rows that a task is bound to, with their digests, as the first frame that showed them all had them.
ALTER TABLE _smithers_nodes ADD COLUMN bound_json TEXT;
