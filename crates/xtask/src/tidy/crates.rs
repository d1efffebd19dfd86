//! Rules about crates: which way dependencies point, who may use actix, and the purity of the engine.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{SourceFile, Violation};

/// The layers, each with the members it may depend on: dependencies point one way and siblings do
/// not see each other. See docs/ARCHITECTURE.md.
const LAYERS: [(&str, &[&str]); 11] = [
    (
        "smithers",
        &[
            "smithers-actors",
            "smithers-engine",
            "smithers-script",
            "smithers-store",
            "smithers-redact",
            "smithers-tokens",
            "smithers-vcs",
            "smithers-protocol",
            "smithers-model",
        ],
    ),
    (
        "smithers-actors",
        &[
            "smithers-engine",
            "smithers-script",
            "smithers-store",
            "smithers-redact",
            "smithers-vcs",
            "smithers-protocol",
            "smithers-model",
        ],
    ),
    ("smithers-vcs", &["smithers-model"]),
    ("smithers-engine", &["smithers-model"]),
    ("smithers-script", &["smithers-model"]),
    ("smithers-store", &["smithers-redact", "smithers-model"]),
    ("smithers-redact", &["smithers-model"]),
    (
        "smithers-tokens",
        &["smithers-redact", "smithers-protocol", "smithers-model"],
    ),
    ("smithers-protocol", &[]),
    ("smithers-model", &[]),
    ("smithers-testkit", &[]),
];
/// Members that are tools: never shipped, so they may use what they need.
const TOOLS: [&str; 2] = ["smithers-sim", "xtask"];
/// Helpers that only tests and tools may depend on.
const TEST_HELPERS: [&str; 1] = ["smithers-testkit"];
/// Members that may depend on actix.
const ACTIX_USERS: [&str; 3] = ["smithers", "smithers-actors", "smithers-sim"];
/// The pure member.
const ENGINE: &str = "smithers-engine";
/// What the engine must not depend on.
const IMPURE_CRATES: [&str; 7] = [
    "tokio", "actix", "rand", "futures", "rusqlite", "tracing", "uuid",
];
/// What the engine must not name: time, threads, files, network, environment.
const IMPURE_PATHS: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "SystemTime",
    "time::Instant",
    "std::io",
];

/// A member of the workspace.
#[derive(Debug)]
pub(super) struct Member {
    name: String,
    /// Folder from the root, with a slash at the end; empty for the root package.
    folder: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    is_member: bool,
    is_dev: bool,
}

/// Reads the members from what cargo says.
pub(super) fn members(metadata: &Value, root: &Path) -> Result<Vec<Member>> {
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let own = packages
        .iter()
        .filter(|package| package["source"].is_null());
    own.map(|package| {
        let manifest = package["manifest_path"]
            .as_str()
            .context("a package without a manifest")?;
        let folder = Path::new(manifest)
            .parent()
            .and_then(|folder| folder.strip_prefix(root).ok());
        let folder = folder
            .with_context(|| format!("{manifest} is not in the workspace"))?
            .display()
            .to_string();
        Ok(Member {
            name: package["name"].as_str().unwrap_or_default().to_owned(),
            folder: if folder.is_empty() {
                folder
            } else {
                folder + "/"
            },
            dependencies: package["dependencies"]
                .as_array()
                .into_iter()
                .flatten()
                .map(dependency)
                .collect(),
        })
    })
    .collect()
}

fn dependency(value: &Value) -> Dependency {
    Dependency {
        name: value["name"].as_str().unwrap_or_default().to_owned(),
        is_member: value["path"].is_string(),
        is_dev: value["kind"] == "dev",
    }
}

/// Applies every rule to `member`.
pub(super) fn check(member: &Member, files: &[SourceFile]) -> Vec<Violation> {
    let manifest = format!("{}Cargo.toml", member.folder);
    let text = files
        .iter()
        .find(|file| file.path == manifest)
        .map_or("", |file| &file.text);
    let mut violations = Vec::new();
    violations.extend(directions(member, text));
    violations.extend(actix(member, text));
    violations.extend(lints(member, text));
    if member.name == ENGINE {
        violations.extend(engine_dependencies(member, text));
        let own = files.iter().filter(|file| {
            file.path.starts_with(&format!("{}src/", member.folder)) && file.path.ends_with(".rs")
        });
        violations.extend(own.flat_map(engine_source));
    }
    violations
}

