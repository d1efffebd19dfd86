//! Reading starts of the gateway.

use rusqlite::Row;
use smithers_model::audit::{Deployment, StoredDeployment};

use super::SqliteReader;
use crate::read::{DeploymentReader, ReadResult};
use crate::sqlite::codec::{from_optional_json, optional_time, time};

/// The newest start; starts are in the order of their rows.
pub(in crate::sqlite) const NEWEST_DEPLOYMENT: &str =
    "SELECT deployment_id, started_at_ms, product_version, config_digest, module_path, module_hash,
            build_commit, module_revision, settings_json, database_head, stopped_at_ms
     FROM _smithers_deployments WHERE rowid = (SELECT max(rowid) FROM _smithers_deployments)";

pub(in crate::sqlite) fn deployment_row(row: &Row<'_>) -> rusqlite::Result<StoredDeployment> {
    Ok(StoredDeployment {
        deployment: Deployment {
            id: row.get(0)?,
            started_at: time(row, 1)?,
            product_version: row.get(2)?,
            config_digest: row.get(3)?,
            module_path: row.get(4)?,
            module_hash: row.get(5)?,
            build_commit: row.get(6)?,
            module_revision: row.get(7)?,
            settings: from_optional_json(row, 8)?.unwrap_or_default(),
        },
        database_head: row.get(9)?,
        stopped_at: optional_time(row, 10)?,
    })
}

impl DeploymentReader for SqliteReader {
    fn newest_deployment(&self) -> ReadResult<Option<StoredDeployment>> {
        self.one(NEWEST_DEPLOYMENT, [], deployment_row)
    }
}
