//! What one attempt has told and its run has not taken yet. Written by the attempt, on whichever thread its
//! body runs; taken by the actor of the run.
//!
//! A body that writes synchronously cannot be made to wait, so that nothing here ever blocks it. What bounds it
//! is what may be kept: when an attempt has written its limit, or has more waiting than the run can take, what
//! follows is dropped at once and the end of its output says so.

use parking_lot::Mutex;
use smithers_model::NodeKey;
use smithers_model::redact::Pieces;
use smithers_model::report::{OutputStream, Report};

use super::lane::{Lane, PIECE_BYTES};

/// Most bytes of one attempt that wait for its run. Held back is as much again at most, for each stream.
pub(super) const MOST_WAITING: usize = 1024 * 1024;
/// A longer text is cleaned in parts of this many bytes, so that nobody cleans what is not kept.
const PART_BYTES: usize = 64 * 1024;

/// How soon the run should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::run) enum Urgency {
    /// Something waits.
    Soon,
    /// Enough for an event waits.
    Now,
}

/// What the run is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct News {
    pub(super) urgency: Urgency,
    /// Nothing of this attempt was waiting before.
    pub(super) is_first: bool,
}

/// See the module documentation.
pub(super) struct Inbox {
    pub(super) node: NodeKey,
    pub(super) attempt: u32,
    state: Mutex<State>,
}

struct State {
    stdout: Lane,
    stderr: Lane,
    /// Most bytes that are kept of the attempt.
    limit: u64,
    kept: u64,
    is_open: bool,
    /// To be told after what was kept.
    truncated: Option<Report>,
    /// What the run has been told.
    announced: Option<Urgency>,
}

impl Inbox {
    /// An empty one for an attempt of which at most `limit` bytes are kept.
    pub(super) fn new(
        node: NodeKey,
        attempt: u32,
        limit: u64,
        mut cleaner: impl FnMut() -> Box<dyn Pieces>,
    ) -> Self {
        let state = State {
            stdout: Lane::new(cleaner()),
            stderr: Lane::new(cleaner()),
            limit,
            kept: 0,
            is_open: true,
            truncated: None,
            announced: None,
        };
        Self {
            node,
            attempt,
            state: Mutex::new(state),
        }
    }

    /// Takes a report in. Returns what the run has not been told yet.
    pub(super) fn put(&self, report: &Report) -> Option<News> {
        let mut state = self.state.lock();
        if let Report::Output { stream, text } = report {
            state.write(*stream, text);
        }
        let urgency = state.urgency()?;
        let known = state.announced;
        state.announced = known.max(Some(urgency));
        let news = News {
            urgency,
            is_first: known.is_none(),
        };
        (known < Some(urgency)).then_some(news)
    }

    /// Takes reports out, in order, not many more than `budget` bytes. Tells whether more are left.
    pub(super) fn take(&self, budget: usize) -> (Vec<Report>, bool) {
        let mut state = self.state.lock();
        let reports = state.take(budget);
        let is_left = state.urgency().is_some();
        state.announced = is_left.then_some(Urgency::Now);
        (reports, is_left)
    }

    /// Takes out everything, what was held back too. What comes later is dropped.
    pub(super) fn close(&self) -> Vec<Report> {
        let mut state = self.state.lock();
        for stream in OutputStream::ALL {
            let held = state.lane(stream).close();
            state.keep(stream, &held);
        }
        state.is_open = false;
        state.take(usize::MAX)
    }
}

impl State {
    fn lane(&mut self, stream: OutputStream) -> &mut Lane {
        match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        }
    }

    fn waiting(&self) -> usize {
        self.stdout.len() + self.stderr.len()
    }

    fn urgency(&self) -> Option<Urgency> {
        let is_much = self.stdout.len().max(self.stderr.len()) >= PIECE_BYTES;
        match self.waiting() {
            _ if is_much => Some(Urgency::Now),
            0 if self.truncated.is_none() => None,
            _ => Some(Urgency::Soon),
        }
    }

    fn write(&mut self, stream: OutputStream, text: &str) {
        let mut rest = text;
        while self.is_open && !rest.is_empty() {
            let (part, after) = rest.split_at(rest.floor_char_boundary(PART_BYTES));
            let clean = self.lane(stream).clean(part);
            self.keep(stream, &clean);
            rest = after;
        }
    }

    /// Keeps what there is room for. The rest of the output is dropped when that is not all.
    fn keep(&mut self, stream: OutputStream, text: &str) {
        if !self.is_open || text.is_empty() {
            return;
        }
        let left = usize::try_from(self.limit - self.kept).unwrap_or(usize::MAX);
        let room = left.min(MOST_WAITING.saturating_sub(self.waiting()));
        let fits = text.floor_char_boundary(room);
        self.lane(stream).keep(&text[..fits]);
        self.kept += fits as u64;
        if fits < text.len() {
            self.is_open = false;
            let limit = self.limit.min(MOST_WAITING as u64);
            self.truncated = Some(Report::Truncated { stream, limit });
        }
    }

    fn take(&mut self, budget: usize) -> Vec<Report> {
        let mut reports = Vec::new();
        for stream in OutputStream::ALL {
            let pieces = self.lane(stream).take(budget);
            reports.extend(
                pieces
                    .into_iter()
                    .map(|text| Report::Output { stream, text }),
            );
        }
        if self.waiting() == 0 {
            reports.extend(self.truncated.take());
        }
        reports
    }
}
