//! Schemas: the real zod 4 from npm, and the built-in subset.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use smithers_model::json::RawJson;
use smithers_model::output::{ColumnKind, Field};
use smithers_model::workflow::{CallError, Workflow};

use crate::driver::{Run, host, load_source, only, repository, try_load_source, wait};

/// The folder of fixtures, with its npm packages installed.
fn fixtures() -> PathBuf {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    let folder = INSTALLED.get_or_init(|| {
        let folder = repository("crates/script/tests/fixtures");
        // Tests may be processes of their own; one installs, the others wait.
        let turn = File::open(folder.join("package.json")).unwrap();
        turn.lock().unwrap();
        if !folder.join("node_modules/zod/package.json").exists() {
            let done = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&folder)
                .status();
            assert!(done.expect("npm is installed").success(), "npm ci failed");
        }
        folder
    });
    folder.clone()
}

fn shown(fields: &[Field]) -> Vec<(&str, ColumnKind, &str, bool, bool)> {
    fields
        .iter()
        .map(|field| {
            (
                field.name.as_str(),
                field.kind,
                field.shown_type.as_str(),
                field.optional,
                field.nullable,
            )
        })
        .collect()
}

#[test]
fn the_real_zod_describes_its_fields() {
    use ColumnKind::{Boolean, Integer, Json, Number, String};
    let host = host();
    let workflow = only(host.load(&fixtures().join("zod.tsx")).unwrap());
    let definition = workflow.definition();
    assert_eq!(definition.readable_name.as_deref(), Some("Reports"));
    assert_eq!(definition.description.as_deref(), Some("Writes reports"));
    let input = definition.input_fields.as_deref().unwrap();
    assert_eq!(
        shown(input),
        [
            ("topic", String, "string", false, false),
            ("rounds", Integer, "number", true, false),
            ("tags", Json, "array", true, false),
            ("corr", String, "string", true, false),
        ]
    );
    assert_eq!(input[0].description.as_deref(), Some("What to look at"));
    let report = definition.output_table("report").unwrap();
    assert_eq!(
        shown(&report.fields),
        [
            ("text", String, "string", false, false),
            ("score", Number, "number", false, true),
            ("rounds", Integer, "number", false, false),
            ("done", Boolean, "boolean", false, false),
            ("severity", String, "string", false, false),
            ("kind", String, "string", false, false),
            ("level", Integer, "number", false, false),
            ("parts", Json, "array", false, false),
            ("extra", Json, "object", true, false),
            ("mail", String, "string", true, false),
            ("either", Json, "unknown", true, false),
        ]
    );
    assert_eq!(
        report.fields[4].members.as_deref(),
        Some(&["low".to_owned(), "high".to_owned()][..])
    );
    assert!(
        report.declared_at.starts_with("zod.tsx:"),
        "{}",
        report.declared_at
    );
    assert_eq!(
        shown(&definition.output_table("decision").unwrap().fields),
        DECISION
    );
}

/// As the public gateway shows the row of an Approval.
const DECISION: [(&str, ColumnKind, &str, bool, bool); 4] = [
    ("approved", ColumnKind::Boolean, "boolean", false, false),
    ("note", ColumnKind::String, "string", true, true),
    ("decidedBy", ColumnKind::String, "string", false, true),
    ("decidedAt", ColumnKind::String, "string", false, true),
];

