//! Lines for the request frames of sockets.

use std::sync::Arc;

use serde::Deserialize;
use smithers_actors::session::{Answered, Observer};
use smithers_model::time::Clock;
use smithers_protocol::frame::Payload;
use smithers_protocol::limits::MAX_CHILD_RUN_ID_CHARS;

use super::{AccessLog, Line, Particulars, milliseconds};

/// Writes a line for each request frame that was answered.
#[derive(Clone)]
pub struct FrameLog {
    log: AccessLog,
    clock: Arc<dyn Clock>,
}

impl FrameLog {
    /// Writes to `log`.
    pub fn new(log: AccessLog, clock: Arc<dyn Clock>) -> FrameLog {
        FrameLog { log, clock }
    }
}

impl Observer for FrameLog {
    fn answered(&self, answered: &Answered<'_>) {
        let (status, outcome) = match answered.answer {
            Ok(_) => (200, "ok"),
            Err(error) => (error.status(), error.code().as_str()),
        };
        let payload = answered.answer.as_ref().ok();
        let named = || payload.and_then(|payload| launched(answered.method, payload));
        let mut particulars = Particulars {
            run_id: answered.run.map(str::to_owned).or_else(named),
            ..Particulars::default()
        };
        if let Some(identity) = answered.identity {
            particulars.set_caller(identity);
        }
        self.log.write(Line {
            time: self.clock.now().to_iso(),
            transport: "websocket",
            request_id: answered.request.to_owned(),
            connection_id: Some(answered.connection.to_owned()),
            remote: answered.address,
            method: None,
            path: None,
            route: None,
            rpc_method: answered.method,
            status,
            outcome: Some(outcome),
            duration_ms: milliseconds(answered.took),
            bytes: answered.bytes as u64,
            particulars,
        });
    }
}

/// Returns the run of a launch that let the gateway choose the id, as a schedule that is fired by hand does too.
pub fn launched(method: Option<&'static str>, answer: &Payload) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Launched {
        run_id: String,
    }
    if !matches!(method, Some("launchRun" | "runs.create" | "cronRun")) {
        return None;
    }
    let launched: Launched = serde_json::from_slice(answer.as_bytes()).ok()?;
    Some(launched.run_id).filter(|run| run.len() <= MAX_CHILD_RUN_ID_CHARS)
}
