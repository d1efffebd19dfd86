//! The migration ladder as an operator sees it.

use std::path::{Path, PathBuf};

use serde::Serialize;
use smithers_model::audit::Channel;

use super::audit;
use super::copy::{Method, copy};
use super::error::{Error, database};
use super::files::{beside, remove_file, rename};
use super::open::reading;
use crate::sqlite::{self, LedgerRow, OwnerLock};

/// A step of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Text key, rising.
    pub id: String,
    /// When it was applied, milliseconds since 1970; `None` while it is to be applied.
    pub applied_at_ms: Option<i64>,
    /// Whether it takes something away; a copy is kept before.
    pub destructive: bool,
    /// Whether this program has the text that was applied; false for steps of a newer version.
    pub known: bool,
}

impl From<LedgerRow> for Step {
    fn from(row: LedgerRow) -> Self {
        Self {
            id: row.id,
            applied_at_ms: row.applied_at_ms,
            destructive: row.is_destructive,
            known: row.fits,
        }
    }
}

/// Returns the steps of the database at `path`, applied and to be applied. Changes nothing.
///
/// # Errors
/// There is none, it is not ours, or it cannot be read.
pub fn plan(path: &Path) -> Result<Vec<Step>, Error> {
    let conn = reading(path)?;
    let rows = database(sqlite::ledger(&conn), "reading its migrations", path)?;
    Ok(rows.into_iter().map(Step::from).collect())
}

/// Migrates the database at `path` and returns what was applied. With `accept_drift`, steps that were applied with
/// another text count as applied.
///
/// # Errors
/// There is none, a gateway runs on it, it is of a newer version, or it is not what its ledger claims.
pub fn migrate(path: &Path, accept_drift: bool) -> Result<Vec<Step>, Error> {
    let pending: Vec<Step> = plan(path)?
        .into_iter()
        .filter(|step| step.applied_at_ms.is_none())
        .collect();
    let _lock = OwnerLock::acquire(path)?;
    sqlite::bring_up(path, accept_drift)?;
    audit::note_migrations(path, Channel::CliOffline)?;
    let mut steps = plan(path)?;
    steps.retain(|step| pending.iter().any(|pending| pending.id == step.id));
    Ok(steps)
}

/// Copies the database at `path` to `<path>.pre-<step>.bak` and returns that name. One that is there already was left by
/// a migration that did not come to its end, and is replaced.
pub(crate) fn keep_before(path: &Path, step: &str) -> Result<PathBuf, Error> {
    let kept = beside(path, &format!(".pre-{step}.bak"));
    let draft = beside(&kept, ".partial");
    remove_file(&draft)?;
    copy(path, &draft, Method::Online, &mut |_| {})?;
    rename(&draft, &kept)?;
    Ok(kept)
}
