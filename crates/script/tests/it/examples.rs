//! The example modules do what their texts say.

use serde_json::json;

use crate::driver::{Run, host, only, repository, wait};

#[test]
fn the_demo_builds_tests_asks_and_ships() {
    let host = host();
    let workflow = only(host.load(&repository("examples/demo/gateway.tsx")).unwrap());
    assert_eq!(workflow.definition().key.as_str(), "demo");
    let mut run = Run::start(&workflow, "r1", r#"{"version": "2.0.0"}"#);
    assert_eq!(run.finish("build")["artifact"], "app-2.0.0.tar.gz");
    let suites = ["test-unit", "test-integration", "test-browser"];
    let [unit, integration, browser] = suites.map(|suite| run.call(suite));
    let (unit, integration, browser) = wait(async { tokio::join!(unit, integration, browser) });
    for (suite, answer) in suites.iter().zip([unit, integration, browser]) {
        run.store(suite, answer.unwrap().as_str());
    }
    let request = run.task("approve").approval.clone().unwrap().request;
    assert_eq!(request.title, "Ship app-2.0.0.tar.gz?");
    let decision = |approved| json!({"approved": approved, "note": null, "decidedBy": "user:me", "decidedAt": null});
    assert!(!run.tasks().contains(&"ship".to_owned()));
    run.store("approve", &decision(true).to_string());
    assert_eq!(
        run.finish("ship"),
        json!({"shipped": "app-2.0.0.tar.gz", "tests": 123})
    );

    let mut denied = Run::start(&workflow, "r2", "{}");
    denied.store("approve", &decision(false).to_string());
    assert!(!denied.tasks().contains(&"ship".to_owned()));
}
