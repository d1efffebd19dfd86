//! The gates that a request passes before its token is looked at. They keep web pages of other sites away from a gateway
//! that a browser can reach: one without authentication by its address, one with a session cookie by the cookie.

use std::net::IpAddr;

use smithers_protocol::error::RpcError;

use super::credential::{Credential, Source};
use super::headers::RequestHeaders;
use crate::config::{Access, AuthMode};

/// The gates of one gateway.
#[derive(Debug, Clone)]
pub struct Gate {
    has_auth: bool,
    allowed_origins: Vec<String>,
    trust_any_host: bool,
}

/// Which gate is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateRefusal {
    /// The gateway was called by a name that is not its own.
    Host,
    /// The page that calls is of a site that may not.
    Origin,
    /// The page that calls is of another site, and only the browser's cookie speaks for it.
    CookieOrigin,
}

impl GateRefusal {
    /// Returns the sentence for the client.
    pub fn message(self) -> &'static str {
        match self {
            GateRefusal::Host => "Host is not allowed",
            GateRefusal::Origin => "Origin is not allowed",
            GateRefusal::CookieOrigin => "Origin is not allowed for cookie-authenticated requests",
        }
    }
}

impl From<GateRefusal> for RpcError {
    fn from(refusal: GateRefusal) -> RpcError {
        RpcError::unauthorized(refusal.message())
    }
}

impl Gate {
    /// Takes the rules of the configuration.
    pub fn new(access: &Access) -> Gate {
        Gate {
            has_auth: access.auth != AuthMode::None,
            allowed_origins: access.allowed_origins.clone(),
            trust_any_host: access.trust_any_host,
        }
    }

    /// Checks a request; `credential` is what [`Credential::find`] found in it.
    ///
    /// # Errors
    /// The first gate that is closed.
    pub fn check(
        &self,
        headers: &RequestHeaders<'_>,
        credential: Option<&Credential>,
    ) -> Result<(), GateRefusal> {
        let origin = headers.origin.as_deref();
        if !self.has_auth {
            return self.check_open(headers.host.as_deref(), origin);
        }
        let is_listed = |origin: &str| self.allowed_origins.iter().any(|allowed| allowed == origin);
        if !self.allowed_origins.is_empty() && origin.is_some_and(|origin| !is_listed(origin)) {
            return Err(GateRefusal::Origin);
        }
        let by_cookie = credential.is_some_and(|credential| credential.source == Source::Cookie);
        let is_own = |origin: &str| is_same_host(origin, headers.host.as_deref());
        let is_foreign = origin
            .is_some_and(|origin| !is_anonymous(origin) && !is_listed(origin) && !is_own(origin));
        if by_cookie && is_foreign {
            Err(GateRefusal::CookieOrigin)
        } else {
            Ok(())
        }
    }

    /// Checks a request to a gateway without authentication.
    fn check_open(&self, host: Option<&str>, origin: Option<&str>) -> Result<(), GateRefusal> {
        if !self.trust_any_host && host.is_some_and(|host| !is_loopback(host)) {
            return Err(GateRefusal::Host);
        }
        let is_near =
            |origin: &str| is_anonymous(origin) || authority(origin).is_some_and(is_loopback);
        if origin.is_some_and(|origin| !is_near(origin)) {
            Err(GateRefusal::Origin)
        } else {
            Ok(())
        }
    }
}

/// Tells whether an origin names no site.
fn is_anonymous(origin: &str) -> bool {
    origin.is_empty() || origin == "null"
}

/// Returns host and port of an origin.
fn authority(origin: &str) -> Option<&str> {
    origin
        .split_once("://")
        .map(|(_, rest)| rest)
        .filter(|rest| !rest.contains(['/', '@', '?', '#']))
}

fn is_same_host(origin: &str, host: Option<&str>) -> bool {
    authority(origin)
        .zip(host)
        .is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
}

