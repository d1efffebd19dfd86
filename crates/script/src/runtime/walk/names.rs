//! Property names that the host reads, interned once for each runtime.

use std::cell::RefCell;

use rquickjs::{Ctx, Result};

use super::raw::{HeldNames, Name};

macro_rules! names {
    ($($field:ident = $text:literal),+ $(,)?) => {
        /// Interned property names.
        #[derive(Debug)]
        pub(in crate::runtime) struct Names {
            $(pub(super) $field: Name,)+
            /// Names of fields of values.
            pub(super) held: RefCell<HeldNames>,
        }

        impl Names {
            /// Interns the names in the runtime of `ctx`.
            pub(in crate::runtime) fn new(ctx: &Ctx<'_>) -> Result<Self> {
                Ok(Self {
                    $($field: Name::intern(ctx, $text)?,)+
                    held: RefCell::default(),
                })
            }
        }
    };
}

names! {
    element_type = "type",
    key = "key",
    inner = "inner",
    current = "current",
    value = "value",
    output = "output",
    kind = "kind",
    tag = "tag",
    props = "props",
    spec = "spec",
    children = "children",
    name = "name",
    component = "component",
    max_concurrency = "maxConcurrency",
    subtree_concurrency = "subtreeConcurrency",
    id = "id",
    iteration = "iteration",
    label = "label",
    table = "table",
    plain = "plain",
    skip_if = "skipIf",
    depends_on = "dependsOn",
    priority = "priority",
    continue_on_fail = "continueOnFail",
    quarantine = "quarantine",
    until = "until",
    max_iterations = "maxIterations",
    continue_as_new_every = "continueAsNewEvery",
    may_reach_max = "mayReachMax",
    missing = "missing",
    retries = "retries",
    backoff = "backoff",
    delay = "delayMs",
    approval = "approval",
    body = "body",
    wait = "wait",
    callback = "callback",
    payload = "payload",
    fresh = "fresh",
    error = "error",
    region = "region",
    codes = "codes",
    on_failure = "onFailure",
    cancel_ms = "cancelMs",
    side_effect = "sideEffect",
    cached = "cached",
    idempotent = "idempotent",
    revert = "revert",
    worktree = "worktree",
    bind = "bind",
    aspects = "aspects",
    scorers = "scorers",
    by_agent = "byAgent",
}
