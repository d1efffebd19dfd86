//! The documents: every page of the book is in its summary, and every link leads to a file.

use std::collections::BTreeSet;

use super::{SourceFile, Violation};

/// Table of contents of the book.
const SUMMARY: &str = "docs/SUMMARY.md";
/// Folder of the book.
const BOOK: &str = "docs/";

/// Checks all Markdown files.
pub(super) fn check(files: &[SourceFile]) -> Vec<Violation> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let pages = || files.iter().filter(|file| file.path.ends_with(".md"));
    let mut violations: Vec<Violation> = pages().flat_map(|page| links(page, &paths)).collect();
    if let Some(summary) = files.iter().find(|file| file.path == SUMMARY) {
        let listed: BTreeSet<String> = targets(&summary.text)
            .map(|(_, target)| resolve(SUMMARY, target))
            .collect();
        violations.extend(
            pages()
                .filter(|page| page.path.starts_with(BOOK) && page.path != SUMMARY)
                .filter(|page| !listed.contains(&page.path))
                .map(|page| Violation {
                    file: page.path.clone(),
                    line: 1,
                    what: "the page is not in the book".into(),
                    remedy: "name it in docs/SUMMARY.md",
                }),
        );
    }
    violations
}

/// Links of a page that lead nowhere, or out of the book.
fn links(page: &SourceFile, paths: &BTreeSet<&str>) -> Vec<Violation> {
    let in_book = page.path.starts_with(BOOK);
    targets(&page.text)
        .filter_map(|(line, target)| {
            let file = resolve(&page.path, target);
            let folder = format!("{file}/");
            let exists = paths.contains(file.as_str())
                || paths.iter().any(|path| path.starts_with(folder.as_str()));
            let remedy = match (exists, in_book && !file.starts_with(BOOK)) {
                (false, _) => "name a file of the repository",
                (true, true) => "write the path as code: the book does not hold it",
                (true, false) => return None,
            };
            Some(Violation {
                file: page.path.clone(),
                line,
                what: format!("the link to `{target}` is broken"),
                remedy,
            })
        })
        .collect()
}

/// Relative link targets outside of code fences, with their lines (from 1).
fn targets(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    let lines = text.lines().enumerate().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    });
    lines.flat_map(|(number, line)| {
        line.split("](").skip(1).filter_map(move |rest| {
            let target = rest.split([')', '#', ' ']).next()?;
            let is_relative = !target.is_empty() && !target.contains(':');
            is_relative.then_some((number + 1, target))
        })
    })
}

/// Path from the root of what `target` means in `page`.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<SourceFile> = files
            .iter()
            .map(|(path, text)| SourceFile {
                path: (*path).into(),
                text: (*text).into(),
            })
            .collect();
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_that_lead_to_files_and_folders_are_in_order() {
        let files = [
            (
                "README.md",
                "[a](docs/a.md#part) [b](docs) [c](https://x.y)",
            ),
            ("docs/SUMMARY.md", "- [a](a.md)"),
            ("docs/a.md", "```\n[x](nowhere.md)\n```\n[s](./SUMMARY.md)"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }

    #[test]
    fn a_broken_link_a_link_out_of_the_book_and_a_lost_page_are_found() {
        let files = [
            ("README.md", "x\n[a](nowhere.md)"),
            ("docs/SUMMARY.md", ""),
            ("docs/a.md", "[out](../README.md)"),
        ];
        let found = found(&files);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("README.md:2: the link to `nowhere.md`"));
        assert!(found[1].contains("`../README.md`"));
        assert!(found[2].starts_with("docs/a.md:1: the page is not in the book"));
    }
}
