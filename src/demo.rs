//! `gateway --demo`: a module, a folder for its database and its token, and what to paste.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use smithers_model::Timestamp;
use smithers_model::workflow::WorkflowDefinition;

/// The demo module; written into the demo's folder, where it can be changed.
const MODULE: &str = include_str!("../examples/demo/gateway.tsx");
/// Where the demo lives, below the working directory.
const FOLDER: &str = ".smithers/demo";

/// The demo's files.
#[derive(Debug)]
pub struct Demo {
    folder: PathBuf,
    /// A module that somebody brought; none for the demo's own.
    brought: Option<PathBuf>,
}

/// What a guide is about.
struct Subject<'a> {
    program: String,
    url: String,
    /// File of the token.
    key: String,
    /// File of settings for curl.
    curl: String,
    /// Key of the workflow to launch.
    workflow: &'a str,
    /// Id of the run to be.
    run: String,
}

impl Demo {
    /// Makes the folder, and the demo's module unless one is `brought`. A module that is there already is
    /// kept: it may have been changed.
    pub fn prepare(brought: Option<PathBuf>) -> anyhow::Result<Self> {
        let folder = PathBuf::from(FOLDER);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("failed to make `{}`", folder.display()))?;
        let demo = Self { folder, brought };
        let module = demo.module();
        if demo.brought.is_none() && !module.exists() {
            fs::write(&module, MODULE)
                .with_context(|| format!("failed to write `{}`", module.display()))?;
        }
        Ok(demo)
    }

    /// Values of the configuration that the demo sets. Its module is there to be changed: runs that wait go on with it.
    pub fn settings(&self) -> [(&'static str, String); 3] {
        let text = |path: &Path| path.display().to_string();
        [
            ("SMITHERS_GATEWAY_MODULE", text(&self.module())),
            ("SMITHERS_DB_PATH", text(&self.database())),
            ("SMITHERS_WORKFLOW_CHANGE", "accept".into()),
        ]
    }

    fn module(&self) -> PathBuf {
        let brought = self.brought.clone();
        brought.unwrap_or_else(|| self.folder.join("gateway.tsx"))
    }

    /// A database for each module: two of them may have different tables of one name.
    fn database(&self) -> PathBuf {
        let Some(module) = &self.brought else {
            return self.folder.join("smithers.db");
        };
        let path = module.canonicalize().unwrap_or_else(|_| module.clone());
        let digest = hex::encode(Sha256::digest(path.as_os_str().as_encoded_bytes()));
        self.folder.join(format!("{}.db", &digest[..12]))
    }

    /// What to paste. The token goes into files, so that it shows neither here nor in a process list.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn guide(
        &self,
        address: SocketAddr,
        token: &SecretString,
        started_at: Timestamp,
        workflows: &[Arc<WorkflowDefinition>],
    ) -> anyhow::Result<String> {
        let bearer = token.expose_secret();
        let workflow = workflows.first().map_or("demo", |first| first.key.as_str());
        let subject = Subject {
            program: program(),
            url: format!("http://{address}"),
            key: self.secret_file("key", &format!("{bearer}\n"))?,
            curl: self.secret_file("curl.conf", &curl_settings(bearer))?,
            workflow,
            run: format!("{workflow}-{}", started_at.0 / 1_000),
        };
        let steps = match &self.brought {
            None => subject.steps_of_the_demo(),
            Some(_) => subject.steps_of(workflows),
        };
        Ok(format!(
            "{steps}
The token is for this demo: valid for one hour, may launch, read and approve; it is in {key}.
The workflow is {module}: change it and start the demo again. Stop with Ctrl-C; runs go on at the next start.
",
            key = subject.key,
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

impl Subject<'_> {
    fn steps_of_the_demo(&self) -> String {
        let Self {
            program,
            url,
            key,
            curl,
            workflow,
            run,
        } = self;
        format!(
            "
The demo is ready. Paste these into another terminal, in this folder:

  # 1. Where the gateway is, and is it up?
  export SMITHERS_GATEWAY_URL={url}
  {program} health

  # 2. Launch the demo workflow: build, tests side by side, an approval, ship. It stops at the approval.
  {program} runs launch {workflow} --run-id {run} --token-file {key}
  {program} runs show {run} --token-file {key}

  # 3. Watch it live, in a terminal of its own.
  {program} runs events {run} --follow --token-file {key} --url {url}

  # 4. Approve it, and see it ship.
  {program} approvals approve {run} --token-file {key}
  {program} runs output {run} ship --token-file {key}

  # 5. The same over HTTP, as any client does it.
  curl -sK {curl} {url}/v1/runs/{run}
"
        )
    }

    fn steps_of(&self, workflows: &[Arc<WorkflowDefinition>]) -> String {
        let Self {
            program,
            url,
            key,
            curl,
            workflow,
            run,
        } = self;
        let names: Vec<&str> = workflows.iter().map(|one| one.key.as_str()).collect();
        let input = workflows.first().map_or_else(String::new, |first| {
            let input = first.sample_input().to_string();
            match input.as_str() {
                "{}" => String::new(),
                input => format!(" --input '{input}'"),
            }
        });
        format!(
            "
The module is served; its workflows: {names}. Paste these into another terminal, in this folder:

  # 1. Where the gateway is, and is it up?
  export SMITHERS_GATEWAY_URL={url}
  {program} health

  # 2. Launch a run, and see where it is and what its tasks have stored.
  {program} runs launch {workflow} --run-id {run}{input} --token-file {key}
  {program} runs show {run} --token-file {key}
  {program} runs output {run} --token-file {key}

  # 3. Watch it, in a terminal of its own.
  {program} runs events {run} --follow --token-file {key} --url {url}

  # 4. When it waits for somebody: see what is asked, and approve.
  {program} approvals list --token-file {key}
  {program} approvals approve {run} --token-file {key}

  # 5. The same over HTTP, as any client does it.
  curl -sK {curl} {url}/v1/runs/{run}
",
            names = names.join(", "),
        )
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
