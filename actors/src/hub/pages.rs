//! What streams read of stored runs, away from the arbiter.

use std::error::Error;
use std::sync::Arc;

use futures_core::future::LocalBoxFuture;
use smithers_model::event::StoredEvent;
use smithers_model::{RawJson, RunId};
use smithers_protocol::frame::RunEvent;
use smithers_store::read::ReadResult;
use smithers_store::{Backend, Reader};

use crate::reading::off_arbiter;
use crate::wire;

/// A read failed; the particulars are in the log of whoever read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored events could not be read")]
pub struct ReadFailed;

/// Consecutive visible events of a run.
#[derive(Debug, Default)]
pub struct Page {
    /// Events with their stream numbers, rising by one.
    pub events: Vec<(u64, RunEvent)>,
    /// There was nothing after them when the page was read.
    pub is_last: bool,
    /// The run was deleted; the page says nothing else.
    pub is_gone: bool,
}

/// Pages of the visible events of runs, as they are committed.
///
/// A read sees every commit that was published before it began (read-your-writes).
pub trait Pages {
    /// Returns the number of the newest visible event, 0 when there is none; `None` for no such run.
    fn newest(&self, run: &RunId) -> LocalBoxFuture<'static, Result<Option<u64>, ReadFailed>>;

    /// Returns up to `limit` visible events that follow number `after`. The read begins before the future is
    /// polled, so that a page can be read while the one before it is sent.
    fn page(
        &self,
        run: &RunId,
        after: u64,
        limit: usize,
    ) -> LocalBoxFuture<'static, Result<Page, ReadFailed>>;
}

/// The record of a run (gateway-protocol 2.2) as a client that lost events gets it.
pub trait RunRecords {
    /// Returns the record, or `None` when the run is gone.
    fn record(&self, run: &RunId) -> LocalBoxFuture<'static, Result<Option<RawJson>, ReadFailed>>;
}

/// Pages read from the store, on the blocking threads of the runtime.
#[derive(Clone)]
pub struct StorePages(Arc<dyn Backend>);

impl StorePages {
    /// Reads from `store`.
    pub fn new(store: Arc<dyn Backend>) -> Self {
        Self(store)
    }

    /// Runs a read away from the arbiter, from now on, whether or not the future is polled.
    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Reader) -> Result<T, Box<dyn Error + Send + Sync>> + Send + 'static,
    ) -> LocalBoxFuture<'static, Result<T, ReadFailed>> {
        let store = self.0.clone();
        let reading = off_arbiter(move || read(&*store.reader()?));
        Box::pin(async move {
            let done = reading.await.unwrap_or_else(|e| Err(e.into()));
            done.map_err(|error| {
                tracing::error!(error = &*error as &dyn Error, "stored events not read");
                ReadFailed
            })
        })
    }
}

impl Pages for StorePages {
    fn newest(&self, run: &RunId) -> LocalBoxFuture<'static, Result<Option<u64>, ReadFailed>> {
        let run = run.clone();
        let newest = move |reader: &dyn Reader| -> ReadResult<Option<u64>> {
            Ok(reader.run(&run)?.map(|row| row.next_stream_seq - 1))
        };
        // One indexed row: asked here, unless no connection is free at once.
        if let Some(reader) = self.0.glimpse()
            && let Ok(answer) = newest(&*reader)
        {
            return Box::pin(std::future::ready(Ok(answer)));
        }
        self.read(move |reader| Ok(newest(reader)?))
    }

    fn page(
        &self,
        run: &RunId,
        after: u64,
        limit: usize,
    ) -> LocalBoxFuture<'static, Result<Page, ReadFailed>> {
        let run = run.clone();
        self.read(move |reader| read_page(reader, &run, after, limit))
    }
}

/// Reads a page and serialises its events.
pub(super) fn read_page(
    reader: &dyn Reader,
    run: &RunId,
    after: u64,
    limit: usize,
) -> Result<Page, Box<dyn Error + Send + Sync>> {
    let stored = reader.visible_events(run, after, limit)?;
    // Asked afterwards: what was read of a run that is still there is whole.
    if !reader.run_exists(run)? {
        return Ok(Page {
            is_gone: true,
            ..Page::default()
        });
    }
    let is_last = stored.len() < limit;
    let shown = |event: &StoredEvent| -> Result<_, Box<dyn Error + Send + Sync>> {
        let seq = event
            .stream_seq
            .ok_or("a visible event has no stream number")?;
        let shown = wire::run_event(event)?.ok_or("a visible event has no name")?;
        Ok((seq, shown))
    };
    let events = stored.iter().map(shown).collect::<Result<_, _>>()?;
    Ok(Page {
        events,
        is_last,
        is_gone: false,
    })
}
