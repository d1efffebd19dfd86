//! Deciding on the database file itself, when no gateway runs: the same engine and the same lists of who may decide,
//! recorded with the channel `cli-offline`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use smithers_actors::assembly::Assembly;
use smithers_actors::clock::SystemClock;
use smithers_actors::run::{AtRest, Verdict};
use smithers_model::approval::Decision;
use smithers_model::audit::Channel;
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::run::Actor;
use smithers_model::time::Clock;
use smithers_model::{NodeKey, RawJson, RunId};
use smithers_protocol::error::RpcError;
use smithers_protocol::scope::Scope;
use smithers_store::read::ApprovalFilter;
use smithers_store::sqlite::SqliteStore;
use smithers_store::writer::NoPublisher;
use smithers_store::{Backend, OpenError};

use super::choice::Choice;
use crate::cli::config::FileArg;
use crate::cli::error::CliError;
use crate::cli::start_error;
use crate::gateway::{StartError, store_options};
use crate::service::error::of_run;

/// The options of a decision without a gateway.
#[derive(Debug, Args)]
#[command(next_help_heading = "Offline")]
pub(super) struct OfflineArgs {
    /// Decide on the database file itself; refused while a gateway runs on it.
    #[arg(long, requires = "by")]
    pub(super) offline: bool,
    /// With --offline: the user who decides, as the approval lists them.
    #[arg(long, value_name = "USER", requires = "offline")]
    by: Option<String>,
    /// With --offline: the database file.
    #[arg(long, value_name = "FILE", requires = "offline")]
    db: Option<PathBuf>,
    #[command(flatten)]
    file: FileArg,
}

/// A decision that somebody typed.
pub(super) struct Typed<'a> {
    pub(super) run: &'a str,
    /// Which node; the one that waits when none is named.
    pub(super) choice: Choice<'a>,
    pub(super) approved: bool,
    pub(super) note: Option<&'a str>,
    pub(super) value: Option<&'a serde_json::Value>,
    /// Digest of what it is about, when it was given.
    pub(super) digest: Option<&'a str>,
}

impl OfflineArgs {
    /// Decides, and returns the node that was decided.
    pub(super) fn decide(&self, typed: &Typed<'_>) -> anyhow::Result<NodeKey> {
        let (backend, approvals) = self.open()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let run_id = RunId::from(typed.run);
        let (node, read) = asked(&*backend, &run_id, typed.choice)?;
        let digest = typed.digest.map(str::to_owned).or(read);
        let assembly =
            Assembly::start_writer(backend.clone(), Box::new(NoPublisher), clock.clone())
                .map_err(|error| start_error::explained(error.into()))?;
        let writer = assembly.writer().clone();
        let verdict = Verdict {
            node: node.clone(),
            decision: self.decision(typed, digest, &*clock),
            actor: self.actor(),
        };
        let runs = AtRest {
            backend: &*backend,
            writer: &writer,
            clock: &*clock,
            approvals: Arc::new(approvals),
        };
        let decided = runs.decide(&run_id, verdict);
        writer.shutdown();
        decided.map_err(|refused| told(&of_run(refused, typed.run, Some(&node))))?;
        Ok(node)
    }

    /// Opens the database, which takes its lock: a running gateway holds it. Returns the rules of approvals too.
    fn open(&self) -> anyhow::Result<(Arc<dyn Backend>, ApprovalPolicy)> {
        let db = self.db.as_ref().map(|path| path.display().to_string());
        let flags = db.map(|db| ("SMITHERS_DB_PATH", db)).into_iter().collect();
        let config = self.file.read(flags)?;
        let path = &config.storage.db_path;
        if !path.exists() {
            let message = format!("there is no database `{}`", path.display());
            return Err(CliError::new("DB_NOT_FOUND", message)
                .hint("name the file with --db or SMITHERS_DB_PATH")
                .into());
        }
        match SqliteStore::open(&store_options(&config)) {
            Ok(store) => Ok((Arc::new(store), config.approvals.policy())),
            Err(error @ OpenError::InUse { .. }) => {
                Err(CliError::new("DB_IN_USE", error.to_string())
                    .hint("a gateway runs: decide through it, without --offline")
                    .into())
            }
            Err(error) => Err(start_error::explained(StartError::Open(error))),
        }
    }

    fn decision(&self, typed: &Typed<'_>, digest: Option<String>, clock: &dyn Clock) -> Decision {
        Decision {
            approved: typed.approved,
            note: typed.note.map(str::to_owned),
            decided_by: self.by.clone(),
            token_id: None,
            value: typed.value.map(RawJson::of),
            request_digest: digest,
            decided_at: clock.now(),
        }
    }

    /// Who decides: the named user, with the one scope that deciding takes. No token vouches for more.
    fn actor(&self) -> Actor {
        Actor {
            user_id: self.by.clone(),
            token_id: None,
            role: "offline".into(),
            scopes: vec![Scope::ApprovalSubmit.as_str().to_owned()],
            holds_all: false,
            channel: Channel::CliOffline,
        }
    }
}

/// Finds the node that is meant, and the digest of what it asks.
fn asked(
    backend: &dyn Backend,
    run: &RunId,
    choice: Choice<'_>,
) -> anyhow::Result<(NodeKey, Option<String>)> {
    let filter = ApprovalFilter {
        run: Some(run.clone()),
        ..ApprovalFilter::all(smithers_protocol::limits::LIST_MAX)
    };
    let waiting = backend.reader()?.pending(&filter)?;
    let approvals = || waiting.iter().map(|pending| &pending.approval);
    let nodes = approvals().map(|approval| approval.node.clone()).collect();
    let node = choice.among(run.as_str(), nodes)?;
    let asked = approvals().find(|approval| approval.node == node);
    let digest = asked.and_then(|approval| approval.request_digest.clone());
    Ok((node, digest))
}

/// The refusal as the gateway would have told it.
fn told(error: &RpcError) -> CliError {
    CliError::new(error.code().as_str(), error.message())
}
