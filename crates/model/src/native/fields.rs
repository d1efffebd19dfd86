//! Schemas of output tables, written short.

use crate::output::{ColumnKind, Field, OutputTable};

/// An output table with `fields` in order.
pub fn table(key: &str, fields: impl IntoIterator<Item = Field>) -> OutputTable {
    OutputTable {
        key: key.into(),
        fields: fields.into_iter().collect(),
        declared_at: "native".into(),
    }
}

/// A text field.
pub fn text(name: &str) -> Field {
    field(name, ColumnKind::String, "string")
}

/// A number field.
pub fn number(name: &str) -> Field {
    field(name, ColumnKind::Number, "number")
}

/// An integer field.
pub fn integer(name: &str) -> Field {
    field(name, ColumnKind::Integer, "number")
}

/// A boolean field.
pub fn boolean(name: &str) -> Field {
    field(name, ColumnKind::Boolean, "boolean")
}

/// A field of any JSON.
pub fn json(name: &str) -> Field {
    field(name, ColumnKind::Json, "unknown")
}

fn field(name: &str, kind: ColumnKind, shown_type: &str) -> Field {
    Field {
        name: name.into(),
        kind,
        shown_type: shown_type.into(),
        optional: false,
        nullable: true,
        description: None,
        members: None,
    }
}
