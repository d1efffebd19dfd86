-- Who owns this database, and where its counters stand.
CREATE TABLE _smithers_gateway (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    -- Survives backup and restore; tells two databases apart.
    database_id     TEXT    NOT NULL,
    -- The process that owns the file, one epoch after the owner before it.
    instance_id     TEXT    NOT NULL,
    epoch           INTEGER NOT NULL,
    pid             INTEGER NOT NULL,
    opened_at_ms    INTEGER NOT NULL,
    -- Written with every transaction.
    heartbeat_at_ms INTEGER NOT NULL,
    -- Position of the newest event and version counter of the newest visible one; kept here so that
    -- neither goes back when old runs are deleted.
    last_position   INTEGER NOT NULL,
    state_version   INTEGER NOT NULL
) STRICT;

-- One row for each start of the gateway; runs refer to the one that launched them.
CREATE TABLE _smithers_deployments (
    deployment_id   TEXT    PRIMARY KEY,
    started_at_ms   INTEGER NOT NULL,
    product_version TEXT    NOT NULL,
    database_head   TEXT    NOT NULL,
    config_digest   TEXT    NOT NULL,
    module_path     TEXT,
    module_hash     TEXT
) STRICT;
