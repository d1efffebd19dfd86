//! One run at a time for each key of a kept result, in the order of asking. Nothing of it is stored: after a crash nobody
//! has a turn.
//!
//! Nobody who has a turn waits for another one, so nobody waits for ever for somebody who waits.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use smithers_model::planted::{Bug, planted};
use tokio::sync::oneshot;

/// Keys that somebody has the turn for, with those who wait.
type Queues = HashMap<String, VecDeque<oneshot::Sender<Turn>>>;

/// All turns of a gateway. Cheap to clone.
#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<Queues>>);

/// The turn for a key. Dropping it passes it on.
pub struct Turn {
    queues: Arc<Mutex<Queues>>,
    /// None once it was passed on.
    key: Option<String>,
}

impl Turns {
    /// Waits for the turn for `key`.
    pub(crate) async fn take(&self, key: &str) -> Turn {
        if planted(Bug::TurnNotAwaited) {
            return Turn {
                queues: Arc::clone(&self.0),
                key: None,
            };
        }
        let waiting = match self.0.lock().entry(key.to_owned()) {
            Entry::Vacant(queue) => {
                queue.insert(VecDeque::new());
                None
            }
            Entry::Occupied(mut queue) => {
                let (sender, receiver) = oneshot::channel();
                queue.get_mut().push_back(sender);
                Some(receiver)
            }
        };
        match waiting {
            None => self.turn(key),
            // A turn is passed on to whoever waits, so the sender goes only with the whole gateway.
            Some(receiver) => receiver.await.unwrap_or_else(|_| self.turn(key)),
        }
    }

    fn turn(&self, key: &str) -> Turn {
        Turn {
            queues: Arc::clone(&self.0),
            key: Some(key.to_owned()),
        }
    }
}

impl Turn {
    /// Who comes next; the key is forgotten when nobody does.
    fn next(&self, key: &str) -> Option<oneshot::Sender<Turn>> {
        let mut queues = self.queues.lock();
        let next = queues.get_mut(key).and_then(VecDeque::pop_front);
        if next.is_none() {
            queues.remove(key);
        }
        next
    }
}

impl Drop for Turn {
    /// Those who have gone meanwhile are passed over, in a loop: there may be many.
    fn drop(&mut self) {
        let Some(mut key) = self.key.take() else {
            return;
        };
        while let Some(next) = self.next(&key) {
            let turn = Turn {
                queues: Arc::clone(&self.queues),
                key: Some(key),
            };
            match next.send(turn) {
                Ok(()) => return,
                Err(mut back) => key = back.key.take().expect("a turn comes back as it was sent"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn now<F: Future>(future: F) -> Option<F::Output> {
        match poll(pin!(future)) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_second_one_waits_until_the_first_has_ended_and_other_keys_do_not() {
        let turns = Turns::default();
        let first = now(turns.take("k")).unwrap();
        let mut second = pin!(turns.take("k"));
        assert!(poll(second.as_mut()).is_pending());
        assert!(now(turns.take("other")).is_some());
        drop(first);
        assert!(poll(second.as_mut()).is_ready());
        assert!(turns.0.lock().is_empty(), "nothing is left behind");
    }

    #[test]
    fn those_who_have_gone_are_passed_over() {
        let turns = Turns::default();
        let first = now(turns.take("k")).unwrap();
        for _ in 0..100_000 {
            assert!(now(turns.take("k")).is_none());
        }
        let mut last = pin!(turns.take("k"));
        assert!(poll(last.as_mut()).is_pending());
        drop(first);
        assert!(poll(last.as_mut()).is_ready());
        assert!(turns.0.lock().is_empty(), "nothing is left behind");
    }
}
