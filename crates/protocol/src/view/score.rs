//! What scorers have said.

use serde::Serialize;
use serde_json::value::RawValue;

/// A row of `listScores`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreRow<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The node whose result it is about.
    pub node_id: &'a str,
    /// Its iteration, from 0.
    pub iteration: u32,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Id of the scorer.
    pub scorer_id: &'a str,
    /// Its name for people.
    pub scorer_name: &'a str,
    /// How it was made: `live`.
    pub source: &'a str,
    /// From 0 to 1.
    pub score: f64,
    /// Why, for people.
    pub reason: Option<&'a str>,
    /// When it was given.
    pub scored_at_ms: i64,
    /// How long the attempt took.
    pub latency_ms: u64,
    /// How long the scorer took.
    pub duration_ms: u64,
}

/// A row of `listScoresForRuns`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedScoreRow<'a> {
    /// Its id.
    pub score_id: &'a str,
    /// The score.
    #[serde(flatten)]
    pub row: ScoreRow<'a>,
}

/// The answer of `listScoresForRuns`.
#[derive(Debug, Clone, Serialize)]
pub struct ScoresAnswer<'a> {
    /// A page of scores.
    pub rows: Vec<NamedScoreRow<'a>>,
    /// How many there are in all.
    pub total: u64,
}

/// The answer of `getScoreDetail`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreDetail<'a> {
    /// The score.
    #[serde(flatten)]
    pub row: NamedScoreRow<'a>,
    /// What else the scorer told.
    pub meta: Option<&'a RawValue>,
    /// What the task was asked.
    pub input: Option<&'a RawValue>,
    /// Its result.
    pub output: Option<&'a RawValue>,
    /// What it should have been.
    pub ground_truth: Option<&'a RawValue>,
    /// What it rests on.
    pub context: Option<&'a RawValue>,
}
