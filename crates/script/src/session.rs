//! A run's side of a script workflow. Survives the loss of its runtime by rendering again.

use std::sync::Arc;

use parking_lot::Mutex;
use smithers_model::NodeKey;
use smithers_model::cache::CacheRequest;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::score::{Judgement, ScoringKey};
use smithers_model::tree::Tree;
use smithers_model::workflow::{BoxFuture, CallError, RenderInput, TaskCall, WorkflowSession};

use crate::ground::Ground;
use crate::runtime::{
    CallAnswer, CallQuestion, CallStart, RenderRequest, Rendered, ScoringStart, Seen, SharedRows,
};
use crate::thread::{Control, Lost, Request, Slot, next_ticket};

/// The newest frame that was rendered.
#[derive(Debug)]
struct Newest {
    /// What it was rendered from.
    request: RenderRequest,
    /// How many rows its functions see when they are called, if more than it was rendered from.
    moved_to: Option<usize>,
    /// Shared with its calls that are under way.
    calls: Arc<()>,
}

impl Newest {
    fn of(request: RenderRequest) -> Self {
        Self {
            request,
            moved_to: None,
            calls: Arc::default(),
        }
    }

    /// Whether it would be rendered from the same passes of loops.
    fn is_of_pass(&self, input: &RenderInput) -> bool {
        self.request.iteration == input.iteration && self.request.iterations == input.iterations
    }

    /// Whether a function of the frame may be looking at rows.
    fn is_at_work(&self) -> bool {
        Arc::strong_count(&self.calls) > 1
    }
}

/// Session of one run.
#[derive(Debug)]
pub(crate) struct ScriptSession {
    id: u64,
    slot: Arc<Slot>,
    /// Index of the workflow in its module.
    workflow: usize,
    /// Every row of the run: a fresh runtime must be given all of them.
    rows: SharedRows,
    /// What the newest frame rests on.
    ground: Arc<Mutex<Ground>>,
    newest: Option<Newest>,
    /// Tells requests that wait for their turn whether this session is still there.
    alive: Arc<()>,
}

impl ScriptSession {
    pub(crate) fn new(slot: Arc<Slot>, workflow: usize) -> Self {
        Self {
            id: next_ticket(),
            slot,
            workflow,
            rows: Arc::default(),
            ground: Arc::default(),
            newest: None,
            alive: Arc::default(),
        }
    }
}

impl WorkflowSession for ScriptSession {
    fn render(&mut self, input: RenderInput) -> BoxFuture<Result<Tree, ErrorInfo>> {
        self.rows.lock().extend(input.new_rows);
        let request = RenderRequest {
            session: self.id,
            workflow: self.workflow,
            run_id: input.run_id,
            input: input.input,
            auth: input.auth,
            continuation: input.continuation,
            iteration: input.iteration,
            iterations: input.iterations,
            patches: input.patches,
            stale: input.stale,
            rows: Arc::clone(&self.rows),
            alive: Arc::downgrade(&self.alive),
        };
        self.newest = Some(Newest::of(request.clone()));
        let ground = Arc::clone(&self.ground);
        ground.lock().leave();
        let rendered = render(Arc::clone(&self.slot), request);
        Box::pin(async move {
            let Rendered {
                tree,
                reads,
                footing,
            } = rendered.await?;
            ground.lock().settle(reads, footing);
            Ok(tree)
        })
    }

    /// Functions can see more rows than their frame was rendered from as long as none of them is under way: one that
    /// is must not see rows come.
    fn stands(&mut self, input: &RenderInput, calls: bool) -> bool {
        let Some(newest) = &mut self.newest else {
            return false;
        };
        let is_free = !calls || !newest.is_at_work();
        if !(is_free && newest.is_of_pass(input) && self.ground.lock().holds(&input.new_rows)) {
            return false;
        }
        let mut rows = self.rows.lock();
        rows.extend_from_slice(&input.new_rows);
        if calls {
            newest.moved_to = Some(rows.len());
        }
        true
    }

    fn cache_request(
        &mut self,
        call: &TaskCall,
    ) -> BoxFuture<Result<Option<CacheRequest>, CallError>> {
        let id = next_ticket();
        let (slot, session) = (self.slot.id, self.id);
        let seen = self.newest.as_ref().and_then(|newest| newest.moved_to);
        let rows = seen.map(|count| Seen {
            rows: Arc::clone(&self.rows),
            count,
        });
        let (node, attempt, callback) = (call.node.clone(), call.attempt, call.callback);
        let asked = self.slot.thread.ask(id, move |reply| {
            let question = CallQuestion {
                id,
                session,
                node,
                attempt,
                callback,
                rows,
                reply,
            };
            Request::Ask { slot, question }
        });
        Box::pin(async move {
            let told = asked.await.ok().flatten();
            told.ok_or_else(|| lost("the runtime was lost"))
        })
    }

