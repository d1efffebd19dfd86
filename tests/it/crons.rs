//! Schedules: stored by people and by modules, fired once each, over restarts and kills too.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, Operator, READER, count, database, get, log, refusal, run, scratch, send, start,
    until_true, wait_for,
};

/// A date that is far off whenever the test runs: the first of January comes once a year.
const YEARLY: &str = "0 0 1 1 *";

/// A module whose workflow `say` is registered with `options`.
fn registering(options: &str) -> Scratch {
    let mut scratch = scratch();
    write(&scratch, options);
    let module = scratch.path("say.tsx").display().to_string();
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("SMITHERS_LOG", "info");
    scratch
}

fn write(scratch: &Scratch, options: &str) {
    let module = format!(
        "import {{ Task, Workflow, createSmithers }} from 'smithers-orchestrator';
         import {{ z }} from 'zod';
         const {{ smithers, outputs }} = createSmithers({{ said: z.object({{ word: z.string() }}) }});
         const say = smithers(() => (
           <Workflow name=\"say\"><Task id=\"say\" output={{outputs.said}}>{{{{ word: 'hello' }}}}</Task></Workflow>
         ));
         export function register(gateway) {{ gateway.register('say', say, {options}); }}"
    );
    std::fs::write(scratch.path("say.tsx"), module).unwrap();
}

async fn crons(gateway: &Gateway) -> Vec<Value> {
    let rows = gateway
        .expect(OPERATOR, "cronList", json!({}))
        .await
        .unwrap();
    rows.as_array().unwrap().clone()
}

fn launches(scratch: &Scratch) -> i64 {
    let launches =
        "SELECT count(*) FROM _smithers_audit WHERE kind = 'launch' AND channel = 'scheduler'";
    count(scratch, launches)
}

#[tokio::test]
async fn what_came_due_while_the_gateway_was_down_launches_one_run() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let params = json!({ "workflow": "chain", "pattern": YEARLY, "cronId": "yearly" });
    gateway
        .expect(OPERATOR, "cronCreate", params)
        .await
        .unwrap();
    gateway.stop().await.unwrap();
    // As if three years had passed.
    let past = "UPDATE _smithers_cron SET next_run_at_ms = next_run_at_ms - 94608000000,
                wake_at_ms = wake_at_ms - 94608000000";
    let stored = rusqlite::Connection::open(database(&scratch).path().unwrap()).unwrap();
    stored.execute_batch(past).unwrap();

    let gateway = start(&scratch).await;
    until_true("the schedule to have fired", || async {
        crons(&gateway).await[0]["lastRunAtMs"].is_i64()
    })
    .await;
    let row = crons(&gateway).await.remove(0);
    let run = row["lastRunId"].as_str().unwrap().to_owned();
    wait_for(&gateway, &run, "finished").await;
    assert_eq!(launches(&scratch), 1);
    assert!(row["nextRunAtMs"].as_i64() > row["lastRunAtMs"].as_i64());
    let metrics = get(&gateway, Some(OPERATOR), "/metrics").await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(metrics.contains("smithers_gateway_cron_triggers_total{source=\"scheduled\"} 1"));
}

#[tokio::test]
async fn each_second_has_one_run_however_often_the_gateway_is_killed() {
    let scratch = scratch();
    let mut gateway = start(&scratch).await;
    let params = json!({ "workflow": "chain", "pattern": "* * * * * *", "catchUp": "all" });
    gateway
        .expect(OPERATOR, "cronCreate", params)
        .await
        .unwrap();
    for kills in 1..=3 {
        until_true("another run", || async { launches(&scratch) > 2 * kills }).await;
        gateway.kill9().await.unwrap();
        gateway = start(&scratch).await;
    }
    gateway.stop().await.unwrap();
    let dues = "SELECT count(DISTINCT json_extract(detail_json, '$.dueAtMs')) FROM _smithers_audit
                WHERE kind = 'launch'";
    assert_eq!(count(&scratch, dues), launches(&scratch), "none twice");
    let span = "SELECT (max(json_extract(detail_json, '$.dueAtMs')) - min(json_extract(detail_json, '$.dueAtMs')))
                / 1000 + 1 FROM _smithers_audit WHERE kind = 'launch'";
    assert_eq!(count(&scratch, span), launches(&scratch), "none left out");
}