/// Tells whether a host, with or without a port, is this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(address, _)| address),
        None if host.matches(':').count() == 1 => {
            host.split_once(':').map_or(host, |(name, _)| name)
        }
        None => host,
    };
    let name = name.to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return true;
    }
    match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback()
                || address
                    .to_ipv4_mapped()
                    .is_some_and(|mapped| mapped.is_loopback())
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(gate: &Gate, headers: &[(&str, &str)]) -> Result<(), GateRefusal> {
        let headers = RequestHeaders::collect(
            headers
                .iter()
                .map(|(name, value)| (*name, value.as_bytes())),
        );
        gate.check(&headers, Credential::find(&headers).as_ref())
    }

    fn gate(has_auth: bool, allowed: &[&str]) -> Gate {
        let allowed_origins = allowed.iter().map(|origin| (*origin).to_owned()).collect();
        Gate {
            has_auth,
            allowed_origins,
            trust_any_host: false,
        }
    }

    #[test]
    fn an_open_gateway_answers_to_loopback_names_only() {
        let open = gate(false, &[]);
        assert_eq!(check(&open, &[]), Ok(()));
        for host in [
            "localhost",
            "LocalHost:7331",
            "app.localhost:1",
            "127.0.0.1",
            "127.9.9.9:7331",
            "[::1]:7331",
            "::1",
            "[::ffff:127.0.0.1]",
        ] {
            assert_eq!(check(&open, &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "example.com",
            "localhost.evil.example",
            "128.0.0.1",
            "[::2]",
            "127.0.0.1.evil.example",
            "",
            "[",
        ] {
            assert_eq!(
                check(&open, &[("host", host)]),
                Err(GateRefusal::Host),
                "{host}"
            );
        }
        assert_eq!(
            check(&open, &[("host", "localhost"), ("host", "localhost")]),
            Err(GateRefusal::Host)
        );
        let trusting = Gate {
            trust_any_host: true,
            ..open
        };
        assert_eq!(check(&trusting, &[("host", "example.com")]), Ok(()));
    }

    #[test]
    fn an_open_gateway_refuses_pages_of_other_sites() {
        let open = gate(false, &[]);
        for origin in [
            "",
            "null",
            "http://localhost:5173",
            "http://127.0.0.1",
            "http://[::1]:3000",
        ] {
            assert_eq!(check(&open, &[("origin", origin)]), Ok(()), "{origin}");
        }
        for origin in [
            "https://evil.example",
            "http://localhost@evil.example",
            "http://localhost/x",
            "localhost",
        ] {
            assert_eq!(
                check(&open, &[("origin", origin)]),
                Err(GateRefusal::Origin),
                "{origin}"
            );
        }
    }

    #[test]
    fn listed_origins_are_compared_exactly() {
        let listed = gate(true, &["https://app.example"]);
        let call = |origin: &str| {
            check(
                &listed,
                &[("origin", origin), ("authorization", "Bearer a")],
            )
        };
        assert_eq!(call("https://app.example"), Ok(()));
        for origin in [
            "https://app.example/",
            "https://APP.example",
            "http://app.example",
            "null",
            "",
        ] {
            assert_eq!(call(origin), Err(GateRefusal::Origin), "{origin}");
        }
        assert_eq!(check(&listed, &[("authorization", "Bearer a")]), Ok(()));
    }

    #[test]
    fn a_cookie_speaks_only_for_pages_of_the_gateway() {
        let any = gate(true, &[]);
        let call = |origin: &str, more: &[(&str, &str)]| {
            let own = [
                ("host", "gw.example"),
                ("cookie", "smithers_session=t"),
                ("origin", origin),
            ];
            check(&any, &[&own[..], more].concat())
        };
        for origin in ["https://gw.example", "http://GW.example", "null", ""] {
            assert_eq!(call(origin, &[]), Ok(()), "{origin}");
        }
        for origin in [
            "https://evil.example",
            "https://gw.example:8443",
            "https://gw.example.evil.example",
        ] {
            assert_eq!(
                call(origin, &[]),
                Err(GateRefusal::CookieOrigin),
                "{origin}"
            );
            assert_eq!(
                call(origin, &[("authorization", "Bearer a")]),
                Ok(()),
                "{origin}"
            );
        }
        assert_eq!(check(&any, &[("cookie", "smithers_session=t")]), Ok(()));
    }
}
