-- Places of runs in chains of runs that go on for one another. What a run is told of the one before is null once it has
-- begun again without that.
CREATE TABLE _smithers_continuations (
    run_id        TEXT    PRIMARY KEY REFERENCES _smithers_runs (run_id),
    before_run_id TEXT    NOT NULL,
    first_run_id  TEXT    NOT NULL,
    depth         INTEGER NOT NULL CHECK (depth >= 2),
    told_json     TEXT
) STRICT;

-- The newest run of a chain by one read.
CREATE UNIQUE INDEX _smithers_continuations_by_chain ON _smithers_continuations (first_run_id, depth);
