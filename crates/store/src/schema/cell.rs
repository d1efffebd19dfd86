//! Between a payload and its columns: one value per field, typed as the table of workflow-model 15.2 says.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;
use smithers_model::RawJson;
use smithers_model::output::ColumnKind;

use super::{Column, Table};
use crate::commit::Refusal;

/// Largest magnitude up to which every integer has an exact `f64`.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A value as a column holds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
}

impl Table {
    /// Splits a payload into the cells of its columns.
    pub(crate) fn encode(&self, payload: &RawJson) -> Result<Vec<Cell>, Refusal> {
        let fields = fields_of(payload).ok_or_else(|| {
            Refusal::constraint(format!("the row for `{}` is not an object", self.key))
        })?;
        let cell = |column: &Column| match fields.get(&column.field) {
            None => Ok(Cell::Null),
            Some(raw) => Cell::encode(column.kind, raw.get()).ok_or_else(|| {
                let (key, field, kind) = (&self.key, &column.field, column.kind);
                Refusal::constraint(format!("field `{field}` of `{key}` does not fit {kind:?}"))
            }),
        };
        self.columns.iter().map(cell).collect()
    }

    /// Puts the payload together again, in schema order.
    pub(crate) fn decode(&self, cells: impl IntoIterator<Item = Cell>) -> RawJson {
        let mut json = String::from("{");
        for (n, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            json.push_str(if n > 0 { "," } else { "" });
            push_text(&mut json, &column.field);
            json.push(':');
            cell.push_json(column.kind, &mut json);
        }
        json.push('}');
        RawJson::trusted(json)
    }
}

/// The members of an object as raw texts; `None` for anything else.
pub(crate) fn fields_of(payload: &RawJson) -> Option<HashMap<String, &RawValue>> {
    serde_json::from_str(payload.as_str()).ok()
}

impl Cell {
    /// Reads a JSON value as `kind`; `None` when it does not fit.
    pub(crate) fn encode(kind: ColumnKind, json: &str) -> Option<Self> {
        if json == "null" {
            return Some(Self::Null);
        }
        match kind {
            ColumnKind::String => serde_json::from_str(json).ok().map(Self::Text),
            ColumnKind::Number => serde_json::from_str(json).ok().map(Self::Real),
            ColumnKind::Integer => integer(json).map(Self::Integer),
            ColumnKind::Boolean => {
                let flag: bool = serde_json::from_str(json).ok()?;
                Some(Self::Integer(i64::from(flag)))
            }
            ColumnKind::Json => Some(Self::Text(json.to_owned())),
        }
    }

    fn push_json(&self, kind: ColumnKind, out: &mut String) {
        match (self, kind) {
            (Self::Integer(flag), ColumnKind::Boolean) => {
                out.push_str(if *flag == 0 { "false" } else { "true" });
            }
            (Self::Integer(number), _) => {
                let _ = write!(out, "{number}");
            }
            (Self::Real(number), _) => push_number(out, *number),
            (Self::Text(text), ColumnKind::Json) => out.push_str(text),
            (Self::Text(text), _) => push_text(out, text),
            (Self::Null, _) => out.push_str("null"),
        }
    }
}

/// `3`, and also `3.0`, as JavaScript makes no difference.
fn integer(json: &str) -> Option<i64> {
    if let Ok(number) = json.parse() {
        return Some(number);
    }
    let number: f64 = serde_json::from_str(json).ok()?;
    let exact = number.fract() == 0.0 && number.abs() <= MAX_EXACT;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within 2^53 and without fraction"
    )]
    exact.then_some(number as i64)
}

/// Writes numbers as JavaScript does: `1`, not `1.0`.
fn push_number(out: &mut String, number: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within 2^53 and without fraction"
    )]
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT {
        let _ = write!(out, "{}", number as i64);
    } else {
        out.push_str(&serde_json::to_string(&number).expect("numbers serialise"));
    }
}

fn push_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::to_string(text).expect("texts serialise"));
}
