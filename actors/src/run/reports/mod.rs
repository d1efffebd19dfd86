//! From the bodies of tasks to the steps of their run: what they tell before they end (DESIGN 4, "High-rate output").
//!
//! ```text
//!  body, on its thread                                 run actor
//!  reporter ─► inbox of the attempt: cleaned, bounded ─────────────► facts ─► engine ─► one step
//!                 └─► queue of the run ─► rings at most twice ─► looks after 50 ms, or at 8 KiB
//! ```
//!
//! All attempts share a look, a look waits until nothing of the run is being committed, and one that took much
//! is followed by a longer pause: however many tasks write however often, a run commits a few times a second.
//! What an attempt told comes before its result.

mod inbox;
#[cfg(test)]
mod inbox_tests;
mod lane;
mod queue;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use metrics::counter;
use smithers_model::NodeKey;
use smithers_model::fact::Fact;
use smithers_model::report::{Report, Reporter};
use smithers_store::Boundary;

use inbox::{Inbox, Urgency};
use queue::Queue;

use super::{Phase, RunActor};

/// How long something waits for more of its kind before the run looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How much longer the pause is for every event that the look before it made, so that a crowd of tasks which
/// write all the time does not push everything else out of the window of its run.
const PAUSE_PER_EVENT: Duration = Duration::from_millis(6);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// Most bytes that one look takes, roughly: what fills a step.
const LOOK_BYTES: usize = 256 * 1024;

/// Something waits in the queue.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct ReportsWaiting {
    /// Life of the in-memory state that dispatched the attempt.
    life: u64,
    urgency: Urgency,
}

/// What the attempts under way have told and no step has taken yet. Belongs to one life of the run.
pub(super) struct Reports {
    queue: Arc<Queue>,
    inboxes: HashMap<(NodeKey, u32), Arc<Inbox>>,
    /// The run is to look as soon as it can.
    is_due: bool,
    /// The run will look when its pause is over.
    is_pausing: bool,
    /// When the run looked last, and how many reports it took.
    last_look: Option<(Instant, u32)>,
}

impl Reports {
    /// None yet; `run` is told when there are.
    pub(super) fn new(run: Addr<RunActor>, life: u64) -> Self {
        let ring = move |urgency| run.do_send(ReportsWaiting { life, urgency });
        Self {
            queue: Arc::new(Queue::new(ring)),
            inboxes: HashMap::new(),
            is_due: false,
            is_pausing: false,
            last_look: None,
        }
    }

    /// Opens the inbox of an attempt of which at most `limit` bytes of output are kept.
    pub(super) fn open(
        &mut self,
        node: &NodeKey,
        attempt: u32,
        limit: u64,
        boundary: &Boundary,
    ) -> Reporter {
        let cleaner = || boundary.written();
        let inbox = Arc::new(Inbox::new(node.clone(), attempt, limit, cleaner));
        let queue = Arc::clone(&self.queue);
        self.inboxes
            .insert((node.clone(), attempt), Arc::clone(&inbox));
        Reporter::new(move |report| {
            if let Some(news) = inbox.put(&report) {
                queue.announce(&inbox, news);
            }
        })
    }

    /// Closes the inbox of an attempt that has ended and returns the last of what it told, in order.
    pub(super) fn close(&mut self, node: &NodeKey, attempt: u32) -> Vec<Fact> {
        let inbox = self.inboxes.remove(&(node.clone(), attempt));
        inbox.map_or_else(Vec::new, |inbox| facts(&inbox, inbox.close()).collect())
    }

    /// Closes the inbox of an attempt that was cut off.
    pub(super) fn forget(&mut self, node: &NodeKey, attempt: u32) {
        if let Some(inbox) = self.inboxes.remove(&(node.clone(), attempt)) {
            inbox.close();
        }
    }

    /// Whether the run is to look before it commits.
    pub(super) fn is_due(&self) -> bool {
        self.is_due
    }

    /// Takes what waits, as much as fits into a step; the rest stays due.
    pub(super) fn look(&mut self) -> Vec<Fact> {
        self.queue.look();
        self.is_due = false;
        let mut taken: Vec<Fact> = Vec::new();
        let mut bytes = 0;
        while let Some(inbox) = self.queue.next() {
            let (reports, is_left) = inbox.take(LOOK_BYTES - bytes);
            bytes += reports.iter().map(size).sum::<usize>();
            taken.extend(facts(&inbox, reports));
            if is_left {
                self.queue.put_back(inbox);
            }
            if bytes >= LOOK_BYTES {
                self.is_due = true;
                break;
            }
        }
        let count = u32::try_from(taken.len()).unwrap_or(u32::MAX);
        self.last_look = Some((Instant::now(), count));
        taken
    }

    /// How long to wait before the next look.
    fn pause(&self) -> Duration {
        let owed = self.last_look.map_or(Duration::ZERO, |(at, count)| {
            let pause = PAUSE_PER_EVENT.saturating_mul(count).min(LONGEST_PAUSE);
            pause.saturating_sub(at.elapsed())
        });
        owed.max(PAUSE)
    }
}

impl Drop for Reports {
    /// Bodies may outlive the state that dispatched them: nobody takes what they tell any more.
    fn drop(&mut self) {
        for inbox in self.inboxes.values() {
            inbox.close();
        }
    }
}

fn facts(inbox: &Inbox, reports: Vec<Report>) -> impl Iterator<Item = Fact> {
    let (node, attempt) = (&inbox.node, inbox.attempt);
    reports.into_iter().map(move |report| {
        count(&report);
        Fact::TaskReported {
            node: node.clone(),
            attempt,
            report,
        }
    })
}

fn size(report: &Report) -> usize {
    match report {
        Report::Output { text, .. } => text.len(),
        Report::Truncated { .. } => 0,
    }
}

fn count(report: &Report) {
    match report {
        Report::Output { stream, text } => {
            counter!("smithers_task_output_bytes_total", "stream" => stream.as_str())
                .increment(text.len() as u64);
        }
        Report::Truncated { .. } => {
            counter!("smithers_task_output_truncated_total").increment(1);
        }
    }
}

impl Handler<ReportsWaiting> for RunActor {
    type Result = ();

    fn handle(&mut self, message: ReportsWaiting, ctx: &mut Self::Context) {
        let ReportsWaiting { life, urgency } = message;
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        if life != self.life {
            return;
        }
        if urgency == Urgency::Now {
            run.reports.is_due = true;
            self.advance(ctx);
        } else if !std::mem::replace(&mut run.reports.is_pausing, true) {
            ctx.run_later(run.reports.pause(), move |actor, ctx| {
                actor.look_again(life, ctx)
            });
        }
    }
}

impl RunActor {
    /// The pause is over.
    fn look_again(&mut self, life: u64, ctx: &mut Context<Self>) {
        if let Phase::Open(run) = &mut self.phase
            && life == self.life
        {
            run.reports.is_pausing = false;
            run.reports.is_due = true;
            self.advance(ctx);
        }
    }
}
