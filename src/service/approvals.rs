//! `listApprovals` and `submitApproval`.

use smithers_actors::session::Caller;
use smithers_model::approval::Decision;
use smithers_model::{NodeKey, RawJson, RunId, WorkflowKey};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::limits::LIST_MAX;
use smithers_protocol::params::{ListApprovals, Params, SubmitApproval};
use smithers_protocol::view::DecisionAnswer;
use smithers_store::read::ApprovalFilter;

use super::following::Following;
use super::{Service, encode, error};
use crate::view::approval_row;

impl Service {
    pub(super) async fn list_approvals(&self, params: &Params) -> Result<Payload, RpcError> {
        let list = ListApprovals::read(params)?;
        let filter = ApprovalFilter {
            run: list.run_id.as_deref().map(RunId::from),
            workflow: list.workflow.as_deref().map(WorkflowKey::from),
            limit: list.limit.unwrap_or(LIST_MAX).min(LIST_MAX),
        };
        self.read(move |reader| {
            let pending = reader.pending(&filter).map_err(error::of_read)?;
            encode(&pending.iter().map(approval_row).collect::<Vec<_>>())
        })
        .await
    }

    /// Decides an approval. The answer means that the decision is durable; the run goes on by itself.
    pub(super) async fn submit_approval(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let request = SubmitApproval::read(params)?;
        let run_id = RunId::from(request.run_id.as_str());
        let node = NodeKey::new(request.node_id.as_str(), request.iteration);
        let mut decision = Decision {
            approved: request.approved,
            note: request.note,
            decided_by: caller.identity.user_id.clone(),
            token_id: caller.identity.token_id.clone(),
            value: request.decision.as_ref().map(RawJson::of),
            request_digest: request.request_digest,
            decided_at: self.clock.now(),
        };
        // The run goes on with what its row will say.
        self.backend.boundary().decision(&run_id, &mut decision);
        let following = Following::begin(caller, &run_id);
        let actor = caller.actor();
        let decided = self
            .runs
            .decide(&run_id, node.clone(), decision, actor)
            .await;
        following.settle(&decided);
        decided.map_err(|refused| error::of_run(refused, &request.run_id, Some(&node)))?;
        encode(&DecisionAnswer {
            run_id: &request.run_id,
            node_id: &request.node_id,
            iteration: request.iteration,
            approved: request.approved,
        })
    }
}
