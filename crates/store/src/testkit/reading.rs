//! All that can be read, as one value that two stores can be compared by.

use std::collections::BTreeMap;

use smithers_model::approval::{Approval, Precedent};
use smithers_model::deletion::{Hold, RunCounts, Tombstone};
use smithers_model::effect::ToolCall;
use smithers_model::event::StoredEvent;
use smithers_model::frame::{FrameRow, TreeContent};
use smithers_model::node::{AttemptRow, NodeRow};
use smithers_model::output::OutputRow;
use smithers_model::rows::RunRows;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::schedule::Schedule;
use smithers_model::signal::SignalAddress;
use smithers_model::wait::{Wait, WaitKind};
use smithers_model::{NodeKey, RunId, Timestamp, WorkflowKey};

use crate::read::{
    ApprovalFilter, AuditEntry, PendingApproval, PrecedentFilter, ReadResult, Reader, RunFilter,
    ScoreFilter, ScoreRow,
};

/// Statuses that lists are asked for.
const STATUSES: [RunStatus; 7] = [
    RunStatus::Running,
    RunStatus::WaitingApproval,
    RunStatus::Paused,
    RunStatus::WaitingTimer,
    RunStatus::Finished,
    RunStatus::Failed,
    RunStatus::Cancelled,
];
/// Page sizes and offsets that lists are asked for.
const PAGES: [(usize, usize); 3] = [(1000, 0), (2, 0), (2, 1)];

/// The answers of every read, with several filters each.
#[derive(Debug, PartialEq)]
pub struct Everything {
    /// Lists of run rows.
    pub lists: Vec<Vec<RunRow>>,
    ids: Vec<Vec<RunId>>,
    launches: Vec<Option<RunId>>,
    pending: Vec<Vec<PendingApproval>>,
    due: (Option<Timestamp>, Vec<Vec<RunId>>),
    listening: [Vec<RunId>; 2],
    audit: Vec<AuditEntry>,
    newest_launch: Option<AuditEntry>,
    state_version: u64,
    module: Option<smithers_model::workflow::ModuleRevision>,
    ended: [Vec<RunId>; 2],
    unfinished_deletions: Vec<RunId>,
    schedules: Vec<Vec<Schedule>>,
    schedule_wake: Option<Timestamp>,
    scored: [Vec<RunId>; 2],
    /// What is said of the runs that were asked for.
    pub runs: Vec<OneRun>,
}

/// The answers about one run.
#[derive(Debug, PartialEq)]
pub struct OneRun {
    rows: Option<RunRows>,
    row: Option<RunRow>,
    counts: BTreeMap<&'static str, u64>,
    nodes: Vec<(NodeRow, Option<NodeRow>, Vec<AttemptRow>)>,
    newest_nodes: Vec<NodeRow>,
    attempts: Vec<AttemptRow>,
    approvals: Vec<Option<Approval>>,
    all_approvals: Vec<Approval>,
    precedents: Vec<Vec<Precedent>>,
    next_waits: Vec<Option<Wait>>,
    effects: [Vec<ToolCall>; 2],
    archived_effects: u64,
    scores: [Vec<ScoreRow>; 3],
    score_counts: Vec<u64>,
    whole_scores: Vec<Option<ScoreRow>>,
    outputs: Vec<(OutputRow, Option<OutputRow>)>,
    events: Vec<Vec<StoredEvent>>,
    newest_event: Option<StoredEvent>,
    frames: Vec<Option<FrameRow>>,
    newest_frames: Vec<Vec<FrameRow>>,
    tree: Option<TreeContent>,
    fate: Fate,
}

/// What matters for the deletion of a run.
#[derive(Debug, PartialEq)]
struct Fate {
    exists: bool,
    counts: RunCounts,
    hold: Option<Hold>,
    tombstone: Option<Tombstone>,
    children: Vec<RunId>,
    live_children: Vec<RunId>,
    listed_children: Vec<RunRow>,
}

