//! A project on disk, and a hand that steps a run: render, do a task, render again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use smithers_model::agent::AgentReport;
use smithers_model::cache::CacheRequest;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::output::OutputRow;
use smithers_model::patch::Patches;
use smithers_model::report::{Report, Reporter};
use smithers_model::score::{Judgement, ScoringKey};
use smithers_model::tree::{TaskBody, TaskSpec, Tree};
use smithers_model::workflow::{
    CallError, CallPurpose, RenderInput, TaskCall, Workflow, WorkflowSession,
};
use smithers_model::{NodeId, NodeKey, RunId};
use smithers_script::{HostOptions, Limits, LoadError, LoadedModule, ScriptHost};

/// Longest wait for anything in these tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a module.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }
}

pub(crate) fn host() -> ScriptHost {
    ScriptHost::start(HostOptions::default()).unwrap()
}

/// Limits that a test can wait for.
pub(crate) fn strict() -> Limits {
    Limits {
        load: Duration::from_millis(2000),
        render: Duration::from_millis(300),
        slice: Duration::from_millis(300),
        stuck_grace: Duration::from_millis(500),
        heap_bytes: 48 << 20,
        ..Limits::default()
    }
}

pub(crate) fn strict_host() -> ScriptHost {
    ScriptHost::start(HostOptions {
        limits: strict(),
        ..HostOptions::default()
    })
    .unwrap()
}

/// Loads `source` as `gateway.tsx` and returns its only workflow.
pub(crate) fn load_source(host: &ScriptHost, source: &str) -> Arc<dyn Workflow> {
    only(try_load_source(host, source).unwrap())
}

pub(crate) fn try_load_source(host: &ScriptHost, source: &str) -> Result<LoadedModule, LoadError> {
    host.load(&Project::new(&[("gateway.tsx", source)]).path("gateway.tsx"))
}

pub(crate) fn only(module: LoadedModule) -> Arc<dyn Workflow> {
    let [workflow]: [_; 1] = module.workflows.try_into().ok().unwrap();
    workflow
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Waits for a future with a deadline, on the current thread.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::time::timeout(PATIENCE, future)
            .await
            .expect("it ends in time")
    })
}

/// A run of a workflow, stepped by hand.
pub(crate) struct Run {
    run_id: RunId,
    input: RawJson,
    session: Box<dyn WorkflowSession>,
    new_rows: Vec<Arc<OutputRow>>,
    /// Passes of loops, as the engine would give them.
    pub(crate) passes: BTreeMap<String, u32>,
    /// What the run knows of patches.
    pub(crate) patches: Patches,
    /// Nodes that are held because a row has changed.
    pub(crate) stale: Vec<NodeId>,
    pub(crate) tree: Tree,
    /// What the tasks wrote.
    written: Arc<Mutex<Vec<Written>>>,
    /// What an attempt is told that an earlier one told last.
    pub(crate) last_heartbeat: Option<RawJson>,
    beats: Arc<Mutex<Vec<Option<RawJson>>>>,
    told: Arc<Mutex<Vec<AgentReport>>>,
    /// A host that only this run uses.
    host: Option<ScriptHost>,
}

/// A text, and who wrote it where to: `task stdout`.
pub(crate) type Written = (String, String);

impl Run {
    /// Opens a run without rendering it.
    pub(crate) fn open(workflow: &Arc<dyn Workflow>, run_id: &str, input: &str) -> Self {
        let run_id = RunId::from(run_id);
        Self {
            session: workflow.open(&run_id),
            input: wait(workflow.check_input(RawJson::parse(input).unwrap())).unwrap(),
            run_id,
            new_rows: Vec::new(),
            passes: BTreeMap::new(),
            patches: Patches::default(),
            stale: Vec::new(),
            tree: Tree::default(),
            last_heartbeat: None,
            beats: Arc::default(),
            told: Arc::default(),
            written: Arc::default(),
            host: None,
        }
    }

    /// Keeps `host` as long as the run.
    pub(crate) fn keep(mut self, host: ScriptHost) -> Self {
        self.host = Some(host);
        self
    }

