//! Reading a run back from its rows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use smithers_model::effect::EffectNote;
use smithers_model::node::{AttemptRow, NodeRow};
use smithers_model::output::OutputRow;
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::rows::RunRows;
use smithers_model::run::RunConfig;
use smithers_model::workflow::WorkflowDefinition;
use smithers_model::{NodeKey, RawJson};

use crate::aspect::Usage;
use crate::bind::Bonds;
use crate::cap::Cap;
use crate::identity::ChangedWorkflow;
use crate::inbox::Inbox;
use crate::lifecycle::TaskStatus;
use crate::node::Node;
use crate::open_step::OpenStep;
use crate::report::OUTPUT_LIMIT;
use crate::standing::Standings;
use crate::state::RunState;

impl RunState {
    /// Reads a run back. A running run does nothing before [`Fact::TakenUp`]; a parked one goes on with
    /// the next decision.
    ///
    /// [`Fact::TakenUp`]: smithers_model::fact::Fact::TakenUp
    pub fn load(
        loaded: RunRows,
        definition: Arc<WorkflowDefinition>,
        policy: Arc<ApprovalPolicy>,
    ) -> Self {
        let nodes = load_nodes(loaded.nodes, &loaded.attempts);
        let running: BTreeSet<NodeKey> = nodes
            .iter()
            .filter(|(_, node)| matches!(node.status, TaskStatus::Running { .. }))
            .map(|(key, _)| key.clone())
            .collect();
        let approvals = loaded
            .approvals
            .into_iter()
            .map(|approval| (approval.node.clone(), approval))
            .collect();
        // A damaged configuration (only possible in stored data) reads as one that names nothing.
        let config: Option<RunConfig> = serde_json::from_str(loaded.row.config.as_str()).ok();
        let row_key = |row: &OutputRow| (row.table.clone(), row.node.clone());
        let carried = match loaded.continuation {
            Some(_) => loaded.outputs.iter().map(row_key).collect(),
            None => BTreeSet::new(),
        };
        let cap = config.as_ref().and_then(|config| config.max_concurrency);
        let mut run = Self {
            cap: Cap::of(cap),
            output_limit: config
                .as_ref()
                .map_or(OUTPUT_LIMIT, |config| config.max_output_bytes),
            launcher: config
                .as_ref()
                .map(|config| config.auth.triggered_by.clone()),
            policy,
            on_change: ChangedWorkflow::default(),
            patches: config
                .as_ref()
                .map(|config| config.patches.clone())
                .unwrap_or_default(),
            auth: config.map(|config| RawJson::of(&config.auth)),
            run: loaded.row,
            definition,
            nodes,
            loops: loaded
                .loops
                .into_iter()
                .map(|row| (row.id.clone(), row))
                .collect(),
            approvals,
            waits: loaded
                .waits
                .into_iter()
                .map(|wait| (wait.node.clone(), wait))
                .collect(),
            inbox: Inbox::load(loaded.signals),
            rows: loaded.outputs.into_iter().map(Arc::new).collect(),
            rows_given: 0,
            rows_rendered: 0,
            frame: None,
            standings: Standings::default(),
            renders: VecDeque::new(),
            checked_sets: BTreeSet::new(),
            running,
            children_to_find: BTreeSet::new(),
            carried,
            continuation: loaded.continuation.as_ref().map(RawJson::of),
            foreign_questions: BTreeSet::new(),
            precedents_wanted: BTreeMap::new(),
            precedents: BTreeMap::new(),
            sites: BTreeMap::new(),
            effects: by_node(loaded.effects),
            scorings: loaded
                .scorings
                .into_iter()
                .map(|scoring| (scoring.key.clone(), scoring))
                .collect(),
            bonds: Bonds::default(),
            usage: Usage::of(loaded.tokens),
            open: OpenStep::default(),
        };
        run.find_foreign_questions();
        run
    }
}

fn load_nodes(rows: Vec<NodeRow>, attempts: &[AttemptRow]) -> BTreeMap<NodeKey, Node> {
    let mut by_node: BTreeMap<&NodeKey, Vec<&AttemptRow>> = BTreeMap::new();
    for attempt in attempts {
        by_node.entry(&attempt.node).or_default().push(attempt);
    }
    rows.into_iter()
        .map(|row| {
            let own = by_node.remove(&row.node).unwrap_or_default();
            (row.node.clone(), Node::load(row, own.into_iter()))
        })
        .collect()
}

fn by_node(effects: Vec<EffectNote>) -> BTreeMap<NodeKey, Vec<EffectNote>> {
    let mut by_node: BTreeMap<NodeKey, Vec<EffectNote>> = BTreeMap::new();
    for effect in effects {
        by_node.entry(effect.node.clone()).or_default().push(effect);
    }
    by_node
}