/// Dependencies between members point down the layers only.
fn directions(member: &Member, manifest: &str) -> Vec<Violation> {
    if TOOLS.contains(&member.name.as_str()) {
        return Vec::new();
    }
    let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == member.name) else {
        return vec![violation(
            member,
            manifest,
            "[package]",
            "the crate has no layer",
            "give it one in `tidy`",
        )];
    };
    let own = member
        .dependencies
        .iter()
        .filter(|dependency| dependency.is_member);
    let is_fine = |dependency: &&Dependency| {
        let name = dependency.name.as_str();
        below.contains(&name)
            || name == member.name
            || (dependency.is_dev && TEST_HELPERS.contains(&name))
    };
    let wrong = own.filter(|dependency| !is_fine(dependency));
    wrong
        .map(|dependency| {
            let what = format!("{} must not depend on {}", member.name, dependency.name);
            violation(
                member,
                manifest,
                &dependency.name,
                &what,
                "move what is shared down to a crate that both may use",
            )
        })
        .collect()
}

/// Only the edge and the actors know actix.
fn actix(member: &Member, manifest: &str) -> Vec<Violation> {
    if ACTIX_USERS.contains(&member.name.as_str()) {
        return Vec::new();
    }
    let used = member
        .dependencies
        .iter()
        .filter(|dependency| dependency.name.starts_with("actix"));
    let remedy = "hand the work over through a trait or a channel";
    used.map(|dependency| {
        violation(
            member,
            manifest,
            &dependency.name,
            &format!("{} uses actix", member.name),
            remedy,
        )
    })
    .collect()
}

/// Every member takes the lints of the workspace.
fn lints(member: &Member, manifest: &str) -> Option<Violation> {
    let table: toml::Table = toml::from_str(manifest).unwrap_or_default();
    let takes = table
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(toml::Value::as_bool);
    let what = "the crate does not take the workspace's lints";
    (takes != Some(true)).then(|| {
        violation(
            member,
            manifest,
            "[package]",
            what,
            "add `lints.workspace = true`",
        )
    })
}

/// The engine has no I/O, no clock, no randomness and no async in its dependencies.
fn engine_dependencies(member: &Member, manifest: &str) -> Vec<Violation> {
    let shipped = member
        .dependencies
        .iter()
        .filter(|dependency| !dependency.is_dev);
    let impure = shipped.filter(|dependency| {
        IMPURE_CRATES
            .iter()
            .any(|start| dependency.name.starts_with(start))
    });
    let remedy = "take time and randomness as arguments, and return commands instead of acting";
    impure
        .map(|dependency| {
            violation(
                member,
                manifest,
                &dependency.name,
                "the engine is pure",
                remedy,
            )
        })
        .collect()
}

/// The engine names nothing of the outside either.
fn engine_source(file: &SourceFile) -> Vec<Violation> {
    let remedy = "take it as an argument or a fact, and return commands instead of acting";
    let mut violations = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let code = line.split("//").next().unwrap_or_default();
        for path in IMPURE_PATHS.iter().filter(|path| code.contains(*path)) {
            let what = format!("the engine names `{path}`");
            violations.push(Violation {
                file: file.path.clone(),
                line: number,
                what,
                remedy,
            });
        }
        if ["async fn", "async move", "async {"]
            .iter()
            .any(|word| code.contains(word))
            || code.split(".await").skip(1).any(ends_there)
        {
            let what = "the engine is asynchronous".to_owned();
            violations.push(Violation {
                file: file.path.clone(),
                line: number,
                what,
                remedy,
            });
        }
    }
    violations
}

/// True when `rest` does not continue the word before it.
fn ends_there(rest: &str) -> bool {
    !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')
}

