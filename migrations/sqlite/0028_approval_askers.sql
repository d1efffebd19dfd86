-- Hash of the module graph that asked; null for what an older version asked, and for workflows without one.
ALTER TABLE _smithers_approvals ADD COLUMN asked_by_hash TEXT;
