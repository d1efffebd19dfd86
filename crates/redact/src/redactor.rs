//! The redactor that a process uses.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use parking_lot::RwLock;
use smithers_model::redact::{Clean, Finding, Pieces, Place, Redactor};

use crate::counts::Counts;
use crate::cut::{self, INPUT_CAP};
use crate::finder::{self, Syntax};
use crate::json;
use crate::known::Known;
use crate::name::is_secret_name;
use crate::path::Paths;
use crate::policy::Policy;
use crate::rule::Rule;
use crate::span::{self, Span};
use crate::stream::Stream;
use crate::url;

/// Passes over a text until nothing is left to replace. The second one finds nothing unless what was replaced
/// had kept its neighbours apart.
const PASSES: usize = 8;
/// Certain secrets that are told with their path.
const MOST_FINDINGS: usize = 8;
/// Bytes behind the cap that are looked at, to see where a secret ends that begins in front of it.
const MARGIN: usize = 64 * 1024;

/// Replaces secrets by the rules of operations 7. Cheap to ask when there are none: one pass, no allocation.
pub struct SecretRedactor {
    known: Known,
    counts: Counts,
    has_policy: AtomicBool,
    policy: RwLock<Policy>,
}

static SHARED: LazyLock<Arc<SecretRedactor>> = LazyLock::new(Arc::default);

/// The redactor of this process. One for all, because every exit must know the secrets that any part has resolved.
pub fn shared() -> Arc<SecretRedactor> {
    SHARED.clone()
}

impl Default for SecretRedactor {
    fn default() -> Self {
        Self {
            known: Known::default(),
            counts: Counts::new(),
            has_policy: AtomicBool::new(false),
            policy: RwLock::default(),
        }
    }
}

impl SecretRedactor {
    /// Remembers a secret that this process has resolved: from now on it is replaced in every encoding. One of
    /// fewer than eight bytes is not remembered, since it would turn up by chance.
    pub fn learn(&self, secret: &str) {
        self.known.add(secret);
    }

    /// Remembers the value of a variable whose name is one of a secret, and the password in the value of any.
    pub fn learn_setting(&self, name: &str, value: &str) {
        if is_secret_name(name) {
            self.learn(value);
        }
        if let Some(password) = url::password(value) {
            self.learn(password);
        }
    }

    /// Sets what the operator lets through, in place of what was set before.
    pub fn allow(&self, policy: Policy) {
        self.has_policy.store(!policy.is_empty(), Ordering::Release);
        *self.policy.write() = policy;
    }

    /// How often each rule has replaced something since the process started.
    pub fn counts(&self) -> impl Iterator<Item = (Rule, u64)> {
        self.counts.rules()
    }

    /// How many certain secrets were replaced in each place since the process started.
    pub fn certain_counts(&self) -> impl Iterator<Item = (Place, u64)> {
        self.counts.certain()
    }

    /// Cleans a message or a line.
    pub fn line(&self, place: Place, text: &str) -> Option<String> {
        self.clean(place, text, Syntax::Plain)
            .map(|clean| clean.text)
    }

    /// Cleans one line of a log in JSON. A line that is none is cleaned all the same.
    pub fn json_line(&self, place: Place, text: &str) -> Option<String> {
        self.clean(place, text, Syntax::Json)
            .map(|clean| clean.text)
    }

    pub(crate) fn longest_over_lines(&self) -> usize {
        self.known.longest_over_lines()
    }

    /// Finds the secrets that can go over the end of a line.
    pub(crate) fn over_lines(&self, text: &[u8]) -> Vec<Span> {
        let mut spans = finder::find(text, Syntax::Plain, false).spans;
        self.known.find(text, Syntax::Plain, &mut spans);
        spans
    }

    fn clean(&self, place: Place, text: &str, syntax: Syntax) -> Option<Clean> {
        let is_long = syntax == Syntax::Plain && text.len() > INPUT_CAP;
        let head = match is_long {
            true => &text[..text.floor_char_boundary(INPUT_CAP + MARGIN)],
            false => text,
        };
        let mut clean = match self.pass(place, head, syntax, is_long.then_some(INPUT_CAP)) {
            Some(clean) => clean,
            None if is_long => Clean {
                text: head[..head.floor_char_boundary(INPUT_CAP)].to_owned(),
                certain: Vec::new(),
            },
            None if syntax == Syntax::Json => {
                let text = cut::json(text)?;
                return Some(Clean {
                    text,
                    certain: Vec::new(),
                });
            }
            None => return None,
        };
        for _ in 1..PASSES {
            let Some(cleaner) = self.pass(place, &clean.text, syntax, None) else {
                break;
            };
            clean.text = cleaner.text;
        }
        clean.text = match syntax {
            Syntax::Plain => cut::text(clean.text, is_long),
            Syntax::Json => cut::json(&clean.text).unwrap_or(clean.text),
        };
        Some(clean)
    }

