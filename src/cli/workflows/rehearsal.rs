//! The first frame of a workflow, rendered without a run: what a person would see after a launch.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::tree::{Kind, Tree};
use smithers_model::workflow::{RenderInput, Workflow};
use smithers_model::{Iteration, RunId};
use smithers_script::place_of;

/// How a workflow fared.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rehearsal {
    /// The input that it was given.
    pub(super) input: Value,
    /// Ids of the tasks of its first frame, in document order.
    pub(super) tasks: Vec<String>,
    /// What keeps it from running.
    pub(super) problem: Option<Problem>,
    /// What it may be better to know before a run.
    pub(super) warnings: Vec<String>,
}

/// What is wrong with a workflow.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    /// Code of the error; plain errors have none.
    code: Option<String>,
    message: String,
    /// `file:line:column` in the author's source.
    place: Option<String>,
    /// The lines around the place.
    frame: Option<String>,
}

impl Problem {
    fn new(error: &ErrorInfo, workflow: &dyn Workflow) -> Self {
        let place = place_of(error, &workflow.definition().revision);
        Self {
            code: error.code.clone(),
            message: error.message.clone(),
            frame: place.as_ref().map(|place| place.frame.clone()),
            place: place.map(|place| format!("{}:{}:{}", place.file, place.line, place.column)),
        }
    }

    /// The lines for people.
    pub(super) fn to_text(&self) -> String {
        let place = self.place.iter().map(|place| format!("\n  at {place}"));
        let frame = self.frame.iter().map(|frame| format!("\n{frame}"));
        let more: String = place.chain(frame).collect();
        format!("{}{more}", self.message)
    }
}

/// Renders the first frame of `workflow` with `input`, or with a sample made from its schema.
pub(super) async fn rehearse(
    workflow: &Arc<dyn Workflow>,
    input: Option<&Map<String, Value>>,
) -> Rehearsal {
    let given = input.map(|input| Value::Object(input.clone()));
    let is_sample = given.is_none();
    let input = given.unwrap_or_else(|| workflow.definition().sample_input());
    let mut rehearsal = Rehearsal {
        tasks: Vec::new(),
        problem: None,
        warnings: Vec::new(),
        input,
    };
    match first_frame(&**workflow, &rehearsal.input).await {
        Ok(tree) => look_at(&tree, &mut rehearsal),
        Err(error) if is_sample && error.has_code("INVALID_INPUT") => {
            rehearsal.warnings.push(format!(
                "no frame was rendered, because the sample input does not fit: {}; give one with --input",
                error.message
            ));
        }
        Err(error) => rehearsal.problem = Some(Problem::new(&error, &**workflow)),
    }
    rehearsal
}

async fn first_frame(workflow: &dyn Workflow, input: &Value) -> Result<Tree, ErrorInfo> {
    let run_id = RunId::from("check");
    let input = workflow.check_input(RawJson::of(input)).await?;
    let mut session = workflow.open(&run_id);
    let frame = RenderInput {
        run_id,
        input,
        auth: None,
        continuation: None,
        iteration: Iteration::default(),
        iterations: BTreeMap::new(),
        patches: Default::default(),
        stale: Vec::new(),
        new_rows: Vec::new(),
    };
    session.render(frame).await
}

/// Notes the tasks of a frame, and what in it does nothing or fails.
fn look_at(tree: &Tree, rehearsal: &mut Rehearsal) {
    rehearsal.tasks = tree
        .tasks()
        .map(|task| task.node.node_id.to_string())
        .collect();
    for element in tree.elements() {
        if let Kind::Later { component } = &element.kind {
            let warning = format!(
                "`{component}` cannot run in this version: a run fails when it comes to it"
            );
            rehearsal.warnings.push(warning);
        }
    }
    if rehearsal.tasks.is_empty() && rehearsal.warnings.is_empty() {
        let nothing = "its first frame has no task: a run with this input ends at once";
        rehearsal.warnings.push(nothing.to_owned());
    }
}
