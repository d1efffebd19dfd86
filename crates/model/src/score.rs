//! Scores: what scorers say of the results of tasks (workflow-model 18).
//!
//! A *scoring* is one scorer looking at the result of one attempt. It begins in the step that stores the result, and it
//! is on record until it has ended, so that none is lost without a word.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::ErrorInfo;
use crate::json::RawJson;
use crate::{NodeKey, RunId, Timestamp};

/// Code of the error of a scoring that did not come to its end.
pub const SCORER_FAILED: &str = "SCORER_FAILED";
/// Most bytes of each value that is kept with a score; a larger one is replaced by a note of its size.
pub const MOST_VALUE_BYTES: usize = 64 * 1024;
/// Most characters of a reason.
pub const MOST_REASON: usize = 4_000;
/// All results, as the rate of a scorer: parts of a million.
const ALL: u32 = 1_000_000;

/// A scorer of a task, as rendered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScorerSpec {
    /// Its name in the `scorers` of the task.
    pub key: String,
    /// Its own id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Of a million results, how many it looks at.
    pub per_million: u32,
}

impl ScorerSpec {
    /// Whether it looks at the result of an attempt. The answer is always the same for the same attempt, so that a run
    /// that is read back decides alike.
    pub fn looks_at(&self, run: &RunId, node: &NodeKey, attempt: u32) -> bool {
        let drawn = || {
            let material = format!("{run}\0{node}\0{attempt}\0{}", self.key);
            let digest = Sha256::digest(material);
            let first = digest.first_chunk::<8>().copied().unwrap_or_default();
            u64::from_be_bytes(first) % u64::from(ALL)
        };
        match self.per_million {
            0 => false,
            share => share >= ALL || drawn() < u64::from(share),
        }
    }
}

/// Which scoring of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScoringKey {
    /// Whose result.
    pub node: NodeKey,
    /// Of which attempt.
    pub attempt: u32,
    /// By which scorer: its name in the `scorers` of the task.
    pub scorer: String,
}

impl ScoringKey {
    /// The id of its score: 32 hexadecimal digits, the same whenever it is asked for.
    pub fn id(&self, run: &RunId) -> String {
        let Self {
            node,
            attempt,
            scorer,
        } = self;
        let digest = Sha256::digest(format!("score\0{run}\0{node}\0{attempt}\0{scorer}"));
        hex::encode(&digest[..16])
    }
}

/// A scoring that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scoring {
    /// Which.
    pub key: ScoringKey,
    /// Id of the scorer.
    pub scorer_id: String,
    /// Its name for people.
    pub scorer_name: String,
    /// How long the attempt took, milliseconds.
    pub latency_ms: u64,
    /// When it began.
    pub begun_at: Timestamp,
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ScoreValue(f64);

// It is never NaN.
impl Eq for ScoreValue {}

impl ScoreValue {
    /// Takes a number from 0 to 1; none for any other.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// What a scorer has said, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The score.
    pub score: ScoreValue,
    /// Why, for people.
    pub reason: Option<String>,
    /// What else it tells.
    pub meta: Option<RawJson>,
    /// What the task was asked.
    pub input: Option<RawJson>,
    /// Its result.
    pub output: Option<RawJson>,
    /// What it should have been.
    pub ground_truth: Option<RawJson>,
    /// What it rests on.
    pub context: Option<RawJson>,
}

/// A judgement as the script writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    score: f64,
    reason: Option<String>,
    meta: Option<RawJson>,
    input: Option<RawJson>,
    output: Option<RawJson>,
    ground_truth: Option<RawJson>,
    context: Option<RawJson>,
}

impl Judgement {
    /// Reads what a scorer has said and makes it as small as it may be kept. Fails with `SCORER_FAILED` when it says no
    /// number from 0 to 1.
    pub fn read(text: &RawJson) -> Result<Self, ErrorInfo> {
        let refuse = |why: String| ErrorInfo::coded(SCORER_FAILED, why);
        let written: Written = serde_json::from_str(text.as_str())
            .map_err(|error| refuse(format!("its result is no score: {error}")))?;
        let score = ScoreValue::new(written.score)
            .ok_or_else(|| refuse(format!("{} is no number from 0 to 1", written.score)))?;
        Ok(Self {
            score,
            reason: written.reason.map(shortened),
            meta: written.meta.and_then(kept),
            input: written.input.and_then(kept),
            output: written.output.and_then(kept),
            ground_truth: written.ground_truth.and_then(kept),
            context: written.context.and_then(kept),
        })
    }
}

