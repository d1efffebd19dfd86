//! What webhooks have taken, in memory.

use smithers_model::WorkflowKey;
use smithers_model::delivery::Delivery;

use super::read::MemoryReader;
use super::state::State;
use crate::read::{DeliveryReader, ReadResult};

impl State {
    pub(super) fn keep_delivery(&mut self, delivery: Delivery, forget: u32) {
        let now = delivery.taken_at;
        let key = (delivery.workflow_key.clone(), delivery.id.clone());
        self.deliveries.insert(key, delivery);
        let expired = self.deliveries.iter();
        let expired = expired.filter(|(_, delivery)| delivery.expires_at <= now);
        let mut expired: Vec<_> = expired
            .map(|(key, delivery)| (delivery.expires_at, key.clone()))
            .collect();
        expired.sort();
        for (_, key) in expired.into_iter().take(forget as usize) {
            self.deliveries.remove(&key);
        }
    }
}

impl DeliveryReader for MemoryReader {
    fn delivery(&self, workflow: &WorkflowKey, id: &str) -> ReadResult<Option<Delivery>> {
        let key = (workflow.clone(), id.to_owned());
        Ok(self.0.read().deliveries.get(&key).cloned())
    }
}
