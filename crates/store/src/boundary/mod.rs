//! The one place where text on its way into a database passes the redactor. A secret that comes this far is
//! replaced before a row, a published event or an error can show it; in a name it makes the step refused.
//!
//! What a run keeps in memory must be what its rows say, so whoever takes in an input, an output or a decision
//! lets it pass here too, before the run sees it.

mod change;
mod names;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use smithers_model::approval::Decision;
use smithers_model::audit::AuditRecord;
use smithers_model::deletion::{DeletionOrder, HoldOrder};
use smithers_model::delivery::Delivery;
use smithers_model::error::ErrorInfo;
use smithers_model::frame::TreeContent;
use smithers_model::redact::{Clean, Finding, Pieces, Place, Redactor, WHOLE};
use smithers_model::schedule::{ScheduleChange, ScheduleOrder};
use smithers_model::step::StepWrite;
use smithers_model::workflow::ModuleRevision;
use smithers_model::{RawJson, RunId};

use crate::commit::Refusal;

/// Most bytes of an audit row's particulars.
const MAX_AUDIT_DETAIL: usize = 16 * 1024;

/// Cleans texts in place; those that hold no secret are neither copied nor touched. Cheap to clone.
#[derive(Clone)]
pub struct Boundary(Arc<dyn Redactor>);

impl Boundary {
    /// Uses `redactor`.
    pub fn new(redactor: Arc<dyn Redactor>) -> Self {
        Self(redactor)
    }

    /// Returns the certain secrets in the input of a run to be, for its refusal.
    pub fn secrets_in_input(&self, input: &RawJson) -> Vec<Finding> {
        self.0.certain(Place::Input, input.as_str())
    }

    /// Tells whether `name` cannot be the name of anything, because it holds a certain secret.
    pub fn is_secret_name(&self, name: &str) -> bool {
        let clean = self.0.text(Place::Name, name);
        clean.is_some_and(|clean| !clean.certain.is_empty())
    }

    /// Cleans the input of a run.
    pub fn input(&self, run: &RunId, input: &mut RawJson) {
        self.of(run).json(Place::Input, input);
    }

    /// Cleans the output of a task. Returns true when it held a secret.
    pub fn output(&self, run: &RunId, output: &mut RawJson) -> bool {
        self.of(run).is_cleaned(Place::Output, output)
    }

    /// Cleans what a signal tells.
    pub fn signal(&self, run: &RunId, payload: &mut RawJson) {
        self.of(run).json(Place::Output, payload);
    }

    /// Begins to clean what a task writes while it runs.
    pub fn written(&self) -> Box<dyn Pieces> {
        self.0.clone().pieces(Place::Output)
    }

    /// Cleans what a person answered.
    pub fn decision(&self, run: &RunId, decision: &mut Decision) {
        self.of(run).decision(decision);
    }

    /// Cleans everything of a step that can hold text of users, but its [`tree`](Self::tree)s. Names pass as they
    /// are; see [`names`](Self::names).
    pub(crate) fn step(&self, step: &mut StepWrite) {
        let pass = self.of(&step.run_id);
        for event in &mut step.events {
            pass.json(Place::Event, &mut event.payload);
        }
        for change in &mut step.changes {
            pass.change(change);
        }
    }

    /// Returns `tree` without its secrets; `None` when it is clean. The hash stays: it names what was rendered, and
    /// frames refer to it. Asked for trees that are not stored yet, since equal frames come by the hundred.
    pub(crate) fn tree(&self, run: &RunId, tree: &TreeContent) -> Option<TreeContent> {
        let clean = self.0.text(Place::Frame, &tree.xml)?;
        self.of(run).warn(Place::Frame, &clean);
        Some(TreeContent {
            xml: clean.text,
            ..tree.clone()
        })
    }

    /// Refuses a step whose names hold a secret: they cannot be replaced, since other rows refer to them.
    pub(crate) fn names(&self, step: &StepWrite) -> Result<(), Refusal> {
        match names::of(step).find(|(_, name)| self.is_secret_name(name)) {
            Some((what, _)) => Err(Refusal::constraint(format!("the {what} holds a secret"))),
            None => Ok(()),
        }
    }

    /// Cleans the particulars of an audit row and bounds them.
    pub(crate) fn audit(&self, record: &mut AuditRecord) {
        let run = record.run_id.clone().unwrap_or_else(|| RunId::from(""));
        self.of(&run).audit(record);
    }

    /// Returns an order whose reason is clean.
    pub(crate) fn deletion(&self, order: &DeletionOrder) -> DeletionOrder {
        let mut order = order.clone();
        let pass = self.of(&order.run_id);
        pass.optional(&mut order.reason, |text| pass.text(Place::Audit, text));
        order
    }

