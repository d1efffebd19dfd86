//! Where the result of an agent is found in its answer, and that no answer takes long to read.

use serde_json::{Value, json};

use crate::agents::{failure, run_of};
use crate::driver::wait;

/// Gives the value that is found in the answer `js`, an expression.
fn read(js: &str) -> Value {
    let mut run = run_of(
        &format!("const agent = {{ async generate() {{ return {js}; }} }};"),
        "<Task id='a' output={outputs.out} agent={agent} maxSchemaRetries={0}>Count</Task>",
    );
    wait(run.call("a")).unwrap().value()["n"].clone()
}

fn finds_nothing(js: &str) {
    let mut run = run_of(
        &format!("const agent = {{ async generate() {{ return {js}; }} }};"),
        "<Task id='a' output={outputs.out} agent={agent} maxSchemaRetries={0}>Count</Task>",
    );
    let (code, message, _) = failure(&mut run, "a", 1);
    assert_eq!(code, "INVALID_OUTPUT");
    assert!(message.contains("holds no JSON object"), "{message}");
}

#[test]
fn the_first_place_that_holds_a_value_wins() {
    for (answer, found) in [
        (
            r#"{ _output: { n: 1 }, output: { n: 2 }, text: '{"n": 3}' }"#,
            1,
        ),
        (
            r#"{ _output: null, output: { n: 2 }, text: '{"n": 3}' }"#,
            2,
        ),
        (r#"{ output: '{"n": 2}', text: '{"n": 3}' }"#, 2),
        (
            r#"{ get output() { throw new Error("not asked for"); }, text: '{"n": 3}' }"#,
            3,
        ),
        (r#"'{"n": 3}'"#, 3),
        (r#"{ text: ' \n{"n": 3} ' }"#, 3),
        (
            r#"{ text: '```json\n{"n": 4}\n```\n```\n{"n": 5}\n```\n```js\nlet x\n``` {"n": 6}' }"#,
            5,
        ),
        (
            r#"{ text: 'so:\n  ```json\n  {"n": 4}\n  ```\nbye {"n": 5}' }"#,
            4,
        ),
        (
            r#"{ text: '{"n": 9} bye', steps: [{ text: '```\n{"n": 7}\n```' }, { text: '{"n": 8}' }] }"#,
            7,
        ),
        (
            r#"{ text: '{"n": 9} bye', steps: [{ text: '{"n": 7}' }, { text: 'x {"n": 8} {"n": 10}' }, { text: "bye" }] }"#,
            8,
        ),
        (r#"{ text: 'prefix {"n": 1} suffix {"n": 2}.' }"#, 2),
    ] {
        assert_eq!(read(answer), json!(found), "{answer}");
    }
}

#[test]
fn objects_are_found_among_other_braces_and_quotes() {
    for (answer, found) in [
        (r#"'use { and " then {"n": 1} or {not: json} }'"#, 1),
        (r#"'{{"n": 1}}'"#, 1),
        (r#"'it is {"n": 1, "note": "a } and \\" {"} done }'"#, 1),
        (r#"'{"a": {"n": 1}, and so'"#, 1),
        (r#"'[{"n": 1}'"#, 1),
        (r#"'{"n": 1} {"n": 01} {"n": tru}'"#, 1),
        (r#"'"{"n": 1}"'"#, 1),
    ] {
        assert_eq!(read(answer), json!(found), "{answer}");
    }
    for answer in [
        "'nothing'",
        "''",
        "undefined",
        "null",
        "{ text: 7 }",
        r#"'{"n": 1'"#,
        r#"'{"n": "1}'"#,
        "'{}}'.slice(1)",
    ] {
        finds_nothing(answer);
    }
}

/// Every answer of 200,000 characters and more is read well within the time of a slice (5 s in a debug build).
#[test]
fn no_answer_takes_long_to_read() {
    for answer in [
        "'{'.repeat(200000)",
        "'['.repeat(200000)",
        r#"'{"a":'.repeat(40000)"#,
        r#"'{"a":'.repeat(40000) + '}'.repeat(40000)"#,
        r#"'{":":{",'.repeat(25000)"#,
        r#"'{"{":1,"'.repeat(25000)"#,
        r#"'{"' + 'a{'.repeat(100000)"#,
        r#"'{"' + '\\'.repeat(200000)"#,
        r#"'{"a":' + '1'.repeat(200000)"#,
        "'```'.repeat(70000)",
        "'```\\n'.repeat(50000)",
        "('```' + ' '.repeat(1000)).repeat(200)",
        "'\\n' + ' '.repeat(200000) + '```'",
        r#"'{"x": 1} '.repeat(25000) + '{'"#,
    ] {
        let js = format!("{{ text: {answer} + ' ' }}");
        let mut run = run_of(
            &format!("const agent = {{ async generate() {{ return {js}; }} }};"),
            "<Task id='a' output={outputs.out} agent={agent} maxSchemaRetries={0}>Count</Task>",
        );
        let (code, _, _) = failure(&mut run, "a", 1);
        assert_eq!(code, "INVALID_OUTPUT", "{answer}");
    }
}
