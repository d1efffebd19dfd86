//! The notation of what asks people.

use std::num::NonZeroU32;

use serde_json::json;
use smithers_model::RawJson;
use smithers_model::approval::{
    ApprovalMode, ApprovalOption, ApprovalRequest, AutoApprove, OnDeny,
};
use smithers_model::ownership::Ownership;
use smithers_model::tree::{ApprovalSpec, TaskBody};

use super::elements::{Job, job};

/// An Approval that stores its decision.
pub(crate) fn approval(id: &str) -> Job {
    asking_node(id, ApprovalMode::Decision, "decision")
}

/// An Approval that offers options.
pub(crate) fn select(id: &str, options: &[&str]) -> Job {
    asking_node(id, ApprovalMode::Select, "pick").offering(options)
}

/// An Approval that asks for an order.
pub(crate) fn rank(id: &str, options: &[&str]) -> Job {
    asking_node(id, ApprovalMode::Rank, "order").offering(options)
}

/// A task with `needsApproval`.
pub(crate) fn asking(job: Job) -> Job {
    let id = job.0.node.node_id.to_string();
    let mut job = job;
    job.0.approval = Some(spec_of(ApprovalMode::Gate, &id));
    job
}

/// A task that a person answers with a text `v`.
pub(crate) fn human(id: &str) -> Job {
    let mut job = job(id, TaskBody::Answer(0));
    let schema =
        json!({ "type": "object", "properties": { "v": { "type": "string" } }, "required": ["v"] });
    let mut spec = spec_of(ApprovalMode::Gate, id);
    spec.request.answer_schema = Some(RawJson::of(&schema));
    job.0.approval = Some(spec);
    job
}

fn asking_node(id: &str, mode: ApprovalMode, table: &str) -> Job {
    let mut job = job(id, TaskBody::Decision).table(table);
    job.0.approval = Some(spec_of(mode, id));
    job
}

fn spec_of(mode: ApprovalMode, title: &str) -> ApprovalSpec {
    ApprovalSpec {
        request: ApprovalRequest::new(mode, title),
        on_deny: OnDeny::Fail,
    }
}

impl Job {
    pub(crate) fn on_deny(mut self, on_deny: OnDeny) -> Self {
        self.spec().on_deny = on_deny;
        self
    }

    pub(crate) fn users(mut self, users: &[&str]) -> Self {
        self.spec().request.allowed_users = users.iter().map(|&user| user.into()).collect();
        self
    }

    pub(crate) fn scopes(mut self, scopes: &[&str]) -> Self {
        self.spec().request.allowed_scopes = scopes.iter().map(|&scope| scope.into()).collect();
        self
    }

    pub(crate) fn owned(mut self, ownership: Ownership) -> Self {
        self.spec().request.ownership = ownership;
        self
    }

    /// So many people have to say yes.
    pub(crate) fn requiring(mut self, approvals: u32) -> Self {
        let approvals = NonZeroU32::new(approvals).expect("somebody has to");
        self.spec().request.required_approvals = approvals;
        self
    }

    /// What people read.
    pub(crate) fn titled(mut self, title: &str) -> Self {
        self.spec().request.title = title.into();
        self
    }

    /// Nobody is asked when this says so.
    pub(crate) fn auto(mut self, auto: AutoApprove) -> Self {
        self.spec().request.auto_approve = Some(auto);
        self
    }

    pub(crate) fn in_background(mut self) -> Self {
        self.spec().request.wait_async = true;
        self
    }

    fn offering(mut self, options: &[&str]) -> Self {
        self.spec().request.options = options
            .iter()
            .map(|&key| ApprovalOption {
                key: key.into(),
                label: key.to_uppercase(),
                summary: None,
                metadata: None,
            })
            .collect();
        self
    }

    fn spec(&mut self) -> &mut ApprovalSpec {
        self.0.approval.as_mut().expect("only approvals ask")
    }
}
