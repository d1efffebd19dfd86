//! The store in a form that opens nothing, for backups.

use secrecy::zeroize::Zeroizing;

use crate::error::Error;
use crate::ledger::{Change, Ledger};

impl Ledger {
    /// Returns the text of the store with a hash in place of every bearer and every handle, and without whatever is
    /// neither a grant nor a handle. Every token works with it. The store itself is not changed.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn hashed_text(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut copy = Change {
            document: self.document()?,
            bearers: Vec::new(),
            records: Vec::new(),
        };
        copy.upgrade(true);
        copy.document.keep_hashed();
        copy.document.to_text()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use serde_json::{Value, json};

    use crate::{Ledger, Origin, parse};

    #[test]
    fn nothing_that_opens_something_is_left_and_every_grant_is() {
        let bearer = format!("smithers_{}", "a".repeat(43));
        let handle = format!("smithers_action_{}", "b".repeat(32));
        let store = json!({
            "version": 2,
            "tokens": {
                (bearer.as_str()): {"role": "operator", "scopes": ["run:read"]},
                "old-id": {"role": "viewer", "scopes": ["run:read"], "secret": "smithers_old_secret"},
                "hunter2": {"scopes": "not a grant"},
            },
            "actionTokens": { (handle.as_str()): {"tokenId": "x", "actionId": "deploy"} },
            "notes": ["hunter2"],
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        fs::write(&path, store.to_string()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let ledger = Ledger::open(&path, Origin::of_process("0")).unwrap();
        let text = ledger.hashed_text().unwrap();
        let shown = String::from_utf8(text.to_vec()).unwrap();
        for secret in [
            bearer.as_str(),
            handle.as_str(),
            "smithers_old_secret",
            "hunter2",
        ] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert_eq!(
            parse(&text).unwrap().grants,
            parse(store.to_string().as_bytes()).unwrap().grants
        );
        let hashed: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(
            hashed["actionTokens"].as_object().unwrap().len(),
            1,
            "{shown}"
        );
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            store.to_string(),
            "the store stays"
        );
    }
}
