//! The form of ids.

use crate::error::{ErrorCode, RpcError};
use crate::limits;

/// Checks that a text can be the id of a run.
///
/// That is 1 to 64 of `a-z 0-9 _ . -`, not beginning with a dot, or an id that the gateway makes, of at most 256
/// characters: such a stem with `:next:<digits>` for a run that goes on for another, with parts
/// `:child:<node>:<digits>` for a child run, or with both.
pub fn check_run_id(id: &str) -> Result<(), RpcError> {
    let is_made = id.len() <= limits::MAX_CHILD_RUN_ID_CHARS && (is_link(id) || is_child_id(id));
    if is_made {
        Ok(())
    } else {
        check_new_run_id(id)
    }
}

/// Checks that a text can be the id of a run that a client launches: 1 to 64 of `a-z 0-9 _ . -`, not beginning with a
/// dot. The ids that the gateway makes are its own, so that none of them is taken when its time comes.
pub(super) fn check_new_run_id(id: &str) -> Result<(), RpcError> {
    if id.len() <= limits::MAX_RUN_ID_CHARS && is_stem(id) {
        return Ok(());
    }
    Err(RpcError::new(
        ErrorCode::InvalidRunId,
        "runId must match /^[a-z0-9_-][a-z0-9_.-]{0,63}$/.",
    ))
}

/// Checks that a text can be the id of a node: 1 to 128 of `A-Z a-z 0-9 : _ -`.
pub fn check_node_id(id: &str) -> Result<(), RpcError> {
    let is_node_id = (1..=limits::MAX_NODE_ID_CHARS).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte));
    if is_node_id {
        return Ok(());
    }
    Err(RpcError::new(
        ErrorCode::InvalidNodeId,
        "nodeId must match /^[a-zA-Z0-9:_-]{1,128}$/.",
    ))
}

fn is_stem(text: &str) -> bool {
    let is_stem_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
    !text.is_empty() && !text.starts_with('.') && text.bytes().all(is_stem_byte)
}

/// Tells whether the text is a stem, or one followed by `:next:<digits>`.
fn is_link(text: &str) -> bool {
    match text.split_once(":next:") {
        Some((stem, digits)) => check_new_run_id(stem).is_ok() && is_number(digits),
        None => check_new_run_id(text).is_ok(),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tells whether the text is a stem or link followed by parts `:child:<node>:<digits>`.
///
/// A node may hold colons and the word child, so any number of parts also reads as one part with a longer node.
fn is_child_id(text: &str) -> bool {
    let Some((stem, part)) = text.split_once(":child:") else {
        return false;
    };
    let Some((node, digits)) = part.rsplit_once(':') else {
        return false;
    };
    let is_node_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@,:=-".contains(&byte);
    is_link(stem) && !node.is_empty() && node.bytes().all(is_node_byte) && is_number(digits)
}
