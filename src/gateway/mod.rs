//! A gateway in one process: opens the store, loads the module, starts the actors, listens.
//!
//! ```text
//! Config ─► store ─► writer ─► runs, scheduler ─► hubs and sessions per HTTP worker ─► listener
//!             └──── module host ─► workflows ┘
//! ```

mod error;
mod module;
mod observers;
mod reload;
mod schedules;
mod secrets;
mod stop;
mod workers;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix::Arbiter;
use actix_web::rt::task::JoinHandle;
use smithers_actors::assembly::Assembly;
use smithers_actors::clock::SystemClock;
use smithers_actors::deletion::Deletions;
use smithers_actors::hub::{HubBus, HubPublisher};
use smithers_actors::launcher::Launcher;
use smithers_actors::maintenance::{Maintenance, Retention};
use smithers_actors::registry::Runs;
use smithers_actors::scheduler::Nudge;
use smithers_actors::schedules::Keeper;
use smithers_model::time::Clock;
use smithers_model::workflow::{Workflow, WorkflowDefinition};
use smithers_store::ops::{self, FileSystem};
use smithers_store::sqlite::{Durability, SqliteOptions, SqliteStore};
use smithers_store::{Backend, WriterHandle};

use crate::access_log::AccessLog;
use crate::alerts::Sources;
use crate::audit::TrailKeeper;
use crate::auth::Gatekeeper;
use crate::config::{Config, Synchronous};
use crate::net::Running;
use crate::service::Service;
use crate::service::rewind::RewindDesk;
use observers::Observers;
pub use reload::Reloader;

pub use error::StartError;
pub use module::Modules;

/// A gateway that runs. Needs an actix system; [`stop`](Self::stop) it before the system ends.
pub struct Gateway {
    /// Where it listens.
    pub address: SocketAddr,
    running: Running,
    runs: Runs,
    writer: WriterHandle,
    clock: Arc<dyn Clock>,
    reloader: Reloader,
    access_log: AccessLog,
    arbiters: Vec<Arbiter>,
    /// Puts access on record until it is stopped.
    trail: Option<TrailKeeper>,
    /// Sweeps until it is aborted.
    housekeeping: Option<JoinHandle<()>>,
    /// Fires schedules until it is aborted.
    schedules: Option<JoinHandle<()>>,
    observers: Option<Observers>,
}

/// What a gateway serves besides the module of its configuration.
#[derive(Default)]
pub struct Extras {
    /// Workflows written in Rust.
    pub workflows: Vec<Arc<dyn Workflow>>,
    /// Serve what can be loaded when the module is broken.
    pub allow_broken_modules: bool,
    /// Where requests are recorded.
    pub access_log: AccessLog,
    /// Load no module, execute nothing, refuse changes: what is stored can be read.
    pub read_only: bool,
}

