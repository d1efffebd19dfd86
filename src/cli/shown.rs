//! How tables for people show sizes, times and facts.

use super::moment;
use super::output::{Cell, Paint, Table};

/// Renders a number of bytes with one decimal, such as `3.4 MiB`.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let power = (bytes.ilog2() / 10).min(4);
    // Tenths as whole numbers: no float is needed for one decimal.
    let tenths = (u128::from(bytes) * 10) >> (10 * power);
    let unit = UNITS[power as usize - 1];
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Renders a time with how long ago that was.
pub(super) fn time(ms: i64) -> String {
    moment::at(ms, moment::now())
}

/// Makes a table of names and values.
pub(super) fn pairs<const N: usize>(rows: [(&str, String); N]) -> Table {
    let mut table = Table::default();
    for (name, value) in rows {
        table.row([Cell::new(name, Paint::Bold), Cell::from(value)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_largest_unit_that_fits() {
        for (size, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (3 * 1024 * 1024 + 512 * 1024, "3.5 MiB"),
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }
}
