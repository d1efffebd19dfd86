//! Logging: text for people or one JSON object a line, to standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{LogFormat, Logging};

/// Levels of libraries that call a client's fault an error or tell what we tell ourselves; a filter of the
/// operator counts before them.
const QUIET: &str = "actix_http=off,actix_server=warn,mio=warn";

/// Installs the subscriber of the process. A second call changes nothing.
pub fn install(logging: &Logging) {
    let wanted = format!("{QUIET},{}", logging.filter);
    let filter = EnvFilter::try_new(wanted).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // The error means that a subscriber is installed already, which then keeps working.
    let _ = match logging.format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .try_init(),
        LogFormat::Text => builder
            .with_ansi(std::io::stderr().is_terminal())
            .try_init(),
    };
}
