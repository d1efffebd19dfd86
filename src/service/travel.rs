//! `runs.diff` and `runs.timeline`: what two runs have come to, and the frames of a run with what was made of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smithers_model::history::Snapshot;
use smithers_model::run::RunRow;
use smithers_model::{NodeKey, RunId};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{DiffRuns, Params, Timeline};
use smithers_store::Reader;

use super::{Service, encode, error};

/// Most frames, copies and rewinds that a timeline lists.
const MOST_LISTED: usize = 1_000;

impl Service {
    pub(super) async fn diff_runs(&self, params: &Params) -> Result<Payload, RpcError> {
        let DiffRuns { left, right } = DiffRuns::read(params)?;
        self.read(move |reader| {
            let left = state(reader, &left.0, left.1)?;
            let right = state(reader, &right.0, right.1)?;
            encode(&difference(&left, &right))
        })
        .await
    }

    pub(super) async fn timeline(&self, params: &Params) -> Result<Payload, RpcError> {
        let Timeline { run_id } = Timeline::read(params)?;
        self.read(move |reader| {
            let run = existing(reader, &run_id)?.run_id;
            encode(&timeline(reader, &run).map_err(error::of_read)?)
        })
        .await
    }
}

fn existing(reader: &dyn Reader, run_id: &str) -> Result<RunRow, RpcError> {
    let row = reader.run(&RunId::from(run_id)).map_err(error::of_read)?;
    row.ok_or_else(|| RpcError::no_such_run(run_id))
}

/// What a run has come to.
#[derive(Default)]
struct State {
    run: Option<RunId>,
    nodes: BTreeMap<String, Value>,
    /// Rows by table, in the order in which they came.
    outputs: BTreeMap<String, Vec<OutputSeen>>,
    loops: BTreeMap<String, Value>,
    input: Value,
}

/// A row, with its place among those of the run.
struct OutputSeen {
    node: NodeKey,
    place: usize,
    payload: Value,
}

impl OutputSeen {
    /// The row with what tells where it comes from, as clients know it.
    fn shown(&self, run: &RunId) -> Value {
        let mut row = json!({
            "runId": run,
            "nodeId": self.node.node_id,
            "iteration": self.node.iteration,
        });
        if let (Some(row), Some(payload)) = (row.as_object_mut(), self.payload.as_object()) {
            let own = payload.iter();
            row.extend(own.map(|(name, value)| (name.clone(), value.clone())));
            row.insert("__smithersProvenanceSeq".into(), self.place.into());
        }
        row
    }
}

/// The state of a run now, or when a frame was stored.
fn state(reader: &dyn Reader, run_id: &str, frame: Option<u64>) -> Result<State, RpcError> {
    let row = existing(reader, run_id)?;
    let mut state = match frame {
        None => newest(reader, &row.run_id).map_err(error::of_read)?,
        Some(frame) => {
            let found = reader
                .snapshot(&row.run_id, frame)
                .map_err(error::of_read)?;
            let (snapshot, _) = found.ok_or_else(|| {
                let message = format!("{run_id} has no frame {frame}, or no history back to it");
                RpcError::new(ErrorCode::FrameOutOfRange, message)
            })?;
            at(reader, &row.run_id, &snapshot).map_err(error::of_read)?
        }
    };
    state.input = row.input.value();
    state.run = Some(row.run_id);
    Ok(state)
}

fn newest(reader: &dyn Reader, run: &RunId) -> Result<State, smithers_store::Error> {
    let nodes = reader.nodes(run)?.into_iter();
    let outputs = reader.outputs(run)?.into_iter();
    let loops = reader.loops(run)?.into_iter();
    Ok(State {
        nodes: nodes
            .map(|row| (row.node.to_string(), json!(row.state.as_str())))
            .collect(),
        outputs: by_table(outputs.map(|row| (row.table, row.node, row.payload.value()))),
        loops: loops
            .map(|row| (row.id.to_string(), json!(row.iteration)))
            .collect(),
        ..State::default()
    })
}

fn at(
    reader: &dyn Reader,
    run: &RunId,
    snapshot: &Snapshot,
) -> Result<State, smithers_store::Error> {
    let nodes = snapshot.nodes.iter();
    let loops = snapshot.loops.values();
    let mut places: Vec<_> = snapshot.outputs.iter().collect();
    places.sort_by_key(|(_, place)| **place);
    let mut rows = Vec::with_capacity(places.len());
    for ((table, node), place) in places {
        let undone = reader.undone_output(run, *place)?;
        let row = match undone {
            Some(row) => Some(row),
            None => reader.output(run, table, node)?,
        };
        let payload = row.map_or(Value::Null, |row| row.payload.value());
        rows.push((table.clone(), node.clone(), payload));
    }
    Ok(State {
        nodes: nodes
            .map(|(node, mark)| (node.to_string(), json!(mark.state.as_str())))
            .collect(),
        outputs: by_table(rows.into_iter()),
        loops: loops
            .map(|row| (row.id.to_string(), json!(row.iteration)))
            .collect(),
        ..State::default()
    })
}

