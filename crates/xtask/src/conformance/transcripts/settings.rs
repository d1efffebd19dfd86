//! The configuration of a recorded gateway, as environment variables of ours.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

/// Returns the environment for `config`; keys that have no counterpart are errors.
pub(crate) fn environment(config: &Map<String, Value>) -> Result<Vec<(&'static str, String)>> {
    let mut variables = Vec::new();
    for (key, value) in config {
        if let Some(name) = variable(key, value)? {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            variables.push((name, text));
        }
    }
    Ok(variables)
}

fn variable(key: &str, value: &Value) -> Result<Option<&'static str>> {
    Ok(Some(match key {
        "auth" => "SMITHERS_GATEWAY_AUTH",
        "heartbeatMs" => "SMITHERS_GATEWAY_HEARTBEAT_MS",
        "eventWindowSize" => "SMITHERS_GATEWAY_EVENT_WINDOW",
        "maxConnections" => "SMITHERS_GATEWAY_MAX_CONNECTIONS",
        "maxPreAuthConnections" => "SMITHERS_GATEWAY_MAX_PRE_AUTH",
        // The bridge is not there to be switched: nothing is fed twice.
        "outOfProcessEventBridge" if value == &Value::Bool(false) => return Ok(None),
        other => bail!("`{other}: {value}` of the recorded gateway cannot be set here"),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(config: Value) -> Result<Vec<(&'static str, String)>> {
        environment(config.as_object().unwrap())
    }

    #[test]
    fn known_settings_become_variables() {
        let config =
            json!({ "auth": "token", "eventWindowSize": 4, "outOfProcessEventBridge": false });
        let expected = [
            ("SMITHERS_GATEWAY_AUTH", "token".to_owned()),
            ("SMITHERS_GATEWAY_EVENT_WINDOW", "4".to_owned()),
        ];
        assert_eq!(names(config).unwrap(), expected);
    }

    #[test]
    fn a_setting_without_a_counterpart_is_told() {
        assert!(names(json!({ "outOfProcessEventBridge": true })).is_err());
        assert!(
            names(json!({ "jwt": {} }))
                .unwrap_err()
                .to_string()
                .contains("`jwt: {}`")
        );
    }
}
