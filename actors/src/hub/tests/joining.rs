//! A stream joins at every interleaving of commits, publications, reads and their handling.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use futures_core::future::LocalBoxFuture;
use smithers_model::RunId;
use smithers_store::{Backend, CommittedStep, MemoryStore};
use tokio::sync::oneshot;

use super::testkit::{Frame, Peer, Setup, World, finished};
use crate::hub::pages::read_page;
use crate::hub::{Page, Pages, ReadFailed};

/// Pages that are read, and handed over, when the test says so.
struct Stepwise {
    store: MemoryStore,
    asked: RefCell<Option<Asked>>,
    read: RefCell<Option<(Page, oneshot::Sender<Page>)>>,
}

/// A page that somebody waits for.
struct Asked {
    run: RunId,
    after: u64,
    limit: usize,
    answer: oneshot::Sender<Page>,
}

thread_local! {
    /// The pages of the newest world of this test.
    static STEPS: RefCell<Option<Rc<Stepwise>>> = const { RefCell::new(None) };
}

fn stepwise(store: MemoryStore) -> Rc<dyn Pages> {
    let steps = Stepwise {
        store,
        asked: RefCell::default(),
        read: RefCell::default(),
    };
    let steps = Rc::new(steps);
    STEPS.set(Some(steps.clone()));
    steps
}

impl Stepwise {
    fn read(&self) {
        let asked = self.asked.take().unwrap();
        let reader = self.store.reader().unwrap();
        let page = read_page(&*reader, &asked.run, asked.after, asked.limit).unwrap();
        *self.read.borrow_mut() = Some((page, asked.answer));
    }

    fn hand_over(&self) {
        let (page, answer) = self.read.take().unwrap();
        answer.send(page).unwrap();
    }
}

impl Pages for Stepwise {
    fn newest(&self, run: &RunId) -> LocalBoxFuture<'static, Result<Option<u64>, ReadFailed>> {
        let row = self.store.reader().unwrap().run(run).unwrap();
        Box::pin(async move { Ok(row.map(|row| row.next_stream_seq - 1)) })
    }

    fn page(
        &self,
        run: &RunId,
        after: u64,
        limit: usize,
    ) -> LocalBoxFuture<'static, Result<Page, ReadFailed>> {
        let (answer, page) = oneshot::channel();
        *self.asked.borrow_mut() = Some(Asked {
            run: run.clone(),
            after,
            limit,
            answer,
        });
        Box::pin(async move { page.await.map_err(|_| ReadFailed) })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Move {
    Commit,
    Publish,
    Read,
    Handle,
}

/// Events that are committed while the stream joins.
const COMMITS: usize = 2;

/// One play of a schedule.
struct Play {
    world: World,
    steps: Rc<Stepwise>,
    peer: Peer,
    committed: Vec<Arc<CommittedStep>>,
    commits: usize,
}

impl Play {
    async fn begin(before: usize, published: usize, after: u64) -> Self {
        let mut world = World::with(Setup {
            pages: stepwise,
            ..Setup::default()
        });
        world.log.launch("r1");
        let steps = STEPS.with_borrow(|steps| steps.clone()).unwrap();
        let mut play = Self {
            peer: world.connect("op/*").await,
            world,
            steps,
            committed: Vec::new(),
            commits: 0,
        };
        (0..before).for_each(|_| play.commit());
        for _ in 0..published {
            play.publish().await;
        }
        play.peer.stream("r1", Some(after)).await;
        play.world.settle().await;
        play
    }

    fn commit(&mut self) {
        let step = self.world.log.commit("r1", vec![finished("t")]);
        self.committed.push(step);
    }

    async fn publish(&mut self) {
        let step = self.committed.remove(0);
        self.world.log.publish(step);
        self.world.settle().await;
    }

    fn possible(&self) -> Vec<Move> {
        let holds = |next: &Move| match next {
            Move::Commit => self.commits < COMMITS,
            Move::Publish => !self.committed.is_empty(),
            Move::Read => self.steps.asked.borrow().is_some(),
            Move::Handle => self.steps.read.borrow().is_some(),
        };
        [Move::Commit, Move::Publish, Move::Read, Move::Handle]
            .into_iter()
            .filter(holds)
            .collect()
    }

    async fn make(&mut self, next: Move) {
        match next {
            Move::Commit => {
                self.commits += 1;
                self.commit();
            }
            Move::Publish => self.publish().await,
            Move::Read => self.steps.read(),
            Move::Handle => {
                self.steps.hand_over();
                self.world.settle().await;
            }
        }
    }
}

/// Plays one schedule: at its n-th step the move with number `choices[n]` of those possible; the
/// first possible one beyond the end. Returns how many moves were possible at each step.
async fn play(before: usize, published: usize, after: u64, choices: &[usize]) -> Vec<usize> {
    let mut play = Play::begin(before, published, after).await;
    let mut options = Vec::new();
    let mut moves = Vec::new();
    loop {
        let possible = play.possible();
        if possible.is_empty() {
            break;
        }
        let choice = choices.get(options.len()).copied().unwrap_or(0);
        options.push(possible.len());
        moves.push(possible[choice]);
        play.make(possible[choice]).await;
    }
    let expected: Vec<u64> = (after + 1..=(before + COMMITS) as u64).collect();
    let seqs = play.peer.ready_seqs();
    assert_eq!(
        seqs, expected,
        "before {before}, published {published}, after {after}: {moves:?}"
    );
    options
}

