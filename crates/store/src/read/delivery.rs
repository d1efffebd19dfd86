//! Reading what webhooks have taken.

use smithers_model::WorkflowKey;
use smithers_model::delivery::Delivery;

use super::ReadResult;

/// Reads deliveries of webhooks.
pub trait DeliveryReader {
    /// Returns a delivery to the webhook of a workflow; none when it never came or is forgotten.
    fn delivery(&self, workflow: &WorkflowKey, id: &str) -> ReadResult<Option<Delivery>>;
}
