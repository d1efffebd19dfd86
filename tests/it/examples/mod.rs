//! Every workflow of `examples/`, served by the real gateway and run to its end.

mod agents;
mod approvals;
mod basics;
mod composites;
mod failures;
mod folder;
mod loops;
mod patterns;
mod projects;
mod waits;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use smithers_testkit::rpc::Refusal;
use smithers_testkit::wait::until;
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    self, OPERATOR, PATIENCE, refusal, scratch_with, tokens, until_true, webhook,
};

/// User who may decide what only the legal department may decide.
const LEGAL: &str = "legal-token";

/// What the shop of the example `webhook` signs with.
const SHOP_HOOK_SECRET: &str = "a-secret-of-the-shop-7718";

/// The folder of the examples.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// A gateway that serves one example.
struct Example {
    /// Ends with this value.
    _scratch: Scratch,
    gateway: Gateway,
    workflow: &'static str,
}

impl Example {
    /// Serves the example in folder `name`, whose workflow has the same name.
    async fn serve(name: &'static str) -> Self {
        Self::serve_from(&folder().join(name), name).await
    }

    /// Serves `workflow` from `folder`.
    async fn serve_from(folder: &Path, workflow: &'static str) -> Self {
        let mut all = tokens();
        all[LEGAL] = json!({ "role": "reviewer", "scopes": ["run:read", "approval:submit"], "userId": "user:legal" });
        let mut scratch = scratch_with(&all);
        let entry = ["gateway.tsx", "gateway.ts"].map(|entry| folder.join(entry));
        let entry = entry.iter().find(|entry| entry.exists()).unwrap();
        scratch.set("SMITHERS_GATEWAY_MODULE", entry.to_str().unwrap());
        scratch.set("SMITHERS_MODULE_ENV", "SHOP_HOOK_SECRET");
        scratch.set("SHOP_HOOK_SECRET", SHOP_HOOK_SECRET);
        scratch.set("SMITHERS_MODULE_COMMANDS", "2");
        let gateway = support::start(&scratch).await;
        Self {
            _scratch: scratch,
            gateway,
            workflow,
        }
    }

    async fn launch(&self, input: Value) -> Run<'_> {
        self.launch_of(self.workflow, input).await
    }

    /// Launches a workflow of a module with several.
    async fn launch_of(&self, workflow: &str, input: Value) -> Run<'_> {
        let params = json!({ "workflow": workflow, "input": input });
        let answer = self.gateway.expect(OPERATOR, "launchRun", params).await;
        let run_id = answer.unwrap()["runId"].as_str().unwrap().to_owned();
        Run {
            gateway: &self.gateway,
            run_id,
        }
    }
}

impl Example {
    /// The run of this id.
    fn run(&self, run_id: &str) -> Run<'_> {
        Run {
            gateway: &self.gateway,
            run_id: run_id.to_owned(),
        }
    }

    /// Sends the webhook a signed request.
    async fn post(&self, id: &str, body: &Value) -> Value {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let (time, body) = (time.as_secs().to_string(), body.to_string());
        let signature = webhook::signature(SHOP_HOOK_SECRET, &format!("{id}.{time}.{body}"));
        let headers = [
            ("x-hub-signature-256", &*signature),
            ("x-delivery", id),
            ("x-timestamp", &*time),
        ];
        let (_, answer) = webhook::post(&self.gateway, self.workflow, &body, &headers).await;
        answer
    }
}

/// A run of an example.
struct Run<'a> {
    gateway: &'a Gateway,
    run_id: String,
}

