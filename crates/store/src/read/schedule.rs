//! Reading schedules.

use smithers_model::schedule::Schedule;
use smithers_model::{ScheduleId, Timestamp, WorkflowKey};

use super::ReadResult;

/// Reads schedules.
pub trait ScheduleReader {
    /// Returns a schedule.
    fn schedule(&self, id: &ScheduleId) -> ReadResult<Option<Schedule>>;

    /// Lists schedules, of one workflow or of all, the oldest first, then by id.
    fn schedules(&self, workflow: Option<&WorkflowKey>, limit: usize) -> ReadResult<Vec<Schedule>>;

    /// Lists enabled schedules that are to be looked at by `now`, those that wait longest first.
    fn due_schedules(&self, now: Timestamp, limit: usize) -> ReadResult<Vec<Schedule>>;

    /// Returns when an enabled schedule is to be looked at next; one indexed read however many there are.
    fn next_schedule_wake(&self) -> ReadResult<Option<Timestamp>>;
}
