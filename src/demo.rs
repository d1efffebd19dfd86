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

    /// What to paste. The token goes into a file for curl, so that it shows in no process list.
    pub fn guide(
        &self,
        address: SocketAddr,
        token: &SecretString,
        started_at: Timestamp,
    ) -> anyhow::Result<String> {
        let curl = self.folder.join("curl.conf");
        write_private(&curl, &curl_settings(token))
            .with_context(|| format!("failed to write `{}`", curl.display()))?;
        let (url, curl) = (format!("http://{address}"), curl.display());
        let token = token.expose_secret();
        let run = format!("demo-{}", started_at.0 / 1_000);
        Ok(format!(
            r#"
The demo is ready. Paste these into other terminals, in this folder:

  # 1. Is it up?
  curl -s {url}/health

  # 2. Launch the demo workflow: build, tests side by side, an approval, ship.
  curl -sK {curl} {url}/v1/rpc/launchRun -d '{{"workflow":"demo","options":{{"runId":"{run}"}}}}'

  # 3. Watch it live, in a terminal of its own: it stops at the approval and goes on with it.
  SMITHERS_API_KEY={token} \
    {program} runs events {run} --follow --url {url}

  # 4. Approve it, and see it ship.
  curl -sK {curl} {url}/v1/rpc/submitApproval -d '{{"runId":"{run}","nodeId":"approve","approved":true}}'

  # 5. What came of it?
  curl -sK {curl} {url}/v1/runs/{run}

The token is for this demo: valid for one hour, may launch, read and approve; curl finds it in {curl}.
The workflow is {module}: change it and start the demo again. Stop with Ctrl-C; runs go on at the next start.
"#,
            program = program(),
            module = self.module().display(),
        ))
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

fn curl_settings(token: &SecretString) -> String {
    let bearer = token.expose_secret();
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
