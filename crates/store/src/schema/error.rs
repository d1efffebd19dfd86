//! Declarations of tables that cannot live in one database. Each names where it stands in the source.

use smithers_model::output::ColumnKind;

/// Why the tables of the loaded workflows were not made. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Two keys become the same SQL name.
    #[error(
        "schema keys `{}` ({}) and `{}` ({}) are both table `{table}`",
        first.0, first.1, second.0, second.1
    )]
    SameTable {
        /// SQL name.
        table: String,
        /// Key and position of the one that was there.
        first: (String, String),
        /// Key and position of the other.
        second: (String, String),
    },
    /// Two modules give one key different fields.
    #[error("schema key `{key}` has other fields at {second} than at {first}")]
    DifferentFields {
        /// The key.
        key: String,
        /// Position of the first declaration.
        first: String,
        /// Position of the second.
        second: String,
    },
    /// The key becomes a name that the product or SQLite uses.
    #[error("schema key `{key}` ({declared_at}) is a reserved name")]
    ReservedTable {
        /// The key.
        key: String,
        /// Its position.
        declared_at: String,
    },
    /// A field becomes a column that every table has, or none at all.
    #[error("field `{field}` of `{key}` ({declared_at}) is a reserved name")]
    ReservedField {
        /// Schema key.
        key: String,
        /// The field.
        field: String,
        /// Position of the schema.
        declared_at: String,
    },
    /// Two fields become the same column.
    #[error("fields `{first}` and `{second}` of `{key}` ({declared_at}) are the same column")]
    SameColumn {
        /// Schema key.
        key: String,
        /// One field.
        first: String,
        /// The other.
        second: String,
        /// Position of the schema.
        declared_at: String,
    },
    /// A stored column would have to change its type.
    #[error(
        "field `{field}` of `{key}` ({declared_at}) is {declared:?} now, but stored rows hold {stored:?}; \
         give the field another name"
    )]
    Retyped {
        /// Schema key.
        key: String,
        /// The field.
        field: String,
        /// Kind in the database.
        stored: ColumnKind,
        /// Kind in the schema.
        declared: ColumnKind,
        /// Position of the schema.
        declared_at: String,
    },
}
