//! Signals and the nodes that wait for them (workflow-model 9.2). A signal that came early is found, one that comes
//! in time ends the wait, and a wait that is over says so by itself.

use serde_json::json;
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::frame::Trigger;
use smithers_model::node::AttemptState;
use smithers_model::planted::{Bug, planted};
use smithers_model::run::{Actor, RunStatus};
use smithers_model::signal::{Signal, SignalAddress};
use smithers_model::step::RowChange;
use smithers_model::tree::TaskSpec;
use smithers_model::wait::{EventSpec, OnTimeout, Wait, WaitCause, WaitKind};
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::lifecycle::{TaskFact, TaskStatus};
use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// Keeps a signal. The first node that waits for it takes it, and a parked run goes on with that.
    pub(crate) fn take_in(
        &mut self,
        address: SignalAddress,
        payload: RawJson,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let listener = self.listener(&address);
        if listener.is_none() && self.inbox.is_full() {
            return Err(Refusal::InboxFull);
        }
        let signal = Signal {
            seq: self.inbox.next_seq(),
            address,
            payload,
            received_at: now,
            received_by: actor.user_id.clone(),
            taken_by: listener.clone(),
        };
        self.open
            .change(RowChange::Audit(self.signal_record(&signal, actor, now)));
        if !self.run.status.is_terminal() {
            self.open.event(Event::SignalReceived {
                signal_seq: signal.seq,
                address: signal.address.clone(),
            });
        }
        self.open.weigh(signal.payload.as_str().len());
        self.open
            .change(RowChange::AddSignal(Box::new(signal.clone())));
        self.inbox.add(signal);
        if let Some(node) = listener {
            self.hear(&node, now);
        }
        Ok(())
    }

    /// The number of the newest signal, and when it came.
    pub fn newest_signal(&self) -> Option<(u64, Timestamp)> {
        self.inbox.newest()
    }

    /// The first node that waits for `address`.
    fn listener(&self, address: &SignalAddress) -> Option<NodeKey> {
        let waits = |wait: &&Wait| {
            let own = wait.cause.address();
            let is_of_name = |own: &SignalAddress| own.signal_name == address.signal_name;
            own == Some(address) || planted(Bug::CorrelationIgnored) && own.is_some_and(is_of_name)
        };
        self.waits
            .values()
            .find(waits)
            .map(|wait| wait.node.clone())
    }

    /// What a node waits for is there.
    fn hear(&mut self, node: &NodeKey, now: Timestamp) {
        self.forget_wait(node);
        self.standings.touch(node);
        if !matches!(self.run.status, RunStatus::Running | RunStatus::Paused) {
            self.go_on(now);
        }
    }

    fn signal_record(&self, signal: &Signal, actor: &Actor, now: Timestamp) -> AuditRecord {
        let detail = json!({
            "seq": signal.seq,
            "correlationId": signal.address.correlation_id,
        });
        AuditRecord {
            subject: Some(signal.address.signal_name.clone()),
            detail: RawJson::of(&detail),
            ..AuditRecord::by(now, actor, kind::SIGNAL, "accepted").about(&self.run.run_id)
        }
    }

    /// Makes a node wait for its signal, unless that is there already.
    pub(crate) fn listen(&mut self, task: &TaskSpec, spec: &EventSpec, now: Timestamp) {
        let key = &task.node;
        self.know(task, now);
        self.forget_due(key);
        if !self.inbox.has_taken(key)
            && let Some(seq) = self.inbox.take(key, &spec.address)
        {
            let node = key.clone();
            self.open.change(RowChange::TakeSignal { seq, node });
        }
        if self.inbox.has_taken(key) {
            return self.receive(task, spec, now);
        }
        self.begin_to_wait(key, WaitKind::Event, now);
        self.put_attempt(key, AttemptState::WaitingEvent);
        let due = spec
            .timeout_ms
            .map(|ms| now.plus(std::time::Duration::from_millis(ms)));
        self.open.event(Event::NodeWaitingEvent {
            node: key.clone(),
            address: spec.address.clone(),
            times_out_at_ms: due,
        });
        self.store_wait(Wait {
            node: key.clone(),
            since: now,
            due,
            cause: WaitCause::Event {
                address: spec.address.clone(),
                on_timeout: spec.on_timeout,
                tagged: spec.tagged,
            },
        });
    }

    /// Hands a node the signal that it has taken. Waits have no events of their own where they end well.
    fn receive(&mut self, task: &TaskSpec, spec: &EventSpec, now: Timestamp) {
        let key = &task.node;
        let Some(value) = self
            .inbox
            .payload_of(key)
            .map(|payload| shaped(payload, spec))
        else {
            return;
        };
        let node = &self.nodes[key];
        let attempt = match node.status {
            TaskStatus::Waiting(_) => node.last_attempt,
            _ => node.last_attempt + 1,
        };
        self.move_node(key, TaskFact::Started { attempt }, now);
        self.put_attempt(key, AttemptState::InProgress);
        self.running.insert(key.clone());
        match spec.callback {
            None => self.succeed(key, &value, now),
            Some(callback) => self.open.command(Command::StartTask {
                node: key.clone(),
                attempt,
                failures: self.nodes[key].failures,
                callback,
                last_heartbeat: None,
                given: Some(value),
                worktree: None,
                cached: false,
                scorings: 0,
            }),
        }
    }

    /// The time of a wait for a signal is over. A parked run goes on with that.
    pub(crate) fn time_out(
        &mut self,
        wait: &Wait,
        on_timeout: OnTimeout,
        tagged: bool,
        now: Timestamp,
    ) {
        let key = &wait.node;
        if self.run.status != RunStatus::Running {
            self.go_on(now);
            self.renders.clear();
        }
        match on_timeout {
            OnTimeout::Skip => {
                self.move_node(key, TaskFact::LeftOut, now);
                self.put_attempt(key, AttemptState::Skipped);
                self.open.event(Event::NodeSkipped { node: key.clone() });
                self.renders.push_back(Some(Trigger::task_finished(key)));
            }
            OnTimeout::Continue if tagged => {
                self.succeed(key, &RawJson::of(&json!({ "kind": "timeout" })), now);
            }
            OnTimeout::Continue | OnTimeout::Fail => {
                self.fail_attempt(key, late(wait, now), false, now);
            }
        }
    }
}

/// What a node stores of a signal.
fn shaped(payload: &RawJson, spec: &EventSpec) -> RawJson {
    match spec.tagged {
        true => RawJson::of(&json!({ "kind": "signal", "payload": payload.value() })),
        false => payload.clone(),
    }
}

fn late(wait: &Wait, now: Timestamp) -> ErrorInfo {
    let name = wait
        .cause
        .address()
        .map_or("", |address| &address.signal_name);
    let waited = now.since(wait.since).as_millis();
    let message = format!("no signal `{name}` came within {waited} ms");
    ErrorInfo::coded("TASK_TIMEOUT", message)
}
