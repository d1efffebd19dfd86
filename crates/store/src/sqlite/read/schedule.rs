//! Reading schedules, by indexes in the order of their age and of what is due.

use rusqlite::{Connection, OptionalExtension, Row, params};
use smithers_model::schedule::{CatchUp, Overlap, Schedule, SchedulePlan};
use smithers_model::{RunId, ScheduleId, Timestamp, WorkflowKey};

use super::{SqliteReader, bound};
use crate::read::{ReadResult, ScheduleReader};
use crate::sqlite::codec::{Stored, from_optional_json, optional_time, time, workflow_key};

macro_rules! select_schedule {
    ($tail:literal) => {
        concat!(
            "SELECT cron_id, workflow_key, pattern, time_zone, overlap, catch_up, enabled, declared,
                    created_by, created_at_ms, last_run_at_ms, last_run_id, next_run_at_ms, wake_at_ms, error_json
             FROM _smithers_cron ",
            $tail
        )
    };
}

const ONE: &str = select_schedule!("WHERE cron_id = ?1");

fn schedule_row(row: &Row<'_>) -> rusqlite::Result<Schedule> {
    Ok(Schedule {
        id: ScheduleId::new(row.get::<_, String>(0)?),
        workflow_key: workflow_key(row, 1)?,
        plan: SchedulePlan {
            pattern: row.get(2)?,
            time_zone: row.get(3)?,
            overlap: row.get::<_, Stored<Overlap>>(4)?.0,
            catch_up: row.get::<_, Stored<CatchUp>>(5)?.0,
        },
        enabled: row.get(6)?,
        declared: row.get(7)?,
        created_by: row.get(8)?,
        created_at: time(row, 9)?,
        last_run_at: optional_time(row, 10)?,
        last_run_id: row.get::<_, Option<String>>(11)?.map(RunId::new),
        next_run_at: optional_time(row, 12)?,
        wake_at: optional_time(row, 13)?,
        error: from_optional_json(row, 14)?,
    })
}

/// Reads a schedule inside an open transaction.
pub(in crate::sqlite) fn schedule(
    conn: &Connection,
    id: &ScheduleId,
) -> rusqlite::Result<Option<Schedule>> {
    conn.prepare_cached(ONE)?
        .query_row([id.as_str()], schedule_row)
        .optional()
}

impl ScheduleReader for SqliteReader {
    fn schedule(&self, id: &ScheduleId) -> ReadResult<Option<Schedule>> {
        self.one(ONE, [id.as_str()], schedule_row)
    }

    fn schedules(&self, workflow: Option<&WorkflowKey>, limit: usize) -> ReadResult<Vec<Schedule>> {
        // No schedule is older than time; the bound lets SQLite enter the index instead of walking the table.
        let all =
            select_schedule!("WHERE created_at_ms >= ?1 ORDER BY created_at_ms, cron_id LIMIT ?2");
        let of_one =
            select_schedule!("WHERE workflow_key = ?1 ORDER BY created_at_ms, cron_id LIMIT ?2");
        match workflow {
            Some(key) => self.all(of_one, params![key.as_str(), bound(limit)], schedule_row),
            None => self.all(all, params![i64::MIN, bound(limit)], schedule_row),
        }
    }

    fn due_schedules(&self, now: Timestamp, limit: usize) -> ReadResult<Vec<Schedule>> {
        let sql = select_schedule!(
            "WHERE enabled = 1 AND wake_at_ms <= ?1 ORDER BY wake_at_ms, cron_id LIMIT ?2"
        );
        self.all(sql, params![now.0, bound(limit)], schedule_row)
    }

    fn next_schedule_wake(&self) -> ReadResult<Option<Timestamp>> {
        let sql = "SELECT wake_at_ms FROM _smithers_cron
                   WHERE enabled = 1 AND wake_at_ms >= ?1 ORDER BY wake_at_ms LIMIT 1";
        self.one(sql, [i64::MIN], |row| time(row, 0))
    }
}
