-- What scorers say of the results of tasks. A row without a score is of a scorer that is still looking.
CREATE TABLE _smithers_scorers (
    -- Made from what follows, so that it can be asked for without a search.
    id                TEXT    NOT NULL PRIMARY KEY,
    run_id            TEXT    NOT NULL REFERENCES _smithers_runs (run_id),
    node_id           TEXT    NOT NULL,
    iteration         INTEGER NOT NULL,
    attempt           INTEGER NOT NULL,
    -- Its name in the scorers of the task.
    scorer_key        TEXT    NOT NULL,
    scorer_id         TEXT    NOT NULL,
    scorer_name       TEXT    NOT NULL,
    source            TEXT    NOT NULL CHECK (source IN ('live', 'batch')),
    begun_at_ms       INTEGER NOT NULL,
    latency_ms        INTEGER NOT NULL,
    score             REAL    CHECK (score BETWEEN 0 AND 1),
    reason            TEXT,
    meta_json         TEXT,
    input_json        TEXT,
    output_json       TEXT,
    ground_truth_json TEXT,
    context_json      TEXT,
    scored_at_ms      INTEGER CHECK ((scored_at_ms IS NULL) = (score IS NULL)),
    duration_ms       INTEGER
) STRICT;

-- Time travel takes attempts away.
CREATE UNIQUE INDEX _smithers_scorers_by_attempt
    ON _smithers_scorers (run_id, node_id, iteration, attempt, scorer_key);
-- Lists, in their order.
CREATE INDEX _smithers_scorers_by_time ON _smithers_scorers (run_id, scored_at_ms, id) WHERE score IS NOT NULL;
-- Opening a run, and finding those that a crash has cut off.
CREATE INDEX _smithers_scorers_open ON _smithers_scorers (run_id) WHERE score IS NULL;
