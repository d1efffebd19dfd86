-- listRunTokenUsage: what calls of agents have used in a run; other events are not in it.
CREATE INDEX _smithers_events_of_token_usage ON _smithers_events (run_id, seq)
    WHERE type = 'TokenUsageReported';
