//! A gateway in one process: opens the store, loads the module, starts the actors, listens.
//!
//! ```text
//! Config ─► store ─► writer ─► runs, scheduler ─► hubs and sessions per HTTP worker ─► listener
//!             └──── module host ─► workflows ┘
//! ```

mod error;
mod module;
mod stop;
mod workers;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};

use actix::{Addr, Arbiter, ArbiterHandle};
use smithers_actors::catalogue::Catalogue;
use smithers_actors::clock::SystemClock;
use smithers_actors::hub::{HubBus, HubPublisher};
use smithers_actors::registry::{RunRegistry, Runs};
use smithers_actors::run::RunServices;
use smithers_actors::scheduler::{Nudge, Scheduler};
use smithers_actors::writer::{WriterActor, WriterStateChanged};
use smithers_model::time::Clock;
use smithers_model::workflow::Workflow;
use smithers_store::sqlite::{Durability, SqliteOptions, SqliteStore};
use smithers_store::writer::{WriterHandle, WriterOptions};
use smithers_store::{Backend, Writer};

use crate::auth::Gatekeeper;
use crate::config::{Config, Synchronous};
use crate::metrics::Metrics;
use crate::net::Running;
use crate::service::Service;

pub use error::StartError;
pub use module::Modules;

/// A gateway that runs. Needs an actix system; [`stop`](Self::stop) it before the system ends.
pub struct Gateway {
    /// Where it listens.
    pub address: SocketAddr,
    running: Running,
    runs: Runs,
    writer: WriterHandle,
    modules: Modules,
    arbiters: Vec<Arbiter>,
}

/// What a gateway serves besides the module of its configuration.
#[derive(Default)]
pub struct Extras {
    /// Workflows written in Rust.
    pub workflows: Vec<Arc<dyn Workflow>>,
    /// Serve what can be loaded when the module is broken.
    pub allow_broken_modules: bool,
}

impl Gateway {
    /// Starts a gateway. Nothing listens when this fails.
    pub async fn start(
        config: &Config,
        gatekeeper: Arc<Gatekeeper>,
        extras: Extras,
    ) -> Result<Self, StartError> {
        let listener = listen(config)?;
        let backend: Arc<dyn Backend> = Arc::new(open_store(config)?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let started_at = clock.now();
        let modules = Modules::load(config, extras)?;
        let catalogue = Arc::new(modules.catalogue());
        let bus = Arc::new(HubBus::new(newest_state_version(&*backend)?));
        let front = Arc::new(OnceLock::new());
        let writer = start_writer(&backend, &bus, &clock, &front)?;
        modules.register(&writer, &catalogue, config, started_at)?;
        let arbiters: Vec<Arbiter> = (0..config.script.run_threads)
            .map(|_| Arbiter::new())
            .collect();
        let handles = arbiters.iter().map(Arbiter::handle).collect();
        let runs = start_runs(&backend, &writer, &catalogue, &clock, handles, &front);
        let service = Service {
            runs: runs.clone(),
            backend: backend.clone(),
            writer: writer.clone(),
            catalogue,
            clock: clock.clone(),
            started_at,
            owner_id: format!("pid:{}:{}", std::process::id(), uuid::Uuid::new_v4()).into(),
            root_dir: modules.root_dir().into(),
        };
        let parts = workers::WorkerParts::new(config, service, gatekeeper, bus, Metrics::install());
        let running = parts.serve(listener, config).map_err(StartError::Serve)?;
        let address = running.address;
        Ok(Self {
            address,
            running,
            runs,
            writer,
            modules,
            arbiters,
        })
    }
}

fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let address = config.listen.address();
    TcpListener::bind(address).map_err(|source| StartError::Listen { address, source })
}

fn open_store(config: &Config) -> Result<SqliteStore, StartError> {
    let mut options = SqliteOptions::new(&config.storage.db_path);
    options.durability = match config.storage.synchronous {
        Synchronous::Full => Durability::Full,
        Synchronous::Normal => Durability::Normal,
    };
    Ok(SqliteStore::open(&options)?)
}

fn newest_state_version(backend: &dyn Backend) -> Result<u64, StartError> {
    Ok(backend.reader()?.state_version()?)
}

/// The writer's observer is made before the actor that it tells; the cell joins them.
type Front = Arc<OnceLock<Addr<WriterActor>>>;

fn start_writer(
    backend: &Arc<dyn Backend>,
    bus: &Arc<HubBus>,
    clock: &Arc<dyn Clock>,
    front: &Front,
) -> Result<WriterHandle, StartError> {
    let mut options = WriterOptions::new(clock.clone());
    let front = front.clone();
    options.on_state = Some(Box::new(move |state, _| {
        if let Some(front) = front.get() {
            front.do_send(WriterStateChanged(state.clone()));
        }
    }));
    let publisher = Box::new(HubPublisher::new(bus.clone()));
    Ok(Writer::spawn(backend.clone(), publisher, options)?)
}

fn start_runs(
    backend: &Arc<dyn Backend>,
    writer: &WriterHandle,
    catalogue: &Arc<Catalogue>,
    clock: &Arc<dyn Clock>,
    arbiters: Vec<ArbiterHandle>,
    front: &Front,
) -> Runs {
    let nudge = Nudge::default();
    let services = RunServices {
        writer: writer.clone(),
        backend: backend.clone(),
        catalogue: catalogue.clone(),
        clock: clock.clone(),
        epoch: backend.epoch(),
        scheduler: nudge.clone(),
    };
    let runs = RunRegistry::spawn(Arc::new(services), arbiters);
    let scheduler = Scheduler::spawn(runs.clone(), backend.clone(), clock.clone(), nudge);
    // The cell is empty: this is the only place that fills it, once per gateway.
    let _ = front.set(WriterActor::spawn(writer.clone(), runs.clone(), scheduler));
    runs
}