/// Makes a violation at the line of the manifest that names `word`.
fn violation(
    member: &Member,
    manifest: &str,
    word: &str,
    what: &str,
    remedy: &'static str,
) -> Violation {
    let line = manifest
        .lines()
        .position(|line| line.trim_start().starts_with(word))
        .map_or(1, |position| position + 1);
    Violation {
        file: format!("{}Cargo.toml", member.folder),
        line,
        what: what.to_owned(),
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MANIFEST: &str =
        "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n\n[dependencies]\n";

    fn member(name: &str, dependencies: &[(&str, bool, bool)]) -> Member {
        let dependency = |(name, is_member, is_dev): &(&str, bool, bool)| Dependency {
            name: (*name).to_owned(),
            is_member: *is_member,
            is_dev: *is_dev,
        };
        Member {
            name: name.into(),
            folder: "crates/x/".into(),
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    #[test]
    fn dependencies_point_down_only() {
        assert!(
            directions(
                &member("smithers-actors", &[("smithers-store", true, false)]),
                MANIFEST
            )
            .is_empty()
        );
        for (from, to) in [
            ("smithers-store", "smithers-engine"),
            ("smithers-model", "smithers-protocol"),
            ("smithers-engine", "smithers"),
        ] {
            assert_eq!(
                directions(&member(from, &[(to, true, false)]), MANIFEST).len(),
                1,
                "{from} -> {to}"
            );
        }
    }

    #[test]
    fn test_helpers_are_for_tests() {
        assert!(
            directions(
                &member("smithers", &[("smithers-testkit", true, true)]),
                MANIFEST
            )
            .is_empty()
        );
        assert_eq!(
            directions(
                &member("smithers", &[("smithers-testkit", true, false)]),
                MANIFEST
            )
            .len(),
            1
        );
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        assert_eq!(directions(&member("smithers-misc", &[]), MANIFEST).len(), 1);
        assert!(
            directions(
                &member("xtask", &[("smithers-testkit", true, false)]),
                MANIFEST
            )
            .is_empty()
        );
    }

    #[test]
    fn only_the_edge_and_the_actors_use_actix() {
        assert_eq!(
            actix(
                &member("smithers-store", &[("actix-rt", false, false)]),
                MANIFEST
            )
            .len(),
            1
        );
        assert!(
            actix(
                &member("smithers-actors", &[("actix", false, false)]),
                MANIFEST
            )
            .is_empty()
        );
    }

    #[test]
    fn a_violation_points_at_the_line_of_the_manifest() {
        let manifest = format!("{MANIFEST}actix-rt.workspace = true\n");
        let found = actix(
            &member("smithers-store", &[("actix-rt", false, false)]),
            &manifest,
        );
        assert_eq!(
            (found[0].file.as_str(), found[0].line),
            ("crates/x/Cargo.toml", 8)
        );
    }

    #[test]
    fn the_lints_of_the_workspace_are_taken() {
        assert_eq!(lints(&member("x", &[]), MANIFEST), None);
        assert_eq!(
            lints(&member("x", &[]), "[lints]\nworkspace = false\n").map(|found| found.line),
            Some(1)
        );
        assert_eq!(lints(&member("x", &[]), "lints.workspace = true\n"), None);
    }

    #[test]
    fn the_engine_is_pure_in_its_dependencies_and_its_words() {
        let engine = member(
            ENGINE,
            &[
                ("rand", false, false),
                ("proptest", false, true),
                ("serde_json", false, false),
            ],
        );
        assert_eq!(engine_dependencies(&engine, MANIFEST).len(), 1);
        let text = "//! A.\n// SystemTime is named here only.\nlet now = std::time::SystemTime::now();\nasync fn f() {}\nself.awaited(x);\nlet y = z.await?;\n";
        let found = engine_source(&SourceFile {
            path: "crates/engine/src/a.rs".into(),
            text: text.into(),
        });
        assert_eq!(
            found
                .iter()
                .map(|violation| violation.line)
                .collect::<Vec<_>>(),
            [3, 4, 6]
        );
    }

    #[test]
    fn members_are_the_packages_without_a_source() {
        let metadata = json!({ "packages": [
            { "name": "smithers", "source": null, "manifest_path": "/w/Cargo.toml", "dependencies": [] },
            { "name": "serde", "source": "registry", "manifest_path": "/c/serde/Cargo.toml", "dependencies": [] },
            { "name": "smithers-store", "source": null, "manifest_path": "/w/crates/store/Cargo.toml",
              "dependencies": [{ "name": "smithers-model", "path": "/w/crates/model", "kind": "dev" }] },
        ] });
        let members = members(&metadata, Path::new("/w")).unwrap();
        assert_eq!(
            members
                .iter()
                .map(|member| member.folder.as_str())
                .collect::<Vec<_>>(),
            ["", "crates/store/"]
        );
        assert!(members[1].dependencies[0].is_member && members[1].dependencies[0].is_dev);
    }
}