    /// Opens a run and renders its first frame.
    pub(crate) fn start(workflow: &Arc<dyn Workflow>, run_id: &str, input: &str) -> Self {
        let mut run = Self::open(workflow, run_id, input);
        run.render().unwrap();
        run
    }

    pub(crate) fn try_render(&mut self) -> impl Future<Output = Result<Tree, ErrorInfo>> + use<> {
        let input = self.frame_input();
        self.session.render(input)
    }

    /// What the next frame is rendered from.
    fn frame_input(&mut self) -> RenderInput {
        RenderInput {
            run_id: self.run_id.clone(),
            input: self.input.clone(),
            auth: None,
            continuation: None,
            iteration: match self.passes.len() {
                1 => self.passes.values().sum(),
                _ => 0,
            },
            iterations: self.passes.clone(),
            patches: self.patches.clone(),
            stale: self.stale.clone(),
            new_rows: std::mem::take(&mut self.new_rows),
        }
    }

    /// Whether the newest frame stands for the next one; when it does not, the next one is rendered.
    pub(crate) fn stands(&mut self) -> bool {
        self.stands_with(false)
    }

    /// As [`stands`](Self::stands), and its functions see the rows of the next frame.
    pub(crate) fn stands_for_calls(&mut self) -> bool {
        self.stands_with(true)
    }

    fn stands_with(&mut self, calls: bool) -> bool {
        let input = self.frame_input();
        let stands = self.session.stands(&input, calls);
        if !stands {
            self.tree = wait(self.session.render(input)).unwrap();
        }
        stands
    }

    pub(crate) fn render(&mut self) -> Result<(), ErrorInfo> {
        self.tree = wait(self.try_render())?;
        Ok(())
    }

    /// Ids of the mounted tasks in document order, skipped ones in brackets.
    pub(crate) fn tasks(&self) -> Vec<String> {
        self.tree
            .tasks()
            .map(|task| match task.skip_if {
                true => format!("[{}]", task.node.node_id),
                false => task.node.node_id.to_string(),
            })
            .collect()
    }

    pub(crate) fn task(&self, id: &str) -> &TaskSpec {
        self.tree
            .tasks()
            .find(|task| task.node.node_id.as_str() == id)
            .unwrap()
    }

    /// Starts the body of compute task `id`.
    pub(crate) fn call(
        &mut self,
        id: &str,
    ) -> impl Future<Output = Result<RawJson, CallError>> + use<> {
        self.attempt(id, 1)
    }

    /// Starts attempt `attempt` of compute task `id`.
    pub(crate) fn attempt(
        &mut self,
        id: &str,
        attempt: u32,
    ) -> impl Future<Output = Result<RawJson, CallError>> + use<> {
        self.begin(id, attempt, None)
    }

    /// Starts a task with the answer that a person gave to it.
    pub(crate) fn answered(
        &mut self,
        id: &str,
        answer: &Value,
    ) -> impl Future<Output = Result<RawJson, CallError>> + use<> {
        self.begin(id, 1, Some(RawJson::of(answer)))
    }

    fn begin(
        &mut self,
        id: &str,
        attempt: u32,
        given: Option<RawJson>,
    ) -> impl Future<Output = Result<RawJson, CallError>> + use<> {
        let callback = self.task(id).body.callback();
        let callback = callback.unwrap_or_else(|| panic!("{id} has no function"));
        self.session.call(TaskCall {
            asked: false,
            scorings: self.task(id).scorers.len() as u32,
            node: self.task(id).node.clone(),
            attempt,
            failures: attempt - 1,
            callback,
            last_heartbeat: self.last_heartbeat.clone(),
            given,
            root_dir: None,
            purpose: CallPurpose::Body,
            reporter: self.reporter(id),
        })
    }

    /// Asks scorer `scorer` of task `id` what it says of the result of attempt 1, which took 120 milliseconds.
    pub(crate) fn score(&mut self, id: &str, scorer: &str) -> Result<Judgement, CallError> {
        let key = ScoringKey {
            node: self.task(id).node.clone(),
            attempt: 1,
            scorer: scorer.into(),
        };
        wait(self.session.score(key, 120))
    }