fn by_table(
    rows: impl Iterator<Item = (String, NodeKey, Value)>,
) -> BTreeMap<String, Vec<OutputSeen>> {
    let mut tables = BTreeMap::<_, Vec<_>>::new();
    for (place, (table, node, payload)) in rows.enumerate() {
        let row = OutputSeen {
            node,
            place,
            payload,
        };
        tables.entry(table).or_default().push(row);
    }
    tables
}

/// The tables of which both have rows that are not the same, whatever their runs and places.
fn changed_outputs(left: &State, right: &State) -> Vec<Value> {
    let same = |from: &[OutputSeen], to: &[OutputSeen]| {
        let pairs = || from.iter().zip(to);
        from.len() == to.len()
            && pairs().all(|(from, to)| (&from.node, &from.payload) == (&to.node, &to.payload))
    };
    let shown = |state: &State, rows: &[OutputSeen]| -> Vec<Value> {
        let run = state.run.clone().unwrap_or_else(|| RunId::from(""));
        rows.iter().map(|row| row.shown(&run)).collect()
    };
    let changed = left.outputs.iter().filter_map(|(table, from)| {
        let to = right.outputs.get(table).filter(|to| !same(from, to))?;
        Some(json!({ "key": table, "from": shown(left, from), "to": shown(right, to) }))
    });
    changed.collect()
}

/// What the right side has that the left has not, the other way round, and what differs.
fn difference(left: &State, right: &State) -> Value {
    let nodes = sides(&left.nodes, &right.nodes);
    let loops = sides(&left.loops, &right.loops);
    json!({
        "nodesAdded": nodes.added,
        "nodesRemoved": nodes.removed,
        "nodesChanged": nodes.changed,
        "outputsAdded": missing_in(&right.outputs, &left.outputs),
        "outputsRemoved": missing_in(&left.outputs, &right.outputs),
        "outputsChanged": changed_outputs(left, right),
        "ralphAdded": loops.added,
        "ralphRemoved": loops.removed,
        "ralphChanged": loops.changed,
        "inputChanged": left.input != right.input,
        "vcsPointerChanged": false,
    })
}

struct Sides {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<Value>,
}

/// The keys that `other` does not have.
fn missing_in<T>(of: &BTreeMap<String, T>, other: &BTreeMap<String, T>) -> Vec<String> {
    let keys = of.keys().filter(|key| !other.contains_key(*key));
    keys.cloned().collect()
}

fn sides(left: &BTreeMap<String, Value>, right: &BTreeMap<String, Value>) -> Sides {
    let changed = left.iter().filter_map(|(key, from)| {
        let to = right.get(key).filter(|to| *to != from)?;
        Some(json!({ "key": key, "from": from, "to": to }))
    });
    Sides {
        added: missing_in(right, left),
        removed: missing_in(left, right),
        changed: changed.collect(),
    }
}

fn timeline(reader: &dyn Reader, run: &RunId) -> Result<Value, smithers_store::Error> {
    let copies = reader.branches_of(run, MOST_LISTED)?;
    let copies_of = |frame: u64| {
        let copies = copies.iter().filter(|copy| copy.parent_frame_no == frame);
        copies
            .map(|copy| json!({ "runId": copy.run_id, "label": copy.label, "createdAtMs": copy.created_at.0 }))
            .collect::<Vec<_>>()
    };
    let frames = reader.frames(run, 0, MOST_LISTED)?;
    let frames = frames.iter().rev().map(|frame| {
        json!({
            "frameNo": frame.frame_no,
            "createdAtMs": frame.created_at.0,
            "trigger": frame.trigger,
            "forks": copies_of(frame.frame_no),
        })
    });
    let rewinds = reader.rewinds(run, MOST_LISTED)?;
    let rewinds = rewinds.iter().map(|row| {
        json!({
            "fromFrameNo": row.from_frame_no,
            "toFrameNo": row.to_frame_no,
            "caller": row.caller,
            "timestampMs": row.at.0,
            "result": row.result.as_str(),
            "durationMs": row.duration_ms,
        })
    });
    let parent = reader.branch(run)?.map(|branch| {
        json!({
            "runId": branch.parent_run_id,
            "frameNo": branch.parent_frame_no,
            "label": branch.label,
            "description": branch.description,
        })
    });
    Ok(json!({
        "runId": run,
        "forkOf": parent,
        "forksOfBeginning": copies_of(0),
        "frames": frames.collect::<Vec<_>>(),
        "rewinds": rewinds.collect::<Vec<_>>(),
    }))
}
