//! A world: lives of a gateway, one after a crash of the other, on the same store.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::System;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use smithers_actors::assembly::Assembly;
use smithers_actors::catalogue::Catalogue;
use smithers_actors::hub::{HubBus, HubPublisher};
use smithers_actors::registry::Runs;
use smithers_actors::simulated;
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::workflow::Workflow;
use smithers_store::testkit::{FaultSwitch, FaultyStore, Moment};
use smithers_store::writer::{Turn, WriterHandle, WriterOptions};
use smithers_store::{Backend, CommittedStep, FaultKind, Publisher, WriterState};
use tokio::time::{Instant, sleep};

use crate::baton::{self, Baton};
use crate::clock::SimClock;
use crate::gate;
use crate::ground::{Ground, Kind};
use crate::invariants;
use crate::ledger::Ledger;
use crate::panics;
use crate::people::{Person, run_id};
use crate::plan::{Mishap, Plan};
use crate::readers::{self, Ears, Reader};
use crate::workflow::{Chances, Planned, key};

/// Longest life, in paused time: whatever waits longer waits for ever.
const LONGEST_LIFE: Duration = Duration::from_secs(600);

/// Longest time, paused, that readers take for the rest when all runs have ended.
const LONGEST_READING: Duration = Duration::from_secs(120);

/// More turns of the writer than any plan needs: a run that wants more goes round in circles.
const MOST_TURNS: u64 = 1_000;
/// A life that lasts longer waits for something far away, and is looked at less often.
const BUSY: Duration = Duration::from_secs(2);

/// What a history came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Lives of the gateway.
    pub lives: usize,
    /// The log of every run, one event a line.
    pub history: Vec<String>,
}

/// A history that broke a rule.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is broken.
    pub broken: String,
    /// What was planned.
    pub plan: Plan,
    /// What happened until then.
    pub report: Report,
}

/// How a life ends.
enum Death {
    /// All runs have ended.
    Done,
    Crashed,
    Stuck,
    /// A reader is not told of everything.
    Deaf,
}

/// Plays the history of `seed` on the store that is its own.
///
/// # Errors
/// It breaks a rule.
pub fn simulate(seed: u64) -> Result<Report, Box<Failure>> {
    simulate_on(Kind::of(seed), seed)
}

/// Plays the history of `seed` on a store of `kind`.
///
/// # Errors
/// It breaks a rule.
pub fn simulate_on(kind: Kind, seed: u64) -> Result<Report, Box<Failure>> {
    let world = World {
        seed,
        plan: Plan::of(seed),
        ground: Ground::new(kind),
        ledger: Arc::default(),
        clock: Arc::new(SimClock::new()),
    };
    panics::watch();
    let mut lives = 0;
    let result = world.play(&mut lives);
    let report = world.report(lives);
    match result {
        Ok(()) => Ok(report),
        Err(broken) => Err(Box::new(Failure {
            broken,
            plan: world.plan,
            report,
        })),
    }
}

struct World {
    seed: u64,
    plan: Plan,
    ground: Ground,
    ledger: Arc<Mutex<Ledger>>,
    clock: Arc<SimClock>,
}

impl World {
    fn play(&self, lives: &mut usize) -> Result<(), String> {
        loop {
            *lives += 1;
            let death = self.live(*lives);
            self.ledger.lock().end_life();
            self.ledger.lock().broken.extend(panics::take());
            self.look(&death)?;
            match death {
                Death::Crashed => self.ground.close(),
                Death::Done => return Ok(()),
                Death::Stuck => return Err("a run does not end".to_owned()),
                Death::Deaf => return Err("a reader has not seen all".to_owned()),
            }
        }
    }

    /// Checks what a life has left.
    fn look(&self, death: &Death) -> Result<(), String> {
        let store = self.ground.backend();
        let reader = store.reader().map_err(|error| error.to_string())?;
        invariants::check_rows(&self.plan, &self.ledger.lock(), &*reader)?;
        match death {
            Death::Done => invariants::check_ends(&self.plan, &*reader),
            Death::Crashed | Death::Stuck | Death::Deaf => Ok(()),
        }
    }

