//! Follows the events of one run through lost connections: every number once, in order, gaps told.

use std::time::{Duration, Instant};

use rand::Rng;
use serde_json::{Value, json};
use smithers_model::run::RunStatus;

use super::interrupt::Interrupt;
use crate::cli::client::{Client, ClientError, Event, Refusal, Socket};
use crate::cli::error::CliError;
use crate::cli::output::note;

/// Pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How long a gateway may be away before the command fails.
const MAX_ABSENCE: Duration = Duration::from_secs(300);
/// Exit code of a command that Ctrl-C ended, as shells expect it.
const INTERRUPTED: u8 = 130;

/// Where following ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// With the newest event of this moment.
    Now,
    /// With the end of the run.
    Ended,
}

/// What comes of a stream.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// An event: its number, its name and what it says.
    Event {
        seq: u64,
        name: &'a str,
        payload: &'a Value,
    },
    /// Numbers that the gateway no longer keeps, and the run as it is instead.
    Gap {
        from: u64,
        to: u64,
        snapshot: &'a Value,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// Its status.
    pub(super) status: String,
    /// The run that goes on in its place.
    pub(super) next: Option<String>,
}

impl Ended {
    /// Reads what a record or the last event of a run says.
    fn read(said: &Value) -> Self {
        Self {
            status: said["status"].as_str().unwrap_or("unknown").to_owned(),
            next: said["nextRunId"].as_str().map(str::to_owned),
        }
    }
}

/// Follows `run` after number `after`, and hands everything to `take`.
///
/// Returns how the run ended, `None` when it has not.
///
/// # Errors
/// The gateway refuses, cannot be reached at first or stays away for long, Ctrl-C, or an error of `take`.
pub(super) fn follow(
    client: &Client,
    run: &str,
    after: u64,
    until: Until,
    take: impl FnMut(&Item<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Ended>> {
    let interrupt = Interrupt::listen()?;
    let follower = Follower {
        client,
        run,
        after,
        until,
        interrupt,
        take,
    };
    follower.through_losses()
}

struct Follower<'a, F> {
    client: &'a Client,
    run: &'a str,
    /// The newest number that was handed on.
    after: u64,
    until: Until,
    interrupt: Interrupt,
    take: F,
}

impl<F: FnMut(&Item<'_>) -> anyhow::Result<()>> Follower<'_, F> {
    fn through_losses(mut self) -> anyhow::Result<Option<Ended>> {
        let mut absence = None;
        let mut pause = FIRST_PAUSE;
        loop {
            let before = self.after;
            let mut was_open = false;
            let error = match self.one_connection(&mut was_open) {
                Ok(status) => return Ok(status),
                Err(error) => error,
            };
            if self.interrupt.is_pressed() {
                return Err(self.interrupted().into());
            }
            let is_first = !was_open && absence.is_none();
            if is_first || !is_passing(&error) {
                return Err(error);
            }
            if was_open {
                (absence, pause) = (None, FIRST_PAUSE);
            }
            let since = *absence.get_or_insert_with(Instant::now);
            if since.elapsed() > MAX_ABSENCE {
                return Err(error);
            }
            if was_open || before != self.after {
                note(&format!(
                    "note: {error}; trying again after event {}",
                    self.after
                ));
            }
            self.interrupt
                .sleep(pause.mul_f64(rand::rng().random_range(0.5..1.0)));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Follows until the end, or until the connection is lost. `was_open` tells whether the stream began.
    fn one_connection(&mut self, was_open: &mut bool) -> anyhow::Result<Option<Ended>> {
        let mut socket = self.client.open(self.run)?;
        if let Ok(connection) = socket.connection() {
            self.interrupt.watch(connection);
        }
        // The status comes first: what had ended by then has its last number among those that the stream names.
        let record = socket.call("getRun", &json!({"runId": self.run}))?;
        let ended = ended(&record);
        let params = json!({"runId": self.run, "afterSeq": self.after});
        let opened = socket.call("streamRunEvents", &params)?;
        *was_open = true;
        let newest = opened["currentSeq"].as_u64().unwrap_or(0);
        let has_last = ended.is_some() || self.until == Until::Now;
        self.read(&mut socket, has_last.then_some(newest), ended)
    }

    fn read(
        &mut self,
        socket: &mut Socket<'_>,
        last: Option<u64>,
        ended: Option<Ended>,
    ) -> anyhow::Result<Option<Ended>> {
        loop {
            if last.is_some_and(|last| self.after >= last) {
                return Ok(ended);
            }
            if let Some(ended) = self.handle(&socket.event()?)? {
                return Ok(Some(ended));
            }
        }
    }

    /// Hands an event on; returns how the run ended when it is the last one.
    fn handle(&mut self, event: &Event) -> anyhow::Result<Option<Ended>> {
        let said = &event.payload;
        match event.name.as_str() {
            "run.event" => self.advance(said),
            "run.gap_resync" => {
                let number = |key: &str| said[key].as_u64().unwrap_or(self.after);
                let (from, to) = (number("fromSeq"), number("toSeq"));
                let snapshot = &said["snapshot"];
                (self.take)(&Item::Gap { from, to, snapshot })?;
                self.after = self.after.max(to);
                Ok(None)
            }
            "run.error" => Err(ClientError::from(Refusal::read(&said["error"], None)).into()),
            _ => Ok(None),
        }
    }

    fn advance(&mut self, said: &Value) -> anyhow::Result<Option<Ended>> {
        let (seq, name) = (
            said["seq"].as_u64().unwrap_or(0),
            said["event"].as_str().unwrap_or_default(),
        );
        if seq <= self.after {
            return Ok(None);
        }
        if seq != self.after + 1 {
            note(&format!(
                "warning: the gateway skipped from event {} to {seq}",
                self.after
            ));
        }
        let payload = &said["payload"];
        (self.take)(&Item::Event { seq, name, payload })?;
        self.after = seq;
        Ok((name == "run.completed").then(|| Ended::read(payload)))
    }

    fn interrupted(&self) -> CliError {
        let (run, after) = (self.run, self.after);
        CliError::new(
            "INTERRUPTED",
            format!("stopped after event {after} of {run}"),
        )
        .hint(format!(
            "go on with: smithers runs events {run} --follow --after-seq {after}"
        ))
        .exit(INTERRUPTED)
    }
}

/// How a run has ended, if it has.
fn ended(record: &Value) -> Option<Ended> {
    let status = RunStatus::from_text(record["status"].as_str()?)?;
    status.is_terminal().then(|| Ended::read(record))
}

fn is_passing(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<ClientError>()
        .is_some_and(ClientError::is_passing)
}
