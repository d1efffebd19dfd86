//! `listScores`, `listScoresForRuns` and `getScoreDetail`.

use serde_json::value::RawValue;
use smithers_model::{NodeId, RawJson, RunId};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{
    GetScoreDetail, ListScores, ListScoresForRuns, MOST_PAGED, Params,
};
use smithers_protocol::view::{NamedScoreRow, ScoreDetail, ScoreRow, ScoresAnswer};
use smithers_store::Reader;
use smithers_store::read::{ScoreFilter, ScoreRow as StoredScore};

use super::{Service, encode, error};

impl Service {
    pub(super) async fn list_scores(&self, params: &Params) -> Result<Payload, RpcError> {
        let ListScores { run_id, node_id } = ListScores::read(params)?;
        let filter = ScoreFilter {
            node: node_id.map(NodeId::new),
            ..ScoreFilter::default()
        };
        self.read(move |reader| {
            let run = RunId::from(run_id.as_str());
            if reader.run(&run).map_err(error::of_read)?.is_none() {
                return Err(RpcError::no_such_run(&run_id));
            }
            let found = reader.scores(&run, &filter, MOST_PAGED);
            let found = found.map_err(error::of_read)?;
            encode(&found.iter().map(row).collect::<Vec<_>>())
        })
        .await
    }

    pub(super) async fn list_scores_for_runs(&self, params: &Params) -> Result<Payload, RpcError> {
        let asked = ListScoresForRuns::read(params)?;
        self.read(move |reader| {
            let found = Found::read(reader, asked)?;
            encode(&ScoresAnswer {
                rows: found.page.iter().map(named).collect(),
                total: found.total,
            })
        })
        .await
    }

    pub(super) async fn get_score_detail(&self, params: &Params) -> Result<Payload, RpcError> {
        let GetScoreDetail { run_id, score_id } = GetScoreDetail::read(params)?;
        self.read(move |reader| {
            let run = existing(reader, &run_id)?;
            let found = reader.score(&run, &score_id).map_err(error::of_read)?;
            let found = found.ok_or_else(|| {
                let message = format!("Score not found: {score_id}");
                RpcError::new(ErrorCode::ScoreNotFound, message)
            })?;
            let judgement = &found.score.judgement;
            encode(&ScoreDetail {
                row: named(&found),
                meta: raw(&judgement.meta),
                input: raw(&judgement.input),
                output: raw(&judgement.output),
                ground_truth: raw(&judgement.ground_truth),
                context: raw(&judgement.context),
            })
        })
        .await
    }
}

/// A page of the scores of several runs.
struct Found {
    page: Vec<StoredScore>,
    total: u64,
}

impl Found {
    /// Reads the first scores of each run and merges them: a page lies within them.
    fn read(reader: &dyn Reader, asked: ListScoresForRuns) -> Result<Self, RpcError> {
        let (first, last) = (asked.offset, asked.offset + asked.limit);
        let filter = ScoreFilter {
            node: asked.node_id.map(NodeId::new),
            scorer_id: asked.scorer_id,
            scorer_name: asked.scorer_name,
            source: asked.source.map(|source| source.as_str()),
            newest_first: asked.newest_first,
        };
        let (mut page, mut total) = (Vec::new(), 0);
        for run_id in &asked.run_ids {
            let run = existing(reader, run_id)?;
            let of_run = reader.scores(&run, &filter, last);
            page.extend(of_run.map_err(error::of_read)?);
            total += reader.count_scores(&run, &filter).map_err(error::of_read)?;
        }
        page.sort_by(|a, b| (a.score.scored_at, &a.id).cmp(&(b.score.scored_at, &b.id)));
        if filter.newest_first {
            page.reverse();
        }
        page.truncate(last);
        page.drain(..first.min(page.len()));
        Ok(Self { page, total })
    }
}

fn existing(reader: &dyn Reader, run_id: &str) -> Result<RunId, RpcError> {
    let run = RunId::from(run_id);
    match reader.run(&run).map_err(error::of_read)? {
        Some(_) => Ok(run),
        None => Err(RpcError::run_not_found(run_id)),
    }
}

fn named(stored: &StoredScore) -> NamedScoreRow<'_> {
    NamedScoreRow {
        score_id: &stored.id,
        row: row(stored),
    }
}

fn row(stored: &StoredScore) -> ScoreRow<'_> {
    let StoredScore { key, score, .. } = stored;
    ScoreRow {
        run_id: stored.run_id.as_str(),
        node_id: key.node.node_id.as_str(),
        iteration: key.node.iteration,
        attempt: key.attempt,
        scorer_id: &stored.scorer_id,
        scorer_name: &stored.scorer_name,
        source: &stored.source,
        score: score.judgement.score.get(),
        reason: score.judgement.reason.as_deref(),
        scored_at_ms: score.scored_at.0,
        latency_ms: stored.latency_ms,
        duration_ms: score.duration_ms,
    }
}

/// A value as stored; one that is damaged is none.
fn raw(value: &Option<RawJson>) -> Option<&RawValue> {
    let value = value.as_ref()?;
    serde_json::from_str(value.as_str()).ok()
}