#[tokio::test]
async fn a_module_asks_for_a_schedule_changes_it_and_asks_no_more() {
    let scratch = registering("{ schedule: '0 8 * * 1-5' }");
    let gateway = start(&scratch).await;
    let row = crons(&gateway).await.remove(0);
    assert_eq!(
        (&row["cronId"], &row["workflow"], &row["declared"]),
        (&json!("gateway:say"), &json!("say"), &json!(true))
    );
    gateway.stop().await.unwrap();

    let gateway = start(&scratch).await;
    assert_eq!(crons(&gateway).await, [row], "a restart changes nothing");
    let plan = "{ schedule: { pattern: '@daily', timeZone: 'Europe/Berlin', overlap: 'skip', catchUp: 'none' } }";
    write(&scratch, plan);
    gateway.signal("HUP").await.unwrap();
    until_true("the changed schedule", || async {
        crons(&gateway).await[0]["pattern"] == "@daily"
    })
    .await;
    let row = crons(&gateway).await.remove(0);
    assert_eq!(
        (&row["timeZone"], &row["overlap"], &row["catchUp"]),
        (&json!("Europe/Berlin"), &json!("skip"), &json!("none"))
    );
    write(&scratch, "{ schedule: 'often' }");
    gateway.signal("HUP").await.unwrap();
    until_true("the refusal", || async {
        log(&scratch).contains("workflow \"say\": schedule: pattern \"often\" cannot be read")
    })
    .await;
    assert_eq!(crons(&gateway).await, [row], "the one before goes on");
    write(&scratch, "{}");
    gateway.signal("HUP").await.unwrap();
    until_true("the schedule to go", || async {
        crons(&gateway).await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn mistakes_are_told_with_what_to_do() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let whole = |more: Value| {
        let mut params = json!({ "workflow": "chain", "pattern": YEARLY });
        for (key, value) in more.as_object().unwrap() {
            params[key] = value.clone();
        }
        params
    };
    let cases = [
        (
            json!({ "pattern": "often" }),
            400,
            "for example \"0 8 * * 1-5\"",
        ),
        (json!({ "pattern": "0 0 30 2 *" }), 400, "no such date"),
        (
            json!({ "timeZone": "Mars/Base" }),
            400,
            "such as Europe/Berlin",
        ),
        (json!({ "overlap": "queue" }), 400, "allow or skip"),
        (json!({ "catchUp": "some" }), 400, "one, all or none"),
        (json!({ "workflow": "nope" }), 404, "Unknown workflow: nope"),
    ];
    for (more, status, words) in cases {
        let refused = refusal(&gateway, OPERATOR, "cronCreate", whole(more)).await;
        assert_eq!(refused.status, status, "{refused:?}");
        assert!(refused.message.contains(words), "{refused:?}");
    }
    let refused = refusal(&gateway, READER, "cronCreate", whole(json!({}))).await;
    assert_eq!(refused.code, "FORBIDDEN");
    assert!(crons(&gateway).await.is_empty());
}

#[tokio::test]
async fn rest_makes_lists_fires_and_removes_schedules() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let rest = async |method: &str, path: &str, token, body: Option<Value>| {
        let body = body.map(|body| body.to_string());
        let answer = send(&gateway, method, path, Some(token), body.as_deref()).await;
        (answer.status, answer.json().unwrap())
    };
    let plan = json!({ "workflow": "chain", "pattern": YEARLY, "cronId": "new year" });
    let (status, refused) = rest("POST", "/v1/api/crons", READER, Some(plan.clone())).await;
    assert_eq!((status, &refused["ok"]), (403, &json!(false)));
    let (status, made) = rest("POST", "/v1/api/crons", OPERATOR, Some(plan)).await;
    assert_eq!((status, &made["data"]["cronId"]), (200, &json!("new year")));
    for (path, listed) in [("", 1), ("?workflow=chain", 1), ("?workflow=gated", 0)] {
        let path = format!("/v1/api/crons{path}");
        let (_, rows) = rest("GET", &path, OPERATOR, None).await;
        assert_eq!(rows["data"].as_array().unwrap().len(), listed, "{path}");
    }
    let fire = json!({ "cronId": "new year" });
    let (_, fired) = rest("POST", "/v1/api/crons/run", OPERATOR, Some(fire)).await;
    wait_for(
        &gateway,
        fired["data"]["runId"].as_str().unwrap(),
        "finished",
    )
    .await;
    let address = "/v1/api/crons/new%20year";
    let ignored = Some(json!({ "cronId": "another" }));
    let (_, removed) = rest("DELETE", address, OPERATOR, ignored).await;
    let gone = json!({ "cronId": "new year", "removed": true });
    assert_eq!(removed, json!({ "ok": true, "data": gone }));
    let (status, missing) = rest("DELETE", address, OPERATOR, None).await;
    assert_eq!((status, &missing["ok"]), (404, &json!(false)));
    assert_eq!(missing["error"]["message"], "Cron not found: new year");
}

#[tokio::test]
async fn a_schedule_that_cannot_be_followed_is_found_by_the_check_of_a_module_and_at_the_start() {
    let scratch = registering("{ schedule: { pattern: '@daily', timeZone: 'Europe/Atlantis' } }");
    for command in [&["workflows", "check"][..], &["gateway"]] {
        let ended = run(&scratch, command).await;
        assert_ne!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stderr.contains("[SCHEDULE_INVALID]"), "{ended:?}");
        assert!(ended.stderr.contains("Europe/Atlantis"), "{ended:?}");
    }
}

