//! Running other programs: shown before, checked after.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::console;

/// Runs `command` with our own output streams; fails when it does.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let shown = shown(&command);
    console::line(&format!("$ {shown}"));
    let status = command
        .status()
        .with_context(|| format!("failed to start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs `command` quietly and returns its standard output; fails when it does.
pub(crate) fn output(command: Command) -> Result<String> {
    Ok(both(command)?.0)
}

/// Runs `command` quietly and returns what it printed to both streams; fails when it does.
pub(crate) fn both(mut command: Command) -> Result<(String, String)> {
    let shown = shown(&command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("failed to start `{shown}`"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!("`{shown}` failed ({}): {}", output.status, said.trim());
    }
    let printed = String::from_utf8(output.stdout);
    Ok((
        printed.with_context(|| format!("`{shown}` printed no text"))?,
        said,
    ))
}

/// True when `program` with `arguments` can be started and succeeds.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_a_program_that_fails_is_an_error_with_its_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo bad luck >&2; exit 3"]);
        let error = output(command).unwrap_err().to_string();
        assert!(error.contains("bad luck") && error.contains('3'), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_does_not_work() {
        assert!(!works("smithers-no-such-program", &[]));
        assert!(works("sh", &["-c", "exit 0"]));
    }
}
