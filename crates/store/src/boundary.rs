//! The one place where text on its way into a database passes the redactor. A secret that comes this far
//! is replaced before a row, a published event or an error can show it.

use std::sync::Arc;

use smithers_model::RawJson;
use smithers_model::approval::{ApprovalRequest, Decision};
use smithers_model::audit::AuditRecord;
use smithers_model::deletion::{DeletionOrder, HoldOrder};
use smithers_model::error::ErrorInfo;
use smithers_model::redact::{REDACTED, Redactor};
use smithers_model::run::RunRow;
use smithers_model::step::{RowChange, StepWrite};

/// Most bytes of an audit row's particulars.
const MAX_AUDIT_DETAIL: usize = 16 * 1024;

/// Cleans texts in place; those that hold no secret are neither copied nor touched.
#[derive(Clone)]
pub(crate) struct Boundary(Arc<dyn Redactor>);

impl Boundary {
    pub(crate) fn new(redactor: Arc<dyn Redactor>) -> Self {
        Self(redactor)
    }

    /// Cleans everything of a step that can hold text of users. Ids and state names pass as they are.
    pub(crate) fn step(&self, step: &mut StepWrite) {
        for event in &mut step.events {
            self.json(&mut event.payload);
        }
        for change in &mut step.changes {
            self.change(change);
        }
    }

    fn change(&self, change: &mut RowChange) {
        match change {
            RowChange::InsertRun(run) => self.run(&mut run.row),
            RowChange::UpdateRun(update) => self.optional(&mut update.error, Self::error),
            RowChange::PutNode(node) => self.optional(&mut node.label, Self::text),
            RowChange::PutAttempt(attempt) => self.optional(&mut attempt.error, Self::error),
            RowChange::PutOutput(row) => {
                if let Some(clean) = self.cleaned_json(&row.payload) {
                    Arc::make_mut(row).payload = clean;
                }
            }
            RowChange::RequestApproval(approval) => {
                self.request(&mut approval.request);
                self.optional(&mut approval.decision, Self::decision);
            }
            RowChange::DecideApproval { decision, .. } => self.decision(decision),
            // Ids of people, teams and roles, which pass like all ids.
            RowChange::PutCustody { .. } => {}
            RowChange::PutFrame { tree, .. } => {
                // The hash stays: it names what was rendered, and frames refer to it.
                if let Some(clean) = self.cleaned(&tree.xml) {
                    Arc::make_mut(tree).xml = clean;
                }
            }
            RowChange::Audit(record) => self.audit(record),
        }
    }

    fn run(&self, row: &mut RunRow) {
        self.json(&mut row.config);
        self.json(&mut row.input);
        self.optional(&mut row.error, Self::error);
    }

    fn request(&self, request: &mut ApprovalRequest) {
        self.text(&mut request.title);
        self.optional(&mut request.summary, Self::text);
        self.optional(&mut request.metadata, Self::json);
        for option in &mut request.options {
            self.text(&mut option.label);
            self.optional(&mut option.summary, Self::text);
            self.optional(&mut option.metadata, Self::json);
        }
    }

    fn decision(&self, decision: &mut Decision) {
        self.optional(&mut decision.note, Self::text);
        self.optional(&mut decision.value, Self::json);
    }

    fn error(&self, error: &mut ErrorInfo) {
        self.text(&mut error.message);
        self.optional(&mut error.stack, Self::text);
        self.optional(&mut error.details, Self::json);
        if let Some(cause) = &mut error.cause {
            self.error(cause);
        }
    }

    /// Cleans the particulars of an audit row and bounds them.
    pub(crate) fn audit(&self, record: &mut AuditRecord) {
        self.optional(&mut record.subject, Self::text);
        self.json(&mut record.detail);
        let bytes = record.detail.as_str().len();
        if bytes > MAX_AUDIT_DETAIL {
            record.detail = RawJson::trusted(format!(r#"{{"omittedBytes":{bytes}}}"#));
        }
    }

    /// Returns an order whose reason is clean.
    pub(crate) fn deletion(&self, order: &DeletionOrder) -> DeletionOrder {
        let mut order = order.clone();
        self.optional(&mut order.reason, Self::text);
        order
    }

    /// Returns an order whose reason is clean.
    pub(crate) fn hold(&self, order: &HoldOrder) -> HoldOrder {
        let mut order = order.clone();
        self.text(&mut order.reason);
        order
    }

    fn optional<T>(&self, value: &mut Option<T>, clean: fn(&Self, &mut T)) {
        if let Some(value) = value {
            clean(self, value);
        }
    }

    fn text(&self, text: &mut String) {
        if let Some(clean) = self.cleaned(text) {
            *text = clean;
        }
    }

    fn json(&self, json: &mut RawJson) {
        if let Some(clean) = self.cleaned_json(json) {
            *json = clean;
        }
    }

    fn cleaned(&self, text: &str) -> Option<String> {
        self.0.redact(text)
    }

    /// A redactor that breaks the syntax must not make rows unreadable: the whole value goes then.
    fn cleaned_json(&self, json: &RawJson) -> Option<RawJson> {
        let clean = self.0.redact(json.as_str())?;
        Some(RawJson::parse(&clean).unwrap_or_else(|_| RawJson::of(REDACTED)))
    }
}

#[cfg(test)]
mod tests {
    use smithers_model::audit::Channel;
    use smithers_model::redact::BearerRedactor;

    use super::*;

    fn secret() -> String {
        format!("smithers_{}", "aB3-_".repeat(9))
    }

    fn boundary() -> Boundary {
        Boundary::new(Arc::new(BearerRedactor))
    }

    #[test]
    fn an_error_is_cleaned_down_to_its_last_cause() {
        let inner = ErrorInfo::thrown("Error", format!("bearer {}", secret()));
        let mut error = ErrorInfo::thrown("Error", "outer").caused_by(inner);
        boundary().error(&mut error);
        assert_eq!(error.cause.unwrap().message, "bearer [redacted]");
    }

    #[test]
    fn a_redactor_that_breaks_json_costs_the_whole_value_not_the_row() {
        struct Quoting;
        impl Redactor for Quoting {
            fn redact(&self, text: &str) -> Option<String> {
                Some(text.replace('x', "\""))
            }
        }
        let mut json = RawJson::trusted(r#"{"a":"x"}"#);
        Boundary::new(Arc::new(Quoting)).json(&mut json);
        assert_eq!(json.as_str(), r#""[redacted]""#);
    }

    #[test]
    fn oversized_audit_particulars_are_replaced_by_their_size() {
        let at = smithers_model::Timestamp(0);
        let mut record = AuditRecord {
            detail: RawJson::of(&"x".repeat(MAX_AUDIT_DETAIL)),
            ..AuditRecord::new(at, Channel::Http, "launch", "accepted")
        };
        boundary().audit(&mut record);
        assert_eq!(record.detail.as_str(), r#"{"omittedBytes":16386}"#);
    }
}