    /// Returns an order whose reason is clean.
    pub(crate) fn hold(&self, order: &HoldOrder) -> HoldOrder {
        let mut order = order.clone();
        let pass = self.of(&order.run_id);
        pass.text(Place::Audit, &mut order.reason);
        order
    }

    /// Returns an order whose error and audit row are clean.
    pub(crate) fn schedule(&self, order: &ScheduleOrder) -> ScheduleOrder {
        let mut order = order.clone();
        let no_run = RunId::from("");
        let pass = self.of(&no_run);
        match &mut order.change {
            ScheduleChange::Put(schedule) => {
                pass.optional(&mut schedule.error, |error| pass.error(error));
            }
            ScheduleChange::Move { error, .. } => pass.optional(error, |error| pass.error(error)),
            ScheduleChange::Remove(_) => {}
        }
        pass.optional(&mut order.audit, |record| pass.audit(record));
        order
    }

    /// Returns a delivery whose answer is clean.
    pub(crate) fn delivery(&self, delivery: &Delivery) -> Delivery {
        let mut delivery = delivery.clone();
        let no_run = RunId::from("");
        let pass = self.of(&no_run);
        pass.optional(&mut delivery.answer, |json| pass.json(Place::Event, json));
        delivery
    }

    /// Cleans the source of a module graph; the hash stays that of what was loaded. `None` when it is clean.
    pub(crate) fn module(&self, revision: &ModuleRevision) -> Option<ModuleRevision> {
        let clean = |text: &String| self.0.text(Place::Module, text).map(|clean| clean.text);
        let is_dirty = |(_, source): &(String, String)| clean(source).is_some();
        if !revision.files.iter().any(is_dirty) {
            return None;
        }
        tracing::warn!(module = %revision.entry, "the source of the module holds a secret; it is stored without");
        let files = revision.files.iter().map(|(path, source)| {
            let source = clean(source).unwrap_or_else(|| source.clone());
            (path.clone(), source)
        });
        Some(ModuleRevision {
            files: Arc::new(files.collect()),
            ..revision.clone()
        })
    }

    fn of<'a>(&'a self, run: &'a RunId) -> Pass<'a> {
        Pass {
            redactor: &*self.0,
            run,
        }
    }
}

/// The texts of one run on their way.
struct Pass<'a> {
    redactor: &'a dyn Redactor,
    run: &'a RunId,
}

impl Pass<'_> {
    fn decision(&self, decision: &mut Decision) {
        self.optional(&mut decision.note, |text| self.text(Place::Note, text));
        self.optional(&mut decision.value, |json| self.json(Place::Decision, json));
    }

    fn error(&self, error: &mut ErrorInfo) {
        self.text(Place::Error, &mut error.name);
        self.text(Place::Error, &mut error.message);
        self.optional(&mut error.code, |text| self.text(Place::Error, text));
        self.optional(&mut error.stack, |text| self.text(Place::Error, text));
        self.optional(&mut error.details, |json| self.json(Place::Error, json));
        if let Some(cause) = &mut error.cause {
            self.error(cause);
        }
    }

    fn audit(&self, record: &mut AuditRecord) {
        self.optional(&mut record.subject, |text| self.text(Place::Audit, text));
        self.json(Place::Audit, &mut record.detail);
        let bytes = record.detail.as_str().len();
        if bytes > MAX_AUDIT_DETAIL {
            record.detail = RawJson::trusted(format!(r#"{{"omittedBytes":{bytes}}}"#));
        }
    }

    fn optional<T>(&self, value: &mut Option<T>, clean: impl FnOnce(&mut T)) {
        if let Some(value) = value {
            clean(value);
        }
    }

    fn text(&self, place: Place, text: &mut String) {
        if let Some(clean) = self.redactor.text(place, text) {
            self.warn(place, &clean);
            *text = clean.text;
        }
    }

    fn json(&self, place: Place, json: &mut RawJson) {
        self.is_cleaned(place, json);
    }

    /// Cleans a value and returns true when it held something. A redactor that breaks the syntax must not make rows
    /// unreadable: the whole value goes then.
    fn is_cleaned(&self, place: Place, json: &mut RawJson) -> bool {
        let Some(clean) = self.redactor.json(place, json.as_str()) else {
            return false;
        };
        self.warn(place, &clean);
        *json = RawJson::parse(&clean.text).unwrap_or_else(|_| RawJson::of(WHOLE));
        true
    }

    fn warn(&self, place: Place, clean: &Clean) {
        for Finding { path, rule } in &clean.certain {
            let kind = place.as_str();
            tracing::warn!(run.id = %self.run, kind, path, rule, "a secret was replaced before it was stored");
        }
    }
}
