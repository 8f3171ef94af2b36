//! One record of one source about a vulnerability, kept whole.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Affected, Severity, VulnerabilityId};

/// What one source says of one vulnerability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// The record's own identifier.
    pub id: VulnerabilityId,
    /// Other identifiers of the same issue, as this source says.
    pub aliases: Vec<VulnerabilityId>,
    /// Identifiers of other issues that the source mentions beside it.
    pub related: Vec<VulnerabilityId>,
    /// When the record was first published.
    pub published: Option<Timestamp>,
    /// When the record was last changed.
    pub modified: Option<Timestamp>,
    /// Why the record no longer counts, if it was rejected or withdrawn.
    pub withdrawn: Option<String>,
    /// Whether the source says that the issue is disputed.
    pub disputed: bool,
    /// A heading of at most a line.
    pub title: Option<String>,
    /// The source's description, in English where there is one.
    pub details: Option<String>,
    /// The ratings that the record carries.
    pub severities: Vec<Severity>,
    /// CWE identifiers, such as `CWE-79`.
    pub weaknesses: Vec<String>,
    /// Links.
    pub references: Vec<Reference>,
    /// Which products and versions are affected.
    pub affected: Vec<Affected>,
    /// That the issue is known to be exploited.
    pub exploitation: Option<Exploitation>,
    /// A stakeholder-specific categorisation (SSVC).
    pub ssvc: Option<Ssvc>,
}

/// A link of an advisory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The address as written; it may be of any scheme and is not to be trusted.
    pub url: String,
    /// The source's tags, such as `Patch` or `Vendor Advisory`.
    pub tags: Vec<String>,
}

/// An entry of CISA's catalogue of known exploited vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exploitation {
    /// The day on which it was added to the catalogue, `YYYY-MM-DD`.
    pub added: String,
    /// The day by which federal agencies have to act.
    pub due: Option<String>,
    /// Whether ransomware campaigns are known to use it.
    pub ransomware: bool,
    /// What the catalogue tells to do.
    pub action: Option<String>,
}

/// SSVC decision points of CISA's Vulnrichment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ssvc {
    /// `none`, `poc` or `active`.
    pub exploitation: Option<String>,
    /// `yes` or `no`.
    pub automatable: Option<String>,
    /// `partial` or `total`.
    pub technical_impact: Option<String>,
}

impl Ssvc {
    /// All decision points as `exploitation/automatable/impact`, an unknown one as `-`.
    pub fn points(&self) -> String {
        let point = |point: &Option<String>| point.clone().unwrap_or_else(|| "-".to_owned());
        let [exploitation, automatable, impact] = [
            point(&self.exploitation),
            point(&self.automatable),
            point(&self.technical_impact),
        ];
        format!("{exploitation}/{automatable}/{impact}").to_ascii_lowercase()
    }
}

impl Advisory {
    /// An advisory that says nothing yet but its identifier.
    pub fn new(id: VulnerabilityId) -> Self {
        Self {
            id,
            aliases: Vec::new(),
            related: Vec::new(),
            published: None,
            modified: None,
            withdrawn: None,
            disputed: false,
            title: None,
            details: None,
            severities: Vec::new(),
            weaknesses: Vec::new(),
            references: Vec::new(),
            affected: Vec::new(),
            exploitation: None,
            ssvc: None,
        }
    }

    /// A line that tells what the advisory is about: its title, or the beginning of its
    /// description, at most `limit` characters.
    pub fn headline(&self, limit: usize) -> Option<String> {
        let text = self
            .title
            .as_deref()
            .filter(|title| !title.trim().is_empty());
        let text = text.or(self.details.as_deref())?.trim();
        let line = text.split(['\n', '\r']).next().unwrap_or_default();
        match line.char_indices().nth(limit) {
            None if line.is_empty() => None,
            None => Some(line.to_owned()),
            Some((end, _)) => {
                let cut = line[..end].rfind(' ').unwrap_or(end);
                Some(format!("{} …", &line[..cut]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_ends_at_a_word() {
        let mut advisory = Advisory::new("CVE-2024-0001".parse().unwrap());
        advisory.details = Some("a heap overflow in the reader\nmore".into());
        assert_eq!(
            advisory.headline(100).as_deref(),
            Some("a heap overflow in the reader")
        );
        assert_eq!(advisory.headline(12).as_deref(), Some("a heap …"));
    }
}
