//! What differs between two commits, file by file, bounded.

use std::path::Path;

use crate::error::Error;
use crate::git::Git;
use crate::worktrees::Worktrees;

/// Most bytes of the patches of one answer, and of the contents in them.
pub const MOST_BYTES: u64 = 50 * 1024 * 1024;
/// Most bytes of the list of files that differ.
const MOST_LISTED: u64 = 8 * 1024 * 1024;
/// What begins the patch of a file; no line of a content begins so.
const HEADER: &str = "diff --git ";

/// What has become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is new.
    Add,
    /// It has another content, or other rights.
    Modify,
    /// It is gone.
    Delete,
}

impl Operation {
    /// Its name (sandbox 4).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Modify => "modify",
            Self::Delete => "delete",
        }
    }
}

/// How one file differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where it is, from the top of the worktree. A file that was moved is gone in one place and new in the other.
    pub path: String,
    /// What has become of it.
    pub operation: Operation,
    /// What git says of it; bytes that are no text are replaced.
    pub diff: String,
    /// The new content of a file that is no text.
    pub binary: Option<Vec<u8>>,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// All of it, by path.
    Patches(Vec<Patch>),
    /// It is more than [`MOST_BYTES`].
    TooLarge {
        /// How much it is at least, bytes.
        bytes: u64,
    },
}

/// A file that differs.
struct Listed {
    path: String,
    operation: Operation,
    /// Its new content.
    blob: String,
}

impl Worktrees {
    /// Tells what differs between two commits of the repository that `folder` is in.
    ///
    /// # Errors
    /// The folder is not allowed or in no repository, a commit is not there any more, or git fails.
    pub async fn changes(&self, folder: &Path, base: &str, end: &str) -> Result<Changes, Error> {
        for commit in [base, end] {
            must_be_commit(commit)?;
        }
        let repository = self.repository(folder).await?;
        let git = Git::in_folder(&repository);
        let list = ["diff-tree", "-r", "-z", "--raw", "--no-renames", base, end];
        let list = git.read(&list, MOST_LISTED).await?;
        let texts = [
            "diff-tree",
            "-r",
            "-p",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            base,
            end,
        ];
        let texts = git.read(&texts, MOST_BYTES).await?;
        if list.total > MOST_LISTED || texts.total > MOST_BYTES {
            let bytes = list.total.max(texts.total);
            return Ok(Changes::TooLarge { bytes });
        }
        let listed = parse(&String::from_utf8_lossy(&list.bytes));
        let texts = String::from_utf8_lossy(&texts.bytes);
        assemble(git, listed, split(&texts), texts.len() as u64).await
    }
}

/// Joins files with their patches, and adds the contents of those that are no text.
async fn assemble(
    git: Git<'_>,
    listed: Vec<Listed>,
    texts: Vec<&str>,
    mut bytes: u64,
) -> Result<Changes, Error> {
    let mut patches = Vec::with_capacity(listed.len());
    for (file, text) in listed.into_iter().zip(texts) {
        let is_binary = text.lines().any(|line| line.starts_with("Binary files "));
        let binary = match is_binary && file.operation != Operation::Delete {
            false => None,
            true => {
                let left = MOST_BYTES.saturating_sub(bytes);
                let content = git.read(&["cat-file", "blob", &file.blob], left).await?;
                bytes += content.total;
                if bytes > MOST_BYTES {
                    return Ok(Changes::TooLarge { bytes });
                }
                Some(content.bytes)
            }
        };
        patches.push(Patch {
            path: file.path,
            operation: file.operation,
            diff: text.to_owned(),
            binary,
        });
    }
    Ok(Changes::Patches(patches))
}

/// Reads a raw list: `:MODE MODE BLOB BLOB STATUS`, a zero, the path, a zero.
fn parse(text: &str) -> Vec<Listed> {
    let mut parts = text.split('\0');
    let pairs = std::iter::from_fn(|| Some((parts.next()?, parts.next()?)));
    let read = pairs.filter_map(|(head, path)| {
        let mut fields = head.split(' ').skip(3);
        let (blob, status) = (fields.next()?, fields.next()?);
        Some(Listed {
            path: path.to_owned(),
            operation: match status.chars().next()? {
                'A' => Operation::Add,
                'D' => Operation::Delete,
                _ => Operation::Modify,
            },
            blob: blob.to_owned(),
        })
    });
    read.collect()
}

/// The patches of a text, one for each file. A change of the kind of a file, such as of a link, is told in two parts,
/// which belong together.
fn split(text: &str) -> Vec<&str> {
    let starts = text.match_indices(HEADER).map(|(at, _)| at);
    let begins_line = |at: &usize| *at == 0 || text.as_bytes()[at - 1] == b'\n';
    let mut starts: Vec<usize> = starts.filter(begins_line).collect();
    let name = |at: usize| text[at..].lines().next();
    starts.dedup_by(|later, earlier| name(*later) == name(*earlier));
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let pairs = starts.iter().copied().zip(ends);
    pairs.map(|(from, to)| &text[from..to]).collect()
}

/// Refuses what git could take for something else than a commit.
pub(crate) fn must_be_commit(name: &str) -> Result<(), Error> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    match matches!(name.len(), 40 | 64) && name.bytes().all(is_hex) {
        true => Ok(()),
        false => Err(Error::Failed {
            what: "diff-tree".into(),
            message: format!("`{}` is no commit", name.escape_debug()),
        }),
    }
}
