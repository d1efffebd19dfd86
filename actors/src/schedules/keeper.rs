//! The sweep over schedules that are due, and what it does with each of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_rt::task::JoinHandle;
use futures_util::future::join_all;
use metrics::counter;
use serde_json::json;
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::error::ErrorInfo;
use smithers_model::schedule::{Due, Firing, Overlap, Schedule, ScheduleChange, ScheduleOrder};
use smithers_model::{RawJson, Timestamp};
use smithers_store::{Reader, WriterHandle};

use super::MAX_SCHEDULES;
use super::decide::{Verdict, decide};
use super::recurrence::Recurrence;
use crate::launcher::{LaunchError, Launcher, SystemLaunch};
use crate::run::RunError;
use crate::scheduler::Nudge;

/// Who is recorded as the launcher.
const TRIGGERED_BY: &str = "cron:gateway";
/// Schedules that are looked at together.
const PAGE: usize = 64;
/// Longest sleep: bounds the harm of a clock that was set.
const MAX_SLEEP: Duration = Duration::from_secs(30);
/// Pause between two looks while something is due.
const PAUSE: Duration = Duration::from_millis(10);
/// Pause when the database does not take the change.
const FAULT_PAUSE: Duration = Duration::from_millis(500);
/// After a failure, a firing is made again this much later (gateway-protocol 14).
const RETRY: Duration = Duration::from_secs(60);
/// How much the clock must have been set back until schedules are aligned with it.
const SET_BACK: Duration = Duration::from_secs(2);

/// Fires schedules. Cheap to clone.
#[derive(Clone)]
pub struct Keeper {
    /// Launches the runs.
    pub launcher: Launcher,
    /// Moves schedules that launch nothing.
    pub writer: WriterHandle,
    /// Rung when a schedule was changed.
    pub bell: Nudge,
}

/// The change could not be stored, or nobody knows; the rows say how it went, and the next look reads them.
struct NotStored;

impl Keeper {
    /// Starts to look, at once and whenever something is due. Ends when the handle is aborted; needs an actix system.
    pub fn spawn(self) -> JoinHandle<()> {
        actix_rt::spawn(async move {
            let mut clocks = None;
            loop {
                // Before the read: what is changed from here on ends the sleep at once.
                self.bell.take();
                if self.was_set_back(&mut clocks) {
                    self.align().await;
                }
                self.bell.sleep(self.look().await).await;
            }
        })
    }

    /// Says that a schedule was changed.
    pub fn changed(&self) {
        self.bell.nudge(Timestamp(i64::MIN + 1));
    }

    /// Attends to what is due. Returns when to look again.
    async fn look(&self) -> Duration {
        let now = self.launcher.clock.now();
        let page = self.read(move |reader| {
            Ok((
                reader.due_schedules(now, PAGE)?,
                reader.next_schedule_wake()?,
            ))
        });
        let Some((due, next)) = page.await else {
            return FAULT_PAUSE;
        };
        if due.is_empty() {
            let until_next = next.map(|next| next.since(self.launcher.clock.now()));
            return until_next.unwrap_or(MAX_SLEEP).clamp(PAUSE, MAX_SLEEP);
        }
        let attended = join_all(due.into_iter().map(|schedule| self.attend(schedule))).await;
        match attended.iter().all(Result::is_ok) {
            true => PAUSE,
            false => FAULT_PAUSE,
        }
    }

    async fn attend(&self, schedule: Schedule) -> Result<(), NotStored> {
        let now = self.launcher.clock.now();
        let recurrence = match Recurrence::read(&schedule.plan) {
            Ok(recurrence) => recurrence,
            Err(error) => {
                let error = ErrorInfo::coded("INVALID_SCHEDULE", error.to_string());
                return self.put_off(&schedule, error).await;
            }
        };
        match decide(&schedule, &recurrence, now) {
            Verdict::Wait => Ok(()),
            Verdict::LeaveOut(due) => self.leave_out(&schedule, due, "missed").await,
            Verdict::Launch(due) => match self.overlaps(&schedule).await? {
                true => self.leave_out(&schedule, due, "overlap").await,
                false => self.fire(&schedule, due).await,
            },
        }
    }

    /// Whether the run of the firing before goes on and forbids another one.
    async fn overlaps(&self, schedule: &Schedule) -> Result<bool, NotStored> {
        let Some(run) = schedule.last_run_id.clone() else {
            return Ok(false);
        };
        if schedule.plan.overlap == Overlap::Allow {
            return Ok(false);
        }
        let row = self.read(move |reader| reader.run(&run)).await;
        let row = row.ok_or(NotStored)?;
        Ok(row.is_some_and(|row| !row.status.is_terminal()))
    }

