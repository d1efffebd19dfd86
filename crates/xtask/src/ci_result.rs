//! `cargo xtask ci-result`: what a pipeline found of this commit, signed for `smithers doctor` (check `release.ci`).

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

use crate::console;
use crate::process;
use crate::project::Project;

/// What was typed.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// File to write; the signature goes beside it, with `.sig` after the name.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Key that signs, PKCS#8; made when it does not exist, readable by its owner only.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Name of the pipeline.
    #[arg(long, default_value = "ci")]
    workflow: String,
    /// How `cargo xtask check` ended: success or failure.
    #[arg(long, value_name = "OUTCOME")]
    check: String,
    /// How `cargo xtask test` ended: success or failure.
    #[arg(long, value_name = "OUTCOME")]
    test: String,
}

/// Writes and signs the result, and prints the public key.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(project.root()).args(arguments);
        process::output(git)
    };
    let result = json!({
        "commit": git(&["rev-parse", "HEAD"])?.trim(),
        "cleanTree": git(&["status", "--porcelain"])?.trim().is_empty(),
        "workflow": options.workflow,
        "jobs": [
            {"name": "check", "outcome": options.check},
            {"name": "test", "outcome": options.test},
        ],
    });
    let text = format!("{result}\n");
    let pair = key(&options.key)?;
    let mut signature_file = options.out.as_os_str().to_owned();
    signature_file.push(".sig");
    std::fs::write(&options.out, &text).context("failed to write the result")?;
    let signature = hex::encode(pair.sign(text.as_bytes()));
    std::fs::write(signature_file, format!("{signature}\n"))
        .context("failed to write the signature")?;
    console::line(&format!(
        "SMITHERS_RELEASE_CI_KEY={}",
        hex::encode(pair.public_key())
    ));
    Ok(())
}

/// Reads the key, or makes one.
fn key(path: &Path) -> Result<Ed25519KeyPair> {
    let pkcs8 = if path.exists() {
        std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))?
    } else {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| anyhow!("the operating system gives no random bytes"))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("failed to make {}", path.display()))?;
        file.write_all(made.as_ref())?;
        made.as_ref().to_vec()
    };
    Ed25519KeyPair::from_pkcs8(&pkcs8)
        .map_err(|_| anyhow!("{} holds no Ed25519 key", path.display()))
}
