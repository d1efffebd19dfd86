//! An operator at a terminal: a gateway, and the command line that talks to it.

use serde_json::Value;
use smithers_testkit::{Gateway, Scratch};

use super::{Ended, OPERATOR, run, scratch, start};

/// A running gateway, and the environment of somebody who uses it.
pub(crate) struct Operator {
    pub(crate) gateway: Gateway,
    pub(crate) scratch: Scratch,
}

impl Operator {
    /// Starts a gateway on the fixture module; the command line finds it and holds the token that may do everything.
    pub(crate) async fn start() -> Self {
        Self::with(scratch()).await
    }

    /// As [`start`](Self::start), in a folder with settings of its own.
    pub(crate) async fn with(mut scratch: Scratch) -> Self {
        let gateway = start(&scratch).await;
        scratch.set("SMITHERS_GATEWAY_URL", gateway.url());
        scratch.set("SMITHERS_API_KEY", OPERATOR);
        Self { gateway, scratch }
    }

    /// Runs a command.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        run(&self.scratch, arguments).await
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) async fn text(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.stdout
    }

    /// Runs a command with `--json` that must succeed, and returns its data.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let text = self.text(&arguments).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Runs a command that must fail, and returns its error.
    pub(crate) async fn error(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat()).await;
        assert_eq!(ended.code, Some(1), "{arguments:?}: {ended:?}");
        error_of(&ended)
    }
}

/// The error that a command with `--json` told: the last thing on standard error.
pub(crate) fn error_of(ended: &Ended) -> Value {
    let begin = ended.stderr.find("{\n").expect("an error in JSON");
    let told: Value = serde_json::from_str(&ended.stderr[begin..]).unwrap();
    assert_eq!(told["ok"], false, "{told}");
    told["error"].clone()
}
