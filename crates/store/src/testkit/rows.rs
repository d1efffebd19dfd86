//! Rows with little in them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde_json::json;
use smithers_model::approval::{Approval, ApprovalMode, ApprovalRequest, Decision};
use smithers_model::audit::{AuditRecord, Channel, Deployment};
use smithers_model::effect::{CallKind, CallStatus, EffectNote, ToolCall};
use smithers_model::frame::{FrameRow, TreeContent};
use smithers_model::loops::{LoopRow, LoopState};
use smithers_model::node::{AttemptRow, AttemptState, Heartbeat, NodeRow, NodeState};
use smithers_model::output::{ColumnKind, Field, OutputRow, OutputTable};
use smithers_model::ownership::Custody;
use smithers_model::party::Party;
use smithers_model::score::{Judgement, Score, ScoreValue, Scoring, ScoringKey};
use smithers_model::signal::{Signal, SignalAddress};
use smithers_model::step::RowChange;
use smithers_model::wait::{OnTimeout, Wait, WaitCause};
use smithers_model::workflow::{ModuleRevision, WorkflowDefinition};
use smithers_model::worktree::KeptFiles;
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};

/// Workflow `w` with tables `result` (a column of every kind) and `finalNote` (one text).
pub fn definition() -> Arc<WorkflowDefinition> {
    let result = [
        ("text", ColumnKind::String),
        ("score", ColumnKind::Number),
        ("maxCount", ColumnKind::Integer),
        ("ok", ColumnKind::Boolean),
        ("data", ColumnKind::Json),
    ];
    let note = [("body", ColumnKind::String)];
    workflow(
        "w",
        None,
        vec![table("result", &result), table("finalNote", &note)],
    )
}

/// Workflow `typed` with input fields `name` and `count`, and no tables.
pub fn typed_definition() -> Arc<WorkflowDefinition> {
    let input = vec![
        field("name", ColumnKind::String),
        field("count", ColumnKind::Integer),
    ];
    workflow("typed", Some(input), Vec::new())
}

fn workflow(
    key: &str,
    input_fields: Option<Vec<Field>>,
    outputs: Vec<Arc<OutputTable>>,
) -> Arc<WorkflowDefinition> {
    Arc::new(WorkflowDefinition {
        key: key.into(),
        readable_name: None,
        description: None,
        system: false,
        input_fields,
        outputs,
        result_table: None,
        schedule: None,
        webhook: None,
        revision: ModuleRevision::default(),
    })
}

/// A table declared at `<key>.tsx:1:1`.
pub fn table(key: &str, fields: &[(&str, ColumnKind)]) -> Arc<OutputTable> {
    Arc::new(OutputTable {
        key: key.into(),
        fields: fields
            .iter()
            .map(|(name, kind)| field(name, *kind))
            .collect(),
        declared_at: format!("{key}.tsx:1:1"),
    })
}

/// A field that must be there.
pub fn field(name: &str, kind: ColumnKind) -> Field {
    Field {
        name: name.into(),
        kind,
        shown_type: "unknown".into(),
        optional: false,
        nullable: false,
        description: None,
        members: None,
    }
}

/// A change to a loop, in pass `iteration`.
pub fn repeated(id: &str, iteration: u32, done: bool) -> RowChange {
    RowChange::PutLoop(LoopRow {
        id: id.into(),
        iteration,
        state: if done {
            LoopState::Exhausted
        } else {
            LoopState::Going
        },
        updated_at: Timestamp(6),
    })
}

/// A node in `state`.
pub fn node(id: &str, state: NodeState) -> RowChange {
    RowChange::PutNode(NodeRow {
        node: NodeKey::new(id, 0),
        state,
        last_attempt: (state != NodeState::Pending).then_some(1),
        updated_at: Timestamp(7),
        output_table: Some("result".into()),
        label: Some(format!("the {id}")),
        bound: None,
    })
}

/// An attempt in `state`; the next one is due at `retry_at`.
pub fn attempt(id: &str, number: u32, state: AttemptState, retry_at: Option<i64>) -> RowChange {
    RowChange::PutAttempt(AttemptRow {
        node: NodeKey::new(id, 0),
        attempt: number,
        state,
        started_at: Timestamp(8),
        finished_at: (state != AttemptState::InProgress).then_some(Timestamp(9)),
        error: None,
        retry_at: retry_at.map(Timestamp),
        heartbeat: (number > 1).then(|| Heartbeat {
            at: Timestamp(8),
            data: Some(RawJson::of(&number)).filter(|_| number > 2),
        }),
        meta: (number > 1).then(|| RawJson::of(&serde_json::json!({ "number": number }))),
        cached: false,
        files: (number > 1).then(|| KeptFiles {
            path: format!("/trees/{id}"),
            base: "b".repeat(40),
            end: (number > 2).then(|| "e".repeat(40)),
        }),
    })
}

