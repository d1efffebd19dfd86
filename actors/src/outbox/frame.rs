//! WebSocket framing of what a server sends: unmasked, never fragmented, never compressed.
//!
//! Pure byte work; it knows neither sockets nor the queue that holds the bytes.

use bytes::{BufMut, BytesMut};

/// Largest payload of a control frame, in bytes (RFC 6455, 5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// The kinds of frames that a server writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// A whole text message.
    Text = 0x1,
    /// The end of the conversation.
    Close = 0x8,
    /// A question whether the peer is alive.
    Ping = 0x9,
    /// The answer to a ping.
    Pong = 0xA,
}

const FIN: u8 = 0x80;
const LENGTH_IN_U16: u8 = 126;
const LENGTH_IN_U64: u8 = 127;

/// Returns the size of the header in front of a payload of `len` bytes: 2, 4 or 10.
pub fn header_len(len: usize) -> usize {
    match len {
        0..=125 => 2,
        126..=0xFFFF => 4,
        _ => 10,
    }
}

/// Appends the header of a final frame with a payload of `len` bytes.
pub fn put_header(out: &mut BytesMut, opcode: Opcode, len: usize) {
    out.put_u8(FIN | opcode as u8);
    match len {
        0..=125 => out.put_u8(len as u8),
        126..=0xFFFF => {
            out.put_u8(LENGTH_IN_U16);
            out.put_u16(len as u16);
        }
        _ => {
            out.put_u8(LENGTH_IN_U64);
            out.put_u64(len as u64);
        }
    }
}

/// Appends a control frame; a payload beyond [`MAX_CONTROL_PAYLOAD`] is cut.
pub fn put_control(out: &mut BytesMut, opcode: Opcode, payload: &[u8]) {
    let payload = &payload[..payload.len().min(MAX_CONTROL_PAYLOAD)];
    put_header(out, opcode, payload.len());
    out.put_slice(payload);
}

/// Appends a close frame: without payload when `code` is `None`, else the code and the reason.
///
/// A reason that does not fit is cut at a character boundary.
pub fn put_close(out: &mut BytesMut, code: Option<u16>, reason: &str) {
    let Some(code) = code else {
        return put_control(out, Opcode::Close, &[]);
    };
    let reason = &reason[..reason.floor_char_boundary(MAX_CONTROL_PAYLOAD - 2)];
    put_header(out, Opcode::Close, 2 + reason.len());
    out.put_u16(code);
    out.put_slice(reason.as_bytes());
}

/// Returns the full length of the frame that begins at `bytes`, which must hold its header.
pub(super) fn frame_len(bytes: &[u8]) -> usize {
    let announced = bytes[1];
    match announced {
        LENGTH_IN_U16 => 4 + usize::from(u16::from_be_bytes([bytes[2], bytes[3]])),
        LENGTH_IN_U64 => {
            let mut len = [0; 8];
            len.copy_from_slice(&bytes[2..10]);
            10 + u64::from_be_bytes(len) as usize
        }
        short => 2 + usize::from(short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_grow_at_126_and_at_65536_bytes() {
        for (len, expected) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let mut out = BytesMut::new();
            put_header(&mut out, Opcode::Text, len);
            assert_eq!(out.len(), expected, "payload of {len} bytes");
            assert_eq!(header_len(len), expected);
            assert_eq!(frame_len(&out), expected + len);
        }
    }

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        let mut out = BytesMut::new();
        put_close(&mut out, Some(1008), &"é".repeat(100));
        assert_eq!(frame_len(&out), out.len());
        assert!(out.len() <= 2 + MAX_CONTROL_PAYLOAD);
        assert!(std::str::from_utf8(&out[4..]).is_ok());
    }

    #[test]
    fn a_close_without_code_has_no_payload() {
        let mut out = BytesMut::new();
        put_close(&mut out, None, "ignored");
        assert_eq!(&out[..], &[0x88, 0]);
    }
}
