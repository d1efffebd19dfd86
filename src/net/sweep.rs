//! One sweep per worker: it compares every connection with the clock and passes on a stop.
//!
//! Deadlines cost no timer per connection. The dispatcher of a condemned connection is woken
//! and finds out at its next read, write or flush.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::{
    sync::{Notify, watch},
    time::MissedTickBehavior,
};

use super::{conn::Conn, limits::Limits};

/// How far the server is with stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connections come and go.
    Serving,
    /// Connections are asked to end.
    Stopping,
    /// What is left is cut.
    Cutting,
}

/// What the workers of one server share: the stage, and the number of open connections.
#[derive(Debug)]
pub(super) struct Shared {
    stage: watch::Sender<Stage>,
    open: AtomicUsize,
    emptied: Notify,
}

impl Shared {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            stage: watch::Sender::new(Stage::Serving),
            open: AtomicUsize::new(0),
            emptied: Notify::new(),
        })
    }

    pub(super) fn enter(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    pub(super) fn open_connections(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Returns when no connection is open.
    pub(super) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.open_connections() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

/// Counts one open connection; it lives with the socket itself, not with who knows of it.
#[derive(Debug)]
pub(super) struct Live(Arc<Shared>);

impl Live {
    fn new(shared: Arc<Shared>) -> Self {
        shared.open.fetch_add(1, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.emptied.notify_waiters();
        }
    }
}

/// The connections of one worker.
#[derive(Debug)]
pub(super) struct Sweeper {
    limits: Rc<Limits>,
    shared: Arc<Shared>,
    conns: RefCell<Vec<Weak<Conn>>>,
}

impl Sweeper {
    /// Starts the sweep on the current worker; it ends with the last handle.
    pub(super) fn start(limits: Limits, shared: Arc<Shared>) -> Rc<Self> {
        let stage = shared.stage.subscribe();
        let sweeper = Rc::new(Self {
            limits: Rc::new(limits),
            shared,
            conns: RefCell::new(Vec::new()),
        });
        actix_rt::spawn(run(Rc::downgrade(&sweeper), stage));
        sweeper
    }

    /// Returns the state of a new connection, already known to the sweep, and what counts it.
    pub(super) fn register(&self) -> (Rc<Conn>, Live) {
        let conn = Conn::new(self.limits.clone(), Instant::now());
        if *self.shared.stage.borrow() != Stage::Serving {
            conn.stop();
        }
        self.conns.borrow_mut().push(Rc::downgrade(&conn));
        (conn, Live::new(self.shared.clone()))
    }

    fn sweep(&self, stage: Stage) {
        let now = Instant::now();
        self.conns.borrow_mut().retain(|conn| {
            let Some(conn) = conn.upgrade() else {
                return false;
            };
            match stage {
                Stage::Serving => {}
                Stage::Stopping => conn.stop(),
                Stage::Cutting => conn.cut(),
            }
            conn.sweep(now);
            true
        });
    }
}

async fn run(sweeper: Weak<Sweeper>, mut stage: watch::Receiver<Stage>) {
    let Some(period) = sweeper.upgrade().map(|sweeper| sweeper.limits.sweep) else {
        return;
    };
    let mut tick = tokio::time::interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            changed = stage.changed() => if changed.is_err() { return },
        }
        let Some(sweeper) = sweeper.upgrade() else {
            return;
        };
        let current = *stage.borrow_and_update();
        sweeper.sweep(current);
    }
}
