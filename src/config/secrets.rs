//! What the operator lets through the redactor.

use smithers_redact::Policy;

use super::key::key;
use super::reader::Reader;

/// What the operator lets through the redactor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// Fields in which secrets of other products may be stored.
    pub allow: Policy,
}

impl Secrets {
    pub(super) fn read(reader: &mut Reader<'_>) -> Secrets {
        reader.section(
            "secrets",
            "What may be stored although it looks like a secret.",
        );
        let key = key(
            "secrets.allow",
            "SMITHERS_SECRET_POLICY_ALLOW",
            "Fields in which secrets of other products may be stored; tokens of this product and secrets that the gateway knows never are.",
        );
        let accepted =
            "paths such as input.customer.key or output.items.*.token, separated by commas"
                .to_owned();
        let parse = |text: &str| {
            Policy::parse(text).map_err(|_| "holds something else than paths of fields".into())
        };
        Secrets {
            allow: reader.list(key, Policy::default(), accepted, parse),
        }
    }

    /// Warns that some secrets are stored.
    pub(super) fn warning(&self) -> Option<String> {
        (!self.allow.is_empty()).then(|| {
            let allow = &self.allow;
            format!("SMITHERS_SECRET_POLICY_ALLOW is {allow}: secrets in these fields are stored as they are")
        })
    }
}
