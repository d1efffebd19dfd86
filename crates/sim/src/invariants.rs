//! What must hold whatever happens: of the rows after every life, and of each run when all have ended.

use std::collections::BTreeMap;

use smithers_model::event::StoredEvent;
use smithers_model::node::{AttemptRow, AttemptState, NodeState};
use smithers_model::rows::RunRows;
use smithers_model::run::RunStatus;
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};
use smithers_store::Reader;

use crate::below;
use crate::interpreter::{self, Ending};
use crate::kept;
use crate::ledger::Ledger;
use crate::mail::{Letter, WRONG};
use crate::order;
use crate::people::run_id;
use crate::plan::{End, Leaf, Plan, RETRY_MS, RunPlan};
use crate::recoveries::{check_undone, may_have_undone};
use crate::travel;
use crate::waits::address;
use crate::workflow::leaf_of;

/// More events than any run of a plan has.
const ALL: usize = 100_000;

/// Checks the rows against each other and against what the world was told; the error says what is broken.
pub(crate) fn check_rows(plan: &Plan, ledger: &Ledger, reader: &dyn Reader) -> Result<(), String> {
    if let Some(broken) = ledger.broken.first() {
        return Err(broken.clone());
    }
    let mut all = Vec::new();
    for index in 0..plan.runs.len() {
        let Some(rows) = load(reader, index) else {
            let told = ledger.launched.contains(&index);
            ensure(!told, || {
                format!("run {index} was acknowledged and is not stored")
            })?;
            continue;
        };
        let is_steady = plan.has_steady_clock();
        all.extend(check_run(
            index,
            &plan.runs[index],
            &rows,
            is_steady,
            reader,
        )?);
        for (below, rows) in below::children(reader, index, &plan.runs[index])? {
            all.extend(check_run(index, &below, &rows, is_steady, reader)?);
        }
    }
    check_versions(&mut all)?;
    check_told(ledger, reader, &all)
}

/// Checks run `index`, or one below it, by itself. Returns its log.
fn check_run(
    index: usize,
    plan: &RunPlan,
    rows: &RunRows,
    is_steady: bool,
    reader: &dyn Reader,
) -> Result<Vec<StoredEvent>, String> {
    let events = events(reader, &rows.row.run_id);
    check_log(index, plan, rows, &events)?;
    check_pauses(index, &events)?;
    order::check(&plan.root, travel::since_new(plan, &events))
        .map_err(|broken| format!("run {index}: {broken}"))?;
    check_attempts(index, rows, &ends(&events), is_steady)?;
    kept::check_ages(index, plan, &events)?;
    if is_steady {
        check_waits(index, plan, rows)?;
    }
    Ok(events)
}

/// Checks how every run has ended.
pub(crate) fn check_ends(plan: &Plan, reader: &dyn Reader) -> Result<(), String> {
    for (index, run) in plan.runs.iter().enumerate() {
        let rows = load(reader, index).ok_or_else(|| format!("run {index} is gone"))?;
        check_end(index, run, &rows)?;
        travel::check_history(index, &rows.row, reader)?;
        for (plan, child) in below::children(reader, index, run)? {
            below::check_end(rows.row.status, &child)?;
            if child.row.status == RunStatus::Finished {
                check_end(index, &plan, &child)?;
            }
        }
    }
    Ok(())
}

/// Every run of a plan, each followed by those below it.
pub(crate) fn all_runs(plan: &Plan, reader: &dyn Reader) -> Vec<RunId> {
    let family = |(index, run): (usize, &RunPlan)| {
        let below = below::children(reader, index, run).unwrap_or_default();
        let below = below.into_iter().map(|(_, child)| child.row.run_id);
        std::iter::once(run_id(index)).chain(below)
    };
    plan.runs.iter().enumerate().flat_map(family).collect()
}

pub(crate) fn load(reader: &dyn Reader, index: usize) -> Option<RunRows> {
    reader.load_run(&run_id(index)).ok().flatten()
}

pub(crate) fn events(reader: &dyn Reader, run: &RunId) -> Vec<StoredEvent> {
    reader.events(run, None, ALL).unwrap_or_default()
}

fn ensure(holds: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken()) }
}

