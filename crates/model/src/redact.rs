//! The seam to the redactor: every text passes it before it becomes durable or leaves the process (operations 7).

use std::sync::Arc;

macro_rules! places {
    ($($(#[$doc:meta])+ $name:ident = $text:literal;)+) => {
        /// What a text is part of; named in warnings, and the beginning of the paths in the operator's policy.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Place {
            $($(#[$doc])+ $name,)+
        }

        impl Place {
            /// Every place.
            pub const ALL: &'static [Place] = &[$(Place::$name),+];

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Place::$name => $text,)+ }
            }
        }
    };
}

places! {
    /// Input of a run.
    Input = "input";
    /// Settings of a run: members that this product names, so names of members count for nothing.
    Config = "config";
    /// A task's output.
    Output = "output";
    /// Payload of an event.
    Event = "event";
    /// Message, stack or particulars of an error.
    Error = "error";
    /// What is asked of a person.
    Approval = "approval";
    /// The value of a person's answer.
    Decision = "decision.value";
    /// What a person wrote to an answer.
    Note = "decision.note";
    /// A rendered frame.
    Frame = "frame";
    /// Name of a node or workflow for people.
    Label = "label";
    /// Particulars of an audit row.
    Audit = "audit";
    /// Source of a module: assignments there are code, so names count for nothing.
    Module = "module";
    /// A name that other rows refer to: of a run, a node, a table.
    Name = "name";
    /// A line of a log.
    Log = "log";
    /// A message to a client or a person.
    Message = "message";
}

/// A secret that cannot be anything else, by its form or because this process knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it stood, such as `input.customers[0].key`; holds no secret.
    pub path: String,
    /// What recognised it.
    pub rule: &'static str,
}

/// A text that had to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clean {
    /// The text with markers in place of secrets.
    pub text: String,
    /// The certain ones among what was replaced.
    pub certain: Vec<Finding>,
}

/// A text that comes in pieces, on its way out. A secret is found however the pieces are cut.
pub trait Pieces: Send {
    /// Takes the next piece and returns what can go on: whole lines that nothing still to come can change.
    /// The rest is held back, within a bound.
    fn push(&mut self, piece: &str) -> String;

    /// Returns what was held back: nothing more comes.
    fn finish(self: Box<Self>) -> String;
}

/// Replaces secrets in texts. Idempotent, and linear in the length of the text.
pub trait Redactor: Send + Sync + 'static {
    /// Cleans a text. `None` when nothing had to be replaced, which is the common case and allocates nothing.
    fn text(&self, place: Place, text: &str) -> Option<Clean>;

    /// Cleans a JSON document inside its strings and by the names of its members; the shape stays.
    /// `None` when nothing had to be replaced.
    fn json(&self, place: Place, json: &str) -> Option<Clean>;

    /// Begins a text that comes in pieces.
    fn pieces(self: Arc<Self>, place: Place) -> Box<dyn Pieces>;

    /// Returns the certain secrets of a JSON document that the operator's policy does not allow there.
    fn certain(&self, place: Place, json: &str) -> Vec<Finding>;
}

/// Stands for a whole value of which nothing could be kept.
pub const WHOLE: &str = "[REDACTED:whole]";
