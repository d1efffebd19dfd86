//! What the clients were told: acknowledged launches, decisions and signals, and the events they saw.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail, ensure};
use serde_json::Value;

/// An event as a client saw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) seq: u64,
    pub(crate) state_version: u64,
    pub(crate) name: String,
    pub(crate) node: Option<String>,
}

impl Seen {
    /// Reads the payload of a `run.event` frame.
    pub(crate) fn of(payload: &Value) -> Option<Self> {
        Some(Self {
            seq: payload["seq"].as_u64()?,
            state_version: payload["stateVersion"].as_u64()?,
            name: payload["event"].as_str()?.to_owned(),
            node: payload["payload"]["nodeId"].as_str().map(str::to_owned),
        })
    }

    /// True for the last event of a run.
    pub(crate) fn is_end(&self) -> bool {
        self.name == "run.completed"
    }
}

/// What one client saw of one run, over all its connections.
#[derive(Debug, Default, Clone)]
pub(crate) struct Stream {
    pub(crate) events: Vec<Seen>,
    /// Taken by a client at the moment.
    taken: bool,
}

impl Stream {
    fn has_ended(&self) -> bool {
        self.events.last().is_some_and(Seen::is_end)
    }
}

#[derive(Debug, Default)]
struct Entries {
    launched: BTreeSet<String>,
    decided: BTreeMap<String, bool>,
    signalled: BTreeSet<String>,
    streams: BTreeMap<String, Stream>,
    /// Streams that went on after a cut.
    resumed: usize,
    broken: Vec<String>,
}

/// The ledger, shared by all clients.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Entries>);

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an acknowledged launch; `followed` runs get a stream that must see everything.
    pub(crate) fn launched(&self, run: &str, followed: bool) {
        let mut entries = self.entries();
        entries.launched.insert(run.to_owned());
        if followed {
            entries.streams.insert(run.to_owned(), Stream::default());
        }
    }

    /// Records an acknowledged decision.
    pub(crate) fn decided(&self, run: &str, approved: bool) {
        self.entries().decided.insert(run.to_owned(), approved);
    }

    /// Records an acknowledged signal.
    pub(crate) fn signalled(&self, run: &str) {
        self.entries().signalled.insert(run.to_owned());
    }

    /// Returns the runs whose signal was acknowledged.
    pub(crate) fn signals(&self) -> BTreeSet<String> {
        self.entries().signalled.clone()
    }

    /// Records a broken promise.
    pub(crate) fn broken(&self, what: String) {
        self.entries().broken.push(what);
    }

    /// Hands out a followed run that nobody follows at the moment, with the last number seen of it.
    pub(crate) fn take_stream(&self) -> Option<(String, u64)> {
        let mut entries = self.entries();
        let mut streams = entries.streams.iter_mut();
        let (run, stream) = streams.find(|(_, stream)| !stream.taken && !stream.has_ended())?;
        stream.taken = true;
        let handed = (
            run.clone(),
            stream.events.last().map_or(0, |event| event.seq),
        );
        entries.resumed += usize::from(handed.1 > 0);
        Some(handed)
    }

    /// Gives a followed run back.
    pub(crate) fn release_stream(&self, run: &str) {
        if let Some(stream) = self.entries().streams.get_mut(run) {
            stream.taken = false;
        }
    }

    /// Adds an event to a followed run; numbers that do not go on by one break a promise.
    pub(crate) fn saw(&self, run: &str, event: Seen) {
        let mut entries = self.entries();
        let last = entries
            .streams
            .get(run)
            .and_then(|stream| stream.events.last())
            .map_or(0, |event| event.seq);
        if event.seq != last + 1 {
            entries.broken.push(format!(
                "{run}: after event {last} a client saw {}",
                event.seq
            ));
        }
        entries
            .streams
            .entry(run.to_owned())
            .or_default()
            .events
            .push(event);
    }

    /// Returns acknowledged launches.
    pub(crate) fn launches(&self) -> BTreeSet<String> {
        self.entries().launched.clone()
    }

    /// Returns acknowledged decisions, run to approval.
    pub(crate) fn decisions(&self) -> BTreeMap<String, bool> {
        self.entries().decided.clone()
    }

    /// Returns what the clients saw, by run.
    pub(crate) fn streams(&self) -> BTreeMap<String, Stream> {
        self.entries().streams.clone()
    }

    /// Says how much was acknowledged and seen.
    pub(crate) fn summary(&self) -> String {
        let entries = self.entries();
        let (launched, decided) = (entries.launched.len(), entries.decided.len());
        format!(
            "{launched} launches, {decided} decisions, {} resumed streams",
            entries.resumed
        )
    }

    /// Fails when something that is tested never happened.
    pub(crate) fn check_coverage(&self) -> Result<()> {
        let entries = self.entries();
        let happened = [
            entries.launched.len(),
            entries.decided.len(),
            entries.resumed,
        ];
        ensure!(
            !happened.contains(&0),
            "launches, decisions, resumed streams: {happened:?}"
        );
        Ok(())
    }

    /// Fails when a promise was broken.
    pub(crate) fn check(&self) -> Result<()> {
        let entries = self.entries();
        if !entries.broken.is_empty() {
            bail!(
                "{} promises were broken:\n  {}",
                entries.broken.len(),
                entries.broken.join("\n  ")
            );
        }
        Ok(())
    }

    /// Fails when a followed run has not been seen to its end.
    pub(crate) fn check_ends(&self) -> Result<()> {
        let entries = self.entries();
        let open: Vec<&String> = entries
            .streams
            .iter()
            .filter(|(_, stream)| !stream.has_ended())
            .map(|(run, _)| run)
            .collect();
        ensure!(open.is_empty(), "clients did not see the end of {open:?}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64, name: &str) -> Seen {
        Seen {
            seq,
            state_version: seq,
            name: name.into(),
            node: None,
        }
    }

    #[test]
    fn a_hole_or_a_repeat_in_what_a_client_saw_is_a_broken_promise() {
        for second in [1, 3] {
            let ledger = Ledger::default();
            ledger.launched("r", true);
            ledger.saw("r", event(1, "node.pending"));
            ledger.check().unwrap();
            ledger.saw("r", event(second, "node.started"));
            assert!(ledger.check().is_err());
        }
    }

    #[test]
    fn a_run_is_followed_by_one_client_at_a_time_until_its_end() {
        let ledger = Ledger::default();
        ledger.launched("r", true);
        assert_eq!(ledger.take_stream(), Some(("r".into(), 0)));
        assert_eq!(ledger.take_stream(), None);
        ledger.saw("r", event(1, "node.pending"));
        ledger.release_stream("r");
        assert_eq!(ledger.take_stream(), Some(("r".into(), 1)));
        assert!(ledger.check_ends().is_err());
        ledger.saw("r", event(2, "run.completed"));
        ledger.release_stream("r");
        assert_eq!(ledger.take_stream(), None);
        ledger.check_ends().unwrap();
    }
}
