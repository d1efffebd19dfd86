-- Trees, stored once per content: zstd over the frame XML, the mounted tasks and the task index, in a row.
CREATE TABLE _smithers_trees (
    hash          TEXT    PRIMARY KEY,
    content       BLOB    NOT NULL,
    xml_bytes     INTEGER NOT NULL,
    mounted_bytes INTEGER NOT NULL,
    index_bytes   INTEGER NOT NULL
) STRICT;

CREATE TABLE _smithers_frames (
    run_id        TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    frame_no      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    tree_hash     TEXT    NOT NULL REFERENCES _smithers_trees (hash),
    trigger_json  TEXT,
    note          TEXT,
    PRIMARY KEY (run_id, frame_no)
) STRICT, WITHOUT ROWID;
