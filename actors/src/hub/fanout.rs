//! Published events into outboxes: once per stream of their run, plain to everybody else.

use std::collections::BTreeSet;
use std::sync::Arc;

use smithers_model::RunId;
use smithers_protocol::frame::StreamError;

use super::SessionId;
use super::batch::{Batch, LiveEvent};
use super::cursor::Offer;
use super::state::{BACKPRESSURE, Hub, MISSED};
use super::stream::StreamKey;

/// What one event left to do.
#[derive(Debug, Default)]
struct Trouble {
    cut: Vec<(StreamKey, StreamError)>,
    behind: Vec<StreamKey>,
    full: Vec<SessionId>,
}

impl Hub {
    /// Delivers a batch. Returns streams that missed something and have to read the store again.
    pub(super) fn deliver(&mut self, batch: &Arc<Batch>) -> Vec<StreamKey> {
        let mut behind = match batch.follows_gap() {
            true => self.reread_all(),
            false => Vec::new(),
        };
        if let Some(run) = batch.deleted() {
            self.cut_streams_of(run);
        }
        for event in batch.events() {
            if event.state_version() > self.state_version + 1 {
                self.close_after_gap();
            }
            self.state_version = event.state_version();
            let mut trouble = Trouble::default();
            self.feed_streams(event, &mut trouble);
            self.feed_listeners(event, &mut trouble);
            behind.append(&mut trouble.behind);
            self.settle(trouble);
        }
        self.keep_for_hellos(batch);
        behind
    }

    /// Makes every stream read the store once more. Returns those for which nobody does so yet.
    fn reread_all(&mut self) -> Vec<StreamKey> {
        let mut idle = Vec::new();
        for (key, stream) in &mut self.streams {
            if stream.cursor.is_live() {
                idle.push(*key);
            }
            stream.cursor.reread();
        }
        idle
    }

    /// Ends the streams on a run that is no more.
    fn cut_streams_of(&mut self, run: &RunId) {
        let watch = self.index.runs.get(run);
        let keys = watch.map(|watch| watch.streams.clone());
        for key in keys.into_iter().flatten() {
            self.cut_stream(key, StreamError::RunDeleted);
        }
    }

    /// Events are in the store that no hub was given. Streams read them there; whoever listens to a run without
    /// a stream on it cannot know what it missed, so it is sent away to connect again and be greeted with what is.
    fn close_after_gap(&mut self) {
        let named = self.index.runs.values().flat_map(|watch| {
            let has_stream = |id: &SessionId| {
                let mut streams = watch.streams.iter().filter_map(|key| self.streams.get(key));
                streams.any(|stream| stream.session == *id)
            };
            watch.sessions.iter().filter(move |id| !has_stream(id))
        });
        let listeners: BTreeSet<_> = self.index.everything.iter().chain(named).copied().collect();
        let (code, reason) = MISSED;
        for id in listeners {
            self.close(id, code, reason);
        }
    }

    fn feed_streams(&mut self, event: &LiveEvent, trouble: &mut Trouble) {
        let Some(watch) = self.index.runs.get_mut(event.run_id()) else {
            return;
        };
        if !watch.streams.is_empty() {
            watch.newest = event.stream_seq();
        }
        for key in &watch.streams {
            let Some(stream) = self.streams.get_mut(key) else {
                continue;
            };
            match stream.cursor.offer(event.stream_seq()) {
                Offer::Known | Offer::Later => {}
                Offer::Missed => {
                    stream.cursor.fall_back();
                    trouble.behind.push(*key);
                }
                Offer::Next => {
                    let Some(member) = self.members.get_mut(&stream.session) else {
                        continue;
                    };
                    let sent = member.offer_live(stream, event, &mut self.scratch);
                    trouble.cut.extend(sent.err().map(|error| (*key, error)));
                }
            }
        }
    }

    fn feed_listeners(&mut self, event: &LiveEvent, trouble: &mut Trouble) {
        let named = self
            .index
            .runs
            .get(event.run_id())
            .map(|watch| &watch.sessions);
        for id in self
            .index
            .everything
            .iter()
            .chain(named.into_iter().flatten())
        {
            let Some(member) = self.members.get_mut(id) else {
                continue;
            };
            if member.offer(event, &mut self.scratch).is_err() {
                trouble.full.push(*id);
            }
        }
    }

    fn settle(&mut self, trouble: Trouble) {
        let (code, reason) = BACKPRESSURE;
        trouble
            .cut
            .into_iter()
            .for_each(|(key, error)| self.cut_stream(key, error));
        trouble
            .full
            .into_iter()
            .for_each(|id| self.close(id, code, reason));
    }

    fn keep_for_hellos(&mut self, batch: &Arc<Batch>) {
        let members = self.members.values_mut();
        let full: Vec<_> = members
            .filter_map(|member| member.keep(batch).err().map(|_| member.id))
            .collect();
        let (code, reason) = BACKPRESSURE;
        full.into_iter().for_each(|id| self.close(id, code, reason));
    }
}
