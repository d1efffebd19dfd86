//! A stream that catches up: pages of the store, pulled as fast as its socket drains.
//!
//! One local task per stream that is behind. It ends when the stream is live or gone, and a slow
//! reader only makes it wait.

use std::ops::RangeInclusive;

use bytes::BytesMut;
use futures_core::future::LocalBoxFuture;
use serde_json::value::RawValue;
use smithers_model::{RawJson, RunId};
use smithers_protocol::frame::{GapResync, RunEvent, StreamError};
use tokio::sync::oneshot;

use super::handle::Handle;
use super::pages::{Page, Pages, ReadFailed};
use super::state::{Hub, encode};
use super::stream::StreamKey;
use crate::outbox::{Outbox, PushError};

/// Events of one page. Few in tests, so that their streams catch up over several.
const PAGE_EVENTS: usize = if cfg!(test) { 3 } else { 256 };

/// Few in simulations as well.
fn page_events() -> usize {
    #[cfg(feature = "simulated")]
    if crate::simulated::is_on() {
        return 3;
    }
    PAGE_EVENTS
}

/// A page stops when this much is queued, so that it leaves room for what is live.
const PAGE_BYTES: usize = 1 << 20;

/// What a task needs to read the next page.
struct Behind {
    outbox: Outbox,
    run: RunId,
    after: u64,
}

/// A page that is read while the one before it is sent. It begins in the moment in which that one is handled, so
/// that no more than one page is ever between its reading and its handling, as the cursor expects.
struct Ahead {
    after: u64,
    page: LocalBoxFuture<'static, Result<Page, ReadFailed>>,
}

impl Ahead {
    /// Begins to read what follows `page`; nothing when it is the last one.
    fn of(pages: &dyn Pages, run: &RunId, page: &Page) -> Option<Self> {
        let (after, _) = *page.events.last().filter(|_| !page.is_last)?;
        let page = pages.page(run, after, page_events());
        Some(Self { after, page })
    }
}

/// Brings a stream to where it takes published events as they come.
pub(super) async fn catch_up(hub: Handle, key: StreamKey, lost: Option<RangeInclusive<u64>>) {
    if let Some(lost) = lost
        && let Err(error) = announce_gap(&hub, key, lost).await
    {
        return hub.with(|hub| hub.cut_stream(key, error));
    }
    let mut ahead = None;
    while let Some(behind) = hub.with(|hub| hub.behind(key)) {
        if !drained(&behind.outbox).await || !behind.outbox.is_open() {
            return;
        }
        let pages = hub.with(|hub| hub.parts.pages.clone());
        // A page that did not go out whole is read again from where it stopped.
        let begun = ahead
            .take()
            .filter(|ahead: &Ahead| ahead.after == behind.after);
        let page = match begun {
            Some(ahead) => ahead.page.await,
            None => pages.page(&behind.run, behind.after, page_events()).await,
        };
        let sent = match page {
            Ok(page) if page.is_gone => Err(StreamError::RunDeleted),
            Ok(page) => {
                ahead = Ahead::of(&*pages, &behind.run, &page);
                hub.with(|hub| hub.send_page(key, &page))
            }
            Err(_) => Err(StreamError::Internal),
        };
        if let Err(error) = sent {
            return hub.with(|hub| hub.cut_stream(key, error));
        }
    }
}

async fn announce_gap(
    hub: &Handle,
    key: StreamKey,
    lost: RangeInclusive<u64>,
) -> Result<(), StreamError> {
    let Some(behind) = hub.with(|hub| hub.behind(key)) else {
        return Ok(());
    };
    let records = hub.with(|hub| hub.parts.records.clone());
    let record = records
        .record(&behind.run)
        .await
        .map_err(|_| StreamError::Internal)?;
    if !drained(&behind.outbox).await {
        return Ok(());
    }
    hub.with(|hub| hub.send_gap(key, lost, record.as_ref()))
}

/// Waits until the socket has little queued; false when it is gone.
async fn drained(outbox: &Outbox) -> bool {
    let (tell, told) = oneshot::channel();
    outbox.when_low(move || {
        let _ = tell.send(());
    });
    told.await.is_ok()
}

impl Hub {
    /// Returns where a stream has to read on; `None` when it is live or gone.
    fn behind(&self, key: StreamKey) -> Option<Behind> {
        let stream = self
            .streams
            .get(&key)
            .filter(|stream| !stream.cursor.is_live())?;
        let member = self.members.get(&stream.session)?;
        Some(Behind {
            outbox: member.lane.outbox().clone(),
            run: stream.run.clone(),
            after: stream.cursor.at(),
        })
    }

    /// Sends as much of a page as fits; the rest is read again later.
    fn send_page(&mut self, key: StreamKey, page: &Page) -> Result<(), StreamError> {
        for (seq, event) in &page.events {
            if !self.send_replayed(key, *seq, event)? {
                return Ok(());
            }
        }
        if let Some(stream) = self.streams.get_mut(&key) {
            stream
                .cursor
                .page_sent(page.is_last, self.index.newest(&stream.run));
        }
        Ok(())
    }

    /// Sends one event of a page; false when there is no room for it now.
    fn send_replayed(
        &mut self,
        key: StreamKey,
        seq: u64,
        event: &RunEvent,
    ) -> Result<bool, StreamError> {
        let Some(stream) = self.streams.get_mut(&key) else {
            return Ok(false);
        };
        let Some(member) = self.members.get_mut(&stream.session) else {
            return Ok(false);
        };
        if seq != stream.cursor.at() + 1 {
            tracing::error!(run.id = %stream.run, stream.seq = seq, "stored events have a hole");
            return Err(StreamError::Internal);
        }
        let was_low = member.lane.outbox().is_low();
        if !was_low && member.lane.outbox().queued_bytes() > PAGE_BYTES {
            return Ok(false);
        }
        let version = self.state_version;
        let write = |out: &mut BytesMut, own| event.write_streamed(out, &stream.id, own, version);
        match member.lane.put_event(&mut self.scratch, write) {
            Ok(()) => {
                stream.cursor.sent(seq);
                Ok(true)
            }
            // What does not fit into an outbox that is as good as empty never will.
            Err(PushError::Full) if was_low => Err(StreamError::Internal),
            Err(PushError::Full | PushError::Closed) => Ok(false),
        }
    }

    fn send_gap(
        &mut self,
        key: StreamKey,
        lost: RangeInclusive<u64>,
        record: Option<&RawJson>,
    ) -> Result<(), StreamError> {
        let Some(stream) = self.streams.get(&key) else {
            return Ok(());
        };
        let record: Option<&RawValue> = record
            .map(|record| serde_json::from_str(record.as_str()))
            .transpose()
            .map_err(|_| StreamError::Internal)?;
        let gap = GapResync::new(stream.id.as_str(), stream.run.as_str(), lost, record);
        let (payload, session) = (encode(&gap), stream.session);
        self.tell(session, GapResync::EVENT, &payload);
        Ok(())
    }
}
