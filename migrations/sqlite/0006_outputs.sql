-- Output rows live in one table per schema key, made when a module is loaded.
-- Here is which fields those tables have, in schema order.
CREATE TABLE _smithers_output_schema_columns (
    table_name  TEXT    NOT NULL,
    column_name TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    field_name  TEXT    NOT NULL,
    -- Place in the newest declaration; null once the schema has dropped the field.
    ordinal     INTEGER,
    PRIMARY KEY (table_name, column_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE _smithers_output_tables (
    schema_key  TEXT PRIMARY KEY,
    table_name  TEXT NOT NULL UNIQUE,
    -- Where the newest declaration stands, `file:line:column`.
    declared_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The order in which the rows of a run were completed.
CREATE TABLE _smithers_output_provenance (
    run_id       TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    output_table TEXT    NOT NULL,
    node_id      TEXT    NOT NULL,
    iteration    INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    PRIMARY KEY (run_id, output_table, node_id, iteration)
) STRICT, WITHOUT ROWID;

-- Rows of a run in completion order.
CREATE UNIQUE INDEX _smithers_output_provenance_by_seq ON _smithers_output_provenance (run_id, seq);
