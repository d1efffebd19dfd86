//! `listScores`, `listScoresForRuns` and `getScoreDetail`.

use serde_json::Value;

use super::Params;
use super::fields::{integer_up_to, present, required_text, text};
use crate::error::RpcError;

/// Most runs whose scores are compared.
pub const MOST_RUNS: usize = 30;
/// Most scores of one answer.
const MOST_ROWS: usize = 500;
/// Most scores that can be paged through.
pub const MOST_PAGED: usize = 10_000;
/// Most characters of an id.
const LONGEST_ID: usize = 256;

/// Parameters of `listScores`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListScores {
    /// The run; any text.
    pub run_id: String,
    /// Only of this node.
    pub node_id: Option<String>,
}

impl ListScores {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<ListScores, RpcError> {
        Ok(ListScores {
            run_id: required_text(params, "runId")?,
            node_id: optional_text(params, "nodeId")?,
        })
    }
}

/// How a score was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreSource {
    /// While its run executed.
    Live,
    /// Afterwards.
    Batch,
}

impl ScoreSource {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Batch => "batch",
        }
    }
}

/// Parameters of `listScoresForRuns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListScoresForRuns {
    /// The runs, each once; at most [`MOST_RUNS`].
    pub run_ids: Vec<String>,
    /// Only of this node.
    pub node_id: Option<String>,
    /// Only by scorers of this id.
    pub scorer_id: Option<String>,
    /// Only by scorers of this name.
    pub scorer_name: Option<String>,
    /// Only those made so.
    pub source: Option<ScoreSource>,
    /// The newest first.
    pub newest_first: bool,
    /// How many to leave out at the beginning.
    pub offset: usize,
    /// Most rows, from 1 to 500.
    pub limit: usize,
}

/// What `listScoresForRuns` knows.
const KNOWN: [&str; 8] = [
    "runIds",
    "nodeId",
    "scorerId",
    "scorerName",
    "source",
    "order",
    "offset",
    "limit",
];

impl ListScoresForRuns {
    /// Reads the parameters. Fields that it does not know are refused.
    pub fn read(params: &Params) -> Result<ListScoresForRuns, RpcError> {
        if let Some(unknown) = params.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            let message = format!("{unknown} is not known; known are {}", KNOWN.join(", "));
            return Err(RpcError::invalid_request(message));
        }
        let read = ListScoresForRuns {
            run_ids: run_ids(params)?,
            node_id: optional_text(params, "nodeId")?,
            scorer_id: optional_text(params, "scorerId")?,
            scorer_name: optional_text(params, "scorerName")?,
            source: one_of(
                params,
                "source",
                &[("live", ScoreSource::Live), ("batch", ScoreSource::Batch)],
            )?,
            newest_first: one_of(
                params,
                "order",
                &[("scoredAtAsc", false), ("scoredAtDesc", true)],
            )?
            .unwrap_or_default(),
            offset: whole(params, "offset", 0, MOST_PAGED - 1)?.unwrap_or(0),
            limit: whole(params, "limit", 1, MOST_ROWS)?.unwrap_or(MOST_ROWS),
        };
        if read.offset + read.limit > MOST_PAGED {
            let message = format!("offset and limit together must not be more than {MOST_PAGED}");
            return Err(RpcError::invalid_request(message));
        }
        Ok(read)
    }
}

fn run_ids(params: &Params) -> Result<Vec<String>, RpcError> {
    let refuse = || {
        let message = format!(
            "runIds must be a list of at most {MOST_RUNS} texts of 1 to {LONGEST_ID} characters"
        );
        RpcError::invalid_request(message)
    };
    let given = params.get("runIds").and_then(Value::as_array);
    let given = given.filter(|given| given.len() <= MOST_RUNS);
    let mut ids: Vec<String> = Vec::new();
    for id in given.ok_or_else(refuse)? {
        let id = id.as_str().map(str::trim).filter(|id| is_id(id));
        let id = id.ok_or_else(refuse)?;
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.chars().count())
}

/// A field that is a text when it is present.
fn optional_text(params: &Params, name: &str) -> Result<Option<String>, RpcError> {
    let is_other = present(params, name).is_some_and(|value| !value.is_string());
    match is_other {
        true => Err(RpcError::invalid_request(format!("{name} must be a text"))),
        false => Ok(text(params, name)),
    }
}