impl Everything {
    /// Asks everything about these runs, workflows `w` and `typed`, idempotency keys `k0` to `k3` and the
    /// module graph `m`.
    pub fn read(reader: &dyn Reader, runs: &[RunId]) -> ReadResult<Self> {
        let workflows: [WorkflowKey; 2] = ["w".into(), "typed".into()];
        Ok(Self {
            lists: lists(reader, &workflows)?,
            ids: ids(reader, runs)?,
            launches: launches(reader, &workflows)?,
            pending: pending(reader, runs, &workflows)?,
            due: due(reader)?,
            listening: [
                reader.runs_waiting_for(&signal("s", Some("c")), 1000)?,
                reader.runs_waiting_for(&signal("s", None), 1)?,
            ],
            audit: audit(reader)?,
            newest_launch: reader.newest_audit("launch", "accepted")?,
            state_version: reader.state_version()?,
            module: reader.module_graph("m")?,
            ended: [
                reader.ended_before(Timestamp(i64::MAX), 1000)?,
                reader.ended_before(Timestamp(1_005), 2)?,
            ],
            unfinished_deletions: reader.unfinished_deletions(10)?,
            schedules: schedules(reader, &workflows)?,
            schedule_wake: reader.next_schedule_wake()?,
            scored: [
                reader.runs_with_scorings(None, 1)?,
                reader.runs_with_scorings(Some(&"a".into()), 1000)?,
            ],
            runs: runs
                .iter()
                .map(|run| OneRun::read(reader, run))
                .collect::<ReadResult<_>>()?,
        })
    }
}

impl Everything {
    /// Leaves out the newest row of the audit trail, to compare with what was before it was written.
    pub fn forget_newest_audit_row(&mut self) {
        self.audit.pop();
    }
}

fn signal(name: &str, correlation: Option<&str>) -> SignalAddress {
    SignalAddress {
        signal_name: name.into(),
        correlation_id: correlation.map(str::to_owned),
    }
}

fn schedules(reader: &dyn Reader, workflows: &[WorkflowKey]) -> ReadResult<Vec<Vec<Schedule>>> {
    let all = reader.schedules(None, 1000)?;
    for schedule in &all {
        assert_eq!(reader.schedule(&schedule.id)?.as_ref(), Some(schedule));
    }
    let mut lists = vec![all, reader.schedules(None, 1)?];
    assert_eq!(reader.schedule(&"no such schedule".into())?, None);
    for workflow in workflows {
        lists.push(reader.schedules(Some(workflow), 1000)?);
    }
    lists.push(reader.due_schedules(Timestamp(i64::MAX), 1000)?);
    Ok(lists)
}

fn audit(reader: &dyn Reader) -> ReadResult<Vec<AuditEntry>> {
    let rows = reader.audit(0, 1000)?;
    if rows.len() < 1000 {
        assert_eq!(reader.last_audit()?.as_ref(), rows.last());
    }
    Ok(rows)
}

fn lists(reader: &dyn Reader, workflows: &[WorkflowKey]) -> ReadResult<Vec<Vec<RunRow>>> {
    let mut lists = vec![reader.active_runs(1000)?, reader.active_runs(2)?];
    let statuses = || std::iter::once(None).chain(STATUSES.into_iter().map(Some));
    let keys = || std::iter::once(None).chain(workflows.iter().cloned().map(Some));
    for (limit, offset) in PAGES {
        for status in statuses() {
            for workflow in keys() {
                for include_system in [false, true] {
                    lists.push(reader.runs(&RunFilter {
                        or_status:
                            (status == Some(RunStatus::Running)).then_some(RunStatus::Continued),
                        status,
                        workflow: workflow.clone(),
                        parent: None,
                        include_system,
                        limit,
                        offset,
                    })?);
                }
            }
        }
    }
    Ok(lists)
}

