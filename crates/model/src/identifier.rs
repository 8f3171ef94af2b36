//! Identifiers of vulnerabilities and advisories: `CVE-…`, `GHSA-…`, `XSA-…` and the like.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The identifier of a vulnerability or of an advisory, in its canonical spelling.
///
/// Printable ASCII without blanks, commas, slashes or quotes, 3 to 128 bytes, with a letter in
/// front. `CVE` identifiers are upper case and have a year and a number; `GHSA` keeps its
/// lower-case groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VulnerabilityId(Box<str>);

/// The reason why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentifier {
    /// Shorter than 3 or longer than 128 bytes.
    #[error("an identifier has 3 to 128 bytes, not {0}")]
    Length(usize),
    /// A character that identifiers do not have.
    #[error("identifier holds the character {0:?}")]
    Character(char),
    /// A `CVE` identifier without a four-digit year and a number of four digits or more.
    #[error("{0:?} is not of the form CVE-YEAR-NUMBER")]
    Cve(String),
}

impl VulnerabilityId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the identifier was given by the CVE programme.
    pub fn is_cve(&self) -> bool {
        self.0.starts_with("CVE-")
    }

    /// The year in a `CVE` identifier.
    pub fn cve_year(&self) -> Option<u16> {
        self.0.strip_prefix("CVE-")?.get(..4)?.parse().ok()
    }
}

impl FromStr for VulnerabilityId {
    type Err = InvalidIdentifier;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !(3..=128).contains(&text.len()) {
            return Err(InvalidIdentifier::Length(text.len()));
        }
        let allowed =
            |c: char| c.is_ascii_graphic() && !matches!(c, ',' | '/' | '"' | '\'' | '<' | '>');
        if let Some(bad) = text.chars().find(|&c| !allowed(c)) {
            return Err(InvalidIdentifier::Character(bad));
        }
        match text.chars().next() {
            Some(first) if first.is_ascii_alphabetic() => {}
            first => return Err(InvalidIdentifier::Character(first.unwrap_or(' '))),
        }
        let prefix = text.get(..4).unwrap_or_default();
        if prefix.eq_ignore_ascii_case("CVE-") {
            return canonical_cve(text);
        }
        if prefix.eq_ignore_ascii_case("GHSA") && text.get(4..5) == Some("-") {
            return Ok(Self(
                format!("GHSA{}", text[4..].to_ascii_lowercase()).into(),
            ));
        }
        Ok(Self(text.into()))
    }
}

fn canonical_cve(text: &str) -> Result<VulnerabilityId, InvalidIdentifier> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let well_formed = text[4..].split_once('-').is_some_and(|(year, number)| {
        year.len() == 4 && digits(year) && number.len() >= 4 && digits(number)
    });
    if well_formed {
        Ok(VulnerabilityId(text.to_ascii_uppercase().into()))
    } else {
        Err(InvalidIdentifier::Cve(text.to_owned()))
    }
}

impl TryFrom<String> for VulnerabilityId {
    type Error = InvalidIdentifier;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<VulnerabilityId> for String {
    fn from(id: VulnerabilityId) -> Self {
        id.0.into()
    }
}

impl Borrow<str> for VulnerabilityId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VulnerabilityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cve_identifiers_get_one_spelling() {
        let id: VulnerabilityId = "cve-2021-44228".parse().unwrap();
        assert_eq!(id.as_str(), "CVE-2021-44228");
        assert_eq!(id.cve_year(), Some(2021));
    }

    #[test]
    fn ghsa_groups_are_lower_case() {
        let id: VulnerabilityId = "ghsa-JFH8-c2jp-5v3q".parse().unwrap();
        assert_eq!(id.as_str(), "GHSA-jfh8-c2jp-5v3q");
    }

    #[test]
    fn a_cve_without_a_year_is_refused() {
        assert_eq!(
            "CVE-46838".parse::<VulnerabilityId>(),
            Err(InvalidIdentifier::Cve("CVE-46838".into()))
        );
    }

    #[test]
    fn blanks_and_commas_are_refused() {
        for text in [
            "CVE 2025-48379",
            "CVE-2025-1000,",
            "GHSA-a/b",
            "",
            "X\u{202e}-1",
        ] {
            assert!(text.parse::<VulnerabilityId>().is_err(), "{text:?}");
        }
    }
}