    fn call(&mut self, call: TaskCall) -> BoxFuture<Result<RawJson, CallError>> {
        let Some(newest) = &self.newest else {
            return Box::pin(async { Err(lost("the run has no frame")) });
        };
        let slot = Arc::clone(&self.slot);
        let at_work = Arc::clone(&newest.calls);
        let request = newest.request.clone();
        let seen = newest.moved_to.map(|count| Seen {
            rows: Arc::clone(&self.rows),
            count,
        });
        let started = start(&slot, self.id, call.clone(), seen);
        Box::pin(async move {
            let _at_work = at_work;
            if let Some(answer) = started.await? {
                return answer;
            }
            if call.asked {
                return Err(lost("the runtime was lost with what it knew of the task"));
            }
            // The runtime was lost since the frame: its successor needs the frame first, from all rows.
            let session = request.session;
            let callback = restore(&slot, request, &call).await?;
            let again = start(&slot, session, TaskCall { callback, ..call }, None).await?;
            match again {
                Some(answer) => answer,
                None => Err(lost("the runtime was lost once more")),
            }
        })
    }

    fn score(
        &mut self,
        key: ScoringKey,
        latency_ms: u64,
    ) -> BoxFuture<Result<Judgement, CallError>> {
        let id = next_ticket();
        let (slot, session) = (self.slot.id, self.id);
        let asked = self.slot.thread.ask(id, move |reply| {
            let scoring = ScoringStart {
                id,
                session,
                key,
                latency_ms,
                reply,
            };
            Request::Score { slot, scoring }
        });
        Box::pin(async move {
            let answer = asked.await.ok().flatten();
            let said = answer.ok_or_else(|| lost("the runtime was lost"))??;
            Judgement::read(&said).map_err(|error| CallError::Failed {
                error,
                retryable: false,
            })
        })
    }

    fn abort(&mut self, node: &NodeKey, attempt: u32) {
        self.slot.thread.tell(Control::Abort {
            slot: self.slot.id,
            session: self.id,
            node: node.clone(),
            attempt,
        });
    }
}

impl Drop for ScriptSession {
    fn drop(&mut self) {
        // Before the session is closed, so that a request which comes later does not open it again.
        self.alive = Arc::default();
        self.slot.thread.tell(Control::Close {
            slot: self.slot.id,
            session: self.id,
        });
    }
}

async fn render(slot: Arc<Slot>, request: RenderRequest) -> Result<Rendered, ErrorInfo> {
    let rendered = render_unless_lost(slot, request).await;
    rendered.unwrap_or_else(|| {
        Err(ErrorInfo::coded(
            "INTERNAL_ERROR",
            "the runtime was lost while rendering",
        ))
    })
}

/// Renders; none when the runtime was lost, and so was the one that took its place.
async fn render_unless_lost(
    slot: Arc<Slot>,
    render: RenderRequest,
) -> Option<Result<Rendered, ErrorInfo>> {
    let ticket = next_ticket();
    let thread = Arc::clone(&slot.thread);
    let asked = thread.ask(ticket, {
        let (slot, render) = (Arc::clone(&slot), render.clone());
        move |reply| Request::Render {
            ticket,
            slot,
            render,
            reply,
        }
    });
    match asked.await {
        Ok(rendered) => Some(rendered),
        Err(Lost { at_fault: true }) => Some(Err(ErrorInfo::coded(
            "WORKFLOW_RENDER_FAILED",
            "rendering is stuck in the engine",
        ))),
        // A bystander renders again, in the runtime that takes the place of the lost one.
        Err(Lost { at_fault: false }) => {
            let again = thread.ask(ticket, move |reply| Request::Render {
                ticket,
                slot,
                render,
                reply,
            });
            again.await.ok()
        }
    }
}

/// Renders the newest frame once more in a fresh runtime and finds the callback of `call` there.
async fn restore(
    slot: &Arc<Slot>,
    newest: RenderRequest,
    call: &TaskCall,
) -> Result<u32, CallError> {
    let rendered = render_unless_lost(Arc::clone(slot), newest).await;
    let rendered = rendered.ok_or_else(|| lost("the runtime was lost while rendering"))?;
    let Rendered { tree, .. } = rendered.map_err(|error| CallError::Failed {
        error,
        retryable: true,
    })?;
    let task = tree.tasks().find(|task| task.node == call.node);
    task.and_then(|task| task.callback(call.purpose))
        .ok_or_else(|| lost("the task is not in the frame that replaced the lost one"))
}

/// Starts a call at once, and waits for its end; none when the session is not open in the runtime.
fn start(
    slot: &Slot,
    session: u64,
    call: TaskCall,
    rows: Option<Seen>,
) -> impl Future<Output = Result<CallAnswer, CallError>> + Send + use<> {
    let id = next_ticket();
    let slot_id = slot.id;
    let asked = slot.thread.ask(id, move |reply| {
        let call = CallStart {
            id,
            session,
            call,
            rows,
            reply,
        };
        Request::Call {
            slot: slot_id,
            call,
        }
    });
    async move {
        asked.await.map_err(|Lost { at_fault }| match at_fault {
            false => lost("the runtime was lost"),
            true => CallError::Failed {
                error: ErrorInfo::coded("TASK_TIMEOUT", "the task is stuck in the engine"),
                retryable: true,
            },
        })
    }
}

fn lost(message: &str) -> CallError {
    CallError::RuntimeLost {
        message: message.to_owned(),
    }
}
