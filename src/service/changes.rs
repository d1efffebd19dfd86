//! `getNodeDiff` and `getRunDiff`: which files an attempt or a run has changed in its worktrees.
//!
//! What was kept of the files is asked of git whenever somebody wants to know; no difference is stored.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use smithers_model::node::{AttemptRow, AttemptState};
use smithers_model::worktree::KeptFiles;
use smithers_model::{NodeKey, RunId};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{GetNodeDiff, GetRunDiff, Params};
use smithers_store::Reader;
use smithers_vcs::{Changes, MOST_BYTES, Patch};

use super::{Service, encode, error, nodes};

/// What has changed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    seq: u32,
    base_ref: String,
    patches: Vec<PatchView>,
}

/// What has become of a file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PatchView {
    path: String,
    operation: &'static str,
    diff: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_content: Option<String>,
}

/// More has changed in a run than an answer may hold.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Oversized {
    status: &'static str,
    base_ref: String,
    terminal_ref: String,
    size_bytes: u64,
    max_bytes: u64,
}

/// The files of a worktree before and after.
#[derive(Debug)]
struct Span {
    path: String,
    base: String,
    end: String,
}

impl Service {
    pub(super) async fn get_node_diff(&self, params: &Params) -> Result<Payload, RpcError> {
        let asked = GetNodeDiff::read(params)?;
        let (attempt, span) = self.read(move |reader| of_node(reader, &asked)).await?;
        match self.changes(&span).await? {
            Changes::Patches(patches) => encode(&Bundle {
                seq: attempt,
                base_ref: span.base,
                patches: patches.into_iter().map(|patch| view(patch, "")).collect(),
            }),
            Changes::TooLarge { bytes } => {
                let message = format!(
                    "The changes take {bytes} bytes, more than the {MOST_BYTES} of an answer. Look at them with git: git diff {} {}",
                    span.base, span.end
                );
                Err(RpcError::new(ErrorCode::DiffTooLarge, message))
            }
        }
    }

    pub(super) async fn get_run_diff(&self, params: &Params) -> Result<Payload, RpcError> {
        let GetRunDiff { run_id } = GetRunDiff::read(params)?;
        let spans = self.read(move |reader| of_run(reader, &run_id)).await?;
        let (base_ref, terminal_ref) = match (spans.first(), spans.last()) {
            (Some(first), Some(last)) => (first.base.clone(), last.end.clone()),
            _ => return Err(vcs("Run has no immutable VCS base revision.")),
        };
        let (mut patches, mut size_bytes) = (Vec::new(), 0);
        for span in &spans {
            let place = match spans.len() {
                1 => String::new(),
                _ => self.place(&span.path),
            };
            match self.changes(span).await? {
                Changes::Patches(of_span) => {
                    size_bytes += of_span.iter().map(size).sum::<u64>();
                    patches.extend(of_span.into_iter().map(|patch| view(patch, &place)));
                }
                Changes::TooLarge { bytes } => size_bytes += bytes,
            }
            if size_bytes > MOST_BYTES {
                return encode(&Oversized {
                    status: "oversized",
                    base_ref,
                    terminal_ref,
                    size_bytes,
                    max_bytes: MOST_BYTES,
                });
            }
        }
        encode(&Bundle {
            seq: 1,
            base_ref,
            patches,
        })
    }

    async fn changes(&self, span: &Span) -> Result<Changes, RpcError> {
        let folder = Path::new(&*self.root_dir);
        let changes = self.worktrees.changes(folder, &span.base, &span.end);
        changes.await.map_err(|error| vcs(error.to_string()))
    }

    /// A worktree as a beginning of paths: from the folder of the module, when it is below that.
    fn place(&self, path: &str) -> String {
        let path = Path::new(path);
        let path = path.strip_prefix(&*self.root_dir).unwrap_or(path);
        format!("{}/", path.display())
    }
}

/// The newest attempt of a node, and the files around it.
fn of_node(reader: &dyn Reader, asked: &GetNodeDiff) -> Result<(u32, Span), RpcError> {
    let run = RunId::from(asked.run_id.as_str());
    let row = reader.run(&run).map_err(error::of_read)?;
    row.ok_or_else(|| RpcError::run_not_found(&asked.run_id))?;
    let key = NodeKey::new(asked.node_id.as_str(), asked.iteration);
    if reader.node(&run, &key).map_err(error::of_read)?.is_none() {
        return Err(nodes::missing(reader, &run, &key)?);
    }
    let attempts = reader.attempts_of(&run, &key).map_err(error::of_read)?;
    let not_finished = |message: &str| RpcError::new(ErrorCode::AttemptNotFinished, message);
    let Some(last) = attempts.into_iter().next_back() else {
        let message = "Attempt not found.";
        return Err(RpcError::new(ErrorCode::AttemptNotFound, message));
    };
    if last.state == AttemptState::InProgress {
        return Err(not_finished("Attempt is still running."));
    }
    match last.files.and_then(span) {
        Some(span) => Ok((last.attempt, span)),
        None => Err(not_finished("Attempt has no finished jj pointer.")),
    }
}

fn span(files: KeptFiles) -> Option<Span> {
    let KeptFiles { path, base, end } = files;
    Some(Span {
        path,
        base,
        end: end?,
    })
}

/// Each worktree of a run that has ended, from the first attempt in it to the last; the one that began first comes
/// first.
fn of_run(reader: &dyn Reader, run_id: &str) -> Result<Vec<Span>, RpcError> {
    let run = RunId::from(run_id);
    let row = reader.run(&run).map_err(error::of_read)?;
    let row = row.ok_or_else(|| RpcError::run_not_found(run_id))?;
    let attempts = reader.attempts(&run).map_err(error::of_read)?;
    let spans = spans(attempts);
    match spans.is_empty() || row.status.is_terminal() {
        true => Ok(spans),
        false => Err(vcs("Run is not terminal.")),
    }
}

fn spans(mut attempts: Vec<AttemptRow>) -> Vec<Span> {
    attempts.sort_by_key(|attempt| attempt.started_at);
    let mut order = Vec::new();
    let mut bases = BTreeMap::new();
    let mut ends = BTreeMap::new();
    for attempt in attempts {
        let (ended, Some(files)) = (attempt.finished_at, attempt.files) else {
            continue;
        };
        if !bases.contains_key(&files.path) {
            order.push(files.path.clone());
            bases.insert(files.path.clone(), files.base);
        }
        if let Some(end) = files.end {
            let newest = ends.entry(files.path).or_insert((ended, end.clone()));
            if newest.0 <= ended {
                *newest = (ended, end);
            }
        }
    }
    let whole = order.into_iter().filter_map(|path| {
        let (base, (_, end)) = (bases.remove(&path)?, ends.remove(&path)?);
        Some(Span { path, base, end })
    });
    whole.collect()
}

fn size(patch: &Patch) -> u64 {
    (patch.diff.len() + patch.binary.as_ref().map_or(0, Vec::len)) as u64
}

fn view(patch: Patch, place: &str) -> PatchView {
    PatchView {
        path: format!("{place}{}", patch.path),
        operation: patch.operation.as_str(),
        diff: patch.diff,
        binary_content: patch.binary.map(|content| STANDARD.encode(content)),
    }
}

fn vcs(message: impl Into<String>) -> RpcError {
    RpcError::new(ErrorCode::VcsError, message)
}
