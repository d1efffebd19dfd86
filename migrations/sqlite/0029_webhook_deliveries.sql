-- Deliveries that webhooks have taken, so that what comes again has no second effect. No answer: its effects are not all
-- durable yet.
CREATE TABLE _smithers_webhook_deliveries (
    workflow_key  TEXT    NOT NULL,
    delivery_id   TEXT    NOT NULL,
    taken_at_ms   INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    targets_json  TEXT    NOT NULL,
    answer_json   TEXT,
    PRIMARY KEY (workflow_key, delivery_id)
) STRICT, WITHOUT ROWID;

-- Those that may be forgotten, the oldest first.
CREATE INDEX _smithers_webhook_deliveries_by_expiry
    ON _smithers_webhook_deliveries (expires_at_ms, workflow_key, delivery_id);
