//! Configuration: one typed struct, read once at start.
//!
//! Every value has a key in `smithers.toml`, a variable, a default, bounds and an origin; flags count before the
//! environment, the environment before the file, the file before the defaults. Unknown keys and bad values are reported together and stop the start. Nothing here is secret, and no message repeats a
//! text that it refuses, in case a secret was put in the wrong place.

use std::path::{Path, PathBuf};

mod access;
mod access_logging;
mod alerts;
mod approvals;
mod audit;
mod entry;
mod example;
mod file;
mod key;
mod limits;
mod listen;
mod logging;
mod module_env;
mod network;
mod problem;
mod reader;
mod release;
mod retention;
mod script;
mod secrets;
mod sources;
mod span;
mod storage;
mod streams;
mod unknown;
mod worktrees;

pub use access::{Access, AuthMode};
pub use access_logging::AccessLogging;
pub use alerts::Alerts;
pub use approvals::Approvals;
pub use audit::Audit;
pub use entry::{Entry, Origin};
pub use file::{ConfigFile, Place};
pub use key::{Key, Kind, Section};
pub use limits::Limits;
pub use listen::Listen;
pub use logging::{LogFormat, Logging};
pub use module_env::ModuleEnv;
pub use network::Network;
pub use problem::{ConfigError, Problem};
pub use release::Release;
pub use retention::RetentionPolicy;
pub use script::{OnChange, Script, ScriptIsolation};
pub use secrets::Secrets;
pub use sources::{Sources, Surroundings};
pub use storage::{Storage, Synchronous};
pub use streams::Streams;
pub use worktrees::WorktreeSettings;

use reader::{Books, Reader};

/// The configuration of a gateway.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens, and the bounds of connections and requests.
    pub listen: Listen,
    /// Who may do what.
    pub access: Access,
    /// How often clients may do something.
    pub limits: Limits,
    /// Where runs are stored.
    pub storage: Storage,
    /// Who is responsible for approvals.
    pub approvals: Approvals,
    /// How long things are kept.
    pub retention: RetentionPolicy,
    /// Events and their streams.
    pub streams: Streams,
    /// The module and the runtimes that execute it.
    pub script: Script,
    /// Where tasks may have worktrees.
    pub worktrees: WorktreeSettings,
    /// What the operator lets through the redactor.
    pub secrets: Secrets,
    /// Where requests are recorded, and for how long.
    pub access_log: AccessLogging,
    /// What is logged, and how.
    pub logging: Logging,
    /// Where the audit trail is copied to.
    pub audit: Audit,
    /// From when a condition is worth an alert.
    pub alerts: Alerts,
    /// What is known of the release that runs here.
    pub release: Release,
    books: Books,
    file: Option<PathBuf>,
}

impl Config {
    /// Reads the configuration from its sources.
    ///
    /// # Errors
    /// Names every variable and every place of the file whose value is refused, with the reason and what is accepted.
    pub fn read(sources: &Sources) -> Result<Config, ConfigError> {
        let mut reader = Reader::new(sources);
        let mut config = Config {
            listen: Listen::read(&mut reader),
            access: Access::read(&mut reader),
            limits: Limits::read(&mut reader),
            storage: Storage::read(&mut reader),
            approvals: Approvals::read(&mut reader),
            retention: RetentionPolicy::read(&mut reader),
            streams: Streams::read(&mut reader),
            script: Script::read(&mut reader),
            worktrees: WorktreeSettings::read(&mut reader),
            secrets: Secrets::read(&mut reader),
            access_log: AccessLogging::read(&mut reader),
            logging: Logging::read(&mut reader),
            audit: Audit::read(&mut reader),
            alerts: Alerts::read(&mut reader),
            release: Release::read(&mut reader),
            books: Books::default(),
            file: sources.file.as_ref().map(|file| file.path.clone()),
        };
        config.books = reader.finish()?;
        let more = [
            config.access.warning(&config.listen),
            config.storage.warning(),
            config.secrets.warning(),
        ];
        config.books.warnings.extend(more.into_iter().flatten());
        config.books.warnings.extend(config.approvals.warnings());
        Ok(config)
    }

    /// Returns where the token store is, whatever the other settings are: no revocation waits for a repaired port.
    ///
    /// # Errors
    /// The setting itself is refused.
    pub fn token_store(sources: &Sources) -> Result<PathBuf, ConfigError> {
        let mut reader = Reader::new(sources);
        let path = access::token_store(&mut reader);
        reader.finish_part().map(|()| path)
    }

    /// Returns every value with its names, default, bounds and origin, in the order of the reference.
    pub fn entries(&self) -> &[Entry] {
        &self.books.entries
    }

    /// Returns the sections of the file, in the order of the reference.
    pub fn sections(&self) -> &[Section] {
        &self.books.sections
    }

    /// Returns the file that was read, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Returns what an operator should know although the gateway can start.
    pub fn warnings(&self) -> &[String] {
        &self.books.warnings
    }

    /// Renders variable, value and origin of every value as an aligned table.
    pub fn table(&self) -> String {
        entry::table(self.entries())
    }

    /// Returns every value for `smithers config show --json`.
    pub fn to_json(&self) -> serde_json::Value {
        self.entries().iter().map(Entry::to_json).collect()
    }

    /// Renders a full example of `smithers.toml` in which every key shows its default as a comment.
    pub fn example() -> String {
        let defaults = Config::read(&Sources::default()).expect("the defaults are accepted");
        example::render(defaults.sections(), defaults.entries())
    }
}

#[cfg(test)]
mod tests;
