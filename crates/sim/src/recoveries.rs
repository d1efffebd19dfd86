//! Sagas and try blocks of a plan: what is in them, how they are built, how they must end, and in which order.

use std::collections::BTreeMap;

use rand::Rng;
use rand::rngs::StdRng;
use smithers_model::NodeKey;
use smithers_model::native::Ui;
use smithers_model::node::NodeState;
use smithers_model::rows::RunRows;
use smithers_model::run::RunStatus;
use smithers_model::tree::{CancelSpec, OnFailure, Region, SagaSpec, TrySpec};

use crate::interpreter::{Ending, end, node, output};
use crate::order::{Rule, follow};
use crate::plan::{Leaf, Part, next};
use crate::workflow::build_leaf;

/// How long a cancelled run may undo, milliseconds: longer than the storage is ever away.
const UNDO_WITHIN_MS: u64 = 3_600_000;

/// A task of this number.
type Numbered = (u32, Leaf);

/// Tasks one after another, each with one that undoes it.
#[derive(Clone, Debug)]
pub struct Saga {
    steps: Vec<(Numbered, Numbered)>,
    on_cancel: bool,
    /// It fails after it was undone.
    is_tried: bool,
}

/// Tasks one after another, or a saga, and what follows.
#[derive(Clone, Debug)]
pub struct Attempt {
    tried: Tried,
    caught: u32,
    finally: Option<u32>,
}

#[derive(Clone, Debug)]
enum Tried {
    Tasks(Vec<Numbered>),
    Saga(Saga),
}

/// How the nodes of a run may end.
type Endings = BTreeMap<NodeKey, Vec<Ending>>;

impl Saga {
    /// A random saga, which may fail; inside a try block it fails after it was undone.
    pub(crate) fn random(dice: &mut StdRng, named: &mut u32, is_tried: bool) -> Self {
        let steps = (0..dice.random_range(1..5)).map(|_| {
            let action = (next(named), guarded_leaf(dice));
            let undo = [Leaf::Compute, Leaf::Static, Leaf::Flaky(1)][dice.random_range(0..3)];
            (action, (next(named), undo))
        });
        Self {
            steps: steps.collect(),
            on_cancel: dice.random_bool(0.8),
            is_tried,
        }
    }

    /// All its tasks, with what undoes them.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = Numbered> {
        self.steps
            .iter()
            .flat_map(|(action, undo)| [*action, *undo])
    }

    pub(crate) fn build(&self, pass: u32, ui: &mut Ui) {
        let spec = SagaSpec {
            id: format!("saga{}", self.steps[0].0.0),
            on_failure: match self.is_tried {
                true => OnFailure::CompensateAndFail,
                false => OnFailure::Compensate,
            },
            on_cancel: self.on_cancel.then_some(CancelSpec {
                limit_ms: UNDO_WITHIN_MS,
            }),
        };
        let actions = self.steps.iter().map(|(action, _)| *action);
        let undos = self.steps.iter().map(|(_, undo)| *undo);
        ui.saga(spec, |ui| {
            build_region(Region::Actions, actions, pass, ui);
            build_region(Region::Compensations, undos, pass, ui);
        });
    }

    /// Says how its tasks must end. Returns whether it fails.
    pub(crate) fn run(&self, pass: u32, nodes: &mut Endings) -> bool {
        let actions = self.steps.iter().map(|(action, _)| *action);
        let failed = one_after_another(actions, pass, nodes);
        for (at, ((_, action), undo)) in self.steps.iter().enumerate() {
            let is_undone = failed.is_some_and(|failed| at < failed) && *action != Leaf::Skipped;
            ends(*undo, pass, is_undone, nodes);
        }
        failed.is_some() && self.is_tried
    }

    /// What undoes it comes after all of it, the last first. A run that is cancelled undoes a saga that is through
    /// when other tasks have begun, so what follows such a saga follows only its actions.
    pub(crate) fn rules(&self, pass: u32, rules: &mut Vec<Rule>) -> Vec<NodeKey> {
        let task = |(number, _): &Numbered| vec![node(*number, pass)];
        let actions = follow(
            self.steps.iter().map(|(done, _)| task(done)).collect(),
            rules,
        );
        let undos = self.steps.iter().rev();
        let undos = follow(undos.map(|(_, undo)| task(undo)).collect(), rules);
        let all = follow(vec![actions.clone(), undos], rules);
        if self.on_cancel { actions } else { all }
    }
}

impl Attempt {
    /// A random try block, which never fails.
    pub(crate) fn random(dice: &mut StdRng, named: &mut u32) -> Self {
        let tried = match dice.random_range(0..3) {
            0 => Tried::Saga(Saga::random(dice, named, true)),
            _ => {
                let count = dice.random_range(1..4);
                Tried::Tasks(
                    (0..count)
                        .map(|_| (next(named), guarded_leaf(dice)))
                        .collect(),
                )
            }
        };
        Self {
            tried,
            caught: next(named),
            finally: dice.random_bool(0.7).then(|| next(named)),
        }
    }

    /// All its tasks.
    pub(crate) fn leaves(&self) -> Vec<Numbered> {
        let mut leaves: Vec<_> = match &self.tried {
            Tried::Tasks(tasks) => tasks.clone(),
            Tried::Saga(saga) => saga.leaves().collect(),
        };
        let after = std::iter::once(self.caught).chain(self.finally);
        leaves.extend(after.map(|number| (number, Leaf::Compute)));
        leaves
    }

