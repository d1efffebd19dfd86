//! Who takes runs back to a frame: under way, at rest, while something fails, and over crashes.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use smithers_actors::run::{RewindOrder, RunError};
use smithers_engine::Refusal;
use smithers_model::event::StoredEvent;
use smithers_model::rewind::RewindResult;
use smithers_model::run::RunRow;
use smithers_model::time::Clock;
use smithers_store::Reader;
use tokio::time::sleep;

use crate::ledger::Ledger;
use crate::people::{AGAIN, Person, run_id, somebody};
use crate::plan::{End, Leaf, RunPlan};
use crate::waits::Wait;

/// More tries than any travel makes.
const ALL: usize = 1_000;

/// Somebody takes the run back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Travel {
    /// So many milliseconds after a life began.
    pub at: u64,
    /// To the frame of this number, modulo the frames that there are.
    pub frame: u64,
}

/// Has some runs taken back; the dice are not those of the plan, whose histories stay what they are.
///
/// Signals are sent once, so a run that is taken back waits for none.
pub(crate) fn add(seed: u64, runs: &mut [RunPlan]) {
    let mut dice = StdRng::seed_from_u64(!seed);
    for run in runs {
        if dice.random_bool(0.7) {
            continue;
        }
        if run.end != End::Badly {
            run.end = End::Well;
        }
        run.root.replace(&mut |leaf| {
            if matches!(leaf, Leaf::Waits(Wait::Signal(_) | Wait::Race(..))) {
                *leaf = Leaf::Waits(Wait::Timer(20));
            }
        });
        let count = dice.random_range(1..4);
        let travel = |_| Travel {
            at: dice.random_range(0..400),
            frame: dice.random_range(0..100),
        };
        run.travels = (0..count).map(travel).collect();
    }
}

/// Begins the travels of a run that no life before has ended.
pub(crate) fn begin(person: &Person) {
    for (number, travel) in person.plan.travels.iter().enumerate() {
        let is_over = person
            .ledger
            .lock()
            .arrived
            .contains(&(person.index, number));
        if !is_over {
            actix_rt::spawn(go(person.clone(), number, *travel));
        }
    }
}

/// Asks until the run is there, until it cannot go there, or until nobody knows.
async fn go(person: Person, number: usize, travel: Travel) {
    sleep(Duration::from_millis(travel.at)).await;
    loop {
        let Some(newest) = newest_frame(&person) else {
            sleep(AGAIN).await;
            continue;
        };
        let op = person.ledger.lock().next_travel(person.index);
        let order = RewindOrder {
            frame_no: travel.frame % (newest + 1),
            actor: somebody(),
            accept_change: false,
            force: false,
            no_revert: false,
            op: op.clone(),
            begun_at: person.clock.now(),
        };
        let told = person.runs.rewind(&run_id(person.index), order).await;
        let mut ledger = person.ledger.lock();
        match told {
            Ok(_) => {
                let acknowledged = ledger.travelled.entry(person.index).or_default();
                acknowledged.insert(op);
            }
            Err(RunError::Refused(Refusal::HistoryDamaged { reason })) => {
                let broken = format!("run {}: {reason}", person.index);
                ledger.broken.push(broken);
            }
            Err(RunError::OutcomeUnknown | RunError::Refused(_)) => {}
            Err(_) => {
                drop(ledger);
                sleep(AGAIN).await;
                continue;
            }
        }
        ledger.arrived.insert((person.index, number));
        return;
    }
}

fn newest_frame(person: &Person) -> Option<u64> {
    let reader = person.store.reader().ok()?;
    let row = reader.run(&run_id(person.index)).ok()??;
    Some(row.next_frame_no.saturating_sub(1))
}

/// Returns whether what happened before `event` may happen again: the run was taken back, or is below one that was and
/// had ended.
pub(crate) fn begins_anew(plan: &RunPlan, event: &StoredEvent) -> bool {
    let is_end = ["RunFinished", "RunFailed", "RunCancelled"].contains(&event.type_name.as_str());
    event.type_name == "TimeTravelJumped" || is_end && !plan.travels.is_empty()
}

/// The events since the run began anew for the last time.
pub(crate) fn since_new<'a>(plan: &RunPlan, events: &'a [StoredEvent]) -> &'a [StoredEvent] {
    let Some((_, before)) = events.split_last() else {
        return events;
    };
    let anew = before.iter().rposition(|event| begins_anew(plan, event));
    anew.map_or(events, |at| &events[at + 1..])
}

/// A travel that was acknowledged is in the trail.
pub(crate) fn check_told(ledger: &Ledger, reader: &dyn Reader) -> Result<(), String> {
    for (index, told) in &ledger.travelled {
        let trail = reader.rewinds(&run_id(*index), ALL).unwrap_or_default();
        let is_kept = |op: &&String| {
            let mut rows = trail.iter();
            rows.any(|row| row.op == **op && row.result == RewindResult::Success)
        };
        if let Some(lost) = told.iter().find(|op| !is_kept(op)) {
            return Err(format!(
                "run {index} was taken back by {lost}, which the trail does not know"
            ));
        }
    }
    Ok(())
}

/// The history knows every frame of a run.
pub(crate) fn check_history(index: usize, row: &RunRow, reader: &dyn Reader) -> Result<(), String> {
    for frame_no in 1..row.next_frame_no {
        match reader.snapshot(&row.run_id, frame_no) {
            Ok(Some(_)) => {}
            other => {
                return Err(format!(
                    "run {index}: the history has frame {frame_no} as {other:?}"
                ));
            }
        }
    }
    Ok(())
}
