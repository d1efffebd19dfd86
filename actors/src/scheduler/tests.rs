//! The bell wakes the scheduler only for earlier times; runs that stay due are asked less and less often.

use std::time::{Duration, Instant};

use smithers_model::Timestamp;

use super::{FIRST_PAUSE, MAX_PAUSE, Nudge, Patience};

#[actix::test]
async fn an_earlier_due_time_ends_the_sleep() {
    let nudge = Nudge::default();
    nudge.nudge(Timestamp(50));
    let begin = Instant::now();
    nudge.sleep(Duration::from_secs(30)).await;
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(nudge.take(), Some(Timestamp(50)));
    assert_eq!(nudge.take(), None);
}

#[actix::test]
async fn a_later_due_time_does_not_wake_anybody() {
    let nudge = Nudge::default();
    nudge.nudge(Timestamp(50));
    nudge.sleep(Duration::from_secs(30)).await;
    nudge.nudge(Timestamp(60));
    let begin = Instant::now();
    nudge.sleep(Duration::from_millis(20)).await;
    assert!(begin.elapsed() >= Duration::from_millis(20));
}

#[test]
fn runs_that_stay_due_are_asked_less_and_less_often() {
    let mut patience = Patience::default();
    let stuck = ["r1".into()];
    assert_eq!(patience.after(&stuck), FIRST_PAUSE);
    assert_eq!(patience.after(&stuck), FIRST_PAUSE * 2);
    for _ in 0..20 {
        assert!(patience.after(&stuck) <= MAX_PAUSE);
    }
    assert_eq!(patience.after(&["r2".into()]), FIRST_PAUSE);
}
