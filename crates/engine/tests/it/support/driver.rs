//! Plays the world around a random workflow: bodies end, people answer, time passes, processes die.

use serde_json::json;
use smithers_model::fact::Fact;

use super::random::Leaf;
use super::scenario::{Scenario, written};
use super::text;
use super::world::World;

/// What may happen besides tasks ending, people deciding and time passing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mishaps {
    /// The process may die.
    pub(crate) crashes: bool,
    /// A runtime may be lost.
    pub(crate) losses: bool,
    /// Every parked run is read back before it goes on.
    pub(crate) reload_when_parked: bool,
}

#[derive(Clone, Debug)]
enum Move {
    End(String),
    Decide(String),
    Wait,
    Lose,
    Crash,
}

/// Plays the world: of what can happen next, `choices` picks one; when they run out, the first.
pub(crate) struct Driver<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) choices: &'a [u16],
    pub(crate) mishaps: Mishaps,
}

/// More moves than any random workflow needs.
const MOST_MOVES: usize = 400;

impl Driver<'_> {
    /// Plays until the run rests for good; `look` sees the world after every move.
    pub(crate) fn play(&self, world: &mut World, mut look: impl FnMut(&mut World)) {
        let mut choices = self.choices.iter();
        for _ in 0..MOST_MOVES {
            look(world);
            let picked = choices.next();
            let moves = self.moves(world, picked.is_some());
            if moves.is_empty() || world.status().is_terminal() {
                return;
            }
            let index = picked.map_or(0, |choice| usize::from(*choice) % moves.len());
            self.make(world, &moves[index]);
        }
        panic!("the run does not end");
    }

    fn moves(&self, world: &World, mishaps_allowed: bool) -> Vec<Move> {
        let bodies = world.in_flight.keys().map(|key| Move::End(text::name(key)));
        let questions = world.store.approvals.values();
        let open = questions.filter(|approval| approval.decision.is_none());
        let ids = open.map(|approval| text::name(&approval.node));
        let heard = ids.filter(|id| !matches!(self.scenario.leaf(id), Leaf::Unheard));
        let answers = heard.map(Move::Decide);
        let mut moves: Vec<Move> = bodies.chain(answers).collect();
        if world.store.next_due().is_some() {
            moves.push(Move::Wait);
        }
        if mishaps_allowed && !moves.is_empty() {
            moves.extend(self.mishaps.crashes.then_some(Move::Crash));
            moves.extend(self.mishaps.losses.then_some(Move::Lose));
        }
        moves
    }

    fn make(&self, world: &mut World, chosen: &Move) {
        let parked = world.status() == smithers_model::run::RunStatus::WaitingApproval;
        if parked && self.mishaps.reload_when_parked {
            world.crash();
        }
        match chosen {
            Move::End(id) => self.end_body(world, id),
            Move::Decide(id) => {
                let approved = matches!(
                    self.scenario.leaf(id),
                    Leaf::Asks(true) | Leaf::Owned(true) | Leaf::Gated(true)
                );
                world.decide(id, approved).expect("the question is open");
            }
            Move::Wait => world.wait_ms(10),
            Move::Lose => world.lose_runtime(),
            Move::Crash => {
                world.crash();
                world.accept(Fact::TakenUp).expect("the run is not over");
            }
        }
    }

    fn end_body(&self, world: &mut World, id: &str) {
        let node = text::key(id);
        let own = world.store.attempts.values().filter(|row| row.node == node);
        let failures = own.filter(|row| row.error.is_some()).count();
        match self.scenario.leaf(id) {
            Leaf::Fails | Leaf::Apart => world.fail(id, "boom"),
            Leaf::Flaky(times) if failures < times as usize => world.fail(id, "boom"),
            _ => world.finish_with(id, json!({ "v": written(id) })),
        }
    }
}
