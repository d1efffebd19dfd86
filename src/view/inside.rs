//! Frames and attempts as clients see them.

use std::sync::Arc;

use serde_json::{Value, json};
use smithers_actors::wire::error_for_readers;
use smithers_model::RawJson;
use smithers_model::frame::{FrameRow, TreeContent, Trigger};
use smithers_model::node::{AttemptRow, NodeRow};
use smithers_protocol::view;

/// A stored frame with its content.
pub(crate) struct FrameShown {
    row: FrameRow,
    tree: Arc<TreeContent>,
    xml_hash: Arc<str>,
}

impl FrameShown {
    /// Joins a frame with its content; `xml_hash` is the hash of its XML alone.
    pub(crate) fn new(row: FrameRow, tree: Arc<TreeContent>, xml_hash: Arc<str>) -> Self {
        Self {
            row,
            tree,
            xml_hash,
        }
    }

    /// The row of answers.
    pub(crate) fn row<'a>(&'a self, run_id: &'a str) -> view::FrameRow<'a> {
        view::FrameRow {
            run_id,
            frame_no: self.row.frame_no,
            created_at_ms: self.row.created_at.0,
            xml_json: &self.tree.xml,
            xml_hash: &self.xml_hash,
            encoding: "keyframe",
            mounted_task_ids_json: &self.tree.mounted_tasks,
            task_index_json: &self.tree.task_index,
            note: self.row.trigger.as_ref().map(Trigger::reason),
        }
    }
}

/// A stored attempt with the text that its view borrows.
pub(crate) struct AttemptShown<'a> {
    row: &'a AttemptRow,
    error_json: Option<String>,
    meta_json: String,
}

impl<'a> AttemptShown<'a> {
    /// Prepares `row` for readers; `node` and `kind` tell what its task is.
    pub(crate) fn new(row: &'a AttemptRow, node: Option<&NodeRow>, kind: Option<&str>) -> Self {
        let stored = row.error.as_ref().map(RawJson::of);
        let mut meta = json!({
            "kind": kind,
            "label": node.and_then(|node| node.label.as_deref()),
            "outputTable": node.and_then(|node| node.output_table.as_deref()),
        });
        let own = row.meta.as_ref().map(RawJson::value);
        if let (Some(meta), Some(Value::Object(own))) = (meta.as_object_mut(), own) {
            meta.extend(own);
        }
        Self {
            row,
            meta_json: meta.to_string(),
            error_json: stored.and_then(|error| error_for_readers(error.as_str())),
        }
    }

    /// The row of answers; `cwd` is the folder of its run, in which it worked unless it had a worktree.
    pub(crate) fn row(&'a self, run_id: &'a str, cwd: Option<&'a str>) -> view::AttemptRow<'a> {
        let row = self.row;
        let (heartbeat, files) = (row.heartbeat.as_ref(), row.files.as_ref());
        view::AttemptRow {
            run_id,
            node_id: row.node.node_id.as_str(),
            iteration: row.node.iteration,
            attempt: row.attempt,
            state: row.state.as_str(),
            started_at_ms: row.started_at.0,
            finished_at_ms: row.finished_at.map(|at| at.0),
            heartbeat_at_ms: heartbeat.map(|heartbeat| heartbeat.at.0),
            heartbeat_data_json: heartbeat
                .and_then(|heartbeat| heartbeat.data.as_ref().map(RawJson::as_str)),
            error_json: self.error_json.as_deref(),
            jj_pointer: files.and_then(|files| files.end.as_deref()),
            response_text: None,
            jj_cwd: files.map(|files| files.path.as_str()).or(cwd),
            cached: row.cached,
            meta_json: Some(&self.meta_json),
        }
    }
}

#[cfg(test)]
mod tests {
    use smithers_model::error::ErrorInfo;
    use smithers_model::node::{AttemptState, Heartbeat};
    use smithers_model::{NodeKey, Timestamp};

    use super::*;

    #[test]
    fn an_attempt_shows_its_error_without_its_place() {
        let mut error = ErrorInfo::thrown("TypeError", "boom");
        error.stack = Some("at gateway.tsx:1:1".into());
        let row = AttemptRow {
            node: NodeKey::new("build", 2),
            attempt: 3,
            state: AttemptState::Failed,
            started_at: Timestamp(5),
            finished_at: Some(Timestamp(9)),
            error: Some(error),
            retry_at: None,
            heartbeat: Some(Heartbeat {
                at: Timestamp(7),
                data: Some(RawJson::trusted(r#"{"done":1}"#)),
            }),
            meta: None,
            cached: false,
            files: None,
        };
        let shown = AttemptShown::new(&row, None, Some("compute"));
        let text = serde_json::to_string(&shown.row("r1", Some("/srv"))).unwrap();
        assert!(
            text.contains("boom") && !text.contains("gateway.tsx"),
            "{text}"
        );
        assert!(
            text.contains(r#""heartbeatDataJson":"{\"done\":1}""#),
            "{text}"
        );
        assert!(text.contains(r#""jjCwd":"/srv","cached":false"#), "{text}");
    }
}
