//! Random workflows, an interpreter that knows how they must end, and a driver that plays the world.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use smithers_model::approval::OnDeny;
use smithers_model::fact::Fact;
use smithers_model::ownership::{OnExpire, Ownership};
use smithers_model::party::Party;
use smithers_model::tree::{Backoff, ParallelSpec, Tree};

use super::elements::{El, approval, asking, comp, group, seq, stat, workflow};
use super::world::World;

/// What a leaf does, whatever happens around it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaf {
    Static,
    Compute,
    Skipped,
    /// Throws this often, then gives its row.
    Flaky(u32),
    /// Throws, and may.
    Fails,
    /// An approval with this answer; a no is stored.
    Asks(bool),
    /// As `Asks`, of an owner whose time may run out.
    Owned(bool),
    /// An approval that nobody answers and that is denied in the end.
    Unheard,
    /// A task behind a gate with this answer; a no leaves it out.
    Gated(bool),
}

/// A workflow before its leaves have names.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Leaf(Leaf, i8, Option<prop::sample::Index>),
    Seq(Vec<Shape>),
    Group(Vec<Shape>),
    Par(Option<u32>, Option<u32>, Vec<Shape>),
    /// Mounted once the first leaf has its row.
    When(Box<Shape>),
}

/// A random workflow of up to about twenty leaves.
pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    let kind = prop_oneof![
        4 => Just(Leaf::Static),
        4 => Just(Leaf::Compute),
        1 => Just(Leaf::Skipped),
        1 => (1..3u32).prop_map(Leaf::Flaky),
        1 => Just(Leaf::Fails),
        2 => any::<bool>().prop_map(Leaf::Asks),
        1 => any::<bool>().prop_map(Leaf::Owned),
        1 => Just(Leaf::Unheard),
        1 => any::<bool>().prop_map(Leaf::Gated),
    ];
    let dependency = prop::option::weighted(0.2, any::<prop::sample::Index>());
    let leaf = (kind, -1..2i8, dependency)
        .prop_map(|(leaf, priority, dep)| Shape::Leaf(leaf, priority, dep));
    leaf.prop_recursive(4, 20, 4, |inner| {
        let children = || prop::collection::vec(inner.clone(), 0..5);
        let limit = || prop::option::of(1..4u32);
        prop_oneof![
            3 => children().prop_map(Shape::Seq),
            1 => children().prop_map(Shape::Group),
            3 => (limit(), limit(), children()).prop_map(|(max, trees, children)| Shape::Par(max, trees, children)),
            1 => inner.clone().prop_map(|shape| Shape::When(Box::new(shape))),
        ]
    })
}

/// A named leaf, in document order.
#[derive(Clone, Debug)]
struct Named {
    id: String,
    leaf: Leaf,
    conditional: bool,
}

/// A workflow with what its leaves are called.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    shape: Shape,
    leaves: Vec<Named>,
}

impl Scenario {
    pub(crate) fn new(shape: Shape) -> Self {
        let mut leaves = Vec::new();
        name(&shape, false, &mut leaves);
        Self { shape, leaves }
    }

    /// Launches it.
    pub(crate) fn world(&self) -> World {
        let scenario = self.clone();
        World::reactive(move |rows| Ok(scenario.tree(rows.contains_key("t0"))))
    }

    /// Launches it with a session that renders every frame.
    pub(crate) fn world_rendering_always(&self) -> World {
        let scenario = self.clone();
        World::rendering_always(move |rows| Ok(scenario.tree(rows.contains_key("t0"))))
    }

    fn tree(&self, first_is_done: bool) -> Tree {
        let mut next = 0;
        workflow(self.element(&self.shape, first_is_done, &mut next))
    }

