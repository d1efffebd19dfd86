//! A full example of `smithers.toml`, made from the values themselves, so that it never lies.

use std::fmt::Write;

use super::entry::Entry;
use super::key::{Kind, Section};

const HEAD: &str = "\
# Settings of a smithers gateway.
# Flags count before the environment, the environment before this file, this file before the defaults.
# Every line that begins with # and a name shows a default; take the # away to change it.
# Nothing here is secret, and nothing secret belongs here.
";

/// Renders every section with every key, its help, and its default as a comment.
pub(super) fn render(sections: &[Section], entries: &[Entry]) -> String {
    let mut out = HEAD.to_owned();
    for section in sections {
        let _ = write!(out, "\n# {}\n[{}]\n", section.help, section.name);
        let own = entries
            .iter()
            .filter(|entry| entry.key.parts().0 == section.name);
        for entry in own {
            out.push_str(&paragraph(entry));
        }
    }
    out
}

fn paragraph(entry: &Entry) -> String {
    let Entry { key, accepted, .. } = entry;
    let (_, name) = key.parts();
    let (help, variable, value) = (key.help, key.variable, default_in_toml(entry));
    format!("\n# {help}\n# Accepted: {accepted}. Environment: {variable}\n#{name} = {value}\n")
}

fn default_in_toml(entry: &Entry) -> String {
    let default = entry.default.as_str();
    // The escapes of JSON texts are escapes of TOML texts.
    let text = |text: &str| serde_json::Value::from(text).to_string();
    match entry.kind {
        Kind::Number | Kind::Flag => default.to_owned(),
        Kind::Text => text(default),
        Kind::List => {
            let items = default.split(',').filter(|item| !item.is_empty());
            format!("[{}]", items.map(text).collect::<Vec<_>>().join(", "))
        }
    }
}
