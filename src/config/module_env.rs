//! Which variables of the environment modules may read.

use std::collections::BTreeMap;
use std::fmt;

use super::key::key;
use super::reader::Reader;

/// Names of variables that modules may read; a trailing `*` matches a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleEnv(Vec<String>);

impl Default for ModuleEnv {
    fn default() -> ModuleEnv {
        ModuleEnv(
            ["SMITHERS_DB_PATH", "NODE_ENV", "TZ"]
                .map(str::to_owned)
                .to_vec(),
        )
    }
}

impl fmt::Display for ModuleEnv {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.join(","))
    }
}

impl ModuleEnv {
    pub(super) fn read(reader: &mut Reader<'_>) -> ModuleEnv {
        let accepted =
            "names separated by commas, each with or without a trailing * for a prefix".to_owned();
        let key = key(
            "script.module_env",
            "SMITHERS_MODULE_ENV",
            "Variables of the environment that modules may read.",
        );
        reader.list(key, ModuleEnv::default(), accepted, parse)
    }

    /// Tells whether modules may read the variable.
    pub fn allows(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|allowed| match allowed.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => allowed == name,
            })
    }

    /// Returns the variables of `environment` that modules may read.
    pub fn select(&self, environment: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let allowed = environment.iter().filter(|(name, _)| self.allows(name));
        allowed
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

fn parse(text: &str) -> Result<ModuleEnv, String> {
    let names: Vec<String> = text
        .split([',', ' '])
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if names.iter().any(|name| name == "*") {
        return Err("would show every variable to modules, secrets included".into());
    }
    let is_name = |name: &String| {
        let stem = name.strip_suffix('*').unwrap_or(name);
        !stem.starts_with(|first: char| first.is_ascii_digit())
            && stem
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if names.iter().all(is_name) {
        Ok(ModuleEnv(names))
    } else {
        Err("holds something else than names".into())
    }
}
