-- Signals that came to runs. They are kept until a node takes them, and afterwards as what was taken.
CREATE TABLE _smithers_signals (
    run_id         TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    seq            INTEGER NOT NULL,
    signal_name    TEXT    NOT NULL,
    correlation_id TEXT,
    payload_json   TEXT    NOT NULL,
    received_at_ms INTEGER NOT NULL,
    received_by    TEXT,
    -- The node that has taken it.
    node_id        TEXT,
    iteration      INTEGER,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;
