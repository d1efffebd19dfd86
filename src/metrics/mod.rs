//! Metrics of the gateway: what happens is counted as it happens, what is the case is read when somebody asks.

mod scrape;
pub mod table;

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use smithers_model::redact::Place;
use smithers_protocol::error::{RateScope, RpcError};

pub use scrape::Scraped;
use table::Kind;

use crate::alerts::TALLY;

/// Upper bounds of the duration histograms, milliseconds.
const DURATION_MS: [f64; 12] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0,
];

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Counts what happens and renders it. All gateways of a process share the counters.
#[derive(Debug, Default, Clone, Copy)]
pub struct Metrics;

impl Metrics {
    /// Installs the recorder of the process, once.
    pub fn install() -> Self {
        RECORDER.get_or_init(|| {
            let buckets = Matcher::Suffix("_duration_ms".into());
            let builder = PrometheusBuilder::new().set_buckets_for_metric(buckets, &DURATION_MS);
            let recorder = builder.and_then(PrometheusBuilder::install_recorder).ok();
            describe();
            recorder
        });
        Self
    }

    /// Counts a call of a method; `label` is a name of the table or `unknown`.
    pub fn rpc(
        &self,
        transport: &'static str,
        label: &'static str,
        took: Duration,
        error: Option<&RpcError>,
    ) {
        counter!(table::RPC_CALLS.name, "transport" => transport, "method" => label).increment(1);
        histogram!(table::RPC_DURATION_MS.name, "transport" => transport, "method" => label)
            .record(took.as_secs_f64() * 1_000.0);
        if let Some(error) = error {
            let code = error.code().as_str();
            counter!(table::ERRORS.name, "kind" => "rpc", "transport" => transport, "method" => label, "code" => code)
                .increment(1);
            self.rate_limited(transport, error);
        }
    }

    /// Counts an attempt to authenticate.
    pub fn auth_event(&self, transport: &'static str, mode: &'static str, outcome: &'static str) {
        counter!(table::AUTH_EVENTS.name, "transport" => transport, "mode" => mode, "outcome" => outcome)
            .increment(1);
        // A request without a token is a visitor; one with a wrong token may be somebody who guesses.
        if !matches!(outcome, "accepted" | "missing") {
            TALLY.failed_login();
        }
    }

    /// Counts a request that was refused because something is done too often.
    pub fn rate_limited(&self, transport: &'static str, error: &RpcError) {
        if let Some(scope) = RateScope::of(error) {
            counter!(table::RATE_LIMITED.name, "scope" => scope.as_str(), "transport" => transport)
                .increment(1);
        }
    }

    /// Counts a change of the token store.
    pub fn token_store_reloaded(&self, outcome: &'static str) {
        counter!(table::TOKEN_STORE_RELOADS.name, "outcome" => outcome).increment(1);
    }

    /// Counts an attempt to load the module again.
    pub fn module_reloaded(&self, result: &'static str) {
        counter!(table::MODULE_RELOADS.name, "result" => result).increment(1);
    }

    /// Counts a run that a schedule launched on request.
    pub fn cron_triggered_by_hand(&self) {
        counter!(table::CRON_TRIGGERS.name, "source" => "manual").increment(1);
    }

    /// Counts a launch that was refused because its input holds a secret.
    pub fn secret_refused(&self) {
        counter!(table::SECRETS_REFUSED.name, "kind" => "input").increment(1);
    }

    /// Counts lines of the access log that were written.
    pub fn access_log_written(&self, lines: u64) {
        counter!(table::ACCESS_LOG_LINES.name).increment(lines);
    }

    /// Counts lines of the access log that were dropped.
    pub fn access_log_dropped(&self, reason: &'static str, lines: u64) {
        counter!(table::ACCESS_LOG_DROPPED.name, "reason" => reason).increment(lines);
    }

    /// Counts a request to a webhook that was refused.
    pub fn webhook_refused(&self) {
        counter!(table::ERRORS.name, "kind" => "webhook").increment(1);
    }

    /// Counts a socket that was opened.
    pub fn connection_opened(&self) {
        counter!(table::CONNECTIONS.name, "transport" => "websocket").increment(1);
    }

    /// Counts an upgrade that found no place.
    pub fn connection_refused(&self) {
        counter!(table::ERRORS.name, "kind" => "connection_limit").increment(1);
    }

    /// Returns the text of `/metrics`, with gauges read at this moment.
    pub fn render(&self, scraped: &Scraped<'_>) -> String {
        scraped.set_gauges();
        match RECORDER.get() {
            Some(Some(handle)) => {
                let text = handle.render();
                let clean = smithers_redact::shared().line(Place::Message, &text);
                clean.unwrap_or(text)
            }
            _ => String::new(),
        }
    }
}

/// Gives the recorder the text that stands beside each metric.
fn describe() {
    for metric in table::ALL {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, metric.help),
            Kind::Histogram => describe_histogram!(metric.name, metric.help),
        }
    }
}