fn ids(reader: &dyn Reader, runs: &[RunId]) -> ReadResult<Vec<Vec<RunId>>> {
    let mut ids = Vec::new();
    for status in STATUSES {
        ids.push(reader.run_ids_with_status(status, None, 1000)?);
        for after in runs {
            ids.push(reader.run_ids_with_status(status, Some(after), 2)?);
        }
    }
    Ok(ids)
}

fn launches(reader: &dyn Reader, workflows: &[WorkflowKey]) -> ReadResult<Vec<Option<RunId>>> {
    let keys = ["k0", "k1", "k2", "k3"];
    let pairs = workflows
        .iter()
        .flat_map(|workflow| keys.map(|key| (workflow, key)));
    pairs
        .map(|(workflow, key)| reader.launch_by_key(workflow, key))
        .collect()
}

fn pending(
    reader: &dyn Reader,
    runs: &[RunId],
    workflows: &[WorkflowKey],
) -> ReadResult<Vec<Vec<PendingApproval>>> {
    let mut filters = vec![ApprovalFilter::all(1000), ApprovalFilter::all(1)];
    for workflow in workflows {
        filters.push(ApprovalFilter {
            workflow: Some(workflow.clone()),
            ..ApprovalFilter::all(10)
        });
        for run in runs {
            filters.push(ApprovalFilter {
                run: Some(run.clone()),
                workflow: Some(workflow.clone()),
                limit: 10,
            });
        }
    }
    for run in runs {
        filters.push(ApprovalFilter {
            run: Some(run.clone()),
            ..ApprovalFilter::all(10)
        });
    }
    filters
        .iter()
        .map(|filter| reader.pending(filter))
        .collect()
}

fn due(reader: &dyn Reader) -> ReadResult<(Option<Timestamp>, Vec<Vec<RunId>>)> {
    let next = reader.next_due(Timestamp(i64::MIN))?;
    let soon = next.map_or(Timestamp(0), |next| Timestamp(next.0 + 1));
    let lists = [
        (soon, 10),
        (Timestamp(i64::MAX), 1000),
        (Timestamp(i64::MAX), 1),
    ];
    let runs = lists.map(|(now, limit)| reader.due_runs(now, limit));
    Ok((next, runs.into_iter().collect::<ReadResult<_>>()?))
}

/// What was decided about the nodes of `run` in other runs of workflow `w`.
fn precedents(
    reader: &dyn Reader,
    run: &RunId,
    nodes: &[NodeRow],
) -> ReadResult<Vec<Vec<Precedent>>> {
    let of_node = |node: &NodeRow| PrecedentFilter {
        workflow: "w".into(),
        workflow_name: "workflow".into(),
        node: node.node.node_id.clone(),
        other_than: run.clone(),
        most: 2,
    };
    let found = nodes.iter().map(|node| reader.precedents(&of_node(node)));
    found.collect()
}

/// All scores, the newest first, and those of some scorers of a node.
fn score_filters() -> [ScoreFilter; 3] {
    [
        ScoreFilter::default(),
        ScoreFilter {
            newest_first: true,
            ..ScoreFilter::default()
        },
        ScoreFilter {
            node: Some("a".into()),
            scorer_id: Some("tone-id".into()),
            scorer_name: Some("TONE".into()),
            source: Some("live"),
            newest_first: false,
        },
    ]
}

fn scores(reader: &dyn Reader, run: &RunId) -> ReadResult<[Vec<ScoreRow>; 3]> {
    let [all, newest, some] = score_filters();
    Ok([
        reader.scores(run, &all, 1000)?,
        reader.scores(run, &newest, 2)?,
        reader.scores(run, &some, 1000)?,
    ])
}

fn score_counts(reader: &dyn Reader, run: &RunId) -> ReadResult<Vec<u64>> {
    let filters = score_filters().into_iter();
    filters
        .map(|filter| reader.count_scores(run, &filter))
        .collect()
}

