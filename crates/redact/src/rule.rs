//! What recognises a secret; the word in the marker and in the metrics.

macro_rules! rules {
    ($($(#[$doc:meta])+ $name:ident = $text:literal $(, $certain:ident)?;)+) => {
        /// What recognised a secret.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])+ $name,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),+];

            /// The word in `[REDACTED:<word>]`: small letters and hyphens.
            pub const fn as_str(self) -> &'static str {
                match self { $(Rule::$name => $text,)+ }
            }

            /// Whether a match can be nothing but a secret. Certain ones are refused in the input of a run.
            pub const fn is_certain(self) -> bool {
                match self { $(Rule::$name => rules!(@certain $($certain)?),)+ }
            }
        }
    };
    (@certain certain) => { true };
    (@certain) => { false };
}

rules! {
    /// A secret that this process has resolved.
    Known = "known", certain;
    /// A bearer of this product.
    Bearer = "bearer", certain;
    /// An action handle of this product.
    ActionHandle = "action-handle", certain;
    /// A private key.
    PrivateKey = "private-key", certain;
    /// Keys that begin with sk, pk or rk.
    ApiKey = "api-key", certain;
    /// A GitHub token.
    Github = "github", certain;
    /// A GitLab token.
    Gitlab = "gitlab", certain;
    /// An AWS access key id.
    Aws = "aws", certain;
    /// A Slack token.
    Slack = "slack", certain;
    /// A Google API key or access token.
    Google = "google", certain;
    /// An npm token.
    Npm = "npm", certain;
    /// A PyPI token.
    Pypi = "pypi", certain;
    /// A Hugging Face token.
    HuggingFace = "hugging-face", certain;
    /// A SendGrid key.
    Sendgrid = "sendgrid", certain;
    /// A JSON web token.
    Jwt = "jwt", certain;
    /// A user with a password in front of a host.
    UrlUser = "url-user";
    /// What follows Bearer or Basic.
    HttpAuth = "http-auth";
    /// A member of a JSON object with the name of a secret.
    Member = "member";
    /// A value behind the name of a secret, in running text.
    Assignment = "assignment";
    /// A long random word next to the name of a secret.
    RandomWord = "random-word";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_rules_fit_into_a_marker() {
        for rule in Rule::ALL {
            let word = rule.as_str();
            assert!(word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(word.len() <= crate::marker::LONGEST_WORD, "{word}");
        }
    }

    #[test]
    fn rules_are_numbered_in_order() {
        for (number, rule) in Rule::ALL.iter().enumerate() {
            assert_eq!(*rule as usize, number);
        }
    }
}
