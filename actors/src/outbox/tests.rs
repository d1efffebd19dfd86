//! The outbox against its bounds, and against a model of what must reach the wire.

use std::{cell::Cell, sync::Arc, task::Wake};

use proptest::prelude::*;

use super::*;

const TINY: OutboxLimits = OutboxLimits {
    events: 100,
    reply_reserve: 50,
    low_water: 20,
};

/// Takes everything that is ready, `max` bytes at a time.
fn drain(outbox: &Outbox, max: usize) -> Vec<u8> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut wire = Vec::new();
    while let Poll::Ready(Some(chunk)) = outbox.poll_drain(&mut cx, max) {
        wire.extend_from_slice(&chunk);
    }
    wire
}

/// Splits wire bytes into (opcode, payload); panics on a torn frame.
fn frames(mut wire: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while !wire.is_empty() {
        let total = frame::frame_len(wire);
        let header = match wire[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        frames.push((wire[0] & 0x0F, wire[header..total].to_vec()));
        wire = &wire[total..];
    }
    frames
}

#[test]
fn frames_that_are_ready_together_leave_in_one_chunk() {
    let outbox = Outbox::new(OutboxLimits::default());
    outbox.try_push_event(&[b"{\"a\":", b"1", b"}"]).unwrap();
    outbox.try_push_reply(&[b"two"]).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(chunk)) = outbox.poll_drain(&mut cx, 1024) else {
        panic!("nothing ready")
    };
    assert_eq!(
        frames(&chunk),
        [(1, b"{\"a\":1}".to_vec()), (1, b"two".to_vec())]
    );
    assert_eq!((outbox.queued_bytes(), outbox.queued_frames()), (0, 0));
}

#[test]
fn events_stop_at_their_bound_and_replies_at_the_reserve() {
    let outbox = Outbox::new(TINY);
    outbox.try_push_event(&[&[b'x'; 98]]).unwrap();
    assert_eq!(outbox.try_push_event(&[b""]), Err(PushError::Full));
    outbox.try_push_reply(&[&[b'x'; 48]]).unwrap();
    assert_eq!(outbox.try_push_reply(&[b""]), Err(PushError::Full));
    assert_eq!(outbox.queued_bytes(), 150);
}

#[test]
fn only_the_latest_pong_is_kept_and_it_goes_out_between_frames() {
    let outbox = Outbox::new(OutboxLimits::default());
    outbox.try_push_event(&[&[b'a'; 50]]).unwrap();
    outbox.try_push_event(&[b"b"]).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(mut wire)) = outbox.poll_drain(&mut cx, 10).map(|c| c.map(Vec::from))
    else {
        panic!("nothing ready")
    };
    (0..1000).for_each(|n: u32| outbox.pong(&n.to_be_bytes()));
    wire.extend(drain(&outbox, 1024));
    let expected = [
        (1, vec![b'a'; 50]),
        (10, 999u32.to_be_bytes().to_vec()),
        (1, b"b".to_vec()),
    ];
    assert_eq!(frames(&wire), expected);
}

#[test]
fn close_comes_last_and_nothing_is_taken_after_it() {
    let outbox = Outbox::new(OutboxLimits::default());
    outbox.try_push_event(&[b"a"]).unwrap();
    outbox.close(1013, "event backpressure");
    outbox.close(1000, "too late");
    assert_eq!(outbox.try_push_event(&[b"b"]), Err(PushError::Closed));
    let wire = frames(&drain(&outbox, 1024));
    assert_eq!(wire.len(), 2);
    assert_eq!(
        wire[1],
        (
            8,
            [&1013u16.to_be_bytes()[..], b"event backpressure"].concat()
        )
    );
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(outbox.poll_drain(&mut cx, 1024), Poll::Ready(None));
}

#[test]
fn abort_drops_what_has_not_begun_to_leave() {
    let outbox = Outbox::new(OutboxLimits::default());
    outbox.try_push_event(&[b"first"]).unwrap();
    outbox.try_push_event(&[b"second"]).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(mut wire)) = outbox.poll_drain(&mut cx, 3).map(|c| c.map(Vec::from))
    else {
        panic!("nothing ready")
    };
    outbox.abort(1009, "");
    assert_eq!(outbox.queued_frames(), 2);
    wire.extend(drain(&outbox, 1024));
    assert_eq!(
        frames(&wire),
        [(1, b"first".to_vec()), (8, 1009u16.to_be_bytes().to_vec())]
    );
}

