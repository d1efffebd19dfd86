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

/// What one workflow is.
#[derive(Clone)]
struct Part {
    definition: Arc<WorkflowDefinition>,
    build: Arc<Build>,
}

/// A workflow whose tree is built by a Rust function.
pub struct NativeWorkflow {
    this: Part,
    /// All workflows of its module.
    module: Arc<[Part]>,
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
            schedule: None,
            webhook: None,
            revision: ModuleRevision::default(),
        };
        let this = Part {
            definition: Arc::new(definition),
            build: Arc::new(build),
        };
        let module = Arc::new([this.clone()]);
        Self { this, module }
    }

    /// Puts workflows into one module: they run each other as subflows, by their position in it.
    pub fn module(workflows: Vec<Self>) -> Vec<Self> {
        let module: Arc<[Part]> = workflows.into_iter().map(|one| one.this).collect();
        let parts = module.iter().cloned();
        parts.map(|part| Self::in_module(part, &module)).collect()
    }

    fn in_module(this: Part, module: &Arc<[Part]>) -> Self {
        let module = Arc::clone(module);
        Self { this, module }
    }
}

impl Workflow for NativeWorkflow {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        &self.this.definition
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        Box::pin(async move { Ok(input) })
    }

    fn part(&self, index: u32) -> Option<Arc<dyn Workflow>> {
        let part = self.module.get(usize::try_from(index).ok()?)?;
        Some(Arc::new(Self::in_module(part.clone(), &self.module)))
    }

    fn open(&self, _: &RunId) -> Box<dyn WorkflowSession> {
        Box::new(session::Session::new(self.this.build.clone()))
    }
}
