//! Webhooks: signed requests of other services that signal runs or launch them.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, count, get, log, run, scratch, start, wait_for, webhook};

const SECRET: &str = "a-secret-of-the-webhook-9137";

/// A module with two workflows that wait for the signal `paid`; `waits` is registered with `options`.
fn registering(options: &str) -> Scratch {
    let mut scratch = scratch();
    let module = format!(
        "import {{ Signal, Workflow, createSmithers }} from 'smithers-orchestrator';
         import {{ z }} from 'zod';
         const paid = z.object({{ amount: z.number() }});
         const {{ smithers, outputs }} = createSmithers({{ paid }});
         const waits = smithers((ctx) => (
           <Workflow name=\"waits\"><Signal id=\"paid\" schema={{outputs.paid}} correlationId={{ctx.input.order}} /></Workflow>
         ));
         const other = smithers((ctx) => (
           <Workflow name=\"other\"><Signal id=\"paid\" schema={{outputs.paid}} correlationId={{ctx.input.order}} /></Workflow>
         ));
         const secret = process.env.IT_HOOK_SECRET;
         export function register(gateway) {{
           gateway.register('waits', waits, {{ webhook: {options} }});
           gateway.register('other', other);
         }}"
    );
    std::fs::write(scratch.path("hooks.tsx"), module).unwrap();
    let module = scratch.path("hooks.tsx").display().to_string();
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("SMITHERS_MODULE_ENV", "IT_*");
    scratch.set("IT_HOOK_SECRET", SECRET);
    scratch
}

const BOTH: &str = "{ secret, deliveryHeader: 'X-Delivery', run: { inputPath: 'order' },
    signal: { name: 'paid', correlationIdPath: 'order.order', payloadPath: 'what' } }";

fn signed(body: &str) -> String {
    webhook::signature(SECRET, body)
}

async fn post(gateway: &Gateway, body: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    webhook::post(gateway, "waits", body, headers).await
}

async fn deliver(gateway: &Gateway, body: &Value, id: &str) -> Value {
    let body = body.to_string();
    let headers = [("x-hub-signature-256", &*signed(&body)), ("x-delivery", id)];
    let (status, answer) = post(gateway, &body, &headers).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn a_request_launches_once_for_each_delivery_and_then_signals_the_run_that_waits() {
    let scratch = registering(BOTH);
    let gateway = start(&scratch).await;
    let order = json!({ "order": { "order": "o1" }, "what": { "amount": 7 } });
    let first = deliver(&gateway, &order, "d1").await;
    let run = first["started"]["runId"].as_str().unwrap().to_owned();
    wait_for(&gateway, &run, "waiting-event").await;
    // Another workflow that waits for the same is not reached.
    let params =
        json!({ "workflow": "other", "input": { "order": "o1" }, "options": { "runId": "aside" } });
    gateway.expect(OPERATOR, "launchRun", params).await.unwrap();
    wait_for(&gateway, "aside", "waiting-event").await;

    let second = deliver(&gateway, &order, "d2").await;
    assert_eq!(second["matchedRunIds"], json!([run]));
    assert_eq!(second["started"], Value::Null);
    let delivered = &second["delivered"][0];
    assert_eq!(
        (&delivered["signalName"], &delivered["correlationId"]),
        (&json!("paid"), &json!("o1"))
    );
    wait_for(&gateway, &run, "finished").await;
    wait_for(&gateway, "aside", "waiting-event").await;

    // The first delivery comes again, also after a kill: nothing new begins.
    gateway.kill9().await.unwrap();
    let gateway = start(&scratch).await;
    let again = deliver(&gateway, &order, "d1").await;
    assert_eq!(again["started"]["runId"], json!(run));
    gateway.stop().await.unwrap();
    let audited = "SELECT count(*) FROM _smithers_audit WHERE actor_id = 'webhook:waits'";
    assert_eq!(count(&scratch, audited), 2, "a launch and a signal");
}

#[tokio::test]
async fn what_is_not_signed_well_is_refused_and_the_secret_is_told_nowhere() {
    let scratch = registering(BOTH);
    let gateway = start(&scratch).await;
    let body = json!({ "order": { "order": "o1" } }).to_string();
    let right = signed(&body);
    let upper = format!("sha256={}", right["sha256=".len()..].to_uppercase());
    let wrong = [
        "",
        "sha256=",
        "sha256=00",
        &right["sha256=".len()..],
        &*upper,
        &signed("{}"),
    ];
    for signature in wrong {
        let headers = [("x-hub-signature-256", signature), ("x-delivery", "d1")];
        let (status, refused) = post(&gateway, &body, &headers).await;
        let error =
            json!({ "code": "UNAUTHORIZED", "message": "Webhook signature verification failed" });
        assert_eq!(
            (status, refused),
            (401, json!({ "ok": false, "error": error })),
            "{signature}"
        );
    }
    let without_id = [("x-hub-signature-256", &*right)];
    let (status, refused) = post(&gateway, &body, &without_id).await;
    assert_eq!(status, 400);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("Header x-delivery must hold the id"));
    let unread = signed("{bad");
    let headers = [("x-hub-signature-256", &*unread), ("x-delivery", "d1")];
    let (status, refused) = post(&gateway, "{bad", &headers).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (400, &json!("INVALID_INPUT"))
    );
    let metrics = get(&gateway, Some(OPERATOR), "/metrics").await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(metrics.contains("smithers_gateway_errors_total{kind=\"webhook\"} 8"));
    let launched = "SELECT count(*) FROM _smithers_runs";
    assert_eq!(count(&scratch, launched), 0);
    assert!(!log(&scratch).contains(SECRET));
}

