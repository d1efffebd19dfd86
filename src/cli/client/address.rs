//! The address of a gateway: what may be written, and the addresses that follow from it.

use std::fmt;

use smithers_protocol::limits::DEFAULT_PORT;
use url::Url;

use super::ClientError;

/// Where a gateway answers, directly or behind a proxy; a path in front of its routes is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Address {
    url: Url,
}

impl Address {
    /// Reads `http://host[:port][/path]` or the same with https.
    ///
    /// A user or password in it is refused: arguments are seen by everybody on the machine.
    pub(super) fn parse(text: &str) -> Result<Self, ClientError> {
        let refuse = |problem: &'static str| ClientError::Address { problem };
        let url = Url::parse(text.trim()).map_err(|_| refuse("it is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it must not hold a user or password"));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("it must begin with http:// or https://"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must end with the host or a path"));
        }
        Ok(Self { url })
    }

    /// The gateway of this machine, on the port that its environment names.
    pub(super) fn of_this_machine(port: Option<&str>) -> Self {
        let port = port
            .and_then(|port| port.trim().parse::<u16>().ok())
            .filter(|port| *port != 0);
        let text = format!("http://127.0.0.1:{}", port.unwrap_or(DEFAULT_PORT));
        Self {
            url: Url::parse(&text).expect("the text is a URL"),
        }
    }

    /// Name or address of the host, without the brackets of IPv6.
    pub(super) fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Port, that of the scheme unless one is written.
    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(DEFAULT_PORT)
    }

    /// Whether the connection is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether what is sent stays on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host();
        let is_loopback = |address: std::net::IpAddr| address.is_loopback();
        host == "localhost" || host.parse().is_ok_and(is_loopback)
    }

    /// The URL of a route, such as `health`.
    pub(super) fn route(&self, path: &str) -> String {
        format!("{self}/{path}")
    }

    /// The URL of the WebSocket.
    pub(super) fn socket(&self) -> String {
        let http = self.route("");
        http.replacen("http", "ws", 1)
    }
}

/// The address as it is shown: without a slash at the end.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_and_sockets_follow_from_the_address() {
        let address = Address::parse("https://ops.example.org/smithers/").unwrap();
        assert_eq!(address.to_string(), "https://ops.example.org/smithers");
        assert_eq!(
            address.route("v1/rpc/getRun"),
            "https://ops.example.org/smithers/v1/rpc/getRun"
        );
        assert_eq!(address.socket(), "wss://ops.example.org/smithers/");
        assert_eq!((address.host(), address.port()), ("ops.example.org", 443));
        assert!(address.is_encrypted() && !address.is_loopback());
    }

    #[test]
    fn the_gateway_of_this_machine_has_the_port_of_the_environment() {
        let shown = |port| Address::of_this_machine(port).to_string();
        assert_eq!(shown(None), "http://127.0.0.1:7331");
        assert_eq!(shown(Some(" 8080 ")), "http://127.0.0.1:8080");
        for unusable in ["0", "", "70000", "http"] {
            assert_eq!(shown(Some(unusable)), "http://127.0.0.1:7331", "{unusable}");
        }
    }

    #[test]
    fn loopback_has_several_names() {
        for text in [
            "http://localhost:1",
            "http://127.0.0.2",
            "http://[::1]:7331",
        ] {
            assert!(Address::parse(text).unwrap().is_loopback(), "{text}");
        }
        assert_eq!(Address::parse("http://[::1]:7331").unwrap().host(), "::1");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in [
            "localhost:7331",
            "ftp://host",
            "http://",
            "http://user:hunter2@host",
            "http://host/?token=hunter2",
            "http://host/#hunter2",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
