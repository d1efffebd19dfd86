//! Answers of the methods that change something, and of the method that opens a stream.

use serde::Serialize;

/// The answer of `launchRun`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchAnswer<'a> {
    /// The new run.
    pub run_id: &'a str,
    /// Key of its workflow.
    pub workflow: &'a str,
    /// Whether the workflow is internal.
    pub system: bool,
}

/// The answer of `resumeRun`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResumeAnswer<'a> {
    run_id: &'a str,
    status: &'static str,
}

impl<'a> ResumeAnswer<'a> {
    /// The run goes on.
    pub fn requested(run_id: &'a str) -> ResumeAnswer<'a> {
        ResumeAnswer {
            run_id,
            status: "resume_requested",
        }
    }

    /// The run has ended.
    pub fn already_terminal(run_id: &'a str) -> ResumeAnswer<'a> {
        ResumeAnswer {
            run_id,
            status: "already_terminal",
        }
    }
}

/// The answer of `pauseRun`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PauseAnswer<'a> {
    run_id: &'a str,
    status: &'static str,
}

impl<'a> PauseAnswer<'a> {
    /// The run ends what is under way, then it is paused.
    pub fn pausing(run_id: &'a str) -> PauseAnswer<'a> {
        PauseAnswer {
            run_id,
            status: "pausing",
        }
    }
}

/// The answer of `retryTask`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RetryAnswer<'a> {
    run_id: &'a str,
    node_id: &'a str,
    iteration: u32,
    reset_nodes: Vec<&'a str>,
    status: &'static str,
}

impl<'a> RetryAnswer<'a> {
    /// The run goes on with the node; `reset` are the ids of everything that is done again.
    pub fn requested(
        run_id: &'a str,
        node_id: &'a str,
        iteration: u32,
        reset: Vec<&'a str>,
    ) -> RetryAnswer<'a> {
        RetryAnswer {
            run_id,
            node_id,
            iteration,
            reset_nodes: reset,
            status: "retry_requested",
        }
    }
}

/// The answer of `cancelRun`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CancelAnswer<'a> {
    won: bool,
    status: &'static str,
    terminal_status: &'static str,
    repaired: bool,
    run_id: &'a str,
}

impl<'a> CancelAnswer<'a> {
    /// This request cancelled the run.
    pub fn cancelled(run_id: &'a str) -> CancelAnswer<'a> {
        CancelAnswer {
            won: true,
            status: "cancelled",
            terminal_status: "cancelled",
            repaired: true,
            run_id,
        }
    }

    /// This request cancels the run, which first undoes what it did. An addition of ours.
    pub fn undoing(run_id: &'a str) -> CancelAnswer<'a> {
        CancelAnswer {
            status: "cancelling",
            ..CancelAnswer::cancelled(run_id)
        }
    }

    /// An earlier request had cancelled it.
    pub fn was_cancelled(run_id: &'a str) -> CancelAnswer<'a> {
        CancelAnswer {
            won: false,
            status: "already-terminal",
            terminal_status: "cancelled",
            repaired: false,
            run_id,
        }
    }
}

/// The answer of `submitSignal`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalAnswer<'a> {
    /// The run that has it.
    pub run_id: &'a str,
    /// Its number among the signals of the run, from 0.
    pub seq: u64,
    /// Its name.
    pub signal_name: &'a str,
    /// Its correlation.
    pub correlation_id: Option<&'a str>,
    /// When it came.
    pub received_at_ms: i64,
}

/// The answer of `submitApproval`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionAnswer<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The node that was decided.
    pub node_id: &'a str,
    /// Its iteration, from 0.
    pub iteration: u32,
    /// The decision.
    pub approved: bool,
}

/// The answer of `streamRunEvents`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamAnswer<'a> {
    /// The new stream.
    pub stream_id: &'a str,
    /// Its run.
    pub run_id: &'a str,
    /// The number after which the client wants events, as it asked.
    pub after_seq: Option<u64>,
    /// The newest number of the run; 0 before its first event.
    pub current_seq: u64,
}
