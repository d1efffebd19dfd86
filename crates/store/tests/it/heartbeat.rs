//! An idle writer shows that it lives, and finds out that its storage does not.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use smithers_store::ops;
use smithers_store::testkit::{FaultyStore, ManualClock, Moment, ScratchDb};
use smithers_store::{
    Backend, FaultKind, MemoryStore, NoPublisher, Writer, WriterHandle, WriterOptions, WriterState,
};

const DEADLINE: Duration = Duration::from_secs(30);

fn options() -> WriterOptions {
    WriterOptions {
        heartbeat: Duration::from_millis(5),
        ..WriterOptions::new(Arc::new(ManualClock::default()))
    }
}

fn idle(store: Arc<dyn Backend>, options: WriterOptions) -> WriterHandle {
    Writer::spawn(store, Box::new(NoPublisher), options).unwrap()
}

#[test]
fn an_idle_gateway_shows_that_it_lives() {
    let scratch = ScratchDb::new();
    let writer = idle(Arc::new(scratch.open()), options());
    let heartbeat = || {
        let status = ops::status(&scratch.path(), &mut |_| {}).unwrap();
        assert!(status.in_use);
        status.owner.unwrap().heartbeat_at_ms
    };
    let (first, deadline) = (heartbeat(), Instant::now() + DEADLINE);
    while heartbeat() == first {
        assert!(Instant::now() < deadline, "no sign of life");
    }
    writer.shutdown();
}

#[test]
fn an_idle_gateway_finds_out_that_its_storage_fails_and_that_it_works_again() {
    let store = Arc::new(FaultyStore::new(MemoryStore::default()));
    let (tx, states) = channel();
    let writer = idle(
        store.clone(),
        WriterOptions {
            on_state: Some(Box::new(move |state, _| {
                tx.send(state.clone()).unwrap_or(())
            })),
            ..options()
        },
    );
    store.switch().fail(FaultKind::DiskFull, Moment::Before);
    let state = states.recv_timeout(DEADLINE).unwrap();
    assert!(matches!(state, WriterState::Degraded { .. }), "{state:?}");
    store.switch().heal();
    assert_eq!(states.recv_timeout(DEADLINE).unwrap(), WriterState::Ready);
    writer.shutdown();
}
