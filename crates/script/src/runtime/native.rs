//! The functions that built-in modules call: timers, ends of calls, the console, text, URLs and files.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rquickjs::{Ctx, Function, Object, Result, TypedArray};
use sha2::{Digest, Sha256};
use smithers_model::RawJson;
use smithers_model::proof;

use super::commands;
use super::commonjs;
use super::console;
use super::files::{self, Folder};
use super::shared::{Settled, Shared};
use super::timers::TimerKey;
use super::urls;
use crate::graph::ModuleGraph;
use crate::options::Limits;

/// Puts the functions where the built-in module `smithers:native` takes them. `env` is the visible
/// environment as a JSON object.
pub(crate) fn install<'js>(
    ctx: &Ctx<'js>,
    shared: &Rc<Shared>,
    graph: &Arc<ModuleGraph>,
    env: &str,
    limits: &Limits,
) -> Result<()> {
    let native = Object::new(ctx.clone())?;
    native.set("env", env)?;
    native.set("entry", graph.entry.as_str())?;
    native.set("root", graph.root.display().to_string())?;
    native.set("platform", std::env::consts::OS)?;
    commands::install(ctx, &native, limits.commands, env)?;
    timers(ctx, &native, shared)?;
    settlements(ctx, &native, shared)?;
    console::install(ctx, &native, shared)?;
    text(ctx, &native)?;
    urls::install(ctx, &native)?;
    files::install(ctx, &native, Folder::new(&graph.root))?;
    commonjs::install(ctx, &native, graph)?;
    ctx.globals().set("__smithers", native)
}

fn milliseconds(value: f64) -> Duration {
    // Not a number and negative delays fire at once; the longest is about 24 days, as in browsers.
    Duration::from_millis(value.clamp(0.0, f64::from(i32::MAX)) as u64)
}

fn timers<'js>(ctx: &Ctx<'js>, native: &Object<'js>, shared: &Rc<Shared>) -> Result<()> {
    let set = Rc::clone(shared);
    let set_timer = move |delay: f64| {
        set.touched.set(true);
        let mut timers = set.timers.borrow_mut();
        let id = timers.next_script();
        timers.arm(TimerKey::Script(id), milliseconds(delay), set.work());
        id
    };
    let rearm = Rc::clone(shared);
    let rearm_timer = move |id: u32, delay: f64| {
        rearm.touched.set(true);
        let work = rearm.work();
        rearm
            .timers
            .borrow_mut()
            .arm(TimerKey::Script(id), milliseconds(delay), work);
    };
    let clear = Rc::clone(shared);
    let clear_timer = move |id: u32| {
        clear.touched.set(true);
        clear.timers.borrow_mut().disarm(TimerKey::Script(id))
    };
    let limit = Rc::clone(shared);
    let deadline = move |call: f64, delay: f64| {
        let work = limit.work();
        limit
            .timers
            .borrow_mut()
            .arm(TimerKey::Call(call as u64), milliseconds(delay), work);
    };
    native.set("setTimer", Function::new(ctx.clone(), set_timer)?)?;
    native.set("rearmTimer", Function::new(ctx.clone(), rearm_timer)?)?;
    native.set("clearTimer", Function::new(ctx.clone(), clear_timer)?)?;
    native.set("deadline", Function::new(ctx.clone(), deadline)?)
}

fn settlements<'js>(ctx: &Ctx<'js>, native: &Object<'js>, shared: &Rc<Shared>) -> Result<()> {
    let outbox = Rc::clone(shared);
    let settle = move |call: f64, succeeded: bool, text: String, retryable: bool| {
        let call = call as u64;
        let settled = Settled {
            call,
            succeeded,
            text,
            retryable,
        };
        outbox.timers.borrow_mut().disarm(TimerKey::Call(call));
        outbox.reporters.end(call);
        outbox.settled.borrow_mut().push(settled);
    };
    let touched = Rc::clone(shared);
    let touch = move || touched.touched.set(true);
    let places = Rc::clone(shared);
    let path = move || places.path.borrow().text();
    native.set("path", Function::new(ctx.clone(), path)?)?;
    native.set("touch", Function::new(ctx.clone(), touch)?)?;
    native.set("settle", Function::new(ctx.clone(), settle)?)
}

fn text<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    let random_uuid = || uuid::Uuid::new_v4().to_string();
    native.set("randomUuid", Function::new(ctx.clone(), random_uuid)?)?;
    let sha256 = |text: String| hex::encode(Sha256::digest(text));
    native.set("sha256", Function::new(ctx.clone(), sha256)?)?;
    let proof_digest = |text: String| proof::digest(&RawJson::trusted(text));
    native.set("proofDigest", Function::new(ctx.clone(), proof_digest)?)?;
    native.set("encodeUtf8", Function::new(ctx.clone(), encode_utf8)?)?;
    native.set("decodeUtf8", Function::new(ctx.clone(), decode_utf8)?)
}

fn encode_utf8<'js>(ctx: Ctx<'js>, text: String) -> Result<TypedArray<'js, u8>> {
    TypedArray::new(ctx, text.into_bytes())
}

/// Decodes bytes that come as a text of characters 0 to 255.
fn decode_utf8(bytes: String) -> String {
    let bytes: Vec<u8> = bytes.chars().map(|byte| byte as u8).collect();
    files::decode(&bytes)
}
