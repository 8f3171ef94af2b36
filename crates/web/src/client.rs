//! Who asks. The address of the connection's other end counts, unless that is a proxy which is
//! believed: then the client is the last address in its header that is no such proxy. Whatever stands
//! before that was written by the client itself.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, HeaderName};

use ipnet::IpNet;

use crate::conduct::{Proxies, ProxyHeader, is_within};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address; none where there is no connection, as in tests.
    pub(crate) address: Option<IpAddr>,
    /// Whether that is the client itself and not a proxy that does not tell for whom it asks.
    pub(crate) is_itself: bool,
    /// Whether a proxy that is believed asks for it.
    pub(crate) through_proxy: bool,
}

impl Client {
    pub(crate) fn of(request: &Request, proxies: &Proxies) -> Self {
        let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
            return Self {
                address: None,
                is_itself: false,
                through_proxy: false,
            };
        };
        let peer = peer.ip().to_canonical();
        let through_proxy = is_within(&proxies.networks, peer);
        let (address, is_itself) = if through_proxy {
            behind(peer, request.headers(), proxies)
        } else {
            (peer, !is_forwarded(request.headers()))
        };
        Self {
            address: Some(address),
            is_itself,
            through_proxy,
        }
    }

    /// Whether it is of a network without limits: a proxy of such a network has them all the same
    /// if it does not tell for whom it asks.
    pub(crate) fn is_free(self, unlimited: &[IpNet]) -> bool {
        let address = self.address.filter(|_| self.is_itself);
        address.is_some_and(|address| is_within(unlimited, address))
    }
}

/// Whether a request says that it was forwarded.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED)
}

/// For whom a proxy asks, and that it says so; the proxy itself if it does not.
fn behind(proxy: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> (IpAddr, bool) {
    let name = match proxies.header {
        ProxyHeader::XForwardedFor => X_FORWARDED_FOR,
        ProxyHeader::Forwarded => FORWARDED,
    };
    let mut last = proxy;
    // Several headers are one list, the last entry being that of the nearest proxy.
    for value in headers.get_all(name).iter().rev() {
        let Ok(value) = value.to_str() else {
            return (last, false);
        };
        for entry in value.rsplit(',') {
            let address = match proxies.header {
                ProxyHeader::XForwardedFor => address(entry),
                ProxyHeader::Forwarded => forwarded_for(entry),
            };
            // What cannot be read hides whatever stands before it.
            let Some(address) = address else {
                return (last, false);
            };
            if !is_within(&proxies.networks, address) {
                return (address, true);
            }
            last = address;
        }
    }
    (last, false)
}

/// The address in an element such as `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    address(values.next()?.1)
}

/// An address with or without a port, quotation marks and brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.or_else(bare).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn client(peer: &str, header: ProxyHeader, lines: &[(&str, &str)]) -> Client {
        let networks = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|it| it.parse().unwrap());
        let proxies = Proxies {
            networks: networks.to_vec(),
            header,
        };
        let mut request = axum::http::Request::builder();
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let peer: SocketAddr = peer.parse().unwrap();
        let request = request.extension(ConnectInfo(peer)).body(Body::empty());
        Client::of(&request.unwrap(), &proxies)
    }

    fn address_of(peer: &str, header: ProxyHeader, lines: &[(&str, &str)]) -> String {
        client(peer, header, lines).address.unwrap().to_string()
    }

    #[test]
    fn a_header_of_somebody_who_is_no_proxy_counts_for_nothing() {
        let lines = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.2"),
        ];
        for header in [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded] {
            let client = client("198.51.100.7:1", header, &lines);
            assert_eq!(client.address.unwrap().to_string(), "198.51.100.7");
            assert!(!client.through_proxy);
        }
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_proxy() {
        for (value, of) in [
            ("192.0.2.1", "192.0.2.1"),
            ("203.0.113.9, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, 10.1.2.3", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1, 2001:db8:ffff::1", "2001:db8::1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, nonsense, 10.1.2.3", "10.1.2.3"),
            ("nonsense", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            let lines = [("x-forwarded-for", value)];
            let found = address_of("10.0.0.1:1", ProxyHeader::XForwardedFor, &lines);
            assert_eq!(found, of, "{value}");
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        let lines = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-for", "192.0.2.2, 10.0.0.2"),
        ];
        let found = address_of("[::ffff:10.0.0.1]:1", ProxyHeader::XForwardedFor, &lines);
        assert_eq!(found, "192.0.2.2");
    }

    #[test]
    fn only_the_header_that_is_configured_is_read() {
        let lines = [
            ("x-forwarded-for", "192.0.2.1"),
            (
                "forwarded",
                "for=198.51.100.1, For=\"[2001:db8::9]:4711\";proto=https;by=10.0.0.1",
            ),
        ];
        let found = address_of("10.0.0.1:1", ProxyHeader::Forwarded, &lines);
        assert_eq!(found, "2001:db8::9");
        let hidden = [("forwarded", "for=192.0.2.1, for=_hidden")];
        let found = address_of("10.0.0.1:1", ProxyHeader::Forwarded, &hidden);
        assert_eq!(found, "10.0.0.1");
    }
}
