-- Who did what. Rows are only added, each chained to the one before it, and no foreign key can remove them.
CREATE TABLE _smithers_audit (
    seq         INTEGER PRIMARY KEY,
    at_ms       INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    run_id      TEXT,
    actor_id    TEXT,
    token_id    TEXT,
    subject     TEXT,
    outcome     TEXT    NOT NULL,
    detail_json TEXT    NOT NULL CHECK (length(CAST(detail_json AS BLOB)) <= 16384),
    prev_hash   TEXT    NOT NULL,
    hash        TEXT    NOT NULL
) STRICT;

CREATE TRIGGER _smithers_audit_keep
BEFORE DELETE ON _smithers_audit
BEGIN
    SELECT raise(ABORT, 'audit rows are never deleted');
END;

CREATE TRIGGER _smithers_audit_fixed
BEFORE UPDATE ON _smithers_audit
BEGIN
    SELECT raise(ABORT, 'audit rows are never changed');
END;

-- INSERT OR REPLACE deletes without the trigger above unless recursive triggers are on.
CREATE TRIGGER _smithers_audit_once
BEFORE INSERT ON _smithers_audit
WHEN EXISTS (SELECT 1 FROM _smithers_audit WHERE seq = new.seq)
BEGIN
    SELECT raise(ABORT, 'audit rows are never replaced');
END;
