//! Which texts the rows of a step hold.

use std::sync::Arc;

use smithers_model::approval::ApprovalRequest;
use smithers_model::redact::Place;
use smithers_model::run::RunRow;
use smithers_model::score::Judgement;
use smithers_model::step::RowChange;

use super::Pass;

impl Pass<'_> {
    pub(super) fn change(&self, change: &mut RowChange) {
        match change {
            RowChange::InsertRun(run) => self.run(&mut run.row),
            RowChange::ContinueAs(next) => {
                self.run(&mut next.row);
                self.json(Place::Input, &mut next.told.payload);
                for signal in &mut next.signals {
                    self.json(Place::Output, &mut signal.payload);
                }
            }
            RowChange::UpdateRun(update) => {
                self.optional(&mut update.workflow_name, |name| {
                    self.text(Place::Label, name)
                });
                self.optional(&mut update.error, |error| self.error(error));
            }
            RowChange::PutBranch(branch) => {
                for text in [&mut branch.label, &mut branch.description] {
                    self.optional(text, |text| self.text(Place::Label, text));
                }
            }
            RowChange::PutNode(node) => {
                self.optional(&mut node.label, |label| self.text(Place::Label, label));
            }
            RowChange::PutAttempt(attempt) => {
                self.optional(&mut attempt.error, |error| self.error(error));
                self.optional(&mut attempt.meta, |meta| self.json(Place::Label, meta));
                if let Some(heartbeat) = &mut attempt.heartbeat {
                    self.optional(&mut heartbeat.data, |data| self.json(Place::Output, data));
                }
            }
            RowChange::AddSignal(signal) => self.json(Place::Output, &mut signal.payload),
            RowChange::PutOutput(row) => {
                let mut payload = row.payload.clone();
                self.json(Place::Output, &mut payload);
                if payload != row.payload {
                    Arc::make_mut(row).payload = payload;
                }
            }
            RowChange::PutCache(row) => self.json(Place::Output, &mut row.payload),
            RowChange::RequestApproval(approval) => {
                self.request(&mut approval.request);
                for vote in &mut approval.votes {
                    self.decision(vote);
                }
                self.optional(&mut approval.decision, |decision| self.decision(decision));
            }
            RowChange::DecideApproval { decision, .. }
            | RowChange::CastVote { vote: decision, .. } => self.decision(decision),
            // Its tree is cleaned when it is stored, once for all frames that have it.
            RowChange::PutFrame { .. } => {}
            RowChange::PutToolCall(call) => {
                for json in [&mut call.input, &mut call.output, &mut call.error] {
                    self.optional(json, |json| self.json(Place::Output, json));
                }
            }
            RowChange::EndScoring { score, .. } => {
                if let Some(score) = score {
                    self.judgement(&mut score.judgement);
                }
            }
            // Names, and ids of people, teams and roles, which pass like all names.
            RowChange::PutLoop(_)
            | RowChange::PutCustody { .. }
            | RowChange::BeginWait(_)
            | RowChange::EndWait(_)
            | RowChange::EndToolCalls(_)
            | RowChange::ArchiveToolCalls(_)
            | RowChange::TakeSignal { .. }
            | RowChange::TouchCache { .. }
            | RowChange::HoldDueTimes(_)
            | RowChange::BeginScoring(_)
            | RowChange::LetChildGo { .. }
            | RowChange::ForgetResults { .. }
            | RowChange::WithdrawApproval { .. }
            | RowChange::FireSchedule { .. }
            | RowChange::TimeTravel(_)
            // Names, states and places; rows that come back were cleaned when they were given.
            | RowChange::KeepDelta(_)
            | RowChange::Rewind(_)
            | RowChange::ForgetContinuation => {}
            RowChange::Reattach { input } => {
                self.optional(input, |input| self.json(Place::Input, input));
            }
            RowChange::Audit(record) => self.audit(record),
        }
    }

    fn judgement(&self, judgement: &mut Judgement) {
        self.optional(&mut judgement.reason, |reason| {
            self.text(Place::Output, reason)
        });
        let values = [
            &mut judgement.meta,
            &mut judgement.input,
            &mut judgement.output,
            &mut judgement.ground_truth,
            &mut judgement.context,
        ];
        for value in values {
            self.optional(value, |value| self.json(Place::Output, value));
        }
    }

    fn run(&self, row: &mut RunRow) {
        self.text(Place::Label, &mut row.workflow_name);
        self.json(Place::Config, &mut row.config);
        self.json(Place::Input, &mut row.input);
        self.optional(&mut row.error, |error| self.error(error));
    }

    fn request(&self, request: &mut ApprovalRequest) {
        let text = |text: &mut String| self.text(Place::Approval, text);
        text(&mut request.title);
        self.optional(&mut request.summary, text);
        self.optional(&mut request.metadata, |json| {
            self.json(Place::Approval, json)
        });
        for option in &mut request.options {
            text(&mut option.label);
            self.optional(&mut option.summary, text);
            self.optional(&mut option.metadata, |json| {
                self.json(Place::Approval, json)
            });
        }
    }
}
