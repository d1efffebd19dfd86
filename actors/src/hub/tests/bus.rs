//! The way from the writer thread to the hubs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use actix::prelude::*;
use parking_lot::Mutex;
use smithers_store::{MemoryStore, Publisher};

use super::testkit::{DEADLINE, Log};
use crate::hub::{Deliver, HubBus, HubPublisher, Receipt};

/// A hub that keeps every receipt until it is told to let go.
#[derive(Default)]
struct Stuck {
    kept: Vec<Receipt>,
    got: Arc<AtomicUsize>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct LetGo;

impl Actor for Stuck {
    type Context = Context<Self>;
}

impl Handler<Deliver> for Stuck {
    type Result = ();

    fn handle(&mut self, message: Deliver, _: &mut Self::Context) {
        self.got
            .fetch_add(message.batch.events().len(), Ordering::SeqCst);
        self.kept.push(message.receipt);
    }
}

impl Handler<LetGo> for Stuck {
    type Result = ();

    fn handle(&mut self, _: LetGo, _: &mut Self::Context) {
        self.kept.clear();
    }
}

/// A hub that writes down the state versions that it gets.
struct Recorder(Arc<Mutex<Vec<u64>>>);

impl Actor for Recorder {
    type Context = Context<Self>;
}

impl Handler<Deliver> for Recorder {
    type Result = ();

    fn handle(&mut self, message: Deliver, _: &mut Self::Context) {
        let events = message.batch.events();
        let versions = events.iter().map(|event| event.state_version());
        self.0.lock().extend(versions);
    }
}

/// Publishes steps of one event each on a thread of its own, telling how many were taken.
fn publish(bus: Arc<HubBus>, count: usize) -> mpsc::Receiver<usize> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut log = Log::new(MemoryStore::default(), bus.clone());
        let mut publisher = HubPublisher::new(bus);
        log.launch("r1");
        for done in 1..=count {
            let step = log.commit("r1", vec![super::testkit::finished("t")]);
            publisher.publish(&[step]);
            let _ = tell.send(done);
        }
    });
    told
}

async fn last_of(told: &mpsc::Receiver<usize>, expected: usize) {
    let wait = async {
        let mut last = 0;
        while last < expected {
            last = told.try_iter().last().unwrap_or(last);
            actix_rt::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        assert_eq!(last, expected);
    };
    actix_rt::time::timeout(DEADLINE, wait)
        .await
        .expect("published in time");
}

#[actix::test]
async fn the_publisher_waits_for_a_hub_that_is_64_batches_behind() {
    let bus = Arc::new(HubBus::new(0));
    let got = Arc::new(AtomicUsize::new(0));
    let hub = Stuck {
        got: got.clone(),
        ..Stuck::default()
    }
    .start();
    bus.register(hub.clone().recipient());
    let told = publish(bus, 100);
    last_of(&told, 64).await;
    // The 65th may come a moment later only when the window does not hold.
    actix_rt::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(told.try_recv().is_err());
    hub.send(LetGo).await.unwrap();
    last_of(&told, 100).await;
    assert_eq!(got.load(Ordering::SeqCst), 100);
}

#[actix::test]
async fn a_dead_hub_holds_nobody_up() {
    let bus = Arc::new(HubBus::new(0));
    let arbiter = actix::Arbiter::new();
    let hub = Stuck::start_in_arbiter(&arbiter.handle(), |_| Stuck::default());
    bus.register(hub.recipient());
    let told = publish(bus, 200);
    last_of(&told, 64).await;
    arbiter.stop();
    arbiter.join().unwrap();
    last_of(&told, 200).await;
}

#[actix::test]
async fn a_hub_begins_after_what_was_published_before_it_came() {
    let bus = Arc::new(HubBus::new(7));
    assert_eq!(bus.register(Stuck::default().start().recipient()), 7);
    last_of(&publish(bus.clone(), 3), 3).await;
    assert_eq!(bus.register(Stuck::default().start().recipient()), 3);
}

#[actix::test]
async fn every_hub_gets_every_event_in_the_order_of_the_commits() {
    let bus = Arc::new(HubBus::new(0));
    let arbiters = [(); 3].map(|()| actix::Arbiter::new());
    let records: Vec<Arc<Mutex<Vec<u64>>>> = arbiters.iter().map(|_| Arc::default()).collect();
    for (arbiter, record) in arbiters.iter().zip(&records) {
        let record = record.clone();
        let hub = Recorder::start_in_arbiter(&arbiter.handle(), |_| Recorder(record));
        bus.register(hub.recipient());
    }
    last_of(&publish(bus, 2_000), 2_000).await;
    for arbiter in arbiters {
        arbiter.stop();
        arbiter.join().unwrap();
    }
    for record in records {
        let got = record.lock().clone();
        assert_eq!(got, (1..=got.len() as u64).collect::<Vec<_>>());
        assert!(got.len() >= 2_000 - 64, "{} events", got.len());
    }
}