#[test]
fn the_real_zod_parses_input_and_checks_outputs() {
    let host = host();
    let workflow = only(host.load(&fixtures().join("zod.tsx")).unwrap());
    let stored = wait(
        workflow
            .check_input(RawJson::parse(r#"{"topic": "birds", "corr": " a ", "x": 1}"#).unwrap()),
    );
    assert_eq!(
        stored.unwrap().value(),
        json!({"topic": "birds", "rounds": 2, "corr": "A"})
    );
    let refused =
        wait(workflow.check_input(RawJson::parse(r#"{"topic": "b", "rounds": 1.5}"#).unwrap()))
            .unwrap_err();
    assert!(refused.has_code("INVALID_INPUT"));
    assert!(
        refused.message.contains("topic: Too small") && refused.message.contains("rounds: "),
        "{}",
        refused.message
    );

    let mut run = Run::start(&workflow, "r1", r#"{"topic": "birds"}"#);
    let report = run.finish("report");
    assert_eq!(
        (&report["rounds"], &report["score"], report.get("unknown")),
        (&json!(2), &Value::Null, None)
    );
    assert_eq!(run.finish("good"), json!({"text": "ok then"}));
    let CallError::Failed { error, retryable } = wait(run.call("bad")).unwrap_err() else {
        panic!("the output is wrong, nothing was lost");
    };
    assert!(error.has_code("INVALID_OUTPUT") && !retryable);
    assert!(
        error.message.contains("text: Invalid string"),
        "{}",
        error.message
    );
}

const SUBSET: &str = r#"
import { Task, Workflow, createSmithers, approvalDecisionSchema } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({
  input: z.object({
    name: z.string().min(2).max(4),
    count: z.number().int().positive().default(1),
    ratio: z.number().nonnegative().optional(),
    mode: z.enum(["a", "b"]).optional(),
    pair: z.union([z.literal("x"), z.array(z.number()).max(2)]).optional(),
    map: z.record(z.string(), z.boolean()).optional(),
    maybe: z.string().nullable().optional(),
    loose: z.object({ a: z.any() }).passthrough().optional(),
  }),
  out: z.object({ json: z.unknown() }),
  decision: approvalDecisionSchema,
});
export default smithers(() => (
  <Workflow name="w">
    <Task id="json" output={outputs.out}>
      {() => ({ json: z.toJSONSchema(z.object({ a: z.string().describe("A"), b: z.number().int().optional(), c: z.array(z.boolean()).nullable() })) })}
    </Task>
  </Workflow>
));
"#;

fn subset() -> (smithers_script::ScriptHost, Arc<dyn Workflow>) {
    let host = host();
    let workflow = load_source(&host, SUBSET);
    (host, workflow)
}

#[test]
fn the_subset_accepts_what_fits_and_applies_defaults() {
    let (_host, workflow) = subset();
    let check =
        |input: Value| wait(workflow.check_input(RawJson::of(&input))).map(|stored| stored.value());
    assert_eq!(
        check(json!({"name": "abc"})).unwrap(),
        json!({"name": "abc", "count": 1})
    );
    let full = json!({"name": "abcd", "count": 2, "ratio": 0, "mode": "b", "pair": [1, 2], "map": {"k": true}, "maybe": null, "loose": {"a": 1, "b": 2}});
    assert_eq!(check(full.clone()).unwrap(), full);
    assert_eq!(
        check(json!({"name": "abc", "extra": 1})).unwrap(),
        json!({"name": "abc", "count": 1})
    );
}

#[test]
fn the_subset_names_every_issue_by_its_path() {
    let (_host, workflow) = subset();
    let message = |input: Value| {
        wait(workflow.check_input(RawJson::of(&input)))
            .unwrap_err()
            .message
    };
    assert_eq!(
        message(json!({"count": 0.5, "ratio": -1, "mode": "c", "maybe": 3})),
        "the input does not fit its schema: name: Invalid input: expected string, received undefined; \
         count: Invalid input: expected int, received number; \
         ratio: Too small: expected number to be >=0; \
         mode: Invalid option: expected one of \"a\"|\"b\"; \
         maybe: Invalid input: expected string, received number"
    );
    for (input, issue) in [
        (
            json!({"name": "a"}),
            "name: Too small: expected string to have >=2 characters",
        ),
        (
            json!({"name": "abc", "count": 0}),
            "count: Too small: expected number to be >0",
        ),
        (
            json!({"name": "abc", "pair": [1, 2, 3]}),
            "pair: Invalid input",
        ),
        (
            json!({"name": "abc", "map": {"k": 1}}),
            "map.k: Invalid input: expected boolean, received number",
        ),
        (
            json!({"name": "abcde"}),
            "name: Too big: expected string to have <=4 characters",
        ),
    ] {
        assert!(message(input).ends_with(issue), "{issue}");
    }
    assert_eq!(message(json!([])), "the input must be an object");
}

#[test]
fn absent_input_is_an_empty_object() {
    let (_host, workflow) = subset();
    let refused = wait(workflow.check_input(RawJson::parse("null").unwrap())).unwrap_err();
    assert!(refused.message.contains("name: "), "{}", refused.message);
}

#[test]
fn the_subset_writes_json_schema_and_the_decision_schema() {
    let (_host, workflow) = subset();
    assert_eq!(
        shown(
            &workflow
                .definition()
                .output_table("decision")
                .unwrap()
                .fields
        ),
        DECISION
    );
    let mut run = Run::start(&workflow, "r1", r#"{"name": "abc"}"#);
    assert_eq!(
        run.finish("json")["json"],
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "a": {"type": "string", "description": "A"},
                "b": {"type": "integer"},
                "c": {"anyOf": [{"type": "array", "items": {"type": "boolean"}}, {"type": "null"}]}
            },
            "required": ["a", "c"],
            "additionalProperties": false
        })
    );
}

#[test]
fn members_beyond_the_subset_name_the_command_that_brings_them() {
    let host = host();
    for (expression, member) in [
        ("z.string().regex(/a/)", "regex"),
        ("z.discriminatedUnion('k', [])", "discriminatedUnion"),
        ("z.object({}).extend({})", "extend"),
        ("all.tuple([])", "tuple"),
    ] {
        let source =
            format!("import {{ z }} from 'zod'; import * as all from 'zod'; {expression}; all;");
        let error = try_load_source(&host, &source).unwrap_err().to_string();
        let expected = format!("ZOD_NOT_INSTALLED: zod's \"{member}\"");
        assert!(
            error.contains(&expected) && error.contains("npm install zod"),
            "{error}"
        );
    }
}

#[test]
fn a_schema_of_zod_3_or_no_schema_at_all_is_refused() {
    let host = host();
    for (schema, problem) in [
        ("{ _def: {} }", "zod 3"),
        ("{}", "no schema"),
        ("z.string()", "must be an object"),
    ] {
        let source = format!(
            "import {{ createSmithers }} from 'smithers-orchestrator'; import {{ z }} from 'zod'; createSmithers({{ a: {schema} }}); z;"
        );
        let error = try_load_source(&host, &source).unwrap_err().to_string();
        assert!(
            error.contains("INVALID_INPUT: schema \"a\"") && error.contains(problem),
            "{error}"
        );
    }
}
