//! The format of a recording: header and steps, as `transcripts/README.md` describes them.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{trees, unpack};

/// Entry of the volatile things: tasks that run side by side end in any order.
const PARALLEL_ENDS: &str = "order of parallel node.finished events";

/// One recorded file.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    /// Two digits, the start of the file's name.
    pub(crate) number: String,
    /// File name without its ending.
    pub(crate) name: String,
    /// Configuration of the recorded gateway.
    pub(crate) gateway_config: Map<String, Value>,
    /// Volatile field names and sentences about timing.
    pub(crate) volatile: Vec<String>,
    /// `connection: event` pairs that were left out.
    pub(crate) omitted_frames: Vec<String>,
    /// What happened, in order.
    pub(crate) steps: Vec<Step>,
}

/// One step and its position in the file; steps added by a rule have the position of their neighbour.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) index: usize,
    pub(crate) action: Action,
}

/// What a step does or expects.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// A WebSocket is opened.
    Open {
        on: String,
        path: String,
        headers: Vec<(String, String)>,
    },
    /// The client closes.
    Close { on: String },
    /// The connection ended.
    Closed {
        on: String,
        code: u16,
        reason: String,
    },
    /// The client sends a text message.
    Send { on: String, text: String },
    /// The client sends a binary message.
    SendBinary { on: String, text: String },
    /// The gateway sent a frame.
    Receive { on: String, frame: Value },
    /// An HTTP exchange.
    Http(Box<Exchange>),
    /// An upgrade that was refused.
    Upgrade { request: HttpRequest, status: u16 },
    /// A remark.
    Note,
    /// A kind of step that this runner cannot play.
    Unplayable(&'static str),
}

/// The payload of a frame that tells of the end of a task.
fn end_of(step: &Step) -> Option<&Value> {
    match &step.action {
        Action::Receive { frame, .. } if frame["event"] == "node.finished" => {
            Some(&frame["payload"])
        }
        _ => None,
    }
}

/// Whether a run was taken back.
fn is_jump(step: &Step) -> bool {
    matches!(&step.action, Action::Receive { frame, .. } if frame["event"] == "run.time_travel_jumped")
}

/// A request and the expected answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exchange {
    pub(crate) request: HttpRequest,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// Text bodies are JSON strings here; an absent body is null.
    pub(crate) body: Value,
}

/// A recorded request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HttpRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
}

impl Recording {
    /// Reads the recording at `path`, with JSON texts inside frames taken apart.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        let value = serde_json::from_str(&text)
            .with_context(|| format!("{} is no JSON", path.display()))?;
        Self::parse(&value).with_context(|| format!("failed to understand {}", path.display()))
    }

    /// Takes a recording apart.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let name = text(value, "name")?;
        let steps = value["steps"].as_array().context("no steps")?;
        let mut recording = Self {
            number: name.split('-').next().unwrap_or_default().to_owned(),
            name,
            gateway_config: value["gatewayConfig"]
                .as_object()
                .cloned()
                .unwrap_or_default(),
            volatile: texts(&value["volatile"]),
            omitted_frames: texts(&value["omittedFrames"]),
            steps: steps
                .iter()
                .enumerate()
                .map(|(index, step)| {
                    let action = Action::parse(step).with_context(|| format!("step {index}"))?;
                    Ok(Step { index, action })
                })
                .collect::<Result<_>>()?,
        };
        recording.settle_parallel_ends();
        recording.ask_before_the_jump();
        if trees::is_left_open(&recording.volatile) {
            trees::merge(&mut recording.steps)?;
        }
        Ok(recording)
    }

    /// An exchange stands where its answer came; a rewind is asked for before its event can come.
    fn ask_before_the_jump(&mut self) {
        for at in 1..self.steps.len() {
            if is_jump(&self.steps[at - 1]) && matches!(self.steps[at].action, Action::Http(_)) {
                self.steps.swap(at - 1, at);
            }
        }
    }

    /// Where the recording leaves the order of ends that belong together to chance, they come in the order of the tasks.
    fn settle_parallel_ends(&mut self) {
        if !self.volatile.iter().any(|entry| entry == PARALLEL_ENDS) {
            return;
        }
        let together = |left: &Step, right: &Step| match (end_of(left), end_of(right)) {
            (Some(left), Some(right)) => left["runId"] == right["runId"],
            _ => false,
        };
        for ends in self.steps.chunk_by_mut(together) {
            let mut payloads: Vec<Value> = ends.iter().filter_map(end_of).cloned().collect();
            payloads.sort_by_key(|payload| payload["nodeId"].to_string());
            for (step, payload) in ends.iter_mut().zip(payloads) {
                if let Action::Receive { frame, .. } = &mut step.action {
                    frame["payload"] = payload;
                }
            }
        }
    }
}

