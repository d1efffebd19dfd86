//! The header of an incoming frame, read before the frame is there.
//!
//! The codec reports an oversized frame only after it has buffered it; the length is known
//! from the first bytes.

use super::reader::Fault;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0F;
const CONTROL: u8 = 0x08;
const CLOSE: u8 = 0x08;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7F;
const MASK_LEN: usize = 4;
const MAX_CONTROL_PAYLOAD: u64 = 125;

/// What a client announces in front of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    opcode: u8,
    /// Bytes of the header itself, mask included.
    pub(super) len: usize,
    /// Bytes of the payload that follows.
    pub(super) payload: u64,
}

impl Header {
    /// Reads the header at the front of `bytes`; `None` until enough of it is there.
    pub(super) fn peek(bytes: &[u8]) -> Result<Option<Self>, Fault> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let is_masked = second & MASKED != 0;
        if first & RESERVED != 0 || !is_masked {
            return Err(Fault::Protocol);
        }
        let (extra, payload) = match second & LENGTH {
            126 => (
                2,
                rest.first_chunk()
                    .map(|len| u64::from(u16::from_be_bytes(*len))),
            ),
            127 => (8, rest.first_chunk().map(|len| u64::from_be_bytes(*len))),
            short => (0, Some(u64::from(short))),
        };
        let Some(payload) = payload else {
            return Ok(None);
        };
        let header = Self {
            opcode: first & OPCODE,
            len: 2 + extra + MASK_LEN,
            payload,
        };
        let is_final = first & FINAL != 0;
        if header.is_control() && (!is_final || payload > MAX_CONTROL_PAYLOAD) {
            return Err(Fault::Protocol);
        }
        Ok(Some(header))
    }

    /// Returns whether the frame may stand between the parts of a message.
    pub(super) fn is_control(&self) -> bool {
        self.opcode & CONTROL != 0
    }

    /// Returns whether it is a close frame.
    pub(super) fn is_close(&self) -> bool {
        self.opcode == CLOSE
    }

    /// Returns whether `bytes`, which this header is the front of, hold the whole frame.
    pub(super) fn is_complete_in(&self, bytes: &[u8]) -> bool {
        bytes
            .len()
            .checked_sub(self.len)
            .is_some_and(|there| there as u64 >= self.payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_known_before_the_payload_is_there() {
        for (bytes, len, payload) in [
            (&[0x81, 0x85][..], 6, 5),
            (&[0x82, 0xFE, 0x01, 0x00], 8, 256),
            (&[0x81, 0xFF, 0, 0, 0, 0, 0xFF, 0, 0, 0], 14, 0xFF00_0000),
        ] {
            assert_eq!(
                Header::peek(bytes),
                Ok(Some(Header {
                    opcode: bytes[0] & 15,
                    len,
                    payload
                }))
            );
            assert_eq!(Header::peek(&bytes[..bytes.len() - 1]), Ok(None));
        }
    }

    #[test]
    fn frames_that_can_never_be_right_are_refused_at_once() {
        let unmasked = [0x81, 0x05];
        let compressed = [0xC1, 0x85];
        let fragmented_ping = [0x09, 0x80];
        let long_ping = [0x89, 0xFE, 0x01, 0x00];
        for bytes in [&unmasked[..], &compressed, &fragmented_ping, &long_ping] {
            assert_eq!(Header::peek(bytes), Err(Fault::Protocol), "{bytes:x?}");
        }
    }
}
