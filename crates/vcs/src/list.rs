//! The worktrees of a repository, as git lists them.

use std::path::PathBuf;

/// A worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its branch, without `refs/heads/`.
    pub(crate) branch: Option<String>,
    /// Why it is locked: for those of runs, whose it is.
    pub(crate) reason: Option<String>,
}

/// Reads `git worktree list --porcelain -z`.
pub(crate) fn parse(text: &str) -> Vec<Listed> {
    let mut found: Vec<Listed> = Vec::new();
    for line in text.split('\0') {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        if name == "worktree" {
            found.push(Listed {
                path: value.into(),
                ..Listed::default()
            });
        }
        let Some(last) = found.last_mut() else {
            continue;
        };
        match name {
            "branch" => {
                let short = value.strip_prefix("refs/heads/").unwrap_or(value);
                last.branch = Some(short.to_owned());
            }
            "locked" => last.reason = Some(value.to_owned()),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_tells_paths_branches_and_whose_they_are() {
        let text = "worktree /a\0HEAD 12\0branch refs/heads/main\0\0worktree /b c\0HEAD 34\0detached\0locked run r1\0\0";
        let found = parse(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].branch.as_deref(), Some("main"));
        assert_eq!(found[1].path, PathBuf::from("/b c"));
        assert_eq!(
            (found[1].branch.as_ref(), found[1].reason.as_deref()),
            (None, Some("run r1"))
        );
    }

    #[test]
    fn nonsense_is_no_worktree() {
        assert_eq!(parse("locked\0branch x\0"), []);
    }
}
