-- Results that other runs may use again. A row outlives the run that made it: the payload is all that a hit needs.
CREATE TABLE _smithers_cache (
    cache_key         TEXT    NOT NULL PRIMARY KEY,
    created_at_ms     INTEGER NOT NULL,
    workflow_name     TEXT    NOT NULL,
    node_id           TEXT    NOT NULL,
    iteration         INTEGER NOT NULL,
    output_table      TEXT    NOT NULL,
    schema_sig        TEXT    NOT NULL,
    output_schema_sig TEXT    NOT NULL,
    agent_sig         TEXT,
    tools_sig         TEXT,
    -- Change id of the working copy that the task ran in; not known yet.
    jj_pointer        TEXT,
    payload_json      TEXT    NOT NULL,
    scope             TEXT    NOT NULL,
    -- `version` of the policy.
    cache_version     TEXT,
    source_run_id     TEXT    NOT NULL,
    source_attempt    INTEGER NOT NULL,
    expires_at_ms     INTEGER,
    last_used_at_ms   INTEGER NOT NULL,
    bytes             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sweep: those that have expired, the oldest first.
CREATE INDEX _smithers_cache_by_expiry ON _smithers_cache (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
-- Cap: those that were used longest ago, and the bytes of all, without their payloads.
CREATE INDEX _smithers_cache_by_use ON _smithers_cache (last_used_at_ms, bytes);
-- Clearing: those of a workflow, and those of a task.
CREATE INDEX _smithers_cache_by_task ON _smithers_cache (workflow_name, node_id);
