//! From positions in generated code back to the author's source.

/// Sorted pairs of positions; lines and columns from 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceMap {
    tokens: Vec<Token>,
    /// Columns of our own before the first line of code that was not changed.
    opening: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) generated: (u32, u32),
    pub(crate) source: (u32, u32),
}

impl SourceMap {
    pub(crate) fn new(mut tokens: Vec<Token>) -> Self {
        tokens.sort_by_key(|token| token.generated);
        Self { tokens, opening: 0 }
    }

    /// Code that was not changed, behind `opening` columns of our own.
    pub(crate) fn behind(opening: u32) -> Self {
        Self {
            tokens: Vec::new(),
            opening,
        }
    }

    /// Maps a position of the generated code (both from 1) to the source (both from 1).
    /// A map without tokens stands for code that was not changed.
    pub(crate) fn original(&self, line: u32, column: u32) -> (u32, u32) {
        let wanted = (line.saturating_sub(1), column.saturating_sub(1));
        let after = self
            .tokens
            .partition_point(|token| token.generated <= wanted);
        match self.tokens[..after].last().or(self.tokens.first()) {
            Some(token) => (token.source.0 + 1, token.source.1 + 1),
            None if line == 1 => (line, column.saturating_sub(self.opening).max(1)),
            None => (line, column),
        }
    }
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// Byte offset of a line and a column in UTF-16 units, both from 0.
    pub(crate) fn offset(&self, (line, column): (u32, u32)) -> usize {
        let Some(&start) = self.starts.get(line as usize) else {
            return self.text.len();
        };
        let end = self.starts.get(line as usize + 1).copied();
        let text = &self.text[start..end.unwrap_or(self.text.len())];
        if text.is_ascii() {
            return start + (column as usize).min(text.len());
        }
        let mut units = 0;
        let within = text.char_indices().find(|(_, letter)| {
            let reached = units >= column as usize;
            units += letter.len_utf16();
            reached
        });
        start + within.map_or(text.len(), |(at, _)| at)
    }

    /// Line and column in UTF-16 units, both from 0, of byte `offset`.
    pub(crate) fn position(&self, offset: usize) -> (u32, u32) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let column = self.text[self.starts[line]..offset].encode_utf16().count();
        (line as u32, column as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_maps_to_the_last_token_at_or_before_it() {
        let token = |generated, source| Token { generated, source };
        let map = SourceMap::new(vec![token((1, 4), (7, 2)), token((0, 0), (5, 0))]);
        assert_eq!(map.original(1, 9), (6, 1));
        assert_eq!(map.original(2, 5), (8, 3));
        assert_eq!(map.original(9, 1), (8, 3));
    }

    #[test]
    fn unchanged_code_keeps_its_positions() {
        assert_eq!(SourceMap::default().original(3, 4), (3, 4));
    }

    #[test]
    fn lines_lead_from_columns_to_offsets_and_back() {
        let lines = Lines::of("a\né𝒂x\n");
        assert_eq!(lines.offset((1, 3)), 8);
        assert_eq!(lines.position(8), (1, 3));
        assert_eq!((lines.offset((9, 9)), lines.position(99)), (10, (2, 0)));
    }
}
