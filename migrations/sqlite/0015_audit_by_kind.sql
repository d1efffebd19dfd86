-- Alerts and `smithers doctor` ask for the newest row of a kind.
CREATE INDEX _smithers_audit_by_kind ON _smithers_audit (kind, outcome, seq);
