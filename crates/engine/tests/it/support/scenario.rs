//! A random workflow with names, and an interpreter that knows how it must end.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smithers_model::NodeKey;
use smithers_model::approval::OnDeny;
use smithers_model::ownership::{OnExpire, Ownership};
use smithers_model::party::Party;
use smithers_model::tree::{Backoff, ParallelSpec, Tree};

use super::asking::{approval, asking};
use super::elements::{El, comp, deferred, group, repeat, seq, stat, workflow_at};
use super::random::{Dependency, Leaf, Shape};
use super::session::Standing;
use super::text;
use super::world::{Passes, Rows, World};

/// A leaf with its name and what it depends on.
#[derive(Clone, Debug)]
struct Named {
    id: String,
    leaf: Leaf,
    priority: i8,
    /// It may never be mounted.
    is_conditional: bool,
    /// The loops around it, the outermost first.
    loops: Vec<String>,
    on: Option<On>,
    /// It depends on one that fails in quarantine, at whatever distance.
    is_left_out: bool,
}

/// How a leaf depends on another.
#[derive(Clone, Debug)]
enum On {
    /// It waits for its end.
    End(String),
    /// It is mounted once there is its row.
    Row(String),
}

/// A part of the workflow.
#[derive(Clone, Debug)]
enum Part {
    Leaf(Named),
    Seq(Vec<Part>),
    Group(Vec<Part>),
    Par(ParallelSpec, Vec<Part>),
    When(Box<Part>),
    Plan(Named, Box<Part>),
    Loop {
        id: String,
        passes: u32,
        /// Its condition is that the last pass has these rows; else it has no condition and is cut off.
        until: Option<Vec<String>>,
        body: Vec<Part>,
    },
    EveryOther(Box<Part>),
}

/// A workflow with what its leaves are called.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    root: Part,
    leaves: Vec<Named>,
}

/// The loops around a place with the passes they are in.
type Scope = Vec<(String, u32)>;

impl Scenario {
    pub(crate) fn new(shape: Shape) -> Self {
        let mut naming = Naming::default();
        let root = naming.part(&shape, false);
        Self {
            root,
            leaves: naming.leaves,
        }
    }

    /// Launches it.
    pub(crate) fn world(&self) -> World {
        self.world_with(Standing::WithoutCalls)
    }

    /// Launches it with a session that says of these frames that they stand.
    pub(crate) fn world_with(&self, standing: Standing) -> World {
        let scenario = self.clone();
        World::standing(
            standing,
            move |rows, passes| Ok(scenario.tree(rows, passes)),
        )
    }

    /// What the leaf of node `name` does.
    pub(crate) fn leaf(&self, name: &str) -> Leaf {
        let found = self.leaves.iter().find(|leaf| leaf.id == written(name));
        found.expect("only leaves do anything").leaf
    }

    fn tree(&self, rows: &Rows, passes: &Passes) -> Tree {
        workflow_at(passes, element(&self.root, rows, passes, &Scope::new()))
    }

    /// How the run must end, found by going through the parts one after another.
    pub(crate) fn expected(&self) -> Outcome {
        let without = self.outcome(false);
        match without.rows.contains_key("t0") {
            true => self.outcome(true),
            false => without,
        }
    }

    /// How the run must end when the first leaf has a row at some time, or has none.
    fn outcome(&self, first_gives_row: bool) -> Outcome {
        let mut outcome = Outcome {
            first_gives_row,
            ..Outcome::default()
        };
        outcome.run(&self.root, &mut Scope::new());
        outcome
    }
}

/// Gives names, and settles who depends on whom.
#[derive(Default)]
struct Naming {
    leaves: Vec<Named>,
    loops: Vec<String>,
    loops_named: usize,
}

impl Naming {
    fn part(&mut self, shape: &Shape, conditional: bool) -> Part {
        match shape {
            Shape::Leaf(leaf, priority, dependency) => {
                Part::Leaf(self.leaf(*leaf, *priority, dependency.as_ref(), conditional))
            }
            Shape::Seq(shapes) => Part::Seq(self.parts(shapes, conditional)),
            Shape::Group(shapes) => Part::Group(self.parts(shapes, conditional)),
            Shape::Par(max_concurrency, subtree_concurrency, shapes) => {
                let spec = ParallelSpec {
                    max_concurrency: *max_concurrency,
                    subtree_concurrency: *subtree_concurrency,
                };
                Part::Par(spec, self.parts(shapes, conditional))
            }
            // When the first row comes says nothing about passes.
            Shape::When(inner) if !self.loops.is_empty() => self.part(inner, conditional),
            Shape::When(inner) => Part::When(Box::new(self.part(inner, true))),
            Shape::Plan(inner) => {
                let plan = self.leaf(Leaf::Compute, 0, None, conditional);
                Part::Plan(plan, Box::new(self.part(inner, true)))
            }
            Shape::Loop(passes, shapes) => self.repeated(*passes, shapes, conditional),
            Shape::EveryOther(inner) => Part::EveryOther(Box::new(self.part(inner, true))),
        }
    }

