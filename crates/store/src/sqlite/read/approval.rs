//! Reading approvals.

use rusqlite::{Row, ToSql, params};
use smithers_model::approval::{Approval, ApprovalStatus, Decision, Precedent};
use smithers_model::ownership::Custody;
use smithers_model::party::Party;
use smithers_model::{NodeKey, RawJson, RunId};

use super::{SqliteReader, bound};
use crate::read::{
    ApprovalFilter, ApprovalReader, MOST_PASSED_OVER, PendingApproval, PrecedentFilter, ReadResult,
};
use crate::sqlite::codec::{
    Stored, from_json, node_key, optional_time, run_id, time, workflow_key,
};

macro_rules! select_approval {
    ($tail:literal) => {
        concat!(
            "SELECT run_id, node_id, iteration, status, requested_at_ms, request_json, decided_at_ms, note,
                    decided_by, token_id, decision_json, owner, owner_by_default, fallback_owner,
                    escalates_at_ms, escalated_at_ms, expires_at_ms, expired_at_ms, request_digest,
                    auto_approved, asked_by_hash
             FROM _smithers_approvals ",
            $tail
        )
    };
}

/// What waits, by the index that holds nothing else; the workflow is looked up by key.
macro_rules! select_pending {
    ($filter:literal) => {
        concat!(
            "SELECT a.run_id, a.node_id, a.iteration, a.status, a.requested_at_ms, a.request_json,
                    NULL, NULL, NULL, NULL, NULL, a.owner, a.owner_by_default, a.fallback_owner,
                    a.escalates_at_ms, a.escalated_at_ms, a.expires_at_ms, a.expired_at_ms,
                    a.request_digest, a.auto_approved, a.asked_by_hash, r.workflow_key
             FROM _smithers_approvals a CROSS JOIN _smithers_runs r ON r.run_id = a.run_id
             WHERE a.status = 'requested' ",
            $filter,
            " ORDER BY a.requested_at_ms, a.run_id, a.node_id, a.iteration LIMIT :limit"
        )
    };
}

/// What people decided about a node, by the index of precedents, with the name of the workflow then.
const PRECEDENTS: &str = "
    SELECT a.run_id, a.iteration, a.status = 'approved', a.decided_by, a.decided_at_ms, r.workflow_name
    FROM _smithers_approvals a CROSS JOIN _smithers_runs r ON r.run_id = a.run_id
    WHERE a.workflow_key = ?1 AND a.node_id = ?2
        AND a.decided_at_ms IS NOT NULL AND a.auto_approved = 0 AND a.withdrawn = 0
    ORDER BY a.decided_at_ms DESC, a.run_id DESC, a.iteration DESC LIMIT ?3";

fn approval_row(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let status = row.get::<_, Stored<ApprovalStatus>>(3)?.0;
    Ok(Approval {
        run_id: run_id(row, 0)?,
        node: node_key(row, 1)?,
        request: from_json(row, 5)?,
        request_digest: row.get(18)?,
        requested_at: time(row, 4)?,
        custody: custody(row)?,
        decision: match status {
            ApprovalStatus::Requested => None,
            ApprovalStatus::Approved => Some(answer(row, true, 6, 18)?),
            ApprovalStatus::Denied => Some(answer(row, false, 6, 18)?),
        },
        votes: Vec::new(),
        auto_approved: row.get(19)?,
        asked_by: row.get(20)?,
    })
}

fn custody(row: &Row<'_>) -> rusqlite::Result<Custody> {
    let party = |column| -> rusqlite::Result<Option<Party>> {
        let stored: Option<Stored<Party>> = row.get(column)?;
        Ok(stored.map(|Stored(party)| party))
    };
    Ok(Custody {
        owner: party(11)?,
        owner_by_default: row.get(12)?,
        fallback_owner: party(13)?,
        escalates_at: optional_time(row, 14)?,
        escalated_at: optional_time(row, 15)?,
        expires_at: optional_time(row, 16)?,
        expired_at: optional_time(row, 17)?,
    })
}