fn shortened(reason: String) -> String {
    match reason.char_indices().nth(MOST_REASON) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason,
    }
}

/// A value as it is kept; null is none.
fn kept(value: RawJson) -> Option<RawJson> {
    let bytes = value.as_str().len();
    match value.as_str() {
        "null" => None,
        _ if bytes > MOST_VALUE_BYTES => {
            let note =
                serde_json::json!({ "omitted": { "bytes": bytes, "most": MOST_VALUE_BYTES } });
            Some(RawJson::of(&note))
        }
        _ => Some(value),
    }
}

/// How a scoring has ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// What was said.
    pub judgement: Judgement,
    /// When.
    pub scored_at: Timestamp,
    /// How long the scorer took, milliseconds.
    pub duration_ms: u64,
}

impl Score {
    /// Rough size in memory, bytes.
    pub fn bytes(&self) -> usize {
        let Judgement {
            score: _,
            reason,
            meta,
            input,
            output,
            ground_truth,
            context,
        } = &self.judgement;
        let values = [meta, input, output, ground_truth, context];
        let values = values.into_iter().flatten();
        reason.as_ref().map_or(0, String::len)
            + values.map(|value| value.as_str().len()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(per_million: u32) -> ScorerSpec {
        ScorerSpec {
            key: "k".into(),
            id: "i".into(),
            name: "n".into(),
            per_million,
        }
    }

    fn looked_at(per_million: u32) -> usize {
        let (scorer, run) = (spec(per_million), RunId::from("r"));
        let nodes = (0..10_000).map(|pass| NodeKey::new("a", pass));
        nodes.filter(|node| scorer.looks_at(&run, node, 1)).count()
    }

    #[test]
    fn a_rate_is_the_share_of_results_that_are_looked_at() {
        assert_eq!((looked_at(0), looked_at(ALL)), (0, 10_000));
        let quarter = looked_at(ALL / 4);
        assert!((2_300..2_700).contains(&quarter), "{quarter}");
    }

    #[test]
    fn scorers_of_one_task_draw_by_themselves() {
        let (one, run) = (spec(ALL / 2), RunId::from("r"));
        let other = ScorerSpec {
            key: "other".into(),
            ..one.clone()
        };
        let differs = |pass| {
            let node = NodeKey::new("a", pass);
            one.looks_at(&run, &node, 1) != other.looks_at(&run, &node, 1)
        };
        assert!((0..100).any(differs));
    }

    #[test]
    fn a_score_is_a_number_from_0_to_1() {
        for (value, is_one) in [(0.0, true), (1.0, true), (1.01, false), (-0.1, false)] {
            let text = RawJson::of(&json!({ "score": value }));
            assert_eq!(Judgement::read(&text).is_ok(), is_one, "{value}");
        }
        assert!(ScoreValue::new(f64::NAN).is_none());
        let error = Judgement::read(&RawJson::of(&json!({ "score": null }))).unwrap_err();
        assert!(error.has_code(SCORER_FAILED));
    }

    #[test]
    fn what_is_too_large_is_kept_as_its_size() {
        let long = "x".repeat(MOST_VALUE_BYTES);
        let text = json!({ "score": 1, "reason": long, "output": long, "meta": null, "input": 3 });
        let judgement = Judgement::read(&RawJson::of(&text)).unwrap();
        assert_eq!(judgement.reason.unwrap().chars().count(), MOST_REASON + 1);
        let output = judgement.output.unwrap().value();
        assert_eq!(output["omitted"]["bytes"], MOST_VALUE_BYTES + 2);
        assert_eq!(
            (judgement.meta, judgement.input),
            (None, Some(RawJson::of(&3)))
        );
    }

    #[test]
    fn ids_tell_scorings_apart_and_stay() {
        let key = |node: &str, pass, attempt, scorer: &str| ScoringKey {
            node: NodeKey::new(node, pass),
            attempt,
            scorer: scorer.into(),
        };
        let keys = [
            key("a", 0, 1, "k"),
            key("b", 0, 1, "k"),
            key("a", 1, 1, "k"),
            key("a", 0, 2, "k"),
            key("a", 0, 1, "l"),
        ];
        let ids = |run: &str| keys.each_ref().map(|key| key.id(&RunId::from(run)));
        let mut all = [ids("r"), ids("s")].concat();
        assert!(all.iter().all(|id| id.len() == 32));
        assert_eq!(ids("r"), ids("r"));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 2 * keys.len());
    }
}