    fn element(&self, shape: &Shape, first_is_done: bool, next: &mut usize) -> Option<El> {
        let all = |children: &[Shape], next: &mut usize| -> Vec<El> {
            let built = children
                .iter()
                .map(|child| self.element(child, first_is_done, next));
            built.collect::<Vec<_>>().into_iter().flatten().collect()
        };
        Some(match shape {
            Shape::Leaf(leaf, priority, dependency) => {
                let own = *next;
                *next += 1;
                self.job(own, *leaf, *priority, dependency.as_ref())
            }
            Shape::Seq(children) => seq(all(children, next)),
            Shape::Group(children) => group(all(children, next)),
            Shape::Par(max_concurrency, subtree_concurrency, children) => {
                let spec = ParallelSpec {
                    max_concurrency: *max_concurrency,
                    subtree_concurrency: *subtree_concurrency,
                };
                El::Par(spec, all(children, next))
            }
            Shape::When(inner) => {
                let element = self.element(inner, first_is_done, next);
                return element.filter(|_| first_is_done);
            }
        })
    }

    fn job(
        &self,
        own: usize,
        leaf: Leaf,
        priority: i8,
        dependency: Option<&prop::sample::Index>,
    ) -> El {
        let id = format!("t{own}");
        let job = match leaf {
            Leaf::Static => stat(&id),
            Leaf::Compute => comp(&id),
            Leaf::Skipped => comp(&id).skipped(),
            Leaf::Flaky(times) => comp(&id).retries(times, Backoff::Fixed, 10),
            Leaf::Fails => comp(&id).may_fail(),
            Leaf::Asks(_) => approval(&id).on_deny(OnDeny::Continue),
            Leaf::Owned(_) => approval(&id).on_deny(OnDeny::Continue).owned(owned()),
            Leaf::Unheard => approval(&id).on_deny(OnDeny::Continue).owned(unheard()),
            Leaf::Gated(_) => asking(comp(&id)).may_fail(),
        };
        let job = job.priority(i64::from(priority));
        // Only what comes earlier and is always mounted: such dependencies never block each other.
        let earlier: Vec<&Named> = self.leaves[..own]
            .iter()
            .filter(|l| !l.conditional)
            .collect();
        match dependency {
            Some(index) if !earlier.is_empty() => job.after(&index.get(&earlier).id).into(),
            _ => job.into(),
        }
    }

    /// How the run must end, found by going through the leaves one after another.
    pub(crate) fn expected(&self) -> Outcome {
        let first = self.leaves.first();
        let first_gives_row = first.is_some_and(|leaf| !leaf.conditional && gives_row(leaf.leaf));
        let mut outcome = Outcome::default();
        for leaf in &self.leaves {
            if leaf.conditional && !first_gives_row {
                continue;
            }
            let state = match leaf.leaf {
                Leaf::Fails => "failed",
                Leaf::Skipped | Leaf::Gated(false) => "skipped",
                _ => "finished",
            };
            outcome.nodes.insert(leaf.id.clone(), state);
            let row = match leaf.leaf {
                Leaf::Asks(approved) | Leaf::Owned(approved) => json!(approved),
                Leaf::Unheard => json!(false),
                _ => json!(leaf.id),
            };
            if gives_row(leaf.leaf) {
                outcome.rows.insert(leaf.id.clone(), row);
            }
        }
        outcome
    }

    fn leaf(&self, id: &str) -> Leaf {
        let found = self.leaves.iter().find(|leaf| leaf.id == id);
        found.expect("only leaves do anything").leaf
    }
}

/// Owned by whoever answers, with a fallback owner after a while.
fn owned() -> Ownership {
    Ownership {
        owner: Some(Party::User("user:op".into())),
        fallback_owner: Some(Party::Team("release".into())),
        escalate_after_ms: Some(10),
        expires_after_ms: Some(20),
        ..Ownership::default()
    }
}

fn unheard() -> Ownership {
    Ownership {
        on_expire: OnExpire::Deny,
        ..owned()
    }
}

fn gives_row(leaf: Leaf) -> bool {
    !matches!(leaf, Leaf::Skipped | Leaf::Fails | Leaf::Gated(false))
}

fn name(shape: &Shape, conditional: bool, leaves: &mut Vec<Named>) {
    match shape {
        Shape::Leaf(leaf, ..) => leaves.push(Named {
            id: format!("t{}", leaves.len()),
            leaf: *leaf,
            conditional,
        }),
        Shape::Seq(children) | Shape::Group(children) | Shape::Par(_, _, children) => {
            for child in children {
                name(child, conditional, leaves);
            }
        }
        Shape::When(inner) => name(inner, true, leaves),
    }
}

