//! A random history as data: which workflows run, and what the world does to them.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::below::Below;
use crate::kept::{self, Kept};
use crate::readers::ReaderPlan;
use crate::recoveries::{Attempt, Saga};
use crate::travel::{self, Travel};
use crate::waits::Wait;

/// What a leaf does, whatever happens around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Has its row from the beginning.
    Static,
    /// Gives its row after a while.
    Compute,
    /// Is left out.
    Skipped,
    /// Throws this often, then gives its row.
    Flaky(u32),
    /// Throws, and may.
    Fails,
    /// An approval with this answer; a no is stored.
    Asks(bool),
    /// A task behind a gate with this answer; a no leaves it out.
    Gated(bool),
    /// Gives the number of its pass.
    Counts,
    /// Gives a row that another may have made before.
    Kept(Kept),
    /// Waits for time or for people.
    Waits(Wait),
    /// Stands for a run of its own, and gives what that gives.
    Runs(Below),
}

/// A part of a workflow.
#[derive(Clone, Debug)]
pub enum Part {
    /// A task of this number.
    Leaf(u32, Leaf),
    /// One after another.
    Seq(Vec<Part>),
    /// At once, at most so many tasks in flight; 0 is no limit.
    Par(u32, Vec<Part>),
    /// At once, each after the task before it, which it names.
    Chain(Vec<(u32, Leaf)>),
    /// Again and again.
    Loop(Repeat),
    /// A task, and which of two parts follows its output.
    Branch(u32, Box<Part>, Box<Part>),
    /// Tasks, and what undoes them.
    Saga(Saga),
    /// Tasks that may fail, and what follows.
    Try(Attempt),
}

impl Part {
    /// Changes every leaf outside of sagas and try blocks, also of branches that are not taken.
    pub(crate) fn replace(&mut self, change: &mut impl FnMut(&mut Leaf)) {
        match self {
            Self::Leaf(_, leaf) => change(leaf),
            Self::Seq(parts) | Self::Par(_, parts) => {
                parts.iter_mut().for_each(|part| part.replace(change));
            }
            Self::Chain(chained) => chained.iter_mut().for_each(|(_, leaf)| change(leaf)),
            Self::Loop(repeat) => repeat.body.iter_mut().for_each(|part| part.replace(change)),
            Self::Branch(_, first, second) => {
                first.replace(change);
                second.replace(change);
            }
            Self::Saga(_) | Self::Try(_) => {}
        }
    }

    /// Adds every leaf with its number, also of branches that are not taken.
    pub(crate) fn leaves(&self, leaves: &mut Vec<(u32, Leaf)>) {
        match self {
            Self::Leaf(number, leaf) => leaves.push((*number, *leaf)),
            Self::Seq(parts) | Self::Par(_, parts) => {
                parts.iter().for_each(|part| part.leaves(leaves));
            }
            Self::Chain(chained) => leaves.extend(chained),
            Self::Saga(saga) => leaves.extend(saga.leaves()),
            Self::Try(attempt) => leaves.extend(attempt.leaves()),
            Self::Loop(repeat) => {
                leaves.push((repeat.counter, Leaf::Counts));
                repeat.body.iter().for_each(|part| part.leaves(leaves));
            }
            Self::Branch(number, first, second) => {
                leaves.push((*number, Leaf::Compute));
                first.leaves(leaves);
                second.leaves(leaves);
            }
        }
    }
}

/// A loop: its parts one after another, and then a task that counts the passes.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// Task that gives the number of the pass, from 0.
    pub counter: u32,
    /// What comes before it in each pass.
    pub body: Vec<Part>,
    /// After how many passes it has what it was made for.
    pub wanted: u32,
    /// Most passes.
    pub most: u32,
}

impl Repeat {
    /// How many passes it must make.
    pub fn passes(&self) -> u32 {
        self.wanted.min(self.most)
    }
}

/// How a run is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With its last task.
    Well,
    /// Its last task throws.
    Badly,
    /// Somebody cancels it after so many milliseconds, unless it has ended.
    Cancelled(u64),
}

/// One run.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// What it does.
    pub root: Part,
    /// How it ends.
    pub end: End,
    /// When it is launched, milliseconds after the beginning.
    pub launch_at: u64,
    /// When somebody asks to pause it in each life, and for how long, milliseconds.
    pub pause: Option<(u64, u64)>,
    /// When somebody takes it back.
    pub travels: Vec<Travel>,
}

/// What the world does besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The process dies after so many turns of the writer, before its answers are heard.
    Crash,
    /// The next commit fails; whether it was stored is the flag. The storage is back after so many milliseconds.
    Fault {
        /// The commit that failed was stored.
        stored: bool,
        /// How long the storage is away.
        away_ms: u64,
    },
    /// The clock is set, by so many milliseconds.
    Jump(i64),
}

/// A history.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The runs.
    pub runs: Vec<RunPlan>,
    /// What happens at which turn of the writer, counted over all lives; rising.
    pub mishaps: Vec<(u64, Mishap)>,
    /// Who reads meanwhile.
    pub readers: Vec<ReaderPlan>,
    /// How many of the newest events of a run a stream can replay.
    pub event_window: u64,
    /// Every so many-th result comes twice; none for 0.
    pub echo_every: u64,
    /// Per cent of the attempts that lose their runtime.
    pub losses: u32,
}

