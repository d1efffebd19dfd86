//! Images without a registry: a base of the few files that the gateway needs, and Caddy in the shape of its own image.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::engine::Engine;
use crate::deploy::tools::Tools;
use crate::process;

/// The base of the gateway's image: the C runtime and nothing else, so not even a shell.
pub(super) const BASE: &str = "smithers-base:local";
/// Caddy as the compose file starts it.
pub(super) const CADDY: &str = "smithers-caddy:local";
/// Programs of busybox in Caddy's image; its health check uses the second.
const APPLETS: [&str; 2] = ["sh", "wget"];

/// Imports the base for `binary`.
pub(super) fn import_base(engine: &Engine, binary: &Path) -> Result<()> {
    let root = engine.folder().join("base");
    for library in libraries(binary)? {
        copy(&library, &root)?;
    }
    import(engine, &root, BASE, &[])
}

/// Imports Caddy's image, with the file capability that the published one has.
pub(super) fn import_caddy(engine: &Engine, tools: &Tools) -> Result<()> {
    let root = engine.folder().join("caddy");
    for folder in ["bin", "usr/bin", "etc/caddy", "data", "config", "tmp"] {
        std::fs::create_dir_all(root.join(folder))?;
    }
    std::fs::copy("/bin/busybox", root.join("bin/busybox"))
        .context("busybox is needed (Debian: busybox-static)")?;
    for applet in APPLETS {
        symlink("busybox", root.join("bin").join(applet))?;
    }
    let caddy = root.join("usr/bin/caddy");
    std::fs::copy(tools.command("caddy").get_program(), &caddy)?;
    let mut setcap = Command::new("setcap");
    setcap.arg("cap_net_bind_service=+ep").arg(&caddy);
    process::output(setcap)?;
    let run = r#"CMD ["caddy","run","--config","/etc/caddy/Caddyfile","--adapter","caddyfile"]"#;
    import(
        engine,
        &root,
        CADDY,
        &[run, "ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data"],
    )
}

/// Copies `binary` without its debugging information to `folder`.
pub(super) fn strip(binary: &Path, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(folder.join("smithers")).arg(binary);
    process::output(strip).map(drop)
}

fn import(engine: &Engine, root: &Path, name: &str, changes: &[&str]) -> Result<()> {
    let archive = root.with_extension("tar");
    let mut tar = Command::new("tar");
    tar.args([
        "--xattrs",
        "--xattrs-include=security.*",
        "--owner=0",
        "--group=0",
    ])
    .arg("--directory")
    .arg(root)
    .arg("--file")
    .arg(&archive)
    .args(["--create", "."]);
    process::output(tar)?;
    let archive = archive.display().to_string();
    let mut arguments = vec!["import"];
    for change in changes {
        arguments.extend(["--change", change]);
    }
    arguments.extend([archive.as_str(), name]);
    engine.docker(arguments).map(drop)
}

/// Returns the shared libraries of `binary` and the loader, as `ldd` finds them.
fn libraries(binary: &Path) -> Result<Vec<PathBuf>> {
    let mut ldd = Command::new("ldd");
    ldd.arg(binary);
    let listed = process::output(ldd)?;
    Ok(listed.lines().filter_map(library).collect())
}

/// Takes the path out of `libc.so.6 => /lib/libc.so.6 (0x7f..)` or `/lib64/ld-linux.so.2 (0x7f..)`.
fn library(line: &str) -> Option<PathBuf> {
    let place = line.split_once("=>").map_or(line, |(_, place)| place);
    let path = place.trim().split(' ').next()?;
    path.starts_with('/').then(|| path.into())
}

fn copy(file: &Path, root: &Path) -> Result<()> {
    let target = root.join(file.strip_prefix("/").context("not an absolute path")?);
    std::fs::create_dir_all(target.parent().context("a file in no folder")?)?;
    std::fs::copy(file, target).with_context(|| format!("failed to copy {}", file.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_in_the_words_of_ldd() {
        let found = |line| library(line).map(|path| path.display().to_string());
        assert_eq!(found("\tlinux-vdso.so.1 (0x1)"), None);
        let libc = "\tlibc.so.6 => /lib/libc.so.6 (0x1)";
        assert_eq!(found(libc).as_deref(), Some("/lib/libc.so.6"));
        let loader = "\t/lib64/ld-linux.so.2 (0x1)";
        assert_eq!(found(loader).as_deref(), Some("/lib64/ld-linux.so.2"));
    }
}
