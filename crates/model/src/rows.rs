//! All that is stored of a run and that it needs to go on: what the store reads is what the engine is made from.

use crate::approval::Approval;
use crate::continuation::Continuation;
use crate::effect::EffectNote;
use crate::loops::LoopRow;
use crate::node::{AttemptRow, NodeRow};
use crate::output::OutputRow;
use crate::run::RunRow;
use crate::score::Scoring;
use crate::signal::Signal;
use crate::wait::Wait;

/// The rows of a run, as of one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRows {
    /// The run itself.
    pub row: RunRow,
    /// What it is told of the run before it.
    pub continuation: Option<Continuation>,
    /// By node id and iteration.
    pub nodes: Vec<NodeRow>,
    /// By node id, iteration and attempt.
    pub attempts: Vec<AttemptRow>,
    /// By id.
    pub loops: Vec<LoopRow>,
    /// What nodes wait for besides decisions, by node id and iteration.
    pub waits: Vec<Wait>,
    /// Effects that are under way or must not be had again, by node id, iteration, attempt and number.
    pub effects: Vec<EffectNote>,
    /// Scorings that have not ended, by node id, iteration, attempt and scorer.
    pub scorings: Vec<Scoring>,
    /// By number.
    pub signals: Vec<Signal>,
    /// With their decisions, by the time they were asked for, then node id and iteration.
    pub approvals: Vec<Approval>,
    /// In completion order.
    pub outputs: Vec<OutputRow>,
    /// Tokens that calls of agents have read and written in it.
    pub tokens: u64,
}

impl RunRows {
    /// The rows of a run that has just been launched.
    pub fn of_new(row: RunRow) -> Self {
        Self {
            row,
            continuation: None,
            nodes: Vec::new(),
            attempts: Vec::new(),
            loops: Vec::new(),
            waits: Vec::new(),
            effects: Vec::new(),
            scorings: Vec::new(),
            signals: Vec::new(),
            approvals: Vec::new(),
            outputs: Vec::new(),
            tokens: 0,
        }
    }
}