/// Delay between two attempts, milliseconds.
pub const RETRY_MS: u64 = 40;

impl Plan {
    /// The history of `seed`.
    pub fn of(seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut runs: Vec<_> = (0..dice.random_range(1..=3))
            .map(|_| run(&mut dice))
            .collect();
        let mut at = 0;
        let mishaps = (0..dice.random_range(0..5)).map(|_| {
            at += dice.random_range(1..12);
            (at, mishap(&mut dice))
        });
        let mishaps = mishaps.collect();
        let readers = (0..dice.random_range(0..4))
            .map(|_| ReaderPlan::random(&mut dice, runs.len()))
            .collect();
        travel::add(seed, &mut runs);
        kept::add(seed, &mut runs);
        Self {
            runs,
            mishaps,
            readers,
            event_window: [10, 10_000][dice.random_range(0..2)],
            echo_every: dice.random_range(0..4),
            losses: [0, 0, 10][dice.random_range(0..3)],
        }
    }

    /// Returns whether the clock only goes forward, at the pace of time.
    pub fn has_steady_clock(&self) -> bool {
        let jumps = |(_, mishap): &(u64, Mishap)| matches!(mishap, Mishap::Jump(_));
        !self.mishaps.iter().any(jumps)
    }
}

fn run(dice: &mut StdRng) -> RunPlan {
    let mut named = 0;
    let end = match dice.random_range(0..16) {
        0 | 1 => End::Badly,
        2..=4 => End::Cancelled(dice.random_range(0..300)),
        _ => End::Well,
    };
    RunPlan {
        root: Part::Seq(parts(dice, &mut named, 3)),
        end,
        launch_at: dice.random_range(0..50),
        pause: dice
            .random_bool(0.3)
            .then(|| (dice.random_range(0..200), dice.random_range(1..150))),
        travels: Vec::new(),
    }
}

fn parts(dice: &mut StdRng, named: &mut u32, depth: u32) -> Vec<Part> {
    let most = if depth == 3 { 5 } else { 3 };
    let count = dice.random_range(1..=most);
    (0..count).map(|_| part(dice, named, depth)).collect()
}

fn part(dice: &mut StdRng, named: &mut u32, depth: u32) -> Part {
    let kind = if depth == 0 {
        0
    } else {
        dice.random_range(0..14)
    };
    match kind {
        8 | 9 => {
            let leaves = (0..dice.random_range(2..5)).map(|_| (next(named), leaf(dice)));
            Part::Chain(leaves.collect())
        }
        11 | 12 => Part::Saga(Saga::random(dice, named, false)),
        13 => Part::Try(Attempt::random(dice, named)),
        10 => Part::Loop(Repeat {
            counter: next(named),
            body: (0..dice.random_range(0..3))
                .map(|_| looped(dice, named))
                .collect(),
            wanted: dice.random_range(1..5),
            most: dice.random_range(1..4),
        }),
        5 => Part::Seq(parts(dice, named, depth - 1)),
        6 => Part::Par(dice.random_range(0..3), parts(dice, named, depth - 1)),
        7 => {
            let number = next(named);
            let then = Box::new(part(dice, named, depth - 1));
            Part::Branch(number, then, Box::new(part(dice, named, depth - 1)))
        }
        _ => Part::Leaf(next(named), leaf(dice)),
    }
}

/// A part of a pass. Signals and decisions are told for a task, not for one of its passes, so there are none.
fn looped(dice: &mut StdRng, named: &mut u32) -> Part {
    let mut simple = |dice: &mut StdRng| {
        let leaf = match dice.random_range(0..5) {
            0 => Leaf::Static,
            1 => Leaf::Flaky(1),
            2 => Leaf::Fails,
            3 => Leaf::Waits(Wait::Timer(dice.random_range(1..60))),
            _ => Leaf::Compute,
        };
        Part::Leaf(next(named), leaf)
    };
    match dice.random_range(0..3) {
        0 => Part::Par(0, vec![simple(dice), simple(dice)]),
        _ => simple(dice),
    }
}

fn leaf(dice: &mut StdRng) -> Leaf {
    match dice.random_range(0..18) {
        0 | 1 => Leaf::Static,
        2 => Leaf::Skipped,
        3 | 4 => Leaf::Flaky(dice.random_range(1..3)),
        5 => Leaf::Fails,
        6 | 7 => Leaf::Asks(dice.random()),
        8 => Leaf::Gated(dice.random()),
        9..=12 => Leaf::Waits(Wait::random(dice)),
        13 | 14 => Leaf::Runs(match dice.random_range(0..4) {
            0 => Below::Works,
            1 => Below::Stumbles,
            2 => Below::Sleeps(dice.random_range(1..250)),
            _ => Below::Listens(dice.random_range(1..120)),
        }),
        _ => Leaf::Compute,
    }
}

fn mishap(dice: &mut StdRng) -> Mishap {
    match dice.random_range(0..5) {
        0 | 1 => Mishap::Crash,
        2 | 3 => Mishap::Fault {
            stored: dice.random(),
            away_ms: dice.random_range(1..400),
        },
        _ => Mishap::Jump(dice.random_range(-90_000..90_000)),
    }
}

/// The number of the next task.
pub(crate) fn next(named: &mut u32) -> u32 {
    *named += 1;
    *named
}
