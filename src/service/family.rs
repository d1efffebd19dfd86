//! `listRunDescendants`: the runs below a run.

use std::collections::VecDeque;

use serde::Serialize;
use smithers_model::RunId;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{ListRunDescendants, Params};
use smithers_store::Reader;

use super::{Service, encode, error};

/// A run of the answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Relative {
    run_id: RunId,
    parent_run_id: Option<RunId>,
    depth: u32,
}

impl Service {
    pub(super) async fn list_run_descendants(&self, params: &Params) -> Result<Payload, RpcError> {
        let ListRunDescendants { run_id, limit } = ListRunDescendants::read(params)?;
        self.read(move |reader| {
            let row = reader.run(&RunId::from(run_id.as_str()));
            let row = row.map_err(error::of_read)?;
            let row = row.ok_or_else(|| RpcError::no_such_run(&run_id))?;
            let first = Relative {
                run_id: row.run_id,
                parent_run_id: row.parent,
                depth: 0,
            };
            encode(&family(reader, first, limit).map_err(error::of_read)?)
        })
        .await
    }
}

/// The run and what is below it, level by level, at most `limit` in all.
fn family(
    reader: &dyn Reader,
    first: Relative,
    limit: usize,
) -> Result<Vec<Relative>, smithers_store::Error> {
    let mut found = Vec::new();
    let mut next = VecDeque::from([first]);
    while found.len() < limit
        && let Some(parent) = next.pop_front()
    {
        let left = limit - found.len() - 1;
        for run_id in reader.children(&parent.run_id, left.saturating_sub(next.len()))? {
            next.push_back(Relative {
                run_id,
                parent_run_id: Some(parent.run_id.clone()),
                depth: parent.depth + 1,
            });
        }
        found.push(parent);
    }
    Ok(found)
}
