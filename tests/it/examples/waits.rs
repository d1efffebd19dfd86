//! Examples of runs that wait for time and for what comes from outside.

use serde_json::json;

use super::Example;

#[tokio::test]
async fn timer_reminds_at_its_time_and_prepares_meanwhile() {
    let example = Example::serve("timer").await;
    let run = example.launch(json!({ "wait": "1s" })).await;
    run.reaches("prepare", "finished").await;
    assert_eq!(run.state_of("wait").await.as_deref(), Some("waiting-timer"));
    run.finishes().await;
    assert_eq!(run.output("remind").await["text"], "the time is over");
    assert_eq!(run.state_of("long-ago").await.as_deref(), Some("finished"));
}
