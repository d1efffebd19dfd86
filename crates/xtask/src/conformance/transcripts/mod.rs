//! `cargo xtask conformance transcripts`: the recorded sessions, replayed against the built binary.
//!
//! ```text
//! recording -> rules (better.toml) -> player -> frames in lanes -> comparison (masks, placeholders)
//! ```

mod compare;
mod connection;
#[cfg(test)]
mod echo;
mod frame;
mod numbers;
mod player;
#[cfg(test)]
mod player_tests;
mod prepare;
mod recording;
mod rules;
mod settings;
mod timing;
mod trees;
mod unpack;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use smithers_testkit::{Gateway, Scratch};

use self::player::Player;
use self::prepare::Preparations;
use self::recording::Recording;
use super::better::Better;
use super::report::{Report, with_log};
use crate::project::Project;

/// Replays the recordings whose numbers are in `only` (all when empty).
pub(crate) async fn run(
    project: &Project,
    binary: &Path,
    only: &BTreeSet<String>,
) -> Result<Report> {
    let folder = project.path("tests/conformance");
    let better = Better::read(&folder.join("better.toml"))?;
    let preparations = Preparations::read(&folder.join("prepare.toml"))?;
    let mut report = Report::new("transcripts");
    for path in files(&folder.join("transcripts"), only)? {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        report
            .case(
                &name,
                replay(project, binary, &path, &better, &preparations),
            )
            .await;
    }
    Ok(report)
}

async fn replay(
    project: &Project,
    binary: &Path,
    path: &Path,
    better: &Better,
    preparations: &Preparations,
) -> Result<()> {
    let mut recording = Recording::read(path)?;
    let listed = better.for_transcript(&recording.number);
    apply_rules(&listed, &mut recording)?;
    let scratch = scratch(project, &recording)?;
    let gateway = Gateway::start(binary, &scratch).await?;
    let mut player = Player::new(gateway.address(), &recording, &listed);
    let played = player.play(preparations).await;
    with_log(played, &gateway.log_tail())
}

fn apply_rules(listed: &BTreeSet<&str>, recording: &mut Recording) -> Result<()> {
    let unknown = listed.iter().find(|name| !rules::ORDER.contains(name));
    ensure!(
        unknown.is_none(),
        "better.toml names the unknown rule `{}`",
        unknown.unwrap_or(&"")
    );
    for rule in rules::ORDER.iter().filter(|rule| listed.contains(*rule)) {
        let changes = rules::apply(rule, recording)?;
        ensure!(
            changes > 0,
            "better.toml lists `{rule}` for {}, but it changes nothing",
            recording.name
        );
    }
    Ok(())
}

fn scratch(project: &Project, recording: &Recording) -> Result<Scratch> {
    let fixtures = project.path("tests/fixtures/transcripts");
    let tokens = std::fs::read_to_string(fixtures.join("tokens.json"))
        .context("failed to read the tokens")?;
    let mut scratch =
        Scratch::new(&serde_json::from_str(&tokens).context("the tokens are no JSON")?)?;
    scratch.set(
        "SMITHERS_GATEWAY_MODULE",
        fixtures.join("gateway.tsx").display().to_string(),
    );
    for (name, value) in settings::environment(&recording.gateway_config)? {
        scratch.set(name, value);
    }
    Ok(scratch)
}

fn files(folder: &Path, only: &BTreeSet<String>) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("failed to list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let number = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str())
            .map(|name| name[..2].to_owned())
    };
    let known: BTreeSet<String> = files.iter().filter_map(number).collect();
    let missing: Vec<&String> = only.difference(&known).collect();
    ensure!(missing.is_empty(), "no recording is numbered {missing:?}");
    files.retain(|path| {
        only.is_empty() || number(path).is_some_and(|number| only.contains(&number))
    });
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_is_understood_and_every_listed_rule_changes_something() {
        let project = Project::find().unwrap();
        let folder = project.path("tests/conformance");
        let better = Better::read(&folder.join("better.toml")).unwrap();
        Preparations::read(&folder.join("prepare.toml")).unwrap();
        let files = files(&folder.join("transcripts"), &BTreeSet::new()).unwrap();
        assert_eq!(files.len(), 35);
        for path in files {
            let mut recording = Recording::read(&path).unwrap();
            apply_rules(&better.for_transcript(&recording.number), &mut recording).unwrap();
        }
    }

    #[test]
    fn a_number_without_a_recording_is_told() {
        let folder = Project::find()
            .unwrap()
            .path("tests/conformance/transcripts");
        assert!(files(&folder, &BTreeSet::from(["99".to_owned()])).is_err());
        assert_eq!(
            files(&folder, &BTreeSet::from(["07".to_owned()]))
                .unwrap()
                .len(),
            1
        );
    }
}
