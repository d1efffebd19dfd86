//! `smithers gateway`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use smithers_actors::clock::SystemClock;
use smithers_model::time::Clock as _;
use tokio::signal::unix::{SignalKind, signal};

use super::config::FileArg;
use super::output::put;
use super::start_error;
use crate::access_log::AccessLog;
use crate::audit::AccessTrail;
use crate::auth::{Gatekeeper, GrantStore, GrantWatch, issue_demo_grant};
use crate::config::{AuthMode, Config};
use crate::demo::Demo;
use crate::gateway::{Extras, Gateway};
use crate::metrics::Metrics;
use crate::telemetry;

const EXAMPLES: &str = "\
Examples:
  smithers gateway --demo
  smithers gateway --demo --module examples/hello/gateway.tsx
  smithers gateway --module gateway.tsx --db smithers.db
  smithers gateway --config /etc/smithers/smithers.toml";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct GatewayArgs {
    /// Start with a demo workflow (or with --module), a database under .smithers/demo, and a token for an hour.
    #[arg(long)]
    demo: bool,
    /// Port to listen on; 0 picks a free one. [env: PORT]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Address to listen on. [env: SMITHERS_GATEWAY_HOST]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Module to serve. [env: SMITHERS_GATEWAY_MODULE]
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// Database file. [env: SMITHERS_DB_PATH]
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    db: Option<PathBuf>,
    /// Start even when the module cannot be loaded.
    #[arg(long)]
    allow_broken_modules: bool,
    /// Load no module, execute nothing and refuse changes: look at a database that was restored, for example.
    #[arg(long, conflicts_with = "demo")]
    read_only: bool,
    /// Load the module again when one of its files changes. [env: SMITHERS_MODULE_WATCH]
    #[arg(long, conflicts_with = "read_only")]
    watch: bool,
    #[command(flatten)]
    file: FileArg,
}

pub(super) fn run(args: GatewayArgs) -> anyhow::Result<()> {
    let mut flags = flags(&args);
    let demo = args
        .demo
        .then(|| Demo::prepare(args.module.clone()))
        .transpose()
        .context("failed to prepare the demo")?;
    if let Some(demo) = &demo {
        flags.extend(demo.settings());
    }
    let config = args.file.read(flags)?;
    telemetry::install(&config.logging);
    let extras = Extras {
        allow_broken_modules: args.allow_broken_modules,
        access_log: open_access_log(&config)?,
        read_only: args.read_only,
        ..Extras::default()
    };
    actix_web::rt::System::new().block_on(serve(config, demo, extras))
}

fn open_access_log(config: &Config) -> anyhow::Result<AccessLog> {
    let opened = AccessLog::open(&config.access_log, Arc::new(SystemClock));
    opened.with_context(|| {
        let path = config.access_log.path.as_deref().unwrap_or(Path::new(""));
        format!(
            "the access log `{}` cannot be opened (SMITHERS_ACCESS_LOG)",
            path.display()
        )
    })
}

fn flags(args: &GatewayArgs) -> BTreeMap<&'static str, String> {
    let path = |path: &PathBuf| path.display().to_string();
    [
        ("PORT", args.port.map(|port| port.to_string())),
        ("SMITHERS_GATEWAY_HOST", args.host.clone()),
        ("SMITHERS_GATEWAY_MODULE", args.module.as_ref().map(path)),
        ("SMITHERS_DB_PATH", args.db.as_ref().map(path)),
        ("SMITHERS_MODULE_WATCH", args.watch.then(|| "true".into())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

async fn serve(config: Config, demo: Option<Demo>, extras: Extras) -> anyhow::Result<()> {
    // Handlers first: a signal during the start must not kill a process that holds a half-made database.
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
    let mut hangup = signal(SignalKind::hangup()).context("failed to listen for SIGHUP")?;
    // Before anything is counted.
    Metrics::install();
    let clock = Arc::new(SystemClock);
    let grants = Arc::new(GrantStore::open(
        &config.access.token_store,
        config.access.allow_loose_mode,
        Arc::new(AccessTrail::default()),
        clock.clone(),
    ));
    let started_at = clock.now();
    let token = demo.as_ref().map(|_| issue_demo_grant(&grants, started_at));
    let token = token.transpose().context("failed to make the demo token")?;
    let watch = (config.access.auth == AuthMode::Token)
        .then(|| GrantWatch::start(grants.clone()))
        .transpose()
        .context("failed to watch the token store")?;
    let gatekeeper = Arc::new(Gatekeeper::new(
        &config.access,
        &config.limits,
        grants.clone(),
        clock,
    ));
    announce(&config);
    let access_log = extras.access_log.clone();
    let gateway = Gateway::start(&config, gatekeeper, extras)
        .await
        .map_err(start_error::explained)?;
    put(&format!("listening on http://{}", gateway.address));
    if let (Some(demo), Some(token)) = (&demo, &token) {
        put(&demo.guide(gateway.address, token, started_at, &gateway.workflows())?);
    }
    let reloader = gateway.reloader();
    if config.script.watch {
        actix_web::rt::spawn(reloader.clone().watch());
    }
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                tracing::info!("SIGHUP: reading the token store, the access log and the module again");
                grants.reload();
                access_log.reopen();
                reloader.reload();
            }
        }
    }
    gateway.stop().await;
    drop(watch);
    Ok(())
}

/// Says which values are used and where each came from.
fn announce(config: &Config) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        "smithers gateway starts"
    );
    for line in config.table().lines() {
        tracing::info!("{line}");
    }
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
}
