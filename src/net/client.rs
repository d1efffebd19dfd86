//! Where a client is, behind proxies that may be believed.

use std::net::IpAddr;

use actix_web::http::header::HeaderMap;

use crate::config::Network;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Most entries of `X-Forwarded-For` that are looked at, from the right.
const MAX_HOPS: usize = 32;

/// The address of the client of a request; none when the connection has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// Finds the client: the peer, or, when that is a trusted proxy, the address before it, and so on.
    ///
    /// Each proxy appends the address that it was called from, so the header is read from the right and only as far as
    /// trusted proxies have written it. What is no address ends the walk at the proxy that wrote it.
    pub(super) fn of(
        peer: Option<IpAddr>,
        headers: &HeaderMap,
        trusted: &[Network],
    ) -> ClientAddress {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let Some(mut client) = peer.map(|peer| peer.to_canonical()) else {
            return ClientAddress(None);
        };
        let lines: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        for hop in hops.take(MAX_HOPS) {
            if !is_trusted(client) {
                break;
            }
            match address(hop.trim()) {
                Some(before) => client = before,
                None => break,
            }
        }
        ClientAddress(Some(client))
    }
}

/// Reads an address as proxies write it, with or without a port.
fn address(hop: &str) -> Option<IpAddr> {
    let plain = hop.parse::<IpAddr>().ok();
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|hop| hop.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    plain
        .or_else(with_port)
        .or_else(in_brackets)
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::config::{Config, Sources};

    /// Two proxies are trusted: 10.0.0.0/8 and ::1.
    fn client(peer: &str, lines: &[&'static str]) -> String {
        let mut sources = Sources::default();
        let proxies = "10.0.0.0/8, ::1".to_owned();
        sources
            .environment
            .insert("SMITHERS_TRUSTED_PROXIES".into(), proxies);
        let trusted = Config::read(&sources).unwrap().access.trusted_proxies;
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = HeaderName::from_static(FORWARDED_FOR);
            headers.append(name, HeaderValue::from_static(line));
        }
        let peer = Some(peer.parse().unwrap());
        let ClientAddress(found) = ClientAddress::of(peer, &headers, &trusted);
        found.unwrap().to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_says_where_the_client_is_and_a_forged_beginning_does_not_count() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            client("10.0.0.1", &["1.2.3.4, 198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client("10.0.0.1", &["1.2.3.4", "198.51.100.7, 10.9.9.9"]),
            "198.51.100.7"
        );
        assert_eq!(client("::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn ports_and_brackets_are_understood_and_nonsense_ends_at_its_writer() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]:80"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1", &["198.51.100.7, , 10.0.0.2"]),
            "10.0.0.2"
        );
        assert_eq!(client("10.0.0.1", &["10.0.0.2"]), "10.0.0.2");
    }
}
