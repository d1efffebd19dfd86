//! `submitSignal`.

use smithers_actors::run::RunError;
use smithers_actors::session::Caller;
use smithers_model::signal::SignalAddress;
use smithers_model::{RawJson, RunId};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::limits::LIST_MAX;
use smithers_protocol::params::{Params, SubmitSignal};
use smithers_protocol::view::SignalAnswer;
use smithers_store::Reader;

use super::following::Following;
use super::{Service, encode, error};

impl Service {
    /// Gives a run a signal. The answer means that it is kept; whoever waits for it goes on by itself.
    pub(super) async fn submit_signal(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let request = SubmitSignal::read(params)?;
        let run_id = self.newest_of_chain(&request.run_id).await?;
        let address = SignalAddress {
            signal_name: request.signal_name,
            correlation_id: request.correlation_id,
        };
        let mut payload = RawJson::of(&request.payload);
        // The run goes on with what its row will say.
        self.backend.boundary().signal(&run_id, &mut payload);
        let following = Following::begin(caller, &run_id);
        let kept = self
            .runs
            .signal(&run_id, address.clone(), payload.clone(), caller.actor())
            .await;
        following.settle(&kept);
        let kept = kept.map_err(|refused| error::of_run(refused, &request.run_id, None))?;
        self.copy_to_children(caller, &run_id, &address, &payload)
            .await?;
        encode(&SignalAnswer {
            run_id: run_id.as_str(),
            seq: kept.seq,
            signal_name: &address.signal_name,
            correlation_id: address.correlation(),
            received_at_ms: kept.received_at.0,
        })
    }

    /// The run that is meant by the id of any run of a chain: the one that goes on.
    async fn newest_of_chain(&self, run_id: &str) -> Result<RunId, RpcError> {
        let run_id = RunId::from(run_id);
        self.read_briefly(move |reader| {
            let newest = reader.last_of_chain(&run_id).map_err(error::of_read)?;
            Ok(newest.unwrap_or_else(|| run_id.clone()))
        })
        .await
    }

    /// Gives every run below that has not ended a copy of a signal. One that ends meanwhile needs none.
    async fn copy_to_children(
        &self,
        caller: &Caller,
        run: &RunId,
        address: &SignalAddress,
        payload: &RawJson,
    ) -> Result<(), RpcError> {
        let mut parents = vec![run.clone()];
        while let Some(parent) = parents.pop() {
            let below = move |reader: &dyn Reader| {
                let children = reader.live_children(&parent, LIST_MAX);
                children.map_err(error::of_read)
            };
            for child in self.read_briefly(below).await? {
                let (address, payload) = (address.clone(), payload.clone());
                let copy = self.runs.signal(&child, address, payload, caller.actor());
                match copy.await {
                    Ok(_) | Err(RunError::NotFound(_) | RunError::Deleted { .. }) => {}
                    Err(refused) => return Err(error::of_run(refused, child.as_str(), None)),
                }
                parents.push(child);
            }
        }
        Ok(())
    }
}
