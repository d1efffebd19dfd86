//! The table of checks, in the order of the release checklist; then what it does not ask.

mod access;
mod approvals;
mod audit;
mod backup;
mod database;
mod deploy;
mod gateway;
mod logs;
mod net;
mod release;
mod schedules;
mod secrets;
mod tokens;

use super::finding::Finding;
use super::profile::AskedFrom;
use super::site::Site;

/// One promise and how it is looked at.
pub struct Check {
    /// Its id: a family, a dot, a name.
    pub id: &'static str,
    /// The sentence of the checklist.
    pub promise: &'static str,
    /// The smallest profile in which it is asked.
    pub asked_from: AskedFrom,
    /// Looks, and changes nothing.
    pub run: fn(&Site<'_>) -> Finding,
}

const fn check(
    id: &'static str,
    promise: &'static str,
    asked_from: AskedFrom,
    run: fn(&Site<'_>) -> Finding,
) -> Check {
    Check {
        id,
        promise,
        asked_from,
        run,
    }
}

use AskedFrom::{Ci, Dev, Production};

/// All checks.
pub const CHECKS: &[Check] = &[
    check(
        "release.ci",
        "The pipeline is green for the deployed commit.",
        Production,
        release::ci,
    ),
    check(
        "backup.drill",
        "Backups are restored, to see that they can be.",
        Production,
        backup::drill,
    ),
    check(
        "backup.fresh",
        "There is a recent backup that was verified.",
        Production,
        backup::fresh,
    ),
    check(
        "tokens.scoped",
        "Tokens allow what their holders need, and no more.",
        Ci,
        tokens::scoped,
    ),
    check(
        "tokens.ttl",
        "Tokens end, and soon enough.",
        Ci,
        tokens::ttl,
    ),
    check(
        "tokens.store",
        "The token store can be trusted.",
        Dev,
        tokens::store,
    ),
    check(
        "sandbox.probes",
        "Sandboxes enforce what they promise.",
        Production,
        |_| Finding::not_in_this_build("sandboxes"),
    ),
    check(
        "approvals.owners",
        "Approvals have an owner and a fallback owner.",
        Production,
        approvals::owners,
    ),
    check(
        "logs.retention",
        "Logs are kept long enough to investigate delayed failures.",
        Production,
        logs::retention,
    ),
    check(
        "net.tls",
        "The gateway is exposed only behind TLS.",
        Production,
        net::tls,
    ),
    check(
        "db.location",
        "The database is on durable storage.",
        Ci,
        database::location,
    ),
    check(
        "db.single-owner",
        "One gateway owns the database.",
        Dev,
        database::single_owner,
    ),
    check(
        "db.pragmas",
        "Foreign keys and the write-ahead log are on.",
        Dev,
        database::pragmas,
    ),
    check(
        "db.integrity",
        "Every page of the database is sound.",
        Dev,
        database::integrity,
    ),
    check(
        "db.fk-check",
        "Every row has what it refers to.",
        Dev,
        database::foreign_keys,
    ),
    check(
        "db.migrations",
        "The database is at the version of this program.",
        Dev,
        database::migrations,
    ),
    check(
        "secrets.scan",
        "Nothing that is stored holds a secret.",
        Ci,
        secrets::scan,
    ),
    check(
        "access.split",
        "Launching and approving are split.",
        Production,
        access::split,
    ),
    check(
        "cache.policy",
        "The cache is used deliberately.",
        Production,
        |_| Finding::not_in_this_build("the cache"),
    ),
    check(
        "audit.triggers",
        "The audit trail can only grow.",
        Dev,
        audit::triggers,
    ),
    check(
        "audit.chain",
        "No row of the audit trail was changed or removed.",
        Dev,
        audit::chain,
    ),
    check(
        "audit.export",
        "A copy of the audit trail is kept elsewhere.",
        Production,
        audit::export,
    ),
    check(
        "audit.coverage",
        "The audit trail holds what an auditor asks for.",
        Production,
        audit::coverage,
    ),
    check(
        "db.orphans",
        "Nothing was deleted by hand.",
        Dev,
        database::orphans,
    ),
    check(
        "sandbox.policy",
        "Workers are isolated.",
        Production,
        |_| Finding::not_in_this_build("sandboxes"),
    ),
    check(
        "deploy.revision",
        "What runs is what was deployed.",
        Production,
        deploy::revision,
    ),
    check(
        "gateway.contract",
        "The gateway answers as the contract says.",
        Ci,
        gateway::contract,
    ),
    check(
        "schedules.firing",
        "Schedules can be read, launch what they should, and are not overdue.",
        Ci,
        schedules::firing,
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The ids of operations 11, in its order.
    const CHECKLIST: &str = "release.ci backup.drill backup.fresh tokens.scoped tokens.ttl tokens.store \
        sandbox.probes approvals.owners logs.retention net.tls db.location db.single-owner db.pragmas \
        db.integrity db.fk-check db.migrations secrets.scan access.split cache.policy audit.triggers \
        audit.chain audit.export audit.coverage db.orphans sandbox.policy deploy.revision gateway.contract";
    /// What we ask besides.
    const OURS: &str = "schedules.firing";

    #[test]
    fn every_row_of_the_release_checklist_is_a_check() {
        let ids: Vec<&str> = CHECKS.iter().map(|check| check.id).collect();
        let expected = CHECKLIST.split_whitespace().chain([OURS]);
        assert_eq!(ids, expected.collect::<Vec<_>>());
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len());
    }
}
