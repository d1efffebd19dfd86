//! How many sockets may be open, before and after they have authenticated.

use std::sync::Arc;

use parking_lot::Mutex;
use smithers_protocol::limits;

/// Most sockets open at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Authenticated ones.
    pub connected: usize,
    /// Those that have not authenticated yet.
    pub pre_auth: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connected: limits::MAX_CONNECTIONS,
            pre_auth: limits::MAX_PRE_AUTH_CONNECTIONS,
        }
    }
}

/// The open sockets of all workers; clones share the counts.
#[derive(Clone, Debug)]
pub struct Connections {
    limits: ConnectionLimits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    pre_auth: usize,
    connected: usize,
}

/// The place of one socket in the counts, given back when dropped.
#[derive(Debug)]
pub struct Ticket {
    pool: Connections,
    connected: bool,
}

/// The pool of authenticated sockets is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("connection limit reached")]
pub struct PoolFull;

impl Connections {
    /// Creates empty counts.
    pub fn new(limits: ConnectionLimits) -> Self {
        Self {
            limits,
            counts: Arc::default(),
        }
    }

    /// Takes a place for a socket that asks to be opened.
    ///
    /// # Errors
    /// [`PoolFull`] when either pool is.
    pub fn enter(&self) -> Result<Ticket, PoolFull> {
        let mut counts = self.counts.lock();
        let full =
            counts.connected >= self.limits.connected || counts.pre_auth >= self.limits.pre_auth;
        if full {
            return Err(PoolFull);
        }
        counts.pre_auth += 1;
        Ok(Ticket {
            pool: self.clone(),
            connected: false,
        })
    }

    /// Returns the authenticated sockets.
    pub fn connected(&self) -> usize {
        self.counts.lock().connected
    }

    /// Returns the sockets that have not authenticated yet.
    pub fn pre_auth(&self) -> usize {
        self.counts.lock().pre_auth
    }
}

impl Ticket {
    /// Moves the socket to the authenticated ones; nothing changes when it is there already.
    ///
    /// # Errors
    /// [`PoolFull`] when there is no place; the socket stays where it was.
    pub fn promote(&mut self) -> Result<(), PoolFull> {
        if self.connected {
            return Ok(());
        }
        let mut counts = self.pool.counts.lock();
        if counts.connected >= self.pool.limits.connected {
            return Err(PoolFull);
        }
        counts.pre_auth -= 1;
        counts.connected += 1;
        self.connected = true;
        Ok(())
    }
}

impl Ticket {
    /// Moves the socket back: its handshake could not be finished.
    pub fn demote(&mut self) {
        if std::mem::take(&mut self.connected) {
            let mut counts = self.pool.counts.lock();
            counts.connected -= 1;
            counts.pre_auth += 1;
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = self.pool.counts.lock();
        if self.connected {
            counts.connected -= 1;
        } else {
            counts.pre_auth -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_pool_refuses_and_a_dropped_ticket_makes_room() {
        let pool = Connections::new(ConnectionLimits {
            connected: 1,
            pre_auth: 2,
        });
        let mut first = pool.enter().unwrap();
        let mut second = pool.enter().unwrap();
        assert!(pool.enter().is_err());
        first.promote().unwrap();
        first.promote().unwrap();
        assert_eq!((pool.connected(), pool.pre_auth()), (1, 1));
        assert_eq!(second.promote(), Err(PoolFull));
        assert!(
            pool.enter().is_err(),
            "no upgrade while all places of connected ones are taken"
        );
        first.demote();
        assert_eq!((pool.connected(), pool.pre_auth()), (0, 2));
        drop(first);
        second.promote().unwrap();
        drop(second);
        assert_eq!((pool.connected(), pool.pre_auth()), (0, 0));
    }
}
