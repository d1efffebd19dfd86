//! Between rows and values: texts of states, JSON of structures. Damage is an error, never a panic.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Type, ValueRef};
use rusqlite::{ErrorCode, Row, RowIndex};
use serde::Serialize;
use serde::de::DeserializeOwned;
use smithers_model::approval::ApprovalStatus;
use smithers_model::audit::Channel;
use smithers_model::effect::{CallKind, CallStatus};
use smithers_model::loops::LoopState;
use smithers_model::node::{AttemptState, NodeState};
use smithers_model::output::ColumnKind;
use smithers_model::party::Party;
use smithers_model::rewind::RewindResult;
use smithers_model::run::RunStatus;
use smithers_model::schedule::{CatchUp, Overlap};
use smithers_model::step::ChildTie;
use smithers_model::{NodeId, NodeKey, RawJson, RunId, Timestamp, WorkflowKey};

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::read::ReadResult;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Self::damaged("column", error),
            error if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
                Self::TooLong
            }
            error => Self::Database(error),
        }
    }
}

/// JSON text of a value, for binding.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("maps have text keys and no type refuses")
}

/// JSON text of a value that may be absent.
pub(super) fn optional_json<T: Serialize>(value: Option<&T>) -> Option<String> {
    value.map(json)
}

/// Reads a column that holds the JSON of a value.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    parse(column, row.get_ref(column)?.as_str().map_err(wrong_type)?)
}

/// Reads a column that may be null or hold the JSON of a value.
pub(super) fn from_optional_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    let text = row.get_ref(column)?.as_str_or_null().map_err(wrong_type)?;
    text.map(|text| parse(column, text)).transpose()
}

fn parse<T: DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

fn wrong_type(error: FromSqlError) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}

/// A column that holds a run id.
pub(super) fn run_id(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<RunId> {
    Ok(RunId::new(row.get::<_, String>(column)?))
}

/// A column that holds a workflow key.
pub(super) fn workflow_key(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<WorkflowKey> {
    Ok(WorkflowKey::new(row.get::<_, String>(column)?))
}

/// Two columns, from `column` on, that hold a node's identity.
pub(super) fn node_key(row: &Row<'_>, column: usize) -> rusqlite::Result<NodeKey> {
    let id: String = row.get(column)?;
    Ok(NodeKey::new(NodeId::new(id), row.get(column + 1)?))
}

/// A column that holds milliseconds.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp(row.get(column)?))
}

/// A column that may hold milliseconds.
pub(super) fn optional_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}

/// A column whose JSON was checked when it was stored.
pub(super) fn raw_json(row: &Row<'_>, column: usize) -> rusqlite::Result<RawJson> {
    Ok(RawJson::trusted(row.get::<_, String>(column)?))
}

/// A state as its text; fails on a text of a newer version.
pub(super) struct Stored<T>(pub(super) T);

macro_rules! stored_state {
    ($($name:ty),+) => {$(
        impl FromSql for Stored<$name> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let text = value.as_str()?;
                <$name>::from_text(text)
                    .map(Self)
                    .ok_or_else(|| unknown("state", text))
            }
        }
    )+};
}

stored_state!(
    RunStatus,
    NodeState,
    AttemptState,
    LoopState,
    RewindResult,
    Overlap,
    CatchUp,
    ChildTie,
    CallKind,
    CallStatus
);

impl FromSql for Stored<ApprovalStatus> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let statuses = [
            ApprovalStatus::Requested,
            ApprovalStatus::Approved,
            ApprovalStatus::Denied,
        ];
        let text = value.as_str()?;
        let found = statuses.into_iter().find(|status| status.as_str() == text);
        found.map(Self).ok_or_else(|| unknown("state", text))
    }
}

impl FromSql for Stored<Channel> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let Some(text) = value.as_str_or_null()? else {
            return Ok(Self(Channel::Unrecorded));
        };
        let found = Channel::from_text(text);
        found.map(Self).ok_or_else(|| unknown("channel", text))
    }
}

impl FromSql for Stored<Party> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let party = Party::parse(value.as_str()?);
        party
            .map(Self)
            .map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

impl FromSql for Stored<ColumnKind> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(match value.as_str()? {
            "string" => ColumnKind::String,
            "number" => ColumnKind::Number,
            "integer" => ColumnKind::Integer,
            "boolean" => ColumnKind::Boolean,
            "json" => ColumnKind::Json,
            other => return Err(unknown("column kind", other)),
        }))
    }
}

fn unknown(what: &str, text: &str) -> FromSqlError {
    FromSqlError::Other(format!("unknown {what} `{text}`").into())
}

/// Level of compression: the writer waits for it, and trees repeat themselves so much that more brings little.
const ZSTD_LEVEL: i32 = 1;

/// Compresses a blob.
pub(super) fn compress(bytes: &[u8]) -> rusqlite::Result<Vec<u8>> {
    zstd::bulk::compress(bytes, ZSTD_LEVEL)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Largest expanded blob; far above what the bounds on trees and modules let in.
const MAX_EXPANDED: usize = 256 * 1024 * 1024;

/// Expands the blob of a text that was `size` bytes long; a damaged one cannot grow beyond that.
pub(super) fn decompress(blob: &[u8], size: usize) -> ReadResult<String> {
    let bytes = expand(blob, size)?;
    String::from_utf8(bytes).map_err(|error| Error::damaged("blob", error))
}

/// As [`decompress`], of bytes that are no text.
pub(super) fn expand(blob: &[u8], size: usize) -> ReadResult<Vec<u8>> {
    if size > MAX_EXPANDED {
        return Err(Error::damaged(
            "blob",
            format_args!("{size} bytes are too many"),
        ));
    }
    zstd::bulk::decompress(blob, size).map_err(|error| Error::damaged("blob", error))
}

/// The hash that chains a delta of a run's history to the one before it.
pub(super) fn history_hash(before: &[u8], delta: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(delta);
    hash.finalize().to_vec()
}

/// Collects mapped rows.
pub(super) fn collect<T>(rows: impl Iterator<Item = rusqlite::Result<T>>) -> ReadResult<Vec<T>> {
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
