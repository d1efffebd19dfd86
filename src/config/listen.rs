//! Where the gateway listens, and the bounds of connections and requests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use smithers_protocol::limits;

use super::key::{Key, key};
use super::reader::Reader;

/// Where the gateway listens, and the bounds of connections and requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// HTTP workers, each a thread.
    pub workers: usize,
    /// Authenticated sockets at once.
    pub max_connections: usize,
    /// Sockets at once that have not authenticated yet.
    pub max_pre_auth: usize,
    /// How long a socket may stay unauthenticated.
    pub auth_deadline: Duration,
    /// How long the head of a request may take.
    pub headers_timeout: Duration,
    /// How long a whole request may take.
    pub request_timeout: Duration,
    /// Largest HTTP body in bytes.
    pub max_body_bytes: usize,
    /// Largest WebSocket message in bytes.
    pub max_payload_bytes: usize,
}

const MIB: usize = 1024 * 1024;

impl Listen {
    pub(super) fn read(reader: &mut Reader<'_>) -> Listen {
        reader.section(
            "listen",
            "Where the gateway listens, and the bounds of connections and requests.",
        );
        let cores = reader.surroundings().cores;
        Listen {
            host: host(reader),
            port: reader.number(
                key("listen.port", "PORT", "Port; 0 takes a free one."),
                limits::DEFAULT_PORT,
                0..=u16::MAX,
            ),
            workers: reader.number(
                key(
                    "listen.workers",
                    "SMITHERS_GATEWAY_WORKERS",
                    "HTTP workers, each a thread; as many as there are cores unless set.",
                ),
                cores.min(64),
                1..=256,
            ),
            max_connections: reader.number(
                key(
                    "listen.max_connections",
                    "SMITHERS_GATEWAY_MAX_CONNECTIONS",
                    "Authenticated sockets at once.",
                ),
                limits::MAX_CONNECTIONS,
                1..=1_000_000,
            ),
            max_pre_auth: reader.number(
                key(
                    "listen.max_pre_auth",
                    "SMITHERS_GATEWAY_MAX_PRE_AUTH",
                    "Sockets at once that have not authenticated yet.",
                ),
                limits::MAX_PRE_AUTH_CONNECTIONS,
                1..=100_000,
            ),
            auth_deadline: milliseconds(
                reader,
                key(
                    "listen.auth_deadline_ms",
                    "SMITHERS_GATEWAY_AUTH_DEADLINE_MS",
                    "Milliseconds a socket may stay unauthenticated.",
                ),
                limits::AUTH_DEADLINE_MS,
                100..=600_000,
            ),
            headers_timeout: milliseconds(
                reader,
                key(
                    "listen.headers_timeout_ms",
                    "SMITHERS_GATEWAY_HEADERS_TIMEOUT_MS",
                    "Milliseconds the head of a request may take.",
                ),
                limits::HEADERS_TIMEOUT_MS,
                100..=600_000,
            ),
            request_timeout: milliseconds(
                reader,
                key(
                    "listen.request_timeout_ms",
                    "SMITHERS_GATEWAY_REQUEST_TIMEOUT_MS",
                    "Milliseconds a whole request may take.",
                ),
                limits::REQUEST_TIMEOUT_MS,
                100..=3_600_000,
            ),
            max_body_bytes: reader.number(
                key(
                    "listen.max_body_bytes",
                    "SMITHERS_GATEWAY_MAX_BODY_BYTES",
                    "Largest HTTP body in bytes.",
                ),
                limits::MAX_BODY_BYTES,
                1_024..=64 * MIB,
            ),
            max_payload_bytes: reader.number(
                key(
                    "listen.max_payload_bytes",
                    "SMITHERS_GATEWAY_MAX_PAYLOAD_BYTES",
                    "Largest WebSocket message in bytes.",
                ),
                limits::MAX_PAYLOAD_BYTES,
                1_024..=64 * MIB,
            ),
        }
    }

    /// Returns the address to listen on.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }
}

/// Reads a duration in milliseconds.
pub(super) fn milliseconds(
    reader: &mut Reader<'_>,
    key: Key,
    default: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Duration {
    Duration::from_millis(reader.number(key, default, range))
}

fn host(reader: &mut Reader<'_>) -> IpAddr {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let accepted = "an IP address, or localhost".to_owned();
    let key = key(
        "listen.host",
        "SMITHERS_GATEWAY_HOST",
        "Address to listen on.",
    );
    reader.parsed(key, loopback, accepted, |text| match text {
        "localhost" => Ok(loopback),
        text => text.parse().map_err(|_| "is not an address".into()),
    })
}
