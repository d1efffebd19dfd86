//! The hub of a life, with stand-ins for what the edge injects: everybody may read, and no run has a record.

use std::future::{Future, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use smithers_actors::hub::{
    self, Handle, HubBus, Parts, ReadFailed, RunRecords, StorePages, StreamCaps, StreamLimits,
    Timing,
};
use smithers_actors::session::{Authenticator, Identity, UpgradeInfo};
use smithers_model::time::Clock;
use smithers_model::{RawJson, RunId};
use smithers_protocol::error::RpcError;
use smithers_protocol::scope::Grants;
use smithers_store::Backend;

/// Starts a hub that replays the newest `event_window` events of a run.
pub(crate) fn open(
    bus: &HubBus,
    store: Arc<dyn Backend>,
    clock: Arc<dyn Clock>,
    event_window: u64,
) -> Handle {
    let parts = Parts {
        timing: quiet(),
        event_window,
        caps: StreamCaps::new(StreamLimits::default()),
        pages: Rc::new(StorePages::new(store)),
        records: Rc::new(NoRecords),
        authenticator: Arc::new(Everybody),
        clock,
    };
    hub::start(parts, bus)
}

/// Nothing happens by time alone: a hub looks at the clock of the machine, which is not that of a simulation.
fn quiet() -> Timing {
    let never = Duration::from_secs(24 * 60 * 60);
    Timing {
        sweep: Duration::from_secs(1),
        tick: never,
        stream_heartbeat: never,
        ping: never,
        ping_timeout: never,
        auth_deadline: never,
    }
}

/// As whom readers are connected.
pub(crate) fn reader() -> Identity {
    Identity {
        role: "operator".into(),
        grants: Grants::parse(["run:read"]),
        user_id: Some("user:reader".into()),
        token_id: None,
        expires_at: None,
        credential: None,
    }
}

struct Everybody;

impl Authenticator for Everybody {
    fn connect(&self, _: Option<&SecretString>, _: &UpgradeInfo) -> Result<Identity, RpcError> {
        Ok(reader())
    }

    fn admit(&self, _: &Identity) -> Result<(), RpcError> {
        Ok(())
    }

    fn recheck(&self, _: &Identity) -> Result<(), RpcError> {
        Ok(())
    }

    fn generation(&self) -> u64 {
        0
    }
}

struct NoRecords;

impl RunRecords for NoRecords {
    fn record(
        &self,
        _: &RunId,
    ) -> Pin<Box<dyn Future<Output = Result<Option<RawJson>, ReadFailed>>>> {
        Box::pin(ready(Ok(None)))
    }
}