/// What is left when a run has ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    rows: BTreeMap<String, Value>,
    nodes: BTreeMap<String, &'static str>,
}

impl Outcome {
    pub(crate) fn of(world: &World) -> Self {
        let rows = world.store.outputs.iter().map(|row| {
            let payload = row.payload.value();
            let shown = payload.get("approved").or(payload.get("v"));
            (
                row.node.node_id.to_string(),
                shown.cloned().unwrap_or_default(),
            )
        });
        let nodes = world
            .store
            .nodes
            .values()
            .map(|row| (row.node.node_id.to_string(), row.state.as_str()));
        Self {
            rows: rows.collect(),
            nodes: nodes.collect(),
        }
    }
}

/// What may happen besides tasks ending, people deciding and time passing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mishaps {
    /// The process may die.
    pub(crate) crashes: bool,
    /// A runtime may be lost.
    pub(crate) losses: bool,
    /// Every parked run is read back before it goes on.
    pub(crate) reload_when_parked: bool,
}

#[derive(Clone, Debug)]
enum Move {
    End(String),
    Decide(String),
    Wait,
    Lose,
    Crash,
}

/// Plays the world: of what can happen next, `choices` picks one; when they run out, the first.
pub(crate) struct Driver<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) choices: &'a [u16],
    pub(crate) mishaps: Mishaps,
}

/// More moves than any random workflow needs.
const MOST_MOVES: usize = 400;

impl Driver<'_> {
    /// Plays until the run rests for good; `look` sees the world after every move.
    pub(crate) fn play(&self, world: &mut World, mut look: impl FnMut(&mut World)) {
        let mut choices = self.choices.iter();
        for _ in 0..MOST_MOVES {
            look(world);
            let picked = choices.next();
            let moves = self.moves(world, picked.is_some());
            if moves.is_empty() || world.status().is_terminal() {
                return;
            }
            let index = picked.map_or(0, |choice| usize::from(*choice) % moves.len());
            self.make(world, &moves[index]);
        }
        panic!("the run does not end");
    }

    fn moves(&self, world: &World, mishaps_allowed: bool) -> Vec<Move> {
        let bodies = world
            .in_flight
            .keys()
            .map(|key| Move::End(key.node_id.to_string()));
        let questions = world.store.approvals.values();
        let open = questions.filter(|approval| approval.decision.is_none());
        let ids = open.map(|approval| approval.node.node_id.to_string());
        let heard = ids.filter(|id| !matches!(self.scenario.leaf(id), Leaf::Unheard));
        let answers = heard.map(Move::Decide);
        let mut moves: Vec<Move> = bodies.chain(answers).collect();
        if world.store.next_due().is_some() {
            moves.push(Move::Wait);
        }
        if mishaps_allowed && !moves.is_empty() {
            moves.extend(self.mishaps.crashes.then_some(Move::Crash));
            moves.extend(self.mishaps.losses.then_some(Move::Lose));
        }
        moves
    }

    fn make(&self, world: &mut World, chosen: &Move) {
        let parked = world.status() == smithers_model::run::RunStatus::WaitingApproval;
        if parked && self.mishaps.reload_when_parked {
            world.crash();
        }
        match chosen {
            Move::End(id) => self.end_body(world, id),
            Move::Decide(id) => {
                let approved = matches!(
                    self.scenario.leaf(id),
                    Leaf::Asks(true) | Leaf::Owned(true) | Leaf::Gated(true)
                );
                world.decide(id, approved).expect("the question is open");
            }
            Move::Wait => world.wait_ms(10),
            Move::Lose => world.lose_runtime(),
            Move::Crash => {
                world.crash();
                world.accept(Fact::TakenUp).expect("the run is not over");
            }
        }
    }

    fn end_body(&self, world: &mut World, id: &str) {
        let failures = world
            .store
            .attempts
            .values()
            .filter(|row| row.node.node_id.as_str() == id && row.error.is_some())
            .count();
        match self.scenario.leaf(id) {
            Leaf::Fails => world.fail(id, "boom"),
            Leaf::Flaky(times) if failures < times as usize => world.fail(id, "boom"),
            _ => world.finish(id),
        }
    }
}