    /// One process, from its start to its end.
    fn live(&self, number: usize) -> Death {
        simulated::begin(self.plan.echo_every);
        let runtime = || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let builder = builder.enable_time().start_paused(true);
            builder
                .build()
                .expect("a runtime without I/O needs nothing")
        };
        let death = System::with_tokio_rt(runtime).block_on(async {
            let life = Life::begin(self);
            let death = life.last(number).await;
            life.baton.pass(Turn::Quit);
            death
        });
        simulated::end();
        death
    }

    fn report(&self, lives: usize) -> Report {
        let mut history = Vec::new();
        let store = self.ground.backend();
        let Ok(reader) = store.reader() else {
            return Report { lives, history };
        };
        for run in invariants::all_runs(&self.plan, &*reader) {
            for event in invariants::events(&*reader, &run) {
                let (at, version) = (event.at.0, event.state_version);
                history.push(format!(
                    "{run} {} {at} {version:?} {}",
                    event.seq,
                    event.payload.as_str()
                ));
            }
        }
        Report { lives, history }
    }
}

/// A process while it lives.
struct Life<'a> {
    world: &'a World,
    store: Arc<dyn Backend>,
    runs: Runs,
    writer: WriterHandle,
    switch: FaultSwitch,
    baton: Baton,
}

impl<'a> Life<'a> {
    fn begin(world: &'a World) -> Self {
        world.clock.begin_life();
        let catalogue = world.catalogue();
        let store = world.ground.backend();
        define(&*store, &catalogue);
        let faulty = FaultyStore::new(store.clone());
        let switch = faulty.switch();
        let (baton, held) = baton::pair();
        let mut options = WriterOptions::new(world.clock.clone());
        options.pace = Some(Box::new(held));
        let bus = Arc::new(HubBus::new(version(&*store)));
        let witness = Box::new(Witness {
            plan: world.plan.clone(),
            ledger: world.ledger.clone(),
            hub: HubPublisher::new(bus.clone()),
        });
        let assembly = Assembly::start_writer_with(Arc::new(faulty), witness, options)
            .expect("the store can be written");
        baton.begin();
        let writer = assembly.writer().clone();
        let arbiter = System::current().arbiter().clone();
        let runs = assembly.start_runs(
            Arc::new(catalogue),
            ApprovalPolicy::default(),
            vec![arbiter],
        );
        for (index, plan) in world.plan.runs.iter().enumerate() {
            let person = Person {
                index,
                plan: plan.clone(),
                runs: runs.clone(),
                store: store.clone(),
                ledger: world.ledger.clone(),
                clock: world.clock.clone(),
            };
            person.begin();
        }
        world.seat_readers(&bus, &store);
        Self {
            world,
            store,
            runs,
            writer,
            switch,
            baton,
        }
    }

    /// Lets the writer have its turns until the end, with the mishaps that are due.
    async fn last(&self, number: usize) -> Death {
        let mut dice = StdRng::seed_from_u64(self.world.seed ^ (number as u64) << 48);
        let born = Instant::now();
        let mut back_at = born;
        loop {
            let coarse = if born.elapsed() > BUSY { 50 } else { 1 };
            sleep(Duration::from_millis(coarse * dice.random_range(1..5))).await;
            if born.elapsed() > LONGEST_LIFE || self.world.ledger.lock().turns > MOST_TURNS {
                return Death::Stuck;
            }
            if matches!(self.writer.state(), WriterState::Degraded { .. }) {
                if Instant::now() >= back_at {
                    self.switch.heal();
                    self.baton.pass(Turn::Elapse);
                }
                continue;
            }
            if self.writer.stats().queue_depth == 0 {
                if self.runs.open_runs() == 0 && self.world.all_ended(&*self.store) {
                    return self.last_readers().await;
                }
                continue;
            }
            let mishap = self.world.next_mishap();
            match mishap {
                Some(Mishap::Fault { stored, away_ms }) => {
                    let moment = if stored {
                        Moment::After
                    } else {
                        Moment::Before
                    };
                    self.switch.fail(FaultKind::Io, moment);
                    back_at = Instant::now() + Duration::from_millis(away_ms);
                }
                Some(Mishap::Jump(ms)) => self.world.clock.set_by(ms),
                Some(Mishap::Crash) | None => {}
            }
            self.baton.pass(Turn::Look);
            if mishap == Some(Mishap::Crash) {
                return Death::Crashed;
            }
        }
    }
}

