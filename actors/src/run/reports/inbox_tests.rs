//! What an attempt may write, and what of it the run gets.

use std::sync::Arc;

use smithers_model::redact::{Place, Redactor};
use smithers_model::report::{OutputStream, Report};
use smithers_model::{NodeKey, RawJson};
use smithers_redact::SecretRedactor;

use super::HEARTBEAT_PAUSE;
use super::inbox::*;
use super::lane::PIECE_BYTES;

const SECRET: &str = "hunter2-hunter2";

fn inbox(limit: u64) -> Inbox {
    let redactor = Arc::new(SecretRedactor::default());
    redactor.learn(SECRET);
    Inbox::new(NodeKey::new("t", 0), 1, limit, || {
        redactor.clone().pieces(Place::Output)
    })
}

fn put(inbox: &Inbox, stream: OutputStream, text: &str) -> Option<News> {
    let text = text.to_owned();
    inbox.put(&Report::Output { stream, text })
}

fn say(inbox: &Inbox, text: &str) -> Option<News> {
    put(inbox, OutputStream::Stdout, text)
}

/// Everything that was kept, without the note about the rest, and whether there is one.
fn text_of(reports: &[Report]) -> (String, bool) {
    let texts = reports.iter().filter_map(|report| match report {
        Report::Output { text, .. } => Some(text.as_str()),
        Report::Heartbeat { .. } | Report::Agent(_) | Report::Truncated { .. } => None,
    });
    let last = reports.last();
    let is_cut = matches!(last, Some(Report::Truncated { .. }));
    (texts.collect(), is_cut)
}

#[test]
fn texts_of_a_stream_are_joined_and_streams_are_kept_apart() {
    let inbox = inbox(1_000);
    for n in 0..3 {
        say(&inbox, &format!("out {n}\n"));
        put(&inbox, OutputStream::Stderr, &format!("err {n}\n"));
    }
    let (reports, left) = inbox.take(usize::MAX);
    let output = |stream, text: &str| Report::Output {
        stream,
        text: text.into(),
    };
    assert_eq!(
        reports,
        [
            output(OutputStream::Stdout, "out 0\nout 1\nout 2\n"),
            output(OutputStream::Stderr, "err 0\nerr 1\nerr 2\n"),
        ]
    );
    assert_eq!(left, None);
}

#[test]
fn the_run_is_told_once_and_once_more_when_it_is_much() {
    let inbox = inbox(100_000);
    assert_eq!(say(&inbox, "no line yet"), None);
    let first = News {
        urgency: Urgency::Soon,
        is_first: true,
    };
    assert_eq!(say(&inbox, "\n"), Some(first));
    assert_eq!(say(&inbox, "more\n"), None);
    let much = News {
        urgency: Urgency::Now,
        is_first: false,
    };
    assert_eq!(say(&inbox, &"x\n".repeat(PIECE_BYTES / 2)), Some(much));
    assert_eq!(say(&inbox, "more\n"), None);
    inbox.take(usize::MAX);
    assert_eq!(say(&inbox, "again\n"), Some(first));
}

#[test]
fn beyond_the_limit_one_note_says_that_there_was_more() {
    let inbox = inbox(10);
    say(&inbox, "12345\n");
    say(&inbox, "äöü\n");
    say(&inbox, "more\n");
    let (reports, _) = inbox.take(usize::MAX);
    assert_eq!(text_of(&reports), ("12345\näö".into(), true));
    say(&inbox, "and more\n");
    assert_eq!(inbox.take(usize::MAX), (vec![], None));
    assert_eq!(inbox.close(), []);
}

#[test]
fn exactly_the_limit_is_kept_whole_and_without_a_note() {
    let inbox = inbox(10);
    say(&inbox, "12345\n");
    say(&inbox, "789");
    assert_eq!(
        text_of(&inbox.take(usize::MAX).0),
        ("12345\n".into(), false)
    );
    assert_eq!(text_of(&inbox.close()), ("789".into(), false));
}

#[test]
fn a_flood_costs_no_more_memory_than_may_wait() {
    let inbox = inbox(u64::MAX);
    let line = "x".repeat(999) + "\n";
    for _ in 0..5_000 {
        say(&inbox, &line);
    }
    say(&inbox, &"y".repeat(50_000_000));
    let (reports, left) = inbox.take(100_000);
    assert!(text_of(&reports).0.len() < 100_000 + PIECE_BYTES);
    assert_eq!(left, Some(Urgency::Now));
    let (rest, is_cut) = text_of(&inbox.close());
    assert_eq!(text_of(&reports).0.len() + rest.len(), MOST_WAITING);
    assert!(is_cut);
}

#[test]
fn a_secret_is_found_however_it_is_cut() {
    let text = format!("the key {SECRET} was used\npassword = {SECRET}\n");
    for cut in 0..text.len() {
        let inbox = inbox(1_000);
        say(&inbox, &text[..cut]);
        let (mut reports, _) = inbox.take(usize::MAX);
        say(&inbox, &text[cut..]);
        reports.extend(inbox.take(usize::MAX).0);
        let (kept, _) = text_of(&reports);
        let expected = "the key [REDACTED:known] was used\npassword = [REDACTED:known]\n";
        assert_eq!(kept, expected, "cut at {cut}");
    }
}

fn beat(inbox: &Inbox, data: Option<&'static str>) -> Option<Urgency> {
    let data = data.map(RawJson::trusted);
    let news = inbox.put(&Report::Heartbeat { data });
    news.map(|news| news.urgency)
}

fn heartbeat(data: &'static str) -> Report {
    let data = Some(RawJson::trusted(data));
    Report::Heartbeat { data }
}

#[test]
fn the_first_heartbeat_is_told_soon_and_those_that_follow_it_late_and_as_one() {
    let inbox = inbox(1_000);
    assert_eq!(beat(&inbox, Some("1")), Some(Urgency::Soon));
    assert_eq!(inbox.take(usize::MAX), (vec![heartbeat("1")], None));
    assert_eq!(beat(&inbox, Some("2")), Some(Urgency::Late));
    assert_eq!(beat(&inbox, Some("3")), None);
    assert_eq!(beat(&inbox, None), None);
    // Output may be taken as often as it comes; the heartbeat goes on waiting.
    say(&inbox, "a line\n");
    let (reports, left) = inbox.take(usize::MAX);
    assert_eq!(text_of(&reports), ("a line\n".into(), false));
    assert_eq!(left, Some(Urgency::Late));
    std::thread::sleep(HEARTBEAT_PAUSE);
    assert_eq!(inbox.take(usize::MAX), (vec![heartbeat("3")], None));
}

#[test]
fn a_heartbeat_that_waits_is_told_with_the_end_and_nothing_after_it() {
    let inbox = inbox(1_000);
    beat(&inbox, Some("1"));
    inbox.take(usize::MAX);
    beat(&inbox, Some("2"));
    assert_eq!(inbox.close(), [heartbeat("2")]);
    assert_eq!(beat(&inbox, Some("3")), None);
}
