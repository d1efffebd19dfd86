//! Fuzz target of output tables: whatever modules declare is refused with a reason or becomes a table, and what
//! fits a declaration comes back from the table as it went in. Both backends agree about it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use smithers_model::output::{ColumnKind, OutputTable};
use smithers_model::step::StepWrite;
use smithers_model::workflow::WorkflowDefinition;
use smithers_testkit::fuzz::drive;

use crate::backend::{Backend, Transactions};
use crate::memory::MemoryStore;
use crate::sqlite::{Durability, SqliteStore};
use crate::testkit::{RunScript, ScratchDb, commit, definition, field, output, table};

/// A backend with its write path.
struct Side {
    store: Box<dyn Backend>,
    writer: Box<dyn Transactions>,
}

impl Side {
    fn new(store: impl Backend) -> Self {
        let writer = store.open_writer().unwrap();
        let store = Box::new(store);
        Self { store, writer }
    }

    fn define(&mut self, workflow: &Arc<WorkflowDefinition>) -> Result<(), String> {
        let defined = self.writer.define_outputs(std::slice::from_ref(workflow));
        defined
            .expect("no declaration breaks the database")
            .map_err(|error| error.to_string())
    }

    fn put(&mut self, step: StepWrite) -> Result<(), String> {
        commit(&mut *self.writer, step)
            .map(drop)
            .map_err(|refusal| refusal.to_string())
    }
}

/// Two backends that are told the same.
struct Pair {
    sides: [Side; 2],
    run: RunScript,
    /// The tables since the last load.
    declared: Vec<OutputTable>,
    loaded: Vec<OutputTable>,
}

impl Pair {
    /// The database is a copy of `empty`, since making one takes much longer than what is tried in it.
    fn new(scratch: &ScratchDb, empty: &Path) -> Self {
        fs::copy(empty, scratch.path()).unwrap();
        let mut options = scratch.options();
        options.durability = Durability::Normal;
        let database = SqliteStore::open(&options).unwrap();
        let mut pair = Self {
            sides: [Side::new(database), Side::new(MemoryStore::default())],
            run: RunScript::new("run"),
            declared: Vec::new(),
            loaded: Vec::new(),
        };
        let launch = pair.run.launch();
        for side in &mut pair.sides {
            side.put(launch.clone()).unwrap();
        }
        pair
    }

    /// Asks both sides, which have to agree.
    fn both<T: PartialEq + std::fmt::Debug>(&mut self, ask: impl Fn(&mut Side) -> T) -> T {
        let [first, second] = self.sides.each_mut().map(ask);
        assert_eq!(first, second);
        first
    }

    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "table" => self.declared.push((*table(rest, &[])).clone()),
            "load" => self.load(),
            "row" => self.row(rest),
            _ => {
                let kind = serde_json::from_value::<ColumnKind>(word.into());
                if let (Ok(kind), Some(table)) = (kind, self.declared.last_mut()) {
                    table.fields.push(field(rest, kind));
                }
            }
        }
    }

    fn load(&mut self) {
        let tables = std::mem::take(&mut self.declared);
        let mut workflow = (*definition()).clone();
        workflow.outputs = tables.iter().cloned().map(Arc::new).collect();
        let workflow = Arc::new(workflow);
        if self.both(|side| side.define(&workflow)).is_ok() {
            self.loaded = tables;
        }
    }

    /// Puts a row that fits its declaration, and reads it back.
    fn row(&mut self, text: &str) {
        let Some((key, payload)) = text.split_once(" {") else {
            return;
        };
        let payload = serde_json::from_str(&format!("{{{payload}")).unwrap_or(Value::Null);
        let Some(table) = self.loaded.iter().find(|table| table.key == key) else {
            return;
        };
        let Ok(row) = table.normalise(&payload) else {
            return;
        };
        let node = format!("node-{}", self.run.seq);
        let step = self
            .run
            .step(Vec::new(), vec![output(key, &node, &row.value())]);
        assert_eq!(self.both(|side| side.put(step.clone())), Ok(()), "{text}");
        let run = self.run.run_id().clone();
        let rows = self.both(|side| side.store.reader().unwrap().outputs(&run).unwrap());
        let stored = rows.last().map(|row| row.payload.value());
        assert_eq!(stored.map(as_numbers), Some(as_numbers(row.value())));
    }
}

/// The same with all numbers as JavaScript has them.
fn as_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(as_numbers).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, as_numbers(value)))
            .collect(),
        other => other,
    }
}

#[test]
fn fuzz_table() {
    let empty = ScratchDb::new();
    drop(empty.open());
    drive("table", move |input| {
        let scratch = ScratchDb::new();
        let mut pair = Pair::new(&scratch, &empty.path());
        for line in String::from_utf8_lossy(input).lines() {
            pair.line(line);
        }
    });
}
