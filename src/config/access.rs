//! Who may do what.

use std::fmt;
use std::path::PathBuf;

use super::key::{Key, key};
use super::listen::Listen;
use super::network::Network;
use super::reader::{Fallback, Reader};
use super::sources::DATA_DIR;

/// Who may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// How callers are recognised.
    pub auth: AuthMode,
    /// The file of grants; it may be absent, then every token is refused.
    pub token_store: PathBuf,
    /// Whether the file may be readable by others than its owner, as mounted secrets can be.
    pub allow_loose_mode: bool,
    /// Origins that browsers may call from; with none, every origin may call with a token.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Without authentication: whether any `Host` is served, not only loopback names.
    pub trust_any_host: bool,
    /// Whether `/metrics` is served without a token.
    pub metrics_public: bool,
}

/// How callers are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// By a bearer token of the grant store.
    Token,
    /// Not at all: everybody who reaches the port may do everything.
    None,
}

impl fmt::Display for AuthMode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            AuthMode::Token => "token",
            AuthMode::None => "none",
        })
    }
}

impl Access {
    pub(super) fn read(reader: &mut Reader<'_>) -> Access {
        reader.section("access", "Who may do what.");
        Access {
            auth: auth_mode(reader),
            token_store: token_store(reader),
            allow_loose_mode: reader.flag(
                key(
                    "access.allow_loose_mode",
                    "SMITHERS_TOKEN_STORE_ALLOW_LOOSE_MODE",
                    "Whether the token store may be readable by others than its owner, as mounted secrets can be.",
                ),
                false,
            ),
            allowed_origins: allowed_origins(reader),
            trusted_proxies: trusted_proxies(reader),
            trust_any_host: reader.flag(
                key(
                    "access.trust_any_host",
                    "SMITHERS_GATEWAY_TRUST_ANY_HOST",
                    "Without authentication: whether any Host is served, not only loopback names.",
                ),
                false,
            ),
            metrics_public: reader.flag(
                key(
                    "access.metrics_public",
                    "SMITHERS_METRICS_PUBLIC",
                    "Whether /metrics is served without a token.",
                ),
                false,
            ),
        }
    }

    /// Warns when everybody on the network may do everything.
    pub(super) fn warning(&self, listen: &Listen) -> Option<String> {
        let is_open = self.auth == AuthMode::None && !listen.host.is_loopback();
        is_open.then(|| {
            let host = listen.host;
            format!("SMITHERS_GATEWAY_AUTH is none and the gateway listens on {host}: whoever reaches it may do everything")
        })
    }
}

fn auth_mode(reader: &mut Reader<'_>) -> AuthMode {
    let accepted = "token, none (jwt and trusted-proxy are planned)".to_owned();
    reader.parsed(
        key(
            "access.auth",
            "SMITHERS_GATEWAY_AUTH",
            "How callers are recognised: by a bearer token, or not at all.",
        ),
        AuthMode::Token,
        accepted,
        |text| match text {
            "token" => Ok(AuthMode::Token),
            "none" => Ok(AuthMode::None),
            "jwt" | "trusted-proxy" => {
                Err(format!("is {text}, which this build does not offer yet"))
            }
            _ => Err("is none of the accepted words".into()),
        },
    )
}

pub(super) fn token_store(reader: &mut Reader<'_>) -> PathBuf {
    let surroundings = reader.surroundings();
    let usual = format!("{DATA_DIR}/tokens.json");
    let in_folder = |folder: PathBuf, reason: &str| Fallback {
        value: folder.join(".smithers/tokens.json").display().to_string(),
        reason: Some(reason.to_owned()),
    };
    let fallback = match &surroundings.home {
        _ if surroundings.has_data_dir => Fallback {
            value: usual.clone(),
            reason: None,
        },
        Some(home) => in_folder(home.clone(), "there is no /data"),
        None => in_folder(PathBuf::from("."), "there is no /data and no home folder"),
    };
    let key = key(
        "access.token_store",
        "SMITHERS_TOKEN_STORE",
        "The file of grants; while it is absent every token is refused.",
    );
    reader.text_or(key, "a path", &usual, fallback).into()
}

/// A list that is shown as it is written.
struct Listed<T>(Vec<T>);

impl<T: fmt::Display> fmt::Display for Listed<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&items.join(","))
    }
}

/// Reads a list of which every item is understood by `item`.
fn listed<T: fmt::Display>(
    reader: &mut Reader<'_>,
    key: Key,
    accepted: &str,
    problem: &str,
    item: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let parse = |text: &str| {
        let items = text.split(',').map(|text| item(text.trim()));
        let items: Option<Vec<T>> = items.collect();
        items.map(Listed).ok_or_else(|| problem.to_owned())
    };
    let none = Listed(Vec::new());
    reader.list(key, none, accepted.to_owned(), parse).0
}

fn allowed_origins(reader: &mut Reader<'_>) -> Vec<String> {
    let is_origin = |origin: &str| {
        origin.split_once("://").is_some_and(|(scheme, host)| {
            !scheme.is_empty() && !host.is_empty() && !host.contains(['/', ' ', '*'])
        })
    };
    listed(
        reader,
        key(
            "access.allowed_origins",
            "SMITHERS_GATEWAY_ALLOWED_ORIGINS",
            "Origins that browsers may call from; with none, every origin may call with a token.",
        ),
        "origins such as https://example.org, separated by commas",
        "holds something else than origins",
        |origin| is_origin(origin).then(|| origin.to_owned()),
    )
}

fn trusted_proxies(reader: &mut Reader<'_>) -> Vec<Network> {
    listed(
        reader,
        key(
            "access.trusted_proxies",
            "SMITHERS_TRUSTED_PROXIES",
            "Proxies whose X-Forwarded-For says where a client is; without it a proxy counts as the client.",
        ),
        "addresses and networks such as 10.0.0.0/8, separated by commas",
        "holds something else than addresses and networks",
        Network::parse,
    )
}
