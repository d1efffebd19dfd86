//! Deliveries of webhooks that were taken, as stored: what comes again is answered as before and has no second effect.

use crate::{RawJson, RunId, Timestamp, WorkflowKey};

/// Row of `_smithers_webhook_deliveries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The workflow whose webhook it came to.
    pub workflow_key: WorkflowKey,
    /// What tells it from the other deliveries to that webhook.
    pub id: String,
    /// When it was taken, before it had any effect.
    pub taken_at: Timestamp,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
    /// The runs that get its signal, chosen when it was taken.
    pub targets: Vec<RunId>,
    /// What was answered; none until all its effects are durable.
    pub answer: Option<RawJson>,
}
