//! Deliveries that come again: each is taken once, also when the gateway ended in the middle of one.
//!
//! **Invariant.** A delivery is stored with its targets before it has any effect and with its answer after all of them. One
//! that is stored without an answer is carried out to its end: a signal that was kept is found among those of its run, and
//! a launch has the key of the delivery.

use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::rt::task::spawn_blocking;
use smithers_actors::run::SignalKept;
use smithers_model::delivery::Delivery as StoredDelivery;
use smithers_model::signal::{Signal, SignalAddress};
use smithers_model::{RawJson, RunId, Timestamp, WorkflowKey};
use smithers_protocol::error::RpcError;
use tokio::sync::Mutex;

use super::{Delivery, Service, error, triggered_by};

/// How many deliveries are carried out at a time; unequal ones seldom wait for each other.
const TURNS: usize = 64;
/// Most expired deliveries that go with one that is stored: more than one, so that they become fewer.
const FORGET: u32 = 16;

/// Keeps equal deliveries from being carried out at the same time.
#[derive(Debug)]
pub struct Turns([Mutex<()>; TURNS]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Turns {
    fn of(&self, key: &str, id: &str) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        (key, id).hash(&mut hasher);
        let place = hasher.finish() % TURNS as u64;
        &self.0[usize::try_from(place).expect("it is less than the number of turns")]
    }
}

impl Service {
    /// Gives the signal to the runs that wait for it; when there are none, launches a run if that is wanted. What has come
    /// before is answered as it was then, and has no effect.
    ///
    /// # Errors
    /// What was asked for could not be stored. The sender may send the request again.
    pub(crate) async fn deliver(&self, delivery: Delivery<'_>) -> Result<RawJson, RpcError> {
        let Some(id) = &delivery.proven.id else {
            let targets = self.targets(&delivery).await?;
            let delivered = self.carry_out(&delivery, &targets, None).await?;
            return Ok(RawJson::of(&delivered));
        };
        let _turn = self.webhook_turns.of(delivery.key, id).lock().await;
        let (stored, since) = match self.stored_delivery(delivery.key, id).await? {
            Some(StoredDelivery {
                answer: Some(answer),
                ..
            }) => return Ok(answer),
            Some(begun) => {
                let since = begun.taken_at;
                (begun, Some(since))
            }
            None => (self.begin(&delivery, id).await?, None),
        };
        let delivered = self.carry_out(&delivery, &stored.targets, since).await?;
        let answer = RawJson::of(&delivered);
        self.keep(StoredDelivery {
            answer: Some(answer.clone()),
            ..stored
        })
        .await?;
        Ok(answer)
    }

    async fn begin(&self, delivery: &Delivery<'_>, id: &str) -> Result<StoredDelivery, RpcError> {
        let stored = StoredDelivery {
            workflow_key: WorkflowKey::from(delivery.key),
            id: id.to_owned(),
            taken_at: self.clock.now(),
            expires_at: delivery.proven.expires_at,
            targets: self.targets(delivery).await?,
            answer: None,
        };
        self.keep(stored.clone()).await?;
        Ok(stored)
    }

    async fn stored_delivery(
        &self,
        key: &str,
        id: &str,
    ) -> Result<Option<StoredDelivery>, RpcError> {
        let (key, id) = (WorkflowKey::from(key), id.to_owned());
        self.read_briefly(move |reader| reader.delivery(&key, &id).map_err(error::of_read))
            .await
    }

    async fn keep(&self, delivery: StoredDelivery) -> Result<(), RpcError> {
        let writer = self.writer.clone();
        let kept = spawn_blocking(move || writer.keep_delivery(delivery, FORGET)).await;
        kept.map_err(|_| RpcError::internal())?
            .map_err(|failed| RpcError::unavailable(failed.to_string()))
    }

    /// The signal that this webhook has given a run since then, if it has.
    pub(super) async fn kept_before(
        &self,
        key: &str,
        run: &RunId,
        address: &SignalAddress,
        payload: &RawJson,
        since: Timestamp,
    ) -> Result<Option<SignalKept>, RpcError> {
        let (run, address, payload) = (run.clone(), address.clone(), payload.clone());
        let sender = triggered_by(key);
        let is_same = move |signal: &Signal| {
            signal.received_at >= since
                && signal.received_by.as_ref() == Some(&sender)
                && (&signal.address, &signal.payload) == (&address, &payload)
        };
        let signals = self
            .read(move |reader| reader.signals(&run).map_err(error::of_read))
            .await?;
        let kept = signals.into_iter().find(is_same);
        Ok(kept.map(|signal| SignalKept {
            seq: signal.seq,
            received_at: signal.received_at,
        }))
    }
}
