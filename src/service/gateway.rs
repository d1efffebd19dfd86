//! `listWorkflows` and `health`.

use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::params::ListWorkflows;
use smithers_protocol::view::{Health, Identity as GatewayIdentity, WorkflowSummary};
use smithers_store::WriterState;

use super::{Service, encode, error};

/// Workflows of a workspace folder, loaded and found. They are not those of the module, which is what this
/// gateway serves: the recorded gateway answers 0 beside a dozen registered ones (docs/contract, transcript 01).
const WORKSPACE_WORKFLOWS: (usize, usize) = (0, 0);

impl Service {
    /// Workflow summaries, sorted by key.
    pub(crate) fn workflows_payload(&self, list: ListWorkflows) -> Result<Payload, RpcError> {
        // No workflow of this build has a page of its own.
        let shown = list.has_ui != Some(true);
        let definitions = self.catalogue.definitions();
        let summaries: Vec<_> = definitions
            .iter()
            .filter(|definition| shown && (list.include_system || !definition.system))
            .map(|definition| WorkflowSummary {
                key: definition.key.as_str(),
                readable_name: definition.readable_name.as_deref(),
                description: definition.description.as_deref(),
                has_ui: false,
                ui_path: None,
                system: definition.system,
            })
            .collect();
        encode(&summaries)
    }

    pub(super) async fn health(&self) -> Result<Payload, RpcError> {
        let state_version = self.state_version().await?;
        let uptime = self.clock.now().since(self.started_at);
        let uptime_ms = u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX);
        encode(&Health::method(
            state_version,
            uptime_ms,
            self.identity(),
            WORKSPACE_WORKFLOWS,
        ))
    }

    /// The open health route: whether writes are accepted, and no particulars of the process.
    pub(crate) async fn health_route(&self) -> (bool, Payload) {
        let ready = matches!(self.writer.state(), WriterState::Ready);
        let state_version = self.state_version().await;
        let ok = ready && state_version.is_ok();
        let identity = GatewayIdentity {
            started_at_ms: self.started_at.0,
            ..GatewayIdentity::default()
        };
        let health = Health::route(
            ok,
            state_version.unwrap_or_default(),
            identity,
            WORKSPACE_WORKFLOWS,
        );
        let payload = encode(&health).unwrap_or_else(|_| Payload::from_json("{\"ok\":false}"));
        (ok, payload)
    }

    /// What the gateway says of itself to callers that have authenticated.
    pub(crate) fn identity(&self) -> GatewayIdentity<'static> {
        GatewayIdentity {
            pid: Some(std::process::id()),
            started_at_ms: self.started_at.0,
            ..GatewayIdentity::default()
        }
    }

    async fn state_version(&self) -> Result<u64, RpcError> {
        self.read_briefly(|reader| reader.state_version().map_err(error::of_read))
            .await
    }
}
