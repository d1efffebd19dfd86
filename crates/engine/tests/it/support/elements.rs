//! Trees in a notation short enough to read at a glance.

use std::sync::Arc;

use serde_json::{Value, json};
use smithers_model::effect::SideEffect;
use smithers_model::error::ErrorInfo;
use smithers_model::output::{ColumnKind, Field, OutputTable};
use smithers_model::score::ScorerSpec;
use smithers_model::signal::SignalAddress;
use smithers_model::tree::{
    Backoff, ChildSpec, Kind, LoopSpec, OnMaxReached, ParallelSpec, RetryPolicy, TaskBody,
    TaskSpec, Tree, TreeBuilder,
};
use smithers_model::wait::{EventSpec, OnTimeout, TimerDue, TimerSpec};
use smithers_model::workflow::WorkflowDefinition;
use smithers_model::worktree::WorktreeSpec;
use smithers_model::{NodeKey, RawJson, Timestamp};

use super::world::Passes;

/// An element of a test workflow.
#[derive(Clone, Debug)]
pub(crate) enum El {
    Seq(Vec<El>),
    Group(Vec<El>),
    Par(ParallelSpec, Vec<El>),
    Loop(LoopSpec, Vec<El>),
    /// Tasks whose rows are not there, and the task that misses them.
    Deferred(String, Vec<String>),
    Task(Box<TaskSpec>),
    Text(&'static str),
    Later(&'static str),
    ContinueAsNew(Value, bool),
    /// A saga, a try block or a part of one.
    Of(Kind, Vec<El>),
}

/// A task that can still be refined; becomes an element with `into`.
#[derive(Clone, Debug)]
pub(crate) struct Job(pub(crate) TaskSpec);

impl From<Job> for El {
    fn from(job: Job) -> Self {
        El::Task(Box::new(job.0))
    }
}

pub(crate) fn seq(children: impl IntoIterator<Item = El>) -> El {
    El::Seq(children.into_iter().collect())
}

pub(crate) fn group(children: impl IntoIterator<Item = El>) -> El {
    El::Group(children.into_iter().collect())
}

pub(crate) fn par(children: impl IntoIterator<Item = El>) -> El {
    El::Par(ParallelSpec::default(), children.into_iter().collect())
}

pub(crate) fn par_max(limit: u32, children: impl IntoIterator<Item = El>) -> El {
    let spec = ParallelSpec {
        max_concurrency: Some(limit),
        subtree_concurrency: None,
    };
    El::Par(spec, children.into_iter().collect())
}

pub(crate) fn par_subtrees(limit: u32, children: impl IntoIterator<Item = El>) -> El {
    let spec = ParallelSpec {
        max_concurrency: None,
        subtree_concurrency: Some(limit),
    };
    El::Par(spec, children.into_iter().collect())
}

/// A loop of up to three passes.
pub(crate) fn repeat(id: &str, until: bool, body: impl IntoIterator<Item = El>) -> El {
    let spec = LoopSpec {
        id: id.into(),
        until,
        max_iterations: 3,
        continue_as_new_every: None,
        on_max_reached: OnMaxReached::ReturnLast,
    };
    El::Loop(spec, body.into_iter().collect())
}

pub(crate) fn deferred(id: &str, missing: &[&str]) -> El {
    let missing = missing.iter().map(|&id| id.to_owned());
    El::Deferred(id.to_owned(), missing.collect())
}

pub(crate) fn later(component: &'static str) -> El {
    El::Later(component)
}

/// A static task whose row is its own id.
pub(crate) fn stat(id: &str) -> Job {
    job(id, static_body(json!({ "v": id })))
}

/// A compute task; the test says when and how it ends.
pub(crate) fn comp(id: &str) -> Job {
    job(id, TaskBody::Compute(0))
}

/// Waits for the signal of its own id, which is stored as it is.
pub(crate) fn signal(id: &str) -> Job {
    let spec = EventSpec {
        address: SignalAddress {
            signal_name: id.into(),
            correlation_id: None,
        },
        timeout_ms: None,
        on_timeout: OnTimeout::Fail,
        tagged: false,
        wait_async: false,
        callback: None,
    };
    job(id, TaskBody::Event(Box::new(spec)))
}

/// A task that stands for a run of another workflow.
pub(crate) fn subflow(id: &str) -> Job {
    let spec = ChildSpec {
        part: 0,
        input: RawJson::empty_object(),
    };
    job(id, TaskBody::Child(Box::new(spec)))
}

/// A timer that fires after so many milliseconds.
pub(crate) fn timer(id: &str, ms: u64) -> Job {
    timed(id, TimerDue::After(ms))
}

/// A timer that fires at a moment.
pub(crate) fn timer_until(id: &str, moment: i64) -> Job {
    timed(id, TimerDue::At(Timestamp(moment)))
}

fn timed(id: &str, due: TimerDue) -> Job {
    let text = "as written".to_owned();
    job(id, TaskBody::Timer(TimerSpec { due, text })).table("")
}

fn static_body(value: Value) -> TaskBody {
    TaskBody::Static(Some(Ok(RawJson::of(&value))))
}

pub(super) fn job(id: &str, body: TaskBody) -> Job {
    Job(TaskSpec {
        node: NodeKey::new(id, 0),
        label: None,
        output_table: "r".into(),
        skip_if: false,
        depends_on: Vec::new(),
        priority: 0,
        body,
        approval: None,
        continue_on_fail: false,
        quarantine: false,
        side_effect: None,
        worktree: None,
        bind: None,
        aspects: None,
        scorers: Vec::new(),
        by_agent: false,
        retry: RetryPolicy::default(),
        cached: false,
    })
}

impl Job {
    fn event(&mut self) -> &mut EventSpec {
        match &mut self.0.body {
            TaskBody::Event(spec) => spec,
            other => panic!("{other:?} waits for no signal"),
        }
    }

    pub(crate) fn named(mut self, signal: &str) -> Self {
        self.event().address.signal_name = signal.into();
        self
    }

    pub(crate) fn correlated(mut self, id: &str) -> Self {
        self.event().address.correlation_id = Some(id.into());
        self
    }

    pub(crate) fn until(mut self, ms: u64, on_timeout: OnTimeout, tagged: bool) -> Self {
        let spec = self.event();
        (spec.timeout_ms, spec.on_timeout, spec.tagged) = (Some(ms), on_timeout, tagged);
        self
    }

    /// A result that was kept may stand for its own.
    pub(crate) fn kept(mut self) -> Self {
        self.0.cached = true;
        self
    }

    /// A scorer looks at `per_million` of its results.
    pub(crate) fn scored(mut self, id: &str, per_million: u32) -> Self {
        self.0.scorers.push(ScorerSpec {
            key: id.to_owned(),
            id: id.to_owned(),
            name: id.to_uppercase(),
            per_million,
        });
        self
    }

    /// A function of the frame looks at what came.
    pub(crate) fn checked(mut self) -> Self {
        self.event().callback = Some(0);
        self
    }

    pub(crate) fn passable(mut self) -> Self {
        self.event().wait_async = true;
        self
    }

    pub(crate) fn table(mut self, key: &str) -> Self {
        self.0.output_table = key.into();
        self
    }

    pub(crate) fn value(mut self, value: Value) -> Self {
        self.0.body = static_body(value);
        self
    }

    pub(crate) fn broken_value(mut self, error: ErrorInfo) -> Self {
        self.0.body = TaskBody::Static(Some(Err(error)));
        self
    }

    pub(crate) fn skipped(mut self) -> Self {
        self.0.skip_if = true;
        self
    }

    pub(crate) fn after(mut self, id: &str) -> Self {
        self.0.depends_on.push(id.into());
        self
    }

    pub(crate) fn priority(mut self, priority: i64) -> Self {
        self.0.priority = priority;
        self
    }

    pub(crate) fn may_fail(mut self) -> Self {
        self.0.continue_on_fail = true;
        self
    }

    pub(crate) fn quarantined(mut self) -> Self {
        self.0.quarantine = true;
        self
    }

    /// In the worktree of that id.
    pub(crate) fn within(mut self, id: &str) -> Self {
        self.0.worktree = Some(Arc::new(WorktreeSpec {
            id: id.into(),
            path: format!("/trees/{id}"),
            root: "/project".into(),
            branch: None,
            base_branch: "main".into(),
        }));
        self
    }

    pub(crate) fn effect(mut self, effect: SideEffect) -> Self {
        self.0.side_effect = Some(effect);
        self
    }

    pub(crate) fn retries(mut self, retries: u32, backoff: Backoff, initial_delay_ms: u64) -> Self {
        self.0.retry = RetryPolicy {
            retries,
            backoff,
            initial_delay_ms,
        };
        self
    }
}

/// The tree of a workflow with these children, one after another.
/// Callback indexes are given out by the session.
pub(crate) fn workflow(children: impl IntoIterator<Item = El>) -> Tree {
    workflow_at(&Passes::new(), children)
}

/// As `workflow`, with what is inside loops named after the pass it is in.
pub(crate) fn workflow_at(passes: &Passes, children: impl IntoIterator<Item = El>) -> Tree {
    let mut tree = TreeBuilder::default();
    let props = vec![("name".into(), "w".into())];
    tree.open(
        Kind::Workflow { name: "w".into() },
        "smithers:workflow",
        props,
    );
    for child in children {
        write(&mut tree, child, passes, &Scope::default());
    }
    tree.finish()
}

/// The loops around an element.
#[derive(Clone, Default)]
struct Scope {
    /// What ids inside the innermost loop get: the passes of the loops around that.
    suffix: String,
    /// The same with the innermost one.
    chain: String,
    iteration: u32,
}

impl Scope {
    /// Inside a loop that is written as `id`, under its full name.
    fn of(&self, id: &str, passes: &Passes) -> (String, Self) {
        let name = format!("{id}{}", self.chain);
        let iteration = passes.get(&name).copied().unwrap_or(0);
        let sign = if self.chain.is_empty() { "@@" } else { "," };
        let inside = Self {
            suffix: self.chain.clone(),
            chain: format!("{}{sign}{id}={iteration}", self.chain),
            iteration,
        };
        (name, inside)
    }
}

fn write(tree: &mut TreeBuilder, element: El, passes: &Passes, scope: &Scope) {
    let mut inside = scope.clone();
    let (kind, tag, children) = match element {
        El::Seq(children) => (Kind::Sequence, "smithers:sequence", children),
        El::Group(children) => (Kind::Group, "smithers:fragment", children),
        El::Par(spec, children) => (Kind::Parallel(spec), "smithers:parallel", children),
        El::Loop(mut spec, children) => {
            let (name, of) = scope.of(spec.id.as_str(), passes);
            spec.id = name.as_str().into();
            inside = of;
            (Kind::Loop(spec), "smithers:ralph", children)
        }
        El::Task(mut task) => {
            let id = format!("{}{}", task.node.node_id, scope.suffix);
            task.node = NodeKey::new(id.as_str(), scope.iteration);
            (Kind::Task(task), "smithers:task", Vec::new())
        }
        El::Text(text) => return tree.text(text),
        El::Deferred(id, missing) => {
            let kind = Kind::Deferred {
                id: format!("{id}{}", scope.suffix).as_str().into(),
                iteration: scope.iteration,
                missing: missing.iter().map(|id| id.as_str().into()).collect(),
            };
            (kind, "smithers:deferred", Vec::new())
        }
        El::ContinueAsNew(state, fresh) => {
            let state = RawJson::of(&state);
            let kind = Kind::ContinueAsNew { state, fresh };
            (kind, "smithers:continue-as-new", Vec::new())
        }
        El::Of(kind, children) => (kind, "smithers:part", children),
        El::Later(component) => {
            let kind = Kind::Later {
                component: component.into(),
            };
            (kind, "smithers:later", Vec::new())
        }
    };
    let id = match &kind {
        Kind::Task(task) => vec![("id".into(), task.node.node_id.to_string())],
        _ => Vec::new(),
    };
    tree.open(kind, tag, id);
    for child in children {
        write(tree, child, passes, &inside);
    }
    tree.close();
}

/// A workflow definition with the tables of the scenarios.
pub(crate) fn definition() -> Arc<WorkflowDefinition> {
    let text = |name| (name, ColumnKind::String, "string");
    Arc::new(WorkflowDefinition {
        key: "w".into(),
        readable_name: None,
        description: None,
        system: false,
        input_fields: None,
        outputs: vec![
            table("r", &[text("v")]),
            table("num", &[("n", ColumnKind::Number, "number")]),
            table(
                "tagged",
                &[text("kind"), ("payload", ColumnKind::Json, "object")],
            ),
            table(
                "decision",
                &[
                    ("approved", ColumnKind::Boolean, "boolean"),
                    text("note"),
                    text("decidedBy"),
                    text("decidedAt"),
                ],
            ),
            table("pick", &[text("selected"), text("notes")]),
            table(
                "order",
                &[("ranked", ColumnKind::Json, "array"), text("notes")],
            ),
        ],
        result_table: None,
        schedule: None,
        webhook: None,
        revision: Default::default(),
    })
}

fn table(key: &str, fields: &[(&str, ColumnKind, &str)]) -> Arc<OutputTable> {
    let fields = fields
        .iter()
        .map(|&(name, kind, shown)| Field {
            name: name.into(),
            kind,
            shown_type: shown.into(),
            optional: false,
            nullable: true,
            description: None,
            members: None,
        })
        .collect();
    Arc::new(OutputTable {
        key: key.into(),
        fields,
        declared_at: "test.rs:1:1".into(),
    })
}