fn whole_scores(reader: &dyn Reader, run: &RunId) -> ReadResult<Vec<Option<ScoreRow>>> {
    let all = reader.scores(run, &ScoreFilter::default(), 1000)?;
    let ids = all.iter().map(|row| row.id.as_str()).chain(["nobody"]);
    ids.map(|id| reader.score(run, id)).collect()
}

impl OneRun {
    fn read(reader: &dyn Reader, run: &RunId) -> ReadResult<Self> {
        let nodes = reader.nodes(run)?;
        let latest = reader.latest_frame(run)?;
        let tree = match &latest {
            Some(frame) => reader.tree(&frame.tree_hash)?,
            None => None,
        };
        Ok(Self {
            rows: reader.load_run(run)?,
            row: reader.run(run)?,
            newest_nodes: reader.newest_nodes(run)?,
            counts: reader
                .state_counts(run)?
                .into_iter()
                .map(|(state, count)| (state.as_str(), count))
                .collect(),
            next_waits: [WaitKind::Timer, WaitKind::Event, WaitKind::Quota]
                .into_iter()
                .map(|kind| reader.next_wait(run, kind))
                .collect::<ReadResult<_>>()?,
            effects: [
                reader.effects_after(run, Timestamp(0))?,
                reader.effects_after(run, Timestamp(8))?,
            ],
            archived_effects: reader.archived_effects(run)?,
            scores: scores(reader, run)?,
            score_counts: score_counts(reader, run)?,
            whole_scores: whole_scores(reader, run)?,
            all_approvals: reader.approvals(run)?,
            precedents: precedents(reader, run, &nodes)?,
            approvals: nodes
                .iter()
                .map(|node| reader.approval(run, &node.node))
                .collect::<ReadResult<_>>()?,
            nodes: nodes
                .into_iter()
                .map(|node| {
                    let (again, attempts) = (
                        reader.node(run, &node.node)?,
                        reader.attempts_of(run, &node.node)?,
                    );
                    Ok((node, again, attempts))
                })
                .collect::<ReadResult<_>>()?,
            attempts: reader.attempts(run)?,
            outputs: outputs(reader, run)?,
            events: events(reader, run)?,
            newest_event: reader.newest_event(run)?,
            frames: vec![reader.frame(run, 1)?, reader.frame(run, u64::MAX)?, latest],
            newest_frames: vec![
                reader.frames(run, 0, 1000)?,
                reader.frames(run, 1, 2)?,
                reader.frames(run, u64::MAX, 2)?,
            ],
            tree,
            fate: Fate {
                exists: reader.run_exists(run)?,
                counts: reader.run_counts(run)?,
                hold: reader.hold(run)?,
                tombstone: reader.tombstone(run)?,
                children: reader.children(run, 10)?,
                live_children: reader.live_children(run, 10)?,
                listed_children: reader.runs(&RunFilter {
                    parent: Some(run.clone()),
                    ..RunFilter::default()
                })?,
            },
        })
    }
}

fn outputs(reader: &dyn Reader, run: &RunId) -> ReadResult<Vec<(OutputRow, Option<OutputRow>)>> {
    let missing = reader.output(run, "result", &NodeKey::new("no such node", 0))?;
    assert_eq!(missing, None, "a node without a row has none");
    let rows = reader.outputs(run)?.into_iter();
    rows.map(|row| {
        let again = reader.output(run, &row.table, &row.node)?;
        Ok((row, again))
    })
    .collect()
}

fn events(reader: &dyn Reader, run: &RunId) -> ReadResult<Vec<Vec<StoredEvent>>> {
    Ok(vec![
        reader.events(run, None, 1000)?,
        reader.events(run, Some(0), 2)?,
        reader.events(run, Some(u64::MAX), 2)?,
        reader.token_usage(run)?,
        reader.visible_events(run, 0, 1000)?,
        reader.visible_events(run, 1, 2)?,
        reader.visible_events(run, u64::MAX, 2)?,
    ])
}