    /// Goes over the text once; what begins at `limit` or behind is left out.
    fn pass(
        &self,
        place: Place,
        text: &str,
        syntax: Syntax,
        limit: Option<usize>,
    ) -> Option<Clean> {
        let mut spans = match self.spans(place, text, syntax) {
            Spans::Found(spans) => spans,
            Spans::InPlainEscapes(plain) => return self.pass(place, &plain, syntax, limit),
        };
        if spans.is_empty() {
            return None;
        }
        let certain = self.certain_among(place, text, syntax, &spans);
        span::merge(&mut spans);
        let end = limit.map_or(text.len(), |limit| {
            let crossing = spans
                .iter()
                .find(|span| span.start < limit && limit < span.end);
            crossing.map_or(text.floor_char_boundary(limit), |span| span.end)
        });
        spans.retain(|span| span.start < end);
        for span in &spans {
            self.counts.add(span.rule, place);
        }
        Some(Clean {
            text: span::replace(&text[..end], &spans),
            certain,
        })
    }

    /// Finds what is to be replaced, in ascending order of beginnings.
    fn spans(&self, place: Place, text: &str, syntax: Syntax) -> Spans {
        let bytes = text.as_bytes();
        let found = finder::find(bytes, syntax, names_count(place));
        if found.hides_letters
            && let Some(plain) = json::plain_escapes(text)
        {
            return Spans::InPlainEscapes(plain);
        }
        let mut spans = found.spans;
        self.known.find(bytes, syntax, &mut spans);
        if !spans.is_empty() {
            spans.sort_by_key(|span| span.start);
            self.permit(place, bytes, syntax, &mut spans);
        }
        Spans::Found(spans)
    }

    /// Leaves out what the operator lets through.
    fn permit(&self, place: Place, text: &[u8], syntax: Syntax, spans: &mut Vec<Span>) {
        if !self.has_policy.load(Ordering::Acquire) {
            return;
        }
        let policy = self.policy.read();
        let mut paths = Paths::new(place.as_str(), text);
        spans.retain(|span| {
            let never = matches!(span.rule, Rule::Known | Rule::Bearer | Rule::ActionHandle);
            let path = match syntax {
                Syntax::Json => paths.at(span.start),
                Syntax::Plain => place.as_str().to_owned(),
            };
            never || !policy.allows(&path)
        });
    }

    /// Tells where the certain ones of `spans` stand.
    fn certain_among(
        &self,
        place: Place,
        text: &str,
        syntax: Syntax,
        spans: &[Span],
    ) -> Vec<Finding> {
        let mut paths = Paths::new(place.as_str(), text.as_bytes());
        let certain = spans.iter().filter(|span| span.rule.is_certain());
        let finding = |span: &Span| Finding {
            path: match syntax {
                Syntax::Json => self.shown(paths.at(span.start)),
                Syntax::Plain => place.as_str().to_owned(),
            },
            rule: span.rule.as_str(),
        };
        certain.take(MOST_FINDINGS).map(finding).collect()
    }

    /// A path holds names that somebody chose.
    fn shown(&self, path: String) -> String {
        match self.spans(Place::Name, &path, Syntax::Plain) {
            Spans::Found(mut spans) if !spans.is_empty() => {
                span::merge(&mut spans);
                span::replace(&path, &spans)
            }
            _ => path,
        }
    }
}

/// What a look at a text gave.
enum Spans {
    Found(Vec<Span>),
    /// The text, with hidden letters written plainly: look at this one.
    InPlainEscapes(String),
}

/// Tells whether the names of members and variables say anything about their values.
fn names_count(place: Place) -> bool {
    !matches!(place, Place::Config | Place::Module | Place::Name)
}

impl Redactor for SecretRedactor {
    fn text(&self, place: Place, text: &str) -> Option<Clean> {
        self.clean(place, text, Syntax::Plain)
    }

    fn json(&self, place: Place, json: &str) -> Option<Clean> {
        self.clean(place, json, Syntax::Json)
    }

    fn pieces(self: Arc<Self>, place: Place) -> Box<dyn Pieces> {
        Box::new(Stream::new(self, place))
    }

    fn certain(&self, place: Place, json: &str) -> Vec<Finding> {
        match self.spans(place, json, Syntax::Json) {
            Spans::Found(spans) => self.certain_among(place, json, Syntax::Json, &spans),
            Spans::InPlainEscapes(plain) => self.certain(place, &plain),
        }
    }
}
