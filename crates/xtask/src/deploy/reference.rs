//! The files of `deploy/reference` as they are read by the checks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::tools::Tools;
use crate::process;
use crate::project::Project;

/// Where the files are, from the root.
const FOLDER: &str = "deploy/reference";
/// Turns the YAML files it is given into one JSON object, by their paths.
const YAML_TO_JSON: &str = "import json, sys, yaml; \
    json.dump({path: yaml.safe_load(open(path)) for path in sys.argv[1:]}, sys.stdout)";

/// The parsed files.
#[derive(Debug)]
pub(super) struct Reference {
    folder: PathBuf,
    /// What Compose makes of the compose file when nothing is set in the environment.
    pub(super) compose: Value,
    /// The manifests by file name.
    pub(super) manifests: BTreeMap<String, Value>,
}

impl Reference {
    /// Reads the files of `project`.
    pub(super) fn read(project: &Project, tools: &Tools) -> Result<Reference> {
        let folder = project.path(FOLDER);
        Ok(Reference {
            compose: compose(&folder, tools)?,
            manifests: manifests(&folder, tools)?,
            folder,
        })
    }

    /// Returns the path of `name`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns the text of `name`.
    pub(super) fn text(&self, name: &str) -> Result<String> {
        std::fs::read_to_string(self.path(name)).with_context(|| format!("failed to read {name}"))
    }

    /// Returns the names and texts of all files, also those in folders.
    pub(super) fn texts(&self) -> Result<BTreeMap<String, String>> {
        let mut texts = BTreeMap::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder)? {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path
                        .strip_prefix(&self.folder)
                        .context("outside the folder")?;
                    let name = name.display().to_string();
                    texts.insert(name.clone(), self.text(&name)?);
                }
            }
        }
        Ok(texts)
    }

    /// Returns the manifest in `k8s/<file>.yaml`.
    pub(super) fn manifest(&self, file: &str) -> Result<&Value> {
        let manifest = self.manifests.get(&format!("{file}.yaml"));
        manifest.with_context(|| format!("there is no k8s/{file}.yaml"))
    }

    /// Returns the pod of the Deployment.
    pub(super) fn pod(&self) -> Result<&Value> {
        Ok(&self.manifest("deployment")?["spec"]["template"]["spec"])
    }

    /// Returns the paths of the manifests.
    pub(super) fn manifest_paths(&self) -> impl Iterator<Item = PathBuf> {
        let name = |name: &String| self.folder.join("k8s").join(name);
        self.manifests.keys().map(name)
    }
}

fn compose(folder: &Path, tools: &Tools) -> Result<Value> {
    let mut command = tools.command("docker-compose");
    let file = folder.join("docker-compose.yml");
    // A clean environment and no `.env` file: what a fresh clone gives.
    command.env_clear().arg("--file").arg(file).args([
        "--env-file",
        "/dev/null",
        "config",
        "--format",
        "json",
    ]);
    let json = process::output(command)?;
    serde_json::from_str(&json).context("Compose printed no JSON")
}

fn manifests(folder: &Path, tools: &Tools) -> Result<BTreeMap<String, Value>> {
    let is_yaml = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    };
    let files = entries(&folder.join("k8s"))?.into_iter().filter(is_yaml);
    let mut command = tools.command("python3");
    command.args(["-c", YAML_TO_JSON]).args(files);
    let by_path: BTreeMap<PathBuf, Value> = serde_json::from_str(&process::output(command)?)?;
    let by_name = by_path.into_iter().filter_map(|(path, document)| {
        let name = path.file_name()?.to_str()?.to_owned();
        Some((name, document))
    });
    Ok(by_name.collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = std::fs::read_dir(folder);
    let list = list.with_context(|| format!("failed to list {}", folder.display()))?;
    list.map(|entry| Ok(entry?.path())).collect()
}
