-- The log of all runs in commit order.
CREATE TABLE _smithers_events (
    position      INTEGER PRIMARY KEY,
    run_id        TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    seq           INTEGER NOT NULL,
    -- Only on events that clients see.
    stream_seq    INTEGER,
    state_version INTEGER,
    type          TEXT    NOT NULL,
    timestamp_ms  INTEGER NOT NULL,
    payload_json  TEXT    NOT NULL
) STRICT;

-- A run's whole log by number; no number is given twice.
CREATE UNIQUE INDEX _smithers_events_by_seq ON _smithers_events (run_id, seq);
-- streamRunEvents: replay by stream number; no number is given twice.
CREATE UNIQUE INDEX _smithers_events_by_stream_seq ON _smithers_events (run_id, stream_seq)
    WHERE stream_seq IS NOT NULL;
