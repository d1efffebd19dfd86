//! Writing scores.

use rusqlite::{Connection, params};
use smithers_model::score::{Score, Scoring, ScoringKey};
use smithers_model::{RawJson, RunId};

/// Stores that a scorer looks at a result.
pub(super) fn begin(conn: &Connection, run: &RunId, scoring: &Scoring) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO _smithers_scorers
                   (id, run_id, node_id, iteration, attempt, scorer_key, scorer_id, scorer_name, source, begun_at_ms,
                    latency_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'live', ?9, ?10)";
    let Scoring {
        key,
        scorer_id,
        scorer_name,
        latency_ms,
        begun_at,
    } = scoring;
    conn.prepare_cached(sql)?.execute(params![
        key.id(run),
        run.as_str(),
        key.node.node_id.as_str(),
        key.node.iteration,
        key.attempt,
        key.scorer,
        scorer_id,
        scorer_name,
        begun_at.0,
        latency_ms,
    ])?;
    Ok(())
}

/// Stores what came of it. One that ended without a score leaves no row, and one that is gone gets none.
pub(super) fn end(
    conn: &Connection,
    run: &RunId,
    key: &ScoringKey,
    score: Option<&Score>,
) -> rusqlite::Result<()> {
    let id = key.id(run);
    let Some(score) = score else {
        let sql = "DELETE FROM _smithers_scorers WHERE id = ?1 AND score IS NULL";
        conn.prepare_cached(sql)?.execute([id])?;
        return Ok(());
    };
    let sql = "UPDATE _smithers_scorers
               SET score = ?2, reason = ?3, meta_json = ?4, input_json = ?5, output_json = ?6,
                   ground_truth_json = ?7, context_json = ?8, scored_at_ms = ?9, duration_ms = ?10
               WHERE id = ?1 AND score IS NULL";
    let judgement = &score.judgement;
    let text = |json: &Option<RawJson>| json.as_ref().map(|json| json.as_str().to_owned());
    conn.prepare_cached(sql)?.execute(params![
        id,
        judgement.score.get(),
        judgement.reason,
        text(&judgement.meta),
        text(&judgement.input),
        text(&judgement.output),
        text(&judgement.ground_truth),
        text(&judgement.context),
        score.scored_at.0,
        score.duration_ms,
    ])?;
    Ok(())
}
