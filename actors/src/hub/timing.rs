//! How often the hub does what no client asks for.

use std::time::Duration;

use smithers_protocol::limits;

/// Periods and deadlines of a hub; all act within one sweep of their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How often due times are looked at.
    pub sweep: Duration,
    /// Between two `tick` events of a socket.
    pub tick: Duration,
    /// Between two `run.heartbeat` events of a stream.
    pub stream_heartbeat: Duration,
    /// A peer that was silent for this long is pinged.
    pub ping: Duration,
    /// A peer that gives no sign of life for this long after a ping is hung up on.
    pub ping_timeout: Duration,
    /// A socket that has not authenticated after this time is hung up on.
    pub auth_deadline: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            sweep: Duration::from_millis(250),
            tick: Duration::from_millis(limits::TICK_MS),
            stream_heartbeat: Duration::from_millis(limits::RUN_HEARTBEAT_MS),
            ping: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(60),
            auth_deadline: Duration::from_millis(limits::AUTH_DEADLINE_MS),
        }
    }
}
