//! Builds the elements of a frame from Rust.

use std::time::Duration;

use serde_json::Value;

use crate::approval::{ApprovalMode, ApprovalRequest, OnDeny};
use crate::error::ErrorInfo;
use crate::json::RawJson;
use crate::ownership::Ownership;
use crate::report::Reporter;
use crate::signal::SignalAddress;
use crate::tree::{
    ApprovalSpec, Backoff, ChildSpec, Kind, LoopSpec, ParallelSpec, Region, RetryPolicy, SagaSpec,
    TaskBody, TaskSpec, Tree, TreeBuilder, TrySpec,
};
use crate::wait::{EventSpec, OnTimeout, TimerDue, TimerSpec};
use crate::workflow::BoxFuture;
use crate::{NodeId, NodeKey};

/// The body of a compute task.
pub(super) type Callback = Box<dyn Fn(Reporter) -> BoxFuture<Result<Value, ErrorInfo>> + Send>;

/// The tree under construction. Elements appear in the order of the calls.
#[derive(Default)]
pub struct Ui {
    tree: TreeBuilder,
    callbacks: Vec<Callback>,
}

impl Ui {
    /// The root; children one after another.
    pub fn workflow(&mut self, name: &str, children: impl FnOnce(&mut Self)) {
        let props = vec![("name".into(), name.into())];
        self.element(
            Kind::Workflow { name: name.into() },
            "smithers:workflow",
            props,
            children,
        );
    }

    /// Children one after another.
    pub fn sequence(&mut self, children: impl FnOnce(&mut Self)) {
        self.element(Kind::Sequence, "smithers:sequence", vec![], children);
    }

    /// All children at once, at most `max_concurrency` of them in flight; 0 is no limit.
    pub fn parallel(&mut self, max_concurrency: u32, children: impl FnOnce(&mut Self)) {
        let limit = (max_concurrency > 0).then_some(max_concurrency);
        let spec = ParallelSpec {
            max_concurrency: limit,
            subtree_concurrency: None,
        };
        self.element(Kind::Parallel(spec), "smithers:parallel", vec![], children);
    }

    /// All children at once, pass by pass, as `spec` says.
    pub fn repeat(&mut self, spec: LoopSpec, children: impl FnOnce(&mut Self)) {
        self.element(Kind::Loop(spec), "smithers:ralph", vec![], children);
    }

    /// A saga as `spec` says; inside are the regions of its actions and of what undoes them.
    pub fn saga(&mut self, spec: SagaSpec, regions: impl FnOnce(&mut Self)) {
        self.element(Kind::Saga(spec), "smithers:saga", vec![], regions);
    }

    /// A try block as `spec` says; inside are its regions.
    pub fn try_block(&mut self, spec: TrySpec, regions: impl FnOnce(&mut Self)) {
        self.element(
            Kind::Try(spec),
            "smithers:try-catch-finally",
            vec![],
            regions,
        );
    }

    /// A region of a saga or try block; children one after another.
    pub fn region(&mut self, region: Region, children: impl FnOnce(&mut Self)) {
        self.element(Kind::Region(region), region.tag(), vec![], children);
    }

    /// A task; finish it with a body.
    pub fn task(&mut self, node_id: &str) -> TaskBuilder<'_> {
        self.task_in(NodeKey::new(node_id, 0))
    }

    /// A task of a pass of a loop; finish it with a body.
    pub fn task_in(&mut self, node: NodeKey) -> TaskBuilder<'_> {
        TaskBuilder {
            ui: self,
            ownership: Ownership::default(),
            spec: TaskSpec {
                node,
                label: None,
                output_table: "output".into(),
                skip_if: false,
                depends_on: Vec::new(),
                priority: 0,
                body: TaskBody::Decision,
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
            },
        }
    }

    pub(super) fn finish(self) -> (Tree, Vec<Callback>) {
        (self.tree.finish(), self.callbacks)
    }

    fn element(
        &mut self,
        kind: Kind,
        tag: &str,
        props: Vec<(String, String)>,
        children: impl FnOnce(&mut Self),
    ) {
        self.tree.open(kind, tag, props);
        children(self);
        self.tree.close();
    }
}

/// A task under construction; it is added when it gets its body.
pub struct TaskBuilder<'a> {
    ui: &'a mut Ui,
    spec: TaskSpec,
    ownership: Ownership,
}

