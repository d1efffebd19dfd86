//! The digest of an approval: which question exactly an answer is an answer to.
//!
//! Two requests have the same digest exactly when a person decides about the same thing: the same node of the same
//! run, asked with the same words, the same choices and the same rules of who decides. What is stored for the
//! workflow alone (`metadata`) and what says how the walk goes on (`waitAsync`) is no part of the question.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{ApprovalMode, ApprovalRequest};
use crate::json::RawJson;
use crate::ownership::Ownership;
use crate::{NodeKey, RunId};

/// Names the shape that is hashed; a change of the shape changes it.
const SHAPE: &str = "smithers.approval.1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    shape: &'static str,
    run_id: &'a RunId,
    node_id: &'a str,
    iteration: u32,
    mode: ApprovalMode,
    title: &'a str,
    summary: Option<&'a str>,
    options: Vec<Choice<'a>>,
    allowed_scopes: &'a [String],
    allowed_users: &'a [String],
    required_approvals: u32,
    ownership: &'a Ownership,
    answer_schema: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<&'a str>,
}

#[derive(Serialize)]
struct Choice<'a> {
    key: &'a str,
    label: &'a str,
    summary: Option<&'a str>,
}

impl ApprovalRequest {
    /// Returns the SHA-256 of the question as canonical JSON, in 64 lower-case hexadecimal digits. Keys are sorted,
    /// so that two renders that say the same in another order ask the same.
    pub fn digest(&self, run: &RunId, node: &NodeKey) -> String {
        let choices = self.options.iter().map(|option| Choice {
            key: &option.key,
            label: &option.label,
            summary: option.summary.as_deref(),
        });
        let question = Question {
            shape: SHAPE,
            run_id: run,
            node_id: node.node_id.as_str(),
            iteration: node.iteration,
            mode: self.mode,
            title: &self.title,
            summary: self.summary.as_deref(),
            options: choices.collect(),
            allowed_scopes: &self.allowed_scopes,
            allowed_users: &self.allowed_users,
            required_approvals: self.required_approvals.get(),
            ownership: &self.ownership,
            answer_schema: self.answer_schema.as_ref().map(RawJson::value),
            replay: self.replay.as_ref().map(|replay| &*replay.fingerprint),
        };
        let mut question = RawJson::of(&question).value();
        question.sort_all_objects();
        hex::encode(Sha256::digest(question.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::approval::ApprovalOption;
    use crate::effect::ReplayUnsafe;
    use crate::party::Party;

    fn asked() -> ApprovalRequest {
        ApprovalRequest {
            options: vec![option("Blue")],
            ..ApprovalRequest::new(ApprovalMode::Select, "Which?")
        }
    }

    fn option(label: &str) -> ApprovalOption {
        ApprovalOption {
            key: "blue".into(),
            label: label.into(),
            summary: None,
            metadata: None,
        }
    }

    fn digest(request: &ApprovalRequest) -> String {
        request.digest(&"r1".into(), &NodeKey::new("pick", 0))
    }

    fn with(change: impl FnOnce(&mut ApprovalRequest)) -> String {
        let mut request = asked();
        change(&mut request);
        digest(&request)
    }

    #[test]
    fn everything_that_a_person_decides_about_changes_the_digest() {
        let others = [
            asked().digest(&"r2".into(), &NodeKey::new("pick", 0)),
            asked().digest(&"r1".into(), &NodeKey::new("pack", 0)),
            asked().digest(&"r1".into(), &NodeKey::new("pick", 1)),
            with(|request| request.mode = ApprovalMode::Rank),
            with(|request| request.title = "Which one?".into()),
            with(|request| request.summary = Some("Of the colours".into())),
            with(|request| request.options = vec![option("Green")]),
            with(|request| request.options.push(option("Blue"))),
            with(|request| request.allowed_scopes = vec!["ship".into()]),
            with(|request| request.allowed_users = vec!["ship".into()]),
            with(|request| request.required_approvals = NonZeroU32::new(2).unwrap()),
            with(|request| request.ownership.owner = Some(Party::User("ann".into()))),
            with(|request| request.ownership.expires_after_ms = Some(5)),
            with(|request| request.answer_schema = Some(RawJson::empty_object())),
            with(|request| {
                let (run, node) = ("r1".into(), NodeKey::new("pick", 0));
                request.replay = Some(Box::new(ReplayUnsafe::about(&run, &node, [])));
            }),
        ];
        let mut all = others.to_vec();
        all.push(digest(&asked()));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), others.len() + 1, "two of them are the same");
    }

    #[test]
    fn what_nobody_is_shown_and_the_order_of_keys_change_nothing() {
        let hidden = |request: &mut ApprovalRequest| {
            request.metadata = Some(RawJson::empty_object());
            request.options[0].metadata = Some(RawJson::empty_object());
            request.wait_async = true;
        };
        assert_eq!(with(hidden), digest(&asked()));
        let schema = |text: &str| {
            let schema = RawJson::parse(text).unwrap();
            with(|request| request.answer_schema = Some(schema))
        };
        assert_eq!(
            schema(r#"{"a": 1, "b": {"c": 2, "d": 3}}"#),
            schema(r#"{"b":{"d":3,"c":2},"a":1}"#)
        );
    }

    /// Stored digests outlive versions: another text for the same question needs another shape.
    #[test]
    fn the_digest_of_a_question_stays_what_it_is() {
        assert_eq!(
            digest(&asked()),
            "2c0ff857bb1ced2c7dae3183f0e0f139ab788d5c0156b765579026f0598b401e"
        );
    }
}
