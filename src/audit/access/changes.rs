//! What has changed between two states of the token store.

use serde_json::json;
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::{RawJson, Timestamp};
use smithers_tokens::{Grant, GrantSet};

/// One grant that is not what it was.
#[derive(Debug)]
pub(super) struct Change<'a> {
    outcome: &'static str,
    grant: &'a Grant,
}

impl Change<'_> {
    /// The outcome of a row that stands for many changes.
    pub(super) const MANY: &'static str = "changed";

    pub(super) fn record(&self, now: Timestamp) -> AuditRecord {
        let grant = self.grant;
        let detail = json!({
            "role": grant.role,
            "scopes": grant.grants.written(),
            "expiresAtMs": grant.expires_at.map(|end| end.0),
        });
        AuditRecord {
            actor_id: grant.user_id.clone(),
            token_id: Some(grant.token_id.clone()),
            subject: Some(grant.token_id.clone()),
            detail: RawJson::of(&detail),
            ..AuditRecord::new(now, Channel::Gateway, kind::TOKEN, self.outcome)
        }
    }
}

/// Returns the changes in the order of the token ids.
pub(super) fn between<'a>(before: &'a GrantSet, after: &'a GrantSet) -> Vec<Change<'a>> {
    let gone = before
        .entries()
        .filter(|(fingerprint, _)| after.find(**fingerprint).is_none())
        .map(|(_, grant)| ("removed", grant));
    let here = after.entries().filter_map(|(fingerprint, grant)| {
        let outcome = match before.find(*fingerprint) {
            None => "added",
            Some(old) if old == grant => return None,
            Some(old) if grant.is_revoked && !old.is_revoked => "revoked",
            Some(_) => "changed",
        };
        Some((outcome, grant))
    });
    let mut changes: Vec<Change<'_>> = gone
        .chain(here)
        .map(|(outcome, grant)| Change { outcome, grant })
        .collect();
    changes.sort_by(|one, other| one.grant.token_id.cmp(&other.grant.token_id));
    changes
}
