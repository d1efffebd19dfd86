//! Who sends signals to a run: early, in time, late, twice and with the wrong correlation.

use std::time::Duration;

use serde_json::json;
use smithers_actors::run::RunError;
use smithers_model::RawJson;
use tokio::time::sleep;

use crate::interpreter::output;
use crate::people::{AGAIN, Person, run_id, somebody};
use crate::plan::Leaf;
use crate::waits::{RIGHT, address};

/// What the letters tell that no task must hear.
pub(crate) const WRONG: i64 = 99;

/// A signal as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Letter {
    /// Run.
    pub(crate) index: usize,
    /// The task that may wait for it.
    pub(crate) number: u32,
    /// What tells it from others of its name.
    pub(crate) correlation: &'static str,
    /// What it tells.
    pub(crate) n: i64,
}

/// Begins to send what the leaves of the run wait for.
pub(crate) fn begin(person: &Person) {
    let mut leaves = Vec::new();
    person.plan.root.leaves(&mut leaves);
    for (number, leaf) in leaves {
        if let Leaf::Waits(wait) = leaf
            && let Some(mailed_at) = wait.mailed_at()
        {
            actix_rt::spawn(post(person.clone(), number, mailed_at));
        }
    }
}

/// First what is not meant for the task, then what is, then the same name once more, which comes too late for it.
async fn post(person: Person, number: u32, mailed_at: Option<u64>) {
    let letter = |correlation, n| Letter {
        index: person.index,
        number,
        correlation,
        n,
    };
    send(&person, letter("wrong", WRONG)).await;
    if let Some(at) = mailed_at {
        sleep(Duration::from_millis(at)).await;
        send(&person, letter(RIGHT, output(number))).await;
        send(&person, letter(RIGHT, WRONG)).await;
    }
}

/// Sends until it is kept, or until its run cannot keep it any more.
async fn send(person: &Person, letter: Letter) {
    while !person.ledger.lock().posted.contains(&letter) {
        let payload = RawJson::of(&json!({ "n": letter.n }));
        let address = address(letter.number, letter.correlation);
        let run_id = run_id(letter.index);
        match person
            .runs
            .signal(&run_id, address, payload, somebody())
            .await
        {
            Ok(_) => drop(person.ledger.lock().posted.insert(letter)),
            Err(RunError::Refused(_)) => return,
            Err(_) => sleep(AGAIN).await,
        }
    }
}
