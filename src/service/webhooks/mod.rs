//! What a request of another service sets in motion: signals for the runs that wait, else a launch.
//!
//! ```text
//! request ──authenticity──► once: seen before? ──► targets ──► signals, else a launch ──► answer kept
//! ```

mod authenticity;
mod once;

use serde::Serialize;
use serde_json::{Value, json};
use smithers_actors::launcher::{LaunchError, Launcher, SystemLaunch, system_person};
use smithers_actors::run::RunError;
use smithers_model::audit::Channel;
use smithers_model::signal::SignalAddress;
use smithers_model::wait::WaitCause;
use smithers_model::webhook::{Webhook, WebhookRun, WebhookSignal};
use smithers_model::{RawJson, RunId, Timestamp, WorkflowKey};
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_store::Reader;

pub(crate) use authenticity::{Presented, Proven};
pub(crate) use once::Turns;

use super::{Service, error};
use crate::metrics::Metrics;

/// Most runs that one request reaches.
const MAX_RUNS: usize = 1_000;

/// The answer to a request that was understood.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivered {
    ok: bool,
    workflow: String,
    verified: bool,
    delivered: Vec<DeliveredSignal>,
    matched_run_ids: Vec<RunId>,
    started: Option<Value>,
}

/// A signal that a run has got.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeliveredSignal {
    run_id: RunId,
    seq: u64,
    signal_name: String,
    correlation_id: Option<String>,
    received_at_ms: i64,
}

/// A request whose signature is right.
pub(crate) struct Delivery<'a> {
    /// Key of the workflow that it names.
    pub(crate) key: &'a str,
    /// What the workflow asks for.
    pub(crate) webhook: &'a Webhook,
    /// The body.
    pub(crate) body: &'a Value,
    /// What its authenticity rests on.
    pub(crate) proven: Proven,
}

impl Delivery<'_> {
    fn address(&self, signal: &WebhookSignal) -> SignalAddress {
        SignalAddress {
            signal_name: signal.name.clone(),
            correlation_id: self.text(&signal.correlation_id_path),
        }
    }

    fn text(&self, path: &Option<String>) -> Option<String> {
        text_of(at(self.body, Some(path.as_deref()?))?)
    }
}

impl Service {
    /// Returns the webhook of a workflow.
    ///
    /// # Errors
    /// There is none, or it is not complete.
    pub(crate) fn webhook(&self, key: &str) -> Result<Webhook, RpcError> {
        let refuse = |code, message: String| Err(RpcError::new(code, message));
        let workflow = self.catalogue.get(key);
        let workflow = workflow.ok_or_else(|| RpcError::unknown_workflow(key))?;
        let Some(webhook) = &workflow.definition().webhook else {
            let message = format!("Webhook not configured for workflow: {key}");
            return refuse(ErrorCode::NotFound, message);
        };
        if webhook.secret.expose().is_none() {
            let message = "Webhook secret is not configured".to_owned();
            return refuse(ErrorCode::ServerError, message);
        }
        if webhook.signal.is_none() && webhook.run.is_none() {
            let message = "Webhook config must enable signal delivery or run creation";
            return Err(RpcError::invalid_request(message));
        }
        if self.read_only {
            let message = "Webhooks are not served: this gateway is read-only".to_owned();
            return refuse(ErrorCode::MethodNotAvailable, message);
        }
        Ok(webhook.clone())
    }

    /// Gives the signal to `targets`; when none has got it, launches a run if that is wanted. With `since`, the same was
    /// begun at that time and may have had a part of its effects, which are found and not repeated.
    async fn carry_out(
        &self,
        delivery: &Delivery<'_>,
        targets: &[RunId],
        since: Option<Timestamp>,
    ) -> Result<Delivered, RpcError> {
        let delivered = match &delivery.webhook.signal {
            Some(signal) => self.signal_all(delivery, signal, targets, since).await?,
            None => Vec::new(),
        };
        let started = match &delivery.webhook.run {
            Some(run) if delivered.is_empty() => Some(self.launch_for(delivery, run).await?),
            _ => None,
        };
        Ok(Delivered {
            ok: true,
            workflow: delivery.key.to_owned(),
            verified: true,
            matched_run_ids: delivered.iter().map(|one| one.run_id.clone()).collect(),
            delivered,
            started,
        })
    }

    /// The runs that get the signal of a delivery.
    async fn targets(&self, delivery: &Delivery<'_>) -> Result<Vec<RunId>, RpcError> {
        let Some(signal) = &delivery.webhook.signal else {
            return Ok(Vec::new());
        };
        let address = delivery.address(signal);
        let (key, named) = (
            WorkflowKey::from(delivery.key),
            delivery.text(&signal.run_id_path),
        );
        self.read(move |reader| {
            let found = waiting_runs(reader, &key, &address, named);
            found.map_err(error::of_read)
        })
        .await
    }

