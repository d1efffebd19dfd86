//! The numbers of a run's events: `seq` for every stored event, the stream number for visible ones.

use smithers_model::event::{Event, NumberedEvent};
use smithers_model::planted::{Bug, planted};
use smithers_model::run::RunRow;
use smithers_model::{RunId, Timestamp};

/// Next numbers of a run. They advance when a step is numbered; a step that is not committed takes its
/// numbers with it, because the state is then read back from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// Next number in the log, from 0.
    pub(super) seq: u64,
    /// Next number in the stream, from 1.
    pub(super) stream_seq: u64,
}

impl Numbers {
    /// Numbers of a run that has no events yet.
    pub(super) const FIRST: Self = Self {
        seq: 0,
        stream_seq: 1,
    };

    pub(super) fn of(row: &RunRow) -> Self {
        Self {
            seq: row.next_seq + u64::from(planted(Bug::NumberSkipped)),
            stream_seq: row.next_stream_seq,
        }
    }

    /// Numbers `events` in order and advances.
    pub(super) fn number(
        &mut self,
        run_id: &RunId,
        events: &[Event],
        at: Timestamp,
    ) -> Vec<NumberedEvent> {
        events
            .iter()
            .map(|event| NumberedEvent {
                seq: take(&mut self.seq),
                stream_seq: event.is_visible().then(|| take(&mut self.stream_seq)),
                at,
                type_name: event.type_name(),
                payload: event.payload(run_id, at),
            })
            .collect()
    }
}

fn take(next: &mut u64) -> u64 {
    let number = *next;
    *next += 1;
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use smithers_model::NodeKey;

    #[test]
    fn every_event_has_a_log_number_and_only_visible_ones_a_stream_number() {
        let mut numbers = Numbers::FIRST;
        let node = NodeKey::new("t0", 0);
        let events = [
            Event::RunStarted,
            Event::NodePending { node: node.clone() },
            Event::NodeStarted {
                node,
                attempt: 1,
                child_run_id: None,
            },
        ];
        let numbered = numbers.number(&"r1".into(), &events, Timestamp(1));
        let pairs: Vec<_> = numbered.iter().map(|e| (e.seq, e.stream_seq)).collect();
        assert_eq!(pairs, [(0, None), (1, Some(1)), (2, Some(2))]);
        assert_eq!(
            numbers,
            Numbers {
                seq: 3,
                stream_seq: 3
            }
        );
    }
}
