//! Metrics of the gateway, with the names of gateway-protocol 17. Labels never hold a text that a client chose.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use smithers_actors::session::Connections;
use smithers_protocol::error::RpcError;

use crate::service::Service;

/// Upper bounds of the duration histograms, milliseconds.
const DURATION_MS: [f64; 12] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0,
];

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Counts what happens and renders it. All gateways of a process share the counters.
#[derive(Debug, Default)]
pub struct Metrics;

impl Metrics {
    /// Installs the recorder of the process, once.
    pub fn install() -> Self {
        RECORDER.get_or_init(|| {
            let buckets = Matcher::Suffix("_duration_ms".into());
            let builder = PrometheusBuilder::new().set_buckets_for_metric(buckets, &DURATION_MS);
            builder.and_then(PrometheusBuilder::install_recorder).ok()
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
        counter!("smithers_gateway_rpc_calls_total", "transport" => transport, "method" => label)
            .increment(1);
        histogram!("smithers_gateway_rpc_duration_ms", "transport" => transport, "method" => label)
            .record(took.as_secs_f64() * 1_000.0);
        if let Some(error) = error {
            let code = error.code().as_str();
            counter!("smithers_gateway_errors_total", "kind" => "rpc", "transport" => transport, "method" => label, "code" => code)
                .increment(1);
        }
    }

    /// Counts a socket that was opened.
    pub fn connection_opened(&self) {
        counter!("smithers_gateway_connections_total", "transport" => "websocket").increment(1);
    }

    /// Counts an upgrade that found no place.
    pub fn connection_refused(&self) {
        counter!("smithers_gateway_errors_total", "kind" => "connection_limit").increment(1);
    }

    /// Returns the text of `/metrics`, with gauges read at this moment.
    pub fn render(&self, service: &Service, connections: &Connections) -> String {
        set_gauges(service, connections);
        match RECORDER.get() {
            Some(Some(handle)) => handle.render(),
            _ => String::new(),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floats; counts stay far below 2^52"
)]
fn set_gauges(service: &Service, connections: &Connections) {
    let active = "smithers_gateway_connections_active";
    gauge!(active, "transport" => "websocket").set(connections.connected() as f64);
    gauge!("smithers_gateway_connections_pre_auth").set(connections.pre_auth() as f64);
    gauge!("smithers_runs_open").set(service.runs.open_runs() as f64);
    let uptime = service.clock.now().since(service.started_at);
    gauge!("smithers_process_uptime_seconds").set(uptime.as_secs_f64());
    let stats = service.writer.stats();
    gauge!("smithers_db_queue_depth").set(stats.queue_depth as f64);
    counter!("smithers_db_transactions_total").absolute(stats.batches);
    counter!("smithers_db_steps_total", "outcome" => "committed").absolute(stats.steps);
    counter!("smithers_db_steps_total", "outcome" => "refused").absolute(stats.refused);
    counter!("smithers_db_steps_total", "outcome" => "unknown").absolute(stats.unknown);
    gauge!("smithers_db_largest_batch").set(stats.largest_batch as f64);
    counter!("smithers_db_transaction_us_total").absolute(stats.total_commit_us);
}
