//! The input of a run, as it is given to a command.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};
use smithers_protocol::limits::MAX_INPUT_BYTES;

use super::error::CliError;

/// What was typed.
#[derive(Debug, Args)]
pub(super) struct InputArgs {
    /// Input as a JSON object; put no secrets into it.
    #[arg(long, value_name = "JSON", conflicts_with = "input_file")]
    input: Option<String>,
    /// File with the input, or - for standard input.
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
}

impl InputArgs {
    /// Reads the input, if one was given; a gateway would take anything but an object for an empty one.
    pub(super) fn read(&self) -> anyhow::Result<Option<Map<String, Value>>> {
        let (text, place) = match (&self.input, &self.input_file) {
            (Some(text), _) => (text.clone(), "--input".to_owned()),
            (None, Some(path)) => (read(path)?, format!("`{}`", path.display())),
            (None, None) => return Ok(None),
        };
        let refuse = |problem: String| CliError::new("INVALID_INPUT", format!("{place} {problem}"));
        match serde_json::from_str(&text) {
            Ok(Value::Object(input)) => Ok(Some(input)),
            Ok(_) => Err(refuse("holds no JSON object".into()).into()),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(refuse(format!("holds no JSON: line {line}, column {column}")).into())
            }
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    let refuse = |problem: &dyn std::fmt::Display| {
        let place = path.display();
        CliError::new(
            "INVALID_INPUT",
            format!("`{place}` cannot be read: {problem}"),
        )
    };
    let source: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(File::open(path).map_err(|error| refuse(&error))?),
    };
    let mut text = String::new();
    // One more than may be, to tell too much from just enough.
    source
        .take(MAX_INPUT_BYTES as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| refuse(&error))?;
    match text.len() > MAX_INPUT_BYTES {
        true => Err(refuse(&format!("it is larger than {MAX_INPUT_BYTES} bytes")).into()),
        false => Ok(text),
    }
}
