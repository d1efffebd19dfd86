//! Checks of the systemd units, by systemd's own programs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Subject;
use super::settings::sets;
use crate::process;

const UNITS: [&str; 3] = [
    "systemd/smithers-gateway.service",
    "systemd/smithers-backup.service",
    "systemd/smithers-backup.timer",
];
/// Largest exposure of a service by the count of systemd-analyze, in tenths; 100 is the worst.
const MOST_EXPOSURE: [(&str, u32); 2] = [(UNITS[0], 15), (UNITS[1], 10)];
/// The program, which is not installed where the units are checked, and one that is.
const PROGRAM: &str = "/usr/local/bin/smithers";
const STAND_IN: &str = "/bin/true";

/// systemd loads the units and has nothing to say about them.
pub(super) fn are_valid(subject: &Subject<'_>) -> Result<()> {
    let copies = tempfile::tempdir()?;
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]);
    for unit in UNITS {
        let copy = copies.path().join(unit.trim_start_matches("systemd/"));
        let text = subject.reference.text(unit)?;
        std::fs::write(&copy, text.replace(PROGRAM, STAND_IN))?;
        verify.arg(copy);
    }
    let (_, said) = process::both(verify)?;
    ensure!(said.is_empty(), "{}", said.trim());
    Ok(())
}

pub(super) fn expose_little(subject: &Subject<'_>) -> Result<()> {
    for (unit, most) in MOST_EXPOSURE {
        let mut security = Command::new("systemd-analyze");
        security
            .args(["security", "--no-pager", "--offline=true"])
            .arg(format!("--threshold={most}"))
            .arg(subject.reference.path(unit));
        process::output(security)?;
    }
    Ok(())
}

/// The files for systemd-sysusers and systemd-tmpfiles do what they say, in a root folder of their own.
pub(super) fn user_and_folders_can_be_made(subject: &Subject<'_>) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let root = scratch.path();
    std::fs::create_dir_all(root.join("etc"))?;
    for (program, file) in [
        ("systemd-sysusers", "systemd/smithers.sysusers"),
        ("systemd-tmpfiles", "systemd/smithers.tmpfiles"),
    ] {
        let mut command = Command::new(program);
        command.arg(format!("--root={}", root.display()));
        if program == "systemd-tmpfiles" {
            command.arg("--create");
        }
        command.arg(subject.reference.path(file));
        process::output(command)?;
    }
    let users = std::fs::read_to_string(root.join("etc/passwd"))?;
    ensure!(users.contains("smithers:"), "there is no user");
    ensure!(
        root.join("etc/smithers/grants").is_dir(),
        "there is no folder of grants"
    );
    Ok(())
}

/// Settings, sandbox and folders fit together: what is written is writable, and the grants are not.
pub(super) fn have_the_right_folders(subject: &Subject<'_>) -> Result<()> {
    let [_, _, (_, settings)] = sets(subject)?;
    let folder = |name: &str| Path::new(&settings[name]).parent().map(Path::to_owned);
    ensure!(
        folder("SMITHERS_DB_PATH").as_deref() == Some(Path::new("/var/lib/smithers")),
        "the database is outside the state folder"
    );
    let grants = folder("SMITHERS_TOKEN_STORE").context("the grants are in no folder")?;
    ensure!(
        grants.starts_with("/etc/smithers"),
        "the grants are in another place"
    );
    let folders = subject.reference.text("systemd/smithers.tmpfiles")?;
    let line = format!("d {} 0700 smithers smithers", grants.display());
    ensure!(folders.lines().any(|found| found == line), "no `{line}`");
    for (unit, state) in [
        (UNITS[0], "smithers"),
        (UNITS[1], "smithers smithers-backups"),
    ] {
        let text = subject.reference.text(unit)?;
        let lines: Vec<&str> = text.lines().collect();
        for wanted in [
            &format!("StateDirectory={state}") as &str,
            "ProtectSystem=strict",
            "ReadOnlyPaths=/etc/smithers",
            "EnvironmentFile=/etc/smithers/gateway.env",
        ] {
            ensure!(lines.contains(&wanted), "{unit} has no `{wanted}`");
        }
    }
    Ok(())
}