/// A call that begins: number 0 is that of the task.
pub fn tool_call(id: &str, attempt: u32, seq: u32, idempotent: bool) -> RowChange {
    let kind = match seq {
        0 => CallKind::Task,
        _ => CallKind::Tool,
    };
    RowChange::PutToolCall(Box::new(ToolCall {
        note: EffectNote {
            node: NodeKey::new(id, 0),
            attempt,
            seq,
            tool_name: format!("tool {seq}"),
            kind,
            side_effect: true,
            idempotent,
            status: CallStatus::Started,
        },
        token: format!("{id} {attempt} {seq}"),
        has_revert: idempotent,
        idempotency_key: idempotent.then(|| format!("{id} {seq}")),
        input: (seq > 0).then(|| RawJson::of(&seq)),
        output: None,
        error: None,
        started_at: Timestamp(10 + i64::from(seq)),
        finished_at: None,
        revert_status: None,
    }))
}

/// A scorer begins to look at the result of an attempt.
pub fn scoring(id: &str, attempt: u32, scorer: &str) -> RowChange {
    RowChange::BeginScoring(Box::new(Scoring {
        key: scoring_key(id, attempt, scorer),
        scorer_id: format!("{scorer}-id"),
        scorer_name: scorer.to_uppercase(),
        latency_ms: 7,
        begun_at: Timestamp(10),
    }))
}

/// It has given `score` hundredths, or none, at `at`.
pub fn scored(id: &str, attempt: u32, scorer: &str, score: Option<u8>, at: i64) -> RowChange {
    let score = score.and_then(|score| ScoreValue::new(f64::from(score) / 100.0));
    RowChange::EndScoring {
        key: scoring_key(id, attempt, scorer),
        score: score.map(|score| {
            Box::new(Score {
                judgement: Judgement {
                    score,
                    reason: Some(format!("{scorer} of {id}")),
                    meta: None,
                    input: Some(RawJson::of(&attempt)),
                    output: Some(RawJson::of(&id)),
                    ground_truth: Some(RawJson::of(&at)),
                    context: None,
                },
                scored_at: Timestamp(at),
                duration_ms: 3,
            })
        }),
    }
}

/// Names a scoring.
pub fn scoring_key(id: &str, attempt: u32, scorer: &str) -> ScoringKey {
    ScoringKey {
        node: NodeKey::new(id, 0),
        attempt,
        scorer: scorer.to_owned(),
    }
}

/// A node begins to wait for what `cause` says, until `due` at most.
pub fn wait(id: &str, cause: WaitCause, due: Option<i64>) -> RowChange {
    RowChange::BeginWait(Wait {
        node: NodeKey::new(id, 0),
        since: Timestamp(4),
        due: due.map(Timestamp),
        cause,
    })
}

/// A signal for `for_signal("s", correlation)`.
pub fn signal(seq: u64, correlation: Option<&str>) -> RowChange {
    RowChange::AddSignal(Box::new(Signal {
        seq,
        address: SignalAddress {
            signal_name: "s".into(),
            correlation_id: correlation.map(str::to_owned),
        },
        payload: RawJson::of(&seq),
        received_at: Timestamp(5),
        received_by: correlation.map(str::to_owned),
        taken_by: None,
    }))
}

/// The signal `name` with a correlation as cause of a wait.
pub fn for_signal(name: &str, correlation: Option<&str>) -> WaitCause {
    WaitCause::Event {
        address: SignalAddress {
            signal_name: name.into(),
            correlation_id: correlation.map(str::to_owned),
        },
        on_timeout: OnTimeout::Skip,
        tagged: false,
    }
}

/// A row for `table`.
pub fn output(table: &str, id: &str, payload: &serde_json::Value) -> RowChange {
    RowChange::PutOutput(Arc::new(OutputRow {
        table: table.into(),
        node: NodeKey::new(id, 0),
        payload: RawJson::of(payload),
    }))
}

/// A request for a decision by anybody.
pub fn approval(run: &RunId, id: &str, requested_at: i64) -> RowChange {
    owned_approval(run, id, requested_at, Custody::default())
}

