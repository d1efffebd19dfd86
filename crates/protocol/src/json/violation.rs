//! What a JSON text may break without being malformed.

use std::fmt;

/// A bound that a JSON text exceeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// The nesting is deeper than the bound.
    Depth {
        /// The bound.
        max: usize,
    },
    /// An array has more items than the bound.
    Items {
        /// The bound.
        max: usize,
    },
    /// A text (or a key) is longer than the bound.
    Text {
        /// The bound in UTF-16 units.
        max: usize,
        /// Where the text is: the label of the text and the keys that lead to it.
        path: String,
        /// The length found, in UTF-16 units.
        units: usize,
    },
    /// A number is too large to be represented.
    Number,
}

impl Violation {
    /// Returns the sentence for the client; `label` names the text that was read.
    pub fn message(&self, label: &str) -> String {
        struct Sentence<'a>(&'a Violation, &'a str);
        impl fmt::Display for Sentence<'_> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                let label = self.1;
                match self.0 {
                    Violation::Depth { max } => {
                        write!(out, "{label} exceeds the maximum JSON depth of {max}.")
                    }
                    Violation::Items { max } => {
                        write!(out, "{label} contains an array exceeding {max} items.")
                    }
                    Violation::Text { max, path, units } => write!(
                        out,
                        "{label} contains a string exceeding {max} characters (at {path}: {units} characters)."
                    ),
                    Violation::Number => {
                        write!(out, "{label} contains a number that is not finite.")
                    }
                }
            }
        }
        Sentence(self, label).to_string()
    }
}