    pub(crate) fn build(&self, pass: u32, ui: &mut Ui) {
        let spec = TrySpec {
            id: format!("try{}", self.caught),
            catch_errors: Vec::new(),
        };
        let after = |region, number, ui: &mut Ui| {
            build_region(region, std::iter::once((number, Leaf::Compute)), pass, ui);
        };
        ui.try_block(spec, |ui| {
            match &self.tried {
                Tried::Tasks(tasks) => build_region(Region::Try, tasks.iter().copied(), pass, ui),
                Tried::Saga(saga) => ui.region(Region::Try, |ui| saga.build(pass, ui)),
            }
            after(Region::Catch, self.caught, ui);
            if let Some(finally) = self.finally {
                after(Region::Finally, finally, ui);
            }
        });
    }

    /// Says how its tasks must end.
    pub(crate) fn run(&self, pass: u32, nodes: &mut Endings) {
        let has_failed = match &self.tried {
            Tried::Tasks(tasks) => one_after_another(tasks.iter().copied(), pass, nodes).is_some(),
            Tried::Saga(saga) => saga.run(pass, nodes),
        };
        ends((self.caught, Leaf::Compute), pass, has_failed, nodes);
        if let Some(finally) = self.finally {
            ends((finally, Leaf::Compute), pass, true, nodes);
        }
    }

    /// What is final comes last, what is caught before it.
    pub(crate) fn rules(&self, pass: u32, rules: &mut Vec<Rule>) -> Vec<NodeKey> {
        let tried = match &self.tried {
            Tried::Tasks(tasks) => {
                let tasks = tasks.iter().map(|(number, _)| vec![node(*number, pass)]);
                follow(tasks.collect(), rules)
            }
            Tried::Saga(saga) => saga.rules(pass, rules),
        };
        let after = std::iter::once(self.caught).chain(self.finally);
        let after = after.map(|number| vec![node(number, pass)]);
        follow(std::iter::once(tried).chain(after).collect(), rules)
    }
}

/// A task whose failure is dealt with. People are not asked in a part that a failure may stop.
fn guarded_leaf(dice: &mut StdRng) -> Leaf {
    match dice.random_range(0..8) {
        0 => Leaf::Skipped,
        1 | 2 => Leaf::Fails,
        3 => Leaf::Flaky(1),
        4 => Leaf::Static,
        5 => Leaf::Gated(dice.random()),
        _ => Leaf::Compute,
    }
}

fn build_region(region: Region, tasks: impl Iterator<Item = Numbered>, pass: u32, ui: &mut Ui) {
    ui.region(region, |ui| {
        tasks.for_each(|(number, leaf)| build_leaf(number, leaf, ui.task_in(node(number, pass))));
    });
}

/// Tasks up to the first that fails, and its place.
fn one_after_another(
    tasks: impl Iterator<Item = Numbered>,
    pass: u32,
    nodes: &mut Endings,
) -> Option<usize> {
    let mut failed = None;
    for (at, task) in tasks.enumerate() {
        ends(task, pass, failed.is_none(), nodes);
        if failed.is_none() && matches!(task.1, Leaf::Fails | Leaf::Gated(false)) {
            failed = Some(at);
        }
    }
    failed
}

/// Says how a task ends that comes to its turn, or does not. A gate is not known before its turn.
fn ends((number, leaf): Numbered, pass: u32, is_reached: bool, nodes: &mut Endings) {
    let ending = match leaf {
        Leaf::Gated(_) if !is_reached => return,
        Leaf::Gated(false) => vec![(NodeState::Failed, None)],
        Leaf::Skipped => end(number, pass, leaf),
        _ if is_reached => end(number, pass, leaf),
        _ => vec![(NodeState::Pending, None)],
    };
    nodes.insert(node(number, pass), ending);
}

/// The sagas of a part that are undone on cancel.
fn cancellable<'a>(part: &'a Part, found: &mut Vec<&'a Saga>) {
    match part {
        Part::Saga(saga) => found.push(saga),
        Part::Try(Attempt {
            tried: Tried::Saga(saga),
            ..
        }) => found.push(saga),
        Part::Seq(parts) | Part::Par(_, parts) => {
            parts.iter().for_each(|part| cancellable(part, found));
        }
        Part::Branch(_, first, second) => {
            cancellable(first, found);
            cancellable(second, found);
        }
        Part::Leaf(..) | Part::Chain(_) | Part::Loop(_) | Part::Try(_) => {}
    }
    found.retain(|saga| saga.on_cancel);
}

/// Whether a node may have ended so in a run that was cancelled: it has undone something.
pub(crate) fn may_have_undone(root: &Part, id: &NodeKey, ending: &Ending) -> bool {
    let mut sagas = Vec::new();
    cancellable(root, &mut sagas);
    let mut undos = sagas.iter().flat_map(|saga| saga.steps.iter());
    undos.any(|(_, (number, _))| {
        node(*number, 0) == *id && *ending == (NodeState::Finished, Some(output(*number)))
    })
}

/// A run that was cancelled, and does not say that something is left, has undone all that it was to undo.
pub(crate) fn check_undone(root: &Part, rows: &RunRows) -> Result<(), String> {
    if rows.row.status != RunStatus::Cancelled || rows.row.error.is_some() {
        return Ok(());
    }
    let mut sagas = Vec::new();
    cancellable(root, &mut sagas);
    let has_finished = |number: u32| {
        let own = node(number, 0);
        let mut nodes = rows.nodes.iter();
        nodes.any(|row| row.node == own && row.state == NodeState::Finished)
    };
    let mut steps = sagas.iter().flat_map(|saga| saga.steps.iter());
    let left = steps.find(|((action, _), (undo, _))| has_finished(*action) && !has_finished(*undo));
    match left {
        Some(((action, _), _)) => Err(format!(
            "run {} was cancelled and task {action} is not undone",
            rows.row.run_id
        )),
        None => Ok(()),
    }
}