    fn parts(&mut self, shapes: &[Shape], conditional: bool) -> Vec<Part> {
        let part = |shape| self.part(shape, conditional);
        shapes.iter().map(part).collect()
    }

    fn repeated(&mut self, passes: u32, shapes: &[Shape], conditional: bool) -> Part {
        let id = format!("l{}", self.loops_named);
        self.loops_named += 1;
        self.loops.push(id.clone());
        let first = self.leaves.len();
        let body = self.parts(shapes, conditional);
        let depth = self.loops.len();
        let inside = &self.leaves[first..];
        let give_rows = |leaf: &Named| {
            leaf.gives_row() && leaf.is_conditional == conditional && leaf.loops.len() == depth
        };
        let ids = || inside.iter().map(|leaf| leaf.id.clone()).collect();
        let until = inside.iter().all(give_rows).then(ids);
        self.loops.pop();
        Part::Loop {
            id,
            passes,
            until,
            body,
        }
    }

    fn leaf(
        &mut self,
        leaf: Leaf,
        priority: i8,
        dependency: Option<&Dependency>,
        is_conditional: bool,
    ) -> Named {
        let upstream = dependency.and_then(|dependency| self.upstream(dependency));
        let named = Named {
            id: format!("t{}", self.leaves.len()),
            leaf,
            priority,
            is_conditional,
            loops: self.loops.clone(),
            is_left_out: upstream.as_ref().is_some_and(|(leaf, _)| leaf.is_lost()),
            on: upstream.map(|(leaf, for_row)| match for_row {
                true => On::Row(leaf.id),
                false => On::End(leaf.id),
            }),
        };
        self.leaves.push(named.clone());
        named
    }

    /// The leaf meant by `dependency`, and whether its row is waited for. Only what comes earlier, is always
    /// mounted and can be named from here: such dependencies never block each other.
    fn upstream(&self, dependency: &Dependency) -> Option<(Named, bool)> {
        let is_named = |leaf: &&Named| {
            let outer = leaf.loops.split_last().map_or(&[][..], |(_, outer)| outer);
            self.loops.starts_with(outer)
        };
        let always = self.leaves.iter().filter(|leaf| !leaf.is_conditional);
        let known: Vec<&Named> = always.filter(is_named).collect();
        if known.is_empty() {
            return None;
        }
        let leaf = dependency.on.get(&known);
        let is_sure = leaf.gives_row() && leaf.loops == self.loops;
        Some(((*leaf).clone(), dependency.for_row && is_sure))
    }
}

impl Named {
    fn gives_row(&self) -> bool {
        self.leaf.gives_row() && !self.is_left_out
    }

    /// What depends on it is left out. A leaf that is left out anyway takes nothing with it.
    fn is_lost(&self) -> bool {
        match self.leaf {
            Leaf::Skipped => false,
            Leaf::Apart => true,
            _ => self.is_left_out,
        }
    }

    fn element(&self, rows: &Rows, scope: &Scope) -> El {
        let job = match self.leaf {
            Leaf::Static => stat(&self.id),
            Leaf::Compute => comp(&self.id),
            Leaf::Skipped => comp(&self.id).skipped(),
            Leaf::Flaky(times) => comp(&self.id).retries(times, Backoff::Fixed, 10),
            Leaf::Fails => comp(&self.id).may_fail(),
            Leaf::Apart => comp(&self.id).quarantined(),
            Leaf::Asks(_) => approval(&self.id).on_deny(OnDeny::Continue),
            Leaf::Owned(_) => approval(&self.id).on_deny(OnDeny::Continue).owned(owned()),
            Leaf::Unheard => approval(&self.id)
                .on_deny(OnDeny::Continue)
                .owned(unheard()),
            Leaf::Gated(_) => asking(comp(&self.id)).may_fail(),
        };
        let job = job.priority(i64::from(self.priority));
        match &self.on {
            Some(On::Row(id)) if !rows.contains_key(&name(id, scope)) => {
                deferred(&self.id, &[id.as_str()])
            }
            Some(On::Row(id) | On::End(id)) => job.after(id).into(),
            None => job.into(),
        }
    }
}

