//! Checks of the gateway's settings in all files, by asking the gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::Subject;
use crate::process;

/// Variables of the deployment by name.
type Settings = BTreeMap<String, String>;

/// What every way of deploying sets, with the values that clients and guides rely on.
const REFERENCE: [(&str, &str); 5] = [
    ("PORT", "7331"),
    ("SMITHERS_GATEWAY_HEARTBEAT_MS", "15000"),
    ("SMITHERS_GATEWAY_EVENT_WINDOW", "10000"),
    ("SMITHERS_GATEWAY_HEADERS_TIMEOUT_MS", "30000"),
    ("SMITHERS_GATEWAY_REQUEST_TIMEOUT_MS", "60000"),
];
/// What every way of deploying sets to something of its own.
const OWN: [&str; 4] = [
    "SMITHERS_DB_PATH",
    "SMITHERS_TOKEN_STORE",
    "SMITHERS_GATEWAY_MODULE",
    "SMITHERS_TRUSTED_PROXIES",
];

/// Every name with our prefix, in whatever file and also in comments, is one that the gateway reads.
pub(super) fn exist(subject: &Subject<'_>) -> Result<()> {
    let shown = show(subject, &Settings::new())?;
    let mut known: BTreeSet<&str> = shown
        .iter()
        .filter_map(|entry| entry["name"].as_str())
        .collect();
    known.insert("SMITHERS_API_KEY");
    for (file, text) in subject.reference.texts()? {
        let unknown = names(&text).find(|name| !known.contains(name));
        if let Some(name) = unknown {
            bail!("{file} names {name}, which no gateway reads");
        }
    }
    Ok(())
}

/// The gateway reads each set without a refusal or a warning, and every value comes from where we put it.
pub(super) fn are_accepted(subject: &Subject<'_>) -> Result<()> {
    for (file, settings) in sets(subject)? {
        let accepted = || {
            for entry in show(subject, &settings)? {
                let name = entry["name"].as_str().unwrap_or_default();
                let is_ours = entry["origin"] == "environment";
                ensure!(
                    is_ours == settings.contains_key(name),
                    "{name} has no effect"
                );
            }
            Ok(())
        };
        accepted().with_context(|| file.to_owned())?;
    }
    Ok(())
}

pub(super) fn have_reference_values(subject: &Subject<'_>) -> Result<()> {
    for (file, settings) in sets(subject)? {
        for (name, wanted) in REFERENCE {
            let found = settings.get(name).map(String::as_str);
            ensure!(
                found == Some(wanted),
                "{file} sets {name} to {found:?}, not {wanted}"
            );
        }
        for name in OWN {
            ensure!(settings.contains_key(name), "{file} does not set {name}");
        }
    }
    Ok(())
}

/// Returns the settings of each way of deploying, by file.
pub(super) fn sets(subject: &Subject<'_>) -> Result<[(&'static str, Settings); 3]> {
    let reference = subject.reference;
    let compose = &reference.compose["services"]["gateway"]["environment"];
    let manifest = &reference.manifest("configmap")?["data"];
    let file = reference.text("systemd/gateway.env.example")?;
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    let unit = lines.filter_map(|line| line.split_once('='));
    Ok([
        ("docker-compose.yml", members(compose)?),
        ("k8s/configmap.yaml", members(manifest)?),
        (
            "systemd/gateway.env.example",
            unit.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        ),
    ])
}

fn members(object: &Value) -> Result<Settings> {
    let members = object.as_object().context("no settings")?.iter();
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    members
        .map(|member| text(member).context("a value is no text"))
        .collect()
}

/// Returns what `smithers config show` prints with only `settings` in the environment; a warning is an error.
fn show(subject: &Subject<'_>, settings: &Settings) -> Result<Vec<Value>> {
    let mut command = Command::new(subject.gateway);
    command
        .env_clear()
        .envs(settings)
        .args(["config", "show", "--format", "json"]);
    let (printed, warnings) = process::both(command)?;
    ensure!(warnings.is_empty(), "{}", warnings.trim());
    serde_json::from_str(&printed).context("`smithers config show` printed no JSON")
}

/// Returns the names with our prefix that `text` holds; a trailing `_` belongs to a pattern such as `SMITHERS_LOG_*`.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let is_part =
        |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    let words = text.split(move |letter| !is_part(letter));
    words.filter(|word| word.starts_with("SMITHERS_") && !word.ends_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_stand() {
        let text = "PORT=1\n#SMITHERS_LOG=info\n`${SMITHERS_DB_PATH:-x}` and SMITHERS_LOG_*, X_SMITHERS_NO";
        assert_eq!(
            names(text).collect::<Vec<_>>(),
            ["SMITHERS_LOG", "SMITHERS_DB_PATH"]
        );
    }
}