impl Action {
    fn parse(step: &Value) -> Result<Self> {
        let on = || text(step, "on");
        let keys = step.as_object().context("a step is an object")?;
        let has = |key: &str| keys.contains_key(key);
        if has("open") {
            let open = &step["open"];
            return Ok(Self::Open {
                on: on()?,
                path: text(open, "path")?,
                headers: headers(&open["headers"]),
            });
        }
        if has("send") {
            return Ok(Self::Send {
                on: on()?,
                text: step["send"].to_string(),
            });
        }
        if has("sendRaw") {
            return Ok(Self::Send {
                on: on()?,
                text: text(step, "sendRaw")?,
            });
        }
        if has("sendRawRepeat") {
            return Ok(Self::Send {
                on: on()?,
                text: repeated(&step["sendRawRepeat"])?,
            });
        }
        if has("sendBinaryUtf8") {
            return Ok(Self::SendBinary {
                on: on()?,
                text: text(step, "sendBinaryUtf8")?,
            });
        }
        if has("recv") {
            return Ok(Self::Receive {
                on: on()?,
                frame: unpack::json_texts(&step["recv"]),
            });
        }
        if has("closed") {
            let closed = &step["closed"];
            let code = closed["code"]
                .as_u64()
                .and_then(|code| u16::try_from(code).ok())
                .context("no close code")?;
            return Ok(Self::Closed {
                on: on()?,
                code,
                reason: text(closed, "reason").unwrap_or_default(),
            });
        }
        if has("close") {
            return Ok(Self::Close { on: on()? });
        }
        if has("http") {
            return Ok(Self::Http(Box::new(Exchange::parse(&step["http"])?)));
        }
        if has("upgrade") {
            return upgrade(&step["upgrade"]);
        }
        Self::unplayed(&has)
    }

    fn unplayed(has: &impl Fn(&str) -> bool) -> Result<Self> {
        match ["sse", "console", "note"].into_iter().find(|key| has(key)) {
            Some("note") => Ok(Self::Note),
            Some(kind) => Ok(Self::Unplayable(kind)),
            None => bail!("unknown kind of step"),
        }
    }
}

impl Exchange {
    fn parse(value: &Value) -> Result<Self> {
        let response = &value["response"];
        Ok(Self {
            request: HttpRequest::parse(&value["request"])?,
            status: status(response)?,
            headers: headers(&response["headers"]),
            body: unpack::json_texts(&response["body"]),
        })
    }
}

impl HttpRequest {
    fn parse(value: &Value) -> Result<Self> {
        let body = match &value["body"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Object(object) if object.contains_key("repeat") => {
                Some(repeated(&object["repeat"])?)
            }
            other => Some(other.to_string()),
        };
        let method = text(value, "method").unwrap_or_else(|_| "GET".to_owned());
        Ok(Self {
            method,
            path: text(value, "path")?,
            headers: headers(&value["headers"]),
            body,
        })
    }
}

/// A refused upgrade says where it went only when that is not `/`.
fn upgrade(value: &Value) -> Result<Action> {
    let path = text(value, "path").unwrap_or_else(|_| "/".to_owned());
    let request = HttpRequest {
        method: "GET".to_owned(),
        path,
        headers: headers(&value["headers"]),
        body: None,
    };
    Ok(Action::Upgrade {
        request,
        status: status(value)?,
    })
}

fn status(value: &Value) -> Result<u16> {
    value["status"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .context("no status")
}

fn text(value: &Value, key: &str) -> Result<String> {
    value[key]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no text `{key}`"))
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn headers(value: &Value) -> Vec<(String, String)> {
    let pairs = value.as_object().into_iter().flatten();
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn repeated(value: &Value) -> Result<String> {
    let count = value["count"]
        .as_u64()
        .and_then(|count| usize::try_from(count).ok())
        .context("no count")?;
    Ok([
        text(value, "prefix")?,
        text(value, "unit")?.repeat(count),
        text(value, "suffix")?,
    ]
    .concat())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn action(step: Value) -> Action {
        Action::parse(&step).unwrap()
    }

    #[test]
    fn long_texts_are_spelled_out() {
        let step = json!({ "on": "a", "sendRawRepeat": { "prefix": "<", "unit": "ab", "count": 3, "suffix": ">" } });
        assert_eq!(
            action(step),
            Action::Send {
                on: "a".into(),
                text: "<ababab>".into()
            }
        );
    }

    #[test]
    fn a_step_of_another_kind_is_kept_as_unplayable_and_an_unknown_one_refused() {
        assert_eq!(action(json!({ "sse": {} })), Action::Unplayable("sse"));
        assert_eq!(action(json!({ "note": "x" })), Action::Note);
        assert!(Action::parse(&json!({ "smell": 1 })).is_err());
    }

    #[test]
    fn text_and_json_request_bodies_are_both_sent_as_text() {
        let request = |body: Value| {
            HttpRequest::parse(&json!({ "method": "POST", "path": "/", "body": body })).unwrap()
        };
        assert_eq!(request(json!("{bad")).body.as_deref(), Some("{bad"));
        assert_eq!(
            request(json!({ "a": 1 })).body.as_deref(),
            Some("{\"a\":1}")
        );
        assert_eq!(request(Value::Null).body, None);
    }
}