    async fn signal_all(
        &self,
        delivery: &Delivery<'_>,
        signal: &WebhookSignal,
        targets: &[RunId],
        since: Option<Timestamp>,
    ) -> Result<Vec<DeliveredSignal>, RpcError> {
        let address = delivery.address(signal);
        let payload = at(delivery.body, signal.payload_path.as_deref());
        let payload = RawJson::of(payload.unwrap_or(&Value::Null));
        let mut delivered = Vec::new();
        for run_id in targets {
            let mut payload = payload.clone();
            self.backend.boundary().signal(run_id, &mut payload);
            let kept = match since {
                Some(since) => {
                    self.kept_before(delivery.key, run_id, &address, &payload, since)
                        .await?
                }
                None => None,
            };
            let kept = match kept {
                Some(kept) => Ok(kept),
                None => {
                    let person = system_person(triggered_by(delivery.key), Channel::Http);
                    self.runs
                        .signal(run_id, address.clone(), payload, person)
                        .await
                }
            };
            match kept {
                Ok(kept) => delivered.push(DeliveredSignal {
                    run_id: run_id.clone(),
                    seq: kept.seq,
                    signal_name: address.signal_name.clone(),
                    correlation_id: address.correlation_id.clone(),
                    received_at_ms: kept.received_at.0,
                }),
                // It has ended since it was read.
                Err(RunError::Refused(_) | RunError::NotFound(_) | RunError::Deleted { .. }) => {}
                Err(failed) => return Err(error::of_run(failed, run_id.as_str(), None)),
            }
        }
        Ok(delivered)
    }

    async fn launch_for(
        &self,
        delivery: &Delivery<'_>,
        run: &WebhookRun,
    ) -> Result<Value, RpcError> {
        let input = match at(delivery.body, run.input_path.as_deref()) {
            Some(input @ Value::Object(_)) => RawJson::of(input),
            other => RawJson::of(&json!({ "payload": other })),
        };
        let launcher = Launcher {
            runs: self.runs.clone(),
            backend: self.backend.clone(),
            catalogue: self.catalogue.clone(),
            clock: self.clock.clone(),
            root_dir: self.root_dir.clone(),
        };
        let order = SystemLaunch {
            workflow: delivery.key.to_owned(),
            run_id: RunId::random(),
            input,
            triggered_by: triggered_by(delivery.key),
            channel: Channel::Http,
            idempotency_key: delivery
                .proven
                .id
                .as_ref()
                .map(|id| format!("webhook:{id}")),
            firing: None,
        };
        let (run_id, workflow) = launcher.launch(order).await.map_err(refusal)?;
        let system = workflow.definition().system;
        Ok(json!({ "runId": run_id, "workflow": delivery.key, "system": system }))
    }
}

/// Runs of workflow `key` that wait for `signal`, or the one that is named if it does.
fn waiting_runs(
    reader: &dyn Reader,
    key: &WorkflowKey,
    signal: &SignalAddress,
    named: Option<String>,
) -> Result<Vec<RunId>, smithers_store::Error> {
    let candidates = match named {
        Some(run) => {
            // Of a run that has continued as new the newest one waits, whatever its sender calls it.
            let run = RunId::from(run.as_str());
            let run = reader.last_of_chain(&run)?.unwrap_or(run);
            let waits = reader.waits(&run)?;
            let is_waiting = waits.iter().any(
                |wait| matches!(&wait.cause, WaitCause::Event { address, .. } if address == signal),
            );
            Vec::from_iter(is_waiting.then_some(run))
        }
        None => reader.runs_waiting_for(signal, MAX_RUNS)?,
    };
    let mut waiting = Vec::new();
    for run in candidates {
        let row = reader.run(&run)?;
        if row.is_some_and(|row| row.workflow_key == *key && !row.status.is_terminal()) {
            waiting.push(run);
        }
    }
    Ok(waiting)
}

/// The value at a dotted path; numbers index arrays.
fn at<'a>(body: &'a Value, path: Option<&str>) -> Option<&'a Value> {
    let steps = path.filter(|path| !path.is_empty()).unwrap_or_default();
    let mut steps = steps.split('.').filter(|step| !step.is_empty());
    steps.try_fold(body, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        Value::Object(members) => members.get(step),
        _ => None,
    })
}

/// A text, number or boolean as text; a blank one is none.
fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn triggered_by(key: &str) -> String {
    format!("webhook:{key}")
}

fn refusal(failed: LaunchError) -> RpcError {
    match failed {
        LaunchError::UnknownWorkflow(key) => RpcError::unknown_workflow(&key),
        LaunchError::Input(refused) => RpcError::invalid_input(refused.message),
        LaunchError::Secret(found) => {
            Metrics.secret_refused();
            RpcError::secret_in_payload(&found.path, found.rule)
        }
        LaunchError::Run(failed) => error::of_run(failed, "", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_through_objects_and_arrays() {
        let body = json!({ "items": [{ "id": 7 }], "ok": true });
        assert_eq!(at(&body, Some("items.0.id")), Some(&json!(7)));
        assert_eq!(at(&body, Some("items.1.id")), None);
        assert_eq!(at(&body, Some("ok.more")), None);
        assert_eq!(at(&body, None), Some(&body));
    }

    #[test]
    fn numbers_and_booleans_name_too_and_blanks_do_not() {
        let text = |value: Value| text_of(&value);
        assert_eq!(text(json!(7)), Some("7".into()));
        assert_eq!(text(json!(false)), Some("false".into()));
        assert_eq!(text(json!("  ")), None);
        assert_eq!(text(json!({})), None);
    }
}
