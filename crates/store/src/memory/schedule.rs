//! Schedules in memory.

use smithers_model::schedule::{Firing, Schedule, ScheduleChange, ScheduleOrder};
use smithers_model::{RunId, ScheduleId, Timestamp, WorkflowKey};

use super::read::MemoryReader;
use super::state::State;
use crate::read::{ReadResult, ScheduleReader};

impl State {
    pub(super) fn fire(&mut self, run: &RunId, firing: &Firing, at: Timestamp) {
        let schedule = self.schedules.get_mut(&firing.schedule);
        schedule
            .expect("the check found the schedule")
            .fired(firing, run, at);
    }

    pub(super) fn change_schedule(&mut self, order: ScheduleOrder) -> bool {
        let is_changed = match order.change {
            ScheduleChange::Put(schedule) => {
                self.schedules.insert(schedule.id.clone(), *schedule);
                true
            }
            ScheduleChange::Remove(id) => self.schedules.remove(&id).is_some(),
            ScheduleChange::Move {
                id,
                expected,
                next,
                wake_at,
                error,
            } => {
                let stored = self.schedules.get_mut(&id);
                let stored = stored.filter(|stored| stored.next_run_at == Some(expected));
                stored.is_some_and(|stored| {
                    (stored.next_run_at, stored.wake_at, stored.error) = (next, wake_at, error);
                    true
                })
            }
        };
        if let Some(record) = order.audit.filter(|_| is_changed) {
            self.append_audit(record);
        }
        is_changed
    }

    /// Enabled schedules in the order in which they are to be looked at.
    fn waking(&self) -> Vec<(Timestamp, &Schedule)> {
        let enabled = self.schedules.values().filter(|schedule| schedule.enabled);
        let mut waking: Vec<_> = enabled
            .filter_map(|schedule| Some((schedule.wake_at?, schedule)))
            .collect();
        waking.sort_by_key(|(wake_at, schedule)| (*wake_at, schedule.id.clone()));
        waking
    }
}

impl ScheduleReader for MemoryReader {
    fn schedule(&self, id: &ScheduleId) -> ReadResult<Option<Schedule>> {
        Ok(self.0.read().schedules.get(id).cloned())
    }

    fn schedules(&self, workflow: Option<&WorkflowKey>, limit: usize) -> ReadResult<Vec<Schedule>> {
        let state = self.0.read();
        let wanted = |schedule: &&Schedule| {
            workflow.is_none_or(|workflow| schedule.workflow_key == *workflow)
        };
        let mut schedules: Vec<_> = state.schedules.values().filter(wanted).cloned().collect();
        schedules.sort_by_key(|schedule| (schedule.created_at, schedule.id.clone()));
        schedules.truncate(limit);
        Ok(schedules)
    }

    fn due_schedules(&self, now: Timestamp, limit: usize) -> ReadResult<Vec<Schedule>> {
        let state = self.0.read();
        let due = state.waking().into_iter();
        let due = due.take_while(|(wake_at, _)| *wake_at <= now).take(limit);
        Ok(due.map(|(_, schedule)| schedule.clone()).collect())
    }

    fn next_schedule_wake(&self) -> ReadResult<Option<Timestamp>> {
        let state = self.0.read();
        Ok(state.waking().first().map(|(wake_at, _)| *wake_at))
    }
}
