//! The other two deployments, with containers in the role of unit and pod.
//!
//! In both the grants are read-only for the gateway, and a revocation must get through.

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::client::{self, ISSUE, Token};
use super::container::{Container, IMAGE};
use super::engine::Engine;
use super::seccomp;
use crate::deploy::reference::Reference;
use crate::process;

/// The group of the gateway in the pod (`fsGroup`).
const GROUP: u32 = 10_001;
/// A Secret that belongs to root and is readable by that group: 0400 after `fsGroup`.
const SECRET_MODE: u32 = 0o440;

/// The unit: a whole run under its system call filter.
pub(super) async fn filter(reference: &Reference, engine: &Engine) -> Result<()> {
    let unit = reference.text("systemd/smithers-gateway.service")?;
    let file = engine.folder().join("filter.json");
    std::fs::write(&file, seccomp::profile(&unit)?.to_string())?;
    let option = format!("seccomp={}", file.display());
    let mut gateway = Container::new(engine, "filtered", reference.path("workspace"));
    gateway.start(&["--security-opt", &option]).await?;
    let address = gateway.address()?;
    let token = gateway.issue().await?;
    client::launch(&address, token, "filtered").await?;
    client::approve(&address, token, "filtered").await?;
    gateway.ends()
}

/// The unit: grants of the gateway's own user, read-only for the gateway and changed by that user outside of it.
pub(super) async fn unit(reference: &Reference, engine: &Engine) -> Result<()> {
    let gateway = Container::new(engine, "unit", reference.path("workspace"));
    let store = "SMITHERS_TOKEN_STORE=/data/grants/tokens.json";
    let outside = |arguments: &[&str]| {
        let run = [
            "run",
            "--rm",
            "--volume",
            "unit-grants:/data",
            "--env",
            store,
            IMAGE,
        ];
        engine.docker([&run[..], arguments].concat())
    };
    let kept = Token::parse(&outside(&ISSUE)?)?;
    let revoked = Token::parse(&outside(&ISSUE)?)?;
    let mount = [
        "--volume",
        "unit-grants:/grants:ro",
        "--env",
        "SMITHERS_TOKEN_STORE=/grants/grants/tokens.json",
    ];
    gateway.start(&mount).await?;
    let address = gateway.address()?;
    client::accepted(&address, &revoked.bearer).await?;
    outside(&["token", "revoke", &revoked.id])?;
    client::refused(&address, &revoked.bearer).await?;
    client::accepted(&address, &kept.bearer).await?;
    gateway.ends()?;
    engine.docker(["volume", "rm", "unit-grants"]).map(drop)
}

/// The pod: settings, module and grants from the manifests, mounted as the kubelet mounts them.
pub(super) async fn pod(reference: &Reference, engine: &Engine, binary: &Path) -> Result<()> {
    let folder = engine.folder().join("pod");
    let workspace = Mounted::new(folder.join("workspace"))?;
    let module = &reference.manifest("workspace")?["data"]["gateway.mjs"];
    workspace.update(
        "gateway.mjs",
        module.as_str().context("there is no module")?,
        0o444,
    )?;

    let operator = Operator {
        binary,
        store: folder.join("operator/tokens.json"),
    };
    let token = operator.issue()?;
    let grants = Mounted::new(folder.join("grants"))?;
    grants.update("tokens.json", &operator.grants()?, SECRET_MODE)?;
    ensure!(
        !operator.grants()?.contains(&token.bearer),
        "the Secret holds a bearer"
    );

    let gateway = Container::new(engine, "pod", workspace.folder.clone());
    let mut options = vec![
        "--volume".to_owned(),
        format!("{}:/etc/smithers/grants:ro", grants.folder.display()),
    ];
    let settings = reference.manifest("configmap")?["data"].as_object();
    for (name, value) in settings.context("there are no settings")? {
        options.extend([
            "--env".to_owned(),
            format!("{name}={}", value.as_str().unwrap_or_default()),
        ]);
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    gateway.start(&options).await?;
    let address = gateway.address()?;
    client::launch(&address, &token, "in-the-pod").await?;
    client::approve(&address, &token, "in-the-pod").await?;

    operator.run(&["token", "revoke", &token.id])?;
    grants.update("tokens.json", &operator.grants()?, SECRET_MODE)?;
    client::refused(&address, &token.bearer).await?;
    gateway.ends()
}

/// The operator's machine, where tokens for the cluster are made.
struct Operator<'a> {
    binary: &'a Path,
    store: PathBuf,
}

impl Operator<'_> {
    fn issue(&self) -> Result<Token> {
        Token::parse(&self.run(&ISSUE)?)
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut smithers = Command::new(self.binary);
        smithers
            .env("SMITHERS_TOKEN_STORE", &self.store)
            .args(arguments);
        process::output(smithers)
    }

    /// Returns what becomes the Secret.
    fn grants(&self) -> Result<String> {
        std::fs::read_to_string(&self.store).context("there is no store of grants")
    }
}

/// A volume of a ConfigMap or a Secret: files are links through `..data`, which is swapped as a whole.
struct Mounted {
    folder: PathBuf,
}

impl Mounted {
    fn new(folder: PathBuf) -> Result<Mounted> {
        std::fs::create_dir_all(&folder)?;
        Ok(Mounted { folder })
    }

    /// Brings in the one file of the volume, at first or anew.
    fn update(&self, file: &str, text: &str, mode: u32) -> Result<()> {
        let data = self.folder.join("..data");
        let place = tempfile::Builder::new()
            .prefix("..")
            .tempdir_in(&self.folder)?
            .keep();
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755))?;
        let name = place.file_name().context("a folder without a name")?;
        let path = place.join(file);
        std::fs::write(&path, text)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
        chown(&path, Some(0), Some(GROUP))?;
        let swapped = self.folder.join("..data_new");
        symlink(name, &swapped)?;
        std::fs::rename(&swapped, &data)?;
        let link = self.folder.join(file);
        if link.symlink_metadata().is_err() {
            symlink(Path::new("..data").join(file), link)?;
        }
        Ok(())
    }
}
