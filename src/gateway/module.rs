//! The workflows of this gateway: those of the module, and those written in Rust.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use smithers_actors::catalogue::Catalogue;
use smithers_model::Timestamp;
use smithers_model::workflow::{ModuleRevision, Workflow, WorkflowDefinition};
use smithers_script::{HostOptions, Isolation, Limits, LoadedModule, Place, ScriptHost};
use smithers_store::WriterHandle;

use super::{Extras, StartError};
use crate::audit;
use crate::config::{Config, ScriptIsolation};

/// The loaded workflows and the host that runs those of modules.
pub struct Modules {
    host: ScriptHost,
    /// Workflows written in Rust: no reload concerns them.
    native: Vec<Arc<dyn Workflow>>,
    workflows: Vec<Arc<dyn Workflow>>,
    warnings: Vec<String>,
    keeps_state: Option<Place>,
    /// What the newest load looked at, whether or not it is served.
    looked_at: Arc<[PathBuf]>,
    /// When the newest load began.
    loaded_at: SystemTime,
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
        let native = extras.workflows;
        let mut workflows = native.clone();
        let mut warnings = Vec::new();
        let mut keeps_state = None;
        let mut looked_at = Arc::default();
        let loaded_at = SystemTime::now();
        let loaded = (!extras.read_only).then(|| host.load(&entry)).transpose();
        match loaded {
            Ok(None) => {}
            Ok(Some(module)) => {
                for warning in &module.warnings {
                    tracing::warn!(module = %entry.display(), "{warning}");
                }
                workflows.extend(module.workflows);
                warnings = module.warnings;
                keeps_state = module.keeps_state;
                looked_at = module.looked_at;
            }
            Err(error) if extras.allow_broken_modules => {
                tracing::error!(module = %entry.display(), "the module is not served:\n{error}");
                looked_at = error.looked_at;
            }
            Err(error) => return Err(StartError::Module(error)),
        }
        refuse_duplicates(&workflows)?;
        Ok(Self {
            host,
            native,
            workflows,
            warnings,
            keeps_state,
            looked_at,
            loaded_at,
            entry,
        })
    }

    /// What the module asks for and does not get here.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Where the module's own files may keep state between calls, so that every frame has to be rendered.
    pub fn keeps_state(&self) -> Option<&Place> {
        self.keeps_state.as_ref()
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

    /// As [`definitions`](Self::definitions), as if `module` were served.
    pub(super) fn definitions_with(&self, module: &LoadedModule) -> Vec<Arc<WorkflowDefinition>> {
        let workflows = self.native.iter().chain(&module.workflows);
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
        config: &Config,
        started_at: Timestamp,
    ) -> Result<(), StartError> {
        define_tables(&self.workflows, writer)?;
        record(&self.workflows, &self.entry, writer, config, started_at)
    }

    /// Loads the module again, beside what is served. None when its sources are those that are served.
    pub(super) fn load_again(&mut self) -> Result<Option<LoadedModule>, StartError> {
        self.loaded_at = SystemTime::now();
        let loaded = self.host.load(&self.entry);
        self.looked_at = match &loaded {
            Ok(module) => Arc::clone(&module.looked_at),
            Err(error) => Arc::clone(&error.looked_at),
        };
        let module = loaded.map_err(StartError::Module)?;
        let same = self.revision().is_some_and(|served| {
            let mut loaded = module.workflows.iter();
            loaded.all(|workflow| workflow.definition().revision.hash == served.hash)
        });
        Ok((!same).then_some(module))
    }

    /// Makes the tables of `module`, records it as deployed, and takes it as what is served. Returns all workflows.
    pub(super) fn take(
        &mut self,
        module: LoadedModule,
        writer: &WriterHandle,
        config: &Config,
        now: Timestamp,
    ) -> Result<Vec<Arc<dyn Workflow>>, StartError> {
        let mut workflows = self.native.clone();
        workflows.extend(module.workflows);
        refuse_duplicates(&workflows)?;
        refuse_changed_tables(&self.workflows, &workflows)?;
        define_tables(&workflows, writer)?;
        writer.record_stop(now)?;
        record(&workflows, &self.entry, writer, config, now)?;
        self.workflows.clone_from(&workflows);
        self.warnings = module.warnings;
        self.keeps_state = module.keeps_state;
        Ok(workflows)
    }

    /// The sources of the module that is served.
    pub(super) fn revision(&self) -> Option<&ModuleRevision> {
        let mut definitions = self.workflows.iter().map(|workflow| workflow.definition());
        definitions
            .find(|definition| !definition.revision.hash.is_empty())
            .map(|definition| &definition.revision)
    }

    /// The paths that decide what the module is, those that are missing included.
    pub(super) fn watched(&self) -> BTreeSet<PathBuf> {
        let looked_at = self.looked_at.iter().cloned();
        looked_at.chain([self.entry.clone()]).collect()
    }

    /// When the newest load began: what was changed later it may not have seen.
    pub(super) fn loaded_at(&self) -> SystemTime {
        self.loaded_at
    }

    /// Ends the script threads.
    pub fn shutdown(&mut self) {
        self.host.shutdown();
    }
}

fn define_tables(workflows: &[Arc<dyn Workflow>], writer: &WriterHandle) -> Result<(), StartError> {
    let definitions = workflows.iter().flat_map(|workflow| {
        let own = workflow.definition().clone();
        std::iter::once(own).chain(workflow.parts())
    });
    Ok(writer.define_outputs(definitions.collect())?)
}

/// Records the sources of `workflows` and a deployment of them.
fn record(
    workflows: &[Arc<dyn Workflow>],
    entry: &Path,
    writer: &WriterHandle,
    config: &Config,
    now: Timestamp,
) -> Result<(), StartError> {
    let mut stored = BTreeSet::new();
    for workflow in workflows {
        let revision = &workflow.definition().revision;
        if !revision.hash.is_empty() && stored.insert(&revision.hash) {
            writer.register_module(revision.clone())?;
        }
    }
    let hash = stored.first().map(|hash| (*hash).clone());
    let deployment = audit::deployment(config, entry, hash, now);
    Ok(writer.record_deployment(deployment)?)
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
        limits: Limits {
            commands: config.script.commands,
            ..Limits::default()
        },
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

/// Refuses tables whose columns would hold values of another kind: rows of open runs are read by their old schema.
fn refuse_changed_tables(
    before: &[Arc<dyn Workflow>],
    after: &[Arc<dyn Workflow>],
) -> Result<(), StartError> {
    let fields = |workflows: &[Arc<dyn Workflow>]| {
        let tables = workflows
            .iter()
            .flat_map(|workflow| workflow.definition().outputs.clone());
        let fields = tables.flat_map(|table| {
            let place = table.declared_at.clone();
            let key = table.key.clone();
            let fields = table.fields.clone().into_iter();
            fields.map(move |field| ((key.clone(), field.column()), (field.kind, place.clone())))
        });
        fields.collect::<BTreeMap<_, _>>()
    };
    let before = fields(before);
    for ((table, column), (kind, place)) in fields(after) {
        let known = before.get(&(table.clone(), column.clone()));
        if known.is_some_and(|(before, _)| *before != kind) {
            return Err(StartError::ChangedTable {
                table,
                column,
                place,
            });
        }
    }
    Ok(())
}
