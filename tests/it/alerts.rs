//! Alerts as an operator sees them: a line in the log when a condition begins, a gauge as long as it lasts.

use serde_json::json;
use smithers_testkit::Gateway;
use smithers_testkit::wait::until;

use crate::support::{OPERATOR, PATIENCE, approve, get, launch, log, scratch, start};

/// Waits until `/metrics` shows `line`.
async fn shows(gateway: &Gateway, line: &str) {
    let shown = until(line, PATIENCE, || async {
        let metrics =
            String::from_utf8(get(gateway, Some(OPERATOR), "/metrics").await.body).unwrap();
        Ok(metrics.lines().any(|found| found == line).then_some(()))
    });
    shown.await.unwrap();
}

#[tokio::test]
async fn an_approval_that_waits_too_long_is_told_once_and_resolved_by_its_decision() {
    let mut scratch = scratch();
    scratch.set("SMITHERS_ALERTS_INTERVAL_MS", "50");
    scratch.set("SMITHERS_ALERT_APPROVAL_WARNING", "1ms");
    scratch.set("SMITHERS_LOG", "info");
    let gateway = start(&scratch).await;
    let line = |firing: u8| {
        format!(r#"smithers_alert_firing{{alert="approval_waiting",severity="warning"}} {firing}"#)
    };
    shows(&gateway, &line(0)).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    shows(&gateway, &line(1)).await;
    approve(&gateway, "r1").await.unwrap();
    shows(&gateway, &line(0)).await;
    let log = log(&scratch);
    let raised = log.matches("has waited for").count();
    assert_eq!(raised, 1, "{log}");
    assert!(log.contains("resolved"), "{log}");
}

#[tokio::test]
async fn many_wrong_tokens_raise_an_alert() {
    let mut scratch = scratch();
    scratch.set("SMITHERS_ALERTS_INTERVAL_MS", "200");
    let gateway = start(&scratch).await;
    for _ in 0..60 {
        get(&gateway, Some("wrong"), "/v1/runs").await;
    }
    let raised = until("the alert", PATIENCE, || async {
        get(&gateway, Some("wrong"), "/v1/runs").await;
        Ok(log(&scratch)
            .contains("logins failed within a minute")
            .then_some(()))
    });
    raised.await.unwrap();
}
