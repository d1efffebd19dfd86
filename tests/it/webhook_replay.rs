//! Webhooks whose requests come again: honest repetitions, recordings, and a gateway that ended in the middle of one.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{count, launch, scratch, start, until_true, wait_for, webhook};

const SECRET: &str = "a-secret-of-the-webhook-4471";
const SIGNALS: &str = "SELECT count(*) FROM _smithers_signals";
const RUNS: &str = "SELECT count(*) FROM _smithers_runs";

/// A module with a workflow that waits for `paid` twice, registered with `options`.
fn registering(options: &str) -> Scratch {
    let mut scratch = scratch();
    let module = format!(
        "import {{ Sequence, WaitForEvent, Workflow, createSmithers }} from 'smithers-orchestrator';
         import {{ z }} from 'zod';
         const paid = z.object({{ amount: z.number() }});
         const {{ smithers, outputs }} = createSmithers({{ paid }});
         const twice = smithers(() => (
           <Workflow name=\"twice\"><Sequence>
             <WaitForEvent id=\"first\" event=\"paid\" output={{outputs.paid}} />
             <WaitForEvent id=\"second\" event=\"paid\" output={{outputs.paid}} />
           </Sequence></Workflow>
         ));
         const secret = process.env.IT_HOOK_SECRET;
         export function register(gateway) {{
           gateway.register('twice', twice, {{ webhook: {{ secret, {options} }} }});
         }}"
    );
    std::fs::write(scratch.path("hooks.tsx"), module).unwrap();
    let module = scratch.path("hooks.tsx").display().to_string();
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("SMITHERS_MODULE_ENV", "IT_*");
    scratch.set("IT_HOOK_SECRET", SECRET);
    scratch
}

const GUARD: &str =
    "replay: { timestampHeader: 'X-Time', toleranceMs: 60000 }, signal: { name: 'paid' }, run: {}";
const GUARD_AND_ID: &str =
    "deliveryHeader: 'X-Delivery', replay: { timestampHeader: 'X-Time' }, signal: { name: 'paid' }";

/// A request as a sender makes it; somebody who has recorded it can send the same again.
struct Recorded {
    body: String,
    headers: Vec<(String, String)>,
}

