//! Reading scores: lists come out of an index by time, what is under way out of one that holds nothing else.

use rusqlite::{Row, params};
use smithers_model::score::{Judgement, Score, ScoreValue, Scoring, ScoringKey};
use smithers_model::{RawJson, RunId};

use super::{SqliteReader, bound};
use crate::read::{ReadResult, ScoreFilter, ScoreReader, ScoreRow};
use crate::sqlite::codec::{node_key, run_id, time};

/// What a filter leaves; its parameters come after the run's.
macro_rules! filtered {
    () => {
        " FROM _smithers_scorers
          WHERE run_id = ?1 AND score IS NOT NULL
            AND (?2 IS NULL OR node_id = ?2) AND (?3 IS NULL OR scorer_id = ?3)
            AND (?4 IS NULL OR scorer_name = ?4) AND (?5 IS NULL OR source = ?5)"
    };
}

/// The parameters of a run and a filter, and what follows them.
macro_rules! wanted {
    ($run:expr, $filter:expr $(, $more:expr)*) => {
        params![
            $run.as_str(),
            $filter.node.as_ref().map(|node| node.as_str()),
            $filter.scorer_id,
            $filter.scorer_name,
            $filter.source
            $(, $more)*
        ]
    };
}

macro_rules! columns {
    () => {
        "SELECT node_id, iteration, attempt, scorer_key, scorer_id, scorer_name, latency_ms, id, run_id, source,
                score, reason, scored_at_ms, duration_ms"
    };
}

fn key(row: &Row<'_>) -> rusqlite::Result<ScoringKey> {
    Ok(ScoringKey {
        node: node_key(row, 0)?,
        attempt: row.get(2)?,
        scorer: row.get(3)?,
    })
}

fn scoring(row: &Row<'_>) -> rusqlite::Result<Scoring> {
    Ok(Scoring {
        key: key(row)?,
        scorer_id: row.get(4)?,
        scorer_name: row.get(5)?,
        latency_ms: row.get(6)?,
        begun_at: time(row, 7)?,
    })
}

/// A row without the values.
fn listed(row: &Row<'_>) -> rusqlite::Result<ScoreRow> {
    let value: f64 = row.get(10)?;
    let out_of_range = || rusqlite::Error::IntegralValueOutOfRange(10, 0);
    Ok(ScoreRow {
        id: row.get(7)?,
        run_id: run_id(row, 8)?,
        key: key(row)?,
        scorer_id: row.get(4)?,
        scorer_name: row.get(5)?,
        source: row.get(9)?,
        latency_ms: row.get(6)?,
        score: Score {
            judgement: Judgement {
                score: ScoreValue::new(value).ok_or_else(out_of_range)?,
                reason: row.get(11)?,
                meta: None,
                input: None,
                output: None,
                ground_truth: None,
                context: None,
            },
            scored_at: time(row, 12)?,
            duration_ms: row.get(13)?,
        },
    })
}

fn whole(row: &Row<'_>) -> rusqlite::Result<ScoreRow> {
    let json = |column: usize| -> rusqlite::Result<Option<RawJson>> {
        let text: Option<String> = row.get(column)?;
        Ok(text.map(RawJson::trusted))
    };
    let mut found = listed(row)?;
    let judgement = &mut found.score.judgement;
    judgement.meta = json(14)?;
    judgement.input = json(15)?;
    judgement.output = json(16)?;
    judgement.ground_truth = json(17)?;
    judgement.context = json(18)?;
    Ok(found)
}

impl ScoreReader for SqliteReader {
    fn scorings(&self, run: &RunId) -> ReadResult<Vec<Scoring>> {
        let sql = "SELECT node_id, iteration, attempt, scorer_key, scorer_id, scorer_name, latency_ms, begun_at_ms
                   FROM _smithers_scorers INDEXED BY _smithers_scorers_open
                   WHERE run_id = ?1 AND score IS NULL
                   ORDER BY node_id, iteration, attempt, scorer_key";
        self.all(sql, [run.as_str()], scoring)
    }

    fn runs_with_scorings(&self, after: Option<&RunId>, limit: usize) -> ReadResult<Vec<RunId>> {
        let sql = "SELECT DISTINCT run_id FROM _smithers_scorers INDEXED BY _smithers_scorers_open
                   WHERE score IS NULL AND run_id > ?1 ORDER BY run_id LIMIT ?2";
        let after = after.map_or("", |run| run.as_str());
        self.all(sql, params![after, bound(limit)], |row| run_id(row, 0))
    }

    fn scores(&self, run: &RunId, filter: &ScoreFilter, limit: usize) -> ReadResult<Vec<ScoreRow>> {
        let sql = match filter.newest_first {
            false => concat!(
                columns!(),
                filtered!(),
                " ORDER BY scored_at_ms, id LIMIT ?6"
            ),
            true => concat!(
                columns!(),
                filtered!(),
                " ORDER BY scored_at_ms DESC, id DESC LIMIT ?6"
            ),
        };
        self.all(sql, wanted!(run, filter, bound(limit)), listed)
    }

    fn count_scores(&self, run: &RunId, filter: &ScoreFilter) -> ReadResult<u64> {
        let sql = concat!("SELECT count(*)", filtered!());
        let counted = self.one(sql, wanted!(run, filter), |row| row.get(0))?;
        Ok(counted.unwrap_or(0))
    }

    fn score(&self, run: &RunId, id: &str) -> ReadResult<Option<ScoreRow>> {
        let sql = concat!(
            columns!(),
            ", meta_json, input_json, output_json, ground_truth_json, context_json
             FROM _smithers_scorers WHERE id = ?2 AND run_id = ?1 AND score IS NOT NULL"
        );
        self.one(sql, [run.as_str(), id], whole)
    }
}
