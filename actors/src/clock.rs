//! The system's clock. The only place where the actors' world reads real time.

use std::time::{SystemTime, UNIX_EPOCH};

use smithers_model::Timestamp;
use smithers_model::time::Clock;

/// Wall clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}
