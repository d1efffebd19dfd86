//! How far long work has come, on standard error: a line that changes on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use smithers_store::ops::{Progress, Stage};

use super::output::note;
use super::shown::bytes;

/// Time between two changes of the line on a terminal.
const ON_TERMINAL: Duration = Duration::from_millis(100);
/// Time between two lines elsewhere; work that ends sooner says nothing.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// Shows the progress of one command.
#[derive(Debug)]
pub(super) struct Meter {
    is_terminal: bool,
    shown_at: Option<Instant>,
    began: Instant,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            is_terminal: std::io::stderr().is_terminal(),
            shown_at: None,
            began: Instant::now(),
        }
    }
}

impl Meter {
    /// Shows how far the work has come, unless that was shown a moment ago.
    pub(super) fn show(&mut self, progress: Progress) {
        let now = Instant::now();
        let period = if self.is_terminal {
            ON_TERMINAL
        } else {
            ELSEWHERE
        };
        if now - self.shown_at.unwrap_or(self.began) < period {
            return;
        }
        self.shown_at = Some(now);
        let line = line(progress);
        if self.is_terminal {
            write(&format!("\r\x1b[K{line}"));
        } else {
            note(&line);
        }
    }

    /// Takes the line off the terminal.
    pub(super) fn clear(&mut self) {
        if self.is_terminal && self.shown_at.take().is_some() {
            write("\r\x1b[K");
        }
    }
}

fn write(text: &str) {
    let mut terminal = std::io::stderr();
    // A terminal that is gone needs no progress.
    let _ = terminal
        .write_all(text.as_bytes())
        .and_then(|()| terminal.flush());
}

fn line(progress: Progress) -> String {
    let Progress { stage, done, total } = progress;
    let part = |unit: &dyn Fn(u64) -> String| match total {
        Some(total) => format!(" {} of {}", unit(done), unit(total)),
        None => String::new(),
    };
    match stage {
        Stage::Copying => format!("copying{} pages", part(&|pages| pages.to_string())),
        Stage::Checking => "checking every page and index".to_owned(),
        Stage::Counting => "counting rows".to_owned(),
        Stage::Hashing => format!("hashing{}", part(&bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_is_done_and_how_much_of_it() {
        let progress = |stage, done, total| Progress { stage, done, total };
        for (progress, text) in [
            (progress(Stage::Copying, 7, Some(9)), "copying 7 of 9 pages"),
            (
                progress(Stage::Hashing, 1024, Some(4096)),
                "hashing 1.0 KiB of 4.0 KiB",
            ),
            (
                progress(Stage::Checking, 0, None),
                "checking every page and index",
            ),
        ] {
            assert_eq!(line(progress), text);
        }
    }
}
