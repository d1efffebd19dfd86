-- Schedules: patterns by which workflows are launched.
CREATE TABLE _smithers_cron (
    cron_id        TEXT    PRIMARY KEY,
    workflow_key   TEXT    NOT NULL,
    pattern        TEXT    NOT NULL,
    -- Whose clock the pattern means; null for that of the machine.
    time_zone      TEXT,
    overlap        TEXT    NOT NULL,
    catch_up       TEXT    NOT NULL,
    enabled        INTEGER NOT NULL,
    -- The module asks for it, and it goes when the module asks no more.
    declared       INTEGER NOT NULL,
    created_by     TEXT,
    created_at_ms  INTEGER NOT NULL,
    last_run_at_ms INTEGER,
    -- The run that it launched by itself last; it may be deleted.
    last_run_id    TEXT,
    -- The firing to come, or one that is overdue.
    next_run_at_ms INTEGER,
    -- When to look at it: at the firing to come, or later when that has failed.
    wake_at_ms     INTEGER,
    error_json     TEXT
) STRICT, WITHOUT ROWID;

-- Which schedules are due, and when the next one is.
CREATE INDEX _smithers_cron_by_wake ON _smithers_cron (wake_at_ms, cron_id)
    WHERE enabled = 1 AND wake_at_ms IS NOT NULL;
-- Lists of all schedules, and of those of a workflow.
CREATE INDEX _smithers_cron_by_age ON _smithers_cron (created_at_ms, cron_id);
CREATE INDEX _smithers_cron_by_workflow ON _smithers_cron (workflow_key, created_at_ms, cron_id);
