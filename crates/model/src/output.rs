//! Output tables: how a schema maps to columns, and how a payload becomes a row (workflow-model 15).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json::RawJson;
use crate::{NodeKey, RunId};

/// How a field is stored and read back (workflow-model 15.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// `TEXT`, a string.
    String,
    /// `REAL`, a number.
    Number,
    /// `INTEGER`, a number.
    Integer,
    /// `INTEGER` 0 or 1, a boolean.
    Boolean,
    /// `TEXT`, any JSON.
    Json,
}

/// One field of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// Name in the schema.
    pub name: String,
    /// Column kind.
    pub kind: ColumnKind,
    /// Type shown to readers: string number boolean object array null unknown.
    pub shown_type: String,
    /// The field may be absent.
    pub optional: bool,
    /// The field may be null.
    pub nullable: bool,
    /// Text given with `describe`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// Members of an enum.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none", default)]
    pub members: Option<Vec<String>>,
}

impl Field {
    /// Column name: each capital becomes an underscore and the small letter.
    pub fn column(&self) -> String {
        snake_case(&self.name)
    }

    /// A value of the type that readers are told; a text says what it stands for.
    pub fn sample(&self) -> Value {
        let first = self.members.as_ref().and_then(|members| members.first());
        match (self.nullable, first, self.shown_type.as_str()) {
            (true, _, _) => Value::Null,
            (_, Some(member), _) => member.as_str().into(),
            (_, _, "number") => 1.into(),
            (_, _, "boolean") => false.into(),
            (_, _, "array") => Value::Array(vec![]),
            (_, _, "object") => Value::Object(Map::new()),
            (_, _, "null") => Value::Null,
            _ => self.name.as_str().into(),
        }
    }
}

/// A table made from one schema key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputTable {
    /// Key in `createSmithers`.
    pub key: String,
    /// Fields in schema order.
    pub fields: Vec<Field>,
    /// Where the schema was declared, `file:line:column`, for messages about collisions.
    pub declared_at: String,
}

/// A payload that does not fit its table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// Not an object.
    #[error("the output for `{table}` must be an object, got {got}")]
    NotAnObject {
        /// Schema key.
        table: String,
        /// JSON type that came.
        got: &'static str,
    },
    /// Fields of the wrong type.
    #[error("the output for `{table}` does not fit its schema: {}", issues.join("; "))]
    Mismatch {
        /// Schema key.
        table: String,
        /// At most five issues.
        issues: Vec<String>,
    },
}

/// Most issues that one error lists (workflow-model 8.4).
const MAX_ISSUES: usize = 5;

impl OutputTable {
    /// SQL name of the table.
    pub fn table_name(&self) -> String {
        snake_case(&self.key)
    }

    /// Checks `payload` against the columns and brings it into stored form: unknown keys dropped,
    /// absent fields null, fields in schema order (workflow-model 8.4).
    pub fn normalise(&self, payload: &Value) -> Result<RawJson, OutputError> {
        let Value::Object(given) = payload else {
            return Err(OutputError::NotAnObject {
                table: self.key.clone(),
                got: type_name(payload),
            });
        };
        let issues: Vec<String> = self
            .fields
            .iter()
            .filter_map(|field| field.issue(given))
            .take(MAX_ISSUES)
            .collect();
        if !issues.is_empty() {
            return Err(OutputError::Mismatch {
                table: self.key.clone(),
                issues,
            });
        }
        let row: Map<String, Value> = self
            .fields
            .iter()
            .map(|f| {
                (
                    f.name.clone(),
                    given.get(&f.name).cloned().unwrap_or(Value::Null),
                )
            })
            .collect();
        Ok(RawJson::of(&row))
    }
}

impl Field {
    /// Returns what is wrong with this field of `row`. Null is allowed for every column.
    fn issue(&self, row: &Map<String, Value>) -> Option<String> {
        let value = row.get(&self.name)?;
        let fits = match (self.kind, value) {
            (_, Value::Null) | (ColumnKind::Json, _) => true,
            (ColumnKind::String, value) => value.is_string(),
            (ColumnKind::Number, value) => value.is_number(),
            (ColumnKind::Integer, value) => value.is_i64() || value.as_f64().is_some_and(is_exact),
            (ColumnKind::Boolean, value) => value.is_boolean(),
        };
        (!fits).then(|| {
            let expected = match self.kind {
                ColumnKind::Integer => "integer",
                _ => self.shown_type.as_str(),
            };
            format!(
                "{}: expected {expected}, received {}",
                self.name,
                type_name(value)
            )
        })
    }
}

/// Largest magnitude up to which every integer has an exact `f64`.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Whether `number` is an integer that stands for no other one.
fn is_exact(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= MAX_EXACT
}

/// A row of an output table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputRow {
    /// Schema key of the table.
    pub table: String,
    /// Node that produced it.
    pub node: NodeKey,
    /// Fields in stored form, without run, node and iteration.
    pub payload: RawJson,
}

impl OutputRow {
    /// The row as `ctx.outputs` and run results show it, with run, node and iteration first.
    pub fn with_keys(&self, run_id: &RunId) -> Value {
        let mut row = Map::new();
        row.insert("runId".into(), run_id.as_str().into());
        row.insert("nodeId".into(), self.node.node_id.as_str().into());
        row.insert("iteration".into(), self.node.iteration.into());
        if let Value::Object(fields) = self.payload.value() {
            row.extend(fields);
        }
        Value::Object(row)
    }
}

/// Table and column names: each capital becomes an underscore and the small letter (workflow-model 15.1).
pub fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
            snake.push(letter.to_ascii_lowercase());
        } else {
            snake.push(letter);
        }
    }
    snake
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(name: &str, kind: ColumnKind, shown: &str) -> Field {
        Field {
            name: name.into(),
            kind,
            shown_type: shown.into(),
            optional: false,
            nullable: false,
            description: None,
            members: None,
        }
    }

    fn table() -> OutputTable {
        OutputTable {
            key: "reviewResult".into(),
            fields: vec![
                field("ok", ColumnKind::Boolean, "boolean"),
                field("maxScore", ColumnKind::Integer, "number"),
                field("tags", ColumnKind::Json, "array"),
            ],
            declared_at: "gateway.tsx:1:1".into(),
        }
    }

    #[test]
    fn a_payload_is_brought_into_schema_order_without_unknown_keys() {
        let row = table()
            .normalise(&json!({"x": 1, "tags": ["a"], "ok": true}))
            .unwrap();
        assert_eq!(row.as_str(), r#"{"ok":true,"maxScore":null,"tags":["a"]}"#);
    }

    #[test]
    fn wrong_types_are_named_together() {
        let error = table()
            .normalise(&json!({"ok": "yes", "maxScore": 1.5}))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the output for `reviewResult` does not fit its schema: \
             ok: expected boolean, received string; maxScore: expected integer, received number"
        );
    }

    #[test]
    fn an_integer_that_no_column_can_hold_does_not_fit() {
        for fits in [
            json!(3.0),
            json!(-9_007_199_254_740_992_i64),
            json!(i64::MAX),
        ] {
            assert!(table().normalise(&json!({ "maxScore": fits })).is_ok());
        }
        for too_large in [json!(1e17), json!(u64::MAX)] {
            assert!(
                table()
                    .normalise(&json!({ "maxScore": too_large }))
                    .is_err()
            );
        }
    }

    #[test]
    fn names_become_snake_case() {
        assert_eq!(table().table_name(), "review_result");
        assert_eq!(table().fields[1].column(), "max_score");
    }
}
