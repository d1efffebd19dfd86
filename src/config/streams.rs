//! Events and their streams.

use std::time::Duration;

use smithers_protocol::limits;

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
        let heartbeats = 50..=3_600_000;
        let mut cap = |name, default| reader.number(name, default, 1..=1_000_000);
        let global = cap("SMITHERS_GATEWAY_STREAMS_GLOBAL", limits::STREAMS_GLOBAL);
        let per_user = cap(
            "SMITHERS_GATEWAY_STREAMS_PER_USER",
            limits::STREAMS_PER_USER,
        );
        let per_connection = cap(
            "SMITHERS_GATEWAY_STREAMS_PER_CONNECTION",
            limits::STREAMS_PER_CONNECTION,
        );
        let per_run = cap("SMITHERS_GATEWAY_STREAMS_PER_RUN", limits::STREAMS_PER_RUN);
        Streams {
            heartbeat: milliseconds(
                reader,
                "SMITHERS_GATEWAY_HEARTBEAT_MS",
                limits::TICK_MS,
                heartbeats.clone(),
            ),
            run_heartbeat: milliseconds(
                reader,
                "SMITHERS_GATEWAY_RUN_HEARTBEAT_MS",
                limits::RUN_HEARTBEAT_MS,
                heartbeats,
            ),
            event_window: reader.number(
                "SMITHERS_GATEWAY_EVENT_WINDOW",
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