    async fn fire(&self, schedule: &Schedule, due: Due) -> Result<(), NotStored> {
        let run_id = schedule.run_id_at(due.at);
        let launched = self.launcher.launch(SystemLaunch {
            workflow: schedule.workflow_key.to_string(),
            run_id: run_id.clone(),
            input: RawJson::empty_object(),
            triggered_by: TRIGGERED_BY.into(),
            channel: Channel::Scheduler,
            idempotency_key: None,
            firing: Some(Firing {
                schedule: schedule.id.clone(),
                due: Some(due),
            }),
        });
        let cron_id = &schedule.id;
        match launched.await {
            Ok(_) => {
                tracing::info!(cron.id = %cron_id, run.id = %run_id, "a schedule launched a run");
                counter!("smithers_gateway_cron_triggers_total", "source" => "scheduled")
                    .increment(1);
                Ok(())
            }
            // The firing was made, or the schedule changed, between the read and the launch.
            Err(LaunchError::Run(RunError::ScheduleMoved(_))) => Ok(()),
            // The clock was set back: this firing was made before.
            Err(LaunchError::Run(RunError::Exists(_) | RunError::Deleted { .. })) => {
                self.leave_out(schedule, due, "made before").await
            }
            Err(LaunchError::Run(
                RunError::Busy(_)
                | RunError::Degraded(_)
                | RunError::OutcomeUnknown
                | RunError::Read { .. },
            )) => Err(NotStored),
            Err(error) => {
                let code = match &error {
                    LaunchError::UnknownWorkflow(_) => "NOT_FOUND",
                    LaunchError::Input(_) => "INVALID_INPUT",
                    LaunchError::Secret(_) => "SECRET_IN_PAYLOAD",
                    LaunchError::Run(_) => "SERVER_ERROR",
                };
                let text = format!("{error}");
                self.put_off(schedule, ErrorInfo::coded(code, text)).await
            }
        }
    }

    /// Passes over a firing, for `reason`.
    async fn leave_out(
        &self,
        schedule: &Schedule,
        due: Due,
        reason: &'static str,
    ) -> Result<(), NotStored> {
        let (now, cron_id) = (self.launcher.clock.now(), &schedule.id);
        tracing::info!(cron.id = %cron_id, reason, "a firing of a schedule was left out");
        counter!("smithers_cron_left_out_total", "reason" => reason).increment(1);
        let detail = json!({ "reason": reason, "dueAtMs": due.at, "nextRunAtMs": due.next });
        let audit = AuditRecord {
            subject: Some(cron_id.to_string()),
            detail: RawJson::of(&detail),
            ..AuditRecord::new(now, Channel::Scheduler, kind::CRON, "left-out")
        };
        let change = ScheduleChange::Move {
            id: cron_id.clone(),
            expected: due.expected,
            next: due.next,
            wake_at: due.next,
            error: None,
        };
        let audit = Some(audit);
        self.store(ScheduleOrder { change, audit }).await
    }

    /// Tries the firing again later, and says at the schedule why.
    async fn put_off(&self, schedule: &Schedule, error: ErrorInfo) -> Result<(), NotStored> {
        let Some(expected) = schedule.next_run_at else {
            return Ok(());
        };
        let reason = &error.message;
        tracing::warn!(cron.id = %schedule.id, reason, "a schedule could not launch its run; it tries again");
        counter!("smithers_cron_failed_total").increment(1);
        let change = ScheduleChange::Move {
            id: schedule.id.clone(),
            expected,
            next: Some(expected),
            wake_at: Some(self.launcher.clock.now().plus(RETRY)),
            error: Some(error),
        };
        let audit = None;
        self.store(ScheduleOrder { change, audit }).await
    }

    /// Whether the clock of the machine shows clearly less than what has passed since the last look, or this is
    /// the first one.
    fn was_set_back(&self, clocks: &mut Option<(Timestamp, Instant)>) -> bool {
        let (now, tick) = (self.launcher.clock.now(), Instant::now());
        let before = clocks.replace((now, tick));
        before.is_none_or(|(then, then_tick)| {
            let expected = then.plus(tick.saturating_duration_since(then_tick));
            now.plus(SET_BACK) < expected
        })
    }

    /// Brings firings nearer that wait for a time which the clock, set back, will show only much later. Firings that
    /// were made are not made again, as their runs are there.
    async fn align(&self) {
        let Some(schedules) = self
            .read(|reader| reader.schedules(None, MAX_SCHEDULES))
            .await
        else {
            return;
        };
        let now = self.launcher.clock.now();
        for schedule in schedules.into_iter().filter(|schedule| schedule.enabled) {
            let Ok(recurrence) = Recurrence::read(&schedule.plan) else {
                continue;
            };
            let (stored, next) = (schedule.next_run_at, recurrence.after(now));
            let (Some(expected), Some(next)) = (stored, next) else {
                continue;
            };
            if next < expected {
                tracing::info!(cron.id = %schedule.id, "the clock was set back: the next firing comes earlier");
                let change = ScheduleChange::Move {
                    id: schedule.id.clone(),
                    expected,
                    next: Some(next),
                    wake_at: Some(next),
                    error: schedule.error.clone(),
                };
                let audit = None;
                // When it is not stored, the clock of the next look tells nothing; the next start aligns again.
                drop(self.store(ScheduleOrder { change, audit }).await);
            }
        }
    }

    async fn store(&self, order: ScheduleOrder) -> Result<(), NotStored> {
        let writer = self.writer.clone();
        let stored = actix_rt::task::spawn_blocking(move || writer.change_schedule(order)).await;
        match stored {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a schedule could not be moved; the next look tries again");
                Err(NotStored)
            }
            Err(_) => Err(NotStored),
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Reader) -> Result<T, smithers_store::Error> + Send + 'static,
    ) -> Option<T> {
        let backend = Arc::clone(&self.launcher.backend);
        let reading = move || query(&*backend.reader()?);
        match actix_rt::task::spawn_blocking(reading).await {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => {
                tracing::warn!(%error, "schedules could not be read");
                None
            }
            Err(_) => None,
        }
    }
}
