//! The table against the codes that the sources can tell, in both directions.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Texts in the sources that look like codes and are none.
const NO_CODES: &[&str] = &[
    "BASH_ENV",
    "CARGO_PKG_VERSION",
    "DYLD_",
    // Node's own, on errors of `require`.
    "ERR_REQUIRE_ESM",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_INDEX_FILE",
    "GIT_TERMINAL_PROMPT",
    "LC_ALL",
    "LD_",
    "LD_PRELOAD",
    "MODULE_NOT_FOUND",
    "NODE_ENV",
    "NO_COLOR",
];

/// Sources whose texts in capitals are codes: commands, scripts, the engine, and what runs are made of.
const FOLDERS: [&str; 6] = [
    "src/cli",
    "crates/script/src",
    "crates/engine/src",
    "actors/src/run",
    "crates/tokens/src",
    "crates/vcs/src",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The product's part of a source file: without comments and without the tests at its end.
fn product_part(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = product
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Texts in quotes that have the form of a code of several words, and those that are made a code whatever their form.
fn codes_in(text: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let parts: Vec<&str> = text.split('"').collect();
    for (before, quoted) in parts.iter().zip(parts.iter().skip(1)) {
        let is_word = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_uppercase())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        };
        let is_made = [
            "&str =",
            "CliError::new(",
            "ErrorInfo::coded(",
            "SmithersError(",
        ]
        .iter()
        .any(|maker| before.trim_end().ends_with(maker));
        if is_word(quoted) && (is_made || quoted.contains('_')) {
            codes.insert((*quoted).to_owned());
        }
    }
    codes
}

fn codes_of_the_sources() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in FOLDERS {
        files(&root.join(folder), &mut found);
    }
    let is_source = |path: &&PathBuf| {
        let name = path.to_string_lossy();
        let is_code = name.ends_with(".rs") || name.ends_with(".mjs");
        is_code && !name.contains("/tests/") && !name.ends_with("tests.rs")
    };
    let texts = found
        .iter()
        .filter(is_source)
        .map(|path| fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| codes_in(&product_part(&text)))
        .filter(|code| !code.starts_with("SMITHERS_") && !NO_CODES.contains(&code.as_str()))
        .collect()
}

#[test]
fn every_code_of_the_protocol_is_explained_once() {
    for code in ErrorCode::ALL {
        let told = gateway::TABLE
            .iter()
            .filter(|entry| entry.code == code.as_str());
        assert_eq!(told.count(), 1, "{code} in src/explain/gateway.rs");
    }
    assert_eq!(gateway::TABLE.len(), ErrorCode::ALL.len());
}

#[test]
fn every_code_that_the_sources_can_tell_is_explained() {
    let missing: Vec<String> = codes_of_the_sources()
        .into_iter()
        .filter(|code| !is_known(code))
        .collect();
    let told =
        "add these to src/explain/ (command.rs for commands), or to NO_CODES if they are none";
    assert_eq!(missing, Vec::<String>::new(), "{told}");
}

#[test]
fn nothing_is_explained_that_the_sources_cannot_tell() {
    let told = codes_of_the_sources();
    let dead: Vec<&str> = [run::TABLE, command::TABLE, token::TABLE, start::TABLE]
        .into_iter()
        .flatten()
        .map(|entry| entry.code)
        .filter(|code| !told.contains(*code))
        .collect();
    assert_eq!(dead, Vec::<&str>::new());
}

#[test]
fn no_code_is_twice_in_one_area() {
    let mut seen = BTreeSet::new();
    for entry in all() {
        assert!(
            seen.insert((entry.area.as_str(), entry.code)),
            "{}",
            entry.code
        );
    }
}

#[test]
fn explanations_are_sentences() {
    for entry in all() {
        for text in [entry.meaning, entry.cause, entry.remedy] {
            assert!(text.ends_with('.'), "{}: {text}", entry.code);
            assert!(!text.contains("  "), "{}: {text}", entry.code);
        }
    }
}

#[test]
fn a_code_is_found_in_any_spelling_and_exactly_first() {
    let codes = |code: &str| {
        find(code)
            .iter()
            .map(|entry| entry.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("UNAUTHORIZED"), ["UNAUTHORIZED"]);
    assert_eq!(codes("unauthorized"), ["UNAUTHORIZED", "Unauthorized"]);
    assert_eq!(codes("run_not_found"), ["RunNotFound"]);
    assert_eq!(
        codes("INVALID_INPUT").len(),
        2,
        "of the gateway and of runs"
    );
    assert!(find("nonsense").is_empty());
}

#[test]
fn the_search_finds_codes_and_nothing_else() {
    let text = r#"CliError::new(
            "SINGLE", "TEXT") x("LONG_CODE") y("lower_case") z("ALONE")"#;
    let found: Vec<String> = codes_in(text).into_iter().collect();
    assert_eq!(found, ["LONG_CODE", "SINGLE"]);
}
