//! The part `[serve]` of the configuration: how clients are treated.

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use ipnet::IpNet;
use palisade_fetch::Url;
use palisade_model::Timestamp;
use palisade_web::{Conduct, ConnectionLimits, Limits, Proxies, ProxyHeader, Security};
use serde::{Deserialize, Deserializer};

/// `[serve]` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenServe {
    address: Option<Url>,
    #[serde(deserialize_with = "networks")]
    proxies: Vec<IpNet>,
    proxy_header: WrittenHeader,
    #[serde(deserialize_with = "super::source::duration")]
    drain: Duration,
    limits: WrittenLimits,
    security: Option<WrittenSecurity>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenHeader {
    #[default]
    XForwardedFor,
    Forwarded,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct WrittenLimits {
    enabled: bool,
    per_second: NonZeroU32,
    burst: NonZeroU32,
    search: NonZeroU32,
    comparison: NonZeroU32,
    #[serde(deserialize_with = "networks")]
    unlimited: Vec<IpNet>,
    connections: NonZeroUsize,
    connections_per_client: NonZeroUsize,
}

impl Default for WrittenLimits {
    fn default() -> Self {
        let (limits, connections) = (Limits::default(), ConnectionLimits::default());
        let number = |number| NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN);
        Self {
            enabled: true,
            per_second: limits.per_second,
            burst: limits.burst,
            search: limits.search,
            comparison: limits.comparison,
            unlimited: Conduct::default().unlimited,
            connections: number(connections.all),
            connections_per_client: number(connections.each),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenSecurity {
    contact: Vec<String>,
    expires: String,
    policy: Option<String>,
    encryption: Option<String>,
    #[serde(default)]
    languages: Vec<String>,
    #[serde(default)]
    canonical: Vec<String>,
}

/// How a server behaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Serving {
    /// How clients are treated.
    pub(crate) conduct: Conduct,
    /// How long requests are still taken once the end is asked for.
    pub(crate) drain: Duration,
}

impl WrittenServe {
    pub(super) fn meant(self) -> anyhow::Result<Serving> {
        let header = match self.proxy_header {
            WrittenHeader::XForwardedFor => ProxyHeader::XForwardedFor,
            WrittenHeader::Forwarded => ProxyHeader::Forwarded,
        };
        let security = self.security.map(WrittenSecurity::meant).transpose();
        let WrittenLimits {
            enabled,
            per_second,
            burst,
            search,
            comparison,
            unlimited,
            connections,
            connections_per_client,
        } = self.limits;
        let limits = Limits {
            per_second,
            burst,
            search,
            comparison,
        };
        let address = self.address.map(|address| site(&address)).transpose()?;
        let conduct = Conduct {
            address,
            proxies: Proxies {
                networks: self.proxies,
                header,
            },
            limits: enabled.then_some(limits),
            unlimited,
            connections: ConnectionLimits {
                all: connections.get(),
                each: connections_per_client.get(),
            },
            security: security.context("[serve.security]")?,
        };
        Ok(Serving {
            conduct,
            drain: self.drain,
        })
    }
}

/// The address of a site, as what paths are put behind.
fn site(address: &Url) -> anyhow::Result<String> {
    let is_bare = address.query().is_none() && address.fragment().is_none();
    let is_web = matches!(address.scheme(), "http" | "https") && address.username().is_empty();
    ensure!(
        is_web && is_bare && address.path() == "/",
        "[serve] address: {address} is not the root of a web server, such as \
         https://security.example.org"
    );
    Ok(address.as_str().trim_end_matches('/').to_owned())
}

impl WrittenSecurity {
    /// Checks what RFC 9116 asks for.
    fn meant(self) -> anyhow::Result<Security> {
        ensure!(!self.contact.is_empty(), "it needs a contact");
        for contact in &self.contact {
            check_address("contact", contact, &["https://", "mailto:", "tel:"])?;
        }
        let web = ["https://"];
        if let Some(policy) = &self.policy {
            check_address("policy", policy, &web)?;
        }
        if let Some(encryption) = &self.encryption {
            let known = ["https://", "openpgp4fpr:", "dns:"];
            check_address("encryption", encryption, &known)?;
        }
        for canonical in &self.canonical {
            check_address("canonical", canonical, &web)?;
        }
        let is_language = |tag: &String| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            !tag.is_empty() && tag.chars().all(plain)
        };
        if let Some(bad) = self.languages.iter().find(|tag| !is_language(tag)) {
            bail!("{bad:?} is no language; write \"en\" or \"pt-BR\"");
        }
        let expires = self.expires.parse::<Timestamp>().ok();
        let expires = expires.with_context(|| {
            let text = &self.expires;
            format!("expires: {text:?} is no time; write \"2027-06-30T00:00:00Z\"")
        })?;
        Ok(Security {
            contact: self.contact,
            expires,
            policy: self.policy,
            encryption: self.encryption,
            languages: self.languages,
            canonical: self.canonical,
        })
    }
}

/// An address of one line, of a kind that is meant there.
fn check_address(name: &str, address: &str, kinds: &[&str]) -> anyhow::Result<()> {
    let plain = address.chars().all(|c| c.is_ascii_graphic());
    ensure!(
        plain && kinds.iter().any(|kind| address.starts_with(kind)),
        "{name}: {address:?} does not begin with {}, or has blanks in it",
        kinds.join(" or ")
    );
    Ok(())
}

/// Networks such as `10.0.0.0/8`; one address is a network of its own.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let network = |text: &String| {
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let network = text.parse::<IpNet>().ok().or_else(address);
        network.ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{text:?} is no network; write \"10.0.0.0/8\" or \"2001:db8::1\""
            ))
        })
    };
    texts.iter().map(network).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Configuration;
    use super::*;

    fn serving(text: &str) -> anyhow::Result<Serving> {
        Configuration::parse(text).map(|configuration| configuration.serving)
    }

    fn error(text: &str) -> String {
        format!("{:#}", serving(text).unwrap_err())
    }

    #[test]
    fn all_of_it_may_be_left_out() {
        let Serving { conduct, drain } = serving("[serve]\n").unwrap();
        assert_eq!(conduct.limits, Some(Limits::default()));
        assert_eq!(conduct.connections, ConnectionLimits::default());
        assert_eq!((conduct.security, drain), (None, Duration::ZERO));
    }

    #[test]
    fn what_is_written_is_meant() {
        let text = "[serve]\naddress = \"https://palisade.example\"\nproxies = [\"10.0.0.0/8\", \"::1\"]\nproxy-header = \"forwarded\"\n\
                    drain = \"5s\"\n[serve.limits]\nper-second = 3\nconnections-per-client = 7\n\
                    unlimited = [\"192.0.2.7\"]\n[serve.security]\n\
                    contact = [\"mailto:security@example.org\"]\nexpires = \"2027-06-30T00:00:00Z\"\n";
        let Serving { conduct, drain } = serving(text).unwrap();
        assert_eq!(conduct.address.as_deref(), Some("https://palisade.example"));
        assert_eq!(conduct.proxies.header, ProxyHeader::Forwarded);
        let networks = conduct.proxies.networks.iter().map(ToString::to_string);
        assert_eq!(networks.collect::<Vec<_>>(), ["10.0.0.0/8", "::1/128"]);
        assert_eq!(drain, Duration::from_secs(5));
        let limits = conduct.limits.unwrap();
        assert_eq!((limits.per_second.get(), limits.burst.get()), (3, 200));
        assert_eq!(conduct.unlimited[0].to_string(), "192.0.2.7/32");
        assert_eq!(conduct.connections.each, 7);
        assert_eq!(conduct.security.unwrap().contact.len(), 1);
        let off = serving("[serve.limits]\nenabled = false\n").unwrap();
        assert_eq!(off.conduct.limits, None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, told) in [
            (
                "proxies = [\"proxy.example\"]",
                "\"proxy.example\" is no network",
            ),
            (
                "address = \"https://palisade.example/here\"",
                "is not the root of a web server",
            ),
            ("proxy = []", "unknown field `proxy`"),
            (
                "proxy-header = \"x-real-ip\"",
                "unknown variant `x-real-ip`",
            ),
            ("limits = { burst = 0 }", "nonzero"),
            ("drain = \"soon\"", "\"soon\" is no duration"),
        ] {
            let error = error(&format!("[serve]\n{text}\n"));
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn a_security_txt_keeps_the_rules_of_its_standard() {
        let with = |contact: &str, rest: &str| {
            error(&format!(
                "[serve.security]\ncontact = [{contact}]\nexpires = \"2027-06-30T00:00:00Z\"\n{rest}"
            ))
        };
        assert!(with("", "").contains("it needs a contact"));
        let plain = with("\"security@example.org\"", "");
        assert!(plain.contains("does not begin with https://"), "{plain}");
        let lines = with(
            "\"mailto:a@example.org\\nExpires: 2099-01-01T00:00:00Z\"",
            "",
        );
        assert!(lines.contains("blanks"), "{lines}");
        let insecure = with("\"tel:+1\"", "policy = \"http://example.org/\"");
        assert!(insecure.contains("policy"), "{insecure}");
        let tongue = with("\"tel:+1\"", "languages = [\"plain English\"]");
        assert!(tongue.contains("is no language"), "{tongue}");
        let never = error("[serve.security]\ncontact = [\"tel:+1\"]\nexpires = \"never\"\n");
        assert!(never.contains("\"never\" is no time"), "{never}");
    }
}
