//! One random history for both backends: every answer and every read is the same.

use proptest::prelude::*;
use serde_json::json;
use smithers_model::effect::{Archival, CallStatus, EndedCalls};
use smithers_model::event::Event;
use smithers_model::node::{AttemptState, NodeState};
use smithers_model::ownership::Custody;
use smithers_model::run::RunStatus;
use smithers_model::step::{RowChange, RunUpdate, StepWrite};
use smithers_model::wait::WaitCause;
use smithers_model::{NodeKey, RunId, Timestamp};
use smithers_store::testkit::{
    Everything, RunScript, approval, attempt, audit_record, custody, decision, for_signal, frame,
    node, output, owned_approval, repeated, scored, scoring, tool_call, wait,
};
use smithers_store::{CommittedStep, Refusal};

use crate::conformance::Subject;

const RUNS: [&str; 4] = ["r0", "r1", "r2", "r3"];
const NODES: [&str; 3] = ["a", "b", "c"];

/// One step of a history, in small numbers.
#[derive(Clone, Debug)]
struct Move {
    run: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Launch {
        workflow: bool,
        system: bool,
        key: Option<u8>,
        created: i64,
    },
    Rows {
        events: Vec<bool>,
        rows: Vec<Row>,
    },
    /// A step with numbers that the store does not expect.
    Stale,
}

#[derive(Clone, Debug)]
enum Row {
    Node(usize, u8),
    Attempt(usize, u32, Option<i64>),
    Output(usize, bool, i64),
    BadOutput(usize),
    Ask(usize, i64),
    AskOwned(usize, Option<i64>, Option<i64>),
    Lapse(usize, Option<i64>, bool),
    Decide(usize, bool),
    Loop(usize, u32, bool),
    Wait(usize, u8, Option<i64>),
    EndWait(usize),
    Call(usize, u32, u32, bool),
    EndCalls(usize, u32, bool),
    ArchiveCalls(u32),
    Scoring(usize, u32, bool),
    Scored(usize, u32, bool, Option<u8>),
    Frame(u64, u8),
    Status(u8),
    Hold(bool),
    Forget(usize, bool),
    Withdraw(usize),
    Reopen,
    Audit,
}

fn scorer(is_of_tone: bool) -> &'static str {
    if is_of_tone { "tone" } else { "speed" }
}

fn row() -> impl Strategy<Value = Row> {
    let n = 0..NODES.len();
    let time = || prop::option::of(1..50i64);
    prop_oneof![
        3 => (n.clone(), 0..7u8).prop_map(|(n, state)| Row::Node(n, state)),
        3 => (n.clone(), 1..4u32, prop::option::of(1..50i64))
            .prop_map(|(n, number, retry)| Row::Attempt(n, number, retry)),
        3 => (n.clone(), any::<bool>(), any::<i64>()).prop_map(|(n, note, x)| Row::Output(n, note, x)),
        1 => n.clone().prop_map(Row::BadOutput),
        2 => (n.clone(), 1..9i64).prop_map(|(n, at)| Row::Ask(n, at)),
        2 => (n.clone(), time(), time()).prop_map(|(n, soon, late)| Row::AskOwned(n, soon, late)),
        1 => (n.clone(), time(), any::<bool>()).prop_map(|(n, at, done)| Row::Lapse(n, at, done)),
        2 => (n.clone(), any::<bool>()).prop_map(|(n, yes)| Row::Decide(n, yes)),
        2 => (n.clone(), 0..4u8, time()).prop_map(|(n, cause, due)| Row::Wait(n, cause, due)),
        1 => n.clone().prop_map(Row::EndWait),
        2 => (n.clone(), 1..4u32, 0..3u32, any::<bool>())
            .prop_map(|(n, attempt, seq, again)| Row::Call(n, attempt, seq, again)),
        1 => (n.clone(), 1..4u32, any::<bool>())
            .prop_map(|(n, attempt, good)| Row::EndCalls(n, attempt, good)),
        1 => (1..3u32).prop_map(Row::ArchiveCalls),
        1 => (n.clone(), 1..3u32, any::<bool>()).prop_map(|(n, attempt, tone)| Row::Scoring(n, attempt, tone)),
        1 => (n.clone(), 1..3u32, any::<bool>(), prop::option::of(0..=100u8))
            .prop_map(|(n, attempt, tone, score)| Row::Scored(n, attempt, tone, score)),
        1 => (n, 0..4u32, any::<bool>()).prop_map(|(n, pass, done)| Row::Loop(n, pass, done)),
        1 => (1..5u64, 0..3u8).prop_map(|(number, content)| Row::Frame(number, content)),
        1 => (0..7u8).prop_map(Row::Status),
        1 => any::<bool>().prop_map(Row::Hold),
        1 => (0..NODES.len(), any::<bool>()).prop_map(|(n, note)| Row::Forget(n, note)),
        1 => (0..NODES.len()).prop_map(Row::Withdraw),
        1 => Just(Row::Reopen),
        1 => Just(Row::Audit),
    ]
}

