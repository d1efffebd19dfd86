//! Events and their streams.

use std::time::Duration;

use smithers_protocol::limits;

use super::key::key;
use super::listen::milliseconds;
use super::reader::Reader;

/// Events and their streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streams {
    /// Time between two `tick` events of a socket.
    pub heartbeat: Duration,
    /// Time between two heartbeats of a run stream.
    pub run_heartbeat: Duration,
    /// Newest visible events of a run that a stream can replay.
    pub event_window: u64,
    /// Run streams of the whole gateway.
    pub global: usize,
    /// Run streams of one user.
    pub per_user: usize,
    /// Run streams of one connection.
    pub per_connection: usize,
    /// Run streams of one run.
    pub per_run: usize,
}

impl Streams {
    pub(super) fn read(reader: &mut Reader<'_>) -> Streams {
        reader.section("streams", "Events and their streams.");
        let heartbeats = 50..=3_600_000;
        let mut cap = |key, default| reader.number(key, default, 1..=1_000_000);
        let global = cap(
            key(
                "streams.global",
                "SMITHERS_GATEWAY_STREAMS_GLOBAL",
                "Run streams of the whole gateway.",
            ),
            limits::STREAMS_GLOBAL,
        );
        let per_user = cap(
            key(
                "streams.per_user",
                "SMITHERS_GATEWAY_STREAMS_PER_USER",
                "Run streams of one user.",
            ),
            limits::STREAMS_PER_USER,
        );
        let per_connection = cap(
            key(
                "streams.per_connection",
                "SMITHERS_GATEWAY_STREAMS_PER_CONNECTION",
                "Run streams of one connection.",
            ),
            limits::STREAMS_PER_CONNECTION,
        );
        let per_run = cap(
            key(
                "streams.per_run",
                "SMITHERS_GATEWAY_STREAMS_PER_RUN",
                "Run streams of one run.",
            ),
            limits::STREAMS_PER_RUN,
        );
        Streams {
            heartbeat: milliseconds(
                reader,
                key(
                    "streams.heartbeat_ms",
                    "SMITHERS_GATEWAY_HEARTBEAT_MS",
                    "Milliseconds between two tick events of a socket.",
                ),
                limits::TICK_MS,
                heartbeats.clone(),
            ),
            run_heartbeat: milliseconds(
                reader,
                key(
                    "streams.run_heartbeat_ms",
                    "SMITHERS_GATEWAY_RUN_HEARTBEAT_MS",
                    "Milliseconds between two heartbeats of a run stream.",
                ),
                limits::RUN_HEARTBEAT_MS,
                heartbeats,
            ),
            event_window: reader.number(
                key(
                    "streams.event_window",
                    "SMITHERS_GATEWAY_EVENT_WINDOW",
                    "Newest visible events of a run that a stream can replay.",
                ),
                limits::EVENT_WINDOW,
                1..=10_000_000,
            ),
            global,
            per_user,
            per_connection,
            per_run,
        }
    }
}
