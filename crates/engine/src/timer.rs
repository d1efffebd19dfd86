//! Timers: they begin when their turn comes, beside whatever runs, and fire at their time (workflow-model 9.4).

use serde_json::json;
use smithers_model::event::Event;
use smithers_model::frame::Trigger;
use smithers_model::node::AttemptState;
use smithers_model::run::RunStatus;
use smithers_model::tree::TaskSpec;
use smithers_model::wait::{TimerDue, TimerSpec, Wait, WaitCause, WaitKind};
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::lifecycle::TaskFact;
use crate::state::RunState;

impl RunState {
    /// Begins a timer. One that is due already fires in the same step.
    pub(crate) fn begin_timer(&mut self, task: &TaskSpec, spec: &TimerSpec, now: Timestamp) {
        let key = &task.node;
        self.know(task, now);
        self.forget_due(key);
        self.begin_to_wait(key, WaitKind::Timer, now);
        let due = spec.due.from(now);
        if let Some(node) = self.nodes.get_mut(key) {
            node.meta = Some(meta(key, spec, now, due));
        }
        self.put_attempt(key, AttemptState::WaitingTimer);
        self.open.event(Event::TimerCreated {
            timer_id: key.node_id.clone(),
            fires_at_ms: due,
            timer_type: spec.due.timer_type(),
        });
        let wait = Wait {
            node: key.clone(),
            since: now,
            due: Some(due),
            cause: WaitCause::Timer,
        };
        if due <= now {
            return self.fire(&wait, now);
        }
        self.store_wait(wait);
        self.open.event(Event::NodeWaitingTimer {
            node: key.clone(),
            fires_at_ms: due,
        });
    }

    /// The time of a timer has come. A parked run goes on with it.
    pub(crate) fn fire(&mut self, wait: &Wait, now: Timestamp) {
        let key = &wait.node;
        let fires_at = wait.due.unwrap_or(now);
        if self.run.status != RunStatus::Running {
            self.go_on(now);
            self.renders.clear();
        }
        if let Some(node) = self.nodes.get_mut(key) {
            node.meta = node.meta.take().map(|meta| fired(&meta, now));
        }
        self.move_node(key, TaskFact::Succeeded, now);
        let attempt = self.put_attempt(key, AttemptState::Finished);
        self.open.event(Event::TimerFired {
            timer_id: key.node_id.clone(),
            fires_at_ms: fires_at,
            fired_at_ms: now,
            delay_ms: now.0.saturating_sub(fires_at.0),
        });
        self.open.event(Event::NodeFinished {
            node: key.clone(),
            attempt,
        });
        self.renders.push_back(Some(Trigger::timer_fired(key)));
    }
}

/// What is stored of a timer beside its attempt.
fn meta(key: &NodeKey, spec: &TimerSpec, now: Timestamp, due: Timestamp) -> RawJson {
    let (duration, until) = match spec.due {
        TimerDue::After(_) => (Some(&spec.text), None),
        TimerDue::At(_) => (None, Some(&spec.text)),
    };
    RawJson::of(&json!({ "timer": {
        "timerId": key.node_id,
        "timerType": spec.due.timer_type(),
        "duration": duration,
        "until": until,
        "createdAtMs": now,
        "firesAtMs": due,
        "firedAtMs": null,
    }}))
}

fn fired(meta: &RawJson, now: Timestamp) -> RawJson {
    let mut meta = meta.value();
    meta["timer"]["firedAtMs"] = json!(now);
    RawJson::of(&meta)
}
