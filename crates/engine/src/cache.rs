//! Results that are kept for others, and those that stand for an attempt's own (workflow-model 8.6).
//!
//! What was kept is looked up by the owner of the run once the attempt is stored, as its body would be run then.

use std::time::Duration;

use smithers_model::cache::{
    CacheFill, CachePlace, CacheRow, CachedResult, MAX_PAYLOAD, schema_sig,
};
use smithers_model::event::Event;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::outcome::Arrival;
use crate::output;
use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// Returns where the result of `node` belongs, which its key says; none when its table is not known.
    pub fn cache_place(&self, node: &NodeKey) -> Option<CachePlace> {
        let known = self.nodes.get(node)?;
        Some(CachePlace {
            run_id: self.run.run_id.clone(),
            workflow_name: self.run.workflow_name.clone(),
            table: self.definition.output_table(&known.output_table)?.clone(),
        })
    }

    /// Returns true when `payload` is a row of the table of `node` as it is now: one that was stored and kept is in its
    /// form already, so that nothing is missing and nothing is left over.
    pub fn fits(&self, node: &NodeKey, payload: &RawJson) -> bool {
        let table = self.nodes.get(node).map(|known| &known.output_table);
        table.is_some_and(|table| {
            let stored = output::stored_form(&self.definition, node, table, payload);
            stored.is_ok_and(|stored| stored.value() == payload.value())
        })
    }

    /// Returns true while `attempt` of `node` has not ended.
    pub fn is_under_way(&self, node: &NodeKey, attempt: u32) -> bool {
        let known = self.nodes.get(node);
        self.running.contains(node) && known.is_some_and(|known| known.last_attempt == attempt)
    }

    /// Remembers what the coming result of an attempt is kept as. Nothing else follows from it.
    pub(crate) fn result_to_keep(
        &mut self,
        node: &NodeKey,
        attempt: u32,
        fill: Box<CacheFill>,
    ) -> Result<(), Refusal> {
        if self.arrival(node, attempt)? == Arrival::Current
            && let Some(known) = self.nodes.get_mut(node)
        {
            known.fill = Some(fill);
        }
        Ok(())
    }

    /// Ends an attempt with a result that was kept.
    pub(crate) fn cache_hit(
        &mut self,
        node: &NodeKey,
        attempt: u32,
        hit: CachedResult,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.arrival(node, attempt)? == Arrival::Late {
            self.drop_late(node, attempt);
            return Ok(());
        }
        if let Some(known) = self.nodes.get_mut(node) {
            known.cached = true;
        }
        self.open.change(RowChange::TouchCache {
            key: hit.key.clone(),
            at: now,
        });
        self.open.event(Event::CacheHit {
            node: node.clone(),
            attempt,
            cache_key: hit.key,
            source_run_id: hit.source_run_id,
            age_ms: hit.age_ms,
        });
        self.succeed(node, &hit.payload, now);
        Ok(())
    }

    /// Keeps the newest output row, that of `node`, when its attempt asked for that.
    pub(crate) fn keep_result(&mut self, node: &NodeKey, attempt: u32, now: Timestamp) {
        let known = self.nodes.get_mut(node);
        let Some(fill) = known.and_then(|known| known.fill.take()) else {
            return;
        };
        let row = self.rows.last().filter(|row| row.node == *node);
        let table = row.and_then(|row| self.definition.output_table(&row.table));
        let (Some(row), Some(table)) = (row, table) else {
            return;
        };
        if row.payload.as_str().len() > MAX_PAYLOAD {
            return;
        }
        let CacheFill { key, request } = *fill;
        let kept = CacheRow {
            key,
            created_at: now,
            expires_at: request
                .ttl_ms
                .map(|ttl| now.plus(Duration::from_millis(ttl))),
            last_used_at: now,
            scope: request.scope,
            workflow_name: self.run.workflow_name.clone(),
            node: node.clone(),
            output_table: row.table.clone(),
            schema_sig: schema_sig(table),
            output_schema_sig: request.output_schema_sig,
            agent_sig: request.agent_sig,
            tools_sig: request.tools_sig,
            version: request.version,
            source_run_id: self.run.run_id.clone(),
            source_attempt: attempt,
            payload: row.payload.clone(),
        };
        self.open.weigh(kept.bytes());
        self.open.change(RowChange::PutCache(Box::new(kept)));
    }
}
