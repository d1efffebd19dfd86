//! Looks up what people decided in other runs, before a run approves something without asking anybody.

use actix::prelude::*;
use smithers_engine::PrecedentRequest;
use smithers_model::NodeKey;
use smithers_model::approval::Precedent;
use smithers_model::fact::Fact;
use smithers_store::read::PrecedentFilter;

use super::open::Activity;
use super::{Phase, RunActor};

/// What was found.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct PrecedentsFound {
    /// Life of the in-memory state that asked.
    life: u64,
    node: NodeKey,
    found: Result<Vec<Precedent>, smithers_store::Error>,
}

impl RunActor {
    /// Reads what the engine wants to know; the run goes on with the answer.
    pub(super) fn look_for_precedents(
        &mut self,
        wanted: PrecedentRequest,
        ctx: &mut Context<Self>,
    ) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let row = run.engine.row();
        let filter = PrecedentFilter {
            workflow: row.workflow_key.clone(),
            workflow_name: row.workflow_name.clone(),
            node: wanted.node.node_id.clone(),
            other_than: self.run_id.clone(),
            most: wanted.most as usize,
        };
        run.activity = Activity::LookingBack;
        let backend = self.services.backend.clone();
        let (address, life, node) = (ctx.address(), self.life, wanted.node);
        ctx.spawn(
            async move {
                let look = move || backend.reader()?.precedents(&filter);
                let found = match crate::reading::off_arbiter(look).await {
                    Ok(found) => found,
                    Err(gone) => Err(smithers_store::Error::reader_gone(&gone)),
                };
                address.do_send(PrecedentsFound { life, node, found });
            }
            .into_actor(self),
        );
    }
}

impl Handler<PrecedentsFound> for RunActor {
    type Result = ();

    fn handle(&mut self, message: PrecedentsFound, ctx: &mut Self::Context) {
        let PrecedentsFound { life, node, found } = message;
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        if life != self.life {
            return;
        }
        run.activity = Activity::Idle;
        let found = found.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(run.id = %self.run_id, node.id = %node.node_id, error, "earlier approvals could not be read; a person is asked");
            Vec::new()
        });
        self.apply(Fact::PrecedentsRead { node, found }, None);
        self.advance(ctx);
    }
}
