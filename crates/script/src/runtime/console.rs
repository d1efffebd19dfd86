//! Where text goes that modules write: to the task whose code is running, else to the log of the process.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use rquickjs::{Ctx, Function, Object, Result};
use smithers_model::RawJson;
use smithers_model::agent::{AgentEvent, AgentReport};
use smithers_model::report::{OutputStream, Report, Reporter};

use super::shared::{Shared, Work};

/// Target of what modules write to their console.
const CONSOLE: &str = "smithers::console";

/// Reporters of the calls under way.
#[derive(Debug, Default)]
pub(crate) struct Reporters(RefCell<HashMap<u64, Reporter>>);

impl Reporters {
    /// Forgets the reporter of a call that has ended: what it writes from now on is dropped.
    pub(crate) fn end(&self, call: u64) {
        self.0.borrow_mut().remove(&call);
    }

    /// Reports that `call` wrote `text`.
    fn output(&self, call: u64, stream: OutputStream, text: String) {
        self.report(call, Report::Output { stream, text });
    }

    fn report(&self, call: u64, report: Report) {
        // Cloned, because the reporter is not known to leave this table alone.
        let reporter = self.0.borrow().get(&call).cloned();
        if let Some(reporter) = reporter {
            reporter.report(report);
        }
    }
}

/// Keeps the reporter of a call as long as the call is under way.
#[derive(Debug)]
pub(crate) struct Reporting {
    shared: Rc<Shared>,
    call: u64,
}

impl Reporting {
    pub(crate) fn begin(shared: &Rc<Shared>, call: u64, reporter: Reporter) -> Self {
        shared.reporters.0.borrow_mut().insert(call, reporter);
        Self {
            shared: Rc::clone(shared),
            call,
        }
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.shared.reporters.end(self.call);
    }
}

/// Puts `write`, `report` and `heartbeat` where built-in modules find them.
pub(crate) fn install<'js>(
    ctx: &Ctx<'js>,
    native: &Object<'js>,
    shared: &Rc<Shared>,
) -> Result<()> {
    let console = Rc::clone(shared);
    let write = move |stream: String, level: String, text: String| {
        console.touched.set(true);
        let work = console.work();
        match work.call {
            Some(call) => console.reporters.output(call, stream_of(&stream), text),
            None => write_log(&work, &level, text.trim_end_matches('\n')),
        }
    };
    let outbox = Rc::clone(shared);
    let report = move |call: f64, stream: String, text: String| {
        outbox
            .reporters
            .output(call as u64, stream_of(&stream), text);
    };
    native.set("write", Function::new(ctx.clone(), write)?)?;
    native.set("report", Function::new(ctx.clone(), report)?)?;
    let alive = Rc::clone(shared);
    let heartbeat = move |call: f64, data: Option<String>| {
        let data = data.map(RawJson::trusted);
        let report = Report::Heartbeat { data };
        alive.reporters.report(call as u64, report);
    };
    native.set("heartbeat", Function::new(ctx.clone(), heartbeat)?)?;
    install_agents(ctx, native, shared)
}

/// Puts `agentEvent` and `tokens` where built-in modules find them.
fn install_agents<'js>(ctx: &Ctx<'js>, native: &Object<'js>, shared: &Rc<Shared>) -> Result<()> {
    let told = Rc::clone(shared);
    let event = move |call: f64, engine: String, event: String| {
        let event = RawJson::trusted(event);
        let report = AgentReport::Event(AgentEvent { engine, event });
        told.reporters
            .report(call as u64, Report::Agent(Box::new(report)));
    };
    native.set("agentEvent", Function::new(ctx.clone(), event)?)?;
    let used = Rc::clone(shared);
    let tokens = move |call: f64, usage: String| {
        // Written by our own module, from numbers that it has checked.
        if let Ok(usage) = serde_json::from_str(&usage) {
            let report = Report::Agent(Box::new(AgentReport::Tokens(usage)));
            used.reporters.report(call as u64, report);
        }
    };
    native.set("tokens", Function::new(ctx.clone(), tokens)?)
}

fn stream_of(name: &str) -> OutputStream {
    match name {
        "stderr" => OutputStream::Stderr,
        _ => OutputStream::Stdout,
    }
}

/// Writes a line of a module's console to the log of the process.
fn write_log(work: &Work, level: &str, text: &str) {
    let run = work.run_id.as_ref().map(tracing::field::display);
    match level {
        "error" => tracing::error!(target: CONSOLE, { run.id = run }, "{text}"),
        "warn" => tracing::warn!(target: CONSOLE, { run.id = run }, "{text}"),
        "debug" => tracing::debug!(target: CONSOLE, { run.id = run }, "{text}"),
        _ => tracing::info!(target: CONSOLE, { run.id = run }, "{text}"),
    }
}
