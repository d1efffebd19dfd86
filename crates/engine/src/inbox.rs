//! The inbox of a run: the signals that came, and which node has taken each (workflow-model 9.2).

use std::collections::{BTreeMap, BTreeSet};

use smithers_model::signal::{Signal, SignalAddress};
use smithers_model::{NodeKey, RawJson, Timestamp};

/// Most signals that a run keeps without a node to take them; further ones are refused.
pub(crate) const MOST_UNTAKEN: usize = 10_000;

/// Signals of a run by their number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbox {
    signals: Vec<Signal>,
    /// By node, the signal that it has taken.
    taken: BTreeMap<NodeKey, usize>,
    /// Signals that no node has taken, by whom they are for; the earliest comes first.
    untaken: BTreeMap<SignalAddress, BTreeSet<usize>>,
    untaken_count: usize,
}

impl Inbox {
    /// Reads an inbox back; `signals` are in the order of their numbers.
    pub(crate) fn load(signals: Vec<Signal>) -> Self {
        let mut inbox = Self::default();
        for signal in signals {
            inbox.add(signal);
        }
        inbox
    }

    /// The number of the next signal.
    pub(crate) fn next_seq(&self) -> u64 {
        self.signals.last().map_or(0, |last| last.seq + 1)
    }

    /// The number of the newest signal, and when it came.
    pub(crate) fn newest(&self) -> Option<(u64, Timestamp)> {
        let newest = self.signals.last();
        newest.map(|signal| (signal.seq, signal.received_at))
    }

    /// Whether no further signal is kept that nobody waits for.
    pub(crate) fn is_full(&self) -> bool {
        self.untaken_count >= MOST_UNTAKEN
    }

    /// Puts a signal in.
    pub(crate) fn add(&mut self, signal: Signal) {
        let index = self.signals.len();
        match &signal.taken_by {
            Some(node) => drop(self.taken.insert(node.clone(), index)),
            None => {
                let of = self.untaken.entry(signal.address.clone()).or_default();
                of.insert(index);
                self.untaken_count += 1;
            }
        }
        self.signals.push(signal);
    }

    /// The numbers of the signals that were taken.
    pub(crate) fn taken(&self) -> impl Iterator<Item = u64> {
        let taken = self.taken.values();
        taken.map(|index| self.signals[*index].seq)
    }

    /// Whether `node` has taken a signal.
    pub(crate) fn has_taken(&self, node: &NodeKey) -> bool {
        self.taken.contains_key(node)
    }

    /// What the signal tells that `node` has taken.
    pub(crate) fn payload_of(&self, node: &NodeKey) -> Option<&RawJson> {
        let index = self.taken.get(node)?;
        Some(&self.signals[*index].payload)
    }

    /// What nobody has taken, as the signals of another run, in the order in which they came.
    pub(crate) fn left_over(&self) -> Vec<Signal> {
        let untaken = self
            .signals
            .iter()
            .filter(|signal| signal.taken_by.is_none());
        let renumbered = |(seq, signal): (u64, &Signal)| Signal {
            seq,
            ..signal.clone()
        };
        (0..).zip(untaken).map(renumbered).collect()
    }

    /// Gives `node` the earliest signal for `address` that nobody has taken; returns its number.
    pub(crate) fn take(&mut self, node: &NodeKey, address: &SignalAddress) -> Option<u64> {
        let of = self.untaken.get_mut(address)?;
        let index = of.pop_first()?;
        if of.is_empty() {
            self.untaken.remove(address);
        }
        self.untaken_count -= 1;
        self.taken.insert(node.clone(), index);
        let signal = &mut self.signals[index];
        signal.taken_by = Some(node.clone());
        Some(signal.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(correlation: Option<&str>) -> SignalAddress {
        SignalAddress {
            signal_name: "s".into(),
            correlation_id: correlation.map(str::to_owned),
        }
    }

    fn signal(seq: u64, correlation: Option<&str>) -> Signal {
        Signal {
            seq,
            address: address(correlation),
            payload: RawJson::of(&seq),
            received_at: Timestamp(1),
            received_by: None,
            taken_by: None,
        }
    }

    #[test]
    fn each_signal_is_taken_once_the_earliest_first_and_a_correlation_fits_itself_only() {
        let signals = vec![signal(0, None), signal(1, Some("c")), signal(2, None)];
        let mut inbox = Inbox::load(signals);
        let (a, b, c) = (
            NodeKey::new("a", 0),
            NodeKey::new("a", 1),
            NodeKey::new("c", 0),
        );
        assert_eq!(inbox.take(&c, &address(Some("x"))), None);
        assert_eq!(inbox.take(&a, &address(None)), Some(0));
        assert_eq!(inbox.take(&b, &address(None)), Some(2));
        assert_eq!(inbox.take(&c, &address(None)), None);
        assert_eq!(inbox.take(&c, &address(Some("c"))), Some(1));
        assert_eq!(inbox.payload_of(&b).unwrap().as_str(), "2");
        assert_eq!(inbox.next_seq(), 3);
        let again = Inbox::load(inbox.signals.clone());
        assert!(again.has_taken(&a) && again.untaken.is_empty());
    }
}
