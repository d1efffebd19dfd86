//! Output tables as the store knows them: which exist, which columns they have, which declarations collide.

mod cell;
mod error;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use smithers_model::WorkflowKey;
use smithers_model::output::{ColumnKind, Field, OutputTable};
use smithers_model::workflow::WorkflowDefinition;

pub(crate) use cell::{Cell, fields_of};
pub use error::SchemaError;

use crate::commit::Refusal;

/// Columns of every output table that come before the fields, in small letters.
const KEY_COLUMNS: [&str; 3] = ["run_id", "node_id", "iteration"];
/// Table of run inputs; no schema key may map to it.
pub(crate) const INPUT_TABLE: &str = "input";

/// The tables that are stored, by schema key, and the input fields of the workflows that are loaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    tables: BTreeMap<String, Arc<Table>>,
    inputs: HashMap<WorkflowKey, Arc<[Column]>>,
}

/// An output table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Schema key.
    pub(crate) key: String,
    /// SQL name.
    pub(crate) name: String,
    /// Fields in schema order.
    pub(crate) columns: Vec<Column>,
    /// Columns that earlier declarations had; their rows keep them.
    pub(crate) dropped: Vec<Column>,
    /// Where it was declared last.
    pub(crate) declared_at: String,
}

/// A field with its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) kind: ColumnKind,
}

impl Column {
    fn of(field: &Field) -> Self {
        Self {
            field: field.name.clone(),
            name: field.column(),
            kind: field.kind,
        }
    }
}

impl Schema {
    /// Takes the tables found in a database in place of those known so far.
    pub(crate) fn replace_tables(&mut self, tables: impl IntoIterator<Item = Table>) {
        let tables = tables
            .into_iter()
            .map(|table| (table.key.clone(), Arc::new(table)));
        self.tables = tables.collect();
    }

    /// Returns the table of a schema key.
    pub(crate) fn table(&self, key: &str) -> Option<&Arc<Table>> {
        self.tables.get(key)
    }

    /// Returns the table that an output row is for.
    pub(crate) fn expect_table(&self, key: &str) -> Result<&Arc<Table>, Refusal> {
        self.table(key)
            .ok_or_else(|| Refusal::constraint(format!("no table for `{key}`")))
    }

    /// Returns all tables by key.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    /// Returns the input fields of a workflow that declares some.
    pub(crate) fn input(&self, workflow: &WorkflowKey) -> Option<&Arc<[Column]>> {
        self.inputs.get(workflow)
    }

    /// Returns all columns that the input table needs.
    pub(crate) fn input_columns(&self) -> impl Iterator<Item = &Column> {
        self.inputs.values().flat_map(|columns| columns.iter())
    }

    /// Returns the schema once `workflows` are loaded.
    pub(crate) fn with(&self, workflows: &[Arc<WorkflowDefinition>]) -> Result<Self, SchemaError> {
        let mut declared = BTreeMap::<&str, &OutputTable>::new();
        for table in workflows.iter().flat_map(|workflow| &workflow.outputs) {
            match declared.get(table.key.as_str()) {
                Some(first) => agree(first, table)?,
                None => drop(declared.insert(&table.key, table)),
            }
        }
        let mut next = self.clone();
        for table in declared.into_values() {
            next.declare(table)?;
        }
        for workflow in workflows {
            next.declare_input(workflow)?;
        }
        Ok(next)
    }

    fn declare(&mut self, declared: &OutputTable) -> Result<(), SchemaError> {
        let mut table = Table::of(declared)?;
        let rival = self
            .tables
            .values()
            .find(|other| other.name == table.name && other.key != table.key);
        if let Some(other) = rival {
            return Err(SchemaError::SameTable {
                table: table.name,
                first: (other.key.clone(), other.declared_at.clone()),
                second: (table.key, table.declared_at),
            });
        }
        if let Some(stored) = self.tables.get(&table.key) {
            table.keeps_kinds_of(stored)?;
            table.dropped = stored.columns_without(&table);
        }
        self.tables.insert(table.key.clone(), Arc::new(table));
        Ok(())
    }

