//! Rules about single files.

use super::{SourceFile, Violation};

/// Longest Rust file that needs no excuse.
const MAX_LINES: usize = 500;
/// Tables, where length is no complexity.
const TABLES: [&str; 0] = [];
/// Files in which foreign paths are data: recordings, and lock files.
const RECORDED: [&str; 4] = [
    "tests/conformance/transcripts/",
    "tests/conformance/probes/",
    "docs/contract/rpc-catalog.json",
    "Cargo.lock",
];

/// Applies every rule that holds for the kind of `file`.
pub(super) fn check(file: &SourceFile) -> Vec<Violation> {
    let mut violations = machine_paths(file);
    if file.path.ends_with(".rs") {
        violations.extend(purpose(file));
        violations.extend(length(file));
        violations.extend(unfinished(file));
        violations.extend(silenced_lints(file));
    }
    violations
}

/// A Rust file opens by saying what it is for.
fn purpose(file: &SourceFile) -> Option<Violation> {
    let opens = file
        .text
        .lines()
        .next()
        .is_some_and(|line| line.starts_with("//! ") && line.len() > "//! ".len());
    let what = "the file does not open with `//!`".to_owned();
    let remedy = "say in one sentence what it is for and what it must not know";
    (!opens).then(|| Violation {
        file: file.path.clone(),
        line: 1,
        what,
        remedy,
    })
}

/// A file holds one idea.
fn length(file: &SourceFile) -> Option<Violation> {
    let lines = file.text.lines().count();
    let is_long = lines > MAX_LINES && !TABLES.contains(&file.path.as_str());
    let what = format!("{lines} lines, more than {MAX_LINES}");
    let remedy = "split it by idea, or list it in `tidy` if it is a table";
    is_long.then(|| Violation {
        file: file.path.clone(),
        line: MAX_LINES + 1,
        what,
        remedy,
    })
}

/// Nothing is left for later inside a function.
fn unfinished(file: &SourceFile) -> Vec<Violation> {
    let words = [["todo", "!("].concat(), ["unimplemented", "!("].concat()];
    find(
        file,
        &words,
        "finish it, or return an error that says what is missing",
    )
}

/// Lints are expected with a reason, not allowed.
fn silenced_lints(file: &SourceFile) -> Vec<Violation> {
    let words = [["#[", "allow("].concat(), ["#![", "allow("].concat()];
    find(
        file,
        &words,
        "write `expect` with a reason, so that it goes when its cause goes",
    )
}

/// Nothing names a place of one machine.
fn machine_paths(file: &SourceFile) -> Vec<Violation> {
    if RECORDED.iter().any(|start| file.path.starts_with(start)) {
        return Vec::new();
    }
    let folders = ["work", "farm", "root", "Users"].map(|folder| ["/", folder, "/"].concat());
    find(
        file,
        &folders,
        "use a path relative to the workspace, or a temporary folder of its own",
    )
}

/// Returns a violation for each line of code that holds one of `words` as a whole path or call.
fn find(file: &SourceFile, words: &[String], remedy: &'static str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for word in words.iter().filter(|word| stands_alone(line, word)) {
            violations.push(Violation {
                file: file.path.clone(),
                line: number,
                what: format!("found `{word}`"),
                remedy,
            });
        }
    }
    violations
}

/// True when `word` occurs in `line` other than in the middle of a longer word or path.
fn stands_alone(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        !before.is_some_and(|letter| letter.is_ascii_alphanumeric() || "_.-}>*~".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.into(),
            text: text.into(),
        }
    }

    fn lines(violations: &[Violation]) -> Vec<usize> {
        violations.iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn a_file_without_a_purpose_is_found() {
        assert!(purpose(&file("a.rs", "//! Counts sheep.\n")).is_none());
        assert!(purpose(&file("a.rs", "use std::fs;\n")).is_some());
        assert!(purpose(&file("a.rs", "//!\n")).is_some());
    }

    #[test]
    fn a_file_may_have_five_hundred_lines() {
        assert!(length(&file("a.rs", &"x\n".repeat(500))).is_none());
        assert!(length(&file("a.rs", &"x\n".repeat(501))).is_some());
    }

    #[test]
    fn unfinished_work_and_silenced_lints_are_found_by_line() {
        let text = format!(
            "//! A.\nfn a() {{ {}) }}\n#[{}x)]\n",
            ["todo", "!("].concat(),
            "allow("
        );
        let file = file("a.rs", &text);
        assert_eq!(lines(&unfinished(&file)), [2]);
        assert_eq!(lines(&silenced_lints(&file)), [3]);
    }

    #[test]
    fn places_of_one_machine_are_found_but_relative_ones_are_not() {
        let root = ["/", "root", "/"].concat();
        let found = |line: String| lines(&machine_paths(&file("README.md", &line)));
        assert_eq!(found(format!("see {root}notes")), [1]);
        assert_eq!(
            found(format!("see docs{root}notes and ${{HOME}}{root}x")),
            Vec::<usize>::new()
        );
        assert!(machine_paths(&file("tests/conformance/probes/x.json", &root)).is_empty());
    }
}
