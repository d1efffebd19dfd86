//! The programs that the files are checked and started with: a Python environment of our own under `target/`.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::process;
use crate::project::Project;

/// The packages of the environment, in the form that pip reads.
const REQUIREMENTS: &str = include_str!("requirements.txt");
/// File inside the environment that holds the digest of the list it was installed from.
const STAMP: &str = ".installed-from";

/// The installed programs.
#[derive(Debug)]
pub(super) struct Tools {
    programs: PathBuf,
}

impl Tools {
    /// Installs the environment unless it matches the list already.
    pub(super) fn install(project: &Project) -> Result<Tools> {
        let folder = project.target()?.join("deploy-tools");
        let tools = Tools {
            programs: folder.join("bin"),
        };
        let digest = hex::encode(Sha256::digest(REQUIREMENTS));
        let stamp = folder.join(STAMP);
        if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == digest) {
            return Ok(tools);
        }
        ensure!(
            process::works("python3", &["-c", "import ensurepip, venv"]),
            "python3 with its module venv is not installed (Debian: python3-venv)"
        );
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(&folder);
        process::run(venv)?;
        let list = folder.join("requirements.txt");
        std::fs::write(&list, REQUIREMENTS).context("failed to write the list of packages")?;
        let mut pip = tools.command("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(&list);
        process::run(pip)?;
        tools.expose_compose()?;
        std::fs::write(&stamp, digest).context("failed to mark the tools as installed")?;
        Ok(tools)
    }

    /// Puts the binary of Compose in the place of its wrapper, which succeeds whatever the binary does.
    fn expose_compose(&self) -> Result<()> {
        let mut package = self.command("python3");
        package.args(["-c", "import compose; print(compose.__path__[0])"]);
        let package = PathBuf::from(process::output(package)?.trim());
        let wrapper = self.programs.join("docker-compose");
        std::fs::remove_file(&wrapper).context("the wrapper of Compose is missing")?;
        symlink(package.join("docker-compose"), wrapper).context("failed to link Compose")
    }

    /// Returns a command that runs an installed program.
    pub(super) fn command(&self, program: &str) -> Command {
        Command::new(self.programs.join(program))
    }

    /// Returns the version of `package` in the list.
    pub(super) fn version(package: &str) -> &'static str {
        let pinned = REQUIREMENTS
            .lines()
            .filter_map(|line| line.split_once("=="));
        let mut versions = pinned.filter(|(name, _)| *name == package);
        versions.next().map_or("", |(_, version)| version)
    }
}