impl Life<'_> {
    /// Lets the readers see the rest; a broken rule of theirs ends the wait.
    async fn last_readers(&self) -> Death {
        let begun = Instant::now();
        while begun.elapsed() < LONGEST_READING && self.world.ledger.lock().broken.is_empty() {
            if self.world.all_seen(&*self.store) {
                return Death::Done;
            }
            sleep(Duration::from_millis(10)).await;
        }
        Death::Deaf
    }
}

impl World {
    /// Starts the hub of a life and lets the readers come.
    fn seat_readers(&self, bus: &HubBus, store: &Arc<dyn Backend>) {
        if self.plan.readers.is_empty() {
            return;
        }
        let window = self.plan.event_window;
        let hub = gate::open(bus, store.clone(), self.clock.clone(), window);
        for (number, plan) in self.plan.readers.iter().enumerate() {
            let reader = Reader {
                number,
                plan: *plan,
                hub: hub.clone(),
                store: store.clone(),
                ledger: self.ledger.clone(),
            };
            actix_rt::spawn(reader.read());
        }
    }

    fn all_seen(&self, store: &dyn Backend) -> bool {
        let seen = self.ledger.lock().seen.clone();
        let mut readers = self.plan.readers.iter().enumerate();
        readers.all(|(number, plan)| match plan.ears {
            Ears::Everything => true,
            Ears::Stream(index) => {
                let newest = readers::newest(store, &run_id(index));
                newest == seen.get(&number).copied()
            }
        })
    }

    fn catalogue(&self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (index, plan) in self.plan.runs.iter().enumerate() {
            let chances = Chances {
                seed: self.seed,
                losses: self.plan.losses,
                is_steady: self.plan.has_steady_clock(),
            };
            let planned = Planned::new(&key(index), plan.clone(), self.ledger.clone(), chances);
            catalogue.insert(Arc::new(planned) as Arc<dyn Workflow>);
        }
        catalogue
    }

    /// The mishap of the turn that begins.
    fn next_mishap(&self) -> Option<Mishap> {
        let turn = self.ledger.lock().next_turn();
        let mut mishaps = self.plan.mishaps.iter();
        mishaps
            .find(|(at, _)| *at == turn)
            .map(|(_, mishap)| *mishap)
    }

    fn all_ended(&self, store: &dyn Backend) -> bool {
        let Ok(reader) = store.reader() else {
            return false;
        };
        let launched = self.ledger.lock().launched.len() == self.plan.runs.len();
        let is_over = reader.active_runs(1).is_ok_and(|active| active.is_empty());
        launched && is_over
    }
}

fn define(store: &dyn Backend, catalogue: &Catalogue) {
    let mut transactions = store.open_writer().expect("the store can be written");
    let defined = transactions.define_outputs(&catalogue.definitions());
    defined
        .expect("the store does not fail yet")
        .expect("the tables of plans fit");
}

/// The version of the newest event that is stored.
fn version(store: &dyn Backend) -> u64 {
    let reader = store.reader().expect("the store can be read");
    reader.state_version().expect("the store can be read")
}

/// Notes what the world is shown, and hands it on to the hub.
struct Witness {
    plan: Plan,
    ledger: Arc<Mutex<Ledger>>,
    hub: HubPublisher,
}

impl Publisher for Witness {
    fn publish(&mut self, steps: &[Arc<CommittedStep>]) {
        let mut ledger = self.ledger.lock();
        for event in steps.iter().flat_map(|step| &step.events) {
            ledger.see(&self.plan, event);
        }
        drop(ledger);
        self.hub.publish(steps);
    }

    fn missed(&mut self) {
        self.hub.missed();
    }
}
