//! Phases against a clock that the test moves.

use std::time::Duration;

use smithers_actors::outbox::OutboxLimits;

use super::*;

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn limits() -> Limits {
    Limits {
        head: secs(30),
        request: secs(60),
        keep_alive: secs(5),
        write_stall: secs(20),
        close_wait: secs(2),
        ..Limits::default()
    }
}

fn conn() -> (Rc<Conn>, Instant) {
    let now = Instant::now();
    (Conn::new(Rc::new(limits()), now), now)
}

/// Returns the verdict that a sweep at `at` finds.
fn swept(conn: &Conn, at: Instant) -> Option<Verdict> {
    conn.sweep(at);
    conn.verdict.get()
}

#[test]
fn a_connection_that_says_nothing_is_cut_without_a_word() {
    let (conn, start) = conn();
    assert_eq!(swept(&conn, start + secs(29)), None);
    assert_eq!(swept(&conn, start + secs(30)), Some(Verdict::Cut));
}

#[test]
fn the_head_deadline_counts_from_the_first_byte_of_every_request() {
    let (conn, start) = conn();
    conn.bytes_read(10, start);
    conn.request_began(false, start + secs(1));
    conn.response_began();
    conn.response_ended(start + secs(2));
    conn.flushed();
    conn.bytes_read(1, start + secs(4));
    conn.bytes_read(1, start + secs(20));
    assert_eq!(swept(&conn, start + secs(33)), None);
    assert_eq!(
        swept(&conn, start + secs(34)),
        Some(Verdict::RequestTimeout)
    );
}

#[test]
fn the_request_deadline_counts_from_the_first_byte_and_stops_with_the_body() {
    let (slow, start) = conn();
    slow.bytes_read(10, start);
    slow.request_began(true, start + secs(20));
    assert_eq!(swept(&slow, start + secs(59)), None);
    assert_eq!(
        swept(&slow, start + secs(60)),
        Some(Verdict::RequestTimeout)
    );

    let (served, start) = conn();
    served.bytes_read(10, start);
    served.request_began(true, start);
    served.body_ended(start + secs(59));
    assert_eq!(swept(&served, start + secs(3600)), None);
}

#[test]
fn a_body_that_outlives_its_response_keeps_the_deadline_but_gets_no_408() {
    let (conn, start) = conn();
    conn.bytes_read(10, start);
    conn.request_began(true, start);
    conn.response_began();
    conn.response_ended(start + secs(1));
    assert_eq!(swept(&conn, start + secs(59)), None);
    assert_eq!(swept(&conn, start + secs(60)), Some(Verdict::Cut));
}

#[test]
fn a_request_sent_ahead_starts_its_head_deadline_after_the_response() {
    let (conn, start) = conn();
    conn.bytes_read(10, start);
    conn.request_began(false, start);
    conn.bytes_read(5, start + secs(1));
    conn.response_began();
    conn.response_ended(start + secs(100));
    assert_eq!(swept(&conn, start + secs(129)), None);
    assert_eq!(
        swept(&conn, start + secs(130)),
        Some(Verdict::RequestTimeout)
    );
}

#[test]
fn an_idle_connection_is_cut_but_not_while_its_response_is_being_read() {
    let (conn, start) = conn();
    conn.request_began(false, start);
    conn.response_began();
    conn.response_ended(start);
    conn.write_blocked(start);
    assert_eq!(swept(&conn, start + secs(10)), None);
    conn.bytes_written(start + secs(10));
    assert_eq!(swept(&conn, start + secs(14)), None);
    assert_eq!(swept(&conn, start + secs(15)), Some(Verdict::Cut));
}

#[test]
fn a_write_stalls_from_the_first_refusal_after_the_last_progress() {
    let (conn, start) = conn();
    conn.request_began(false, start);
    conn.response_began();
    conn.write_blocked(start);
    conn.bytes_written(start + secs(15));
    conn.write_blocked(start + secs(16));
    conn.write_blocked(start + secs(30));
    assert_eq!(swept(&conn, start + secs(35)), None);
    assert_eq!(swept(&conn, start + secs(36)), Some(Verdict::Cut));
}

fn upgraded() -> (Rc<Conn>, Instant, Outbox) {
    let (conn, start) = conn();
    let outbox = Outbox::new(OutboxLimits::default());
    conn.request_began(false, start);
    conn.upgraded(outbox.clone());
    conn.response_began();
    (conn, start, outbox)
}

#[test]
fn an_upgraded_connection_has_no_request_deadline_but_still_a_write_stall() {
    let (conn, start, _outbox) = upgraded();
    assert_eq!(swept(&conn, start + secs(86_400)), None);
    conn.write_blocked(start);
    assert_eq!(swept(&conn, start + secs(20)), Some(Verdict::Cut));
}

#[test]
fn an_upgraded_connection_is_not_read_while_many_bytes_wait() {
    let (conn, start, _outbox) = upgraded();
    conn.bytes_read(UNREAD_LIMIT - 1, start);
    assert!(conn.may_read());
    conn.bytes_read(1, start);
    assert!(!conn.may_read());
    conn.chunk_taken(1);
    assert!(conn.may_read());
}

#[test]
fn a_closed_socket_that_takes_nothing_is_cut_after_the_close_wait() {
    let (conn, _, outbox) = upgraded();
    let now = Instant::now();
    conn.write_blocked(now);
    outbox.close(1001, "");
    assert_eq!(swept(&conn, now + secs(1)), None);
    assert_eq!(swept(&conn, now + secs(3)), Some(Verdict::Cut));
}

#[test]
fn a_peer_that_does_not_answer_the_close_is_cut_after_the_close_wait() {
    let (conn, start, _outbox) = upgraded();
    conn.close_sent(start);
    assert_eq!(swept(&conn, start + secs(1)), None);
    assert_eq!(swept(&conn, start + secs(2)), Some(Verdict::Cut));
}

#[test]
fn a_hung_up_socket_is_cut_at_the_next_sweep() {
    let (conn, start, outbox) = upgraded();
    outbox.hang_up();
    assert_eq!(swept(&conn, start), Some(Verdict::Cut));
}

#[test]
fn a_stop_ends_idle_connections_and_lets_responses_finish() {
    let (idle, _) = conn();
    idle.stop();
    assert_eq!(idle.verdict.get(), Some(Verdict::Cut));

    let (busy, start) = conn();
    busy.request_began(false, start);
    busy.response_began();
    busy.stop();
    assert_eq!(swept(&busy, start), None);
    busy.response_ended(start);
    assert_eq!(busy.verdict.get(), None, "its last bytes have not left");
    busy.flushed();
    assert_eq!(busy.verdict.get(), Some(Verdict::Cut));

    let (socket, _, outbox) = upgraded();
    socket.stop();
    assert!(!outbox.is_open());
}
