//! `docs/promises.md` keeps its word: every promise names a test that exists.

use super::{SourceFile, Violation};

/// The table of promises.
const PAGE: &str = "docs/promises.md";
/// What stands in place of a test for a part that does not exist yet.
const ABSENT: &str = "not in this build";
/// What else can be a proof: a command of this tool, which fails when the promise does not hold.
const COMMAND: &str = "cargo xtask ";

/// Checks every row of the table against the files of the workspace.
pub(super) fn check(files: &[SourceFile]) -> Vec<Violation> {
    let Some(page) = files.iter().find(|file| file.path == PAGE) else {
        return Vec::new();
    };
    let rows = page
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| is_row(line));
    rows.flat_map(|(index, line)| {
        problems(line, files)
            .into_iter()
            .map(move |what| violation(index + 1, what))
    })
    .collect()
}

/// A row of a promise; headings of the table and their underline are none.
fn is_row(line: &str) -> bool {
    let first = line
        .strip_prefix('|')
        .and_then(|rest| rest.split('|').next());
    first.is_some_and(|cell| cell.trim().contains(|c: char| c.is_ascii_digit()))
}

fn problems(line: &str, files: &[SourceFile]) -> Vec<String> {
    let proofs: Vec<&str> = code_spans(proof_cell(line)).collect();
    if proofs.is_empty() && !line.contains(ABSENT) {
        return vec!["a promise without a test".to_owned()];
    }
    let holds = |proof: &&str| proof.starts_with(COMMAND) || exists(proof, files);
    let missing = proofs.into_iter().filter(|proof| !holds(proof));
    missing
        .map(|proof| format!("`{proof}` does not exist"))
        .collect()
}

/// The third cell of a row.
fn proof_cell(line: &str) -> &str {
    line.split('|').nth(3).unwrap_or_default()
}

/// Returns what stands between backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Returns whether `path::name` is a test that runs.
fn exists(test: &str, files: &[SourceFile]) -> bool {
    let Some((path, name)) = test.rsplit_once("::") else {
        return false;
    };
    let file = files.iter().find(|file| file.path == path);
    file.is_some_and(|file| {
        let signature = format!("fn {name}(");
        let found = file.text.find(&signature);
        found.is_some_and(|at| is_test(&file.text[..at]))
    })
}

/// Looks at the attributes right before a function; in a block of properties every function is a test.
fn is_test(before: &str) -> bool {
    let whole_lines = before.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let attributes = whole_lines.lines().rev().map(str::trim);
    let mut attributes =
        attributes.take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    attributes.any(|line| line.starts_with("#[") && line.contains("test"))
        || before.contains("proptest! {")
}

fn violation(line: usize, what: String) -> Violation {
    Violation {
        file: PAGE.to_owned(),
        line,
        what,
        remedy: "name the test that shows it, as `path/file.rs::name_of_the_test`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(page: &str) -> Vec<SourceFile> {
        let file = |path: &str, text: &str| SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let tests = "#[test]\nfn it_holds() {}\n\n#[tokio::test]\nasync fn it_lasts() {}\n\nfn helper() {}\n";
        vec![file(PAGE, page), file("tests/it/a.rs", tests)]
    }

    fn whats(page: &str) -> Vec<String> {
        check(&files(page)).into_iter().map(|v| v.what).collect()
    }

    #[test]
    fn a_row_with_a_test_that_exists_is_in_order() {
        let page = "| D1 | It starts. | `cargo xtask deploy check` |\n| id | promise | test |\n|---|---|---|\n| T1 | It holds. | `tests/it/a.rs::it_holds` |\n| T2 | Lasts. | `tests/it/a.rs::it_lasts` |\n| T3 | Later. | skipped: not in this build |\n";
        assert_eq!(whats(page), Vec::<String>::new());
    }

    #[test]
    fn a_row_without_a_test_and_one_with_a_test_that_is_gone_are_broken() {
        let page = "| T1 | It holds. | soon |\n| T2 | It lasts. | `tests/it/a.rs::gone` |\n| T3 | Helps. | `tests/it/a.rs::helper` |\n";
        let expected = [
            "a promise without a test",
            "`tests/it/a.rs::gone` does not exist",
            "`tests/it/a.rs::helper` does not exist",
        ];
        assert_eq!(whats(page), expected);
    }
}
