//! A store in a folder of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use smithers_model::Timestamp;
use smithers_tokens::{
    Authorised, Denial, Error, Fingerprint, Issue, Issued, Ledger, Origin, Revocation, Revoked,
    Standing, StoreFormat, Target, Trail, Use, load, read_audit,
};
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

/// Returns the instant `ms` after the usual one.
pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp(NOW.0 + ms)
}

pub(crate) struct Store {
    folder: TempDir,
}

impl Store {
    pub(crate) fn new() -> Store {
        Store {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A store with this text.
    pub(crate) fn with(text: &str) -> Store {
        let store = Store::new();
        store.write("tokens.json", text.as_bytes());
        store
    }

    /// A store of version 2 with these entries.
    pub(crate) fn with_tokens(tokens: Value) -> Store {
        Store::with(&json!({"version": 2, "tokens": tokens}).to_string())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.file("tokens.json")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.file(name), bytes).unwrap();
        set_mode(&self.file(name), 0o600);
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text("tokens.json")).unwrap()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.try_ledger().unwrap()
    }

    pub(crate) fn try_ledger(&self) -> Result<Ledger, Error> {
        Ledger::open(&self.path(), Origin::of_process("0.0.0-test"))
    }

    pub(crate) fn issue(&self, scopes: &[&str]) -> Issued {
        self.ledger().issue(issue(scopes), NOW).unwrap()
    }

    pub(crate) fn revoke(&self, text: &str, now: Timestamp) -> Vec<Revoked> {
        self.ledger().revoke(&one(text), now).unwrap()
    }

    /// What a gateway says about a bearer; `None` when it does not know it.
    pub(crate) fn standing(&self, bearer: &str, now: Timestamp) -> Option<Standing> {
        let parsed = load(&self.path(), false).unwrap();
        let grant = parsed.grants.find(Fingerprint::of(bearer)?)?;
        Some(grant.standing(now))
    }

    /// All records of the audit trail.
    pub(crate) fn records(&self) -> Vec<Value> {
        let mut records = Vec::new();
        read_audit(&self.path(), |record| records.push(record)).unwrap();
        records
    }

    pub(crate) fn trail(&self) -> Trail {
        read_audit(&self.path(), |_| {}).unwrap()
    }

    /// Types of the records, in their order.
    pub(crate) fn history(&self) -> Vec<String> {
        let kind = |record: &Value| record["type"].as_str().unwrap().to_owned();
        self.records().iter().map(kind).collect()
    }
}

pub(crate) fn issue(scopes: &[&str]) -> Issue {
    Issue {
        role: "operator".into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        user_id: None,
        ttl: HOUR,
        action_ids: vec!["gateway".into()],
        format: StoreFormat::Hashed,
        is_revealed: false,
    }
}

pub(crate) fn one(text: &str) -> Revocation {
    Revocation {
        target: Target::One(text.into()),
        reason: None,
    }
}

pub(crate) fn bearer(issued: &Issued) -> &str {
    issued.bearer.expose_secret()
}

pub(crate) fn handle(issued: &Issued) -> &str {
    &issued.handles[0].handle
}

/// Asks to use a handle for the action `gateway`.
pub(crate) fn try_use(
    store: &Store,
    handle: &str,
    scopes: &[&str],
    now: Timestamp,
) -> Result<Authorised, Denial> {
    use_for(store, "gateway", handle, scopes, now)
}

pub(crate) fn use_for(
    store: &Store,
    action_id: &str,
    handle: &str,
    scopes: &[&str],
    now: Timestamp,
) -> Result<Authorised, Denial> {
    let wanted = Use {
        handle: SecretString::from(handle),
        action_id: action_id.into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        command_sha256: "00".into(),
        env: "SMITHERS_API_KEY".into(),
        pid: 1,
    };
    match store.ledger().authorise(&wanted, now) {
        Ok(authorised) => Ok(authorised),
        Err(Error::Denied(denial)) => Err(denial),
        Err(other) => panic!("{other}"),
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
