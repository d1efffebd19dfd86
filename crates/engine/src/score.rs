//! Scorers of tasks: asked once a result is stored, beside the run (workflow-model 18). Nothing else follows from what
//! they say, or from their silence.
//!
//! ```text
//!   result stored ──► ScorerStarted, on record ──► said: ScorerFinished, its score is kept
//!                                              └─► silent, or cut off: ScorerFailed
//! ```
//!
//! A scoring may outlive its run: the owner of the run tells what came of it all the same.

use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::score::{Judgement, SCORER_FAILED, Score, Scoring, ScoringKey};
use smithers_model::step::RowChange;
use smithers_model::tree::TaskSpec;
use smithers_model::{NodeKey, Timestamp};

use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// How many scorings of the run are under way.
    pub fn scorings(&self) -> usize {
        self.scorings.len()
    }

    /// Remembers who looks at the result of an attempt that begins. Returns how many they are.
    pub(crate) fn choose_scorers(&mut self, task: &TaskSpec, attempt: u32) -> u32 {
        if task.scorers.is_empty() {
            return 0;
        }
        let scorers = task.scorers.iter();
        let chosen =
            scorers.filter(|scorer| scorer.looks_at(&self.run.run_id, &task.node, attempt));
        let chosen: Vec<_> = chosen.cloned().collect();
        let count = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
        if let Some(node) = self.nodes.get_mut(&task.node) {
            node.scorers = chosen;
        }
        count
    }

    /// Has the result of an attempt looked at that has just been stored. One that was taken over was made, and looked
    /// at, elsewhere.
    pub(crate) fn begin_scorings(&mut self, key: &NodeKey, attempt: u32, now: Timestamp) {
        let Some(node) = self.nodes.get_mut(key) else {
            return;
        };
        let scorers = std::mem::take(&mut node.scorers);
        if node.cached {
            return;
        }
        let latency_ms = u64::try_from(now.0 - node.started_at.0).unwrap_or(0);
        for scorer in scorers {
            let scoring = Scoring {
                key: ScoringKey {
                    node: key.clone(),
                    attempt,
                    scorer: scorer.key,
                },
                scorer_id: scorer.id,
                scorer_name: scorer.name,
                latency_ms,
                begun_at: now,
            };
            self.begin_scoring(scoring);
        }
    }

    fn begin_scoring(&mut self, scoring: Scoring) {
        self.open.event(Event::ScorerStarted {
            node: scoring.key.node.clone(),
            attempt: scoring.key.attempt,
            scorer_id: scoring.scorer_id.clone(),
            scorer_name: scoring.scorer_name.clone(),
        });
        self.open.command(Command::Score {
            key: scoring.key.clone(),
            latency_ms: scoring.latency_ms,
        });
        self.open
            .change(RowChange::BeginScoring(Box::new(scoring.clone())));
        self.scorings.insert(scoring.key.clone(), scoring);
    }

    /// A scorer has said what it has to say, or will not.
    pub(crate) fn scored(
        &mut self,
        key: &ScoringKey,
        outcome: Result<Box<Judgement>, ErrorInfo>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let scoring = self.scorings.remove(key).ok_or(Refusal::UnknownAttempt {
            node: key.node.clone(),
            attempt: key.attempt,
        })?;
        self.end_scoring(scoring, outcome, now);
        Ok(())
    }

    /// The process that had the scorings under way is gone, and with it what they looked at.
    pub(crate) fn cut_off_scorings(&mut self, now: Timestamp) {
        for (_, scoring) in std::mem::take(&mut self.scorings) {
            let error = ErrorInfo::coded(SCORER_FAILED, "it was cut off before it gave a score");
            self.end_scoring(scoring, Err(error), now);
        }
    }

    fn end_scoring(
        &mut self,
        scoring: Scoring,
        outcome: Result<Box<Judgement>, ErrorInfo>,
        now: Timestamp,
    ) {
        let Scoring {
            key,
            scorer_id,
            scorer_name,
            latency_ms: _,
            begun_at,
        } = scoring;
        let (node, attempt) = (key.node.clone(), key.attempt);
        let (event, score) = match outcome {
            Ok(judgement) => {
                let event = Event::ScorerFinished {
                    node,
                    attempt,
                    scorer_id,
                    scorer_name,
                    score: judgement.score,
                };
                let score = Score {
                    judgement: *judgement,
                    scored_at: now,
                    duration_ms: u64::try_from(now.0 - begun_at.0).unwrap_or(0),
                };
                self.open.weigh(score.bytes());
                (event, Some(Box::new(score)))
            }
            Err(error) => {
                let event = Event::ScorerFailed {
                    node,
                    attempt,
                    scorer_id,
                    scorer_name,
                    error,
                };
                (event, None)
            }
        };
        self.open.event(event);
        self.open.change(RowChange::EndScoring { key, score });
    }
}
