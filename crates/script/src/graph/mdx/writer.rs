//! Generated code that knows which part of the source each of its parts comes from.

/// Code under construction.
#[derive(Debug, Default)]
pub(super) struct Writer {
    code: String,
    segments: Vec<Segment>,
}

/// From offsets of generated code to offsets of the source.
#[derive(Debug, Default)]
pub(crate) struct Segments(Vec<Segment>);

/// A part of the code: it begins at `generated` and ends where the next one begins.
#[derive(Clone, Copy, Debug)]
struct Segment {
    generated: usize,
    source: usize,
    /// Bytes that stand in the source as they stand here; what follows them belongs to their end.
    copied: usize,
}

impl Writer {
    /// Adds code of our own, which belongs to what was written before it.
    pub(super) fn glue(&mut self, code: &str) {
        self.code.push_str(code);
    }

    /// Says that what follows comes from `source`.
    pub(super) fn mark(&mut self, source: usize) {
        self.segments.push(Segment {
            generated: self.code.len(),
            source,
            copied: 0,
        });
    }

    /// Adds code that stands at offset `source` of the source.
    pub(super) fn copy(&mut self, code: &str, source: usize) {
        self.segments.push(Segment {
            generated: self.code.len(),
            source,
            copied: code.len(),
        });
        self.code.push_str(code);
    }

    /// Adds a text whose pieces stand at the places that `stops` tell: pairs of an offset in the
    /// text and one in the source.
    pub(super) fn copy_pieces(&mut self, text: &str, stops: &[(usize, usize)]) {
        let mut written = 0;
        for (index, &(from, source)) in stops.iter().enumerate() {
            let end = stops.get(index + 1).map_or(text.len(), |next| next.0);
            let piece = text.get(from.max(written)..end).unwrap_or_default();
            self.copy(piece, source);
            written = end.max(written);
        }
        self.glue(text.get(written..).unwrap_or_default());
    }

    /// Adds other code with its origins.
    pub(super) fn append(&mut self, other: Self) {
        let start = self.code.len();
        self.code.push_str(&other.code);
        self.segments
            .extend(other.segments.into_iter().map(|segment| Segment {
                generated: segment.generated + start,
                ..segment
            }));
    }

    pub(super) fn finish(self) -> (String, Segments) {
        (self.code, Segments(self.segments))
    }
}

impl Segments {
    /// Returns the offset of the source that stands behind `offset` of the generated code.
    pub(crate) fn source_offset(&self, offset: usize) -> usize {
        let after = self
            .0
            .partition_point(|segment| segment.generated <= offset);
        let Some(segment) = after.checked_sub(1).map(|index| self.0[index]) else {
            return 0;
        };
        segment.source + (offset - segment.generated).min(segment.copied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_map_byte_by_byte_and_glue_maps_to_what_is_before_it() {
        let mut out = Writer::default();
        out.glue("<>");
        out.copy("abc", 10);
        out.glue("+++");
        out.mark(40);
        out.glue("x");
        let mut inner = Writer::default();
        inner.copy("de", 20);
        out.append(inner);
        let (code, segments) = out.finish();
        assert_eq!(code, "<>abc+++xde");
        let places: Vec<_> = (0..code.len())
            .map(|at| segments.source_offset(at))
            .collect();
        assert_eq!(places, [0, 0, 10, 11, 12, 13, 13, 13, 40, 20, 21]);
    }

    #[test]
    fn a_text_of_several_lines_maps_each_of_them() {
        let mut out = Writer::default();
        out.copy_pieces("ab\ncd", &[(0, 5), (3, 20)]);
        let (code, segments) = out.finish();
        assert_eq!(code, "ab\ncd");
        assert_eq!(
            (segments.source_offset(1), segments.source_offset(4)),
            (6, 21)
        );
    }
}
