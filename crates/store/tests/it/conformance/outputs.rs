//! Output rows: types, completion order, growing tables.

use std::sync::Arc;

use serde_json::json;
use smithers_model::NodeKey;
use smithers_model::output::ColumnKind;
use smithers_model::workflow::WorkflowDefinition;
use smithers_store::testkit::{definition, output, table};
use smithers_store::{Refusal, SchemaError};

use super::{Subject, for_each_backend, run};

for_each_backend![
    rows_come_back_in_completion_order_and_schema_order,
    a_replaced_row_counts_from_its_replacement,
    a_row_for_an_unknown_table_is_refused,
    a_value_of_the_wrong_type_is_refused,
    a_table_that_has_grown_reads_old_rows_with_nulls,
    a_dropped_field_comes_back_with_its_values,
    colliding_tables_are_refused_and_change_nothing,
];

fn rows(subject: &Subject, id: &str) -> Vec<String> {
    let rows = subject.reader().outputs(&run(id)).unwrap();
    rows.iter()
        .map(|row| {
            format!(
                "{} {} {}",
                row.table,
                row.node.node_id,
                row.payload.as_str()
            )
        })
        .collect()
}

fn with_result_fields(fields: &[(&str, ColumnKind)]) -> Arc<WorkflowDefinition> {
    let mut definition = (*definition()).clone();
    definition.outputs = vec![table("result", fields)];
    Arc::new(definition)
}

fn rows_come_back_in_completion_order_and_schema_order(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let first = vec![output("finalNote", "z", &json!({"body": "done"}))];
    subject.commit(script.step(vec![], first)).unwrap();
    let full =
        json!({"data": {"b": [1, 2.5]}, "ok": false, "maxCount": 3, "score": 2, "text": "t"});
    let second = vec![
        output("result", "b", &full),
        output("result", "a", &json!({"score": 0.5})),
    ];
    subject.commit(script.step(vec![], second)).unwrap();
    assert_eq!(
        rows(subject, "r"),
        [
            r#"finalNote z {"body":"done"}"#,
            r#"result b {"text":"t","score":2,"maxCount":3,"ok":false,"data":{"b":[1,2.5]}}"#,
            r#"result a {"text":null,"score":0.5,"maxCount":null,"ok":null,"data":null}"#,
        ]
    );
    let reader = subject.reader();
    let one = reader
        .output(&run("r"), "result", &NodeKey::new("a", 0))
        .unwrap()
        .unwrap();
    assert_eq!(one, reader.outputs(&run("r")).unwrap()[2]);
    assert_eq!(
        reader
            .output(&run("r"), "finalNote", &NodeKey::new("a", 0))
            .unwrap(),
        None
    );
}

fn a_replaced_row_counts_from_its_replacement(subject: &mut Subject) {
    let mut script = subject.launched("r");
    for (id, body) in [("a", "1"), ("b", "2"), ("a", "3")] {
        let row = output("finalNote", id, &json!({"body": body}));
        subject.commit(script.step(vec![], vec![row])).unwrap();
    }
    assert_eq!(
        rows(subject, "r"),
        [r#"finalNote b {"body":"2"}"#, r#"finalNote a {"body":"3"}"#]
    );
}

fn a_row_for_an_unknown_table_is_refused(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let step = script.step(vec![], vec![output("nowhere", "a", &json!({}))]);
    let refusal = subject.commit(step).unwrap_err();
    assert_eq!(refusal.to_string(), "no table for `nowhere`");
}

fn a_value_of_the_wrong_type_is_refused(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let step = script.step(
        vec![],
        vec![output("result", "a", &json!({"maxCount": "many"}))],
    );
    assert!(matches!(
        subject.commit(step),
        Err(Refusal::Constraint { .. })
    ));
    assert!(rows(subject, "r").is_empty());
}

fn a_table_that_has_grown_reads_old_rows_with_nulls(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let old = output("result", "a", &json!({"text": "old"}));
    subject.commit(script.step(vec![], vec![old])).unwrap();
    let grown = with_result_fields(&[("added", ColumnKind::Json), ("text", ColumnKind::String)]);
    subject
        .transactions()
        .define_outputs(&[grown])
        .unwrap()
        .unwrap();
    let new = output("result", "b", &json!({"text": "new", "added": [true]}));
    subject.commit(script.step(vec![], vec![new])).unwrap();
    assert_eq!(
        rows(subject, "r"),
        [
            r#"result a {"added":null,"text":"old"}"#,
            r#"result b {"added":[true],"text":"new"}"#
        ]
    );
}

fn a_dropped_field_comes_back_with_its_values(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let row = output("result", "a", &json!({"text": "kept", "score": 1}));
    subject.commit(script.step(vec![], vec![row])).unwrap();
    let fewer = with_result_fields(&[("score", ColumnKind::Number)]);
    subject
        .transactions()
        .define_outputs(&[fewer])
        .unwrap()
        .unwrap();
    assert_eq!(rows(subject, "r"), [r#"result a {"score":1}"#]);
    let back = with_result_fields(&[("text", ColumnKind::String)]);
    subject
        .transactions()
        .define_outputs(&[back])
        .unwrap()
        .unwrap();
    assert_eq!(rows(subject, "r"), [r#"result a {"text":"kept"}"#]);
    let retyped = with_result_fields(&[("score", ColumnKind::String)]);
    let error = subject
        .transactions()
        .define_outputs(&[retyped])
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, SchemaError::Retyped { .. }), "{error:?}");
}

fn colliding_tables_are_refused_and_change_nothing(subject: &mut Subject) {
    let mut definition = (*definition()).clone();
    definition.outputs = vec![table("fresh", &[]), table("final_note", &[])];
    let defined = subject
        .transactions()
        .define_outputs(&[Arc::new(definition)])
        .unwrap();
    assert_eq!(
        defined.unwrap_err().to_string(),
        "schema keys `finalNote` (finalNote.tsx:1:1) and `final_note` (final_note.tsx:1:1) are both table `final_note`"
    );
    let mut script = subject.launched("r");
    let step = script.step(vec![], vec![output("fresh", "a", &json!({}))]);
    assert!(subject.commit(step).is_err());
}
