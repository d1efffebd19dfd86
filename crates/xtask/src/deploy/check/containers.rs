//! Checks of the compose file, as Compose itself understands it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Subject, expect};

fn service<'a>(subject: &'a Subject<'_>, name: &str) -> Result<&'a Value> {
    let service = &subject.reference.compose["services"][name];
    ensure!(service.is_object(), "there is no service `{name}`");
    Ok(service)
}

pub(super) fn are_locked_down(subject: &Subject<'_>) -> Result<()> {
    for name in ["gateway", "caddy"] {
        let service = service(subject, name)?;
        let locked_down = || {
            expect(service, "/read_only", &json!(true))?;
            expect(service, "/cap_drop", &json!(["ALL"]))?;
            expect(service, "/security_opt", &json!(["no-new-privileges:true"]))?;
            expect(service, "/privileged", &Value::Null)?;
            expect(service, "/restart", &json!("unless-stopped"))?;
            ensure!(service["pids_limit"].is_u64(), "processes have no limit");
            ensure!(!service["mem_limit"].is_null(), "memory has no limit");
            ensure!(
                service["healthcheck"]["test"].is_array(),
                "there is no health check"
            );
            Ok(())
        };
        locked_down().with_context(|| name.to_owned())?;
    }
    expect(service(subject, "gateway")?, "/user", &json!("10001:10001"))?;
    expect(service(subject, "gateway")?, "/cap_add", &Value::Null)?;
    expect(
        service(subject, "caddy")?,
        "/depends_on/gateway/condition",
        &json!("service_healthy"),
    )
}

pub(super) fn only_the_proxy_publishes(subject: &Subject<'_>) -> Result<()> {
    expect(service(subject, "gateway")?, "/ports", &Value::Null)?;
    expect(service(subject, "gateway")?, "/network_mode", &Value::Null)?;
    let ports = service(subject, "caddy")?["ports"].as_array();
    let published = ports.into_iter().flatten().map(|port| &port["published"]);
    let published: BTreeSet<&str> = published.filter_map(Value::as_str).collect();
    ensure!(
        published == BTreeSet::from(["80", "443"]),
        "published are {published:?}"
    );
    Ok(())
}

/// The data folder of each service is a named volume; everything from the repository is read-only.
pub(super) fn keep_what_must_last(subject: &Subject<'_>) -> Result<()> {
    for name in ["gateway", "caddy"] {
        let volumes = service(subject, name)?["volumes"].as_array();
        let volumes = volumes.context("there are no volumes")?;
        let keeps_data = volumes
            .iter()
            .any(|volume| volume["type"] == "volume" && volume["target"] == "/data");
        ensure!(keeps_data, "{name} has no named volume at /data");
        let mut binds = volumes.iter().filter(|volume| volume["type"] == "bind");
        ensure!(
            binds.all(|bind| bind["read_only"] == true),
            "{name} can write files of the repository"
        );
    }
    Ok(())
}
