//! Workflows written in Rust: the same trait as modules, for tests, benches and embedders.
//!
//! ```
//! use serde_json::json;
//! use smithers_model::native::{NativeWorkflow, number, table, text};
//!
//! let workflow = NativeWorkflow::new("greet", vec![table("output", [text("greeting"), number("length")])], |ctx, ui| {
//!     let name = ctx.input()["name"].as_str().unwrap_or("you").to_owned();
//!     ui.workflow("greet", |ui| {
//!         ui.task("hello").output("output").compute(move || {
//!             let greeting = format!("hello {name}");
//!             Box::pin(async move { Ok(json!({"length": greeting.len(), "greeting": greeting})) })
//!         });
//!     });
//! });
//! # let _ = workflow;
//! ```

mod fields;
mod session;
mod ui;

use std::sync::Arc;

use crate::error::ErrorInfo;
use crate::json::RawJson;
use crate::output::OutputTable;
use crate::workflow::{BoxFuture, ModuleRevision, Workflow, WorkflowDefinition, WorkflowSession};
use crate::{RunId, WorkflowKey};

pub use fields::{boolean, integer, json, number, table, text};
pub use session::Context;
pub use ui::{TaskBuilder, Ui};

/// Builds the tree of one frame.
type Build = dyn Fn(&Context, &mut Ui) + Send + Sync;

/// A workflow whose tree is built by a Rust function.
pub struct NativeWorkflow {
    definition: Arc<WorkflowDefinition>,
    build: Arc<Build>,
}

impl NativeWorkflow {
    /// Makes a workflow registered under `key` with output `tables`; the table `output` holds its result.
    pub fn new(
        key: impl Into<WorkflowKey>,
        tables: Vec<OutputTable>,
        build: impl Fn(&Context, &mut Ui) + Send + Sync + 'static,
    ) -> Self {
        let definition = WorkflowDefinition {
            key: key.into(),
            readable_name: None,
            description: None,
            system: false,
            input_fields: None,
            outputs: tables.into_iter().map(Arc::new).collect(),
            result_table: Some("output".into()),
            revision: ModuleRevision::default(),
        };
        Self {
            definition: Arc::new(definition),
            build: Arc::new(build),
        }
    }
}

impl Workflow for NativeWorkflow {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        &self.definition
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        Box::pin(async move { Ok(input) })
    }

    fn open(&self, _: &RunId) -> Box<dyn WorkflowSession> {
        Box::new(session::Session::new(self.build.clone()))
    }
}
