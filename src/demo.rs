//! `gateway --demo`: a module of our own, a folder for it, and what to paste.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use smithers_model::Timestamp;

/// The demo module; written into the demo's folder, where it can be changed.
const MODULE: &str = include_str!("../examples/demo/gateway.tsx");
/// Where the demo lives, below the working directory.
const FOLDER: &str = ".smithers/demo";

/// The demo's files.
#[derive(Debug)]
pub struct Demo {
    folder: PathBuf,
}

impl Demo {
    /// Makes the folder and the module. A module that is there already is kept: it may have been changed.
    pub fn prepare() -> anyhow::Result<Self> {
        let folder = PathBuf::from(FOLDER);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("failed to make `{}`", folder.display()))?;
        let demo = Self { folder };
        let module = demo.module();
        if !module.exists() {
            fs::write(&module, MODULE)
                .with_context(|| format!("failed to write `{}`", module.display()))?;
        }
        Ok(demo)
    }

    /// Values of the configuration that the demo sets.
    pub fn settings(&self) -> [(&'static str, String); 2] {
        let text = |path: &Path| path.display().to_string();
        [
            ("SMITHERS_GATEWAY_MODULE", text(&self.module())),
            ("SMITHERS_DB_PATH", text(&self.folder.join("smithers.db"))),
        ]
    }

    fn module(&self) -> PathBuf {
        self.folder.join("gateway.tsx")
    }

    /// What to paste. The token goes into files, so that it shows neither here nor in a process list.
    pub fn guide(
        &self,
        address: SocketAddr,
        token: &SecretString,
        started_at: Timestamp,
    ) -> anyhow::Result<String> {
        let bearer = token.expose_secret();
        let curl = self.secret_file("curl.conf", &curl_settings(bearer))?;
        let key = self.secret_file("key", &format!("{bearer}\n"))?;
        let (url, run) = (
            format!("http://{address}"),
            format!("demo-{}", started_at.0 / 1_000),
        );
        Ok(format!(
            r#"
The demo is ready. Paste these into another terminal, in this folder:

  # 1. Where the gateway is, and is it up?
  export SMITHERS_GATEWAY_URL={url}
  {program} health

  # 2. Launch the demo workflow: build, tests side by side, an approval, ship. It stops at the approval.
  {program} runs launch demo --run-id {run} --token-file {key}
  {program} runs show {run} --token-file {key}

  # 3. Watch it live, in a terminal of its own.
  {program} runs events {run} --follow --token-file {key} --url {url}

  # 4. Approve it, and see it ship.
  {program} approvals approve {run} --token-file {key}

  # 5. The same over HTTP, as any client does it.
  curl -sK {curl} {url}/v1/runs/{run}

The token is for this demo: valid for one hour, may launch, read and approve; it is in {key}.
The workflow is {module}: change it and start the demo again. Stop with Ctrl-C; runs go on at the next start.
"#,
            program = program(),
            module = self.module().display(),
        ))
    }

    /// Writes a file for the owner only and returns its path as it is typed.
    fn secret_file(&self, name: &str, text: &str) -> anyhow::Result<String> {
        let path = self.folder.join(name);
        write_private(&path, text)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
        Ok(path.display().to_string())
    }
}

/// How this program was started, for lines to paste.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| "smithers".into());
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here)
        .unwrap_or(&path)
        .display()
        .to_string()
}

fn curl_settings(bearer: &str) -> String {
    format!(
        "header = \"Authorization: Bearer {bearer}\"\nheader = \"Content-Type: application/json\"\n"
    )
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}
