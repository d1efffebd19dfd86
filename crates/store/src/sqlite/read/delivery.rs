//! Reading what webhooks have taken, by primary key.

use rusqlite::{Row, params};
use smithers_model::delivery::Delivery;
use smithers_model::{RunId, WorkflowKey};

use super::SqliteReader;
use crate::read::{DeliveryReader, ReadResult};
use crate::sqlite::codec::{from_json, from_optional_json, time, workflow_key};

fn delivery_row(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        workflow_key: workflow_key(row, 0)?,
        id: row.get(1)?,
        taken_at: time(row, 2)?,
        expires_at: time(row, 3)?,
        targets: from_json::<Vec<RunId>>(row, 4)?,
        answer: from_optional_json(row, 5)?,
    })
}

impl DeliveryReader for SqliteReader {
    fn delivery(&self, workflow: &WorkflowKey, id: &str) -> ReadResult<Option<Delivery>> {
        let sql = "SELECT workflow_key, delivery_id, taken_at_ms, expires_at_ms, targets_json, answer_json
                   FROM _smithers_webhook_deliveries WHERE workflow_key = ?1 AND delivery_id = ?2";
        self.one(sql, params![workflow.as_str(), id], delivery_row)
    }
}
