//! The workflows of this gateway: those of the module, and those written in Rust.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smithers_actors::catalogue::Catalogue;
use smithers_model::Timestamp;
use smithers_model::workflow::{Workflow, WorkflowDefinition};
use smithers_script::{HostOptions, Isolation, ScriptHost};
use smithers_store::WriterHandle;

use super::{Extras, StartError};
use crate::audit;
use crate::config::{Config, ScriptIsolation};

/// The loaded workflows and the host that runs those of modules.
pub struct Modules {
    host: ScriptHost,
    workflows: Vec<Arc<dyn Workflow>>,
    warnings: Vec<String>,
    entry: PathBuf,
}

impl Modules {
    /// Starts the host and loads the module of the configuration, unless nothing is to be executed.
    ///
    /// # Errors
    /// The host does not start, the module is broken, or two workflows have one key.
    pub fn load(config: &Config, extras: Extras) -> Result<Self, StartError> {
        let host = ScriptHost::start(host_options(config)).map_err(StartError::Host)?;
        let entry = config.script.module.clone();
        let mut workflows = extras.workflows;
        let mut warnings = Vec::new();
        let loaded = (!extras.read_only).then(|| host.load(&entry)).transpose();
        match loaded {
            Ok(None) => {}
            Ok(Some(module)) => {
                for warning in &module.warnings {
                    tracing::warn!(module = %entry.display(), "{warning}");
                }
                workflows.extend(module.workflows);
                warnings = module.warnings;
            }
            Err(error) if extras.allow_broken_modules => {
                tracing::error!(module = %entry.display(), "the module is not served:\n{error}");
            }
            Err(error) => return Err(StartError::Module(error)),
        }
        refuse_duplicates(&workflows)?;
        Ok(Self {
            host,
            workflows,
            warnings,
            entry,
        })
    }

    /// What the module asks for and does not get here.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The workflows by their keys.
    pub fn catalogue(&self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for workflow in &self.workflows {
            catalogue.insert(workflow.clone());
        }
        catalogue
    }

    /// What is known of the workflows, in the order of their registration.
    pub(super) fn definitions(&self) -> Vec<Arc<WorkflowDefinition>> {
        let workflows = self.workflows.iter();
        workflows
            .map(|workflow| workflow.definition().clone())
            .collect()
    }

    /// Folder of the module.
    pub(super) fn root_dir(&self) -> String {
        let folder = self
            .entry
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        folder
            .canonicalize()
            .unwrap_or_else(|_| folder.to_owned())
            .display()
            .to_string()
    }

    /// Makes the output tables and records module graphs and this start.
    pub(super) fn register(
        &self,
        writer: &WriterHandle,
        catalogue: &Catalogue,
        config: &Config,
        started_at: Timestamp,
    ) -> Result<(), StartError> {
        writer.define_outputs(catalogue.definitions().cloned().collect())?;
        let mut stored = BTreeSet::new();
        for definition in catalogue.definitions() {
            let revision = &definition.revision;
            if !revision.hash.is_empty() && stored.insert(&revision.hash) {
                writer.register_module(revision.clone())?;
            }
        }
        let hash = stored.first().map(|hash| (*hash).clone());
        let deployment = audit::deployment(config, &self.entry, hash, started_at);
        Ok(writer.record_deployment(deployment)?)
    }

    /// Ends the script threads.
    pub fn shutdown(&mut self) {
        self.host.shutdown();
    }
}

fn host_options(config: &Config) -> HostOptions {
    let environment = std::env::vars().collect();
    HostOptions {
        threads: config.script.script_threads,
        runtimes_per_module: config.script.runtimes,
        isolation: match config.script.isolation {
            ScriptIsolation::Module => Isolation::Module,
            ScriptIsolation::Run => Isolation::Run,
        },
        // The environment holds only what the configuration allows, so everything in it may be seen.
        module_env: vec!["*".into()],
        env: config.script.module_env.select(&environment),
        ..HostOptions::default()
    }
}

fn refuse_duplicates(workflows: &[Arc<dyn Workflow>]) -> Result<(), StartError> {
    let mut keys = BTreeSet::new();
    for workflow in workflows {
        let key = &workflow.definition().key;
        if !keys.insert(key) {
            return Err(StartError::DuplicateWorkflow(key.to_string()));
        }
    }
    Ok(())
}