impl Recorded {
    /// Signs `amount` at `time`, seconds, with the delivery id if there is one.
    fn new(amount: u32, time: u64, id: Option<&str>) -> Self {
        let body = json!({ "amount": amount }).to_string();
        let before = id.map(|id| format!("{id}.")).unwrap_or_default();
        let signature = webhook::signature(SECRET, &format!("{before}{time}.{body}"));
        let mut headers = vec![
            ("x-hub-signature-256".to_owned(), signature),
            ("x-time".to_owned(), time.to_string()),
        ];
        headers.extend(id.map(|id| ("x-delivery".to_owned(), id.to_owned())));
        Self { body, headers }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    async fn send(&self, gateway: &Gateway) -> (u16, Value) {
        let headers = self.headers.iter();
        let headers: Vec<_> = headers.map(|(name, value)| (&**name, &**value)).collect();
        webhook::post(gateway, "twice", &self.body, &headers).await
    }

    async fn taken(&self, gateway: &Gateway) -> Value {
        let (status, answer) = self.send(gateway).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// Waits until the run has taken its first signal and waits for the second.
async fn waits_again(scratch: &Scratch) {
    let waiting = "SELECT count(*) FROM _smithers_waits WHERE node_id = 'second'";
    let look = async || count(scratch, waiting) == 1;
    until_true("the second node waits", look).await;
}

#[tokio::test]
async fn a_recorded_signal_is_answered_as_before_and_reaches_nobody_again_also_after_a_kill() {
    let scratch = registering(GUARD);
    let gateway = start(&scratch).await;
    launch(&gateway, "twice", "r", json!({})).await;
    wait_for(&gateway, "r", "waiting-event").await;
    let recorded = Recorded::new(7, now(), None);
    let first = recorded.taken(&gateway).await;
    assert_eq!(first["matchedRunIds"], json!(["r"]));

    assert_eq!(recorded.taken(&gateway).await, first);
    gateway.kill9().await.unwrap();
    let gateway = start(&scratch).await;
    assert_eq!(recorded.taken(&gateway).await, first);
    waits_again(&scratch).await;
    assert_eq!((count(&scratch, SIGNALS), count(&scratch, RUNS)), (1, 1));

    Recorded::new(8, now(), None).taken(&gateway).await;
    wait_for(&gateway, "r", "finished").await;
    assert_eq!(count(&scratch, SIGNALS), 2);
}

#[tokio::test]
async fn requests_that_are_too_old_of_the_future_or_without_their_time_are_refused() {
    let scratch = registering(GUARD);
    let gateway = start(&scratch).await;
    let stale = [now() - 90, now() + 90];
    for request in stale.map(|time| Recorded::new(7, time, None)) {
        let (status, refused) = request.send(&gateway).await;
        let error = json!({ "code": "UNAUTHORIZED", "message": "Webhook timestamp is outside the tolerance" });
        assert_eq!(
            (status, refused),
            (401, json!({ "ok": false, "error": error }))
        );
        // A fresh time without a fresh signature is no better.
        let (status, _) = request
            .with("x-time", &now().to_string())
            .send(&gateway)
            .await;
        assert_eq!(status, 401);
    }
    let mut bare = Recorded::new(7, now(), None);
    bare.headers.retain(|(name, _)| name != "x-time");
    assert_eq!(bare.send(&gateway).await.0, 401);
    assert_eq!(count(&scratch, RUNS), 0);
    assert_eq!(
        count(
            &scratch,
            "SELECT count(*) FROM _smithers_webhook_deliveries"
        ),
        0
    );
}

#[tokio::test]
async fn an_id_is_signed_and_the_same_one_at_another_time_is_the_same_delivery() {
    let scratch = registering(GUARD_AND_ID);
    let gateway = start(&scratch).await;
    launch(&gateway, "twice", "r", json!({})).await;
    wait_for(&gateway, "r", "waiting-event").await;
    let first = Recorded::new(7, now(), Some("d1")).taken(&gateway).await;
    let again = Recorded::new(7, now() - 5, Some("d1"));
    assert_eq!(again.taken(&gateway).await, first);
    let (status, _) = again.with("x-delivery", "d2").send(&gateway).await;
    assert_eq!(status, 401);
    assert_eq!(count(&scratch, SIGNALS), 1);
}

#[tokio::test]
async fn a_delivery_that_the_gateway_did_not_live_to_answer_is_carried_out_once() {
    let scratch = registering(GUARD);
    let gateway = start(&scratch).await;
    launch(&gateway, "twice", "r", json!({})).await;
    wait_for(&gateway, "r", "waiting-event").await;
    let (signalled, launched) = (Recorded::new(7, now(), None), Recorded::new(9, now(), None));
    let first = signalled.taken(&gateway).await;
    waits_again(&scratch).await;
    Recorded::new(8, now(), None).taken(&gateway).await;
    wait_for(&gateway, "r", "finished").await;
    let started = launched.taken(&gateway).await;
    gateway.kill9().await.unwrap();

    // As if it had ended between the effects and the answer.
    let forget = "UPDATE _smithers_webhook_deliveries SET answer_json = NULL";
    let database = Connection::open(scratch.database()).unwrap();
    assert_eq!(database.execute(forget, []).unwrap(), 3);
    drop(database);
    let gateway = start(&scratch).await;
    assert_eq!(signalled.taken(&gateway).await, first);
    assert_eq!(launched.taken(&gateway).await, started);
    assert_eq!((count(&scratch, SIGNALS), count(&scratch, RUNS)), (2, 2));
    let open = "SELECT count(*) FROM _smithers_webhook_deliveries WHERE answer_json IS NULL";
    assert_eq!(
        count(&scratch, open),
        1,
        "the one that nobody asked for again"
    );
}

#[tokio::test]
async fn equal_requests_at_the_same_time_have_one_effect() {
    let scratch = registering(GUARD);
    let gateway = start(&scratch).await;
    launch(&gateway, "twice", "r", json!({})).await;
    wait_for(&gateway, "r", "waiting-event").await;
    let recorded = Recorded::new(7, now(), None);
    let sent = (0..8).map(|_| recorded.taken(&gateway));
    let answers = futures_util::future::join_all(sent).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!((count(&scratch, SIGNALS), count(&scratch, RUNS)), (1, 1));
}
