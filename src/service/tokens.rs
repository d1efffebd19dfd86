//! `listRunTokenUsage`.

use smithers_actors::wire::TokenReport;
use smithers_model::RunId;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{ListRunTokenUsage, Params};
use smithers_protocol::view::TokenUsageAnswer;

use super::{Service, encode, error};

impl Service {
    pub(super) async fn list_run_token_usage(&self, params: &Params) -> Result<Payload, RpcError> {
        let ListRunTokenUsage { run_id } = ListRunTokenUsage::read(params)?;
        self.read(move |reader| {
            let id = RunId::from(run_id.as_str());
            if reader.run(&id).map_err(error::of_read)?.is_none() {
                return Err(RpcError::run_not_found(&run_id));
            }
            let events = reader.token_usage(&id).map_err(error::of_read)?;
            let reports = events.iter().map(TokenReport::read);
            let reports: Vec<TokenReport> = reports.collect::<Result<_, _>>().map_err(|error| {
                tracing::error!(run.id = %id, %error, "a stored token usage cannot be read");
                RpcError::internal()
            })?;
            encode(&TokenUsageAnswer {
                run_id: &run_id,
                events: reports.iter().map(TokenReport::row).collect(),
            })
        })
        .await
    }
}
