//! Scores in memory.

use smithers_model::RunId;
use smithers_model::score::{Judgement, Score, Scoring, ScoringKey};

use super::MemoryReader;
use super::state::Run;
use crate::read::{ReadResult, ScoreFilter, ScoreReader, ScoreRow};

impl Run {
    pub(super) fn begin_scoring(&mut self, scoring: Scoring) {
        self.scorings.insert(scoring.key.clone(), (scoring, None));
    }

    pub(super) fn end_scoring(&mut self, key: &ScoringKey, score: Option<Score>) {
        let Some((_, ended)) = self
            .scorings
            .get_mut(key)
            .filter(|(_, ended)| ended.is_none())
        else {
            return;
        };
        match score {
            Some(score) => *ended = Some(score),
            None => drop(self.scorings.remove(key)),
        }
    }

    pub(super) fn open_scorings(&self) -> Vec<Scoring> {
        let open = self.scorings.values().filter(|(_, ended)| ended.is_none());
        open.map(|(scoring, _)| scoring.clone()).collect()
    }

    fn score_rows(&self) -> impl Iterator<Item = ScoreRow> {
        let run_id = &self.row.run_id;
        let ended = self.scorings.values();
        let ended = ended.filter_map(|(scoring, ended)| Some((scoring, ended.as_ref()?)));
        ended.map(|(scoring, score)| ScoreRow {
            id: scoring.key.id(run_id),
            run_id: run_id.clone(),
            key: scoring.key.clone(),
            scorer_id: scoring.scorer_id.clone(),
            scorer_name: scoring.scorer_name.clone(),
            source: "live".into(),
            latency_ms: scoring.latency_ms,
            score: score.clone(),
        })
    }
}

impl ScoreFilter {
    fn leaves(&self, row: &ScoreRow) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        self.node
            .as_ref()
            .is_none_or(|node| *node == row.key.node.node_id)
            && is(&self.scorer_id, &row.scorer_id)
            && is(&self.scorer_name, &row.scorer_name)
            && self.source.is_none_or(|source| source == row.source)
    }
}

impl ScoreReader for MemoryReader {
    fn scorings(&self, run: &RunId) -> ReadResult<Vec<Scoring>> {
        Ok(self.run_or_default(run, |_, run| run.open_scorings()))
    }

    fn runs_with_scorings(&self, after: Option<&RunId>, limit: usize) -> ReadResult<Vec<RunId>> {
        let state = self.0.read();
        let runs = state.runs.values();
        let open = runs.filter(|run| !run.open_scorings().is_empty());
        let ids = open.map(|run| run.row.run_id.clone());
        let mut ids: Vec<RunId> = ids
            .filter(|id| after.is_none_or(|after| id > after))
            .collect();
        ids.sort();
        ids.truncate(limit);
        Ok(ids)
    }

    fn scores(&self, run: &RunId, filter: &ScoreFilter, limit: usize) -> ReadResult<Vec<ScoreRow>> {
        Ok(self.run_or_default(run, |_, run| {
            let rows = run.score_rows().filter(|row| filter.leaves(row));
            let mut rows: Vec<ScoreRow> = rows.map(without_values).collect();
            rows.sort_by(|a, b| (a.score.scored_at, &a.id).cmp(&(b.score.scored_at, &b.id)));
            if filter.newest_first {
                rows.reverse();
            }
            rows.truncate(limit);
            rows
        }))
    }

    fn count_scores(&self, run: &RunId, filter: &ScoreFilter) -> ReadResult<u64> {
        Ok(self.run_or_default(run, |_, run| {
            run.score_rows().filter(|row| filter.leaves(row)).count() as u64
        }))
    }

    fn score(&self, run: &RunId, id: &str) -> ReadResult<Option<ScoreRow>> {
        Ok(self.run_or_default(run, |_, run| run.score_rows().find(|row| row.id == id)))
    }
}

fn without_values(row: ScoreRow) -> ScoreRow {
    let Score {
        judgement,
        scored_at,
        duration_ms,
    } = row.score;
    ScoreRow {
        score: Score {
            judgement: Judgement {
                score: judgement.score,
                reason: judgement.reason,
                meta: None,
                input: None,
                output: None,
                ground_truth: None,
                context: None,
            },
            scored_at,
            duration_ms,
        },
        ..row
    }
}