/// The numbers of a run have no gap, and what can happen once has happened once.
fn check_log(
    index: usize,
    plan: &RunPlan,
    rows: &RunRows,
    events: &[StoredEvent],
) -> Result<(), String> {
    let (mut seq, mut stream_seq) = (0, 1);
    let mut once = BTreeMap::<String, u32>::new();
    for event in events {
        ensure(event.seq == seq, || {
            format!("run {index}: event {} where {seq} was due", event.seq)
        })?;
        seq += 1;
        if let Some(number) = event.stream_seq {
            ensure(number == stream_seq, || {
                format!("run {index}: stream number {number} for {stream_seq}")
            })?;
            stream_seq += 1;
        }
        if travel::begins_anew(plan, event) {
            once.clear();
        }
        let payload = event.payload.value();
        let what = match event.type_name.as_str() {
            "NodeFinished" | "NodeWaitingEvent" | "ApprovalRequested" | "ApprovalGranted"
            | "ApprovalDenied" | "ApprovalExpired" => {
                let (node, pass) = (&payload["nodeId"], &payload["iteration"]);
                format!("{} of {node} in {pass}", event.type_name)
            }
            "NodeStarted" => {
                let (node, pass) = (&payload["nodeId"], &payload["iteration"]);
                format!("start {} of {node} in {pass}", payload["attempt"])
            }
            "RunFinished" | "RunFailed" | "RunCancelled" => event.type_name.clone(),
            _ => continue,
        };
        *once.entry(what).or_default() += 1;
    }
    let numbers = (rows.row.next_seq, rows.row.next_stream_seq);
    ensure(numbers == (seq, stream_seq), || {
        format!("run {index}: next numbers are {numbers:?}")
    })?;
    let twice = once.iter().find(|(_, times)| **times > 1);
    ensure(twice.is_none(), || {
        format!("run {index}: more than once: {twice:?}")
    })
}

