//! What is right in a module, and could be better.

use serde::Serialize;

use crate::gateway::Modules;

const KEEPS_STATE: &str = "\
every frame of this module's runs is rendered, because a function in it may keep state from call to call. \
Frames that cost nothing need functions that change only what they have made themselves: \
keep the value in a local variable, or in the output of a task";

/// Advice about a place of the module's source.
#[derive(Debug, Serialize)]
pub(super) struct Hint {
    message: &'static str,
    /// `file:line:column` in the author's source.
    place: String,
    /// The lines around the place.
    frame: String,
}

impl Hint {
    /// The lines for people.
    pub(super) fn to_text(&self) -> String {
        format!("{}\n  at {}\n{}", self.message, self.place, self.frame)
    }
}

/// Looks for what could be better in the module that is loaded.
pub(super) fn hints(modules: &Modules) -> Vec<Hint> {
    let keeps_state = modules.keeps_state().map(|place| Hint {
        message: KEEPS_STATE,
        place: format!("{}:{}:{}", place.file, place.line, place.column),
        frame: place.frame.clone(),
    });
    keeps_state.into_iter().collect()
}
