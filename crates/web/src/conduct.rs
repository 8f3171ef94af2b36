//! How clients are treated, as whoever runs the server has configured it: which proxies are believed,
//! how much may be asked, whom to tell of weaknesses. Plain values; what is configured wrongly does
//! not get here.

use std::net::IpAddr;
use std::num::NonZeroU32;

use ipnet::IpNet;
use jiff::Timestamp;

/// How clients are treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conduct {
    /// The address under which people know the server, without a slash at its end:
    /// `https://security.example.org`. Without it, feeds refer to pages by their paths.
    pub address: Option<String>,
    /// Who may speak for others.
    pub proxies: Proxies,
    /// How much may be asked; without, as much as anybody likes.
    pub limits: Option<Limits>,
    /// How many connections there may be.
    pub connections: ConnectionLimits,
    /// Networks for whose clients none of this counts, such as a monitor's; this machine's own
    /// programs, unless configured otherwise.
    pub unlimited: Vec<IpNet>,
    /// Whom to tell of weaknesses of this server.
    pub security: Option<Security>,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            address: None,
            proxies: Proxies::default(),
            limits: None,
            connections: ConnectionLimits::default(),
            unlimited: this_machine(),
            security: None,
        }
    }
}

impl Conduct {
    /// The fields of `security.txt`, as long as they may be believed.
    pub fn security_at(&self, now: Timestamp) -> Option<&Security> {
        self.security.as_ref().filter(|it| it.expires > now)
    }
}

/// Proxies that are believed when they tell for whom they ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proxies {
    /// Where they are.
    pub networks: Vec<IpNet>,
    /// The one header in which they tell it: one that a proxy passes on as it came would be the
    /// client's own word.
    pub header: ProxyHeader,
}

/// A header that names the clients for which proxies ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which nginx, Caddy and most others send.
    #[default]
    XForwardedFor,
    /// `Forwarded`, of RFC 7239.
    Forwarded,
}

/// How much each client may ask, in units: an ordinary page costs one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Units that a client gets back each second.
    pub per_second: NonZeroU32,
    /// Units that it may use at once after a pause.
    pub burst: NonZeroU32,
    /// Units of a search.
    pub search: NonZeroU32,
    /// Units of a comparison, or of many questions in one request.
    pub comparison: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        let units = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            per_second: units(10),
            burst: units(200),
            search: units(5),
            comparison: units(20),
        }
    }
}

/// The networks of a machine's own programs.
fn this_machine() -> Vec<IpNet> {
    let networks = [
        IpNet::new(IpAddr::from([127, 0, 0, 0]), 8),
        IpNet::new(IpAddr::from(std::net::Ipv6Addr::LOCALHOST), 128),
    ];
    networks.into_iter().flatten().collect()
}

/// How many connections there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Of all clients together; more wait until one ends.
    pub all: usize,
    /// Of one client that is no proxy and has limits; more are closed at once.
    pub each: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            all: 1024,
            each: 64,
        }
    }
}

/// The fields of a `security.txt` (RFC 9116).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    /// Addresses of people, the best first: `mailto:`, `https:` or `tel:`.
    pub contact: Vec<String>,
    /// From when on this must not be believed any longer.
    pub expires: Timestamp,
    /// Where it stands how reports are dealt with.
    pub policy: Option<String>,
    /// Where a key is.
    pub encryption: Option<String>,
    /// Languages that are read.
    pub languages: Vec<String>,
    /// Addresses at which this very document is.
    pub canonical: Vec<String>,
}

/// Whether an address is in one of the networks; an IPv4 address that is written as IPv6 is IPv4.
pub(crate) fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}
