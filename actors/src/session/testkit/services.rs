//! Stand-ins for what the edge injects: grants, methods, records.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_core::future::LocalBoxFuture;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use smithers_model::{RawJson, RunId, Timestamp};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, RawParams};
use smithers_protocol::method::Method;
use smithers_protocol::scope::Grants;
use tokio::sync::oneshot;

use crate::devtools::{Look, NamedSkeleton, Trees, Which};
use crate::hub::{self, ReadFailed, RunRecords};
use crate::session::{
    Authenticator, Caller, Dispatch, Greeter, Greeting, Hello, Identity, UpgradeInfo,
};

/// Tokens are written `<user>/<scope>,<scope>`; anything without a slash is none.
#[derive(Default)]
pub(crate) struct Auth {
    revoked: Mutex<HashSet<String>>,
    generation: AtomicU64,
    expires_at: Mutex<Option<Timestamp>>,
}

impl Auth {
    pub(crate) fn revoke(&self, user: &str) {
        self.revoked.lock().insert(user.to_owned());
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// Identities that are made from now on end at `at`.
    pub(crate) fn expire_at(&self, at: Timestamp) {
        *self.expires_at.lock() = Some(at);
    }
}

impl Authenticator for Auth {
    fn connect(&self, token: Option<&SecretString>, _: &UpgradeInfo) -> Result<Identity, RpcError> {
        let token = token.ok_or_else(|| RpcError::unauthorized("A bearer token is required"))?;
        let parts = token.expose_secret().split_once('/');
        let (user, scopes) = parts.ok_or_else(|| RpcError::unauthorized("Invalid token"))?;
        Ok(Identity {
            role: "operator".into(),
            grants: Grants::parse(scopes.split(',')),
            user_id: Some(user.to_owned()),
            token_id: None,
            expires_at: *self.expires_at.lock(),
            credential: None,
        })
    }

    fn admit(&self, identity: &Identity) -> Result<(), RpcError> {
        self.recheck(identity)
    }

    fn recheck(&self, identity: &Identity) -> Result<(), RpcError> {
        let user = identity.user_id.as_deref().unwrap_or_default();
        if self.revoked.lock().contains(user) {
            return Err(RpcError::unauthorized("Token has been revoked"));
        }
        Ok(())
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }
}

/// `health` answers at once, `getRun` when the test says so, `launchRun` follows the run `new`
/// and `cancelRun` no longer does so, `listRuns` panics.
#[derive(Default)]
pub(crate) struct Methods {
    hub: RefCell<Option<hub::Handle>>,
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
    greeting: RefCell<Option<oneshot::Receiver<()>>>,
    greeting_fails: Cell<bool>,
    greeted_at: Cell<u64>,
    /// What the calls of `follow` returned.
    pub(crate) followed: RefCell<Vec<bool>>,
    pub(crate) started: Cell<usize>,
    pub(crate) ended: std::rc::Rc<Cell<usize>>,
}

impl Methods {
    pub(super) fn greet_from(&self, hub: hub::Handle) {
        *self.hub.borrow_mut() = Some(hub);
    }

    /// Lets the call that came `at`-th of those waiting go on.
    pub(crate) fn finish(&self, at: usize) {
        let _ = self.waiting.borrow_mut().remove(at).send(());
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Makes the next greeting wait after its snapshot was taken.
    pub(crate) fn hold_greeting(&self) -> oneshot::Sender<()> {
        let (go, wait) = oneshot::channel();
        *self.greeting.borrow_mut() = Some(wait);
        go
    }

    /// Makes snapshots that show at least the events up to `version`.
    pub(crate) fn greet_at(&self, version: u64) {
        self.greeted_at.set(version);
    }

    pub(crate) fn fail_greetings(&self, fail: bool) {
        self.greeting_fails.set(fail);
    }
}

impl Dispatch for Methods {
    fn call(
        &self,
        caller: Caller,
        method: Method,
        _: RawParams,
    ) -> LocalBoxFuture<'static, Result<Payload, RpcError>> {
        let (tell, told) = oneshot::channel();
        match method {
            Method::LaunchRun => {
                let is_new = caller.connection.unwrap().follow(&"new".into());
                self.followed.borrow_mut().push(is_new);
            }
            Method::CancelRun => caller.connection.unwrap().unfollow(&"new".into()),
            Method::GetRun => self.waiting.borrow_mut().push(tell),
            _ => {}
        }
        self.started.set(self.started.get() + 1);
        let ended = self.ended.clone();
        Box::pin(async move {
            assert_ne!(method, Method::ListRuns, "a method that panics");
            if method == Method::GetRun {
                let _ = told.await;
            }
            ended.set(ended.get() + 1);
            Ok(Payload::encode(&json!({"method": method.name()})).unwrap())
        })
    }
}

impl Greeter for Methods {
    fn greet(&self, greeting: Greeting) -> LocalBoxFuture<'static, Result<Hello, RpcError>> {
        let state_version = self.hub.borrow().as_ref().unwrap().state_version();
        let state_version = state_version.max(self.greeted_at.get());
        let wait = self.greeting.borrow_mut().take();
        let fails = self.greeting_fails.get();
        Box::pin(async move {
            if let Some(wait) = wait {
                let _ = wait.await;
            }
            if fails {
                return Err(RpcError::internal());
            }
            let hello = json!({
                "user": greeting.identity.user_id, "heartbeatMs": greeting.heartbeat_ms,
            });
            Ok(Hello {
                payload: Payload::encode(&hello).unwrap(),
                state_version,
            })
        })
    }
}

/// Every run has the same record.
pub(crate) struct Records;

impl RunRecords for Records {
    fn record(&self, run: &RunId) -> LocalBoxFuture<'static, Result<Option<RawJson>, ReadFailed>> {
        let record = RawJson::of(&json!({"runId": run, "status": "running"}));
        Box::pin(async move { Ok(Some(record)) })
    }
}

/// Frames are read by the edge.
pub(crate) struct NoTrees;

impl Trees for NoTrees {
    fn newest(&self, _: &RunId) -> LocalBoxFuture<'static, Result<Option<u64>, ReadFailed>> {
        Box::pin(std::future::ready(Err(ReadFailed)))
    }

    fn look(
        &self,
        _: &RunId,
        _: Which,
        _: Option<NamedSkeleton>,
    ) -> LocalBoxFuture<'static, Result<Option<Look>, ReadFailed>> {
        Box::pin(std::future::ready(Err(ReadFailed)))
    }
}
