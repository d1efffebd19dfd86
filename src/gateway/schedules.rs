//! The schedules that modules ask for, as they are stored at a start and at a reload.

use std::sync::Arc;

use smithers_actors::schedules;
use smithers_model::Timestamp;
use smithers_model::schedule::ScheduleOrder;
use smithers_model::workflow::WorkflowDefinition;
use smithers_store::{Backend, WriterHandle};

use super::StartError;

/// Returns what is to be changed for the schedules of `definitions`.
pub(super) fn wanted(
    definitions: &[Arc<WorkflowDefinition>],
    backend: &dyn Backend,
    now: Timestamp,
) -> Result<Vec<ScheduleOrder>, StartError> {
    let reader = backend.reader()?;
    Ok(schedules::declare(definitions, &*reader, now)?)
}

/// Stores it.
pub(super) fn store(orders: Vec<ScheduleOrder>, writer: &WriterHandle) -> Result<(), StartError> {
    for order in orders {
        writer.change_schedule(order)?;
    }
    Ok(())
}
