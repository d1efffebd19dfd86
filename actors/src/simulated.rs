//! What a simulation changes on its thread: no work leaves it, and some results of tasks come twice.

use std::cell::Cell;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};

/// How much later a result comes again: long enough for the next attempt to be under way.
const ECHO_AFTER: Duration = Duration::from_millis(45);

thread_local! {
    static IS_ON: Cell<bool> = const { Cell::new(false) };
    static ECHO_EVERY: Cell<u64> = const { Cell::new(0) };
    static RESULTS: Cell<u64> = const { Cell::new(0) };
}

/// Begins a simulation on this thread; every `echo_every`-th result of a task comes twice, none for 0.
pub fn begin(echo_every: u64) {
    IS_ON.set(true);
    ECHO_EVERY.set(echo_every);
    RESULTS.set(0);
}

/// Ends it.
pub fn end() {
    IS_ON.set(false);
    ECHO_EVERY.set(0);
}

/// Returns whether this thread simulates.
pub fn is_on() -> bool {
    IS_ON.get()
}

/// Returns whether the result that has just come is to come once more.
pub(crate) fn is_echoed() -> bool {
    RESULTS.set(RESULTS.get() + 1);
    let every = ECHO_EVERY.get();
    every > 0 && RESULTS.get().is_multiple_of(every)
}

/// Sends `message` to `actor` after a while.
pub(crate) fn echo<A, M>(actor: Addr<A>, message: M)
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    actix_rt::spawn(async move {
        actix_rt::time::sleep(ECHO_AFTER).await;
        actor.do_send(message);
    });
}
