//! The answer of `rewindRun`.

use serde::Serialize;

/// What a rewind came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RewindAnswer {
    /// Always true: what fails is an error.
    pub ok: bool,
    /// The newest frame from now on.
    pub new_frame_no: u64,
    /// Worktrees and sandboxes that were taken back too.
    pub reverted_sandboxes: u64,
    /// Frames that are gone.
    pub deleted_frames: u64,
    /// Attempts that are gone.
    pub deleted_attempts: u64,
    /// Stored diffs that are gone.
    pub invalidated_diffs: u64,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// What tasks had done outside after the frame.
    pub effect_boundary: EffectBoundary,
}

impl RewindAnswer {
    /// A rewind to frame `new_frame_no` that went well.
    pub fn done(new_frame_no: u64) -> RewindAnswer {
        RewindAnswer {
            ok: true,
            new_frame_no,
            reverted_sandboxes: 0,
            deleted_frames: 0,
            deleted_attempts: 0,
            invalidated_diffs: 0,
            duration_ms: 0,
            effect_boundary: EffectBoundary::default(),
        }
    }
}

/// Effects of attempts that began after the frame.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectBoundary {
    /// Those that stand in the way: they cannot be undone, and happen again when the run goes on.
    pub blocking: Vec<BoundaryEffect>,
    /// Those that were undone.
    pub revertible: Vec<BoundaryEffect>,
    /// Those that stay and do no harm when they happen again, or were left by request.
    pub warnings: Vec<BoundaryEffect>,
}

/// One effect.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoundaryEffect {
    /// Which node.
    pub node_id: String,
    /// In which iteration.
    pub iteration: u32,
    /// Which attempt.
    pub attempt: u32,
    /// Name of the tool, or of the task itself.
    pub tool_name: String,
    /// Whether it is known to have happened: `started`, `finished` or `unknown`.
    pub status: String,
}
