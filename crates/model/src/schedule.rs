//! Schedules: stored patterns by which workflows are launched (gateway-protocol 14).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::audit::AuditRecord;
use crate::error::ErrorInfo;
use crate::node::state_text;
use crate::{RunId, ScheduleId, Timestamp, WorkflowKey};

/// What becomes of a firing while the run of the firing before it has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// It launches a run beside the other one.
    #[default]
    Allow,
    /// It is left out.
    Skip,
}

state_text!(Overlap {
    Allow => "allow",
    Skip => "skip",
});

/// What becomes of firings that nobody made because the gateway was down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CatchUp {
    /// One run stands for all of them.
    #[default]
    One,
    /// Each of them launches a run, up to a bound.
    All,
    /// None of them does.
    None,
}

state_text!(CatchUp {
    One => "one",
    All => "all",
    None => "none",
});

/// When and how a workflow is launched: what somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchedulePlan {
    /// Five fields, six with seconds in front, or a word such as `@daily`.
    pub pattern: String,
    /// Name of the zone whose clock the pattern means; none for that of the gateway's machine.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// While a run of it has not ended.
    #[serde(default)]
    pub overlap: Overlap,
    /// After downtime.
    #[serde(default)]
    pub catch_up: CatchUp,
}

/// A stored schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Key of the workflow that it launches.
    pub workflow_key: WorkflowKey,
    /// When and how.
    pub plan: SchedulePlan,
    /// Whether it fires.
    pub enabled: bool,
    /// The module asks for it, and it goes when the module asks no more.
    pub declared: bool,
    /// User id of whoever asked for it; none when the module did.
    pub created_by: Option<String>,
    /// When it was first asked for.
    pub created_at: Timestamp,
    /// When it launched a run last, by itself or on request.
    pub last_run_at: Option<Timestamp>,
    /// The run that it launched by itself last.
    pub last_run_id: Option<RunId>,
    /// The firing to come, or one that is overdue; none when there is no other.
    pub next_run_at: Option<Timestamp>,
    /// When to look at it next: at the firing to come, or later when that has failed.
    pub wake_at: Option<Timestamp>,
    /// Why the firing that is overdue has failed.
    pub error: Option<ErrorInfo>,
}

impl Schedule {
    /// A schedule that a person makes at `now` and that fires first at `first`.
    pub fn new(
        id: ScheduleId,
        workflow_key: WorkflowKey,
        plan: SchedulePlan,
        now: Timestamp,
        first: Timestamp,
    ) -> Self {
        Self {
            id,
            workflow_key,
            plan,
            enabled: true,
            declared: false,
            created_by: None,
            created_at: now,
            last_run_at: None,
            last_run_id: None,
            next_run_at: Some(first),
            wake_at: Some(first),
            error: None,
        }
    }

    /// Takes over when the schedule that had its id was made and what it launched last.
    #[must_use]
    pub fn in_place_of(mut self, before: Option<Schedule>) -> Self {
        if let Some(before) = before {
            self.created_at = before.created_at;
            (self.last_run_at, self.last_run_id) = (before.last_run_at, before.last_run_id);
        }
        self
    }
}

/// What launches a run as the firing of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The schedule.
    pub schedule: ScheduleId,
    /// What it was due for; none for a firing on request, which moves nothing else.
    pub due: Option<Due>,
}

/// A firing that was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The stored firing to come; the launch is refused when it is another one by now.
    pub expected: Timestamp,
    /// The time that the run stands for.
    pub at: Timestamp,
    /// The firing after it.
    pub next: Option<Timestamp>,
}

/// A change of a schedule that launches no run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleChange {
    /// Stores it, in place of one of the same id.
    Put(Box<Schedule>),
    /// Removes it.
    Remove(ScheduleId),
    /// Leaves a firing out, or puts it off; nothing when it is not the stored one.
    Move {
        /// Of which schedule.
        id: ScheduleId,
        /// The stored firing to come.
        expected: Timestamp,
        /// The firing to come from now on.
        next: Option<Timestamp>,
        /// When to look at it.
        wake_at: Option<Timestamp>,
        /// Why it was put off.
        error: Option<ErrorInfo>,
    },
}

/// A change of a schedule with its row of the audit trail, written together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleOrder {
    /// What is to be done.
    pub change: ScheduleChange,
    /// Who asked.
    pub audit: Option<AuditRecord>,
}

impl Schedule {
    /// Id of the schedule that a module asks for beside workflow `key`.
    pub fn declared_id(key: &WorkflowKey) -> ScheduleId {
        ScheduleId::new(format!("gateway:{key}"))
    }

    /// Id of the run that stands for the firing at `due`: the same firing has the same id however often it is made.
    pub fn run_id_at(&self, due: Timestamp) -> RunId {
        let mut hasher = Sha256::new();
        for part in [
            self.id.as_str(),
            &self.created_at.to_string(),
            &due.to_string(),
        ] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let digest = hasher.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        RunId::new(id.to_string())
    }

    /// The schedule after a firing at `now`.
    pub fn fired(&mut self, firing: &Firing, run: &RunId, now: Timestamp) {
        self.last_run_at = Some(now);
        if let Some(due) = firing.due {
            self.last_run_id = Some(run.clone());
            self.next_run_at = due.next;
            self.wake_at = due.next;
            self.error = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        let plan = SchedulePlan {
            pattern: "0 3 * * *".into(),
            time_zone: None,
            overlap: Overlap::Allow,
            catch_up: CatchUp::One,
        };
        let (now, first) = (Timestamp(5), Timestamp(100));
        Schedule::new("nightly".into(), "w".into(), plan, now, first)
    }

    #[test]
    fn a_firing_has_one_run_id_and_another_firing_another() {
        let schedule = schedule();
        let first = schedule.run_id_at(Timestamp(100));
        assert_eq!(first, schedule.run_id_at(Timestamp(100)));
        assert_ne!(first, schedule.run_id_at(Timestamp(200)));
        let again = Schedule {
            created_at: Timestamp(6),
            ..schedule
        };
        assert_ne!(first, again.run_id_at(Timestamp(100)), "made anew");
    }

    #[test]
    fn a_firing_on_request_leaves_the_one_to_come_where_it_is() {
        let mut schedule = schedule();
        let by_hand = Firing {
            schedule: "nightly".into(),
            due: None,
        };
        schedule.fired(&by_hand, &"r".into(), Timestamp(50));
        assert_eq!(schedule.last_run_at, Some(Timestamp(50)));
        assert_eq!(schedule.next_run_at, Some(Timestamp(100)));
        assert_eq!(schedule.last_run_id, None);
    }
}