impl TaskBuilder<'_> {
    /// Schema key of the output table; `output` unless said otherwise.
    #[must_use]
    pub fn output(mut self, table: &str) -> Self {
        self.spec.output_table = table.into();
        self
    }

    /// Waits for these tasks.
    #[must_use]
    pub fn depends_on(mut self, nodes: &[&str]) -> Self {
        self.spec.depends_on = nodes.iter().map(|node| NodeId::from(*node)).collect();
        self
    }

    /// Leaves the task out when `skip` is true.
    #[must_use]
    pub fn skip_if(mut self, skip: bool) -> Self {
        self.spec.skip_if = skip;
        self
    }

    /// Makes up to `retries` more attempts, `delay` apart.
    #[must_use]
    pub fn retries(mut self, retries: u32, delay: Duration) -> Self {
        let initial_delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.spec.retry = RetryPolicy {
            retries,
            backoff: Backoff::Fixed,
            initial_delay_ms,
        };
        self
    }

    /// Its failure does not fail the run.
    #[must_use]
    pub fn continue_on_fail(mut self) -> Self {
        self.spec.continue_on_fail = true;
        self
    }

    /// Its result may be one that was kept; its session says what that depends on.
    #[must_use]
    pub fn cached(mut self) -> Self {
        self.spec.cached = true;
        self
    }

    /// Says who is responsible for the approval of this task, and what becomes of it when nobody answers.
    #[must_use]
    pub fn owned(mut self, ownership: Ownership) -> Self {
        self.ownership = ownership;
        self
    }

    /// Asks before the body runs.
    #[must_use]
    pub fn needs_approval(mut self, title: &str) -> Self {
        self.spec.approval = Some(approval(ApprovalMode::Gate, title, OnDeny::Fail));
        self
    }

    /// The task stores `value`.
    pub fn value(mut self, value: &Value) {
        self.spec.body = TaskBody::Static(Some(Ok(RawJson::of(value))));
        self.add();
    }

    /// The task stores what `body` gives.
    pub fn compute(self, body: impl Fn() -> BoxFuture<Result<Value, ErrorInfo>> + Send + 'static) {
        self.compute_reporting(move |_| body());
    }

    /// The task stores what `body` gives, which may report something before.
    pub fn compute_reporting(
        mut self,
        body: impl Fn(Reporter) -> BoxFuture<Result<Value, ErrorInfo>> + Send + 'static,
    ) {
        let callback = u32::try_from(self.ui.callbacks.len()).unwrap_or(u32::MAX);
        self.ui.callbacks.push(Box::new(body));
        self.spec.body = TaskBody::Compute(callback);
        self.add();
    }

    /// The task asks for a decision and stores it.
    pub fn approval(mut self, title: &str, on_deny: OnDeny) {
        self.spec.body = TaskBody::Decision;
        self.spec.approval = Some(approval(ApprovalMode::Decision, title, on_deny));
        self.add();
    }

    /// The task waits for `duration`.
    pub fn timer(mut self, duration: Duration) {
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.spec.output_table = String::new();
        self.spec.body = TaskBody::Timer(TimerSpec {
            due: TimerDue::After(ms),
            text: ms.to_string(),
        });
        self.add();
    }

    /// The task stands for a run of the workflow at position `part` of the module.
    pub fn subflow(mut self, part: u32, input: &Value) {
        let input = RawJson::of(input);
        self.spec.body = TaskBody::Child(Box::new(ChildSpec { part, input }));
        self.add();
    }

    /// The task waits for the signal `name` and stores it.
    pub fn signal(self, name: &str, timeout: Option<Duration>, on_timeout: OnTimeout) {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.event(EventSpec {
            address: SignalAddress {
                signal_name: name.into(),
                correlation_id: None,
            },
            timeout_ms: timeout.map(ms),
            on_timeout,
            tagged: false,
            wait_async: false,
            callback: None,
        });
    }

    /// The task waits as `spec` says.
    pub fn event(mut self, spec: EventSpec) {
        self.spec.body = TaskBody::Event(Box::new(spec));
        self.add();
    }

    fn add(mut self) {
        if let Some(approval) = &mut self.spec.approval {
            approval.request.ownership = self.ownership;
        }
        let props = vec![("id".into(), self.spec.node.node_id.as_str().into())];
        self.ui
            .tree
            .open(Kind::Task(Box::new(self.spec)), "smithers:task", props);
        self.ui.tree.close();
    }
}

fn approval(mode: ApprovalMode, title: &str, on_deny: OnDeny) -> ApprovalSpec {
    let request = ApprovalRequest::new(mode, title);
    ApprovalSpec { request, on_deny }
}