fn element(part: &Part, rows: &Rows, passes: &Passes, scope: &Scope) -> Option<El> {
    let all = |parts: &[Part], scope: &Scope| -> Vec<El> {
        let elements = parts.iter();
        elements
            .filter_map(|part| element(part, rows, passes, scope))
            .collect()
    };
    Some(match part {
        Part::Leaf(leaf) => leaf.element(rows, scope),
        Part::Seq(parts) => seq(all(parts, scope)),
        Part::Group(parts) => group(all(parts, scope)),
        Part::Par(spec, parts) => El::Par(spec.clone(), all(parts, scope)),
        Part::When(inner) => {
            let is_mounted = rows.contains_key("t0");
            return element(inner, rows, passes, scope).filter(|_| is_mounted);
        }
        Part::Plan(leaf, inner) => {
            let is_planned = rows.contains_key(&name(&leaf.id, scope));
            let planned = element(inner, rows, passes, scope).filter(|_| is_planned);
            seq([Some(leaf.element(rows, scope)), planned]
                .into_iter()
                .flatten())
        }
        Part::Loop {
            id,
            passes: most,
            until,
            body,
        } => {
            let current = passes
                .get(&format!("{id}{}", chain(scope)))
                .copied()
                .unwrap_or(0);
            let mut inside = scope.clone();
            inside.push((id.clone(), current));
            let has_row = |id: &String| rows.contains_key(&name(id, &inside));
            let is_over = |ids: &Vec<String>| current + 1 == *most && ids.iter().all(has_row);
            // A body in order, as loops are mostly written; a loop may not stand right inside another.
            let body = [seq(all(body, &inside))];
            let mut element = repeat(id, until.as_ref().is_some_and(is_over), body);
            if let El::Loop(spec, _) = &mut element {
                spec.max_iterations = most + u32::from(until.is_some());
            }
            element
        }
        Part::EveryOther(inner) => {
            return element(inner, rows, passes, scope).filter(|_| pass(scope).is_multiple_of(2));
        }
    })
}

fn pass(scope: &Scope) -> u32 {
    scope.last().map_or(0, |(_, pass)| *pass)
}

/// What ids of loops right inside `scope` get.
fn chain(scope: &[(String, u32)]) -> String {
    let passes: Vec<String> = scope
        .iter()
        .map(|(id, pass)| format!("{id}={pass}"))
        .collect();
    match passes.is_empty() {
        true => String::new(),
        false => format!("@@{}", passes.join(",")),
    }
}

/// The node of leaf `id` in `scope`.
fn name(id: &str, scope: &Scope) -> String {
    let outer = scope.split_last().map_or(&[][..], |(_, outer)| outer);
    let id = format!("{id}{}", chain(outer));
    text::name(&NodeKey::new(id.as_str(), pass(scope)))
}

/// The id of a node as it was written.
pub(crate) fn written(name: &str) -> &str {
    let end = name.find("@@").or(name.find("::"));
    &name[..end.unwrap_or(name.len())]
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

/// What is left when a run has ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// What is mounted once the first leaf has its row is mounted.
    first_gives_row: bool,
    rows: BTreeMap<String, Value>,
    nodes: BTreeMap<String, &'static str>,
}

impl Outcome {
    pub(crate) fn of(world: &World) -> Self {
        let rows = world.store.outputs.iter().map(|row| {
            let payload = row.payload.value();
            let shown = payload.get("approved").or(payload.get("v"));
            (text::name(&row.node), shown.cloned().unwrap_or_default())
        });
        let nodes = world.store.nodes.values();
        let rows: BTreeMap<String, Value> = rows.collect();
        Self {
            first_gives_row: rows.contains_key("t0"),
            rows,
            nodes: nodes
                .map(|row| (text::name(&row.node), row.state.as_str()))
                .collect(),
        }
    }

    fn run(&mut self, part: &Part, scope: &mut Scope) {
        match part {
            Part::Leaf(leaf) => self.add(leaf, scope),
            Part::Seq(parts) | Part::Group(parts) | Part::Par(_, parts) => {
                parts.iter().for_each(|part| self.run(part, scope));
            }
            Part::When(inner) if self.first_gives_row => self.run(inner, scope),
            Part::When(_) => {}
            Part::Plan(leaf, inner) => {
                self.add(leaf, scope);
                if leaf.gives_row() {
                    self.run(inner, scope);
                }
            }
            Part::Loop {
                id, passes, body, ..
            } => {
                for pass in 0..*passes {
                    scope.push((id.clone(), pass));
                    body.iter().for_each(|part| self.run(part, scope));
                    scope.pop();
                }
            }
            Part::EveryOther(inner) if pass(scope).is_multiple_of(2) => self.run(inner, scope),
            Part::EveryOther(_) => {}
        }
    }

    fn add(&mut self, leaf: &Named, scope: &Scope) {
        let state = match leaf.leaf {
            _ if leaf.is_left_out => "skipped",
            Leaf::Skipped | Leaf::Gated(false) => "skipped",
            Leaf::Fails | Leaf::Apart => "failed",
            _ => "finished",
        };
        let name = name(&leaf.id, scope);
        self.nodes.insert(name.clone(), state);
        let row = match leaf.leaf {
            Leaf::Asks(approved) | Leaf::Owned(approved) => json!(approved),
            Leaf::Unheard => json!(false),
            _ => json!(leaf.id),
        };
        if leaf.gives_row() {
            self.rows.insert(name, row);
        }
    }
}
