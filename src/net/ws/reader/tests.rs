//! The reader against frames cut anywhere.

use std::{cell::RefCell, collections::VecDeque};

use proptest::prelude::*;

use super::*;

const LIMITS: SocketLimits = SocketLimits {
    max_message: 1000,
    unanswered: 32,
    pre_auth_burst: 1_000_000,
    pre_auth_rate: 1,
    outbox: smithers_actors::outbox::OutboxLimits {
        events: 0,
        reply_reserve: 0,
        low_water: 0,
    },
};

/// A masked frame, as a client sends it.
fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let mut bytes = vec![first_byte];
    match payload.len() {
        len @ 0..=125 => bytes.push(0x80 | len as u8),
        len => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    bytes
}

type Chunks = Rc<RefCell<VecDeque<Bytes>>>;

/// Yields what is pushed into `chunks`; pending while there is nothing.
struct Source(Chunks);

impl Stream for Source {
    type Item = Result<Bytes, actix_web::error::PayloadError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.borrow_mut().pop_front() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None => Poll::Pending,
        }
    }
}

fn reader(limits: SocketLimits) -> (Reader, Chunks) {
    let chunks = Chunks::default();
    let payload: Payload = Payload::Stream {
        payload: Box::pin(Source(chunks.clone())),
    };
    (
        Reader::new(payload, None, ReadGate::new(32), limits),
        chunks,
    )
}

/// Feeds `bytes` in pieces of the given sizes and returns everything that came out.
fn read(bytes: &[u8], sizes: &[usize]) -> Result<Vec<Event>, Fault> {
    let (mut reader, chunks) = reader(LIMITS);
    let mut cx = Context::from_waker(Waker::noop());
    let mut events = Vec::new();
    let mut rest = bytes;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        chunks.borrow_mut().push_back(Bytes::copy_from_slice(piece));
        rest = after;
        while let Poll::Ready(event) = reader.poll_event(&mut cx) {
            events.push(event?);
        }
        assert!(reader.buffered_bytes() <= LIMITS.max_message + 14 + piece.len());
    }
    assert_eq!(reader.buffered_bytes(), 0);
    Ok(events)
}

#[derive(Debug, Clone)]
struct Sent {
    text: String,
    parts: usize,
    ping: bool,
}

impl Sent {
    /// Writes the message in its parts, a ping between them, and notes what must come out.
    fn write(&self, wire: &mut Vec<u8>, expected: &mut Vec<Event>) {
        let size = self.text.len().div_ceil(self.parts).max(1);
        let mut parts: Vec<&[u8]> = self.text.as_bytes().chunks(size).collect();
        if parts.is_empty() {
            parts.push(b"");
        }
        for (n, part) in parts.iter().enumerate() {
            let opcode = if n == 0 { 0x01 } else { 0x00 };
            let fin = if n + 1 == parts.len() { 0x80 } else { 0x00 };
            if self.ping && n > 0 {
                wire.extend(frame(0x89, b"?"));
                expected.push(Event::Ping(Bytes::from_static(b"?")));
            }
            wire.extend(frame(fin | opcode, part));
        }
        expected.push(Event::Message(self.text.clone()));
    }
}

fn sent() -> impl Strategy<Value = Sent> {
    ("[a-zé€😀]{0,200}", 1usize..5, any::<bool>()).prop_map(|(text, parts, ping)| Sent {
        text,
        parts,
        ping,
    })
}

proptest! {
    /// However messages are split into parts and the parts into packets, they come out whole.
    #[test]
    fn messages_survive_every_cut(
        messages in prop::collection::vec(sent(), 1..8),
        sizes in prop::collection::vec(1usize..600, 1..8),
    ) {
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        messages.iter().for_each(|message| message.write(&mut wire, &mut expected));
        prop_assert_eq!(read(&wire, &sizes), Ok(expected));
    }

    /// Bytes that mean nothing end in a fault or wait for more; they never panic.
    #[test]
    fn noise_is_survived(noise in prop::collection::vec(any::<u8>(), 0..400)) {
        let (mut reader, chunks) = reader(LIMITS);
        chunks.borrow_mut().push_back(Bytes::from(noise));
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Ok(_)) = reader.poll_event(&mut cx) {}
        let _ = reader.poll_goodbye(&mut cx);
    }
}

#[test]
fn a_frame_is_refused_by_its_header_alone() {
    let header = [0x81, 0xFE, 0x03, 0xE9];
    assert_eq!(read(&header, &[1]), Err(Fault::TooBig));
}

#[test]
fn every_frame_costs_a_token_until_authentication() {
    let (mut reader, chunks) = reader(SocketLimits {
        pre_auth_burst: 2,
        ..LIMITS
    });
    let mut cx = Context::from_waker(Waker::noop());
    chunks
        .borrow_mut()
        .push_back(frame(0x89, b"").repeat(5).into());
    for _ in 0..2 {
        assert!(matches!(
            reader.poll_event(&mut cx),
            Poll::Ready(Ok(Event::Ping(_)))
        ));
    }
    assert_eq!(
        reader.poll_event(&mut cx),
        Poll::Ready(Err(Fault::RateLimit))
    );
    reader.gate.authenticate();
    for _ in 0..3 {
        assert!(matches!(
            reader.poll_event(&mut cx),
            Poll::Ready(Ok(Event::Ping(_)))
        ));
    }
}

#[test]
fn the_goodbye_is_found_behind_skipped_frames_and_nothing_is_kept() {
    let (mut reader, chunks) = reader(LIMITS);
    let mut cx = Context::from_waker(Waker::noop());
    let wire = [
        frame(0x81, &[b'x'; 60_000]),
        frame(0x81, b"y"),
        frame(0x88, b""),
    ]
    .concat();
    for piece in wire.chunks(1000) {
        assert!(reader.poll_goodbye(&mut cx).is_pending());
        assert!(reader.buffered_bytes() < 14);
        chunks.borrow_mut().push_back(Bytes::copy_from_slice(piece));
    }
    assert!(reader.poll_goodbye(&mut cx).is_ready());
}