/// A request for a decision that somebody answers for.
pub fn owned_approval(run: &RunId, id: &str, requested_at: i64, custody: Custody) -> RowChange {
    RowChange::RequestApproval(Box::new(Approval {
        run_id: run.clone(),
        node: NodeKey::new(id, 0),
        request: ApprovalRequest {
            metadata: Some(RawJson::of(&json!({"id": id}))),
            allowed_users: vec!["user:ann".into()],
            ..ApprovalRequest::new(ApprovalMode::Decision, format!("{id}?"))
        },
        request_digest: Some(digest_of(id)),
        asked_by: Some(format!("module of {id}")),
        requested_at: Timestamp(requested_at),
        custody,
        votes: Vec::new(),
        decision: None,
        auto_approved: false,
    }))
}

/// The digest of what is asked about `id`, in every run.
fn digest_of(id: &str) -> String {
    format!("digest of {id}")
}

/// Ann answers for it; from `escalates_at` on the release team too, until `expires_at`.
pub fn custody(escalates_at: Option<i64>, expires_at: Option<i64>) -> Custody {
    Custody {
        owner: Some(Party::User("user:ann".into())),
        owner_by_default: true,
        fallback_owner: Some(Party::Team("release".into())),
        escalates_at: escalates_at.map(Timestamp),
        expires_at: expires_at.map(Timestamp),
        ..Custody::default()
    }
}

/// A decision by Ann.
pub fn decision(id: &str, approved: bool) -> RowChange {
    RowChange::DecideApproval {
        node: NodeKey::new(id, 0),
        decision: Decision {
            approved,
            note: Some("seen".into()),
            decided_by: Some("user:ann".into()),
            token_id: Some("0850123315d21ab9".into()),
            value: Some(RawJson::of(&json!({"approved": approved}))),
            request_digest: Some(digest_of(id)),
            decided_at: Timestamp(99),
        },
    }
}

/// A vote of `user`.
pub fn vote(id: &str, user: &str, approved: bool) -> RowChange {
    RowChange::CastVote {
        node: NodeKey::new(id, 0),
        vote: Decision {
            approved,
            note: Some("counted".into()),
            decided_by: Some(user.into()),
            token_id: None,
            value: Some(RawJson::of(&json!({"approved": approved}))),
            request_digest: Some(digest_of(id)),
            decided_at: Timestamp(98),
        },
    }
}

/// A request that `required` people have to say yes to.
pub fn counted_approval(run: &RunId, id: &str, requested_at: i64, required: u32) -> RowChange {
    let mut change = approval(run, id, requested_at);
    if let RowChange::RequestApproval(approval) = &mut change {
        let required = NonZeroU32::new(required).expect("somebody has to");
        approval.request.required_approvals = required;
    }
    change
}

/// A frame whose tree is the JSON text `"<content>"`.
pub fn frame(number: u64, content: &str) -> RowChange {
    let xml = format!("{content:?}");
    let hash = format!("hash of {content}");
    RowChange::PutFrame {
        frame: FrameRow {
            frame_no: number,
            created_at: Timestamp(5),
            tree_hash: hash.clone(),
            trigger: None,
        },
        tree: Arc::new(TreeContent {
            hash,
            xml,
            mounted_tasks: r#"["a::0"]"#.into(),
            task_index: "[]".into(),
        }),
    }
}

/// An audit row about `run`.
pub fn audit_record(kind: &str, run: &RunId) -> RowChange {
    RowChange::Audit(AuditRecord {
        actor_id: Some("user:ann".into()),
        ..AuditRecord::new(Timestamp(3), Channel::Http, kind, "accepted").about(run)
    })
}

/// A start of the gateway.
pub fn deployment(id: &str) -> Deployment {
    Deployment {
        id: id.into(),
        started_at: Timestamp(1),
        product_version: "0.1.0".into(),
        config_digest: "c0ffee".into(),
        module_path: None,
        module_hash: None,
        build_commit: None,
        module_revision: None,
        settings: BTreeMap::new(),
    }
}

/// The rows of a trail that begins with `records`, linked as the store links them.
pub fn linked(records: impl IntoIterator<Item = AuditRecord>) -> Vec<crate::read::AuditEntry> {
    let mut hash = crate::audit_chain::GENESIS.to_owned();
    let link = |(seq, record)| {
        let entry = crate::audit_chain::link(seq, record, &hash);
        hash.clone_from(&entry.hash);
        entry
    };
    (1..).zip(records).map(link).collect()
}
