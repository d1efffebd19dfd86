//! `cronList`, `cronCreate`, `cronDelete` and `cronRun`.

use serde_json::json;
use smithers_actors::schedules::{MAX_SCHEDULES, Recurrence};
use smithers_actors::session::Caller;
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::schedule::{
    CatchUp, Firing, Overlap, Schedule, ScheduleChange, ScheduleOrder, SchedulePlan,
};
use smithers_model::{RawJson, ScheduleId, Timestamp, WorkflowKey};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{CronCreate, CronDelete, CronList, CronRun, LaunchRun, Params};
use smithers_protocol::view::CronDeleted;

use super::{Service, encode, error};
use crate::metrics::Metrics;
use crate::view::cron_row;

impl Service {
    /// Schedules, the oldest first.
    pub(super) async fn cron_list(&self, params: &Params) -> Result<Payload, RpcError> {
        let workflow = CronList::read(params).workflow;
        let key = workflow.map(WorkflowKey::new);
        let schedules = self
            .read_briefly(move |reader| {
                let listed = reader.schedules(key.as_ref(), MAX_SCHEDULES);
                listed.map_err(error::of_read)
            })
            .await?;
        encode(&schedules.iter().map(cron_row).collect::<Vec<_>>())
    }

    /// Stores a schedule, in place of one of the same id. The answer means that it is durable.
    pub(super) async fn cron_create(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let request = CronCreate::read(params)?;
        let plan = plan_of(&request)?;
        let now = self.clock.now();
        let (_, first) = Recurrence::starting(&plan, now)
            .map_err(|refused| RpcError::invalid_request(refused.to_string()))?;
        self.check_launchable(&request.workflow).await?;
        let id = request.cron_id.clone();
        let id = id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        self.refuse_secret_id(&id)?;
        let id = ScheduleId::new(id);
        let before = self.schedule_to_replace(&id).await?;
        let outcome = if before.is_some() {
            "updated"
        } else {
            "created"
        };
        let key = WorkflowKey::new(request.workflow);
        let schedule = Schedule {
            enabled: request.enabled,
            created_by: caller.identity.user_id.clone(),
            ..Schedule::new(id, key, plan, now, first).in_place_of(before)
        };
        let audit = record(caller, &schedule, outcome, now);
        let answer = encode(&cron_row(&schedule))?;
        let change = ScheduleChange::Put(Box::new(schedule));
        self.change_schedule(change, audit).await?;
        Ok(answer)
    }

    /// Removes a schedule.
    pub(super) async fn cron_delete(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let request = CronDelete::read(params)?;
        let stored = self.schedule(&request.cron_id).await?;
        let stored = stored.ok_or_else(|| RpcError::no_such_cron(&request.cron_id))?;
        let audit = record(caller, &stored, "deleted", self.clock.now());
        let is_removed = self
            .change_schedule(ScheduleChange::Remove(stored.id), audit)
            .await?;
        if !is_removed {
            return Err(RpcError::no_such_cron(&request.cron_id));
        }
        encode(&CronDeleted {
            cron_id: &request.cron_id,
            removed: true,
        })
    }

    /// Launches the workflow of a schedule now, or a workflow that is named. The firing to come stays as it is.
    pub(super) async fn cron_run(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let CronRun {
            cron_id,
            workflow,
            input,
        } = CronRun::read(params)?;
        let stored = match &cron_id {
            Some(id) => self.schedule(id).await?,
            None => None,
        };
        let (workflow, id) = match stored {
            Some(stored) => (stored.workflow_key.to_string(), Some(stored.id)),
            None => (
                workflow.ok_or_else(RpcError::cron_or_workflow_required)?,
                None,
            ),
        };
        let request = LaunchRun::plain(workflow, input);
        let firing = id.map(|schedule| Firing {
            schedule,
            due: None,
        });
        let launched = self.launch_as(caller, request, |launch| launch.firing = firing);
        let answer = launched.await?;
        Metrics.cron_triggered_by_hand();
        Ok(answer)
    }

