//! What a start of the gateway leaves in the audit trail, decided from what it finds stored: how the process
//! before ended, which settings are different, and the start itself.

use std::collections::BTreeMap;

use serde_json::json;
use smithers_model::audit::{AuditRecord, Channel, Deployment, StoredDeployment, kind};
use smithers_model::{RawJson, Timestamp};

/// The deployment before this one.
pub(crate) struct Before {
    pub(crate) stored: StoredDeployment,
    /// Newest sign of life of the process that had the database before.
    pub(crate) alive_at: Option<Timestamp>,
}

/// Returns the rows for a start, in their order.
pub(crate) fn records(
    start: &Deployment,
    database_head: &str,
    before: Option<&Before>,
) -> Vec<AuditRecord> {
    let unclean = before.filter(|before| before.stored.stopped_at.is_none());
    let rows = [
        unclean.map(|before| died(start, before)),
        Some(started(start, database_head)),
        before.and_then(|before| reconfigured(start, &before.stored.deployment)),
    ];
    rows.into_iter().flatten().collect()
}

/// Returns the row for a stop in good order.
pub(crate) fn stopped(deployment: &str, at: Timestamp) -> AuditRecord {
    AuditRecord {
        subject: Some(deployment.to_owned()),
        ..AuditRecord::new(at, Channel::Gateway, kind::STOP, "clean")
    }
}

fn died(start: &Deployment, before: &Before) -> AuditRecord {
    let alive_at = before.alive_at;
    AuditRecord {
        subject: Some(before.stored.deployment.id.clone()),
        detail: RawJson::of(&json!({ "lastSignOfLifeMs": alive_at })),
        ..AuditRecord::new(start.started_at, Channel::Gateway, kind::STOP, "unclean")
    }
}

fn started(start: &Deployment, database_head: &str) -> AuditRecord {
    AuditRecord {
        subject: Some(start.id.clone()),
        detail: RawJson::of(&json!({
            "productVersion": start.product_version,
            "buildCommit": start.build_commit,
            "databaseHead": database_head,
            "configDigest": start.config_digest,
            "modulePath": start.module_path,
            "moduleHash": start.module_hash,
            "moduleRevision": start.module_revision,
        })),
        ..AuditRecord::new(
            start.started_at,
            Channel::Gateway,
            kind::DEPLOYMENT,
            "started",
        )
    }
}

fn reconfigured(start: &Deployment, before: &Deployment) -> Option<AuditRecord> {
    if start.config_digest == before.config_digest {
        return None;
    }
    Some(AuditRecord {
        subject: Some(start.id.clone()),
        detail: RawJson::of(&json!({
            "changed": changed(&before.settings, &start.settings),
            "from": before.config_digest,
            "to": start.config_digest,
        })),
        ..AuditRecord::new(start.started_at, Channel::Gateway, kind::CONFIG, "changed")
    })
}

/// Names of settings that were added, removed or have another value.
fn changed(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<String> = before
        .keys()
        .chain(now.keys())
        .filter(|name| before.get(*name) != now.get(*name))
        .cloned()
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(id: &str, digest: &str, settings: &[(&str, &str)]) -> Deployment {
        let setting = |(name, digest): &(&str, &str)| ((*name).to_owned(), (*digest).to_owned());
        Deployment {
            id: id.into(),
            started_at: Timestamp(9),
            product_version: "1".into(),
            config_digest: digest.into(),
            module_path: None,
            module_hash: None,
            build_commit: None,
            module_revision: None,
            settings: settings.iter().map(setting).collect(),
        }
    }

    fn before(deployment: Deployment, stopped_at: Option<Timestamp>) -> Before {
        Before {
            stored: StoredDeployment {
                deployment,
                database_head: "0011".into(),
                stopped_at,
            },
            alive_at: Some(Timestamp(7)),
        }
    }

    fn shown(rows: &[AuditRecord]) -> Vec<String> {
        let line = |row: &AuditRecord| {
            let subject = row.subject.as_deref().unwrap_or("-");
            format!("{} {} {subject}", row.kind, row.outcome)
        };
        rows.iter().map(line).collect()
    }

    #[test]
    fn a_first_start_is_one_row() {
        let rows = records(&deployment("d1", "x", &[]), "0011", None);
        assert_eq!(shown(&rows), ["deployment started d1"]);
    }

    #[test]
    fn a_death_is_told_by_the_next_start_and_a_clean_stop_is_not_told_twice() {
        let start = deployment("d2", "x", &[]);
        let died = before(deployment("d1", "x", &[]), None);
        let rows = records(&start, "0011", Some(&died));
        assert_eq!(shown(&rows), ["stop unclean d1", "deployment started d2"]);
        assert_eq!(rows[0].detail.as_str(), r#"{"lastSignOfLifeMs":7}"#);
        let stopped = before(deployment("d1", "x", &[]), Some(Timestamp(8)));
        let rows = records(&start, "0011", Some(&stopped));
        assert_eq!(shown(&rows), ["deployment started d2"]);
    }

    #[test]
    fn a_change_of_the_configuration_names_the_settings_and_no_value() {
        let old = deployment("d1", "x", &[("A", "1"), ("B", "2"), ("C", "3")]);
        let new = deployment("d2", "y", &[("A", "1"), ("B", "9"), ("D", "4")]);
        let rows = records(&new, "0011", Some(&before(old, Some(Timestamp(8)))));
        assert_eq!(shown(&rows)[1], "config changed d2");
        assert_eq!(
            rows[1].detail.as_str(),
            r#"{"changed":["B","C","D"],"from":"x","to":"y"}"#
        );
    }
}
