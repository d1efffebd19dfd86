//! Logging: text for people or one JSON object a line, to standard error. Every line passes the redactor, since
//! modules log what they like and clients put bearers into paths.

use std::io::{self, IsTerminal, Write};

use smithers_model::redact::Place;
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
    let log_format = logging.format;
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(move || Redacting {
            to: io::stderr(),
            format: log_format,
        });
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

/// Takes secrets out of what is written; the subscriber writes a line at once.
struct Redacting<W> {
    to: W,
    format: LogFormat,
}

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let redactor = smithers_redact::shared();
        let clean = match self.format {
            LogFormat::Json => redactor.json_line(Place::Log, &text),
            LogFormat::Text => redactor.line(Place::Log, &text),
        };
        let shown = clean.as_ref().map_or(line, String::as_bytes);
        self.to.write_all(shown)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: LogFormat, lines: &[&[u8]]) -> String {
        let mut log = Redacting {
            to: Vec::new(),
            format,
        };
        for line in lines {
            log.write_all(line).unwrap();
        }
        String::from_utf8_lossy(&log.to).into_owned()
    }

    #[test]
    fn a_line_loses_its_bearer_and_nothing_else() {
        let bearer = format!("smithers_{}", "aB3-_".repeat(9));
        let line = format!("before {bearer}, after\n");
        let lines: [&[u8]; 2] = [line.as_bytes(), b"no text: \xff\n"];
        let expected = "before [REDACTED:bearer], after\nno text: \u{fffd}\n";
        assert_eq!(written(LogFormat::Text, &lines), expected);
    }

    #[test]
    fn a_line_of_json_stays_json() {
        let line = br#"{"level":"INFO","message":"sent","password":"a\"b","token.id":"7c1c9f29"}"#;
        let expected = r#"{"level":"INFO","message":"sent","password":"[REDACTED:member]","token.id":"7c1c9f29"}"#;
        assert_eq!(written(LogFormat::Json, &[line]), expected);
    }
}
