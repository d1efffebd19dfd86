//! Writing what webhooks have taken.

use rusqlite::{Connection, params};
use smithers_model::delivery::Delivery;

use crate::sqlite::codec::{json, optional_json};

/// Stores a delivery and forgets at most `forget` that have expired, the oldest first.
pub(super) fn keep(conn: &Connection, delivery: &Delivery, forget: u32) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO _smithers_webhook_deliveries
                   (workflow_key, delivery_id, taken_at_ms, expires_at_ms, targets_json, answer_json)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    conn.prepare_cached(sql)?.execute(params![
        delivery.workflow_key.as_str(),
        delivery.id,
        delivery.taken_at.0,
        delivery.expires_at.0,
        json(&delivery.targets),
        optional_json(delivery.answer.as_ref()),
    ])?;
    let sql = "DELETE FROM _smithers_webhook_deliveries WHERE (workflow_key, delivery_id) IN (
                   SELECT workflow_key, delivery_id FROM _smithers_webhook_deliveries
                   WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms, workflow_key, delivery_id LIMIT ?2)";
    conn.prepare_cached(sql)?
        .execute(params![delivery.taken_at.0, forget])?;
    Ok(())
}
