//! The gateway from outside: the built binary over loopback, its files and its log.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod access_log;
mod alerts;
mod approval_owners;
mod audit;
mod audit_export;
mod backup;
mod cli;
mod cli_approvals;
mod cli_connection;
mod cli_delete;
mod cli_follow;
mod cli_help;
mod cli_runs;
mod config;
mod db;
mod deletion;
mod demo;
mod doctor;
mod examples;
mod faults;
mod http;
mod launches;
mod lifecycle;
mod limits;
mod long_tasks;
mod modules;
mod observability;
mod output;
mod poison;
mod reads;
mod recommended_scopes;
mod reload;
mod run_control;
mod scopes;
mod secrets;
mod secrets_hostile;
mod support;
mod token_exec;
mod token_exec_secrecy;
mod token_headers;
mod token_issue;
mod token_revoke;
mod token_store;
mod tokens;
