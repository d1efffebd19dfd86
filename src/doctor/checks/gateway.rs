//! The running gateway as its clients see it: asked over loopback, without a token.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::doctor::{Finding, Site};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The header that every answer carries.
const VERSION_HEADER: &str = "x-smithers-api-version";

/// An answer, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    status: u16,
    version: Option<String>,
}

/// Asks the routes that tell whether the contract is kept.
pub(super) fn contract(site: &Site<'_>) -> Finding {
    let address = site.address();
    let paths = ["/health", "/v1/runs", "/metrics", "/no/such/route"];
    let answers: Result<Vec<Answer>, io::Error> =
        paths.iter().map(|path| ask(address, path)).collect();
    match answers {
        Err(error) => Finding::skip(
            format!("no gateway answers at {address} ({error})"),
            "start it, or run doctor with its PORT and SMITHERS_GATEWAY_HOST",
        ),
        Ok(answers) => judge(&answers, site),
    }
}

fn judge(answers: &[Answer], site: &Site<'_>) -> Finding {
    let [health, runs, metrics, absent] = answers else {
        unreachable!("one answer for each path");
    };
    let mut problems = Vec::new();
    let mut expect = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    let versioned = answers
        .iter()
        .all(|answer| answer.version.as_deref() == Some("v1"));
    expect(
        versioned,
        "an answer lacks X-Smithers-API-Version: v1".into(),
    );
    expect(
        health.status == 200,
        format!("/health answers {}", health.status),
    );
    let guarded = |answer: &Answer| answer.status == 401;
    expect(
        guarded(runs),
        format!("/v1/runs answers {} without a token", runs.status),
    );
    let open = site.config.access.metrics_public;
    expect(
        open || guarded(metrics),
        format!("/metrics answers {} without a token", metrics.status),
    );
    expect(
        absent.status == 404,
        format!("an unknown route answers {}", absent.status),
    );
    if !problems.is_empty() {
        return Finding::fail(
            problems.join("; "),
            "look at the gateway's log and at `smithers health`",
        );
    }
    let window = site.config.streams.event_window;
    Finding::pass(format!(
        "{} answers as v1; a reconnect replays up to {window} events",
        site.address()
    ))
}

fn ask(address: SocketAddr, path: &str) -> io::Result<Answer> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let asked = agent.get(format!("http://{address}{path}")).call();
    let answer = asked.map_err(ureq::Error::into_io)?;
    let version = answer.headers().get(VERSION_HEADER);
    Ok(Answer {
        status: answer.status().as_u16(),
        version: version
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
    })
}
