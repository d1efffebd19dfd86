//! What is logged, and how.

use std::fmt;

use super::key::key;
use super::reader::Reader;

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// A level, or a filter of levels by target such as `info,smithers=debug`.
    pub filter: String,
    /// The form of a line.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        })
    }
}

impl Logging {
    pub(super) fn read(reader: &mut Reader<'_>) -> Logging {
        reader.section("logging", "What is logged, and how.");
        let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        Logging {
            filter: filter(reader),
            format: reader.word(
                key(
                    "logging.format",
                    "SMITHERS_LOG_FORMAT",
                    "The form of a line: for people, or one JSON object.",
                ),
                LogFormat::Text,
                &formats,
            ),
        }
    }
}

fn filter(reader: &mut Reader<'_>) -> String {
    let accepted =
        "error, warn, info, debug, trace or off; also target=level, separated by commas".to_owned();
    let key = key(
        "logging.filter",
        "SMITHERS_LOG",
        "A level, or levels by target such as info,smithers=debug.",
    );
    reader.parsed(key, "info".to_owned(), accepted, |text| {
        let level = |part: &str| {
            part.rsplit_once('=')
                .map_or(part, |(_, level)| level)
                .trim()
                .to_ascii_lowercase()
        };
        let is_level = |part: &str| {
            ["error", "warn", "info", "debug", "trace", "off"].contains(&level(part).as_str())
        };
        if text.split(',').all(is_level) {
            Ok(text.to_owned())
        } else {
            Err("holds something else than levels".into())
        }
    })
}
