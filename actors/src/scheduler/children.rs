//! The sweep between parents and children: it makes up for notices that were lost with a process.

use std::sync::Arc;

use smithers_model::RunId;
use smithers_model::run::SubflowOf;
use smithers_model::step::ChildTie;
use smithers_store::Backend;

use super::{PAGE, read};
use crate::registry::Runs;
use crate::run::{parent_as_person, subflow_of};

/// Tells parents about children that have ended, and ends children whose parent has. Idempotent; what was found in
/// order is one read of an empty index.
pub(super) async fn sweep(runs: Runs, backend: Arc<dyn Backend>) {
    tell_parents(&runs, &backend).await;
    end_unwanted(&runs, &backend).await;
}

async fn tell_parents(runs: &Runs, backend: &Arc<dyn Backend>) {
    let mut after: Option<RunId> = None;
    loop {
        let from = after.clone();
        let page = read(backend, move |reader| {
            let children = reader.ended_children(from.as_ref(), PAGE)?;
            let rows = children.iter().map(|child| reader.run(child));
            rows.collect::<Result<Vec<_>, _>>()
        });
        let Some(page) = page.await else { return };
        let count = page.len();
        for row in page.into_iter().flatten() {
            if let Some(SubflowOf {
                parent_run_id,
                node,
                ..
            }) = subflow_of(&row)
            {
                runs.child_moved(parent_run_id, node, row.first_of_chain().clone());
            }
            after = Some(row.run_id);
        }
        if count < PAGE {
            return;
        }
    }
}

async fn is_unwanted(backend: &Arc<dyn Backend>, child: &RunId) -> bool {
    let child = child.clone();
    let tie = read(backend, move |reader| {
        Ok(reader.run(&child)?.and_then(|row| row.tie))
    });
    tie.await == Some(Some(ChildTie::Unwanted))
}

async fn end_unwanted(runs: &Runs, backend: &Arc<dyn Backend>) {
    let mut after: Option<RunId> = None;
    loop {
        let from = after.clone();
        let page = read(backend, move |reader| {
            reader.unwanted_children(from.as_ref(), PAGE)
        });
        let Some(page) = page.await else { return };
        for child in &page {
            // To end those before it takes time, in which its parent may want it again.
            if !is_unwanted(backend, child).await {
                continue;
            }
            // One that ends by itself meanwhile refuses; the next sweep sees what is left.
            if let Err(error) = runs.cancel(child, parent_as_person()).await {
                tracing::debug!(run.id = %child, %error, "a child was not cancelled");
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.clone()),
            _ => return,
        }
    }
}