    /// Asks what the result of attempt 1 of task `id` depends on.
    pub(crate) fn ask(&mut self, id: &str) -> Result<Option<CacheRequest>, CallError> {
        let task = self.task(id);
        let call = TaskCall {
            asked: false,
            scorings: 0,
            node: task.node.clone(),
            attempt: 1,
            failures: 0,
            callback: task.body.callback().unwrap(),
            last_heartbeat: None,
            root_dir: None,
            given: None,
            purpose: CallPurpose::Body,
            reporter: Reporter::deaf(),
        };
        wait(self.session.cache_request(&call))
    }

    /// Calls the function that takes the effect of task `id` back, with `given`.
    pub(crate) fn revert(
        &mut self,
        id: &str,
        given: &str,
    ) -> impl Future<Output = Result<RawJson, CallError>> + use<> {
        let task = self.task(id);
        let callback = task.callback(CallPurpose::Revert);
        let call = TaskCall {
            asked: false,
            scorings: 0,
            node: task.node.clone(),
            attempt: 1,
            failures: 0,
            callback: callback.unwrap_or_else(|| panic!("{id} has no revert")),
            last_heartbeat: None,
            given: Some(RawJson::parse(given).unwrap()),
            root_dir: None,
            purpose: CallPurpose::Revert,
            reporter: self.reporter(id),
        };
        self.session.call(call)
    }

    fn reporter(&self, id: &str) -> Reporter {
        let (written, id) = (Arc::clone(&self.written), id.to_owned());
        let (beats, told) = (Arc::clone(&self.beats), Arc::clone(&self.told));
        Reporter::new(move |report| match report {
            Report::Output { stream, text } => {
                let whence = format!("{id} {}", stream.as_str());
                written.lock().unwrap().push((whence, text));
            }
            Report::Heartbeat { data } => beats.lock().unwrap().push(data),
            Report::Agent(report) => told.lock().unwrap().push(*report),
            Report::Truncated { .. } => panic!("no body says so"),
        })
    }

    /// The heartbeats of the tasks since the last call, in order.
    pub(crate) fn beats(&self) -> Vec<Option<RawJson>> {
        std::mem::take(&mut self.beats.lock().unwrap())
    }

    /// What the agents of the tasks told since the last call, in order.
    pub(crate) fn told(&self) -> Vec<AgentReport> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    /// What the tasks wrote since the last call, in order.
    pub(crate) fn written(&self) -> Vec<Written> {
        std::mem::take(&mut self.written.lock().unwrap())
    }

    pub(crate) fn abort(&mut self, id: &str) {
        self.session.abort(&NodeKey::new(id, 0), 1);
    }

    /// Does task `id`, stores its output and renders the next frame. Returns the output.
    pub(crate) fn finish(&mut self, id: &str) -> Value {
        let output = match &self.task(id).body {
            TaskBody::Static(Some(payload)) => payload.clone().unwrap(),
            TaskBody::Compute(_) => wait(self.call(id)).unwrap(),
            other => panic!("{id} cannot be done by itself: {other:?}"),
        };
        self.store(id, output.as_str());
        output.value()
    }

    /// Stores `payload` as the output of `id` and renders the next frame.
    pub(crate) fn store(&mut self, id: &str, payload: &str) {
        self.add(id, payload);
        self.render().unwrap();
    }

    /// Stores a row of a task that need not be in the newest frame.
    pub(crate) fn give(&mut self, table: &str, id: &str, payload: &str) {
        let row = OutputRow {
            table: table.to_owned(),
            node: NodeKey::new(id, 0),
            payload: RawJson::parse(payload).unwrap(),
        };
        self.new_rows.push(Arc::new(row));
    }

    /// Stores `payload` as the output of `id`.
    pub(crate) fn add(&mut self, id: &str, payload: &str) {
        let row = OutputRow {
            table: self.task(id).output_table.clone(),
            node: self.task(id).node.clone(),
            payload: RawJson::parse(payload).unwrap(),
        };
        self.new_rows.push(Arc::new(row));
    }
}
