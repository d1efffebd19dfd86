//! Where things are: the root of the workspace and the binary built from it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// The workspace this tool was built from.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// Finds the workspace: two folders above this crate.
    pub(crate) fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = manifest
            .ancestors()
            .nth(2)
            .context("the crate is not inside a workspace")?
            .to_owned();
        if !root.join("Cargo.lock").is_file() {
            bail!(
                "{} is no workspace; run this through `cargo xtask`",
                root.display()
            );
        }
        Ok(Self { root })
    }

    /// Returns the root of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of `relative` in the workspace.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns a cargo command that runs in the root.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// Returns what `cargo metadata` says about the workspace and all its dependencies.
    pub(crate) fn metadata(&self) -> Result<Value> {
        let output =
            process::output(self.cargo(&["metadata", "--format-version", "1", "--locked"]))?;
        serde_json::from_str(&output).context("failed to understand cargo metadata")
    }

    /// Returns the folder of everything that is built.
    pub(crate) fn target(&self) -> Result<PathBuf> {
        let metadata = self.metadata()?;
        let target = metadata["target_directory"].as_str();
        Ok(target
            .context("cargo metadata names no target folder")?
            .into())
    }

    /// Builds the gateway and returns the path of the binary.
    pub(crate) fn build_gateway(&self) -> Result<PathBuf> {
        self.build(&[], "debug")
    }

    /// Builds the gateway as it is shipped and returns the path of the binary.
    pub(crate) fn build_release(&self) -> Result<PathBuf> {
        self.build(&["--release"], "release")
    }

    fn build(&self, profile: &[&str], folder: &str) -> Result<PathBuf> {
        let mut build = self.cargo(&[
            "build",
            "--package",
            "smithers",
            "--bin",
            "smithers",
            "--locked",
        ]);
        build.args(profile);
        process::run(build)?;
        let binary = self
            .target()?
            .join(folder)
            .join(format!("smithers{}", std::env::consts::EXE_SUFFIX));
        if !binary.is_file() {
            bail!("the build left no {}", binary.display());
        }
        Ok(binary)
    }
}
