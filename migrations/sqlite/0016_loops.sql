-- Loops: which pass each is in, and whether it goes on.
CREATE TABLE _smithers_ralph (
    run_id        TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    -- As written in the workflow, with the passes of outer loops appended.
    ralph_id      TEXT    NOT NULL,
    iteration     INTEGER NOT NULL,
    done          INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    -- Why it is done, or that it goes on.
    state         TEXT    NOT NULL DEFAULT 'going' CHECK (state IN ('going', 'satisfied', 'exhausted')),
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (run_id, ralph_id)
) STRICT, WITHOUT ROWID;
