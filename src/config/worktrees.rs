//! Where tasks may have git worktrees.

use std::fmt;
use std::path::{Path, PathBuf};

use smithers_vcs::Worktrees;

use super::key::key;
use super::reader::Reader;

/// Where tasks may have git worktrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorktreeSettings {
    /// Folders below which repositories and worktrees may be; without any there are none.
    pub roots: Folders,
    /// Whether the worktrees of finished runs stay.
    pub keep: bool,
}

/// Folders, as the configuration lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders(pub Vec<PathBuf>);

impl fmt::Display for Folders {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, folder) in self.0.iter().enumerate() {
            let comma = if n > 0 { "," } else { "" };
            write!(out, "{comma}{}", folder.display())?;
        }
        Ok(())
    }
}

impl WorktreeSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> WorktreeSettings {
        reader.section("worktrees", "Where tasks may have git worktrees.");
        WorktreeSettings {
            roots: reader.list(
                key(
                    "worktrees.roots",
                    "SMITHERS_WORKTREE_ROOTS",
                    "Folders below which the gateway may run git: repositories and worktrees of tasks are only there. Without any, tasks in a Worktree fail.",
                ),
                Folders::default(),
                "absolute folders with commas between them".to_owned(),
                folders,
            ),
            keep: reader.flag(
                key(
                    "worktrees.keep",
                    "SMITHERS_KEEP_WORKTREES",
                    "Whether the worktrees of finished runs stay, also when nothing would be lost with them.",
                ),
                false,
            ),
        }
    }

    /// Makes and removes worktrees as the settings say.
    pub fn worktrees(&self) -> Worktrees {
        Worktrees::new(&self.roots.0, self.keep)
    }
}

fn folders(text: &str) -> Result<Folders, String> {
    let folder = |text: &str| {
        let path = Path::new(text);
        let is_usable = path.is_absolute() && path.parent().is_some();
        match is_usable {
            true => Ok(path.to_owned()),
            false => Err(
                "has an item that is no absolute folder below the root of the system".to_owned(),
            ),
        }
    };
    let named = text
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty());
    Ok(Folders(named.map(folder).collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_folders_below_the_root_are_taken() {
        let both = folders("/srv/a, /srv/b,").unwrap();
        assert_eq!(both.to_string(), "/srv/a,/srv/b");
        assert!(folders("srv").is_err() && folders("/").is_err());
        assert_eq!(folders(""), Ok(Folders::default()));
    }
}