    /// Refuses a schedule whose runs would all be refused: it launches with an empty input.
    async fn check_launchable(&self, key: &str) -> Result<(), RpcError> {
        let workflow = self.catalogue.get(key);
        let workflow = workflow.ok_or_else(|| RpcError::unknown_workflow(key))?;
        let checked = workflow.check_input(RawJson::empty_object()).await;
        checked.map(drop).map_err(|refused| {
            let why = refused.message;
            RpcError::invalid_input(format!(
                "A schedule launches with an empty input, which workflow {key} refuses: {why}"
            ))
        })
    }

    fn refuse_secret_id(&self, id: &str) -> Result<(), RpcError> {
        match self.backend.boundary().is_secret_name(id) {
            true => Err(RpcError::secret_in_payload("cronId", "name")),
            false => Ok(()),
        }
    }

    async fn schedule(&self, id: &str) -> Result<Option<Schedule>, RpcError> {
        let id = ScheduleId::from(id);
        self.read_briefly(move |reader| reader.schedule(&id).map_err(error::of_read))
            .await
    }

    /// The schedule that has this id already; an error when there is no room for another one.
    async fn schedule_to_replace(&self, id: &ScheduleId) -> Result<Option<Schedule>, RpcError> {
        let id = id.clone();
        let look = move |reader: &dyn smithers_store::Reader| {
            let stored = reader.schedule(&id)?;
            let is_full =
                stored.is_none() && reader.schedules(None, MAX_SCHEDULES)?.len() == MAX_SCHEDULES;
            Ok((stored, is_full))
        };
        let (stored, is_full) = self
            .read(move |reader| look(reader).map_err(error::of_read))
            .await?;
        if is_full {
            let message = format!(
                "There are {MAX_SCHEDULES} schedules, which is the most; delete one of them first"
            );
            return Err(RpcError::invalid_request(message));
        }
        Ok(stored)
    }

    /// Carries out a change with its audit row, to its end even when the client is gone.
    async fn change_schedule(
        &self,
        change: ScheduleChange,
        audit: AuditRecord,
    ) -> Result<bool, RpcError> {
        let writer = self.writer.clone();
        let order = ScheduleOrder {
            change,
            audit: Some(audit),
        };
        let changed =
            actix_web::rt::task::spawn_blocking(move || writer.change_schedule(order)).await;
        let is_changed = changed
            .map_err(|_| RpcError::internal())?
            .map_err(|failed| RpcError::unavailable(failed.to_string()))?;
        self.schedules.nudge(self.clock.now());
        Ok(is_changed)
    }
}

fn plan_of(request: &CronCreate) -> Result<SchedulePlan, RpcError> {
    let refuse = |what: &str| RpcError::invalid_request(what.to_owned());
    let overlap = request.overlap.as_deref().map(Overlap::from_text);
    let catch_up = request.catch_up.as_deref().map(CatchUp::from_text);
    Ok(SchedulePlan {
        pattern: request.pattern.clone(),
        time_zone: request.time_zone.clone(),
        overlap: overlap
            .unwrap_or(Some(Overlap::default()))
            .ok_or_else(|| refuse("overlap must be allow or skip"))?,
        catch_up: catch_up
            .unwrap_or(Some(CatchUp::default()))
            .ok_or_else(|| refuse("catchUp must be one, all or none"))?,
    })
}

fn record(caller: &Caller, schedule: &Schedule, outcome: &str, now: Timestamp) -> AuditRecord {
    let detail = json!({
        "workflow": schedule.workflow_key,
        "plan": schedule.plan,
        "enabled": schedule.enabled,
    });
    AuditRecord {
        subject: Some(schedule.id.to_string()),
        detail: RawJson::of(&detail),
        ..AuditRecord::by(now, &caller.actor(), kind::CRON, outcome)
    }
}