impl Run<'_> {
    /// Waits for the end of the run, which must be `finished`.
    async fn finishes(&self) -> Value {
        self.ends("finished").await
    }

    /// Waits for the end of the run, which must be `status`, and returns its record.
    async fn ends(&self, status: &str) -> Value {
        let record = until("the run to end", PATIENCE, || async {
            let params = json!({ "runId": self.run_id });
            let record = self.gateway.expect(OPERATOR, "getRun", params).await?;
            let has_ended = !record["finishedAtMs"].is_null();
            Ok(has_ended.then_some(record))
        });
        let record = record.await.unwrap();
        assert_eq!(record["status"], status, "{}", record["errorJson"]);
        record
    }

    /// The run that the subflow `node` stands for.
    fn child(&self, node: &str) -> Run<'_> {
        Run {
            gateway: self.gateway,
            run_id: format!("{}:child:{node}:0", self.run_id),
        }
    }

    /// The run number `depth` of the chain that this one began.
    fn next(&self, depth: u64) -> Run<'_> {
        Run {
            gateway: self.gateway,
            run_id: format!("{}:next:{depth}", self.run_id),
        }
    }

    /// What `node` stored.
    async fn output(&self, node: &str) -> Value {
        self.output_in(node, 0).await
    }

    /// What `node` stored in `iteration`; null when it stored nothing.
    async fn output_in(&self, node: &str, iteration: u32) -> Value {
        let params = json!({ "runId": self.run_id, "nodeId": node, "iteration": iteration });
        let answer = self.gateway.expect(OPERATOR, "getNodeOutput", params).await;
        answer.unwrap()["row"].take()
    }

    /// Waits until somebody is asked about `node`.
    async fn asks(&self, node: &str) {
        self.reaches(node, "waiting-approval").await;
    }

    /// Waits until `node` is in `state`.
    async fn reaches(&self, node: &str, state: &str) {
        until_true(&format!("{node} to be {state}"), || async {
            self.state_of(node).await.as_deref() == Some(state)
        })
        .await;
    }

    /// The state of `node` in its first iteration; none when the run does not know it.
    async fn state_of(&self, node: &str) -> Option<String> {
        let row = self.node(node).await?;
        Some(row["state"].as_str().unwrap().to_owned())
    }

    /// How often `node` was tried.
    async fn attempts_of(&self, node: &str) -> Value {
        self.node(node).await.unwrap()["lastAttempt"].take()
    }

    async fn node(&self, node: &str) -> Option<Value> {
        let params = json!({ "runId": self.run_id });
        let answer = self
            .gateway
            .expect(OPERATOR, "listNodeStates", params)
            .await;
        let mut answer = answer.unwrap();
        let mut rows = answer.as_array_mut().unwrap().iter_mut();
        rows.find(|row| row["nodeId"] == node).map(Value::take)
    }

    /// Waits for the failure of the run and returns what it says.
    async fn fails(&self) -> String {
        let record = self.ends("failed").await;
        record["errorJson"].as_str().unwrap().to_owned()
    }

    /// Decides about `node` once somebody is asked; `answer` is merged into the parameters.
    async fn decide(&self, node: &str, answer: Value) {
        self.decide_as(OPERATOR, node, answer).await;
    }

    /// As [`Run::decide`], with the token of somebody else.
    async fn decide_as(&self, token: &str, node: &str, answer: Value) {
        self.asks(node).await;
        let params = self.decision(node, answer);
        let answer = self.gateway.expect(token, "submitApproval", params).await;
        answer.unwrap();
    }

    /// Sends a signal and returns the answer; `signal` is merged into the parameters.
    async fn signal(&self, signal: Value) -> Value {
        let mut params = json!({ "runId": self.run_id });
        for (name, value) in signal.as_object().unwrap() {
            params[name] = value.clone();
        }
        let answer = self.gateway.expect(OPERATOR, "submitSignal", params).await;
        answer.unwrap()
    }

    /// What the gateway says to a decision of `token` that it must refuse.
    async fn refuses(&self, token: &str, node: &str, answer: Value) -> Refusal {
        self.asks(node).await;
        refusal(
            self.gateway,
            token,
            "submitApproval",
            self.decision(node, answer),
        )
        .await
    }

    fn decision(&self, node: &str, answer: Value) -> Value {
        let mut params = json!({ "runId": self.run_id, "nodeId": node });
        for (name, value) in answer.as_object().unwrap() {
            params[name] = value.clone();
        }
        params
    }
}

/// Runs the example `name` with `input` and returns what `node` has stored at the end.
async fn result_of(name: &'static str, input: Value, node: &str) -> Value {
    let example = Example::serve(name).await;
    let run = example.launch(input).await;
    run.finishes().await;
    run.output(node).await
}
