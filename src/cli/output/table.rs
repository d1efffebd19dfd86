//! Aligned columns for people, with colours on a terminal only.

use std::io::IsTerminal;

use super::sheet::{Sheet, clean};

/// Space between two columns.
const GAP: &str = "  ";

/// How a cell looks on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Paint {
    /// As the terminal writes.
    #[default]
    Plain,
    /// For heads.
    Bold,
    /// For what matters less.
    Dim,
    /// For what is well.
    Green,
    /// For what needs a look.
    Yellow,
    /// For what is wrong.
    Red,
}

impl Paint {
    fn code(self) -> Option<&'static str> {
        match self {
            Paint::Plain => None,
            Paint::Bold => Some("1"),
            Paint::Dim => Some("2"),
            Paint::Green => Some("32"),
            Paint::Yellow => Some("33"),
            Paint::Red => Some("31"),
        }
    }
}

/// A text and its look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    paint: Paint,
}

impl Cell {
    /// Makes a cell; control characters are replaced, so that data cannot command the terminal.
    pub(crate) fn new(text: impl AsRef<str>, paint: Paint) -> Cell {
        Cell {
            text: clean(text.as_ref()),
            paint,
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell::new(text, Paint::Plain)
    }
}

/// Rows below a head.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Begins a table with these columns.
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Table {
        let head = head.map(|name| Cell::new(name.to_uppercase(), Paint::Bold));
        Table {
            rows: vec![head.into()],
        }
    }

    /// Begins a table without a head, for [`pair`](Self::pair)s.
    pub(crate) fn pairs() -> Table {
        Table::default()
    }

    /// Adds a row of a name and a value.
    pub(crate) fn pair(&mut self, name: &str, value: impl Into<Cell>) {
        self.row([Cell::new(name, Paint::Bold), value.into()]);
    }

    /// Whether there is nothing below the head.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.len() <= 1
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Renders the table, the last column without space behind it.
    pub(super) fn render(&self, has_colours: bool) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.text.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let space = width - cell.text.chars().count();
                line.push_str(&painted(cell, has_colours));
                line.extend(std::iter::repeat_n(' ', space));
                line.push_str(GAP);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// Makes a table of a sheet; the names of pairs are its first column.
pub(super) fn of_sheet(Sheet { head, rows }: Sheet) -> Table {
    let bold = |name| Cell::new(name, Paint::Bold);
    let head = head.map(|names: Vec<String>| names.into_iter().map(bold).collect::<Vec<_>>());
    let rows = rows
        .into_iter()
        .map(|row| row.into_iter().map(Cell::from).collect());
    Table {
        rows: head.into_iter().chain(rows).collect(),
    }
}

fn painted(cell: &Cell, has_colours: bool) -> String {
    match cell
        .paint
        .code()
        .filter(|_| has_colours && !cell.text.is_empty())
    {
        Some(code) => format!("\x1b[{code}m{}\x1b[0m", cell.text),
        None => cell.text.clone(),
    }
}

/// Tells whether standard output takes colours: a terminal, unless `NO_COLOR` or `TERM=dumb` forbids them.
pub(super) fn has_colours() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
}