#[tokio::test]
async fn bad_signatures_are_on_record_and_slow_their_sender_down() {
    let mut scratch = registering(BOTH);
    scratch.set("SMITHERS_LIMIT_FAILED_AUTH_PER_MINUTE", "3");
    let gateway = start(&scratch).await;
    let body = json!({ "order": { "order": "o1" } }).to_string();
    let bad = [("x-hub-signature-256", "sha256=00"), ("x-delivery", "d1")];
    for _ in 0..3 {
        assert_eq!(post(&gateway, &body, &bad).await.0, 401);
    }
    // Whatever comes next from there is not looked at.
    let right = signed(&body);
    let good = [("x-hub-signature-256", &*right), ("x-delivery", "d1")];
    for headers in [bad, good] {
        let (status, refused) = post(&gateway, &body, &headers).await;
        let code = &refused["error"]["code"];
        assert_eq!((status, code), (429, &json!("RateLimited")));
    }
    gateway.stop().await.unwrap();
    let row =
        "SELECT count(*) FROM _smithers_audit WHERE kind = 'webhook-refusals' AND subject = 'waits'
               AND outcome = 'refused' AND json_extract(detail_json, '$.network') = 'loopback'
               AND json_extract(detail_json, '$.outcomes.signature') = 3
               AND json_extract(detail_json, '$.outcomes.rate_limited') = 2";
    assert_eq!(count(&scratch, row), 1);
}

#[tokio::test]
async fn a_body_that_holds_the_secret_launches_nothing() {
    let scratch = registering(BOTH);
    let gateway = start(&scratch).await;
    let body = json!({ "order": { "order": SECRET } }).to_string();
    let headers = [
        ("x-hub-signature-256", &*signed(&body)),
        ("x-delivery", "d1"),
    ];
    let (status, refused) = post(&gateway, &body, &headers).await;
    assert_eq!(status, 400, "{refused}");
    assert!(!refused.to_string().contains(SECRET));
}

#[tokio::test]
async fn a_webhook_that_cannot_be_understood_is_found_by_the_check_of_a_module() {
    let cases = [
        ("'yes'", "webhook must be an object"),
        (
            "{ secret, path: 'x' }",
            "webhook has no option \\\"path\\\"",
        ),
        (
            "{ secret, replay: {} }",
            "webhook.replay.timestampHeader must name the header",
        ),
        (
            "{ secret, replay: { timestampHeader: 't', toleranceMs: 0 } }",
            "webhook.replay.toleranceMs must be a whole number",
        ),
        (
            "{ secret, run: { enabled: 1 } }",
            "webhook.run.enabled must be a boolean",
        ),
    ];
    for (options, words) in cases {
        let scratch = registering(options);
        let checked = run(&scratch, &["workflows", "check"]).await;
        assert_ne!(checked.code, Some(0));
        let told = format!("{}{}", checked.stdout, checked.stderr);
        assert!(told.contains(&words.replace("\\\"", "\"")), "{told}");
    }
}
