//! What an operator decides about the module host: threads, limits and what modules may see.

use std::collections::BTreeMap;
use std::time::Duration;

/// Settings of a [`ScriptHost`](crate::ScriptHost).
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// Script threads; different modules are spread over them. At least 1.
    pub threads: usize,
    /// Runtimes per module; with 1 all runs of a module share its module-level state. At least 1.
    pub runtimes_per_module: usize,
    /// Who shares a runtime.
    pub isolation: Isolation,
    /// Names of environment variables that modules may read; a trailing `*` matches a prefix.
    pub module_env: Vec<String>,
    /// The environment that `module_env` selects from.
    pub env: BTreeMap<String, String>,
    /// Bounds on what a module may use.
    pub limits: Limits,
}

/// Who shares a runtime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// All runs of a module.
    #[default]
    Module,
    /// Nobody: every run gets a runtime of its own.
    Run,
}

/// Bounds on what a module may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest evaluation of a module, top-level awaits included.
    pub load: Duration,
    /// Longest render of a frame.
    pub render: Duration,
    /// Longest time without a return to the event loop, outside renders.
    pub slice: Duration,
    /// How far past its limit a thread may be before it counts as stuck in native code.
    pub stuck_grace: Duration,
    /// Heap of a runtime, bytes.
    pub heap_bytes: usize,
    /// JavaScript stack of a runtime, bytes; below the 64 MiB of a script thread.
    pub stack_bytes: usize,
    /// Largest source file, bytes.
    pub file_bytes: usize,
    /// Most files of one module graph.
    pub files: usize,
    /// Most commands that the tasks of a runtime run at a time; 0 allows none.
    pub commands: usize,
    /// Deepest nesting of brackets in a source file.
    pub bracket_depth: usize,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            runtimes_per_module: 1,
            isolation: Isolation::Module,
            module_env: ["SMITHERS_DB_PATH", "NODE_ENV", "TZ"]
                .map(str::to_owned)
                .into(),
            env: BTreeMap::new(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            load: Duration::from_secs(10),
            render: Duration::from_secs(2),
            slice: Duration::from_secs(5),
            stuck_grace: Duration::from_secs(5),
            heap_bytes: 256 << 20,
            stack_bytes: 16 << 20,
            file_bytes: 4 << 20,
            files: 4096,
            commands: 0,
            bracket_depth: 512,
        }
    }
}

impl HostOptions {
    /// The variables that modules may see.
    pub(crate) fn visible_env(&self) -> BTreeMap<String, String> {
        let visible = |name: &str| self.module_env.iter().any(|pattern| matches(pattern, name));
        self.env
            .iter()
            .filter(|(name, _)| visible(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_names_and_prefixes_are_visible() {
        let names = ["NODE_ENV", "APP_KEY", "APP", "SECRET"];
        let options = HostOptions {
            module_env: vec!["NODE_ENV".into(), "APP_*".into()],
            env: names.map(|name| (name.to_owned(), "x".to_owned())).into(),
            ..HostOptions::default()
        };
        let visible: Vec<_> = options.visible_env().into_keys().collect();
        assert_eq!(visible, ["APP_KEY", "NODE_ENV"]);
    }
}
