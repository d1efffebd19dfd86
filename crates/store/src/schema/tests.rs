//! Which declarations are accepted, and how payloads become cells and payloads again.

use smithers_model::RawJson;
use smithers_model::workflow::ModuleRevision;

use super::*;

fn field(name: &str, kind: ColumnKind) -> Field {
    Field {
        name: name.into(),
        kind,
        shown_type: "unknown".into(),
        optional: false,
        nullable: false,
        description: None,
        members: None,
    }
}

fn table(key: &str, declared_at: &str, fields: &[(&str, ColumnKind)]) -> Arc<OutputTable> {
    Arc::new(OutputTable {
        key: key.into(),
        fields: fields
            .iter()
            .map(|(name, kind)| field(name, *kind))
            .collect(),
        declared_at: declared_at.into(),
    })
}

fn workflow(key: &str, outputs: Vec<Arc<OutputTable>>) -> Arc<WorkflowDefinition> {
    Arc::new(WorkflowDefinition {
        key: key.into(),
        readable_name: None,
        description: None,
        system: false,
        input_fields: None,
        outputs,
        result_table: None,
        schedule: None,
        webhook: None,
        revision: ModuleRevision::default(),
    })
}

fn refusal(tables: Vec<Arc<OutputTable>>) -> String {
    Schema::default()
        .with(&[workflow("w", tables)])
        .unwrap_err()
        .to_string()
}

#[test]
fn keys_that_become_the_same_table_are_named_with_both_positions() {
    let text = refusal(vec![
        table("reviewResult", "a.tsx:1:1", &[]),
        table("review_result", "b.tsx:2:2", &[]),
    ]);
    assert_eq!(
        text,
        "schema keys `reviewResult` (a.tsx:1:1) and `review_result` (b.tsx:2:2) are both table `review_result`"
    );
}

#[test]
fn modules_may_share_a_key_only_with_the_same_fields() {
    let number = [("x", ColumnKind::Number)];
    let text = [("x", ColumnKind::String)];
    let same = [
        workflow("a", vec![table("t", "a:1:1", &number)]),
        workflow("b", vec![table("t", "b:1:1", &number)]),
    ];
    assert!(Schema::default().with(&same).is_ok());
    let differ = refusal(vec![
        table("t", "a:1:1", &number),
        table("t", "b:1:1", &text),
    ]);
    assert_eq!(
        differ,
        "schema key `t` has other fields at b:1:1 than at a:1:1"
    );
}

#[test]
fn reserved_names_are_refused() {
    for key in ["", "input", "_smithersRuns", "sqlite_x", "a\0b"] {
        assert!(
            refusal(vec![table(key, "a:1:1", &[])]).contains("reserved"),
            "{key:?}"
        );
    }
    for name in ["runId", "node_id", "iteration", ""] {
        let fields = [(name, ColumnKind::Json)];
        assert!(
            refusal(vec![table("t", "a:1:1", &fields)]).contains("reserved"),
            "{name:?}"
        );
    }
    let twins = [
        ("maxScore", ColumnKind::Json),
        ("max_score", ColumnKind::Json),
    ];
    assert!(refusal(vec![table("t", "a:1:1", &twins)]).contains("same column"));
}

#[test]
fn a_table_grows_but_is_never_retyped() {
    let first = Schema::default()
        .with(&[workflow(
            "w",
            vec![table("t", "a:1:1", &[("x", ColumnKind::Number)])],
        )])
        .unwrap();
    let grown = [("x", ColumnKind::Number), ("y", ColumnKind::Json)];
    assert!(
        first
            .with(&[workflow("w", vec![table("t", "a:1:1", &grown)])])
            .is_ok()
    );
    let retyped = [("x", ColumnKind::String)];
    assert_eq!(
        first
            .with(&[workflow("w", vec![table("t", "a:1:1", &retyped)])])
            .unwrap_err()
            .to_string(),
        "field `x` of `t` (a:1:1) is String now, but stored rows hold Number; give the field another name"
    );
}

#[test]
fn payloads_survive_their_columns() {
    let kinds = [
        ("text", ColumnKind::String),
        ("number", ColumnKind::Number),
        ("whole", ColumnKind::Integer),
        ("flag", ColumnKind::Boolean),
        ("any", ColumnKind::Json),
        ("absent", ColumnKind::Json),
    ];
    let table = Table::of(&table("t", "a:1:1", &kinds)).unwrap();
    let payload = RawJson::trusted(
        r#"{"whole":3.0,"text":"a\"b","number":1.50,"flag":true,"any":{"deep":[1.0, "x"]}}"#,
    );
    let cells = table.encode(&payload).unwrap();
    assert_eq!(
        table.decode(cells).as_str(),
        r#"{"text":"a\"b","number":1.5,"whole":3,"flag":true,"any":{"deep":[1.0, "x"]},"absent":null}"#
    );
}

#[test]
fn values_that_do_not_fit_their_column_are_refused() {
    let kinds = [
        ("whole", ColumnKind::Integer),
        ("flag", ColumnKind::Boolean),
    ];
    let table = Table::of(&table("t", "a:1:1", &kinds)).unwrap();
    for payload in [
        r#"{"whole":1.5}"#,
        r#"{"whole":1e300}"#,
        r#"{"flag":1}"#,
        "[]",
    ] {
        assert!(
            table.encode(&RawJson::trusted(payload)).is_err(),
            "{payload}"
        );
    }
}