impl Gateway {
    /// Starts a gateway. Nothing listens when this fails.
    pub async fn start(
        config: &Config,
        gatekeeper: Arc<Gatekeeper>,
        extras: Extras,
    ) -> Result<Self, StartError> {
        let environment = std::env::vars().collect();
        secrets::prepare(&smithers_redact::shared(), config, &environment);
        let listener = listen(config)?;
        let backend: Arc<dyn Backend> = Arc::new(open_store(config)?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let started_at = clock.now();
        let access_log = extras.access_log.clone();
        let read_only = extras.read_only;
        let modules = Modules::load(config, extras)?;
        secrets::learn_webhooks(&smithers_redact::shared(), &modules.definitions());
        let catalogue = Arc::new(modules.catalogue());
        let bus = Arc::new(HubBus::new(newest_state_version(&*backend)?));
        let publisher = Box::new(HubPublisher::new(bus.clone()));
        let worktrees = Arc::new(config.worktrees.worktrees());
        let assembly = Assembly::start_writer(backend.clone(), publisher, clock.clone())?
            .concurrency_ceiling(config.script.concurrency_ceiling)
            .changed_workflow(config.script.on_change.0)
            .worktrees(Arc::clone(&worktrees));
        let writer = assembly.writer().clone();
        let declared = match read_only {
            true => Vec::new(),
            false => schedules::wanted(&modules.definitions(), &*backend, started_at)?,
        };
        modules.register(&writer, config, started_at)?;
        schedules::store(declared, &writer)?;
        let arbiters: Vec<Arbiter> = (0..config.script.run_threads)
            .map(|_| Arbiter::new())
            .collect();
        let handles = arbiters.iter().map(Arbiter::handle).collect();
        let policy = config.approvals.policy();
        let runs = match read_only {
            true => assembly.rest(catalogue.clone(), policy, handles),
            false => assembly.start_runs(catalogue.clone(), policy, handles),
        };
        let deletions = Deletions::new(backend.clone(), writer.clone(), runs.clone(), bus.clone());
        let maintenance = Maintenance {
            deletions: deletions.clone(),
            backend: backend.clone(),
            writer: writer.clone(),
            clock: clock.clone(),
            retention: Retention {
                runs: config.retention.runs,
                cache_bytes: config.retention.cache_bytes,
            },
        };
        let keeper = Keeper {
            launcher: Launcher {
                runs: runs.clone(),
                backend: backend.clone(),
                catalogue: catalogue.clone(),
                clock: clock.clone(),
                root_dir: modules.root_dir().into(),
            },
            writer: writer.clone(),
            bell: Nudge::default(),
        };
        let service = Service {
            schedules: keeper.bell.clone(),
            runs: runs.clone(),
            deletions,
            backend: backend.clone(),
            writer: writer.clone(),
            catalogue,
            clock: clock.clone(),
            started_at,
            owner_id: format!("pid:{}:{}", std::process::id(), uuid::Uuid::new_v4()).into(),
            limits: gatekeeper.limits(),
            read_only,
            webhook_turns: Arc::default(),
            stories: Arc::default(),
            rewinds: RewindDesk::default(),
            worktrees,
            root_dir: keeper.launcher.root_dir.clone(),
        };
        let served = service.catalogue.clone();
        let sources = Sources {
            backend: backend.clone(),
            database: config.storage.db_path.clone(),
            writer: writer.clone(),
            gatekeeper: gatekeeper.clone(),
            clock: clock.clone(),
        };
        let observers = (!read_only)
            .then(|| Observers::start(config, sources))
            .transpose()
            .map_err(StartError::Serve)?;
        let trail = (!read_only)
            .then(|| TrailKeeper::start(gatekeeper.trail(), writer.clone(), clock.clone()))
            .transpose()
            .map_err(StartError::Serve)?;
        let parts = workers::WorkerParts::new(config, service, gatekeeper, bus, access_log.clone());
        let running = parts.serve(listener, config).map_err(StartError::Serve)?;
        let address = running.address;
        Ok(Self {
            address,
            running,
            runs,
            reloader: Reloader::new(
                modules,
                served,
                keeper.clone(),
                clock.clone(),
                config,
                read_only,
            ),
            schedules: (!read_only).then(|| keeper.spawn()),
            writer,
            clock,
            access_log,
            arbiters,
            trail,
            housekeeping: (!read_only).then(|| maintenance.spawn()),
            observers,
        })
    }

    /// What replaces the module while the gateway serves.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// What is known of the workflows that are served, in the order of their registration.
    pub fn workflows(&self) -> Vec<Arc<WorkflowDefinition>> {
        self.reloader.definitions()
    }
}

fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let address = config.listen.address();
    TcpListener::bind(address).map_err(|source| StartError::Listen { address, source })
}

fn open_store(config: &Config) -> Result<SqliteStore, StartError> {
    let store = SqliteStore::open(&store_options(config))?;
    let place = ops::file_system(store.path());
    if let Some(objection) = place.ok().and_then(FileSystem::objection) {
        tracing::warn!(path = %store.path().display(), "the database is in a bad place: {objection}");
    }
    Ok(store)
}

/// How the database of the configuration is opened, by the gateway and by commands in its place.
pub(crate) fn store_options(config: &Config) -> SqliteOptions {
    let mut options = SqliteOptions::new(&config.storage.db_path);
    options.durability = match config.storage.synchronous {
        Synchronous::Full => Durability::Full,
        Synchronous::Normal => Durability::Normal,
    };
    options
}

fn newest_state_version(backend: &dyn Backend) -> Result<u64, StartError> {
    Ok(backend.reader()?.state_version()?)
}
