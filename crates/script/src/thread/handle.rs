//! How the rest of the crate talks to a script thread, whichever OS thread that is today.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::RwLock;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use super::pulse::Pulse;
use super::worker::{Control, Request, Worker, WorkerOptions};

/// Requests that may wait for one thread; a sender waits for room.
const MAILBOX: usize = 256;

/// Stack of a script thread, bytes: parsers and the engine recurse.
const STACK_BYTES: usize = 64 << 20;

/// A script thread, replaced when it is stuck.
#[derive(Debug)]
pub(crate) struct Thread {
    index: usize,
    options: WorkerOptions,
    current: RwLock<Incarnation>,
}

/// One OS thread.
#[derive(Debug)]
struct Incarnation {
    requests: mpsc::Sender<Request>,
    control: mpsc::UnboundedSender<Control>,
    pulse: Arc<Pulse>,
    /// Becomes the ticket at fault when the thread is given up.
    lost: watch::Sender<Option<u64>>,
    join: Option<JoinHandle<()>>,
}

/// The thread was lost before it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Whether it was this request's own doing.
    pub(crate) at_fault: bool,
}

static NEXT_TICKET: AtomicU64 = AtomicU64::new(1);

/// Returns a number that names a request, call or session in this process.
pub(crate) fn next_ticket() -> u64 {
    NEXT_TICKET.fetch_add(1, Ordering::Relaxed)
}

impl Thread {
    /// Starts thread `index`.
    pub(crate) fn start(index: usize, options: WorkerOptions) -> io::Result<Arc<Self>> {
        let current = RwLock::new(Incarnation::start(index, &options)?);
        Ok(Arc::new(Self {
            index,
            options,
            current,
        }))
    }

    /// Sends the request that `make` builds around the reply channel, and waits for the answer. It is sent at once,
    /// so that requests arrive in the order in which they were made; only a thread with a full queue is waited for.
    pub(crate) fn ask<T, F>(
        &self,
        ticket: u64,
        make: F,
    ) -> impl Future<Output = Result<T, Lost>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(oneshot::Sender<T>) -> Request + Send + 'static,
    {
        let (requests, mut lost) = {
            let current = self.current.read();
            (current.requests.clone(), current.lost.subscribe())
        };
        let (reply, answer) = oneshot::channel();
        let unsent = match requests.try_send(make(reply)) {
            Err(TrySendError::Full(request)) => Some(request),
            // A thread that is gone drops the request, and the answer with it.
            Ok(()) | Err(TrySendError::Closed(_)) => None,
        };
        async move {
            let exchange = async move {
                if let Some(request) = unsent {
                    requests.send(request).await.ok()?;
                }
                answer.await.ok()
            };
            tokio::select! {
                biased;
                answer = exchange => answer.ok_or(Lost { at_fault: false }),
                given_up = lost.wait_for(Option::is_some) => {
                    let culprit = given_up.ok().and_then(|culprit| *culprit);
                    Err(Lost { at_fault: culprit == Some(ticket) })
                }
            }
        }
    }

    /// Sends a message that needs no room. A thread that is gone needs none.
    pub(crate) fn tell(&self, control: Control) {
        let _ = self.current.read().control.send(control);
    }

    /// Replaces the OS thread when it is stuck or has died.
    pub(crate) fn revive(&self) {
        let grace = self.options.limits.stuck_grace;
        let (stuck, died) = {
            let current = self.current.read();
            let died = current.join.as_ref().is_some_and(JoinHandle::is_finished);
            (current.pulse.is_stuck(grace), died)
        };
        if !stuck && !died {
            return;
        }
        tracing::error!(
            thread = self.index,
            stuck,
            "a script thread was lost and is replaced"
        );
        match Incarnation::start(self.index, &self.options) {
            Ok(fresh) => {
                let old = std::mem::replace(&mut *self.current.write(), fresh);
                let culprit = old.pulse.ticket();
                old.lost.send_replace(Some(culprit));
            }
            Err(error) => tracing::error!(%error, "cannot start another script thread"),
        }
    }

    /// Asks the thread to stop after the work at hand.
    pub(crate) fn stop(&self) -> Option<JoinHandle<()>> {
        let mut current = self.current.write();
        let _ = current.control.send(Control::Stop);
        current.join.take()
    }

    /// Whether the work at hand is past every limit.
    pub(crate) fn is_stuck(&self) -> bool {
        self.current
            .read()
            .pulse
            .is_stuck(self.options.limits.stuck_grace)
    }
}

impl Incarnation {
    fn start(index: usize, options: &WorkerOptions) -> io::Result<Self> {
        let (requests, request_queue) = mpsc::channel(MAILBOX);
        let (control, control_queue) = mpsc::unbounded_channel();
        let pulse = Pulse::new();
        let timer = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let worker_pulse = Arc::clone(&pulse);
        let options = options.clone();
        let join = std::thread::Builder::new()
            .name(format!("script-{index}"))
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let worker = Worker::new(options, worker_pulse, request_queue, control_queue);
                timer.block_on(worker.run());
            })?;
        Ok(Self {
            requests,
            control,
            pulse,
            lost: watch::Sender::new(None),
            join: Some(join),
        })
    }
}
