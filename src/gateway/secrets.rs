//! What the redactor of the process is told at the start: the secrets of the environment that modules may read,
//! and what the operator lets through.

use std::collections::BTreeMap;

use smithers_redact::SecretRedactor;

use crate::config::Config;

/// Tells `redactor` the secrets among `environment` that modules may read, and the policy of the operator.
/// Bearers of clients are not among them: they are hashed as soon as they come.
pub(super) fn prepare(
    redactor: &SecretRedactor,
    config: &Config,
    environment: &BTreeMap<String, String>,
) {
    for (name, value) in config.script.module_env.select(environment) {
        redactor.learn_setting(&name, &value);
    }
    redactor.allow(config.secrets.allow.clone());
}