#[actix::test]
async fn a_stream_joins_at_every_interleaving_with_commits_without_hole_or_double() {
    let mut schedules = 0;
    for (before, published, after) in [(0, 0, 0), (2, 1, 0), (1, 1, 1)] {
        let mut choices = Vec::new();
        loop {
            let options = play(before, published, after, &choices).await;
            schedules += 1;
            choices.resize(options.len(), 0);
            // The next schedule differs at the last step where another move is left.
            let Some(at) = (0..options.len()).rfind(|at| choices[*at] + 1 < options[*at]) else {
                break;
            };
            choices.truncate(at + 1);
            choices[at] += 1;
        }
    }
    assert!(schedules > 200, "{schedules} schedules");
}

#[actix::test]
async fn an_event_committed_before_a_stream_and_published_after_it_comes_plain() {
    for after in [None, Some(1)] {
        let mut world = World::new();
        world.log.launch("r1");
        let unpublished = world.log.commit("r1", vec![finished("t")]);
        let mut peer = world.connect_to("op/*", Some(&["r1"])).await;
        peer.stream("r1", after).await;
        peer.stream("r1", after).await;
        world
            .until("both are live", || world.hub.status().catching_up == 0)
            .await;
        world.log.publish(unpublished);
        world.log.emit_many("r1", 1);
        world.settle().await;
        let describe = |frame: Frame| {
            let frame = frame.json();
            let event = frame["event"].as_str().unwrap().to_owned();
            (event, frame["stateVersion"].as_u64().unwrap())
        };
        let received: Vec<_> = peer.ready().into_iter().map(describe).collect();
        let expected = [("node.finished", 1), ("run.event", 2), ("run.event", 2)];
        assert_eq!(
            received,
            expected.map(|(event, version)| (event.to_owned(), version)),
            "after {after:?}"
        );
    }
}

#[actix::test]
async fn a_live_stream_gets_what_was_stored_and_never_published() {
    let mut world = World::new();
    world.log.launch("r1");
    let mut peer = world.connect_to("op/*", Some(&["r1"])).await;
    peer.stream("r1", Some(0)).await;
    world.log.emit_many("r1", 2);
    world
        .until("the stream is live", || world.hub.status().catching_up == 0)
        .await;
    // The outcome of the step that ends the run was unknown: it was stored, and no event follows it.
    drop(world.log.commit("r1", vec![finished("last")]));
    world.log.miss();
    let mut seqs = Vec::new();
    while seqs.last() != Some(&3) {
        seqs.push(
            peer.next_event("run.event").await["payload"]["seq"]
                .as_u64()
                .unwrap(),
        );
    }
    assert_eq!(seqs, [1, 2, 3]);
    world.log.emit_many("r1", 1);
    world.settle().await;
    assert_eq!(peer.ready_seqs(), [4]);
}

#[actix::test]
async fn a_page_that_was_read_before_a_gap_does_not_end_the_catching_up() {
    let mut play = Play::begin(1, 0, 0).await;
    play.steps.read();
    drop(play.world.log.commit("r1", vec![finished("last")]));
    play.world.log.miss();
    play.world.settle().await;
    play.steps.hand_over();
    play.world.settle().await;
    play.steps.read();
    play.steps.hand_over();
    play.world.settle().await;
    assert_eq!(play.peer.ready_seqs(), [1, 2]);
    assert_eq!(play.world.hub.status().catching_up, 0);
}

#[actix::test]
async fn a_page_that_is_read_ahead_before_a_gap_does_not_end_the_catching_up() {
    let mut play = Play::begin(4, 0, 0).await;
    play.steps.read();
    play.steps.hand_over();
    play.world.settle().await;
    // The page behind a full one has been asked for; it is read, and too old when it is handled.
    play.steps.read();
    drop(play.world.log.commit("r1", vec![finished("last")]));
    play.world.log.miss();
    play.world.settle().await;
    play.steps.hand_over();
    play.world.settle().await;
    play.steps.read();
    play.steps.hand_over();
    play.world.settle().await;
    assert_eq!(play.peer.ready_seqs(), [1, 2, 3, 4, 5]);
    assert_eq!(play.world.hub.status().catching_up, 0);
}

#[actix::test]
async fn a_listener_that_may_have_missed_events_is_sent_away_to_connect_again() {
    let mut world = World::new();
    world.log.launch("r1");
    world.log.launch("r2");
    let mut listener = world.connect("op/*").await;
    let mut streaming = world.connect_to("op/*", Some(&["r1"])).await;
    streaming.stream("r1", Some(0)).await;
    let mut partial = world.connect_to("op/*", Some(&["r1", "r2"])).await;
    partial.stream("r2", Some(0)).await;
    world.log.emit_many("r1", 1);
    assert_eq!(listener.next_event("node.finished").await["seq"], 2);
    assert_eq!(partial.next_event("node.finished").await["seq"], 2);
    drop(world.log.commit("r1", vec![finished("unpublished")]));
    world.log.emit_many("r1", 1);
    let sent_away = Frame::Close(1013, "events were missed, connect again".into());
    assert_eq!(listener.next().await, sent_away);
    assert_eq!(partial.next().await, sent_away);
    for expected in [1, 2, 3] {
        let event = streaming.next_event("run.event").await;
        assert_eq!(event["payload"]["seq"], expected);
    }
}
