//! How strict the examination is.

use clap::ValueEnum;
use serde::Serialize;

/// What is expected of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// People rely on it: every check is asked, and one that could not run fails.
    Production,
    /// A pipeline that tries a release: what needs no people, no proxy and no history.
    Ci,
    /// A developer's machine: whether the gateway and its database are sound.
    Dev,
}

/// The smallest profile in which a check is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedFrom {
    /// Always.
    Dev,
    /// In a pipeline and in production.
    Ci,
    /// In production only.
    Production,
}

impl Profile {
    /// Returns whether a check is asked.
    pub fn asks(self, from: AskedFrom) -> bool {
        match (self, from) {
            (Profile::Production, _) | (_, AskedFrom::Dev) | (Profile::Ci, AskedFrom::Ci) => true,
            (Profile::Ci | Profile::Dev, AskedFrom::Production) | (Profile::Dev, AskedFrom::Ci) => {
                false
            }
        }
    }

    /// Returns the word of the profile.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Production => "production",
            Profile::Ci => "ci",
            Profile::Dev => "dev",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_asks_what_the_smaller_one_asks_and_more() {
        let asked = |profile: Profile| {
            [AskedFrom::Dev, AskedFrom::Ci, AskedFrom::Production].map(|from| profile.asks(from))
        };
        assert_eq!(asked(Profile::Dev), [true, false, false]);
        assert_eq!(asked(Profile::Ci), [true, true, false]);
        assert_eq!(asked(Profile::Production), [true, true, true]);
    }
}
