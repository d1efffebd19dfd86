//! Frames and attempts: the rows of the inside of a run.

use serde::Serialize;

/// A row of `frames.list` and `frames.get`; absent values are null, no key is ever missing.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameRow<'a> {
    /// The run.
    pub run_id: &'a str,
    /// From 1.
    pub frame_no: u64,
    /// When it was rendered.
    pub created_at_ms: i64,
    /// The frame XML, a JSON text; always whole.
    pub xml_json: &'a str,
    /// SHA-256 of that text.
    pub xml_hash: &'a str,
    /// How the XML above is written: always `keyframe`, which says that it needs no other frame.
    pub encoding: &'static str,
    /// Keys of the mounted tasks in document order, a JSON array.
    pub mounted_task_ids_json: &'a str,
    /// Id, ordinal and iteration of each task, a JSON array.
    pub task_index_json: &'a str,
    /// What led to the frame, such as `task-finished`; null for the first one after a start.
    pub note: Option<&'static str>,
}

/// A row of `attempts.list` and `attempts.get`; absent values are null, no key is ever missing.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptRow<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The node.
    pub node_id: &'a str,
    /// Its iteration, from 0.
    pub iteration: u32,
    /// From 1.
    pub attempt: u32,
    /// Its state, such as `in-progress`.
    pub state: &'a str,
    /// When its body was dispatched.
    pub started_at_ms: i64,
    /// When it ended.
    pub finished_at_ms: Option<i64>,
    /// Its newest stored sign of life.
    pub heartbeat_at_ms: Option<i64>,
    /// What it told with that.
    pub heartbeat_data_json: Option<&'a str>,
    /// Why it failed, as JSON text without stack traces.
    pub error_json: Option<&'a str>,
    /// Revision of the working copy after it.
    pub jj_pointer: Option<&'a str>,
    /// What an agent answered.
    pub response_text: Option<&'a str>,
    /// Folder it worked in.
    pub jj_cwd: Option<&'a str>,
    /// Its result was taken from an earlier one.
    pub cached: bool,
    /// Particulars by kind, as JSON text.
    pub meta_json: Option<&'a str>,
}
