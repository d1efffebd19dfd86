//! The engine itself: contexts, limits and the host module's functions. Knows no sessions.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rquickjs::function::IntoArgs;
use rquickjs::promise::PromiseState;
use rquickjs::{Context, Ctx, FromJs, Function, Module, Object, Persistent, Promise, Runtime};
use smithers_model::error::ErrorInfo;

use super::exception::{Halt, halt, null, thrown};
use super::guard::Guard;
use super::loader::GraphLoader;
use super::native;
use super::shared::{Shared, Work};
use super::walk::{Names, WalkError};
use crate::graph::{ModuleGraph, builtin};
use crate::ground::{Footing, Soil};
use crate::options::Limits;
use crate::thread::Pulse;

/// Garbage collection starts when the heap has grown by this much, bytes.
const COLLECT_BYTES: usize = 4 << 20;

/// A JavaScript engine with the host module loaded. Fields drop in order: values before the runtime.
pub(super) struct Engine {
    host: Persistent<Object<'static>>,
    pub(super) names: Names,
    context: Context,
    runtime: Runtime,
    pub(super) guard: Rc<Guard>,
    pub(super) shared: Rc<Shared>,
    soil: Soil,
    pulse: Arc<Pulse>,
}

/// How the jobs that followed some code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drained {
    /// None is left.
    Empty,
    /// One took too long by itself and was stopped; the others ran.
    Stopped,
    /// They go on without end.
    Endless,
}

impl Engine {
    pub(super) fn new(
        graph: &Arc<ModuleGraph>,
        limits: &Limits,
        env: &str,
        pulse: &Arc<Pulse>,
    ) -> Result<Self, Halt> {
        let runtime = Runtime::new().map_err(|_| Halt::OutOfMemory)?;
        runtime.set_memory_limit(limits.heap_bytes);
        runtime.set_max_stack_size(limits.stack_bytes);
        runtime.set_gc_threshold(COLLECT_BYTES);
        runtime.set_loader(
            GraphLoader(Arc::clone(graph)),
            GraphLoader(Arc::clone(graph)),
        );
        let guard = Guard::install(&runtime);
        let shared = Rc::new(Shared::default());
        track_rejections(&runtime, &shared);
        let context = Context::full(&runtime).map_err(|_| Halt::OutOfMemory)?;
        guard.arm(limits.load);
        let (host, names) = context.with(|ctx| {
            native::install(&ctx, &shared, graph, env, limits)
                .and_then(|()| Ok((load_host(&ctx)?, Names::new(&ctx)?)))
                .map_err(|error| halt(&ctx, error, &guard, None))
        })?;
        guard.disarm();
        Ok(Self {
            host,
            names,
            context,
            runtime,
            guard,
            shared,
            soil: Soil::default(),
            pulse: Arc::clone(pulse),
        })
    }

    /// Calls function `name` of the host module for `work`, and nothing after it.
    pub(super) fn call<A, R>(
        &self,
        work: &Rc<Work>,
        limit: Duration,
        name: &str,
        arguments: A,
    ) -> Result<R, Halt>
    where
        A: for<'js> IntoArgs<'js>,
        R: for<'js> FromJs<'js>,
    {
        self.with(work, limit, |ctx, host| {
            host.get::<_, Function<'_>>(name)
                .and_then(|function| function.call(arguments))
                .map_err(|error| self.halted(ctx, error, host))
        })
    }

    /// Runs `body` with the host module for `work`, under `limit`.
    pub(super) fn with<T>(
        &self,
        work: &Rc<Work>,
        limit: Duration,
        body: impl for<'js> FnOnce(&Ctx<'js>, &Object<'js>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        *self.shared.work.borrow_mut() = Rc::clone(work);
        let _beat = self.pulse.begin(work.call, limit);
        self.guard.arm(limit);
        let done = self.context.with(|ctx| {
            let host = self
                .host
                .clone()
                .restore(&ctx)
                .expect("the host module is of this runtime");
            body(&ctx, &host)
        });
        self.guard.disarm();
        done.map_err(|halt| self.judge(halt))
    }

    /// Decides what a thrown null means.
    fn judge(&self, halt: Halt) -> Halt {
        match halt {
            Halt::Null if self.heap_is_full() => Halt::OutOfMemory,
            Halt::Null => Halt::Thrown(Box::new(null())),
            other => other,
        }
    }

    /// Whether most of the heap is in use. Walks the heap: for rare questions only.
    pub(super) fn heap_is_full(&self) -> bool {
        let usage = self.runtime.memory_usage();
        usage.malloc_limit > 0 && usage.malloc_size > usage.malloc_limit / 2
    }

