//! The list of deliberate differences: `tests/conformance/better.toml`.
//!
//! An entry names a rule and the cases it is meant for; the rules themselves are code beside the
//! comparison they change. A listed rule that changes nothing is reported as a failure, so the
//! list cannot go stale.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Better {
    #[serde(default)]
    transcripts: Vec<Entry>,
    #[serde(default)]
    probes: Vec<Entry>,
}

/// One difference; the prose fields are for readers and must be there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    #[serde(default, alias = "probes")]
    files: Vec<String>,
    #[serde(rename = "chapter")]
    _chapter: String,
    #[serde(rename = "theirs")]
    _theirs: String,
    #[serde(rename = "ours")]
    _ours: String,
}

impl Better {
    /// Reads the list.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("failed to understand {}", path.display()))
    }

    /// Returns the names of the rules that hold for the transcript `number` ("07").
    pub(crate) fn for_transcript(&self, number: &str) -> BTreeSet<&str> {
        matching(&self.transcripts, number)
    }

    /// Returns the names of the rules that hold for `probe`.
    pub(crate) fn for_probe(&self, probe: &str) -> BTreeSet<&str> {
        matching(&self.probes, probe)
    }
}

fn matching<'a>(entries: &'a [Entry], case: &str) -> BTreeSet<&'a str> {
    let holds = |entry: &&Entry| entry.files.iter().any(|name| name == case);
    entries
        .iter()
        .filter(holds)
        .map(|entry| entry.rule.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
        [[transcripts]]
        rule = "single-run-completed"
        files = ["05", "06"]
        chapter = "7.3"
        theirs = "two"
        ours = "one"

        [[probes]]
        rule = "lock-proves-owner-dead"
        probes = ["kill9-resume"]
        chapter = "13.1"
        theirs = "refused"
        ours = "resumed"
    "#;

    #[test]
    fn rules_hold_only_for_the_cases_they_name() {
        let better: Better = toml::from_str(LIST).unwrap();
        assert_eq!(
            better.for_transcript("06"),
            BTreeSet::from(["single-run-completed"])
        );
        assert!(better.for_transcript("07").is_empty());
        assert_eq!(
            better.for_probe("kill9-resume"),
            BTreeSet::from(["lock-proves-owner-dead"])
        );
    }

    #[test]
    fn a_difference_without_its_chapter_is_refused() {
        assert!(
            toml::from_str::<Better>("[[probes]]\nrule = \"x\"\ntheirs = \"a\"\nours = \"b\"")
                .is_err()
        );
    }
}
