//! What the operator lets through: fields in which secrets of other products may be stored.

use std::fmt;

/// Paths of fields, such as `input.customer.key` or `output.items.*.token`. A field may hold what its name or its
/// form gives away as a secret; bearers and handles of this product and known values are replaced all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    paths: Vec<Vec<String>>,
}

/// A path that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyError;

impl fmt::Display for PolicyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a path is a place and at least one field, such as input.customer.key")
    }
}

impl std::error::Error for PolicyError {}

/// Places that the first segment of a path can name.
const PLACES: [&str; 7] = [
    "input", "output", "event", "error", "approval", "decision", "frame",
];

impl Policy {
    /// Reads paths separated by commas; `*` stands for any one segment, a number for an item of a list.
    ///
    /// # Errors
    /// A path without a field, or of a place that has none.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let paths = text
            .split(',')
            .map(str::trim)
            .filter(|path| !path.is_empty());
        let paths = paths.map(|path| {
            let segments: Vec<String> = segments(path).map(str::to_owned).collect();
            let is_place = segments
                .first()
                .is_some_and(|first| PLACES.contains(&first.as_str()));
            let is_path = is_place && segments.len() >= 2 && !path.contains("..");
            is_path.then_some(segments).ok_or(PolicyError)
        });
        Ok(Self {
            paths: paths.collect::<Result<_, _>>()?,
        })
    }

    /// Tells whether nothing is let through.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Tells whether the field at `path` may hold secrets. What is inside an allowed field is allowed too.
    pub(crate) fn allows(&self, path: &str) -> bool {
        self.paths.iter().any(|allowed| {
            let mut given = segments(path);
            allowed.iter().all(|wanted| {
                given
                    .next()
                    .is_some_and(|segment| wanted == "*" || wanted == segment)
            })
        })
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<String> = self.paths.iter().map(|path| path.join(".")).collect();
        out.write_str(&paths.join(","))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[', ']'])
        .filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_fields_take_in_what_is_inside_them() {
        let policy = Policy::parse("input.customer.key, output.items.*.token").unwrap();
        for path in [
            "input.customer.key",
            "input.customer.key[0].x",
            "output.items[3].token",
        ] {
            assert!(policy.allows(path), "{path}");
        }
        for path in [
            "input.customer",
            "input.key",
            "output.items[3]",
            "event.customer.key",
        ] {
            assert!(!policy.allows(path), "{path}");
        }
        assert_eq!(
            policy.to_string(),
            "input.customer.key,output.items.*.token"
        );
    }

    #[test]
    fn a_path_without_a_field_is_refused() {
        for text in ["input", "secrets.x", "input..x", "*.x"] {
            assert_eq!(Policy::parse(text), Err(PolicyError), "{text}");
        }
        assert!(Policy::parse(" , ").unwrap().is_empty());
    }
}
