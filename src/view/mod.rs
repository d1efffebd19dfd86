//! From stored rows to what clients see. What is stored and what is sent change for different reasons.

mod approval;
mod blocked;
mod cron;
mod inside;
mod members;
mod node;
mod owner;
mod run;

pub(crate) use approval::approval_row;
pub(crate) use blocked::BlockedBy;
pub(crate) use cron::cron_row;
pub(crate) use inside::{AttemptShown, FrameShown};
pub(crate) use node::{node_output, node_state_row};
pub(crate) use owner::Owner;
pub(crate) use run::{RunShown, run_record};
