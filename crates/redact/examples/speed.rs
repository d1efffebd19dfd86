//! Measures the redactor: `cargo run --release -p smithers-redact --example speed`.
//!
//! Prints nanoseconds per kilobyte for texts without a secret, which is what nearly every stored event is, and for
//! texts that are made to be slow.

use std::hint::black_box;
use std::time::{Duration, Instant};

use smithers_model::redact::{Place, Redactor};
use smithers_redact::SecretRedactor;

/// How long each text is measured.
const TIME: Duration = Duration::from_millis(400);

type Clean = fn(&SecretRedactor, &str) -> bool;

#[expect(
    clippy::print_stdout,
    reason = "the numbers are what this program is for"
)]
fn main() {
    let plain = SecretRedactor::default();
    let knowing = SecretRedactor::default();
    for n in 0..20 {
        knowing.learn(&format!("a secret of the environment, number {n}"));
    }
    println!(
        "{:32} {:>9} {:>9} {:>14}",
        "text", "bytes", "ns/KB", "with 20 known"
    );
    for (name, text, clean) in texts() {
        let (without, with) = (
            measure(&plain, &text, clean),
            measure(&knowing, &text, clean),
        );
        println!("{name:32} {:9} {without:9.0} {with:14.0}", text.len());
    }
}

fn texts() -> Vec<(&'static str, String, Clean)> {
    let event = r#"{"type":"NodeFinished","runId":"run_01JABCDEF","nodeId":"step-1","iteration":0,"attempt":1,"timestampMs":1767225600000}"#;
    let settings = r#"{"gatewaySystem":false,"gatewayWorkflowKey":"chain","auth":{"scopes":["run:read","run:write"],"tokenId":"7c1c9f295d8453f7"},"toolTimeoutMs":60000}"#;
    let prose =
        "The walk passes over a node while it waits, and the run goes on with what is left. ";
    let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let json: Clean = |redactor, text| redactor.json(Place::Event, text).is_some();
    let line: Clean = |redactor, text| redactor.text(Place::Log, text).is_some();
    vec![
        ("event", event.to_owned(), json),
        ("settings of a run", settings.to_owned(), json),
        ("prose, 64 KB", prose.repeat(800), line),
        ("digests, 64 KB", hex.repeat(1000), line),
        (
            "output in JSON, 64 KB",
            format!("[{}{event}]", format!("{event},").repeat(500)),
            json,
        ),
        (
            "names without values, 64 KB",
            "the token of a session ".repeat(2800),
            line,
        ),
        ("one name, 64 KB", "token".repeat(13_000), line),
        (
            "prefixes in a row, 64 KB",
            "eyJ-sk-ghp_".repeat(6_000),
            line,
        ),
        (
            "keys that never end, 64 KB",
            "-----BEGIN ".repeat(6_000),
            line,
        ),
        ("encoded prefixes, 64 KB", "Z2hwX2Zm".repeat(8_000), line),
        (
            "a name with a value, 64 KB",
            "password=hunter2 ".repeat(3_800),
            line,
        ),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "a measurement of a few digits")]
fn measure(redactor: &SecretRedactor, text: &str, clean: Clean) -> f64 {
    let (begin, worked) = (Instant::now(), work());
    let mut rounds = 0_u32;
    while begin.elapsed() < TIME {
        for _ in 0..8 {
            black_box(clean(redactor, black_box(text)));
        }
        rounds += 8;
    }
    let bytes = f64::from(rounds) * text.len() as f64;
    let spent = match (worked, work()) {
        (Some(before), Some(after)) => after - before,
        _ => begin.elapsed(),
    };
    spent.as_nanos() as f64 * 1024.0 / bytes
}

/// How long this thread has worked, where the system tells: a busy machine makes the clock useless.
fn work() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
