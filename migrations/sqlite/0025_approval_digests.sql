-- SHA-256 of what was asked, in hexadecimal; null for what an older version asked.
ALTER TABLE _smithers_approvals ADD COLUMN request_digest TEXT;
-- Of the request that the answer is for.
ALTER TABLE _smithers_approval_decisions ADD COLUMN request_digest TEXT;
ALTER TABLE _smithers_approval_votes ADD COLUMN request_digest TEXT;
