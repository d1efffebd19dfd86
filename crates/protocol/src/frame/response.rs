//! Answers.

use bytes::BufMut;

use super::payload::Payload;
use crate::error::RpcError;

/// Appends the answer of a request that succeeded.
pub fn write_ok(out: &mut impl BufMut, id: &str, payload: &Payload) {
    out.put_slice(b"{\"type\":\"res\",\"id\":");
    put_text(out, id);
    out.put_slice(b",\"ok\":true,\"apiVersion\":\"v1\",\"payload\":");
    out.put_slice(payload.as_bytes());
    out.put_u8(b'}');
}

/// Appends the answer of a request that failed.
pub fn write_error(out: &mut impl BufMut, id: &str, error: &RpcError) {
    out.put_slice(b"{\"type\":\"res\",\"id\":");
    put_text(out, id);
    out.put_slice(b",\"ok\":false,\"apiVersion\":\"v1\",\"error\":");
    serde_json::to_writer(out.writer(), error)
        .expect("an error has text keys and the buffer grows");
    out.put_u8(b'}');
}

/// Appends a JSON text.
pub(super) fn put_text(out: &mut impl BufMut, text: &str) {
    serde_json::to_writer(out.writer(), text).expect("a text is serialisable and the buffer grows");
}

/// Appends a number.
pub(super) fn put_number(out: &mut impl BufMut, number: u64) {
    out.put_slice(itoa::Buffer::new().format(number).as_bytes());
}
