//! `getNodeDiff` and `getRunDiff`: which files an attempt or a run has changed.
//!
//! No attempt and no run keeps a revision, so that the only answers there are say so.

use smithers_model::node::AttemptState;
use smithers_model::{NodeKey, RunId};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{GetNodeDiff, GetRunDiff, Params};

use super::{Service, error, nodes};

impl Service {
    pub(super) async fn get_node_diff(&self, params: &Params) -> Result<Payload, RpcError> {
        let asked = GetNodeDiff::read(params)?;
        self.read(move |reader| {
            let run = RunId::from(asked.run_id.as_str());
            let row = reader.run(&run).map_err(error::of_read)?;
            row.ok_or_else(|| RpcError::run_not_found(&asked.run_id))?;
            let key = NodeKey::new(asked.node_id.as_str(), asked.iteration);
            if reader.node(&run, &key).map_err(error::of_read)?.is_none() {
                return Err(nodes::missing(reader, &run, &key)?);
            }
            let attempts = reader.attempts_of(&run, &key).map_err(error::of_read)?;
            let message = match attempts.last() {
                Some(last) if last.state == AttemptState::InProgress => "Attempt is still running.",
                Some(_) => "Attempt has no finished jj pointer.",
                None => {
                    return Err(RpcError::new(
                        ErrorCode::AttemptNotFound,
                        "Attempt not found.",
                    ));
                }
            };
            Err(RpcError::new(ErrorCode::AttemptNotFinished, message))
        })
        .await
    }

    pub(super) async fn get_run_diff(&self, params: &Params) -> Result<Payload, RpcError> {
        let GetRunDiff { run_id } = GetRunDiff::read(params)?;
        self.read_briefly(move |reader| {
            let row = reader.run(&RunId::from(run_id.as_str()));
            let row = row.map_err(error::of_read)?;
            row.ok_or_else(|| RpcError::run_not_found(&run_id))?;
            let message = "Run has no immutable VCS base revision.";
            Err(RpcError::new(ErrorCode::VcsError, message))
        })
        .await
    }
}
