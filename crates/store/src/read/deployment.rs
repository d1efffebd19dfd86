//! Reading starts of the gateway.

use smithers_model::audit::StoredDeployment;

use super::ReadResult;

/// Reads starts of the gateway.
pub trait DeploymentReader {
    /// Returns the newest start; that of the running gateway, if one runs.
    fn newest_deployment(&self) -> ReadResult<Option<StoredDeployment>>;
}
