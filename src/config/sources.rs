//! Where values come from: flags, the environment, and what the machine offers.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::file::ConfigFile;

/// Folder of the volume in the reference deployment.
pub(super) const DATA_DIR: &str = "/data";
/// Folder of the module in the reference deployment.
pub(super) const WORKSPACE_DIR: &str = "/workspace";

/// Names the file of settings.
const FILE_VARIABLE: &str = "SMITHERS_CONFIG";

/// Everything that the configuration is read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Values of the command line, by the name of the variable that they replace.
    pub flags: BTreeMap<&'static str, String>,
    /// The file of settings, if there is one.
    pub file: Option<ConfigFile>,
    /// Names in the environment whose values are not UTF-8.
    pub unreadable: Vec<String>,
    /// What the machine offers.
    pub surroundings: Surroundings,
}

/// What the defaults depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether the folder `/data` exists.
    pub has_data_dir: bool,
    /// Whether the folder `/workspace` exists.
    pub has_workspace_dir: bool,
    /// Whether the working directory has a folder `.smithers`.
    pub has_project_dir: bool,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// How many threads can run at once.
    pub cores: usize,
}

impl Default for Surroundings {
    fn default() -> Surroundings {
        Surroundings {
            has_data_dir: false,
            has_workspace_dir: false,
            has_project_dir: false,
            home: None,
            cores: 1,
        }
    }
}

impl Surroundings {
    /// Looks at this machine.
    pub fn look() -> Surroundings {
        let is_dir = |path: &str| Path::new(path).is_dir();
        Surroundings {
            has_data_dir: is_dir(DATA_DIR),
            has_workspace_dir: is_dir(WORKSPACE_DIR),
            has_project_dir: is_dir(".smithers"),
            home: std::env::var_os("HOME")
                .filter(|home| !home.is_empty())
                .map(PathBuf::from),
            cores: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        }
    }
}

impl Sources {
    /// Takes the environment of this process, the values of the command line, this machine, and the file of
    /// settings: that of `SMITHERS_CONFIG`, else `smithers.toml` of the working directory or of `/etc/smithers`.
    pub fn of_process(flags: BTreeMap<&'static str, String>) -> Sources {
        let mut sources = Sources {
            flags,
            surroundings: Surroundings::look(),
            ..Sources::default()
        };
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => drop(sources.environment.insert(name, value)),
                Err(_) => sources.unreadable.push(name),
            }
        }
        let named = sources
            .environment
            .get(FILE_VARIABLE)
            .map(|path| path.trim());
        sources.file = match named.filter(|path| !path.is_empty()) {
            Some(path) => Some(ConfigFile::named(Path::new(path))),
            None => ConfigFile::found(),
        };
        sources
    }

    /// Takes the settings of the file at `path` instead of any other, if a path is given.
    #[must_use]
    pub fn with_file(mut self, path: Option<&Path>) -> Sources {
        if let Some(path) = path {
            self.file = Some(ConfigFile::named(path));
        }
        self
    }
}
