//! Checks of the Caddyfile.

use anyhow::{Result, ensure};

use super::Subject;
use crate::process;

/// The file from the folder of the deployment.
const CADDYFILE: &str = "caddy/Caddyfile";

/// Caddy itself loads the file, with every module that it names.
pub(super) fn is_valid(subject: &Subject<'_>) -> Result<()> {
    let mut caddy = subject.tools.command("caddy");
    caddy
        .args(["validate", "--adapter", "caddyfile", "--config"])
        .arg(subject.reference.path(CADDYFILE));
    process::output(caddy).map(drop)
}

pub(super) fn is_formatted(subject: &Subject<'_>) -> Result<()> {
    let mut caddy = subject.tools.command("caddy");
    caddy.arg("fmt").arg(subject.reference.path(CADDYFILE));
    let formatted = process::output(caddy)?;
    ensure!(
        formatted == subject.reference.text(CADDYFILE)?,
        "run `caddy fmt --overwrite`"
    );
    Ok(())
}

/// The lines that keep metrics, credentials and vouched identities from passing; `deploy prove` sees their effect.
pub(super) fn keeps_inside(subject: &Subject<'_>) -> Result<()> {
    let text = subject.reference.text(CADDYFILE)?;
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for wanted in [
        "admin off",
        "respond @metrics 404",
        "header_up -X-User-Id",
        "header_up -X-User-Scopes",
        "header_up -X-User-Role",
        "request>headers>Authorization delete",
        "request>headers>Cookie delete",
        "request>headers>X-Smithers-Key delete",
    ] {
        ensure!(lines.contains(&wanted), "there is no `{wanted}`");
    }
    Ok(())
}
