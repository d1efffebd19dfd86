//! What is to become of a schedule that is due: a pure function of its row, its pattern and the time.

use std::time::Duration;

use smithers_model::Timestamp;
use smithers_model::schedule::{CatchUp, Due, Schedule};

use super::recurrence::Recurrence;

/// How late a firing may be before it counts as missed: a start and a busy machine take their time.
const GRACE: Duration = Duration::from_secs(60);
/// Most missed firings that are made up for, the newest ones.
const MAX_CATCH_UP: usize = 100;

/// What is to become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing is due.
    Wait,
    /// A run is to be launched.
    Launch(Due),
    /// The firing is left out because it was missed.
    LeaveOut(Due),
}

/// Decides about `schedule` at `now`.
pub(super) fn decide(schedule: &Schedule, recurrence: &Recurrence, now: Timestamp) -> Verdict {
    let Some(expected) = schedule.next_run_at.filter(|due| *due <= now) else {
        return Verdict::Wait;
    };
    let due = |at, next| Due { expected, at, next };
    // One that has failed was not missed: it is tried again until the next one comes.
    let is_missed = schedule.error.is_none() && now.since(expected) > GRACE;
    match schedule.plan.catch_up {
        CatchUp::All => {
            let oldest = oldest_made_up(recurrence, now).unwrap_or(expected);
            let at = expected.max(oldest);
            Verdict::Launch(due(at, recurrence.after(at)))
        }
        CatchUp::None if is_missed => {
            // The newest firing may be of right now although older ones were missed.
            let newest = recurrence.back_from(now).next().unwrap_or(expected);
            let next = recurrence.after(now);
            if now.since(newest) > GRACE {
                Verdict::LeaveOut(due(newest, next))
            } else {
                Verdict::Launch(due(newest, next))
            }
        }
        CatchUp::One | CatchUp::None => Verdict::Launch(due(expected, recurrence.after(now))),
    }
}

/// The oldest firing before `now` that is made up for.
fn oldest_made_up(recurrence: &Recurrence, now: Timestamp) -> Option<Timestamp> {
    recurrence.back_from(now).nth(MAX_CATCH_UP - 1)
}

#[cfg(test)]
mod tests {
    use smithers_model::error::ErrorInfo;
    use smithers_model::schedule::{Overlap, SchedulePlan};

    use super::*;

    const MINUTE: i64 = 60_000;

    /// A schedule of every minute whose next firing is at minute `next`.
    fn every_minute(catch_up: CatchUp, next: i64) -> (Schedule, Recurrence) {
        let plan = SchedulePlan {
            pattern: "* * * * *".into(),
            time_zone: Some("UTC".into()),
            overlap: Overlap::Allow,
            catch_up,
        };
        let recurrence = Recurrence::read(&plan).unwrap();
        let (now, first) = (Timestamp(0), Timestamp(next * MINUTE));
        let schedule = Schedule::new("s".into(), "w".into(), plan, now, first);
        (schedule, recurrence)
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp(minute * MINUTE)
    }

    fn due(expected: i64, stands_for: i64, next: i64) -> Due {
        Due {
            expected: at(expected),
            at: at(stands_for),
            next: Some(at(next)),
        }
    }

    #[test]
    fn nothing_happens_before_its_time() {
        for catch_up in [CatchUp::One, CatchUp::All, CatchUp::None] {
            let (schedule, recurrence) = every_minute(catch_up, 10);
            let early = Timestamp(at(10).0 - 1);
            assert_eq!(decide(&schedule, &recurrence, early), Verdict::Wait);
        }
    }

    #[test]
    fn a_firing_in_time_is_made_whatever_the_policy() {
        for catch_up in [CatchUp::One, CatchUp::All, CatchUp::None] {
            let (schedule, recurrence) = every_minute(catch_up, 10);
            let now = Timestamp(at(10).0 + 5);
            let expected = Verdict::Launch(due(10, 10, 11));
            assert_eq!(decide(&schedule, &recurrence, now), expected);
        }
    }

    #[test]
    fn after_downtime_one_run_stands_for_all() {
        let (schedule, recurrence) = every_minute(CatchUp::One, 10);
        let verdict = decide(&schedule, &recurrence, at(500));
        assert_eq!(verdict, Verdict::Launch(due(10, 10, 501)));
    }

    #[test]
    fn each_missed_firing_is_made_up_for_where_that_is_wanted_but_no_more_than_a_hundred() {
        let (schedule, recurrence) = every_minute(CatchUp::All, 10);
        let verdict = decide(&schedule, &recurrence, at(15));
        assert_eq!(verdict, Verdict::Launch(due(10, 10, 11)));
        let verdict = decide(&schedule, &recurrence, at(500));
        assert_eq!(verdict, Verdict::Launch(due(10, 401, 402)));
    }

    #[test]
    fn missed_firings_are_left_out_where_that_is_wanted_but_not_the_one_of_right_now() {
        let (mut schedule, recurrence) = every_minute(CatchUp::None, 10);
        let verdict = decide(&schedule, &recurrence, at(500));
        assert_eq!(verdict, Verdict::Launch(due(10, 500, 501)));
        let hourly = SchedulePlan {
            pattern: "0 * * * *".into(),
            ..schedule.plan.clone()
        };
        let recurrence = Recurrence::read(&hourly).unwrap();
        schedule.next_run_at = Some(at(60));
        let verdict = decide(&schedule, &recurrence, at(200));
        assert_eq!(verdict, Verdict::LeaveOut(due(60, 180, 240)));
    }

    #[test]
    fn a_firing_that_failed_is_tried_again_and_does_not_count_as_missed() {
        let (mut schedule, recurrence) = every_minute(CatchUp::None, 10);
        schedule.error = Some(ErrorInfo::coded("INVALID_INPUT", "n is missing"));
        let verdict = decide(&schedule, &recurrence, at(12));
        assert_eq!(verdict, Verdict::Launch(due(10, 10, 13)));
    }
}
