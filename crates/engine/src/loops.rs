//! Loops: which pass each is in, when the next one begins and when there is none (workflow-model 7.4).

use std::collections::BTreeMap;
use std::sync::Arc;

use smithers_model::continuation::ContinueReason;
use smithers_model::error::ErrorInfo;
use smithers_model::frame::Trigger;
use smithers_model::loops::{LoopRow, LoopState};
use smithers_model::planted::{Bug, planted};
use smithers_model::step::RowChange;
use smithers_model::tree::{LoopSpec, OnMaxReached};
use smithers_model::{Iteration, LoopId, Timestamp};

use crate::frame::Frame;
use crate::state::RunState;

/// Stands between the id of a loop and the passes of the loops around it: `inner@@outer=1`.
const SCOPE: &str = "@@";

impl RunState {
    /// Takes over what `frame` says of its loops.
    pub(crate) fn mount_loops(&mut self, frame: &Frame, now: Timestamp) {
        for spec in frame.loops() {
            let known = self.loops.get(&spec.id);
            let state = match known.map(|row| row.state) {
                Some(LoopState::Exhausted) => LoopState::Exhausted,
                _ if spec.until => LoopState::Satisfied,
                _ => LoopState::Going,
            };
            if known.is_none_or(|row| row.state != state) {
                let iteration = known.map_or(0, |row| row.iteration);
                self.put_loop(&spec.id, iteration, state, now);
            }
        }
    }

    /// Begins the next pass of loops whose body is over, or ends them. Either way the workflow is asked again, by a
    /// new run when one of them has had its share of passes and nothing else of the run is under way or waits.
    pub(crate) fn advance_loops(&mut self, frame: &Arc<Frame>, ready: &[usize], now: Timestamp) {
        let board = self.board_of(frame, now);
        let is_still = !board.rests() && !board.asks();
        let is_quiet = is_still && self.running.is_empty();
        let mut had_its_share = None;
        for &index in ready {
            let spec = frame.loop_at(index);
            let iteration = self.loops.get(&spec.id).map_or(0, |row| row.iteration);
            let next = iteration.saturating_add(1);
            let stops_early = planted(Bug::LoopStopsEarly) && next + 1 == spec.max_iterations;
            if next < spec.max_iterations && !stops_early {
                self.put_loop(&spec.id, next, LoopState::Going, now);
                had_its_share = had_its_share.or_else(|| share_after(spec, next));
            } else if spec.on_max_reached == OnMaxReached::Fail {
                return self.fail(max_reached(spec), now);
            } else {
                self.put_loop(&spec.id, iteration, LoopState::Exhausted, now);
            }
        }
        match had_its_share.filter(|_| is_quiet) {
            Some(reason) => self.continue_loop(reason, now),
            None => self.renders.push_back(Some(Trigger::LoopAdvanced)),
        }
    }

    pub(crate) fn put_loop(
        &mut self,
        id: &LoopId,
        iteration: Iteration,
        state: LoopState,
        now: Timestamp,
    ) {
        let row = LoopRow {
            id: id.clone(),
            iteration,
            state,
            updated_at: now,
        };
        self.open.change(RowChange::PutLoop(row.clone()));
        self.open.transition();
        self.standings.touch_loop(id);
        self.loops.insert(id.clone(), row);
    }

    /// `ctx.iteration` and `ctx.iterations`: the pass of each loop, but for those inside passes of outer loops
    /// that are over. A nested loop is there under its plain id too.
    pub(crate) fn passes(&self) -> (Iteration, BTreeMap<String, Iteration>) {
        let mut passes = BTreeMap::new();
        let mut plain = Vec::new();
        for (id, row) in &self.loops {
            let (name, scope) = split(id.as_str());
            if self.is_current(scope) {
                passes.insert(id.to_string(), row.iteration);
                plain.extend(scope.map(|_| (name.to_owned(), row.iteration)));
            }
        }
        let only = match passes.len() {
            1 => passes.values().next().copied().unwrap_or(0),
            _ => 0,
        };
        for (name, iteration) in plain {
            passes.entry(name).or_insert(iteration);
        }
        (only, passes)
    }

    /// Whether every outer loop is in the pass that the scope names. A scope that cannot be read, because an id
    /// has its signs in it, counts as current.
    fn is_current(&self, scope: Option<&str>) -> bool {
        let mut around = String::new();
        scope
            .into_iter()
            .flat_map(|scope| scope.split(','))
            .all(|pass| {
                let Some((id, iteration)) = pass.rsplit_once('=') else {
                    return true;
                };
                let name = format!("{id}{around}");
                let sign = if around.is_empty() { SCOPE } else { "," };
                around.push_str(sign);
                around.push_str(pass);
                let row = self.loops.get(name.as_str());
                row.is_none_or(|row| row.iteration.to_string() == iteration)
            })
    }
}

/// An id as written, and the passes of outer loops it is in.
fn split(id: &str) -> (&str, Option<&str>) {
    match id.split_once(SCOPE) {
        Some((name, scope)) => (name, Some(scope)),
        None => (id, None),
    }
}

/// The passes that everything inside a loop is in: those of the loops around it, then its own.
pub(crate) fn chain(id: &LoopId, iteration: Iteration) -> String {
    match split(id.as_str()) {
        (name, Some(scope)) => format!("{SCOPE}{scope},{name}={iteration}"),
        (name, None) => format!("{SCOPE}{name}={iteration}"),
    }
}

/// The ways in which something inside the passes of `chain` may mean `id`: one in all of these passes, then those
/// in fewer of them.
pub(crate) fn spellings(id: &str, chain: String) -> impl Iterator<Item = String> {
    let mut chain = Some(chain).filter(|chain| !chain.is_empty());
    let id = id.to_owned();
    std::iter::from_fn(move || {
        let passes = chain.take()?;
        let spelling = format!("{id}{passes}");
        chain = passes.rsplit_once(',').map(|(outer, _)| outer.to_owned());
        Some(spelling)
    })
}

/// Why the run continues as new before pass `next` of a loop, if it does.
fn share_after(spec: &LoopSpec, next: Iteration) -> Option<ContinueReason> {
    let every = spec.continue_as_new_every?;
    next.is_multiple_of(every)
        .then(|| ContinueReason::LoopThreshold {
            loop_id: spec.id.clone(),
            continue_as_new_every: every,
        })
}

fn max_reached(spec: &LoopSpec) -> ErrorInfo {
    let message = format!(
        "Loop {} has had all of its {} iterations and its condition does not hold",
        spec.id, spec.max_iterations
    );
    ErrorInfo::coded("RALPH_MAX_REACHED", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_looked_for_in_the_longest_scope_first() {
        let chain = chain(&"mid@@outer=1".into(), 2);
        let names: Vec<String> = spellings("plan", chain).collect();
        assert_eq!(names, ["plan@@outer=1,mid=2", "plan@@outer=1"]);
        assert_eq!(spellings("plan", String::new()).count(), 0);
    }
}
