//! Rules about schedules.

use serde_json::{Value, json};

use crate::conformance::transcripts::recording::{Action, Exchange, Step};

/// Demands of every schedule that it tells all that is known of it.
pub(super) fn schedules_explained(steps: &mut [Step]) -> usize {
    let mut changes = 0;
    for exchange in exchanges(steps) {
        let rows: Vec<&mut Value> = match exchange.body.get_mut("payload") {
            Some(Value::Array(rows)) => rows.iter_mut().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        for row in rows.into_iter().filter(|row| row["pattern"].is_string()) {
            let more = json!({ "timeZone": null, "overlap": "allow", "catchUp": "one", "lastRunId": null,
                "createdBy": "user:op", "declared": false });
            let fields = row.as_object_mut().expect("a row has fields");
            fields.extend(more.as_object().cloned().unwrap_or_default());
            changes += 1;
        }
    }
    changes
}

/// Demands that mistakes of the caller are told as such, not as failures of the gateway.
pub(super) fn schedule_mistakes_told(steps: &mut [Step]) -> usize {
    let mut changes = 0;
    for exchange in exchanges(steps).filter(|exchange| exchange.status == 500) {
        let error = &mut exchange.body["error"];
        let message = error["message"].as_str().unwrap_or_default();
        if message.starts_with("Unknown workflow") {
            (exchange.status, error["code"]) = (404, "NOT_FOUND".into());
            changes += 1;
        } else if message.starts_with("Validation error, cannot resolve alias") {
            (exchange.status, error["code"]) = (400, "INVALID_REQUEST".into());
            error["message"] = "pattern \"nope\" cannot be read: Invalid pattern: Pattern must have 5 or 6 \
                fields when years are disallowed. A pattern has five fields (minute, hour, day of month, month, day of week), six with seconds \
                in front, or is a word such as @daily; for example \"0 8 * * 1-5\""
                .into();
            changes += 1;
        }
    }
    changes
}

fn exchanges(steps: &mut [Step]) -> impl Iterator<Item = &mut Exchange> {
    let exchanges = steps.iter_mut().filter_map(|step| match &mut step.action {
        Action::Http(exchange) => Some(&mut **exchange),
        _ => None,
    });
    exchanges.filter(|exchange| exchange.request.path.contains("cron"))
}