    fn declare_input(&mut self, workflow: &WorkflowDefinition) -> Result<(), SchemaError> {
        let Some(fields) = &workflow.input_fields else {
            self.inputs.remove(&workflow.key);
            return Ok(());
        };
        let columns: Vec<Column> = fields.iter().map(Column::of).collect();
        check_columns(
            INPUT_TABLE,
            &columns,
            &KEY_COLUMNS[..1],
            &workflow.revision.entry,
        )?;
        self.inputs.insert(workflow.key.clone(), columns.into());
        Ok(())
    }
}

impl Table {
    fn of(declared: &OutputTable) -> Result<Self, SchemaError> {
        let name = declared.table_name();
        let reserved = name.is_empty()
            || name == INPUT_TABLE
            || name.contains('\0')
            || name.starts_with("_smithers")
            || name.starts_with("sqlite_");
        if reserved {
            return Err(SchemaError::ReservedTable {
                key: declared.key.clone(),
                declared_at: declared.declared_at.clone(),
            });
        }
        let columns: Vec<Column> = declared.fields.iter().map(Column::of).collect();
        check_columns(&declared.key, &columns, &KEY_COLUMNS, &declared.declared_at)?;
        Ok(Self {
            key: declared.key.clone(),
            name,
            columns,
            dropped: Vec::new(),
            declared_at: declared.declared_at.clone(),
        })
    }

    fn all_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().chain(&self.dropped)
    }

    fn columns_without(&self, other: &Table) -> Vec<Column> {
        let missing = |column: &&Column| other.columns.iter().all(|kept| kept.name != column.name);
        self.all_columns().filter(missing).cloned().collect()
    }

    /// Columns are added where a table has grown; none is ever retyped.
    fn keeps_kinds_of(&self, stored: &Table) -> Result<(), SchemaError> {
        for column in &self.columns {
            let changed = stored
                .all_columns()
                .find(|old| old.name == column.name && old.kind != column.kind);
            if let Some(old) = changed {
                return Err(SchemaError::Retyped {
                    key: self.key.clone(),
                    field: column.field.clone(),
                    stored: old.kind,
                    declared: column.kind,
                    declared_at: self.declared_at.clone(),
                });
            }
        }
        Ok(())
    }
}

/// Two modules may share a key when they mean the same table.
fn agree(first: &OutputTable, second: &OutputTable) -> Result<(), SchemaError> {
    let fields = |table: &OutputTable| {
        let mut fields: Vec<_> = table
            .fields
            .iter()
            .map(|field| (field.name.clone(), field.kind as u8))
            .collect();
        fields.sort();
        fields
    };
    if fields(first) == fields(second) {
        return Ok(());
    }
    Err(SchemaError::DifferentFields {
        key: first.key.clone(),
        first: first.declared_at.clone(),
        second: second.declared_at.clone(),
    })
}

fn check_columns(
    key: &str,
    columns: &[Column],
    reserved: &[&str],
    declared_at: &str,
) -> Result<(), SchemaError> {
    for (index, column) in columns.iter().enumerate() {
        let name = column.name.as_str();
        if name.is_empty() || name.contains('\0') || reserved.contains(&name) {
            return Err(SchemaError::ReservedField {
                key: key.to_owned(),
                field: column.field.clone(),
                declared_at: declared_at.to_owned(),
            });
        }
        // Column names are compared without case by SQLite, and snake case leaves no ASCII capitals.
        if let Some(first) = columns[..index].iter().find(|other| other.name == name) {
            return Err(SchemaError::SameColumn {
                key: key.to_owned(),
                first: first.field.clone(),
                second: column.field.clone(),
                declared_at: declared_at.to_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
