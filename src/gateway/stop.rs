//! The ordered end of a gateway (DESIGN 5): nothing new, then what is under way, then the sockets, then the store.

use super::Gateway;

impl Gateway {
    /// Stops in order. Everything acknowledged is in the store; runs go on at the next start.
    /// Takes about two seconds when a socket is stuck, else no time.
    pub async fn stop(self) {
        tracing::info!("stopping: no new connections, no new launches");
        let stopper = &self.running.stopper;
        stopper.stop_accepting().await;
        self.runs.stop_accepting();
        if let Some(housekeeping) = &self.housekeeping {
            housekeeping.abort();
        }
        if let Some(schedules) = &self.schedules {
            schedules.abort();
        }
        let writer = self.writer.clone();
        // The writer finishes what has been queued; answers and publications still reach their clients.
        let (clock, observers, trail) = (self.clock, self.observers, self.trail);
        let end = move || {
            if let Some(trail) = trail {
                trail.stop();
            }
            if let Err(error) = writer.record_stop(clock.now()) {
                tracing::warn!(%error, "the stop could not be recorded; the next start will call it unclean");
            }
            writer.shutdown();
            drop(observers);
        };
        if actix_web::rt::task::spawn_blocking(end).await.is_err() {
            tracing::error!("the writer ended abnormally");
        }
        self.runs.stop();
        stopper.stop().await;
        self.reloader.shutdown();
        for arbiter in self.arbiters {
            arbiter.stop();
        }
        self.access_log.close();
        tracing::info!("stopped");
    }
}
