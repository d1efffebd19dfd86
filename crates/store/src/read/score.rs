//! Reading scores.

use smithers_model::score::{Score, Scoring, ScoringKey};
use smithers_model::{NodeId, RunId};

use super::ReadResult;

/// Reads what scorers have said of the results of tasks.
pub trait ScoreReader {
    /// Lists the scorings of a run that have not ended, by node id, iteration, attempt and scorer.
    fn scorings(&self, run: &RunId) -> ReadResult<Vec<Scoring>>;

    /// Lists runs with scorings that have not ended, by id, from the first after `after` on.
    fn runs_with_scorings(&self, after: Option<&RunId>, limit: usize) -> ReadResult<Vec<RunId>>;

    /// Lists scores of a run, by the time they were given, then their id. Their values are left out: `meta`, `input`,
    /// `output`, `ground_truth` and `context` are none.
    fn scores(&self, run: &RunId, filter: &ScoreFilter, limit: usize) -> ReadResult<Vec<ScoreRow>>;

    /// Counts the scores of a run.
    fn count_scores(&self, run: &RunId, filter: &ScoreFilter) -> ReadResult<u64>;

    /// Returns a score of a run with its values.
    fn score(&self, run: &RunId, id: &str) -> ReadResult<Option<ScoreRow>>;
}

/// Which scores of a run; what is none does not matter.
#[derive(Clone, Debug, Default)]
pub struct ScoreFilter {
    /// Of the results of a node, in all iterations.
    pub node: Option<NodeId>,
    /// By scorers of this id.
    pub scorer_id: Option<String>,
    /// By scorers of this name.
    pub scorer_name: Option<String>,
    /// How they were made: `live` or `batch`.
    pub source: Option<&'static str>,
    /// The newest first.
    pub newest_first: bool,
}

/// A score as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreRow {
    /// Its id.
    pub id: String,
    /// The run.
    pub run_id: RunId,
    /// Of what, and by whom.
    pub key: ScoringKey,
    /// Id of the scorer.
    pub scorer_id: String,
    /// Its name for people.
    pub scorer_name: String,
    /// How it was made: `live`.
    pub source: String,
    /// How long the attempt took, milliseconds.
    pub latency_ms: u64,
    /// The score.
    pub score: Score,
}