fn history() -> impl Strategy<Value = Vec<Vec<Move>>> {
    let launch = (
        any::<bool>(),
        any::<bool>(),
        prop::option::of(0..4u8),
        1..9i64,
    )
        .prop_map(|(workflow, system, key, created)| Kind::Launch {
            workflow,
            system,
            key,
            created,
        });
    let rows = (
        prop::collection::vec(any::<bool>(), 0..4),
        prop::collection::vec(row(), 0..5),
    )
        .prop_map(|(events, rows)| Kind::Rows { events, rows });
    let kind = prop_oneof![3 => launch, 10 => rows, 1 => Just(Kind::Stale)];
    let one = (0..RUNS.len(), kind).prop_map(|(run, kind)| Move { run, kind });
    prop::collection::vec(prop::collection::vec(one, 1..6), 1..12)
}

impl Row {
    fn change(&self, run: &RunId) -> RowChange {
        match self {
            Row::Node(n, state) => node(NODES[*n], STATES[usize::from(*state)]),
            Row::Attempt(n, number, retry) => {
                attempt(NODES[*n], *number, AttemptState::Failed, *retry)
            }
            Row::Output(n, true, x) => {
                output("finalNote", NODES[*n], &json!({"body": x.to_string()}))
            }
            Row::Output(n, false, x) => {
                let half = *x as f64 / 2.0;
                let row =
                    json!({"maxCount": x, "score": half, "ok": x % 2 == 0, "data": {"x": [x]}});
                output("result", NODES[*n], &row)
            }
            Row::BadOutput(n) => output("result", NODES[*n], &json!({"ok": "perhaps"})),
            Row::Ask(n, at) => approval(run, NODES[*n], *at),
            Row::AskOwned(n, soon, late) => {
                owned_approval(run, NODES[*n], 3, custody(*soon, *late))
            }
            Row::Lapse(n, at, done) => RowChange::PutCustody {
                node: NodeKey::new(NODES[*n], 0),
                custody: Custody {
                    escalated_at: done.then_some(Timestamp(7)),
                    ..custody(*at, None)
                },
            },
            Row::Decide(n, yes) => decision(NODES[*n], *yes),
            Row::Loop(n, pass, done) => repeated(NODES[*n], *pass, *done),
            Row::Wait(n, cause, due) => wait(NODES[*n], CAUSES[usize::from(*cause)](), *due),
            Row::Call(n, attempt, seq, again) => tool_call(NODES[*n], *attempt, *seq, *again),
            Row::EndCalls(n, attempt, good) => RowChange::EndToolCalls(EndedCalls {
                node: NodeKey::new(NODES[*n], 0),
                attempt: *attempt,
                status: if *good {
                    CallStatus::Finished
                } else {
                    CallStatus::Unknown
                },
                at: Timestamp(30),
            }),
            Row::ArchiveCalls(attempt) => RowChange::ArchiveToolCalls(Archival {
                attempts: NODES
                    .iter()
                    .map(|node| (NodeKey::new(*node, 0), *attempt))
                    .collect(),
                op: "rewind".into(),
                reason: "test".into(),
                at: Timestamp(40),
            }),
            Row::Scoring(n, attempt, tone) => scoring(NODES[*n], *attempt, scorer(*tone)),
            Row::Scored(n, attempt, tone, score) => {
                let at = i64::from(score.unwrap_or_default() % 3);
                scored(NODES[*n], *attempt, scorer(*tone), *score, at)
            }
            Row::EndWait(n) => RowChange::EndWait(NodeKey::new(NODES[*n], 0)),
            Row::Frame(number, content) => frame(*number, &content.to_string()),
            Row::Status(status) => RowChange::UpdateRun(RunUpdate {
                status: Some(STATUSES[usize::from(*status)]),
                ..RunUpdate::default()
            }),
            Row::Hold(held) => RowChange::HoldDueTimes(*held),
            Row::Forget(n, note) => RowChange::ForgetResults {
                node: NodeKey::new(NODES[*n], 0),
                table: if *note { "finalNote" } else { "result" }.into(),
            },
            Row::Withdraw(n) => RowChange::WithdrawApproval {
                node: NodeKey::new(NODES[*n], 0),
            },
            Row::Reopen => RowChange::UpdateRun(RunUpdate {
                status: Some(RunStatus::Running),
                reopened: true,
                ..RunUpdate::default()
            }),
            Row::Audit => audit_record("test", run),
        }
    }
}