#[test]
fn hanging_up_ends_the_body_without_a_close_frame() {
    let outbox = Outbox::new(OutboxLimits::default());
    outbox.try_push_event(&[b"lost"]).unwrap();
    outbox.hang_up();
    assert!(outbox.is_hung_up() && !outbox.is_open());
    assert_eq!(drain(&outbox, 1024), b"");
    assert_eq!(outbox.closing_for(Instant::now()), None);
}

#[test]
fn low_water_is_announced_once_after_the_drain_and_may_push_again() {
    let outbox = Outbox::new(TINY);
    outbox.try_push_event(&[&[b'x'; 90]]).unwrap();
    let calls = Rc::new(Cell::new(0));
    let (count, next) = (calls.clone(), outbox.clone());
    outbox.when_low(move || {
        count.set(count.get() + 1);
        next.try_push_event(&[b"next page"]).unwrap();
    });
    assert_eq!(calls.get(), 0);
    let wire = frames(&drain(&outbox, 32));
    assert_eq!(calls.get(), 1);
    assert_eq!(wire.last().unwrap().1, b"next page");
}

#[test]
fn a_gone_socket_frees_its_queue_and_tells_whoever_asked() {
    let outbox = Outbox::new(OutboxLimits::default());
    outbox.try_push_event(&[b"lost"]).unwrap();
    let told = Rc::new(Cell::new(0));
    let (early, late) = (told.clone(), told.clone());
    outbox.when_gone(move || early.set(early.get() + 1));
    outbox.mark_gone();
    outbox.when_gone(move || late.set(late.get() + 10));
    assert_eq!(told.get(), 11);
    assert_eq!((outbox.queued_bytes(), outbox.queued_frames()), (0, 0));
    assert_eq!(outbox.try_push_reply(&[b"x"]), Err(PushError::Closed));
}

#[test]
fn a_burst_does_not_keep_its_buffer() {
    let outbox = Outbox::new(OutboxLimits::default());
    (0..100).for_each(|_| outbox.try_push_event(&[&[b'x'; 4096]]).unwrap());
    drain(&outbox, 32 * 1024);
    assert_eq!(outbox.0.borrow().bytes.capacity(), 0);
}

#[test]
fn a_push_wakes_the_writer_and_progress_resets_the_stall() {
    struct Count(std::sync::atomic::AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let count = Arc::new(Count(0.into()));
    let waker = Waker::from(count.clone());
    let mut cx = Context::from_waker(&waker);
    let outbox = Outbox::new(OutboxLimits::default());
    assert!(outbox.poll_drain(&mut cx, 1024).is_pending());
    outbox.try_push_event(&[b"a"]).unwrap();
    outbox.try_push_event(&[b"b"]).unwrap();
    assert_eq!(count.0.load(std::sync::atomic::Ordering::Relaxed), 1);
    let later = Instant::now() + Duration::from_secs(5);
    assert!(outbox.stalled_for(later) >= Duration::from_secs(4));
    drain(&outbox, 1024);
    assert_eq!(outbox.stalled_for(later), Duration::ZERO);
}

#[derive(Debug, Clone)]
enum Step {
    Push(usize),
    Ping,
    Take(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![0usize..300, Just(65_535), Just(65_536)].prop_map(Step::Push),
        1 => Just(Step::Ping),
        4 => (1usize..5_000).prop_map(Step::Take),
    ]
}

proptest! {
    /// However pushes, pings and takes of any size interleave, whole frames reach the wire
    /// in order and the counters agree with the model.
    #[test]
    fn frames_stay_whole_and_in_order(steps in prop::collection::vec(step(), 1..60)) {
        let outbox = Outbox::new(OutboxLimits::default());
        let (mut sent, mut wire) = (Vec::new(), Vec::new());
        let mut cx = Context::from_waker(Waker::noop());
        for step in steps {
            match step {
                Step::Push(len) => {
                    let payload = vec![b'a' + (sent.len() % 26) as u8; len];
                    outbox.try_push_reply(&[&payload]).unwrap();
                    sent.push(payload);
                }
                Step::Ping => outbox.ping(b"?"),
                Step::Take(max) => {
                    if let Poll::Ready(Some(chunk)) = outbox.poll_drain(&mut cx, max) {
                        wire.extend_from_slice(&chunk);
                    }
                }
            }
        }
        wire.extend(drain(&outbox, 777));
        prop_assert_eq!((outbox.queued_bytes(), outbox.queued_frames()), (0, 0));
        let texts: Vec<_> =
            frames(&wire).into_iter().filter(|f| f.0 == 1).map(|f| f.1).collect();
        prop_assert_eq!(texts, sent);
    }
}
