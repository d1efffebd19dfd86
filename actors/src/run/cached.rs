//! Attempts whose result may have been made before: looks for it, and runs their body only when there is none.
//!
//! Whoever looks has the turn for the key until the result is committed, so that of two runs that need the same one
//! only one makes it, and the other finds it then, or makes it itself when the first has failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::prelude::*;
use metrics::counter;
use smithers_engine::RunState;
use smithers_model::cache::{CacheFill, CachePlace, CacheRequest, CacheRow, CachedResult};
use smithers_model::fact::Fact;
use smithers_model::workflow::{BoxFuture, CallError, TaskCall};
use smithers_model::{NodeKey, Timestamp};
use smithers_store::Backend;

use super::messages::TaskEnded;
use super::{Phase, RunActor};
use crate::turns::{Turn, Turns};

/// Attempts whose bodies run because nothing was found.
#[derive(Default)]
pub(super) struct Flights(BTreeMap<(NodeKey, u32), Flight>);

struct Flight {
    turn: Turn,
    /// None once the result was handed on.
    fill: Option<Box<CacheFill>>,
}

impl Flights {
    /// What the result of an attempt is kept as.
    pub(super) fn take_fill(&mut self, node: &NodeKey, attempt: u32) -> Option<Box<CacheFill>> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get_mut(&(node.clone(), attempt))?.fill.take()
    }

    /// Takes the turns of attempts that have ended with the step that is about to be committed.
    pub(super) fn land(&mut self, engine: &RunState) -> Vec<Turn> {
        let ended =
            |(node, attempt): &(NodeKey, u32), _: &mut Flight| !engine.is_under_way(node, *attempt);
        let landed = self.0.extract_if(.., ended);
        landed.map(|(_, flight)| flight.turn).collect()
    }
}

/// What was found for an attempt.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct CacheLooked {
    /// Life of the in-memory state that asked.
    life: u64,
    /// Number of the session that was asked.
    session: u64,
    call: TaskCall,
    /// None when nothing can stand for its result.
    found: Result<Option<Found>, CallError>,
}

/// What the result of an attempt depends on, and what there is of it.
struct Found {
    turn: Turn,
    fill: CacheFill,
    row: Option<CacheRow>,
}

impl RunActor {
    /// Looks for a result that stands for that of the attempt.
    pub(super) fn look_up(&mut self, call: TaskCall, ctx: &mut Context<Self>) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let place = run.engine.cache_place(&call.node);
        let (Some(session), Some(place)) = (&mut run.session, place) else {
            return self.start_task(call, ctx);
        };
        let asked = session.cache_request(&call);
        let look = look(
            asked,
            place,
            self.services.turns.clone(),
            self.services.backend.clone(),
        );
        let (address, life, session) = (ctx.address(), self.life, run.session_no);
        let call = TaskCall {
            asked: true,
            ..call
        };
        ctx.spawn(
            async move {
                let found = look.await;
                address.do_send(CacheLooked {
                    life,
                    session,
                    call,
                    found,
                });
            }
            .into_actor(self),
        );
    }

    /// Has the coming result of an attempt kept, when that was asked for. One that held a secret is not.
    pub(super) fn keep_for_others(&mut self, node: &NodeKey, attempt: u32, is_changed: bool) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let fill = run.flights.take_fill(node, attempt);
        if let Some(fill) = fill.filter(|_| !is_changed) {
            self.facts.push_back(Fact::ResultToKeep {
                node: node.clone(),
                attempt,
                fill,
            });
        }
    }

    /// Takes over what was found, or runs the body.
    fn go_on_with(&mut self, found: Found, call: TaskCall, ctx: &mut Context<Self>) {
        let now = self.services.clock.now();
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let Found { turn, fill, row } = found;
        match judge(row, &fill, &call.node, &run.engine, now) {
            Ok(hit) => {
                counter!("smithers_cache_hits_total").increment(1);
                counter!("smithers_cache_bytes_total").increment(hit.payload.as_str().len() as u64);
                if let Some(session) = &mut run.session {
                    session.abort(&call.node, call.attempt);
                }
                self.facts.push_back(Fact::CacheHit {
                    node: call.node,
                    attempt: call.attempt,
                    hit: Box::new(hit),
                });
                self.advance(ctx);
            }
            Err(missed) => {
                counter!("smithers_cache_misses_total", "reason" => missed).increment(1);
                let flight = Flight {
                    turn,
                    fill: Some(Box::new(fill)),
                };
                run.flights
                    .0
                    .insert((call.node.clone(), call.attempt), flight);
                self.start_task(call, ctx);
            }
        }
    }
}

async fn look(
    asked: BoxFuture<Result<Option<CacheRequest>, CallError>>,
    place: CachePlace,
    turns: Turns,
    backend: Arc<dyn Backend>,
) -> Result<Option<Found>, CallError> {
    let Some(request) = asked.await? else {
        return Ok(None);
    };
    let key = request.key(&place);
    let turn = turns.take(&key).await;
    let read = {
        let key = key.clone();
        move || backend.reader()?.cached(&key)
    };
    let row = match crate::reading::off_arbiter(read).await {
        Ok(row) => row,
        Err(gone) => Err(smithers_store::Error::reader_gone(&gone)),
    };
    let row = row.unwrap_or_else(|error| {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(run.id = %place.run_id, error, "a kept result could not be read; the task runs");
        None
    });
    let fill = CacheFill { key, request };
    Ok(Some(Found { turn, fill, row }))
}

/// Decides whether `row` stands for the result of `node`; the error says why not, as metrics name it.
fn judge(
    row: Option<CacheRow>,
    fill: &CacheFill,
    node: &NodeKey,
    engine: &RunState,
    now: Timestamp,
) -> Result<CachedResult, &'static str> {
    let row = row.ok_or("absent")?;
    let age = row.age_when_fresh(fill.request.ttl_ms, now);
    let age_ms = age.ok_or("expired")?;
    if !engine.fits(node, &row.payload) {
        return Err("schema");
    }
    Ok(CachedResult {
        key: row.key,
        source_run_id: row.source_run_id,
        age_ms,
        payload: row.payload,
    })
}

impl Handler<CacheLooked> for RunActor {
    type Result = ();

    fn handle(&mut self, message: CacheLooked, ctx: &mut Self::Context) {
        let CacheLooked {
            life,
            session: asked,
            call,
            found,
        } = message;
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        if life != self.life {
            return;
        }
        if !run.engine.is_under_way(&call.node, call.attempt) {
            if let Some(session) = &mut run.session {
                session.abort(&call.node, call.attempt);
            }
            return;
        }
        let lost = (run.session_no != asked).then(|| CallError::RuntimeLost {
            message: "the session that was asked is gone".to_owned(),
        });
        match lost.map_or(found, Err) {
            Ok(Some(found)) => self.go_on_with(found, call, ctx),
            Ok(None) => self.start_task(call, ctx),
            Err(error) => ctx.notify(TaskEnded {
                life,
                session: asked,
                node: call.node,
                attempt: call.attempt,
                result: Err(error),
                files: None,
            }),
        }
    }
}
