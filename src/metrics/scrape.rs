//! What is the case at the moment of a scrape.

use metrics::{counter, gauge};
use smithers_actors::session::Connections;

use super::table;
use crate::auth::{GrantStore, StoreState};
use crate::service::Service;

/// Where gauges are read.
pub struct Scraped<'a> {
    /// Runs and the writer.
    pub service: &'a Service,
    /// Sockets.
    pub connections: &'a Connections,
    /// Grants.
    pub grants: &'a GrantStore,
}

impl Scraped<'_> {
    /// Sets every gauge, and the counters that other parts keep themselves.
    #[expect(
        clippy::cast_precision_loss,
        reason = "gauges are floats; counts stay far below 2^52"
    )]
    pub(super) fn set_gauges(&self) {
        let set = |metric: table::Metric, value: f64| gauge!(metric.name).set(value);
        let connected = self.connections.connected() as f64;
        gauge!(table::CONNECTIONS_ACTIVE.name, "transport" => "websocket").set(connected);
        set(
            table::CONNECTIONS_PRE_AUTH,
            self.connections.pre_auth() as f64,
        );
        set(table::RUNS_OPEN, self.service.runs.open_runs() as f64);
        let uptime = self.service.clock.now().since(self.service.started_at);
        set(table::UPTIME_SECONDS, uptime.as_secs_f64());
        set(table::TOKEN_STORE_GRANTS, self.grants.len() as f64);
        let state = self.grants.state();
        for known in StoreState::ALL {
            let is_it = f64::from(u8::from(known == state));
            gauge!(table::TOKEN_STORE_STATE.name, "state" => known.as_str()).set(is_it);
        }
        let stats = self.service.writer.stats();
        set(table::DB_QUEUE_DEPTH, stats.queue_depth as f64);
        set(table::DB_LARGEST_BATCH, stats.largest_batch as f64);
        counter!(table::DB_TRANSACTIONS.name).absolute(stats.batches);
        counter!(table::DB_TRANSACTION_US.name).absolute(stats.total_commit_us);
        for (outcome, count) in [
            ("committed", stats.steps),
            ("refused", stats.refused),
            ("unknown", stats.unknown),
        ] {
            counter!(table::DB_STEPS.name, "outcome" => outcome).absolute(count);
        }
        set_redactions();
    }
}

/// Takes over what the redactor has counted.
fn set_redactions() {
    let redactor = smithers_redact::shared();
    for (rule, count) in redactor.counts() {
        counter!(table::REDACTIONS.name, "rule" => rule.as_str()).absolute(count);
    }
    for (place, count) in redactor.certain_counts() {
        counter!(table::SECRETS_FOUND.name, "kind" => place.as_str()).absolute(count);
    }
}
