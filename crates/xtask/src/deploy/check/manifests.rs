//! Checks of the Kubernetes manifests.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Subject, expect};
use crate::process;

/// Versions of Kubernetes whose schemas the manifests must satisfy: the oldest and the newest that are supported.
const KUBERNETES: [&str; 2] = ["1.31", "1.37"];
/// No manifest: the list of them.
const KUSTOMIZATION: &str = "kustomization.yaml";
/// Shows what the Secret looks like.
const EXAMPLE: &str = "secret.example.yaml";

/// Each manifest satisfies the published schemas and has no member that they do not know.
pub(super) fn are_valid(subject: &Subject<'_>) -> Result<()> {
    let manifests = || {
        let paths = subject.reference.manifest_paths();
        paths.filter(|path| !path.ends_with(KUSTOMIZATION))
    };
    for version in KUBERNETES {
        let mut validate = subject.tools.command("kubernetes-validate");
        validate
            .args(["--strict", "--quiet", "--kubernetes-version", version])
            .args(manifests());
        process::output(validate)?;
    }
    Ok(())
}

pub(super) fn pod_is_locked_down(subject: &Subject<'_>) -> Result<()> {
    let pod = subject.reference.pod()?;
    expect(pod, "/automountServiceAccountToken", &json!(false))?;
    expect(pod, "/enableServiceLinks", &json!(false))?;
    expect(pod, "/securityContext/runAsNonRoot", &json!(true))?;
    expect(
        pod,
        "/securityContext/seccompProfile/type",
        &json!("RuntimeDefault"),
    )?;
    expect(
        pod,
        "/securityContext/fsGroupChangePolicy",
        &json!("OnRootMismatch"),
    )?;
    let container = &pod["containers"][0];
    for (pointer, wanted) in [
        ("/securityContext/allowPrivilegeEscalation", json!(false)),
        ("/securityContext/readOnlyRootFilesystem", json!(true)),
        ("/securityContext/capabilities/drop", json!(["ALL"])),
    ] {
        expect(container, pointer, &wanted)?;
    }
    for bound in ["cpu", "memory", "ephemeral-storage"] {
        for kind in ["requests", "limits"] {
            ensure!(
                container["resources"][kind][bound].is_string(),
                "resources.{kind}.{bound} is not set"
            );
        }
    }
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        ensure!(container[probe].is_object(), "there is no {probe}");
    }
    // A mounted Secret is read-only for its owner; subPath would keep revocations from reaching the gateway.
    let mounts = container["volumeMounts"]
        .as_array()
        .context("nothing is mounted")?;
    ensure!(
        mounts.iter().all(|mount| mount["subPath"].is_null()),
        "a mount with subPath never changes"
    );
    let volumes = pod["volumes"].as_array().context("there are no volumes")?;
    let grants = volumes.iter().find(|volume| volume["secret"].is_object());
    let grants = grants.context("no Secret is mounted")?;
    expect(grants, "/secret/defaultMode", &json!(0o400))
}

pub(super) fn two_pods_never_share(subject: &Subject<'_>) -> Result<()> {
    let deployment = subject.reference.manifest("deployment")?;
    expect(deployment, "/spec/replicas", &json!(1))?;
    expect(deployment, "/spec/strategy/type", &json!("Recreate"))?;
    let claim = subject.reference.manifest("pvc")?;
    expect(claim, "/metadata/name", &json!("smithers-sqlite"))?;
    expect(claim, "/spec/accessModes", &json!(["ReadWriteOnce"]))?;
    expect(claim, "/spec/resources/requests/storage", &json!("5Gi"))
}

pub(super) fn ingress_is_narrow(subject: &Subject<'_>) -> Result<()> {
    let service = subject.reference.manifest("service")?;
    expect(service, "/spec/type", &json!("ClusterIP"))?;
    expect(service, "/spec/ports/0/port", &json!(80))?;
    let ingress = &subject.reference.manifest("ingress")?["spec"];
    ensure!(
        ingress["tls"][0]["secretName"].is_string(),
        "there is no certificate"
    );
    expect(ingress, "/rules/0/host", &ingress["tls"][0]["hosts"][0])?;
    let paths = ingress["rules"][0]["http"]["paths"].as_array();
    for path in paths.context("there are no paths")? {
        let is_open = path["path"] == "/" && path["pathType"] != "Exact";
        let is_metrics = path["path"]
            .as_str()
            .is_some_and(|path| path.starts_with("/metrics"));
        ensure!(
            !is_open && !is_metrics,
            "{} serves metrics to everybody",
            path["path"]
        );
    }
    let policy = subject.reference.manifest("networkpolicy")?;
    expect(policy, "/spec/policyTypes", &json!(["Ingress", "Egress"]))
}

/// Applying the folder applies everything, and never puts example grants over real ones.
pub(super) fn kustomization_is_complete(subject: &Subject<'_>) -> Result<()> {
    let listed = subject.reference.manifest("kustomization")?["resources"].as_array();
    let listed = listed.context("there are no resources")?.iter();
    let listed: BTreeSet<&str> = listed.filter_map(Value::as_str).collect();
    let files = subject.reference.manifests.keys().map(String::as_str);
    let files: BTreeSet<&str> = files
        .filter(|file| ![KUSTOMIZATION, EXAMPLE].contains(file))
        .collect();
    ensure!(
        listed == files,
        "listed are {listed:?}, there are {files:?}"
    );
    Ok(())
}
