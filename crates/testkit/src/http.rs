//! A minimal HTTP/1.1 client: one request per connection, nothing hidden.
//!
//! It exists so that tests see exactly the bytes of the gateway: no retries, no redirects,
//! no header that was not asked for.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

/// Time for a whole exchange.
const EXCHANGE_DEADLINE: Duration = Duration::from_secs(20);

/// A request to `path`; header names are sent as given.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method word, upper case.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers besides `host` and `content-length`; without a `connection` header it is `close`.
    pub headers: Vec<(String, String)>,
    /// Body bytes; `None` sends no `content-length`.
    pub body: Option<Vec<u8>>,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers with lower-case names, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// Body bytes with the transfer coding removed.
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the first header called `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Parses the body as JSON.
    ///
    /// # Errors
    ///
    /// Fails when the body is no JSON; the message shows the start of the body.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("body is no JSON: {}", self.text_excerpt()))
    }

    fn text_excerpt(&self) -> String {
        String::from_utf8_lossy(&self.body)
            .chars()
            .take(200)
            .collect()
    }
}

/// Sends `request` to `address` (`host:port`) on a connection of its own and reads the answer.
///
/// # Errors
///
/// Fails when the peer cannot be reached, breaks off, or does not answer in time.
pub async fn exchange(address: &str, request: &Request) -> Result<Response> {
    timeout(EXCHANGE_DEADLINE, exchange_unbounded(address, request))
        .await
        .with_context(|| format!("no answer to {} {} in time", request.method, request.path))?
}

async fn exchange_unbounded(address: &str, request: &Request) -> Result<Response> {
    let mut stream = TcpStream::connect(address)
        .await
        .with_context(|| format!("failed to connect to {address}"))?;
    stream
        .write_all(&encode(address, request))
        .await
        .context("failed to send the request")?;
    let mut raw = Vec::new();
    while !is_complete(&raw)
        && stream
            .read_buf(&mut raw)
            .await
            .context("failed to read the answer")?
            > 0
    {}
    decode(&raw).with_context(|| format!("bad answer to {} {}", request.method, request.path))
}

fn encode(address: &str, request: &Request) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: {address}\r\n",
        request.method, request.path
    );
    if !request
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("connection"))
    {
        head.push_str("connection: close\r\n");
    }
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = &request.body {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(request.body.as_deref().unwrap_or_default());
    bytes
}

/// True when the head says how long the body is and all of it is there.
fn is_complete(raw: &[u8]) -> bool {
    let Some(head_end) = raw.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&raw[..head_end]).to_ascii_lowercase();
    let length = head
        .split("\r\n")
        .find_map(|line| line.strip_prefix("content-length:"));
    length
        .and_then(|text| text.trim().parse::<usize>().ok())
        .is_some_and(|length| raw.len() >= head_end + 4 + length)
}

fn decode(raw: &[u8]) -> Result<Response> {
    let Some(head_end) = raw.windows(4).position(|window| window == b"\r\n\r\n") else {
        bail!(
            "connection closed before the end of the head ({} bytes)",
            raw.len()
        );
    };
    let head = String::from_utf8_lossy(&raw[..head_end]);
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .with_context(|| format!("no status in `{status_line}`"))?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let rest = &raw[head_end + 4..];
    let body = if chunked {
        join_chunks(rest)?
    } else {
        rest.to_vec()
    };
    Ok(Response {
        status,
        headers,
        body,
    })
}

fn join_chunks(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line_end = rest
            .windows(2)
            .position(|window| window == b"\r\n")
            .context("chunk without a size line")?;
        let size_text = String::from_utf8_lossy(&rest[..line_end]);
        let size = usize::from_str_radix(size_text.trim(), 16)
            .with_context(|| format!("bad chunk size `{size_text}`"))?;
        rest = &rest[line_end + 2..];
        if size == 0 {
            return Ok(body);
        }
        let chunk = rest.get(..size).context("chunk shorter than its size")?;
        body.extend_from_slice(chunk);
        rest = rest.get(size + 2..).context("chunk without its end")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_plain_body_are_taken_apart() {
        let answer = decode(
            b"HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\n\r\n{\"ok\":false}",
        )
        .unwrap();
        assert_eq!(answer.status, 409);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.json().unwrap()["ok"], false);
    }

    #[test]
    fn chunks_are_joined() {
        let answer = decode(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        assert_eq!(answer.unwrap().body, b"abcde");
    }

    #[test]
    fn an_answer_with_a_length_ends_there() {
        assert!(!is_complete(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"
        ));
        assert!(is_complete(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        ));
        assert!(!is_complete(b"HTTP/1.1 200 OK\r\n\r\n{}"));
    }

    #[test]
    fn a_cut_answer_is_an_error() {
        assert!(decode(b"HTTP/1.1 200 OK\r\ncontent-").is_err());
        assert!(decode(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab").is_err());
    }

    #[test]
    fn the_request_says_its_length_only_when_it_has_a_body() {
        let mut request = Request {
            method: "GET".into(),
            path: "/health".into(),
            headers: vec![("a".into(), "b".into())],
            body: None,
        };
        assert_eq!(
            String::from_utf8(encode("h:1", &request)).unwrap(),
            "GET /health HTTP/1.1\r\nhost: h:1\r\nconnection: close\r\na: b\r\n\r\n"
        );
        request.body = Some(b"{}".to_vec());
        assert!(
            String::from_utf8(encode("h:1", &request))
                .unwrap()
                .ends_with("content-length: 2\r\n\r\n{}")
        );
    }
}
