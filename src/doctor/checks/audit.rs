//! The audit trail: that it can only grow, is whole, is kept elsewhere too, and says what auditors ask for.

use smithers_model::audit::kind;
use smithers_store::ops;

use super::database::unreadable;
use crate::audit::{checkpoint, journal, verify};
use crate::doctor::{Finding, Site};

/// What to do about a trail that is not whole.
const VERIFY: &str = "see `smithers audit verify`, and the chapter on incidents";
/// Rows that the copy may be behind.
const BEHIND: u64 = 1_000;

/// The triggers that keep rows from being changed are there, with our text.
pub(super) fn triggers(site: &Site<'_>) -> Finding {
    match ops::audit::broken_triggers(site.database()) {
        Err(error) => Finding::skip(
            error.to_string(),
            "set SMITHERS_DB_PATH to the database of the gateway",
        ),
        Ok(broken) if broken.is_empty() => {
            Finding::pass("all triggers are there, with the expected text")
        }
        Ok(broken) => {
            let named: Vec<String> = broken.iter().map(ToString::to_string).collect();
            Finding::fail(
                named.join("; "),
                "somebody changed the database: see `smithers audit verify` and restore a backup",
            )
        }
    }
}

/// Every row follows from the one before it, and those that were signed are still there.
pub(super) fn chain(site: &Site<'_>) -> Finding {
    let database = site.database();
    let reader = match ops::reader(database) {
        Err(error) => return unreadable(&error),
        Ok(reader) => reader,
    };
    let signed = match checkpoint::all(database) {
        Err(error) => {
            let shown = checkpoint::path(database);
            return Finding::fail(format!("{}: {error}", shown.display()), VERIFY);
        }
        Ok(signed) => signed,
    };
    let trusted = checkpoint::trusted_keys(database, &signed);
    match verify::verify(&*reader, &signed, &trusted) {
        Err(error) => Finding::skip(error.to_string(), "see `smithers db check`"),
        Ok(verdict) => match verdict.broken {
            Some((seq, why)) => Finding::fail(format!("row {seq}: {why}"), VERIFY),
            None => Finding::pass(format!(
                "{} rows, each chained to the one before it; {} signed ends agree",
                verdict.cursor.seq(),
                verdict.agreed
            )),
        },
    }
}

/// The copy elsewhere has the newest rows.
pub(super) fn export(site: &Site<'_>) -> Finding {
    let Some(sink) = &site.config.audit.sink else {
        return Finding::fail(
            "no copy of the audit trail is kept",
            "set SMITHERS_AUDIT_SINK to a file that is shipped to another machine",
        );
    };
    let newest = match ops::reader(site.database()).map(|reader| reader.last_audit()) {
        Err(error) => return unreadable(&error),
        Ok(Err(error)) => return Finding::skip(error.to_string(), "see `smithers db check`"),
        Ok(Ok(newest)) => newest.map_or(0, |row| row.seq),
    };
    let shown = sink.display();
    match journal::read(sink).map(|found| found.cursor.seq()) {
        Err(error) => Finding::fail(
            format!("{shown}: {error}"),
            "start the gateway with this configuration",
        ),
        Ok(copied) if newest.saturating_sub(copied) > BEHIND => Finding::fail(
            format!("{shown} ends at row {copied} of {newest}"),
            "see the gateway's log",
        ),
        Ok(copied) => Finding::pass(format!("{shown} has rows up to {copied} of {newest}")),
    }
}

/// Each kind of row that an auditor asks for has been written. What never happened cannot be on record.
pub(super) fn coverage(site: &Site<'_>) -> Finding {
    let reader = match ops::reader(site.database()) {
        Err(error) => return unreadable(&error),
        Ok(reader) => reader,
    };
    let expected = [
        ("starts", kind::DEPLOYMENT, &["started"][..]),
        ("launches", kind::LAUNCH, &["accepted"]),
        (
            "approval decisions",
            kind::APPROVAL,
            &["approved", "denied"],
        ),
    ];
    let mut missing = Vec::new();
    for (what, kind, outcomes) in expected {
        let found = outcomes
            .iter()
            .map(|outcome| reader.newest_audit(kind, outcome));
        match found.collect::<Result<Vec<_>, _>>() {
            Err(error) => return Finding::skip(error.to_string(), "see `smithers db check`"),
            Ok(found) if found.iter().all(Option::is_none) => missing.push(what),
            Ok(_) => {}
        }
    }
    let absent = "time travel and sandbox reviews: not in this build";
    match missing.is_empty() {
        true => Finding::pass(format!(
            "starts, launches and approval decisions are on record ({absent})"
        )),
        false => Finding::warn(
            format!(
                "nothing is on record yet of: {} ({absent})",
                missing.join(", ")
            ),
            "run a workflow with an approval once before people rely on it",
        ),
    }
}