const STATES: [NodeState; 7] = [
    NodeState::Pending,
    NodeState::InProgress,
    NodeState::WaitingApproval,
    NodeState::Finished,
    NodeState::Failed,
    NodeState::Skipped,
    NodeState::Cancelled,
];
const CAUSES: [fn() -> WaitCause; 4] = [
    || WaitCause::Timer,
    || WaitCause::Quota,
    || for_signal("s", Some("c")),
    || for_signal("s", None),
];
const STATUSES: [RunStatus; 7] = [
    RunStatus::Running,
    RunStatus::WaitingApproval,
    RunStatus::WaitingTimer,
    RunStatus::Paused,
    RunStatus::Finished,
    RunStatus::Failed,
    RunStatus::Cancelled,
];

/// Numbers the moves as if each were accepted; the reply of the first store tells which were.
struct Player {
    scripts: Vec<RunScript>,
}

impl Player {
    fn new() -> Self {
        Self {
            scripts: RUNS.iter().map(|id| RunScript::new(id)).collect(),
        }
    }

    fn step(&mut self, step: &Move) -> StepWrite {
        let script = &mut self.scripts[step.run];
        let run: RunId = RUNS[step.run].into();
        match &step.kind {
            Kind::Launch {
                workflow,
                system,
                key,
                created,
            } => RunScript::new(RUNS[step.run]).launch_with(|new| {
                new.row.workflow_key = if *workflow { "w" } else { "typed" }.into();
                new.row.system = *system;
                new.row.created_at = Timestamp(*created);
                new.idempotency_key = key.map(|key| format!("k{key}"));
            }),
            Kind::Rows { events, rows } => {
                let events = events.iter().map(|visible| event(*visible)).collect();
                let changes = rows.iter().map(|row| row.change(&run)).collect();
                script.clone().step(events, changes)
            }
            Kind::Stale => {
                let mut stale = script.clone();
                stale.seq += 7;
                stale.step(vec![event(true)], vec![])
            }
        }
    }

    /// Goes on from what was committed.
    fn learn(&mut self, answers: &[Result<CommittedStep, Refusal>], steps: &[StepWrite]) {
        for (answer, step) in answers.iter().zip(steps) {
            if answer.is_ok() {
                let script = self.scripts.iter_mut().find(|s| *s.run_id() == step.run_id);
                let script = script.expect("every run has a script");
                let visible = step
                    .events
                    .iter()
                    .filter(|e| e.stream_seq.is_some())
                    .count();
                script.seq = step.expected_seq + step.events.len() as u64;
                script.stream_seq = step.expected_stream_seq + visible as u64;
            }
        }
    }
}

fn event(visible: bool) -> Event {
    if visible {
        Event::NodePending {
            node: NodeKey::new("a", 0),
        }
    } else {
        Event::RunStarted
    }
}

/// Texts of broken rules are the database's own; everything else must be equal.
fn comparable(answers: &[Result<CommittedStep, Refusal>]) -> Vec<String> {
    let text = |answer: &Result<CommittedStep, Refusal>| match answer {
        Err(Refusal::Constraint { .. }) => "broken rule".to_owned(),
        other => format!("{other:?}"),
    };
    answers.iter().map(text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn both_backends_answer_and_read_the_same(history in history()) {
        let (mut memory, mut sqlite) = (Subject::memory(), Subject::sqlite());
        let mut player = Player::new();
        let runs = RUNS.map(RunId::from);
        for batch in history {
            let steps: Vec<StepWrite> = batch.iter().map(|step| player.step(step)).collect();
            let expected = memory.transactions().commit(steps.clone()).unwrap();
            let answers = sqlite.transactions().commit(steps.clone()).unwrap();
            prop_assert_eq!(comparable(&answers), comparable(&expected));
            player.learn(&answers, &steps);
        }
        let of_memory = Everything::read(&*memory.reader(), &runs).unwrap();
        let of_sqlite = Everything::read(&*sqlite.reader(), &runs).unwrap();
        prop_assert_eq!(of_sqlite, of_memory);
    }
}