/// Nothing begins or ends by itself while a run is paused.
fn check_pauses(index: usize, events: &[StoredEvent]) -> Result<(), String> {
    let mut is_paused = false;
    for event in events {
        match event.type_name.as_str() {
            "RunStatusChanged" => is_paused = event.payload.value()["status"] == "paused",
            "RunStarted" | "RunCancelled" => is_paused = false,
            "NodeStarted" | "NodeFinished" | "NodeFailed" | "TimerFired" => {
                ensure(!is_paused, || {
                    format!("run {index}: {} in a pause", event.type_name)
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// When the run ended, each time: whoever lets it go on then does not wait for what backed off.
fn ends(events: &[StoredEvent]) -> Vec<Timestamp> {
    let is_end = |event: &&StoredEvent| {
        let name = event.type_name.as_str();
        ["RunFinished", "RunFailed", "RunCancelled"].contains(&name)
    };
    events.iter().filter(is_end).map(|event| event.at).collect()
}

/// At most one attempt of a node is under way, none is left out, and none came before its time.
fn check_attempts(
    index: usize,
    rows: &RunRows,
    ends: &[Timestamp],
    is_steady: bool,
) -> Result<(), String> {
    let mut of_node = BTreeMap::<_, Vec<&AttemptRow>>::new();
    for attempt in &rows.attempts {
        of_node
            .entry(attempt.node.clone())
            .or_default()
            .push(attempt);
    }
    for (node, mut attempts) in of_node {
        attempts.sort_by_key(|attempt| attempt.attempt);
        let open = attempts
            .iter()
            .filter(|attempt| attempt.state == AttemptState::InProgress);
        ensure(open.count() <= 1, || {
            format!("run {index}: {node} has two attempts under way")
        })?;
        let numbers = attempts.iter().map(|attempt| attempt.attempt);
        ensure(numbers.eq(1..=attempts.len() as u32), || {
            format!("run {index}: {node} misses an attempt")
        })?;
        for pair in attempts.windows(2).filter(|_| is_steady) {
            let (Some(ended), AttemptState::Failed) = (pair[0].finished_at, pair[0].state) else {
                continue;
            };
            let again = pair[1].started_at;
            if ends.iter().any(|end| (ended..=again).contains(end)) {
                continue;
            }
            let waited = again.since(ended).as_millis();
            ensure(waited >= u128::from(RETRY_MS), || {
                format!("run {index}: {node} was tried again after {waited} ms")
            })?;
        }
    }
    Ok(())
}

/// No wait ends by itself before its time.
fn check_waits(index: usize, plan: &RunPlan, rows: &RunRows) -> Result<(), String> {
    for attempt in &rows.attempts {
        let node = &attempt.node;
        let leaf = leaf_of(&plan.root, node.node_id.as_str());
        let (Some(Leaf::Waits(wait)), Some(ended)) = (leaf, attempt.finished_at) else {
            continue;
        };
        let waited = ended.since(attempt.started_at).as_millis();
        let is_cut_off = attempt.state == AttemptState::Cancelled;
        ensure(is_cut_off || waited >= u128::from(wait.at_least()), || {
            format!("run {index}: {node} waited {waited} ms for {wait:?}")
        })?;
    }
    Ok(())
}

/// The gateway's version counter rises by one with every visible event.
fn check_versions(events: &mut [StoredEvent]) -> Result<(), String> {
    events.sort_by_key(|event| event.position);
    let versions = events.iter().filter_map(|event| event.state_version);
    for (expected, version) in (1..).zip(versions) {
        ensure(version == expected, || {
            format!("state version {version} for {expected}")
        })?;
    }
    Ok(())
}

/// What people were told, and what the world was shown, is stored.
fn check_told(ledger: &Ledger, reader: &dyn Reader, stored: &[StoredEvent]) -> Result<(), String> {
    travel::check_told(ledger, reader)?;
    let is_kept = |(index, _): &(usize, String)| !ledger.travelled.contains_key(index);
    for ((index, id), approved) in ledger.decided.iter().filter(|told| is_kept(told.0)) {
        let rows = load(reader, *index).ok_or_else(|| format!("run {index} is gone"))?;
        let row = rows
            .approvals
            .iter()
            .find(|row| row.node.node_id.as_str() == id);
        let kept = row
            .and_then(|row| row.decision.as_ref())
            .map(|decision| decision.approved);
        ensure(kept == Some(*approved), || {
            format!("run {index}: the decision of {id} was acknowledged and is {kept:?}")
        })?;
    }
    for index in &ledger.cancelled {
        let row = load(reader, *index).map(|rows| rows.row);
        let is_cancelled = row.as_ref().is_some_and(|row| {
            let is_undoing = row.ends_at().is_some();
            row.status == RunStatus::Cancelled || is_undoing
        });
        ensure(is_cancelled, || {
            format!("run {index} was cancelled and is {row:?}")
        })?;
    }
    let is_kept = |letter: &&Letter| !ledger.travelled.contains_key(&letter.index);
    for letter in ledger.posted.iter().filter(is_kept) {
        check_posted(letter, reader)?;
    }
    let by_position: BTreeMap<u64, &StoredEvent> =
        stored.iter().map(|event| (event.position, event)).collect();
    let lost = ledger
        .published
        .iter()
        .find(|event| by_position.get(&event.position) != Some(event));
    ensure(lost.is_none(), || {
        format!("an event was shown and is not stored: {lost:?}")
    })
}

/// A signal that was acknowledged is kept, and only the right one is taken.
fn check_posted(letter: &Letter, reader: &dyn Reader) -> Result<(), String> {
    let rows = load(reader, letter.index);
    let signals = rows.into_iter().flat_map(|rows| rows.signals);
    let address = address(letter.number, letter.correlation);
    let payload = RawJson::of(&serde_json::json!({ "n": letter.n }));
    let own: Vec<_> = signals
        .filter(|signal| signal.address == address && signal.payload == payload)
        .collect();
    ensure(!own.is_empty(), || {
        format!("{letter:?} was acknowledged and is not stored")
    })?;
    let is_taken = own.iter().any(|signal| signal.taken_by.is_some());
    ensure(!is_taken || letter.n != WRONG, || {
        format!("{letter:?} was taken")
    })
}

fn check_end(index: usize, plan: &RunPlan, rows: &RunRows) -> Result<(), String> {
    let found = found(rows);
    let is_open =
        |state: &NodeState| matches!(state, NodeState::InProgress | NodeState::WaitingApproval);
    let open = found.nodes.iter().find(|(_, (state, _))| is_open(state));
    ensure(open.is_none(), || {
        format!("run {index} has ended with {open:?}")
    })?;
    let expected = interpreter::outcome(plan);
    let is_allowed = |(id, ending): &(&NodeKey, &Ending)| {
        let endings = expected.nodes.get(*id);
        endings.is_some_and(|endings| endings.contains(ending))
    };
    if found.status == RunStatus::Cancelled && matches!(plan.end, End::Cancelled(_)) {
        let wrong = found.nodes.iter().find(|(id, ending)| {
            let is_over = matches!(ending.0, NodeState::Finished | NodeState::Skipped);
            let is_right = is_allowed(&(*id, *ending)) || may_have_undone(&plan.root, id, ending);
            is_over && !is_right
        });
        check_undone(&plan.root, rows)?;
        return ensure(wrong.is_none(), || {
            format!("run {index} was cancelled with {wrong:?}")
        });
    }
    let is_as_planned = found.status == expected.status
        && found.nodes.keys().eq(expected.nodes.keys())
        && found.nodes.iter().all(|node| is_allowed(&node));
    ensure(is_as_planned, || {
        format!(
            "run {index} has ended otherwise than it must\n  found    {found:?}\n  expected {expected:?}"
        )
    })
}

/// How a run has ended.
#[derive(Debug)]
struct Found {
    status: RunStatus,
    nodes: BTreeMap<NodeKey, Ending>,
}

fn found(rows: &RunRows) -> Found {
    let row_of = |node: &NodeKey| {
        let row = rows
            .outputs
            .iter()
            .find(|row| row.node == *node)?
            .payload
            .value();
        let answer = row["approved"].as_bool().map(i64::from);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "plans give small whole numbers"
        )]
        let number = row["n"].as_f64().map(|n| n as i64);
        answer.or(number)
    };
    let nodes = rows.nodes.iter();
    Found {
        status: rows.row.status,
        nodes: nodes
            .map(|row| (row.node.clone(), (row.state, row_of(&row.node))))
            .collect(),
    }
}
