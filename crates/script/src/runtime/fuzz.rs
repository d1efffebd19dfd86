//! Fuzz target of schemas: whatever a module declares, describing it ends with tables or an error, and a value that
//! a schema lets through fits the table that is made from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use smithers_model::RunId;
use smithers_model::json::RawJson;
use smithers_testkit::fuzz::drive;

use super::{Registration, RenderRequest, ScriptRuntime};
use crate::graph::ModuleGraph;
use crate::options::Limits;
use crate::thread::Pulse;

/// Makes schemas from words that work on a stack, so that most of what a mutation leaves still makes one. A default
/// that its own schema refuses is left out: what it does is the author's wish.
const MODULE: &str = r#"
import { createSmithers } from "smithers-orchestrator";
import { z } from "zod";
import words from "./words.json";

const fields = [];
const stack = [];
const pop = () => stack.pop() ?? z.unknown();
const pair = () => [pop(), pop()].reverse();

const MAKERS = {
  string: () => z.string(),
  number: () => z.number(),
  boolean: () => z.boolean(),
  null: () => z.null(),
  unknown: () => z.unknown(),
  enum: (members) => z.enum(members),
  literal: (values) => z.literal(values),
  array: () => z.array(pop()),
  record: () => z.record(z.string(), pop()),
  union: () => z.union(pair()),
  object: (names) => z.object(Object.fromEntries(names.toReversed().map((name) => [name, pop()]))),
  default(value) {
    const inner = pop();
    return inner.safeParse(value).success ? inner.default(value) : inner;
  },
};
const METHODS = ["min", "max", "int", "nonnegative", "positive", "optional", "nullable", "nullish", "describe", "passthrough"];

for (const word of words) {
  const [name, ...rest] = word.split(":");
  let value;
  try {
    value = JSON.parse(rest.join(":"));
  } catch {
    value = rest.join(":");
  }
  if (name === "field") fields.push([String(value), pop()]);
  else if (Object.hasOwn(MAKERS, name)) stack.push(MAKERS[name](value));
  else if (METHODS.includes(name)) stack.push(pop()[name](value));
}

const schema = z.object(Object.fromEntries(fields));
z.toJSONSchema(schema, { io: "input" });
z.toJSONSchema(schema);
const { smithers, Workflow, Task, outputs } = createSmithers({ input: schema, out: schema });
const Prompt = ({ schema }) => <p>{schema}</p>;
const agent = { generate: async () => ({ text: "" }) };
export default smithers(() => (
  <Workflow name="fuzz">
    <Task id="task" agent={agent} output={outputs.out}><Prompt /></Task>
  </Workflow>
));
"#;

/// A module whose schemas the target replaces.
struct Project {
    folder: tempfile::TempDir,
    limits: Arc<Limits>,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("gateway.tsx"), MODULE).unwrap();
        Self {
            folder,
            limits: Arc::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::join(self.folder.path(), name)
    }

    /// Loads the module with the schema that `words` make.
    fn load(&self, words: &str) -> Option<(ScriptRuntime, Registration)> {
        let words: Vec<&str> = words.split_whitespace().collect();
        fs::write(self.path("words.json"), RawJson::of(&words).as_str()).unwrap();
        let graph = ModuleGraph::read(&self.path("gateway.tsx"), &self.limits).unwrap();
        ScriptRuntime::load(&Arc::new(graph), &self.limits, "{}", &Pulse::new()).ok()
    }
}

/// The first frame of workflow 0 with `input`.
fn frame(input: RawJson, alive: &Arc<()>) -> RenderRequest {
    RenderRequest {
        session: 1,
        workflow: 0,
        run_id: RunId::from("fuzz"),
        input,
        auth: None,
        continuation: None,
        iteration: 0,
        iterations: BTreeMap::new(),
        patches: Default::default(),
        stale: Vec::new(),
        rows: Arc::new(Mutex::new(Vec::new())),
        alive: Arc::downgrade(alive),
    }
}

/// The input is words that make a schema, and after a line of dashes a value for it.
fn schema(input: &[u8], project: &Project) {
    let text = String::from_utf8_lossy(input);
    let (words, value) = text.split_once("---").unwrap_or((&text, "{}"));
    let Some((mut runtime, registration)) = project.load(words) else {
        return;
    };
    let definition = &registration.workflows[0];
    let sample = definition.sample_input().to_string();
    for given in [value, &sample] {
        let Ok(checked) = runtime.check_input(0, given) else {
            continue;
        };
        let row = definition.outputs[0].normalise(&checked.value());
        assert!(row.is_ok(), "{row:?}: {}", checked.as_str());
        let again = runtime.check_input(0, checked.as_str());
        assert_eq!(again.map(|text| text.value()), Ok(checked.value()));
    }
    let alive = Arc::new(());
    let input = RawJson::of(&Value::Object(serde_json::Map::new()));
    let _ = runtime.render(&frame(input, &alive));
    assert_eq!(runtime.lost(), None);
}

#[test]
fn fuzz_schema() {
    let project = Project::new();
    drive("schema", move |input| schema(input, &project));
}

#[test]
fn what_the_corpus_declares_is_loaded_accepted_and_rendered() {
    let project = Project::new();
    for text in [
        include_str!("../../../../tests/fuzz/corpus/schema/plain.txt"),
        include_str!("../../../../tests/fuzz/corpus/schema/nested.txt"),
    ] {
        let (words, value) = text.split_once("---").unwrap();
        let (mut runtime, _) = project.load(words).unwrap();
        let input = runtime.check_input(0, value).unwrap();
        let alive = Arc::new(());
        let rendered = runtime.render(&frame(input, &alive)).unwrap();
        assert_eq!(rendered.tree.tasks().count(), 1);
    }
}
