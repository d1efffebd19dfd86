//! Who can be responsible for an approval: a user, a team or a role, written as one text.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::run::Actor;

/// Longest text of a party, bytes; a user id of a grant is never longer.
const MAX_TEXT: usize = 256;
const TEAM: &str = "team:";
const ROLE: &str = "role:";

/// A person or a group of people.
///
/// Written `team:slug` for a team, `role:name` for a role, and anything else is a user id as grants have it.
///
/// Grants are all that this build knows of people, so they say who belongs to what: a grant has the role
/// it names, and is a member of each team that its scopes name literally (`team:slug`). `*` and `admin`
/// confer scopes, not membership: nobody becomes a member of a team without being named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Party {
    /// The holder of this user id.
    User(String),
    /// Everybody whose grant names the team of this slug.
    Team(String),
    /// Everybody whose grant has this role.
    Role(String),
}

/// A text that names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartyError {
    /// Nothing, or nothing behind the prefix.
    #[error("names nobody")]
    Empty,
    /// Longer than a user id can be.
    #[error("is longer than {MAX_TEXT} bytes")]
    TooLong,
    /// White space around it, or characters that cannot be seen.
    #[error("begins or ends with white space, or holds control characters")]
    Unclean,
}

impl Party {
    /// Reads the text of a party.
    ///
    /// # Errors
    /// The text names nobody: see [`PartyError`].
    pub fn parse(text: &str) -> Result<Self, PartyError> {
        if text.len() > MAX_TEXT {
            return Err(PartyError::TooLong);
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err(PartyError::Unclean);
        }
        let (party, name): (fn(String) -> Self, _) = if let Some(slug) = text.strip_prefix(TEAM) {
            (Self::Team, slug)
        } else if let Some(name) = text.strip_prefix(ROLE) {
            (Self::Role, name)
        } else {
            (Self::User, text)
        };
        match name.trim() {
            "" => Err(PartyError::Empty),
            _ => Ok(party(name.to_owned())),
        }
    }

    /// Returns true when `actor` is this user, a member of this team, or has this role.
    pub fn includes(&self, actor: &Actor) -> bool {
        match self {
            Self::User(id) => actor.user_id.as_ref() == Some(id),
            Self::Team(slug) => {
                let mut teams = actor.scopes.iter().filter_map(|it| it.strip_prefix(TEAM));
                teams.any(|team| team == slug)
            }
            Self::Role(name) => actor.role == *name,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => out.write_str(id),
            Self::Team(slug) => write!(out, "{TEAM}{slug}"),
            Self::Role(name) => write!(out, "{ROLE}{name}"),
        }
    }
}

impl TryFrom<String> for Party {
    type Error = PartyError;

    fn try_from(text: String) -> Result<Self, PartyError> {
        Self::parse(&text)
    }
}

impl From<Party> for String {
    fn from(party: Party) -> Self {
        party.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(text: &str) -> Party {
        Party::parse(text).unwrap()
    }

    #[test]
    fn a_party_is_read_from_its_text_and_written_back() {
        let cases = [
            ("user:ann", Party::User("user:ann".into())),
            ("ann@example.org", Party::User("ann@example.org".into())),
            ("team:release", Party::Team("release".into())),
            ("role:operator", Party::Role("operator".into())),
        ];
        for (text, expected) in cases {
            assert_eq!(party(text), expected);
            assert_eq!(expected.to_string(), text);
        }
    }

    #[test]
    fn a_text_that_names_nobody_is_refused() {
        for (text, error) in [
            ("", PartyError::Empty),
            ("team:", PartyError::Empty),
            ("role:", PartyError::Empty),
            (" ann", PartyError::Unclean),
            ("ann\n", PartyError::Unclean),
            ("a\u{0}b", PartyError::Unclean),
        ] {
            assert_eq!(Party::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(
            Party::parse(&"x".repeat(MAX_TEXT + 1)),
            Err(PartyError::TooLong)
        );
    }

    #[test]
    fn a_grant_says_which_user_teams_and_role_somebody_is() {
        let ann = Actor {
            user_id: Some("user:ann".into()),
            role: "lead".into(),
            scopes: vec!["approval:submit".into(), "team:release".into()],
            ..Actor::default()
        };
        for (text, expected) in [
            ("user:ann", true),
            ("user:bob", false),
            ("team:release", true),
            ("team:rel", false),
            ("role:lead", true),
            ("role:release", false),
        ] {
            assert_eq!(party(text).includes(&ann), expected, "{text}");
        }
    }

    #[test]
    fn a_holder_of_every_scope_is_a_member_of_no_team_unless_named() {
        let everything = Actor {
            scopes: vec!["*".into()],
            holds_all: true,
            ..Actor::default()
        };
        assert!(!party("team:release").includes(&everything));
        assert!(!party("*").includes(&everything));
    }
}
