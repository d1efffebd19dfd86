//! Who listens to which run.

use std::collections::{BTreeSet, HashMap, HashSet};

use smithers_model::RunId;

use super::SessionId;
use super::stream::StreamKey;

/// Which runs a socket asked for: all of them, or a set that is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Subscription {
    /// Every run.
    #[default]
    Everything,
    /// These runs only.
    Runs(HashSet<RunId>),
}

impl Subscription {
    /// Reads the `subscribe` list of a connect request: absent and empty both mean every run.
    pub fn of(subscribe: Option<&[String]>) -> Self {
        match subscribe {
            None | Some([]) => Self::Everything,
            Some(runs) => Self::Runs(runs.iter().map(|run| run.as_str().into()).collect()),
        }
    }

    /// Returns whether a run is among those asked for.
    pub(super) fn includes(&self, run: &RunId) -> bool {
        match self {
            Self::Everything => true,
            Self::Runs(runs) => runs.contains(run),
        }
    }
}

/// The listeners of one run.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Newest number published since the first of the streams was opened.
    pub(super) newest: u64,
    /// Streams on this run.
    pub(super) streams: Vec<StreamKey>,
    /// Sockets that asked for this run by name.
    pub(super) sessions: BTreeSet<SessionId>,
}

/// Listeners by run, and those of every run.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Runs that somebody named; what nobody listens to any more is not in here.
    pub(super) runs: HashMap<RunId, Watch>,
    /// Sockets that listen to every run.
    pub(super) everything: BTreeSet<SessionId>,
}

impl Index {
    pub(super) fn subscribe(&mut self, session: SessionId, subscription: &Subscription) {
        match subscription {
            Subscription::Everything => {
                self.everything.insert(session);
            }
            Subscription::Runs(runs) => runs.iter().for_each(|run| self.follow(session, run)),
        }
    }

    pub(super) fn unsubscribe(&mut self, session: SessionId, subscription: &Subscription) {
        match subscription {
            Subscription::Everything => {
                self.everything.remove(&session);
            }
            Subscription::Runs(runs) => runs.iter().for_each(|run| self.unfollow(session, run)),
        }
    }

    pub(super) fn follow(&mut self, session: SessionId, run: &RunId) {
        self.runs
            .entry(run.clone())
            .or_default()
            .sessions
            .insert(session);
    }

    pub(super) fn unfollow(&mut self, session: SessionId, run: &RunId) {
        self.change(run, |watch| {
            watch.sessions.remove(&session);
        });
    }

    pub(super) fn add_stream(&mut self, key: StreamKey, run: &RunId) {
        self.runs.entry(run.clone()).or_default().streams.push(key);
    }

    pub(super) fn remove_stream(&mut self, key: StreamKey, run: &RunId) {
        self.change(run, |watch| watch.streams.retain(|other| *other != key));
    }

    /// Returns the newest number published for a run with streams.
    pub(super) fn newest(&self, run: &RunId) -> u64 {
        self.runs.get(run).map_or(0, |watch| watch.newest)
    }

    fn change(&mut self, run: &RunId, change: impl FnOnce(&mut Watch)) {
        let Some(watch) = self.runs.get_mut(run) else {
            return;
        };
        change(watch);
        if watch.streams.is_empty() {
            watch.newest = 0;
        }
        if watch.streams.is_empty() && watch.sessions.is_empty() {
            self.runs.remove(run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_subscription_means_every_run() {
        assert_eq!(Subscription::of(None), Subscription::Everything);
        assert_eq!(Subscription::of(Some(&[])), Subscription::Everything);
        let one = Subscription::of(Some(&["r1".into()]));
        assert_eq!(one, Subscription::Runs(HashSet::from(["r1".into()])));
    }

    #[test]
    fn runs_that_nobody_listens_to_are_forgotten() {
        let mut index = Index::default();
        let (session, key, run) = (SessionId(1), StreamKey(1), RunId::from("r1"));
        let subscription = Subscription::of(Some(&["r1".into(), "r2".into()]));
        index.subscribe(session, &subscription);
        index.add_stream(key, &run);
        index.unsubscribe(session, &subscription);
        assert_eq!(index.runs.len(), 1);
        index.remove_stream(key, &run);
        assert!(index.runs.is_empty());
    }
}
