//! Logging: text for people or one JSON object a line, to standard error. Every line passes the redactor, since
//! modules log what they like and clients put bearers into paths.

use std::io::{self, IsTerminal, Write};

use smithers_model::redact::{BearerRedactor, Redactor};
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
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(|| Redacting(io::stderr()));
    // The error means that a subscriber is installed already, which then keeps working.
    let _ = match logging.format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .try_init(),
        LogFormat::Text => builder.with_ansi(io::stderr().is_terminal()).try_init(),
    };
}

/// Takes bearers out of what is written; the subscriber writes a line at once.
struct Redacting<W>(W);

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let clean = std::str::from_utf8(line)
            .ok()
            .and_then(|text| BearerRedactor.redact(text));
        let shown = clean.as_ref().map_or(line, String::as_bytes);
        self.0.write_all(shown)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_loses_its_bearer_and_nothing_else() {
        let mut log = Redacting(Vec::new());
        let bearer = format!("smithers_{}", "aB3-_".repeat(9));
        log.write_all(format!("before {bearer}, after\n").as_bytes())
            .unwrap();
        log.write_all(b"no text: \xff\n").unwrap();
        assert_eq!(log.0, b"before [redacted], after\nno text: \xff\n");
    }
}
