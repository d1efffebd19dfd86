//! What one attempt has told and its run has not taken yet. Written by the attempt, on whichever thread its
//! body runs; taken by the actor of the run.
//!
//! A body that writes synchronously cannot be made to wait, so that nothing here ever blocks it. What bounds it
//! is what may be kept: when an attempt has written its limit, or has more waiting than the run can take, what
//! follows is dropped at once and the end of its output says so.

use std::time::Instant;

use parking_lot::Mutex;
use smithers_model::agent::AgentReport;
use smithers_model::redact::Pieces;
use smithers_model::report::{OutputStream, Report};
use smithers_model::{NodeKey, RawJson};

use super::HEARTBEAT_PAUSE;
use super::agent::AgentLane;
use super::lane::{Lane, PIECE_BYTES};

/// Most bytes of one attempt that wait for its run. Held back is as much again at most, for each stream.
pub(super) const MOST_WAITING: usize = 1024 * 1024;
/// A longer text is cleaned in parts of this many bytes, so that nobody cleans what is not kept.
const PART_BYTES: usize = 64 * 1024;

/// How soon the run should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::run) enum Urgency {
    /// A heartbeat waits until one may be stored again.
    Late,
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

impl News {
    /// A heartbeat is all that waits, and must go on waiting.
    pub(super) const FIRST_AND_LATE: Self = Self {
        urgency: Urgency::Late,
        is_first: true,
    };
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
    is_over: bool,
    /// A sign of life that is to be told, with the newest data that came with one.
    heartbeat: Option<Option<RawJson>>,
    /// When the last one was told.
    told_alive: Option<Instant>,
    /// To be told after what was kept.
    truncated: Option<Report>,
    /// What the agent of the attempt tells.
    agent: AgentLane,
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
            is_over: false,
            heartbeat: None,
            told_alive: None,
            truncated: None,
            agent: AgentLane::default(),
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
        match report {
            Report::Output { stream, text } => state.write(*stream, text),
            Report::Heartbeat { data } => state.beat(data.as_ref()),
            Report::Agent(report) => state.hear(report),
            // Said here, not by bodies.
            Report::Truncated { .. } => {}
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

    /// Takes reports out, in order, not many more than `budget` bytes. Tells how soon what is left must follow.
    pub(super) fn take(&self, budget: usize) -> (Vec<Report>, Option<Urgency>) {
        let mut state = self.state.lock();
        let mut reports = state.take(budget);
        if state.may_tell_alive() {
            reports.extend(state.take_heartbeat());
        }
        let left = state.urgency();
        state.announced = match left {
            Some(Urgency::Late) => left,
            _ => left.and(Some(Urgency::Now)),
        };
        (reports, left)
    }

    /// Takes out everything, what was held back too. What comes later is dropped.
    pub(super) fn close(&self) -> Vec<Report> {
        let mut state = self.state.lock();
        for stream in OutputStream::ALL {
            let held = state.lane(stream).close();
            state.keep(stream, &held);
        }
        state.is_open = false;
        state.is_over = true;
        let mut reports = state.take(usize::MAX);
        reports.extend(state.take_heartbeat());
        reports
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
            0 if self.truncated.is_none() && self.agent.is_empty() => self.heartbeat_urgency(),
            _ => Some(Urgency::Soon),
        }
    }

    fn heartbeat_urgency(&self) -> Option<Urgency> {
        self.heartbeat.as_ref()?;
        Some(match self.may_tell_alive() {
            true => Urgency::Soon,
            false => Urgency::Late,
        })
    }

    fn may_tell_alive(&self) -> bool {
        self.told_alive
            .is_none_or(|last| last.elapsed() >= HEARTBEAT_PAUSE)
    }

    fn beat(&mut self, data: Option<&RawJson>) {
        if !self.is_over {
            let known = self.heartbeat.take().flatten();
            self.heartbeat = Some(data.cloned().or(known));
        }
    }

    fn hear(&mut self, report: &AgentReport) {
        if !self.is_over {
            self.agent.put(report);
        }
    }

    fn take_heartbeat(&mut self) -> Option<Report> {
        let data = self.heartbeat.take()?;
        self.told_alive = Some(Instant::now());
        Some(Report::Heartbeat { data })
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
        reports.extend(self.agent.take());
        reports
    }
}
