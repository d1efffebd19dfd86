//! `cargo xtask deploy check`: the files of the reference deployment, as the programs that read them see them.

mod agreement;
mod containers;
mod manifests;
mod proxy;
mod settings;
mod units;

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::reference::Reference;
use super::tools::Tools;
use crate::conformance::Report;
use crate::process;
use crate::project::Project;

/// What a check looks at.
struct Subject<'a> {
    project: &'a Project,
    gateway: &'a Path,
    tools: &'a Tools,
    reference: &'a Reference,
}

/// A named check.
type Check = (&'static str, fn(&Subject<'_>) -> Result<()>);

const CHECKS: [Check; 17] = [
    ("Caddy accepts the Caddyfile", proxy::is_valid),
    ("the Caddyfile is formatted", proxy::is_formatted),
    (
        "the proxy keeps metrics and credentials inside",
        proxy::keeps_inside,
    ),
    ("containers are locked down", containers::are_locked_down),
    (
        "only the proxy publishes ports",
        containers::only_the_proxy_publishes,
    ),
    (
        "what must last is on a volume",
        containers::keep_what_must_last,
    ),
    ("Kubernetes accepts the manifests", manifests::are_valid),
    ("the pod is locked down", manifests::pod_is_locked_down),
    (
        "two pods never share the database",
        manifests::two_pods_never_share,
    ),
    (
        "the cluster reaches the gateway by TLS, without metrics",
        manifests::ingress_is_narrow,
    ),
    (
        "kustomization lists every manifest but the example",
        manifests::kustomization_is_complete,
    ),
    ("every setting that is named exists", settings::exist),
    (
        "the gateway accepts every set of settings",
        settings::are_accepted,
    ),
    (
        "the settings are those of the reference",
        settings::have_reference_values,
    ),
    (
        "images are pinned, and to the versions of this repository",
        agreement::images,
    ),
    ("ports agree", agreement::ports),
    ("paths agree", agreement::paths),
];

/// Checks that need systemd's own programs.
const UNIT_CHECKS: [Check; 4] = [
    ("systemd accepts the units", units::are_valid),
    ("the units expose little", units::expose_little),
    (
        "user and folders can be made",
        units::user_and_folders_can_be_made,
    ),
    (
        "the gateway cannot write its grants, and the backup can read the database",
        units::have_the_right_folders,
    ),
];

/// Runs all checks with the gateway `binary`.
pub(super) async fn run(project: &Project, binary: &Path) -> Result<Report> {
    let tools = Tools::install(project)?;
    let reference = Reference::read(project, &tools)?;
    let subject = Subject {
        project,
        gateway: binary,
        tools: &tools,
        reference: &reference,
    };
    let mut report = Report::new("deploy check");
    for (name, check) in CHECKS {
        report.case(name, async { check(&subject) }).await;
    }
    let has_systemd = process::works("systemd-analyze", &["--version"]);
    for (name, check) in UNIT_CHECKS {
        if has_systemd {
            report.case(name, async { check(&subject) }).await;
        } else {
            report.skip(name, "systemd-analyze is not installed (Debian: systemd)");
        }
    }
    Ok(report)
}

/// Compares what is at `pointer` in `document`.
fn expect(document: &Value, pointer: &str, wanted: &Value) -> Result<()> {
    let found = document.pointer(pointer).unwrap_or(&Value::Null);
    ensure!(found == wanted, "{pointer} is {found}, not {wanted}");
    Ok(())
}
