//! Effects on the world outside: what a task says of its own, and the journal of those that were begun
//! (workflow-model 8.7).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::json::RawJson;
use crate::node::state_text;
use crate::{NodeKey, RunId, Timestamp};

/// What a task says of the effect that it has on the world outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideEffect {
    /// To have it twice is as good as to have it once.
    pub idempotent: bool,
    /// The function that takes it back: its index in the frame's table of callbacks.
    pub revert: Option<u32>,
}

/// Who has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    /// The body of a task.
    Task,
    /// A tool that the agent of a task calls.
    Tool,
}

state_text!(CallKind {
    Task => "task",
    Tool => "tool",
});

/// What became of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallStatus {
    /// Under way.
    Started,
    /// It happened.
    Finished,
    /// Its attempt was cut off or failed: it may have happened or not.
    Unknown,
}

state_text!(CallStatus {
    Started => "started",
    Finished => "finished",
    Unknown => "unknown",
});

/// Row of `_smithers_tool_calls`: an effect that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Whose effect, and what is needed to judge it.
    pub note: EffectNote,
    /// Names the call, unique in the gateway.
    pub token: String,
    /// The effect can be taken back by a function of its author.
    pub has_revert: bool,
    /// What others can tell a repetition by; the same in every attempt.
    pub idempotency_key: Option<String>,
    /// What it was given.
    pub input: Option<RawJson>,
    /// What it gave.
    pub output: Option<RawJson>,
    /// Why it failed.
    pub error: Option<RawJson>,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When it ended, or its attempt did.
    pub finished_at: Option<Timestamp>,
    /// What became of the wish to take it back, for example `reverted` or `failed`.
    pub revert_status: Option<String>,
}

/// What decides whether a task may be done again after an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectNote {
    /// Which node.
    pub node: NodeKey,
    /// Which attempt.
    pub attempt: u32,
    /// Its number in the attempt: 0 is the body of the task, tools count from 1.
    pub seq: u32,
    /// Name of the tool; of a task its node id.
    pub tool_name: String,
    /// Who has it.
    pub kind: CallKind,
    /// It is felt outside; a call without is in the journal for the record only.
    pub side_effect: bool,
    /// To have it twice is as good as to have it once.
    pub idempotent: bool,
    /// What became of it.
    pub status: CallStatus,
}

impl EffectNote {
    /// Whether to have it again would do harm.
    pub fn is_unsafe(&self) -> bool {
        self.side_effect && !self.idempotent
    }
}

/// Which calls of an attempt end, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedCalls {
    /// Which node.
    pub node: NodeKey,
    /// Which attempt.
    pub attempt: u32,
    /// What becomes of the body; tools that are still under way are unknown in any case.
    pub status: CallStatus,
    /// When.
    pub at: Timestamp,
}

/// Calls that are put aside because their attempts are undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archival {
    /// The attempts.
    pub attempts: Vec<(NodeKey, u32)>,
    /// The operation that undoes them, for example `rewind`.
    pub op: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A question that the engine asks by itself: may effects be repeated?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayUnsafe {
    /// Always [`ReplayUnsafe::KIND`].
    pub kind: String,
    /// Names exactly the effects that are asked about.
    pub fingerprint: String,
}

impl ReplayUnsafe {
    /// The kind of request.
    pub const KIND: &str = "ReplayUnsafeApproval";

    /// A question about `effects` of a node, in their order.
    pub fn about<'a>(
        run: &RunId,
        node: &NodeKey,
        effects: impl IntoIterator<Item = &'a EffectNote>,
    ) -> Self {
        let mut hash = Sha256::new_with_prefix("smithers.replay.1\n");
        hash.update(format!("{run}\n{node}\n"));
        for effect in effects {
            let EffectNote {
                attempt,
                seq,
                tool_name,
                ..
            } = effect;
            hash.update(format!("{attempt}.{seq} {tool_name}\n"));
        }
        Self {
            kind: Self::KIND.into(),
            fingerprint: hex::encode(hash.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(attempt: u32) -> EffectNote {
        EffectNote {
            node: NodeKey::new("pay", 0),
            attempt,
            seq: 0,
            tool_name: "pay".into(),
            kind: CallKind::Task,
            side_effect: true,
            idempotent: false,
            status: CallStatus::Unknown,
        }
    }

    #[test]
    fn another_attempt_makes_another_question() {
        let node = NodeKey::new("pay", 0);
        let ask = |notes: &[EffectNote]| ReplayUnsafe::about(&"r".into(), &node, notes).fingerprint;
        assert_eq!(ask(&[note(1)]), ask(&[note(1)]));
        assert_ne!(ask(&[note(1)]), ask(&[note(1), note(2)]));
    }
}
