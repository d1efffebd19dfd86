//! Answers that no handler gives: the 408 of a deadline, and the dispatcher's own refusals.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use super::sweep::Live;

/// The status of [`request_timeout`].
pub(super) const TIMEOUT_STATUS: u16 = 408;

const REQUEST_TIMEOUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\n\
    content-length: 0\r\n\
    connection: close\r\n\
    x-smithers-api-version: v1\r\n\
    cache-control: no-store\r\n\
    x-content-type-options: nosniff\r\n\r\n";

const OUR_HEADERS: &[u8] = b"x-smithers-api-version: v1\r\n\
    cache-control: no-store\r\n\
    x-content-type-options: nosniff\r\n";

/// How long what still comes is read and discarded, so that no reset overtakes the 408.
const LINGER: Duration = Duration::from_secs(1);

/// Writes a 408 and closes; `live` keeps the connection counted until then.
pub(super) async fn request_timeout<Io>(mut io: Io, live: Live)
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let goodbye = async {
        io.write_all(REQUEST_TIMEOUT).await?;
        io.shutdown().await?;
        tokio::io::copy(&mut io, &mut tokio::io::sink()).await
    };
    // Nothing is owed to a peer that does not even take this.
    let _ = timeout(LINGER, goodbye).await;
    drop(live);
}

/// Returns the status of `response`, and the response with our headers put behind its status line, if it is an error.
///
/// The dispatcher refuses what it cannot parse before any handler or middleware runs; its
/// responses are small and come in one piece.
pub(super) fn with_our_headers(response: &[u8]) -> Option<(u16, Bytes)> {
    const STATUS_AT: usize = "HTTP/1.1 ".len();
    if !response.starts_with(b"HTTP/1.") || !matches!(response.get(STATUS_AT), Some(b'4' | b'5')) {
        return None;
    }
    let digits = response.get(STATUS_AT..STATUS_AT + 3)?;
    let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let line_end = response.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let mut out = BytesMut::with_capacity(response.len() + OUR_HEADERS.len());
    out.put_slice(&response[..line_end]);
    out.put_slice(OUR_HEADERS);
    out.put_slice(&response[line_end..]);
    Some((status, out.freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_gets_our_headers_behind_its_status_line() {
        let out = with_our_headers(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        let (status, out) = out.unwrap();
        assert_eq!(status, 400);
        let out = String::from_utf8(out.to_vec()).unwrap();
        assert!(out.starts_with("HTTP/1.1 400 Bad Request\r\nx-smithers-api-version: v1\r\n"));
        assert!(out.ends_with("nosniff\r\ncontent-length: 0\r\n\r\n"));
    }

    #[test]
    fn other_bytes_pass_unchanged() {
        for bytes in [
            &b"HTTP/1.1 100 Continue\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"\x81\x02{}",
        ] {
            assert_eq!(with_our_headers(bytes), None);
        }
    }
}
