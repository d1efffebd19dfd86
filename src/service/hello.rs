//! The greeting of a socket: what goes on, as far as the caller may read it.

use futures_core::future::LocalBoxFuture;
use smithers_actors::hub::{ReadFailed, RunRecords};
use smithers_actors::session::{Greeter, Greeting, Hello};
use smithers_model::{RawJson, RunId};
use smithers_protocol::error::RpcError;
use smithers_protocol::limits::LIST_MAX;
use smithers_protocol::scope::Scope;
use smithers_protocol::view::{Hello as HelloView, HelloAuth, HelloPolicy, HelloSnapshot};
use smithers_store::Reader;
use smithers_store::read::ApprovalFilter;

use super::{Service, encode, error};
use crate::alerts::TALLY;
use crate::view::{RunShown, approval_row};

impl Greeter for Service {
    fn greet(&self, greeting: Greeting) -> LocalBoxFuture<'static, Result<Hello, RpcError>> {
        let service = self.clone();
        Box::pin(async move {
            let shape = service.clone();
            service
                .read_briefly(move |reader| shape.hello(reader, &greeting))
                .await
        })
    }
}

impl Service {
    /// Reads the snapshot and serialises the greeting. The version is read first: an event that is committed
    /// meanwhile is delivered after the greeting, at worst about something the snapshot shows already.
    fn hello(&self, reader: &dyn Reader, greeting: &Greeting) -> Result<Hello, RpcError> {
        let state_version = reader.state_version().map_err(error::of_read)?;
        let identity = &greeting.identity;
        let reads_runs = identity.grants.holds(Scope::RunRead);
        let reads_approvals = reads_runs || identity.grants.holds(Scope::ApprovalRead);
        let rows = match reads_runs {
            true => reader.active_runs(LIST_MAX).map_err(error::of_read)?,
            false => Vec::new(),
        };
        let pending = match reads_approvals {
            true => reader
                .pending(&ApprovalFilter::all(LIST_MAX))
                .map_err(error::of_read)?,
            false => Vec::new(),
        };
        let owner = self.owner();
        let shown: Vec<RunShown<'_>> = rows.iter().map(|row| RunShown::new(row, &owner)).collect();
        let snapshot = HelloSnapshot {
            runs: shown.iter().map(RunShown::row).collect(),
            approvals: pending.iter().map(approval_row).collect(),
            state_version,
        };
        let auth = HelloAuth {
            session_token: &greeting.session_token,
            role: &identity.role,
            scopes: identity.grants.written(),
            user_id: identity.user_id.as_deref(),
            token_id: identity.token_id.as_deref(),
        };
        let policy = HelloPolicy {
            heartbeat_ms: greeting.heartbeat_ms,
        };
        let view = HelloView::new(self.identity(), policy, auth, snapshot);
        Ok(Hello {
            payload: encode(&view)?,
            state_version,
        })
    }
}

impl RunRecords for Service {
    fn record(&self, run: &RunId) -> LocalBoxFuture<'static, Result<Option<RawJson>, ReadFailed>> {
        // Asked for by streams that have to leave events out.
        TALLY.truncated();
        let (service, run) = (self.clone(), run.clone());
        Box::pin(async move {
            let snapshot = service.gap_snapshot(&run).await.map_err(|_| ReadFailed)?;
            Ok(snapshot.map(|payload| {
                RawJson::trusted(String::from_utf8_lossy(payload.as_bytes()).into_owned())
            }))
        })
    }
}
