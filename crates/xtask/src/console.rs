//! Printing: the one place of this tool that writes to standard output.

/// Prints one line.
#[expect(
    clippy::print_stdout,
    reason = "the reports of this tool are its product"
)]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints the heading of a part.
pub(crate) fn heading(text: &str) {
    line(&format!("\n== {text}"));
}