/// An answer, whose columns begin with its time at `first`, but for the digest of what it answers.
fn answer(
    row: &Row<'_>,
    approved: bool,
    first: usize,
    digest: usize,
) -> rusqlite::Result<Decision> {
    Ok(Decision {
        approved,
        decided_at: time(row, first)?,
        note: row.get(first + 1)?,
        decided_by: row.get(first + 2)?,
        token_id: row.get(first + 3)?,
        value: row
            .get::<_, Option<String>>(first + 4)?
            .map(RawJson::trusted),
        request_digest: row.get(digest)?,
    })
}

impl SqliteReader {
    /// Reads what people said about what is asked now, where more than one has to. A vote about anything else does
    /// not count.
    fn add_votes(&self, approval: &mut Approval) -> ReadResult<()> {
        if !approval.request.counts_votes() {
            return Ok(());
        }
        let sql =
            "SELECT v.approved, v.decided_at_ms, v.note, v.decided_by, v.token_id, v.decision_json,
                          v.request_digest
                   FROM _smithers_approvals a JOIN _smithers_approval_votes v
                        USING (run_id, node_id, iteration, round)
                   WHERE a.run_id = ?1 AND a.node_id = ?2 AND a.iteration = ?3
                       AND v.request_digest IS a.request_digest
                   ORDER BY v.vote_id";
        let node = &approval.node;
        let key = params![
            approval.run_id.as_str(),
            node.node_id.as_str(),
            node.iteration
        ];
        approval.votes = self.all(sql, key, |row| answer(row, row.get(0)?, 1, 6))?;
        Ok(())
    }
}

impl ApprovalReader for SqliteReader {
    fn pending(&self, filter: &ApprovalFilter) -> ReadResult<Vec<PendingApproval>> {
        let run = filter.run.as_ref().map(|run| run.as_str());
        let workflow = filter.workflow.as_ref().map(|key| key.as_str());
        let limit = bound(filter.limit);
        let mut params: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit)];
        if run.is_some() {
            params.push((":run", &run));
        }
        if workflow.is_some() {
            params.push((":workflow", &workflow));
        }
        let sql = match (run, workflow) {
            (None, None) => select_pending!(""),
            (Some(_), None) => select_pending!("AND a.run_id = :run"),
            (None, Some(_)) => select_pending!("AND r.workflow_key = :workflow"),
            (Some(_), Some(_)) => {
                select_pending!("AND a.run_id = :run AND r.workflow_key = :workflow")
            }
        };
        let mut pending = self.all(sql, &*params, |row| {
            Ok(PendingApproval {
                workflow_key: workflow_key(row, 21)?,
                approval: approval_row(row)?,
            })
        })?;
        for row in &mut pending {
            self.add_votes(&mut row.approval)?;
        }
        Ok(pending)
    }

    fn approvals(&self, run: &RunId) -> ReadResult<Vec<Approval>> {
        let sql = select_approval!(
            "WHERE run_id = ?1 AND withdrawn = 0 ORDER BY requested_at_ms, node_id, iteration"
        );
        let mut approvals = self.all(sql, [run.as_str()], approval_row)?;
        for approval in &mut approvals {
            self.add_votes(approval)?;
        }
        Ok(approvals)
    }

    fn precedents(&self, of: &PrecedentFilter) -> ReadResult<Vec<Precedent>> {
        let looked_at = bound(of.most.saturating_add(MOST_PASSED_OVER));
        let key = params![of.workflow.as_str(), of.node.as_str(), looked_at];
        let decided = self.all(PRECEDENTS, key, |row| {
            let precedent = Precedent {
                run_id: run_id(row, 0)?,
                iteration: row.get(1)?,
                approved: row.get(2)?,
                decided_by: row.get(3)?,
                decided_at: time(row, 4)?,
            };
            Ok((precedent, row.get::<_, String>(5)?))
        })?;
        Ok(of.pick(decided))
    }

    fn approval(&self, run: &RunId, node: &NodeKey) -> ReadResult<Option<Approval>> {
        let sql = select_approval!(
            "WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND withdrawn = 0"
        );
        let key = params![run.as_str(), node.node_id.as_str(), node.iteration];
        let mut approval = self.one(sql, key, approval_row)?;
        if let Some(approval) = &mut approval {
            self.add_votes(approval)?;
        }
        Ok(approval)
    }
}
