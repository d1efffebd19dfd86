//! How the runs of the scenarios are launched.

use smithers_model::RawJson;
use smithers_model::run::{RunAuth, RunConfig};
use smithers_model::step::Launch;

use super::world::operator;

/// A launch of the run `r1`, with a cap on tasks in flight.
pub(super) fn launch_of(max_concurrency: Option<u32>) -> Launch {
    Launch {
        run_id: "r1".into(),
        workflow_key: "w".into(),
        workflow_hash: None,
        system: false,
        input: RawJson::empty_object(),
        config: RunConfig {
            gateway_system: false,
            gateway_workflow_key: "w".into(),
            gateway_triggered_by: "user:op".into(),
            max_concurrency,
            root_dir: String::new(),
            allow_network: false,
            max_output_bytes: 200_000,
            tool_timeout_ms: 60_000,
            auth: RunAuth {
                triggered_by: "user:op".into(),
                scopes: Vec::new(),
                role: "operator".into(),
                token_id: None,
                created_at: String::new(),
            },
            subflow: None,
            patches: Default::default(),
            started_by: None,
            rerun_of: None,
        },
        actor: operator(),
        idempotency_key: None,
        firing: None,
        fork: None,
    }
}
