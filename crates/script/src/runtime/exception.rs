//! Why code stopped: what it threw, or which limit it met.

use rquickjs::{Ctx, Error, FromJs, Function, Value};
use serde::Deserialize;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;

use super::guard::Guard;
use crate::graph::ModuleGraph;

/// Code that did not come to its end.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It threw.
    Thrown(Box<ErrorInfo>),
    /// It ran past its deadline and was stopped.
    Interrupted,
    /// It used up the heap; the runtime must not be used again.
    OutOfMemory,
    /// It threw null: the engine does that when it has no memory for an error object, and so may users.
    Null,
}

/// An error as `describeError` writes it.
#[derive(Debug, Deserialize)]
struct Described {
    name: String,
    message: String,
    code: Option<String>,
    stack: Option<String>,
    details: Option<RawJson>,
    cause: Option<Box<Described>>,
}

/// Says why `error` came back from the engine. `describe` is the function of the host module.
pub(crate) fn halt<'js>(
    ctx: &Ctx<'js>,
    error: Error,
    guard: &Guard,
    describe: Option<&Function<'js>>,
) -> Halt {
    if guard.tripped() {
        ctx.catch();
        return Halt::Interrupted;
    }
    if !error.is_exception() {
        return Halt::Thrown(Box::new(ErrorInfo::thrown(
            "InternalError",
            error.to_string(),
        )));
    }
    thrown(ctx.catch(), describe)
}

/// Says what a thrown value means. Positions are still those of the generated code.
pub(crate) fn thrown<'js>(value: Value<'js>, describe: Option<&Function<'js>>) -> Halt {
    if value.is_null() {
        return Halt::Null;
    }
    let described = describe.and_then(|describe| quietly(&value, describe.call((value.clone(),))));
    let info = match described.and_then(|text: String| parse(&text)) {
        Some(info) => info,
        None => plain(&value),
    };
    match is_out_of_memory(&info) {
        true => Halt::OutOfMemory,
        false => Halt::Thrown(Box::new(info)),
    }
}

/// Whether `info` is the engine's error for an exhausted heap.
pub(crate) fn is_out_of_memory(info: &ErrorInfo) -> bool {
    info.name == "InternalError" && info.message.starts_with("out of memory")
}

/// An error that stands for a thrown null.
pub(crate) fn null() -> ErrorInfo {
    ErrorInfo::thrown("Error", "null")
}

/// Reads an error in the form of `describeError`.
pub(crate) fn parse(text: &str) -> Option<ErrorInfo> {
    serde_json::from_str::<Described>(text)
        .ok()
        .map(Described::into_info)
}

/// Rewrites the stacks of `info` and its causes to positions of the sources.
pub(crate) fn map_stacks(mut info: ErrorInfo, graph: &ModuleGraph) -> ErrorInfo {
    info.stack = info
        .stack
        .map(|stack| graph.map_stack(&stack))
        .filter(|stack| !stack.is_empty());
    info.cause = info.cause.map(|cause| Box::new(map_stacks(*cause, graph)));
    info
}

/// The result of looking at `value`; what its own code throws meanwhile is dropped.
fn quietly<T>(value: &Value<'_>, looked: rquickjs::Result<T>) -> Option<T> {
    looked.inspect_err(|_| drop(value.ctx().catch())).ok()
}

/// A description without help from JavaScript.
fn plain(value: &Value<'_>) -> ErrorInfo {
    let Some(object) = value.as_object() else {
        let text = String::from_js(value.ctx(), value.clone());
        return ErrorInfo::thrown("Error", text.unwrap_or_else(|_| "unknown".into()));
    };
    let field = |name: &str| quietly(value, object.get::<_, Option<String>>(name)).flatten();
    let name = field("name").unwrap_or_else(|| "Error".into());
    let mut info = ErrorInfo::thrown(name, field("message").unwrap_or_default());
    info.stack = field("stack");
    info
}

impl Described {
    fn into_info(self) -> ErrorInfo {
        ErrorInfo {
            name: self.name,
            message: self.message,
            code: self.code,
            stack: self.stack,
            details: self.details,
            cause: self.cause.map(|cause| Box::new(cause.into_info())),
        }
    }
}
