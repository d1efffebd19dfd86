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

mod agent;
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
use smithers_model::fact::Fact;
use smithers_model::report::{Report, Reporter};
use smithers_model::{NodeKey, RunId};
use smithers_store::Boundary;

use inbox::{Inbox, News, Urgency};
use queue::Queue;

use super::{Phase, RunActor};

/// How long something waits for more of its kind before the run looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How much longer the pause is for every event that the look before it made, so that a crowd of tasks which
/// write all the time does not push everything else out of the window of its run.
const PAUSE_PER_EVENT: Duration = Duration::from_millis(6);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// Heartbeats of one attempt are stored no oftener.
const HEARTBEAT_PAUSE: Duration = Duration::from_millis(500);
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
    run_id: RunId,
    boundary: Boundary,
    queue: Arc<Queue>,
    inboxes: HashMap<(NodeKey, u32), Arc<Inbox>>,
    /// The run is to look as soon as it can.
    is_due: bool,
    /// The run will look when its pause is over.
    is_pausing: bool,
    /// When the run looked last, and how many reports it took.
    last_look: Option<(Instant, u32)>,
    /// The run will look when heartbeats may be stored again.
    is_listening: bool,
}

impl Reports {
    /// None yet; `run` is told when there are.
    pub(super) fn new(run: Addr<RunActor>, run_id: RunId, life: u64, boundary: Boundary) -> Self {
        let ring = move |urgency| run.do_send(ReportsWaiting { life, urgency });
        Self {
            run_id,
            boundary,
            queue: Arc::new(Queue::new(ring)),
            inboxes: HashMap::new(),
            is_due: false,
            is_pausing: false,
            last_look: None,
            is_listening: false,
        }
    }

    /// Opens the inbox of an attempt of which at most `limit` bytes of output are kept.
    pub(super) fn open(&mut self, node: &NodeKey, attempt: u32, limit: u64) -> Reporter {
        let cleaner = || self.boundary.written();
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
        inbox.map_or_else(Vec::new, |inbox| self.facts(&inbox, inbox.close()))
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
        let mut waiting = self.queue.look();
        self.is_due = false;
        let mut taken: Vec<Fact> = Vec::new();
        let mut bytes = 0;
        while let Some(inbox) = waiting.pop_front() {
            let (reports, left) = inbox.take(LOOK_BYTES.saturating_sub(bytes));
            bytes += reports.iter().map(size).sum::<usize>();
            taken.extend(self.facts(&inbox, reports));
            match left {
                // It rings again when its time has come.
                Some(Urgency::Late) => self.queue.announce(&inbox, News::FIRST_AND_LATE),
                Some(_) => waiting.push_back(inbox),
                None => {}
            }
            if bytes >= LOOK_BYTES {
                self.is_due = true;
                break;
            }
        }
        self.queue.put_back(waiting);
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

    fn facts(&self, inbox: &Inbox, reports: Vec<Report>) -> Vec<Fact> {
        let (node, attempt) = (&inbox.node, inbox.attempt);
        let facts = reports.into_iter().map(|mut report| {
            count(&report);
            // The run goes on with what its rows will say.
            if let Report::Heartbeat { data: Some(data) } = &mut report {
                self.boundary.output(&self.run_id, data);
            }
            Fact::TaskReported {
                node: node.clone(),
                attempt,
                report,
            }
        });
        facts.collect()
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

fn size(report: &Report) -> usize {
    match report {
        Report::Output { text, .. } => text.len(),
        Report::Heartbeat { data } => data.as_ref().map_or(0, |data| data.as_str().len()),
        Report::Agent(report) => agent::weight(report),
        Report::Truncated { .. } => 0,
    }
}

fn count(report: &Report) {
    match report {
        Report::Output { stream, text } => {
            counter!("smithers_task_output_bytes_total", "stream" => stream.as_str())
                .increment(text.len() as u64);
        }
        Report::Heartbeat { .. } => {
            counter!("smithers_task_heartbeats_total").increment(1);
        }
        Report::Agent(report) => agent::count(report),
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
        let reports = &mut run.reports;
        let usual = reports.pause();
        let (waits, pause) = match urgency {
            Urgency::Now => {
                reports.is_due = true;
                return self.advance(ctx);
            }
            Urgency::Soon => (&mut reports.is_pausing, usual),
            Urgency::Late => (&mut reports.is_listening, HEARTBEAT_PAUSE),
        };
        if !std::mem::replace(waits, true) {
            ctx.run_later(pause, move |actor, ctx| {
                actor.look_again(life, urgency, ctx);
            });
        }
    }
}

impl RunActor {
    /// The pause that `urgency` allowed is over.
    fn look_again(&mut self, life: u64, urgency: Urgency, ctx: &mut Context<Self>) {
        if let Phase::Open(run) = &mut self.phase
            && life == self.life
        {
            match urgency {
                Urgency::Late => run.reports.is_listening = false,
                Urgency::Soon | Urgency::Now => run.reports.is_pausing = false,
            }
            run.reports.is_due = true;
            self.advance(ctx);
        }
    }
}
