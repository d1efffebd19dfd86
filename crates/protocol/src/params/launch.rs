//! `launchRun`.

use serde::Serialize;
use serde_json::Value;

use super::Params;
use super::fields::{flag, object, positive_integer, present, required_text, text};
use super::ids::check_new_run_id;
use crate::error::RpcError;
use crate::limits;

/// Parameters of `launchRun`.
#[derive(Debug, Clone, PartialEq)]
pub struct LaunchRun {
    /// Key of the workflow.
    pub workflow: String,
    /// Input of the run; anything but an object counts as an empty one.
    pub input: Params,
    /// Id that the run shall have; well-formed.
    pub run_id: Option<String>,
    /// Launches of a workflow with the same key are one launch.
    pub idempotency_key: Option<String>,
    /// Most tasks that run at once.
    pub max_concurrency: Option<u64>,
    /// Whether tasks may use the network.
    pub allow_network: Option<bool>,
    /// Most bytes of output that are kept per attempt.
    pub max_output_bytes: Option<u64>,
    /// Time limit of one tool call, in milliseconds.
    pub tool_timeout_ms: Option<u64>,
    /// Who started the run, as the client tells it.
    pub started_by: Option<StartedBy>,
}

/// Who started a run, as the client tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedBy {
    /// The program that asked, such as an agent harness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harness: Option<String>,
    /// The session of that program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// What a person asked for; clipped when long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The client found this out by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected: Option<bool>,
}

impl LaunchRun {
    /// A launch that says nothing but its workflow and its input.
    pub fn plain(workflow: String, input: Params) -> LaunchRun {
        LaunchRun {
            workflow,
            input,
            run_id: None,
            idempotency_key: None,
            max_concurrency: None,
            allow_network: None,
            max_output_bytes: None,
            tool_timeout_ms: None,
            started_by: None,
        }
    }

    /// Reads the parameters.
    pub fn read(mut params: Params) -> Result<LaunchRun, RpcError> {
        let workflow = required_text(&params, "workflow")?;
        let input = match params.remove("input") {
            Some(Value::Object(input)) => input,
            _ => Params::new(),
        };
        check_input(&input)?;
        let options = object(&params, "options");
        let started_by = present(&options, "startedBy")
            .map(StartedBy::read)
            .transpose()?;
        let run_id = text(&params, "runId").or_else(|| text(&options, "runId"));
        run_id.as_deref().map_or(Ok(()), check_new_run_id)?;
        Ok(LaunchRun {
            workflow,
            input,
            run_id,
            idempotency_key: idempotency_key(&params, &options)?,
            max_concurrency: positive_integer(&options, "maxConcurrency")?,
            allow_network: flag(&options, "allowNetwork"),
            max_output_bytes: positive_integer(&options, "maxOutputBytes")?,
            tool_timeout_ms: positive_integer(&options, "toolTimeoutMs")?,
            started_by,
        })
    }
}

/// Checks the bounds of an input, which over REST is not bounded as frames are.
pub(super) fn check_input(input: &Params) -> Result<(), RpcError> {
    let max = limits::MAX_INPUT_DEPTH;
    if 1 + deepest(input.values()) > max {
        return Err(RpcError::invalid_input(format!(
            "input exceeds the maximum JSON depth of {max}."
        )));
    }
    let bytes = serde_json::to_string(input).map_or(usize::MAX, |text| text.len());
    if bytes > limits::MAX_INPUT_BYTES {
        let max = limits::MAX_INPUT_BYTES;
        return Err(RpcError::invalid_input(format!(
            "input exceeds {max} bytes."
        )));
    }
    Ok(())
}

/// Returns the nesting of objects and arrays; the parser bounds it, so recursion is safe.
fn deepest<'a>(values: impl Iterator<Item = &'a Value>) -> usize {
    let depth = |value: &Value| match value {
        Value::Array(items) => 1 + deepest(items.iter()),
        Value::Object(members) => 1 + deepest(members.values()),
        _ => 0,
    };
    values.map(depth).max().unwrap_or(0)
}

fn idempotency_key(params: &Params, options: &Params) -> Result<Option<String>, RpcError> {
    let value = present(params, "idempotencyKey").or_else(|| present(options, "idempotencyKey"));
    let max = limits::MAX_IDEMPOTENCY_KEY_BYTES;
    match value {
        None => Ok(None),
        Some(Value::String(key)) if (1..=max).contains(&key.len()) => Ok(Some(key.clone())),
        Some(_) => Err(RpcError::invalid_request(format!(
            "idempotencyKey must be a text of 1 to {max} bytes"
        ))),
    }
}

impl StartedBy {
    fn read(value: &Value) -> Result<StartedBy, RpcError> {
        let refuse =
            |problem: String| RpcError::invalid_request(format!("options.startedBy {problem}"));
        let fields = value
            .as_object()
            .ok_or_else(|| refuse("must be an object".into()))?;
        let known = ["harness", "sessionId", "prompt", "detected"];
        if let Some(key) = fields.keys().find(|key| !known.contains(&key.as_str())) {
            let shown: String = key.chars().take(64).collect();
            return Err(refuse(format!("has the unknown field {shown}")));
        }
        let detected = match fields.get("detected") {
            None => None,
            Some(Value::Bool(true)) => Some(true),
            Some(_) => return Err(refuse("has a field detected that is not true".into())),
        };
        let read = |key: &str, max: usize| trimmed(fields, key, max).map_err(refuse);
        Ok(StartedBy {
            harness: read("harness", limits::MAX_HARNESS_CHARS)?,
            session_id: read("sessionId", limits::MAX_SESSION_ID_CHARS)?,
            prompt: read("prompt", usize::MAX)?.map(clip_prompt),
            detected,
        })
    }
}

/// Returns a text without the space around it; an empty one counts as absent.
fn trimmed(fields: &Params, key: &str, max: usize) -> Result<Option<String>, String> {
    let Some(value) = fields.get(key) else {
        return Ok(None);
    };
    let text = value
        .as_str()
        .ok_or_else(|| format!("has a field {key} that is not a text"))?
        .trim();
    if text.chars().count() > max {
        return Err(format!("has a field {key} of more than {max} characters"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Clips a prompt to its longest length; the last character then is an ellipsis.
fn clip_prompt(prompt: String) -> String {
    let max = limits::MAX_PROMPT_CHARS;
    if prompt.chars().count() <= max {
        return prompt;
    }
    prompt.chars().take(max - 1).chain(['…']).collect()
}
