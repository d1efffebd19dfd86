//! Loading the module again beside what is served: runs that open later use the new revision.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use smithers_actors::catalogue::Catalogue;
use smithers_actors::schedules::Keeper;
use smithers_model::time::Clock;
use smithers_model::workflow::WorkflowDefinition;

use super::{Modules, StartError, schedules, secrets};
use crate::config::Config;
use crate::metrics::Metrics;

/// How often the files of the module are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Replaces the module that is served. Cheap to clone.
#[derive(Clone)]
pub struct Reloader(Arc<Parts>);

struct Parts {
    /// One reload at a time.
    modules: Mutex<Modules>,
    catalogue: Arc<Catalogue>,
    keeper: Keeper,
    clock: Arc<dyn Clock>,
    config: Config,
    /// No module is executed: there is nothing to reload.
    is_idle: bool,
}

/// How far the times of files may be behind the clock.
const GRAIN: Duration = Duration::from_millis(20);

/// Size and time of each path that decides what a module is; of a folder only whether it is there.
type Stamps = BTreeMap<PathBuf, Option<(u64, SystemTime)>>;

impl Reloader {
    pub(super) fn new(
        modules: Modules,
        catalogue: Arc<Catalogue>,
        keeper: Keeper,
        clock: Arc<dyn Clock>,
        config: &Config,
        is_idle: bool,
    ) -> Self {
        Self(Arc::new(Parts {
            modules: Mutex::new(modules),
            catalogue,
            keeper,
            clock,
            config: config.clone(),
            is_idle,
        }))
    }

    /// What is known of the workflows that are served, in the order of their registration.
    pub(super) fn definitions(&self) -> Vec<Arc<WorkflowDefinition>> {
        self.0.modules.lock().definitions()
    }

    /// Loads the module again on a thread of its own. One that is broken is told and not served.
    pub fn reload(&self) {
        if self.0.is_idle {
            return;
        }
        let parts = Arc::clone(&self.0);
        drop(actix_web::rt::task::spawn_blocking(move || parts.reload()));
    }

    /// Looks at what decides what the module is until the process ends, and reloads when some of it has changed.
    pub async fn watch(self) {
        let mut known = self.seen().await;
        loop {
            actix_web::rt::time::sleep(LOOK).await;
            let stamps = self.stamps().await;
            if stamps == known {
                continue;
            }
            // Several files are often written one after another: the last change counts.
            actix_web::rt::time::sleep(LOOK / 5).await;
            let settled = self.stamps().await;
            if settled == stamps {
                self.reload_now().await;
                known = self.seen().await;
                // Stamps from before the load count: a file that was removed while it went on is missed at the next look.
                for (file, stamp) in settled {
                    known.entry(file).and_modify(|known| *known = stamp);
                }
            }
        }
    }

    async fn reload_now(&self) {
        let parts = Arc::clone(&self.0);
        let _ = actix_web::rt::task::spawn_blocking(move || parts.reload()).await;
    }

    async fn stamps(&self) -> Stamps {
        let parts = Arc::clone(&self.0);
        let looked = actix_web::rt::task::spawn_blocking(move || parts.stamps());
        looked.await.unwrap_or_default()
    }

    async fn seen(&self) -> Stamps {
        let parts = Arc::clone(&self.0);
        let looked = actix_web::rt::task::spawn_blocking(move || parts.seen());
        looked.await.unwrap_or_default()
    }

    pub(super) fn shutdown(&self) {
        self.0.modules.lock().shutdown();
    }
}

impl Parts {
    fn reload(&self) {
        let result = match self.try_reload() {
            Ok(Some(hash)) => {
                tracing::info!(
                    module.hash = hash,
                    "the module was loaded again: runs that open from now on use it"
                );
                "served"
            }
            Ok(None) => {
                tracing::info!("the module has not changed");
                "unchanged"
            }
            Err(error) => {
                tracing::error!(
                    "the changed module is not served, the one before it goes on:\n{error}"
                );
                "refused"
            }
        };
        Metrics.module_reloaded(result);
    }

    /// Returns the hash of what is served now; none when nothing has changed.
    fn try_reload(&self) -> Result<Option<String>, StartError> {
        let mut modules = self.modules.lock();
        let Some(module) = modules.load_again()? else {
            return Ok(None);
        };
        for warning in &module.warnings {
            tracing::warn!("{warning}");
        }
        let now = self.clock.now();
        let (backend, writer) = (&self.keeper.launcher.backend, &self.keeper.writer);
        let definitions = modules.definitions_with(&module);
        secrets::learn_webhooks(&smithers_redact::shared(), &definitions);
        let declared = schedules::wanted(&definitions, &**backend, now)?;
        let workflows = modules.take(module, writer, &self.config, now)?;
        self.catalogue.replace(workflows);
        schedules::store(declared, writer)?;
        self.keeper.changed();
        let hash = modules.revision().map(|revision| revision.hash.clone());
        Ok(Some(hash.unwrap_or_default()))
    }

    fn stamps(&self) -> Stamps {
        let paths = self.modules.lock().watched();
        let stamps = paths.into_iter().map(|path| {
            let stamp = fs::metadata(&path).and_then(|metadata| stamp(&metadata));
            (path, stamp.ok())
        });
        stamps.collect()
    }

    /// The stamps as the newest load saw them: what has changed since it began has none, so that it is looked at again.
    fn seen(&self) -> Stamps {
        let loaded_at = self.modules.lock().loaded_at() - GRAIN;
        let changed = |path: &PathBuf| {
            let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
            modified.is_ok_and(|at| at >= loaded_at)
        };
        let mut stamps = self.stamps();
        for (path, stamp) in &mut stamps {
            if changed(path) {
                *stamp = None;
            }
        }
        stamps
    }
}

fn stamp(metadata: &fs::Metadata) -> io::Result<(u64, SystemTime)> {
    Ok(match metadata.is_dir() {
        true => (0, SystemTime::UNIX_EPOCH),
        false => (metadata.len(), metadata.modified()?),
    })
}