    /// Says why `error` came back while the guard was armed.
    pub(super) fn halted<'js>(
        &self,
        ctx: &Ctx<'js>,
        error: rquickjs::Error,
        host: &Object<'js>,
    ) -> Halt {
        let describe = host.get::<_, Function<'js>>("describe").ok();
        halt(ctx, error, &self.guard, describe.as_ref())
    }

    /// What the frame that was just rendered rests on; none when it may rest on what can change. A frame that started
    /// jobs does not end with its render.
    pub(super) fn footing(&self) -> Option<Footing> {
        let is_pure = !self.shared.touched.get() && !self.runtime.is_job_pending();
        is_pure.then(|| self.soil.footing())
    }

    /// Ends a frame that could not be rendered and says why.
    pub(super) fn give_up_frame<'js>(
        &self,
        ctx: &Ctx<'js>,
        host: &Object<'js>,
        error: WalkError,
    ) -> Halt {
        let thrown = matches!(&error, WalkError::Engine(error) if error.is_exception());
        let ended = match thrown && !self.guard.tripped() {
            true => host
                .get::<_, Function<'js>>("failFrame")
                .and_then(|fail| fail.call::<_, ()>((ctx.catch(),))),
            false => {
                let caught = ctx.catch();
                let dropped = host
                    .get::<_, Function<'js>>("dropFrame")
                    .and_then(|end| end.call::<_, ()>(()));
                drop((caught, dropped));
                Ok(())
            }
        };
        match (error, ended) {
            (WalkError::Invalid(info), _) => Halt::Thrown(Box::new(info)),
            (_, Err(error)) | (WalkError::Engine(error), Ok(())) => self.halted(ctx, error, host),
        }
    }

    /// Runs the jobs that are ready, for `work`.
    pub(super) fn drain(&self, work: &Rc<Work>, limit: Duration) -> Drained {
        match self.drain_once(work, limit) {
            Drained::Stopped => match self.drain_once(work, limit) {
                Drained::Empty => Drained::Stopped,
                Drained::Stopped | Drained::Endless => Drained::Endless,
            },
            ended => ended,
        }
    }

    /// A job may take `limit`, and no job starts when all of them together have taken that.
    fn drain_once(&self, work: &Rc<Work>, limit: Duration) -> Drained {
        *self.shared.work.borrow_mut() = Rc::clone(work);
        let _beat = self.pulse.begin(work.call, limit * 2);
        let deadline = Instant::now() + limit;
        let drained = loop {
            if Instant::now() >= deadline {
                break Drained::Endless;
            }
            self.guard.arm(limit);
            match self.runtime.execute_pending_job() {
                Ok(true) => {}
                Ok(false) => break Drained::Empty,
                Err(exception) => drop(exception),
            }
            if self.guard.tripped() {
                break Drained::Stopped;
            }
        };
        self.guard.disarm();
        drained
    }

    /// Returns when the next timer is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.shared.timers.borrow().next_due()
    }

    /// Starts to evaluate the module.
    pub(super) fn start_load(
        &self,
        (entry, stem): (&str, String),
        limit: Duration,
    ) -> Result<Persistent<Promise<'static>>, Halt> {
        let work = Rc::new(Work::default());
        self.with(&work, limit, |ctx, host| {
            let promise = host
                .get::<_, Function<'_>>("load")
                .and_then(|load| load.call::<_, Promise<'_>>((entry, stem)));
            match promise {
                Ok(promise) => Ok(Persistent::save(ctx, promise)),
                Err(error) => Err(self.halted(ctx, error, host)),
            }
        })
    }

    /// Runs what is ready and returns the result of a load, once there is one.
    pub(super) fn load_result(
        &self,
        promise: &Persistent<Promise<'static>>,
        limit: Duration,
    ) -> Result<Option<String>, Halt> {
        let work = Rc::new(Work::default());
        if self.drain_once(&work, limit) != Drained::Empty {
            return Err(Halt::Interrupted);
        }
        self.with(&work, limit, |ctx, host| {
            let promise = promise
                .clone()
                .restore(ctx)
                .expect("the promise is of this runtime");
            match promise.state() {
                PromiseState::Pending => Ok(None),
                PromiseState::Resolved | PromiseState::Rejected => match promise.result::<String>()
                {
                    Some(Ok(text)) => Ok(Some(text)),
                    Some(Err(error)) => Err(self.halted(ctx, error, host)),
                    None => Ok(None),
                },
            }
        })
    }

    /// Validates an input with the module's own parser.
    pub(super) fn check_input(
        &self,
        work: &Rc<Work>,
        index: usize,
        input: &str,
        limit: Duration,
    ) -> Result<String, Halt> {
        self.call(work, limit, "checkInput", (index as u32, input))
    }

    /// Describes a value that user code threw.
    pub(super) fn describe<'js>(
        &self,
        value: rquickjs::Value<'js>,
        host: &Object<'js>,
    ) -> ErrorInfo {
        let describe = host.get::<_, Function<'js>>("describe").ok();
        match thrown(value, describe.as_ref()) {
            Halt::Thrown(info) => *info,
            Halt::Null => null(),
            Halt::Interrupted | Halt::OutOfMemory => {
                ErrorInfo::thrown("InternalError", "out of memory")
            }
        }
    }
}

/// Evaluates the host module and returns its namespace.
fn load_host(ctx: &Ctx<'_>) -> rquickjs::Result<Persistent<Object<'static>>> {
    let source = builtin::source(builtin::HOST).expect("the host module is built in");
    let (module, promise) = Module::declare(ctx.clone(), builtin::HOST, source)?.eval()?;
    promise.finish::<()>()?;
    Ok(Persistent::save(ctx, module.namespace()?))
}

/// Notices an exhausted heap in a promise that nobody looks at.
fn track_rejections(runtime: &Runtime, shared: &Rc<Shared>) {
    let shared = Rc::clone(shared);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(
        move |_ctx, _promise, reason, handled| {
            if handled {
                return;
            }
            if matches!(thrown(reason, None), Halt::OutOfMemory | Halt::Null) {
                shared.heap_suspected.set(true);
            }
        },
    )));
}
