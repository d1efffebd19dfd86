//! The player against a peer that plays the recording back, faithfully or with a fault.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use super::prepare::Preparations;
use super::recording::{Action, Recording, Step};
use super::rules::is_accepted_decision;
use super::{Better, Player, apply_rules, echo, files};
use crate::project::Project;

/// Returns the recording `number` as better.toml rewrites it.
fn rewritten(number: &str) -> Recording {
    let folder = Project::find().unwrap().path("tests/conformance");
    let better = Better::read(&folder.join("better.toml")).unwrap();
    let files = files(
        &folder.join("transcripts"),
        &BTreeSet::from([number.to_owned()]),
    )
    .unwrap();
    let mut recording = Recording::read(&files[0]).unwrap();
    apply_rules(&better.for_transcript(number), &mut recording).unwrap();
    recording
}

/// Plays `expected` against a peer that plays `played`.
async fn play(expected: &Recording, played: &Recording) -> Result<()> {
    let preparations = Project::find()
        .unwrap()
        .path("tests/conformance/prepare.toml");
    let address = echo::start(played).await?;
    let better = Better::read(
        &Project::find()
            .unwrap()
            .path("tests/conformance/better.toml"),
    )?;
    let rules = better.for_transcript(&expected.number);
    Player::new(&address, expected, &rules)
        .play(&Preparations::read(&preparations)?)
        .await
}

/// Changes the frames of a recording before the peer plays them.
fn with_frames(recording: &Recording, change: impl Fn(&mut Value)) -> Recording {
    let mut changed = recording.clone();
    for step in &mut changed.steps {
        if let Action::Receive { frame, .. } = &mut step.action {
            change(frame);
        }
    }
    changed
}

async fn failure(expected: &Recording, played: &Recording) -> String {
    format!(
        "{:#}",
        play(expected, played)
            .await
            .expect_err("the fault must be found")
    )
}

#[tokio::test]
async fn every_required_recording_is_accepted_from_a_faithful_peer() {
    for number in ["01", "03", "05", "06", "07", "08", "13", "14", "15"] {
        let recording = rewritten(number);
        if let Err(error) = play(&recording, &recording).await {
            panic!("{number}: {error:#}");
        }
    }
}

#[tokio::test]
async fn a_peer_that_completes_runs_twice_is_refused() {
    let recording = rewritten("06");
    let mut twice = recording.clone();
    let is_last = |step: &&Step| matches!(&step.action, Action::Receive { frame, .. } if frame["event"] == "run.completed");
    let double = recording.steps.iter().rev().find(is_last).unwrap().clone();
    twice.steps.push(double);
    assert!(failure(&recording, &twice).await.contains("not expected"));
}

#[tokio::test]
async fn a_peer_that_keeps_a_decision_to_itself_is_refused() {
    let recording = rewritten("07");
    let mut silent = recording.clone();
    silent.steps.retain(|step| !matches!(&step.action, Action::Receive { frame, .. } if frame["event"] == "approval.decided"));
    assert!(
        failure(&recording, &silent)
            .await
            .contains("approval.decided")
    );
}

#[tokio::test]
async fn another_field_another_version_and_another_order_are_refused() {
    let recording = rewritten("06");
    let renamed = with_frames(&recording, |frame| {
        if frame["event"] == "node.pending" {
            frame["payload"]["state"] = json!("waiting");
        }
    });
    assert!(
        failure(&recording, &renamed)
            .await
            .contains(".payload.state: expected \"pending\", got \"waiting\"")
    );
    let shifted = with_frames(&recording, |frame| {
        if frame["stateVersion"] == 3 {
            frame["stateVersion"] = json!(4);
        }
    });
    assert!(
        failure(&recording, &shifted)
            .await
            .contains(".stateVersion: expected 3, got 4")
    );
}

#[tokio::test]
async fn a_peer_that_shows_stacks_is_refused() {
    let recording = rewritten("08");
    let mut shown = recording.clone();
    for step in &mut shown.steps {
        if let Action::Receive { frame, .. } = &mut step.action
            && frame["payload"]["error"]["stack"].is_string()
        {
            frame["payload"]["error"]["stack"] = json!("Error\n    at /srv/gateway.tsx:1");
        }
    }
    assert!(
        failure(&recording, &shown)
            .await
            .contains(".payload.error.stack")
    );
}

#[tokio::test]
async fn a_peer_that_shows_credentials_is_refused() {
    let recording = rewritten("07");
    let mut shown = recording.clone();
    for step in &mut shown.steps {
        if let Action::Receive { frame, .. } = &mut step.action
            && frame["payload"]["configJson"].is_object()
        {
            frame["payload"]["configJson"] = json!("{\"auth\":{\"scopes\":[\"*\"]}}");
        }
    }
    assert!(
        failure(&recording, &shown)
            .await
            .contains("configJson shows the launcher's scopes")
    );
}

#[tokio::test]
async fn replayed_frames_may_come_before_the_answer_that_names_their_stream() {
    let recording = rewritten("14");
    let mut early = recording.clone();
    // Moves each answer to streamRunEvents behind the frames of its stream that follow directly.
    for position in (0..early.steps.len()).rev() {
        let is_answer = matches!(&early.steps[position].action, Action::Receive { frame, .. } if frame["payload"]["currentSeq"].is_u64());
        if is_answer {
            let is_replay = |step: &Step| matches!(&step.action, Action::Receive { frame, .. } if frame["type"] == "event");
            let replayed = early.steps[position + 1..]
                .iter()
                .take_while(|step| is_replay(step))
                .count();
            let answer = early.steps.remove(position);
            early.steps.insert(position + replayed, answer);
        }
    }
    assert_ne!(early.steps, recording.steps);
    play(&recording, &early).await.unwrap();
}

#[tokio::test]
async fn what_a_decision_causes_may_come_before_the_answer_to_it() {
    let recording = rewritten("07");
    let mut late = recording.clone();
    let is_answer = |step: &Step| matches!(&step.action, Action::Receive { frame, .. } if is_accepted_decision(frame));
    let position = late.steps.iter().position(is_answer).unwrap();
    let answer = late.steps.remove(position);
    late.steps.insert(position + 4, answer);
    play(&recording, &late).await.unwrap();
}

#[tokio::test]
async fn a_stream_with_a_hole_is_refused() {
    let recording = rewritten("14");
    let mut holed = recording.clone();
    let is_victim = |step: &Step| matches!(&step.action, Action::Receive { frame, .. } if frame["payload"]["seq"] == 12);
    let victim = holed.steps.iter().position(is_victim).unwrap();
    holed.steps.remove(victim);
    assert!(
        failure(&recording, &holed)
            .await
            .contains(".payload.seq: expected 12, got 13")
    );
}
