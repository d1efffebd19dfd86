//! What the body of an attempt tells before its result (workflow-model 8.3, 11). It moves nothing.

use smithers_model::NodeKey;
use smithers_model::event::Event;
use smithers_model::report::Report;

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
    ) -> Result<(), Refusal> {
        match self.arrival(node, attempt)? {
            Arrival::Current => self.record(node.clone(), attempt, report),
            Arrival::Late => {}
        }
        Ok(())
    }

    fn record(&mut self, node: NodeKey, attempt: u32, report: Report) {
        let (text, stream, truncated) = match report {
            Report::Output { stream, text } => (text, stream, false),
            Report::Truncated { stream, limit } => (truncation(limit), stream, true),
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
}

/// Stands for what is not kept. It begins a line, so that nothing in front of it goes on in it.
fn truncation(limit: u64) -> String {
    format!("\n[truncated: more than {limit} bytes]\n")
}
