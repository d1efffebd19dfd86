//! Schedules that a module asks for beside its workflows: they are stored when it is loaded, and go when it asks no more.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::schedule::{Schedule, ScheduleChange, ScheduleOrder, SchedulePlan};
use smithers_model::workflow::WorkflowDefinition;
use smithers_model::{RawJson, Timestamp};
use smithers_store::Reader;

use super::MAX_SCHEDULES;
use super::recurrence::{PlanError, Recurrence};

/// Why the schedules of a module are not stored.
#[derive(Debug, thiserror::Error)]
pub enum DeclareError {
    /// A plan is wrong.
    #[error("workflow \"{workflow}\": schedule: {source}")]
    Plan {
        /// Key of its workflow.
        workflow: String,
        /// What is wrong.
        source: PlanError,
    },
    /// The schedules cannot be read.
    #[error("the schedules cannot be read")]
    Read(#[from] smithers_store::Error),
}

/// Looks at the schedules that `definitions` ask for, and changes nothing.
///
/// # Errors
/// A plan is wrong.
pub fn check(definitions: &[Arc<WorkflowDefinition>], now: Timestamp) -> Result<(), DeclareError> {
    for definition in definitions {
        if let Some(plan) = &definition.schedule {
            Recurrence::starting(plan, now).map_err(|source| wrong(definition, source))?;
        }
    }
    Ok(())
}

fn wrong(definition: &WorkflowDefinition, source: PlanError) -> DeclareError {
    let workflow = definition.key.to_string();
    DeclareError::Plan { workflow, source }
}

/// Returns what is to be changed so that the stored schedules are those that `definitions` ask for. Nothing, when they
/// are the same as before: firings that came while the gateway was down are still due then.
///
/// # Errors
/// A plan is wrong, or the schedules cannot be read.
pub fn declare(
    definitions: &[Arc<WorkflowDefinition>],
    reader: &dyn Reader,
    now: Timestamp,
) -> Result<Vec<ScheduleOrder>, DeclareError> {
    let mut orders = Vec::new();
    let mut wanted = BTreeSet::new();
    for definition in definitions {
        let Some(plan) = &definition.schedule else {
            continue;
        };
        let id = Schedule::declared_id(&definition.key);
        let stored = reader.schedule(&id)?;
        let order = declared(definition, plan, stored, now);
        orders.extend(order.map_err(|source| wrong(definition, source))?);
        wanted.insert(id);
    }
    let stored = reader.schedules(None, MAX_SCHEDULES)?;
    let gone = stored
        .into_iter()
        .filter(|schedule| schedule.declared && !wanted.contains(&schedule.id));
    orders.extend(gone.map(|schedule| {
        let audit = Some(record(&schedule, "deleted", now));
        let change = ScheduleChange::Remove(schedule.id);
        ScheduleOrder { change, audit }
    }));
    Ok(orders)
}

fn declared(
    definition: &WorkflowDefinition,
    plan: &SchedulePlan,
    stored: Option<Schedule>,
    now: Timestamp,
) -> Result<Option<ScheduleOrder>, PlanError> {
    let (_, first) = Recurrence::starting(plan, now)?;
    if stored
        .as_ref()
        .is_some_and(|stored| stored.declared && stored.plan == *plan)
    {
        return Ok(None);
    }
    let outcome = if stored.is_some() {
        "updated"
    } else {
        "created"
    };
    let (id, key) = (
        Schedule::declared_id(&definition.key),
        definition.key.clone(),
    );
    let schedule = Schedule {
        declared: true,
        ..Schedule::new(id, key, plan.clone(), now, first).in_place_of(stored)
    };
    let audit = Some(record(&schedule, outcome, now));
    let change = ScheduleChange::Put(Box::new(schedule));
    Ok(Some(ScheduleOrder { change, audit }))
}

fn record(schedule: &Schedule, outcome: &str, now: Timestamp) -> AuditRecord {
    let detail = json!({ "workflow": schedule.workflow_key, "plan": schedule.plan });
    AuditRecord {
        subject: Some(schedule.id.to_string()),
        detail: RawJson::of(&detail),
        ..AuditRecord::new(now, Channel::Gateway, kind::CRON, outcome)
    }
}
