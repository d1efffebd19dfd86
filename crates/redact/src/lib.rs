//! The redactor: replaces secrets in every text that leaves the process or becomes durable (operations 7).
//!
//! ```text
//!            one pass of an automaton over the bytes
//! text ──► triggers ──► verifiers (provider, names, url, …) ──► spans ──► text with [REDACTED:<rule>]
//!   └────► known values of this process, in every encoding ──────┘
//! ```
//!
//! A text without a trigger costs that one pass and allocates nothing. A trigger is only a place to look at:
//! a verifier decides, looking at the bytes around it, and never at the same bytes again and again, so that the
//! whole stays linear. Knows nothing of rows, events and logs; those who write them call it.

mod assignment;
mod auth;
mod class;
mod counts;
mod cut;
mod encoded;
mod encodings;
mod entropy;
mod finder;
mod json;
mod known;
mod marker;
mod name;
mod path;
mod policy;
mod provider;
mod redactor;
mod rule;
mod scope;
mod span;
mod stream;
mod trigger;
mod url;
mod walk;

pub use cut::INPUT_CAP;
pub use finder::holds_bearer;
pub use marker::is_marker;
pub use name::is_secret_name;
pub use policy::{Policy, PolicyError};
pub use redactor::{SecretRedactor, shared};
pub use rule::Rule;
pub use stream::Stream;
