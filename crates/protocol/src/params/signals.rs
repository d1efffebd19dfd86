//! `submitSignal`.

use serde_json::Value;

use super::Params;
use super::fields::text;
use crate::error::RpcError;
use crate::limits;

/// Parameters of `submitSignal`.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmitSignal {
    /// The run that gets it.
    pub run_id: String,
    /// Its name; the correlation key when it has none.
    pub signal_name: String,
    /// Tells signals of one name apart.
    pub correlation_id: Option<String>,
    /// What it tells.
    pub payload: Value,
}

impl SubmitSignal {
    /// Reads the parameters. `correlationKey` stands for a name and for a correlation that are not there.
    pub fn read(params: &Params) -> Result<SubmitSignal, RpcError> {
        let key = text(params, "correlationKey");
        let name = text(params, "signalName").or_else(|| key.clone());
        let name = name.map(|name| name.trim().to_owned());
        let (Some(run_id), Some(signal_name)) =
            (text(params, "runId"), name.filter(|name| !name.is_empty()))
        else {
            return Err(RpcError::invalid_request(
                "runId and signalName are required",
            ));
        };
        let correlation_id = text(params, "correlationId").or(key);
        for (what, text) in [
            ("signalName", Some(&signal_name)),
            ("correlationId", correlation_id.as_ref()),
        ] {
            if text.is_some_and(|text| text.chars().count() > limits::MAX_SIGNAL_NAME_CHARS) {
                let most = limits::MAX_SIGNAL_NAME_CHARS;
                let message = format!("{what} must have at most {most} characters");
                return Err(RpcError::invalid_request(message));
            }
        }
        let payload = params.get("data").or_else(|| params.get("payload"));
        Ok(SubmitSignal {
            run_id,
            signal_name,
            correlation_id,
            payload: payload
                .cloned()
                .unwrap_or_else(|| Value::Object(Params::new())),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(params: Value) -> Result<SubmitSignal, RpcError> {
        SubmitSignal::read(params.as_object().unwrap())
    }

    #[test]
    fn the_correlation_key_stands_for_both_names() {
        let signal = read(json!({ "runId": "r", "correlationKey": "k" })).unwrap();
        assert_eq!(signal.signal_name, "k");
        assert_eq!(signal.correlation_id.as_deref(), Some("k"));
        assert_eq!(signal.payload, json!({}));
        let both = json!({ "runId": "r", "correlationKey": "k", "signalName": " s ", "correlationId": "c", "data": 1, "payload": 2 });
        let signal = read(both).unwrap();
        assert_eq!(signal.signal_name, "s");
        assert_eq!(signal.correlation_id.as_deref(), Some("c"));
        assert_eq!(signal.payload, json!(1));
    }

    #[test]
    fn a_signal_without_a_name_or_a_run_is_refused() {
        for params in [
            json!({ "runId": "r" }),
            json!({ "signalName": "s" }),
            json!({ "runId": "r", "signalName": "  " }),
            json!({ "runId": "r", "signalName": "s".repeat(257) }),
        ] {
            assert!(read(params.clone()).is_err(), "{params}");
        }
    }
}