#[tokio::test]
async fn the_command_line_makes_lists_fires_and_removes_schedules() {
    let operator = Operator::start().await;
    let create = [
        "crons", "create", "chain", YEARLY, "--id", "yearly", "--zone", "UTC",
    ];
    let made = operator.text(&create).await;
    assert!(made.starts_with("yearly launches chain in "), "{made}");
    let table = operator.text(&["crons", "list"]).await;
    assert!(
        table.contains("yearly  chain     0 0 1 1 *  UTC"),
        "{table}"
    );
    let fired = operator.json(&["crons", "run", "yearly"]).await;
    wait_for(
        &operator.gateway,
        fired["runId"].as_str().unwrap(),
        "finished",
    )
    .await;
    let rows = operator.json(&["crons", "list"]).await;
    assert!(rows[0]["lastRunAtMs"].is_i64());
    let removed = operator.text(&["crons", "delete", "yearly"]).await;
    assert_eq!(removed, "yearly is removed\n");
    let error = operator.error(&["crons", "delete", "yearly"]).await;
    assert_eq!(error["message"], "Cron not found: yearly");
    let audited = "SELECT count(*) FROM _smithers_audit WHERE kind = 'cron' AND subject = 'yearly'";
    assert_eq!(count(&operator.scratch, audited), 2);
}

#[tokio::test]
async fn doctor_names_schedules_that_are_overdue_or_failed_or_cannot_be_read() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    for id in ["late", "failed", "wrong"] {
        let params = json!({ "workflow": "chain", "pattern": YEARLY, "cronId": id });
        gateway
            .expect(OPERATOR, "cronCreate", params)
            .await
            .unwrap();
    }
    gateway.stop().await.unwrap();
    let doctor = ["doctor", "--only", "schedules.firing", "--json"];
    let sound = run(&scratch, &doctor).await;
    assert!(sound.stdout.contains("3 of 3 are on"), "{sound:?}");
    let change = |set: &str, id: &str| {
        let sql = format!("UPDATE _smithers_cron SET {set} WHERE cron_id = '{id}'");
        let conn = rusqlite::Connection::open(scratch.database()).unwrap();
        conn.execute_batch(&sql).unwrap();
    };
    change("next_run_at_ms = 1000", "late");
    let late = run(&scratch, &doctor).await;
    assert!(late.stdout.contains("overdue: late"), "{late:?}");
    change(
        r#"error_json = '{"name":"Error","message":"it wants an input"}'"#,
        "failed",
    );
    let failed = run(&scratch, &doctor).await;
    assert!(
        failed.stdout.contains("failed: it wants an input"),
        "{failed:?}"
    );
    change("time_zone = 'Europe/Atlantis'", "wrong");
    let wrong = run(&scratch, &doctor).await;
    assert!(wrong.stdout.contains("Europe/Atlantis"), "{wrong:?}");
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
}
