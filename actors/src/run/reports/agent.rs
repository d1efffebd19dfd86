//! What the agent of an attempt tells, until its run takes it: bounded in size and in number.

use std::collections::VecDeque;

use metrics::counter;
use smithers_model::agent::AgentReport;
use smithers_model::report::Report;

/// Most bytes of one event of an agent; a larger one is not kept.
const MOST_EVENT_BYTES: usize = 64 * 1024;
/// Most bytes of events that are kept of an attempt.
const MOST_BYTES: usize = 1024 * 1024;
/// Most reports that are kept of an attempt: an agent that tells without end fills no log.
const MOST_REPORTS: usize = 2_000;
/// What a report weighs beside its texts.
const REPORT_BYTES: usize = 256;

/// See the module documentation.
#[derive(Debug, Default)]
pub(super) struct AgentLane {
    waiting: VecDeque<AgentReport>,
    /// Reports kept of the attempt so far.
    kept: usize,
    /// Their bytes.
    bytes: usize,
}

impl AgentLane {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Keeps a report when there is room for it. What a call has used counts for budgets, so it needs no room of
    /// the events.
    pub(super) fn put(&mut self, report: &AgentReport) {
        let bytes = weight(report);
        let fits = match report {
            AgentReport::Event(_) => {
                bytes <= MOST_EVENT_BYTES + REPORT_BYTES && self.bytes + bytes <= MOST_BYTES
            }
            AgentReport::Tokens(_) => true,
        };
        if !fits || self.kept >= MOST_REPORTS {
            counter!("smithers_agent_events_dropped_total").increment(1);
            return;
        }
        self.kept += 1;
        self.bytes += bytes;
        self.waiting.push_back(report.clone());
    }

    /// Takes out everything, in order.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Report> {
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        waiting.map(|report| Report::Agent(Box::new(report)))
    }
}

/// Bytes that a report has in its run's step, roughly.
pub(super) fn weight(report: &AgentReport) -> usize {
    REPORT_BYTES
        + match report {
            AgentReport::Event(told) => told.engine.len() + told.event.as_str().len(),
            AgentReport::Tokens(usage) => usage.model.len() + usage.agent.len(),
        }
}

/// Counts a report that a run takes.
pub(super) fn count(report: &AgentReport) {
    match report {
        AgentReport::Event(_) => counter!("smithers_agent_events_total").increment(1),
        AgentReport::Tokens(usage) => {
            let read = counter!("smithers_agent_tokens_total", "kind" => "input");
            read.increment(usage.input_tokens);
            let written = counter!("smithers_agent_tokens_total", "kind" => "output");
            written.increment(usage.output_tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use smithers_model::RawJson;
    use smithers_model::agent::{AgentEvent, TokenUsage};

    use super::*;

    fn event(bytes: usize) -> AgentReport {
        AgentReport::Event(AgentEvent {
            engine: "e".into(),
            event: RawJson::of(&"x".repeat(bytes)),
        })
    }

    fn usage() -> AgentReport {
        AgentReport::Tokens(TokenUsage {
            model: "m".into(),
            agent: "a".into(),
            input_tokens: 1,
            output_tokens: 1,
            cache_read_tokens: 0,
            cache_write_tokens: 0,
            reasoning_tokens: 0,
        })
    }

    #[test]
    fn reports_leave_in_the_order_in_which_they_came() {
        let mut lane = AgentLane::default();
        let told = [event(1), usage(), event(2)];
        told.iter().for_each(|report| lane.put(report));
        let expected = told.map(|report| Report::Agent(Box::new(report)));
        assert!(lane.take().eq(expected));
        assert!(lane.is_empty());
    }

    #[test]
    fn an_agent_that_tells_too_much_is_not_kept_but_its_tokens_are() {
        let mut lane = AgentLane::default();
        lane.put(&event(MOST_EVENT_BYTES + 1));
        assert!(lane.is_empty());
        for _ in 0..100 {
            lane.put(&event(MOST_EVENT_BYTES - 10));
        }
        assert!(lane.take().count() <= MOST_BYTES / (MOST_EVENT_BYTES - 10));
        lane.put(&usage());
        assert_eq!(lane.take().count(), 1);
        for _ in 0..2 * MOST_REPORTS {
            lane.put(&usage());
        }
        assert!(lane.take().count() < MOST_REPORTS);
    }
}
