//! Rewinds that were under way when the process that tried them died: their runs fail, before they are taken up.

use std::sync::Arc;

use smithers_store::Backend;

use super::{PAGE, read};
use crate::registry::Runs;

/// Finds them. There are seldom any: only a rewind that takes effects back is under way for longer than a step.
pub(super) async fn settle(runs: &Runs, backend: &Arc<dyn Backend>) {
    let open = read(backend, |reader| reader.open_rewinds(PAGE)).await;
    for row in open.unwrap_or_default() {
        tracing::warn!(run.id = %row.run_id, op = row.op, "a rewind was cut off; its run fails and wants attention");
        runs.rewind_interrupted(row);
    }
}
