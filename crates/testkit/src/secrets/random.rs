//! Numbers that look random and are the same each time.

/// A small generator (splitmix64); the same seed gives the same secrets.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Begins at `seed`.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.number() % end).unwrap_or_default()
    }

    /// A text of `length` letters out of `letters`, with a small letter, a capital and a digit among the first ones
    /// if there are such: a secret without them is one in many thousands, and none would be as random as it says.
    pub fn text(&mut self, length: usize, letters: &str) -> String {
        let letters = letters.as_bytes();
        let mut text: Vec<u8> = (0..length)
            .map(|_| letters[self.below(letters.len())])
            .collect();
        let kinds: [fn(&u8) -> bool; 3] = [
            u8::is_ascii_lowercase,
            u8::is_ascii_uppercase,
            u8::is_ascii_digit,
        ];
        for (at, kind) in kinds.into_iter().enumerate() {
            let of_kind: Vec<u8> = letters.iter().copied().filter(kind).collect();
            if !of_kind.is_empty() && at < length {
                text[at] = of_kind[self.below(of_kind.len())];
            }
        }
        String::from_utf8(text).expect("letters are ASCII")
    }
}
