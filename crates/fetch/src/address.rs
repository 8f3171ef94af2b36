//! Which addresses belong to the own network, and a resolver that leads to none of them.
//!
//! A feed's server must not be able to make us ask a neighbour of ours something: by a redirect, or
//! by a name that it points at a private address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::error::FetchError;

/// Resolves names as the system does, and leaves out addresses of the own network.
#[derive(Debug, Default)]
pub(crate) struct PublicOnly;

/// A name all of whose addresses are within the own network.
#[derive(Debug, thiserror::Error)]
#[error("{name} leads into the own network; private = true in the source allows it")]
pub(crate) struct PrivateName {
    name: String,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|it| is_public(it.ip())).collect();
            if public.is_empty() {
                return Err(PrivateName { name }.into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// Refuses an address within the own network, or a name that leads nowhere else: for what is fetched by
/// somebody who resolves the name again. A name that leads elsewhere a moment later gets through.
///
/// # Errors
/// When it is refused, or the name cannot be resolved.
pub async fn refuse_private(url: &Url) -> Result<(), FetchError> {
    let refuse = |reason| FetchError::Address {
        url: url.to_string(),
        reason,
    };
    let private = "it leads into the own network; private = true in the source allows it";
    if names_private_address(url) {
        return Err(refuse(private));
    }
    let Some(Host::Domain(name)) = url.host() else {
        return Ok(());
    };
    let found = tokio::net::lookup_host((name, 0)).await;
    let mut found = found.map_err(|_| refuse("its name cannot be resolved"))?;
    // Whoever fetches may take any of the addresses.
    if found.all(|it| is_public(it.ip())) {
        Ok(())
    } else {
        Err(refuse(private))
    }
}

pub(crate) fn public_only() -> Arc<PublicOnly> {
    Arc::new(PublicOnly)
}

/// Whether an address in an URL, which nobody resolves, is in the own network.
pub(crate) fn names_private_address(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !is_public(address.into()),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        Some(Host::Domain(_)) | None => false,
    }
}

/// Whether an address is one of the internet's: none of those that the IANA registries of special
/// purposes keep for a host, a network or an experiment (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(embedded) => is_public_v4(embedded),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        // Shared by carriers (RFC 6598), protocol assignments, benchmarks (RFC 2544).
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (18..20).contains(&b));
    !special
}

/// The IPv4 address that an IPv6 one stands for: mapped, or translated by NAT64 (RFC 6052) or 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => address.to_ipv4_mapped(),
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // All that is given out today is in 2000::/3 (RFC 4291). Of that, 2001::/23 is for protocols, such
    // as Teredo, which tunnels to IPv4; 2001:db8::/32 and 3fff::/20 are for documentation.
    let [first, second, ..] = address.segments();
    let special = (first == 0x2001 && (second == 0xdb8 || second < 0x200))
        || (first == 0x3fff && second < 0x1000);
    (0x2000..0x4000).contains(&first) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_own_network_are_known() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "3fff::1",
            "3fff:fff::1",
            "ff02::1",
        ];
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "9.9.9.9",
            "151.101.2.132",
            "2001:200::1",
            "2a04:4e42::644",
            "64:ff9b::909:909",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_address_in_place_of_a_name_is_seen() {
        let is_private = |url: &str| names_private_address(&url.parse().unwrap());
        assert!(is_private("http://127.0.0.1:8000/x"));
        assert!(is_private("http://[::1]/"));
        // Other ways to write 127.0.0.1.
        assert!(is_private("http://2130706433/"));
        assert!(is_private("http://0x7f.1/"));
        assert!(!is_private("http://localhost/"), "a name is the resolver's");
        assert!(!is_private("https://9.9.9.9/"));
    }
}