/// A field that is one of some names when it is present.
fn one_of<T: Copy>(
    params: &Params,
    name: &str,
    meanings: &[(&str, T)],
) -> Result<Option<T>, RpcError> {
    let Some(value) = present(params, name) else {
        return Ok(None);
    };
    let meaning = meanings.iter().find(|(text, _)| *value == **text);
    let refuse = || {
        let names: Vec<&str> = meanings.iter().map(|(text, _)| *text).collect();
        RpcError::invalid_request(format!("{name} must be {}", names.join(" or ")))
    };
    meaning
        .map(|(_, meaning)| Some(*meaning))
        .ok_or_else(refuse)
}

/// A field that is a whole number when it is present.
fn whole(
    params: &Params,
    name: &str,
    least: usize,
    most: usize,
) -> Result<Option<usize>, RpcError> {
    let Some(value) = present(params, name) else {
        return Ok(None);
    };
    let number = integer_up_to(value, most as u64).and_then(|number| usize::try_from(number).ok());
    let number = number.filter(|number| *number >= least);
    let refuse = || {
        let message = format!("{name} must be a whole number from {least} to {most}");
        RpcError::invalid_request(message)
    };
    number.map(Some).ok_or_else(refuse)
}

/// Parameters of `getScoreDetail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetScoreDetail {
    /// The run.
    pub run_id: String,
    /// Its score.
    pub score_id: String,
}

impl GetScoreDetail {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<GetScoreDetail, RpcError> {
        let id = |name: &str| {
            let text = params
                .get(name)
                .and_then(Value::as_str)
                .filter(|id| is_id(id));
            let message = || format!("{name} must be a text of 1 to {LONGEST_ID} characters");
            text.map(str::to_owned)
                .ok_or_else(|| RpcError::invalid_request(message()))
        };
        Ok(GetScoreDetail {
            run_id: id("runId")?,
            score_id: id("scoreId")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn params(value: Value) -> Params {
        value.as_object().cloned().unwrap_or_default()
    }

    fn refusal(value: Value) -> String {
        let error = ListScoresForRuns::read(&params(value)).expect_err("refused");
        error.message().to_owned()
    }

    #[test]
    fn runs_are_trimmed_and_each_is_there_once() {
        let read = ListScoresForRuns::read(&params(json!({ "runIds": [" a ", "b", "a"] })));
        let read = read.expect("read");
        assert_eq!(read.run_ids, ["a", "b"]);
        assert_eq!(
            (read.offset, read.limit, read.newest_first),
            (0, 500, false)
        );
        let none = ListScoresForRuns::read(&params(json!({ "runIds": [] })));
        assert!(none.expect("read").run_ids.is_empty());
    }

    #[test]
    fn what_is_out_of_bounds_or_unknown_is_refused_by_name() {
        let many: Vec<String> = (0..31).map(|n| n.to_string()).collect();
        assert!(refusal(json!({ "runIds": many })).starts_with("runIds"));
        assert!(refusal(json!({ "runIds": [" "] })).starts_with("runIds"));
        assert!(refusal(json!({ "runIds": ["x".repeat(257)] })).starts_with("runIds"));
        assert!(refusal(json!({})).starts_with("runIds"));
        let of = |name: &str, value: Value| refusal(json!({ "runIds": [], name: value }));
        assert_eq!(
            of("order", json!("up")),
            "order must be scoredAtAsc or scoredAtDesc"
        );
        assert_eq!(of("source", json!("x")), "source must be live or batch");
        for (name, value) in [
            ("limit", 0),
            ("limit", 501),
            ("offset", 10_000),
            ("offset", -1),
        ] {
            assert!(of(name, json!(value)).starts_with(name), "{name} {value}");
        }
        assert!(of("nodeId", json!(1)).starts_with("nodeId"));
        assert!(of("page", json!(1)).starts_with("page is not known"));
        let far = json!({ "runIds": [], "offset": 9_999, "limit": 2 });
        assert!(refusal(far).contains("10000"));
    }

    #[test]
    fn a_score_has_a_run_and_an_id() {
        let read = |value| GetScoreDetail::read(&params(value));
        assert!(read(json!({ "runId": "r", "scoreId": "s" })).is_ok());
        assert!(read(json!({ "runId": "r" })).is_err());
        assert!(read(json!({ "runId": "r", "scoreId": "x".repeat(257) })).is_err());
    }
}
