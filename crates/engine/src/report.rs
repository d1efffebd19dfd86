//! What the body of an attempt tells before its result (workflow-model 8.3, 11). It moves nothing.

use smithers_model::agent::AgentReport;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::node::AttemptState;
use smithers_model::report::Report;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::outcome::Arrival;
use crate::refusal::Refusal;
use crate::state::RunState;

/// Most bytes of output that are kept of an attempt, for a run whose configuration does not say.
pub(crate) const OUTPUT_LIMIT: u64 = 200_000;

impl RunState {
    /// Most bytes of output that are kept of an attempt.
    pub fn output_limit(&self) -> u64 {
        self.output_limit
    }

    /// The body of an attempt told something. What a replaced attempt tells is dropped without a trace: there
    /// may be much of it, and nobody decides by it.
    pub(crate) fn task_reported(
        &mut self,
        node: &NodeKey,
        attempt: u32,
        report: Report,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match self.arrival(node, attempt)? {
            Arrival::Current => self.record(node.clone(), attempt, report, now),
            Arrival::Late => {}
        }
        Ok(())
    }

    fn record(&mut self, node: NodeKey, attempt: u32, report: Report, now: Timestamp) {
        let (text, stream, truncated) = match report {
            Report::Output { stream, text } => (text, stream, false),
            Report::Truncated { stream, limit } => (truncation(limit), stream, true),
            Report::Heartbeat { data } => return self.beat(node, attempt, data, now),
            Report::Agent(report) => return self.agent_told(node, attempt, *report),
        };
        self.open.weigh(text.len());
        self.open.event(Event::NodeOutput {
            node,
            attempt,
            text,
            stream,
            truncated,
        });
    }

    fn agent_told(&mut self, node: NodeKey, attempt: u32, report: AgentReport) {
        let event = match report {
            AgentReport::Event(told) => {
                self.open.weigh(told.event.as_str().len());
                Event::AgentEvent {
                    node,
                    attempt,
                    told,
                }
            }
            AgentReport::Tokens(usage) => {
                self.usage.tokens = self.usage.tokens.saturating_add(usage.total());
                Event::TokenUsageReported {
                    node,
                    attempt,
                    usage,
                }
            }
        };
        self.open.event(event);
    }

    fn beat(&mut self, key: NodeKey, attempt: u32, data: Option<RawJson>, now: Timestamp) {
        let Some(node) = self.nodes.get_mut(&key) else {
            return;
        };
        let data_size_bytes = data.as_ref().map_or(0, |data| data.as_str().len());
        let has_data = data.is_some();
        let last = node.beat(data, now);
        self.open.weigh(data_size_bytes);
        self.put_attempt(&key, AttemptState::InProgress);
        self.open.event(Event::TaskHeartbeat {
            node: key,
            attempt,
            has_data,
            data_size_bytes: data_size_bytes as u64,
            interval_ms: last.map(|last| now.0 - last.0),
        });
    }

    /// Records how long an attempt was silent that failed for that reason; its error tells.
    pub(crate) fn record_silence(&mut self, node: &NodeKey, attempt: u32, error: &ErrorInfo) {
        let details = error.details.as_ref().map(RawJson::value);
        let Some(details) = details.filter(|_| error.has_code("TASK_HEARTBEAT_TIMEOUT")) else {
            return;
        };
        let last = details["lastHeartbeatAtMs"].as_i64();
        if let (Some(last), Some(timeout_ms)) = (last, details["timeoutMs"].as_u64()) {
            self.open.event(Event::TaskHeartbeatTimeout {
                node: node.clone(),
                attempt,
                last_heartbeat_at_ms: Timestamp(last),
                timeout_ms,
            });
        }
    }
}

/// Stands for what is not kept. It begins a line, so that nothing in front of it goes on in it.
fn truncation(limit: u64) -> String {
    format!("\n[truncated: more than {limit} bytes]\n")
}
