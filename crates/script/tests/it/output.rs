//! What tasks write while they run: where it goes, whose it is, and when it ends.

use std::time::{Duration, Instant};

use smithers_model::workflow::CallError;

use crate::driver::{PATIENCE, Run, host, load_source, wait};

/// A run with the tasks `a` and `b`, whose bodies are these, after `setup` at the level of the module.
fn run(setup: &str, a: &str, b: &str) -> Run {
    let source = format!(
        r#"
import {{ Parallel, Task, Workflow, createSmithers }} from "smithers-orchestrator";
import {{ z }} from "zod";
const {{ smithers, outputs }} = createSmithers({{ out: z.object({{ n: z.number() }}) }});
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
{setup}
export default smithers(() => (
  <Workflow name="w"><Parallel>
    <Task id="a" output={{outputs.out}}>{{{a}}}</Task>
    <Task id="b" output={{outputs.out}}>{{{b}}}</Task>
  </Parallel></Workflow>
));
"#
    );
    let host = host();
    Run::start(&load_source(&host, &source), "r", "{}").keep(host)
}

const QUIET: &str = "() => ({ n: 0 })";

/// What was written, one piece a line: `task stream text`.
fn drawn(run: &Run) -> Vec<String> {
    let written = run.written().into_iter();
    written
        .map(|(whence, text)| format!("{whence} {text:?}"))
        .collect()
}

#[test]
fn the_console_of_a_task_is_its_output() {
    let body = r#"() => {
        console.log("plain", 1, { a: [true] }, undefined);
        console.warn("careful"); console.error(new TypeError("bad").message); console.debug("fine");
        console.assert(true, "not said"); console.assert(false, "said");
        process.stdout.write("no line"); process.stderr.write("ünïcode €");
        return { n: 1 };
    }"#;
    let mut run = run(r#"console.log("loading")"#, body, QUIET);
    assert!(drawn(&run).is_empty(), "a module is no task");
    run.finish("a");
    assert_eq!(
        drawn(&run),
        [
            r#"a stdout "plain 1 {\"a\":[true]} undefined\n""#,
            r#"a stderr "careful\n""#,
            r#"a stderr "bad\n""#,
            r#"a stdout "fine\n""#,
            r#"a stderr "Assertion failed said\n""#,
            r#"a stdout "no line""#,
            r#"a stderr "ünïcode €""#,
        ]
    );
}

#[test]
fn two_asynchronous_tasks_that_take_turns_write_under_their_own_names() {
    let talk = |name: &str, ms: u32| {
        format!(
            r#"async () => {{
                for (let n = 0; n < 5; n++) {{ console.log("{name}", n); await sleep({ms}); await null; console.log("{name}", n, "after"); }}
                return {{ n: 1 }};
            }}"#
        )
    };
    let mut run = run("", &talk("a", 3), &talk("b", 2));
    let (a, b) = (run.call("a"), run.call("b"));
    let (a, b) = wait(async { tokio::join!(a, b) });
    a.unwrap();
    b.unwrap();
    let written = run.written();
    assert_eq!(written.len(), 20);
    for (whence, text) in written {
        assert_eq!(whence[..1], text[..1], "{whence} wrote {text:?}");
    }
}

#[test]
fn what_a_task_writes_after_its_end_is_dropped() {
    let talkative = r#"() => {
        setTimeout(() => console.log("too late"), 1);
        Promise.resolve().then(() => console.log("late too"));
        return { n: 1 };
    }"#;
    let patient = "async () => { await sleep(30); return { n: 2 }; }";
    let mut run = run("", talkative, patient);
    let (a, b) = (run.call("a"), run.call("b"));
    let (a, b) = wait(async { tokio::join!(a, b) });
    a.unwrap();
    b.unwrap();
    assert_eq!(drawn(&run), [""; 0]);
}

#[test]
fn an_aborted_task_is_not_heard_any_more() {
    let endless = r#"async () => { for (;;) { console.log("on and on"); await sleep(1); } }"#;
    let mut run = run(
        "",
        endless,
        "async () => { await sleep(30); return { n: 2 }; }",
    );
    let call = run.call("a");
    let abandoned = std::thread::spawn(move || wait(call));
    let deadline = Instant::now() + PATIENCE;
    while run.written().is_empty() {
        assert!(Instant::now() < deadline, "it writes nothing");
        std::thread::sleep(Duration::from_millis(1));
    }
    run.abort("a");
    // The call ends without an answer; from then on the body still runs and nobody listens.
    let ended = abandoned.join().unwrap();
    assert!(
        matches!(ended, Err(CallError::RuntimeLost { .. })),
        "{ended:?}"
    );
    run.written();
    let b = run.call("b");
    wait(b).unwrap();
    assert_eq!(drawn(&run), [""; 0]);
}

#[test]
fn a_body_that_fails_was_heard_until_then() {
    let body = r#"async () => { console.log("one"); await sleep(1); console.log("two"); throw new Error("boom"); }"#;
    let mut run = run("", body, QUIET);
    let call = run.call("a");
    wait(call).unwrap_err();
    assert_eq!(drawn(&run), [r#"a stdout "one\n""#, r#"a stdout "two\n""#]);
}
