//! The table of metrics: name, kind, labels and meaning of each, once. Documentation is made from it.
//!
//! Names are those of docs/contract (gateway-protocol 17, operations 9). A label never holds a text that a client chose.

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It only grows; it begins anew with the process.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Values in buckets, with their count and sum.
    Histogram,
}

impl Kind {
    /// Returns the word that stands in the `TYPE` line at `/metrics`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// One metric of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Metric {
    /// The name at `/metrics`.
    pub name: &'static str,
    /// What it counts.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says, in one sentence.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $constant: Metric = Metric {
                name: $name,
                kind: Kind::$kind,
                labels: &[$($label),*],
                help: $help,
            };
        )+

        /// Every metric, in the order of the reference.
        pub const ALL: &[Metric] = &[$($constant),+];
    };
}

metrics! {
    CONNECTIONS: Counter "smithers_gateway_connections_total" ["transport"]
        "Sockets that were opened.";
    CONNECTIONS_ACTIVE: Gauge "smithers_gateway_connections_active" ["transport"]
        "Sockets that have authenticated and are open.";
    CONNECTIONS_PRE_AUTH: Gauge "smithers_gateway_connections_pre_auth" []
        "Sockets that are open and have not authenticated yet.";
    RPC_CALLS: Counter "smithers_gateway_rpc_calls_total" ["transport", "method"]
        "Calls of methods; names that do not exist are counted as unknown.";
    RPC_DURATION_MS: Histogram "smithers_gateway_rpc_duration_ms" ["transport", "method"]
        "Milliseconds from the call of a method to its answer.";
    ERRORS: Counter "smithers_gateway_errors_total" ["kind", "transport", "method", "code"]
        "Errors by kind: rpc for answers, connection_limit for sockets that found no place.";
    AUTH_EVENTS: Counter "smithers_gateway_auth_events_total" ["transport", "mode", "outcome"]
        "Attempts to authenticate by outcome: accepted, missing, unknown, revoked, expired, changed, origin, rate_limited.";
    RATE_LIMITED: Counter "smithers_gateway_rate_limited_total" ["scope", "transport"]
        "Requests refused because something was done too often: authentication, requests, launches, approvals.";
    TOKEN_STORE_GRANTS: Gauge "smithers_token_store_grants" []
        "Grants in force, those that have ended included.";
    TOKEN_STORE_STATE: Gauge "smithers_token_store_state" ["state"]
        "1 for the state that the token store is in (ok, absent, refused), 0 for the others.";
    TOKEN_STORE_RELOADS: Counter "smithers_token_store_reloads_total" ["outcome"]
        "Changes of the token store that were looked at: applied, or refused with the last good state kept.";
    MODULE_RELOADS: Counter "smithers_module_reloads_total" ["result"]
        "Times the module was loaded again: served, unchanged, or refused with the one before it kept.";
    ACCESS_LOG_LINES: Counter "smithers_access_log_lines_total" []
        "Lines written to the file of the access log.";
    ACCESS_LOG_DROPPED: Counter "smithers_access_log_dropped_total" ["reason"]
        "Lines of the access log that were dropped: queue when the disk is too slow, write when it refuses.";
    AUDIT_SINK_BEHIND: Gauge "smithers_audit_sink_behind" []
        "Rows of the audit trail that the copy could not take; 0 when it has all.";
    ALERTS: Counter "smithers_alerts_total" ["alert"]
        "Alerts that were raised.";
    ALERT_FIRING: Gauge "smithers_alert_firing" ["alert", "severity"]
        "1 as long as the alert fires with this severity, else 0.";
    APPROVALS_ESCALATED: Counter "smithers_approvals_escalated_total" []
        "Approvals whose owner did not decide in time, so that the fallback owner may too.";
    APPROVALS_EXPIRED: Counter "smithers_approvals_expired_total" ["on_expire"]
        "Approvals that nobody decided in time, by what becomes of them: wait or deny.";
    CRON_TRIGGERS: Counter "smithers_gateway_cron_triggers_total" ["source"]
        "Runs that schedules launched, by themselves (scheduled) or on request (manual).";
    CRON_LEFT_OUT: Counter "smithers_cron_left_out_total" ["reason"]
        "Firings of schedules that launched no run: missed, overlap, or made before.";
    CRON_FAILED: Counter "smithers_cron_failed_total" []
        "Firings of schedules that could not launch their run and are tried again.";
    RUNS_OPEN: Gauge "smithers_runs_open" []
        "Runs that are in memory.";
    AGENT_EVENTS: Counter "smithers_agent_events_total" []
        "Events of agents that runs took into their logs.";
    AGENT_EVENTS_DROPPED: Counter "smithers_agent_events_dropped_total" []
        "Events of agents that were too large, or more than is kept of an attempt.";
    AGENT_TOKENS: Counter "smithers_agent_tokens_total" ["kind"]
        "Tokens that calls of agents have used: input and output.";
    DEVTOOLS_SUBSCRIBE: Counter "smithers_devtools_subscribe_total" ["result"]
        "Wishes for a stream of trees, by what came of them: success, or the code of the error.";
    DEVTOOLS_ACTIVE: Gauge "smithers_devtools_active_subscribers" []
        "Streams of trees that are open.";
    DEVTOOLS_EVENTS: Counter "smithers_devtools_event_total" ["kind"]
        "Events of streams of trees: snapshot or delta.";
    DEVTOOLS_EVENT_BYTES: Counter "smithers_devtools_event_bytes_total" ["kind"]
        "Bytes of events of streams of trees.";
    DEVTOOLS_BUILD_MS: Histogram "smithers_devtools_build_duration_ms" ["kind"]
        "How long it took to make an event of a stream of trees, milliseconds.";
    DEVTOOLS_CUT: Counter "smithers_devtools_backpressure_disconnect_total" []
        "Streams of trees that were cut because their reader was too slow.";
    SCORINGS: Counter "smithers_scorings_total" ["outcome"]
        "Scorers that looked at a result, by what came of it: finished or failed.";
    TASK_HEARTBEATS: Counter "smithers_task_heartbeats_total" []
        "Signs of life of tasks that runs took into their rows.";
    TASK_OUTPUT_BYTES: Counter "smithers_task_output_bytes_total" ["stream"]
        "Bytes that tasks wrote to stdout and stderr and that runs took into their logs.";
    TASK_OUTPUT_TRUNCATED: Counter "smithers_task_output_truncated_total" []
        "Attempts that wrote more than is kept of one.";
    CACHE_HITS: Counter "smithers_cache_hits_total" []
        "Attempts whose result was taken from the cache.";
    CACHE_MISSES: Counter "smithers_cache_misses_total" ["reason"]
        "Attempts that looked in the cache in vain: absent, expired, or schema when what was found does not fit.";
    CACHE_BYTES: Counter "smithers_cache_bytes_total" []
        "Bytes of results that were taken from the cache.";
    CACHE_SWEPT: Counter "smithers_cache_swept_total" []
        "Kept results that were forgotten because they had expired or the cache was full.";
    UPTIME_SECONDS: Gauge "smithers_process_uptime_seconds" []
        "Seconds since the gateway started.";
    DB_QUEUE_DEPTH: Gauge "smithers_db_queue_depth" []
        "Steps that wait for the writer.";
    DB_TRANSACTIONS: Counter "smithers_db_transactions_total" []
        "Transactions of the writer.";
    DB_STEPS: Counter "smithers_db_steps_total" ["outcome"]
        "Steps by outcome: committed, refused, or unknown after a fault of the storage.";
    DB_LARGEST_BATCH: Gauge "smithers_db_largest_batch" []
        "Most steps that one transaction held.";
    DB_TRANSACTION_US: Counter "smithers_db_transaction_us_total" []
        "Microseconds spent in transactions.";
    REDACTIONS: Counter "smithers_redactions_total" ["rule"]
        "Texts that were replaced because they are secrets, by the rule that found them.";
    SECRETS_FOUND: Counter "smithers_secrets_found_total" ["kind"]
        "Certain secrets that were replaced, by what they were part of: output, event, log and so on.";
    SECRETS_REFUSED: Counter "smithers_secrets_refused_total" ["kind"]
        "Requests refused because they hold a certain secret where it would be stored.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_follow_one_form() {
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for Metric {
            name, kind, help, ..
        } in ALL
        {
            let has_form =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(
                name.starts_with("smithers_") && name.bytes().all(has_form),
                "{name}"
            );
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(help.ends_with('.'), "{name}: {help}");
        }
    }
}
