//! The tokens: what they allow, how long, and the file that holds them.

use std::time::Duration;

use smithers_model::Timestamp;
use smithers_protocol::scope::{Grants, Scope};
use smithers_tokens::{Grant, LoadError, Parsed, Standing, load};

use crate::config::AuthMode;
use crate::doctor::finding::few;
use crate::doctor::{Finding, Site};

/// Words of earlier versions that stand for many scopes at once.
const BROAD: [&str; 5] = ["*", "admin", "approve", "execute", "read"];
/// Ended grants from which the store should be tidied.
const MANY_ENDED: usize = 20;

/// Every token in force names scopes that exist, and no more than its holder needs.
pub(super) fn scoped(site: &Site<'_>) -> Finding {
    examine(site, |active| {
        let broad = named(active, |grant| {
            written(grant, |entry| BROAD.contains(&entry))
        });
        let unknown = named(active, |grant| written(grant, is_unknown));
        let both = named(active, launches_and_decides);
        let mut findings = vec![Finding::pass(format!(
            "{} tokens in force, all scoped",
            active.len()
        ))];
        if let Some(names) = broad {
            findings.push(Finding::fail(
                format!("tokens that may do everything of a kind: {names}"),
                "issue new ones with `smithers token issue --profile ...` and revoke these",
            ));
        }
        if let Some(names) = unknown {
            findings.push(Finding::fail(
                format!("tokens with entries that are no scope: {names}"),
                "see `smithers token show`; issue new ones and revoke these",
            ));
        }
        if let Some(names) = both {
            findings.push(Finding::warn(
                format!("tokens that may launch and approve: {names}"),
                "give launching and approving to two tokens (profiles launcher and approver)",
            ));
        }
        Finding::worst_of(findings).expect("there is at least one")
    })
}

/// Every token in force ends, and soon enough.
pub(super) fn ttl(site: &Site<'_>) -> Finding {
    examine(site, |active| {
        let endless = named(active, |grant| grant.expires_at.is_none());
        let long = named(active, |grant| outlives(grant, site.now));
        let problems = [("never end", endless), ("end too late", long)];
        let problems: Vec<String> = problems
            .into_iter()
            .filter_map(|(what, names)| Some(format!("tokens that {what}: {}", names?)))
            .collect();
        if problems.is_empty() {
            let most = smithers_tokens::MAX_TTL.as_secs() / 86_400;
            return Finding::pass(format!(
                "{} tokens in force, all end within {most} days",
                active.len()
            ));
        }
        Finding::fail(
            problems.join("; "),
            "replace them: `smithers token rotate --token-id ID`",
        )
    })
}

/// The file can be trusted, and revocations reach the gateway.
pub(super) fn store(site: &Site<'_>) -> Finding {
    let path = &site.config.access.token_store;
    let shown = path.display();
    if site.config.access.auth == AuthMode::None {
        return Finding::fail(
            "SMITHERS_GATEWAY_AUTH is none: whoever reaches the gateway may do everything",
            "set SMITHERS_GATEWAY_AUTH=token",
        );
    }
    let parsed = match read(site) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => {
            return Finding::warn(
                format!("{shown} does not exist, so every token is refused"),
                "issue one: `smithers token issue --profile operator`",
            );
        }
        Err(error) => {
            return Finding::fail(
                format!("{shown}: {error}"),
                "mend it, or restore it from a backup",
            );
        }
    };
    if !parsed.left_out.is_empty() {
        let hint = "mend or remove these entries";
        return Finding::fail(format!("{shown}: {}", parsed.left_out.join(", ")), hint);
    }
    if site.config.access.allow_loose_mode {
        return Finding::warn(
            format!("{shown} may be readable by others (SMITHERS_TOKEN_STORE_ALLOW_LOOSE_MODE)"),
            "mount it with mode 0400 for the gateway's user, and remove the variable",
        );
    }
    let ended = parsed
        .grants
        .iter()
        .filter(|grant| grant.standing(site.now) != Standing::Active);
    match ended.count() {
        ended @ MANY_ENDED.. => Finding::warn(
            format!("{shown} still holds {ended} grants that have ended"),
            "smithers token prune --older-than 30d",
        ),
        ended => Finding::pass(format!(
            "{shown}: {} grants, {ended} of them ended",
            parsed.grants.len()
        )),
    }
}

/// Reads the store; `None` when there is none.
pub(super) fn read(site: &Site<'_>) -> Result<Option<Parsed>, LoadError> {
    let access = &site.config.access;
    match access.token_store.exists() {
        true => load(&access.token_store, access.allow_loose_mode).map(Some),
        false => Ok(None),
    }
}

/// Judges the tokens in force; a store that cannot be read is the business of [`store`].
pub(super) fn examine(site: &Site<'_>, judge: impl FnOnce(&[&Grant]) -> Finding) -> Finding {
    match read(site) {
        Ok(Some(parsed)) => {
            let active = parsed
                .grants
                .iter()
                .filter(|grant| grant.standing(site.now) == Standing::Active);
            let mut active: Vec<&Grant> = active.collect();
            active.sort_by(|a, b| a.token_id.cmp(&b.token_id));
            judge(&active)
        }
        Ok(None) => Finding::pass("there are no tokens"),
        Err(error) => Finding::skip(
            format!("the token store cannot be read: {error}"),
            "see tokens.store",
        ),
    }
}

fn written(grant: &Grant, is_wanted: impl Fn(&str) -> bool) -> bool {
    grant.grants.written().iter().any(|entry| is_wanted(entry))
}

/// An entry that confers nothing: no scope, no broad word, no method and no prefix of methods.
fn is_unknown(entry: &str) -> bool {
    let confers = Grants::parse([entry]).scopes().iter().next().is_some();
    let is_method = smithers_protocol::method::resolve(entry).is_known() || entry.ends_with(".*");
    // Names with a colon that are no scope of ours are those that workflows ask for in `allowedScopes`.
    !confers && !is_method && !entry.contains(':')
}

pub(super) fn launches_and_decides(grant: &Grant) -> bool {
    grant.grants.holds(Scope::RunWrite) && grant.grants.holds(Scope::ApprovalSubmit)
}

fn outlives(grant: &Grant, now: Timestamp) -> bool {
    let most: Duration = smithers_tokens::MAX_TTL;
    grant.expires_at.is_some_and(|end| end > now.plus(most))
}

/// Names the tokens for which `is_meant` holds, the first few; `None` without any.
pub(super) fn named(grants: &[&Grant], is_meant: impl Fn(&Grant) -> bool) -> Option<String> {
    let meant: Vec<&str> = grants
        .iter()
        .filter(|grant| is_meant(grant))
        .map(|grant| grant.token_id.as_str())
        .collect();
    (!meant.is_empty()).then(|| few(&meant))
}
