//! Configuration: one typed struct, read once at start.
//!
//! Every value has a name, a default, bounds and an origin; flags count before the environment, the environment before
//! the defaults. Bad values are reported together and stop the start. Nothing here is secret, and no message repeats a
//! text that it refuses, in case a secret was put in the wrong place.

mod access;
mod entry;
mod listen;
mod logging;
mod module_env;
mod problem;
mod reader;
mod script;
mod sources;
mod storage;
mod streams;

pub use access::{Access, AuthMode};
pub use entry::{Entry, Origin};
pub use listen::Listen;
pub use logging::{LogFormat, Logging};
pub use module_env::ModuleEnv;
pub use problem::{ConfigError, Problem};
pub use script::{Script, ScriptIsolation};
pub use sources::{Sources, Surroundings};
pub use storage::{Storage, Synchronous};
pub use streams::Streams;

use reader::Reader;

/// The configuration of a gateway.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens, and the bounds of connections and requests.
    pub listen: Listen,
    /// Who may do what.
    pub access: Access,
    /// Where runs are stored.
    pub storage: Storage,
    /// Events and their streams.
    pub streams: Streams,
    /// The module and the runtimes that execute it.
    pub script: Script,
    /// What is logged, and how.
    pub logging: Logging,
    entries: Vec<Entry>,
    warnings: Vec<String>,
}

impl Config {
    /// Reads the configuration from its sources.
    ///
    /// # Errors
    /// Names every variable whose value is refused, with the reason and what is accepted.
    pub fn read(sources: &Sources) -> Result<Config, ConfigError> {
        let mut reader = Reader::new(sources);
        let mut config = Config {
            listen: Listen::read(&mut reader),
            access: Access::read(&mut reader),
            storage: Storage::read(&mut reader),
            streams: Streams::read(&mut reader),
            script: Script::read(&mut reader),
            logging: Logging::read(&mut reader),
            entries: Vec::new(),
            warnings: Vec::new(),
        };
        (config.entries, config.warnings) = reader.finish()?;
        config
            .warnings
            .extend(config.access.warning(&config.listen));
        config.warnings.extend(config.storage.warning());
        Ok(config)
    }

    /// Returns every value with its name, default, bounds and origin, in the order of the reference.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns what an operator should know although the gateway can start.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Renders name, value and origin of every value as an aligned table.
    pub fn table(&self) -> String {
        entry::table(&self.entries)
    }

    /// Returns every value for `smithers config show --json`.
    pub fn to_json(&self) -> serde_json::Value {
        self.entries.iter().map(Entry::to_json).collect()
    }
}

#[cfg(test)]
mod tests;
