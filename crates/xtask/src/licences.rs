//! Licences, bans and sources of all dependencies, by the rules of `deny.toml`.
//!
//! `cargo deny` reads the same file and checks advisories besides; this check needs nothing
//! installed, so it runs everywhere.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::console;
use crate::project::Project;

/// The parts of `deny.toml` that are checked here; the rest is for `cargo deny`.
#[derive(Debug, Deserialize)]
struct Policy {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// Licences that are accepted for one crate only.
#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Sources {
    #[serde(rename = "allow-registry")]
    allow_registry: Vec<String>,
}

/// A dependency as cargo describes it.
#[derive(Debug)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    licence: Option<&'a str>,
    source: &'a str,
}

/// Checks every dependency and prints what is against the policy.
pub(crate) fn run(project: &Project) -> Result<()> {
    let text =
        std::fs::read_to_string(project.path("deny.toml")).context("failed to read deny.toml")?;
    let policy: Policy = toml::from_str(&text).context("failed to understand deny.toml")?;
    let metadata = project.metadata()?;
    let packages: Vec<Package<'_>> = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(package)
        .collect();
    let problems: Vec<String> = packages
        .iter()
        .flat_map(|package| policy.problems(package))
        .collect();
    for problem in &problems {
        console::line(problem);
    }
    if !problems.is_empty() {
        bail!("{} dependencies are against deny.toml", problems.len());
    }
    console::line(&format!(
        "licences, bans and sources of {} dependencies are in order",
        packages.len()
    ));
    Ok(())
}

fn package(value: &Value) -> Option<Package<'_>> {
    Some(Package {
        name: value["name"].as_str()?,
        version: value["version"].as_str()?,
        licence: value["license"].as_str(),
        source: value["source"].as_str()?,
    })
}

impl Policy {
    fn problems(&self, package: &Package<'_>) -> Vec<String> {
        let who = format!("{} {}", package.name, package.version);
        let mut problems = Vec::new();
        if let Some(ban) = self.bans.deny.iter().find(|ban| ban.name == package.name) {
            problems.push(format!("{who} is banned: {}", ban.reason));
        }
        let registry = package.source.strip_prefix("registry+");
        if !registry.is_some_and(|registry| {
            self.sources
                .allow_registry
                .iter()
                .any(|allowed| allowed == registry)
        }) {
            problems.push(format!(
                "{who} comes from {}, which deny.toml does not name",
                package.source
            ));
        }
        match package.licence {
            Some(expression) if self.permits(package.name, expression) => {}
            Some(expression) => problems.push(format!(
                "{who} is under `{expression}`, which deny.toml does not allow"
            )),
            None => problems.push(format!("{who} does not state its licence")),
        }
        problems
    }

    fn permits(&self, name: &str, expression: &str) -> bool {
        let exception = self
            .licenses
            .exceptions
            .iter()
            .find(|exception| exception.name == name);
        let allowed = |licence: &str| {
            self.licenses.allow.contains(licence)
                || exception.is_some_and(|exception| exception.allow.contains(licence))
        };
        permits(expression, &allowed)
    }
}

/// True when the SPDX `expression` can be satisfied with the licences that are `allowed`.
fn permits(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    // `MIT/Apache-2.0` is the old spelling of a choice.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let permitted = choice(&mut words, allowed);
    permitted == Some(true) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn choice(words: &mut Words<'_>, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut permitted = combination(words, allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        permitted |= combination(words, allowed)?;
    }
    Some(permitted)
}

fn combination(words: &mut Words<'_>, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut permitted = term(words, allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        permitted &= term(words, allowed)?;
    }
    Some(permitted)
}

fn term(words: &mut Words<'_>, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    if words.next_if_eq(&"(").is_some() {
        let permitted = choice(words, allowed)?;
        return words.next_if_eq(&")").map(|_| permitted);
    }
    let licence = words.next()?;
    if words.next_if_eq(&"WITH").is_some() {
        let exception = words.next()?;
        return Some(allowed(licence) || allowed(&format!("{licence} WITH {exception}")));
    }
    Some(allowed(licence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mit_and_zlib(expression: &str) -> bool {
        permits(expression, &|licence| {
            ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].contains(&licence)
        })
    }

    #[test]
    fn a_choice_needs_one_and_a_combination_all() {
        assert!(mit_and_zlib("MIT OR GPL-3.0"));
        assert!(mit_and_zlib("GPL-3.0/MIT"));
        assert!(!mit_and_zlib("MIT AND GPL-3.0"));
        assert!(mit_and_zlib("(MIT OR GPL-3.0) AND Zlib"));
        assert!(!mit_and_zlib("(MIT OR Zlib) AND (GPL-3.0 OR LGPL-3.0)"));
        assert!(mit_and_zlib("Apache-2.0 WITH LLVM-exception"));
    }

    #[test]
    fn an_expression_that_is_not_understood_permits_nothing() {
        for expression in ["", "MIT OR", "(MIT", "MIT Zlib", "MIT )"] {
            assert!(!mit_and_zlib(expression), "{expression}");
        }
    }

    fn policy() -> Policy {
        let text = r#"
            [licenses]
            allow = ["MIT"]
            exceptions = [{ crate = "odd", allow = ["Odd-1.0"] }]
            [bans]
            deny = [{ crate = "bad", reason = "it bites" }]
            [sources]
            allow-registry = ["r"]
        "#;
        toml::from_str(text).unwrap()
    }

    fn problems(name: &str, licence: Option<&str>, source: &str) -> Vec<String> {
        policy().problems(&Package {
            name,
            version: "1.0.0",
            licence,
            source,
        })
    }

    #[test]
    fn bans_sources_and_licences_are_each_told() {
        assert!(problems("good", Some("MIT"), "registry+r").is_empty());
        assert_eq!(
            problems("bad", Some("MIT"), "registry+r"),
            ["bad 1.0.0 is banned: it bites"]
        );
        assert_eq!(problems("good", Some("MIT"), "git+elsewhere").len(), 1);
        assert_eq!(problems("good", None, "registry+r").len(), 1);
    }

    #[test]
    fn an_exception_holds_for_its_crate_only() {
        assert!(problems("odd", Some("Odd-1.0"), "registry+r").is_empty());
        assert_eq!(problems("even", Some("Odd-1.0"), "registry+r").len(), 1);
    }
}
