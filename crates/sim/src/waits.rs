//! Leaves that wait for time or for people: what for, how it is said in a frame, and how it may end.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use smithers_model::approval::OnDeny;
use smithers_model::native::TaskBuilder;
use smithers_model::node::NodeState;
use smithers_model::ownership::{OnExpire, Ownership};
use smithers_model::signal::SignalAddress;
use smithers_model::wait::{EventSpec, OnTimeout};

use crate::interpreter::{Ending, output};

/// What a leaf waits for. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// For so long.
    Timer(u64),
    /// For a signal that is sent so long after the life began, early or not.
    Signal(u64),
    /// So long for a signal that nobody sends; it fails then, or is left out.
    Silence(u64, OnTimeout),
    /// As long as the second number for a signal that is sent at the first.
    Race(u64, u64),
    /// So long for an answer that nobody gives, and that counts as a no then.
    Unanswered(u64),
    /// For this answer, which is given when everybody's time is over.
    AnsweredLate(u64, bool),
    /// So long for this answer; without it in time, the answer is no.
    AnsweredOrNot(u64, bool),
}

/// What tells the signals of a run with one name apart.
pub(crate) const RIGHT: &str = "right";

/// The signal that task `number` may wait for.
pub(crate) fn address(number: u32, correlation: &str) -> SignalAddress {
    SignalAddress {
        signal_name: format!("s{number}"),
        correlation_id: Some(correlation.to_owned()),
    }
}

impl Wait {
    pub(crate) fn random(dice: &mut StdRng) -> Self {
        let (soon, later) = (dice.random_range(1..60), dice.random_range(1..250));
        match dice.random_range(0..8) {
            0 | 1 => Self::Timer(later),
            2 => Self::Signal(later),
            3 => {
                let on_timeout = [OnTimeout::Fail, OnTimeout::Skip][dice.random_range(0..2)];
                Self::Silence(soon, on_timeout)
            }
            4 => Self::Race(later, soon * 4),
            5 => Self::Unanswered(soon),
            6 => Self::AnsweredLate(soon, dice.random()),
            _ => Self::AnsweredOrNot(soon, dice.random()),
        }
    }

    /// Waits so long for a signal that nobody sends, and is left out then.
    pub(crate) fn left_alone(ms: u64) -> Self {
        Self::Silence(ms, OnTimeout::Skip)
    }

    /// Adds the task that waits so.
    pub(crate) fn build(self, number: u32, task: TaskBuilder<'_>) {
        let asks = |after, on_expire| {
            let ownership = Ownership {
                expires_after_ms: Some(after),
                on_expire,
                ..Ownership::default()
            };
            (ownership, "decision")
        };
        let (ownership, table) = match self {
            Self::Timer(ms) => return task.timer(Duration::from_millis(ms)),
            Self::Signal(_) => return task.event(event(number, None, OnTimeout::Fail)),
            Self::Silence(ms, on_timeout) => {
                return task
                    .continue_on_fail()
                    .event(event(number, Some(ms), on_timeout));
            }
            Self::Race(_, ms) => return task.event(event(number, Some(ms), OnTimeout::Skip)),
            Self::Unanswered(ms) | Self::AnsweredOrNot(ms, _) => asks(ms, OnExpire::Deny),
            Self::AnsweredLate(ms, _) => asks(ms, OnExpire::Wait),
        };
        let task = task.output(table).owned(ownership);
        task.approval("?", OnDeny::Continue);
    }

    /// How it may end for task `number`.
    pub(crate) fn endings(self, number: u32) -> Vec<Ending> {
        let heard = (NodeState::Finished, Some(output(number)));
        let answered = |approved| (NodeState::Finished, Some(i64::from(approved)));
        match self {
            Self::Timer(_) => vec![(NodeState::Finished, None)],
            Self::Signal(_) => vec![heard],
            Self::Silence(_, OnTimeout::Skip) => vec![(NodeState::Skipped, None)],
            Self::Silence(..) => vec![(NodeState::Failed, None)],
            Self::Race(..) => vec![heard, (NodeState::Skipped, None)],
            Self::Unanswered(_) => vec![answered(false)],
            Self::AnsweredLate(_, approved) => vec![answered(approved)],
            Self::AnsweredOrNot(_, approved) => vec![answered(approved), answered(false)],
        }
    }

    /// When its signal is sent; none for a wait that hears none, and an inner none where nobody sends it.
    pub(crate) fn mailed_at(self) -> Option<Option<u64>> {
        match self {
            Self::Signal(at) | Self::Race(at, _) => Some(Some(at)),
            Self::Silence(..) => Some(None),
            _ => None,
        }
    }

    /// How long its attempt lasts at least, unless it is cancelled.
    pub(crate) fn at_least(self) -> u64 {
        match self {
            Self::Timer(ms) | Self::Silence(ms, _) => ms,
            _ => 0,
        }
    }
}

fn event(number: u32, timeout_ms: Option<u64>, on_timeout: OnTimeout) -> EventSpec {
    EventSpec {
        address: address(number, RIGHT),
        timeout_ms,
        on_timeout,
        tagged: false,
        wait_async: false,
        callback: None,
    }
}
