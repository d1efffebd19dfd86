//! How the gateway is reached.

use crate::doctor::{Finding, Site};

/// A gateway that others can reach stands behind a proxy that speaks TLS.
pub(super) fn tls(site: &Site<'_>) -> Finding {
    let (listen, access) = (&site.config.listen, &site.config.access);
    let host = listen.host;
    if !host.is_loopback() && access.trusted_proxies.is_empty() {
        return Finding::fail(
            format!("listens on {host} in plain text, and no proxy is trusted"),
            "listen on 127.0.0.1 behind a TLS proxy, or name the proxy in SMITHERS_TRUSTED_PROXIES",
        );
    }
    let reached = match host.is_loopback() {
        true => format!("listens on {host} only"),
        false => {
            let proxies: Vec<String> = access
                .trusted_proxies
                .iter()
                .map(ToString::to_string)
                .collect();
            format!(
                "listens on {host} behind the trusted proxies {}",
                proxies.join(", ")
            )
        }
    };
    if access.allowed_origins.is_empty() {
        return Finding::warn(
            format!("{reached}; pages of every site may call with a token"),
            "list the origins of your dashboards in SMITHERS_GATEWAY_ALLOWED_ORIGINS",
        );
    }
    let insecure = access
        .allowed_origins
        .iter()
        .find(|origin| is_plain(origin));
    match insecure {
        Some(origin) => Finding::warn(
            format!("{reached}; the origin {origin} is not https"),
            "serve the page over https",
        ),
        None => Finding::pass(format!(
            "{reached}; {} https origins",
            access.allowed_origins.len()
        )),
    }
}

fn is_plain(origin: &str) -> bool {
    let near = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    origin.starts_with("http://") && !near.iter().any(|prefix| origin.starts_with(prefix))
}
