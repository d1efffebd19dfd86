//! What the redactor of the process is told at the start: the secrets of the environment that modules may read,
//! and what the operator lets through.

use std::collections::BTreeMap;
use std::sync::Arc;

use smithers_model::workflow::WorkflowDefinition;
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

/// Tells `redactor` the secrets of webhooks.
pub(super) fn learn_webhooks(redactor: &SecretRedactor, definitions: &[Arc<WorkflowDefinition>]) {
    for definition in definitions {
        let webhook = definition.webhook.as_ref();
        if let Some(secret) = webhook.and_then(|webhook| webhook.secret.expose()) {
            redactor.learn(secret);
        }
    }
}
