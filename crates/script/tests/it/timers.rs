//! Timers as modules write them: the time in every spelling, and what is refused.

use smithers_model::Timestamp;
use smithers_model::tree::TaskBody;
use smithers_model::wait::{TimerDue, TimerSpec};

use crate::rules::frame;

fn timer(props: &str) -> TimerSpec {
    let run = frame(&format!("<Timer id=\"t\" {props} />")).unwrap();
    match &run.task("t").body {
        TaskBody::Timer(spec) => spec.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn durations_have_units_and_fractions() {
    let spellings = [
        ("duration={500}", 500),
        ("duration=\"500\"", 500),
        ("duration=\"250ms\"", 250),
        ("duration=\"1.5s\"", 1_500),
        ("duration=\"2m\"", 120_000),
        ("duration=\"0.5h\"", 1_800_000),
        ("duration=\"7d\"", 604_800_000),
    ];
    for (props, ms) in spellings {
        assert_eq!(timer(props).due, TimerDue::After(ms), "{props}");
    }
}

#[test]
fn moments_are_texts_or_dates() {
    let moment = TimerDue::At(Timestamp(1_577_836_800_000));
    assert_eq!(timer("until=\"2020-01-01T00:00:00Z\"").due, moment);
    assert_eq!(timer("until={new Date(1577836800000)}").due, moment);
}

#[test]
fn a_time_that_is_none_is_refused_with_its_timer() {
    for props in [
        "",
        "duration=\"soon\"",
        "duration={-1}",
        "duration=\"1s\" until=\"2020-01-01\"",
        "until=\"tomorrow\"",
        "every=\"1h\"",
    ] {
        let error = frame(&format!("<Timer id=\"t\" {props} />")).err().unwrap();
        assert_eq!(error.code.as_deref(), Some("INVALID_INPUT"), "{props}");
        assert!(error.message.contains("Timer \"t\""), "{}", error.message);
    }
}
