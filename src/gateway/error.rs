//! Why a gateway did not start, with what to do about it.

use std::io;
use std::net::SocketAddr;

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}; is another gateway running there? (PORT and SMITHERS_GATEWAY_HOST choose another)"
    )]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] smithers_store::OpenError),
    /// The database cannot be read.
    #[error("the database cannot be read")]
    Read(#[from] smithers_store::Error),
    /// The module host did not start.
    #[error("the module host did not start")]
    Host(#[source] io::Error),
    /// The module did not load; the text names the place in its source.
    #[error("{0}")]
    Module(smithers_script::LoadError),
    /// The output tables of the workflows cannot live together.
    #[error("the workflows' tables do not fit together")]
    Tables(#[from] smithers_store::writer::DefineError),
    /// A table that runs use would change its kind of values under them.
    #[error(
        "SCHEMA_CHANGE_HOT: column `{column}` of `{table}` ({place}) holds values of another kind than before; \
         a restart, or another key, takes the change"
    )]
    ChangedTable {
        /// Schema key.
        table: String,
        /// Column.
        column: String,
        /// Where the schema is declared.
        place: String,
    },
    /// The start could not be recorded.
    #[error("the start could not be recorded in the database")]
    Record(#[from] smithers_store::writer::TaskError),
    /// The schedules of the module cannot be stored.
    #[error(transparent)]
    Schedules(#[from] smithers_actors::schedules::DeclareError),
    /// Two workflows have one key.
    #[error("workflow `{0}` is registered twice")]
    DuplicateWorkflow(String),
    /// The HTTP workers did not start.
    #[error("the HTTP workers did not start")]
    Serve(#[source] io::Error),
}
