-- When the next attempt was due as the run was paused. Apart from retry_at_ms, whose index wakes runs.
ALTER TABLE _smithers_attempts ADD COLUMN held_retry_at_ms INTEGER;
