//! A CVE record as it is written, as far as Palisade reads it; text borrows from the raw record.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json_records::{Text, list};
use crate::nvd::LanguageText;
use crate::nvd::configuration::Configuration;

#[derive(Debug, Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow, rename = "cveMetadata")]
    pub(super) metadata: Metadata<'a>,
    #[serde(borrow, default)]
    pub(super) containers: Containers<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) cve_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) state: Text<'a>,
    #[serde(borrow, default)]
    pub(super) date_published: Text<'a>,
    #[serde(borrow, default)]
    pub(super) date_updated: Text<'a>,
    #[serde(borrow, default)]
    pub(super) assigner_short_name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Containers<'a> {
    #[serde(borrow)]
    pub(super) cna: Option<Container<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) adp: Vec<Container<'a>>,
}

/// What one party says: the CNA that gave the number, or a publisher of additions (ADP).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container<'a> {
    #[serde(borrow, default)]
    pub(super) provider_metadata: Provider<'a>,
    #[serde(borrow, default)]
    pub(super) title: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) descriptions: Vec<LanguageText<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) rejected_reasons: Vec<LanguageText<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) replaced_by: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) affected: Vec<Entry<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) cpe_applicability: Vec<Configuration<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) problem_types: Vec<ProblemType<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) metrics: Vec<Metric<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) references: Vec<Link<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) tags: Vec<Text<'a>>,
    /// Of any shape; where it names a GitHub advisory, that is another name of the issue.
    #[serde(borrow, default)]
    pub(super) source: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Provider<'a> {
    #[serde(borrow, default, rename = "shortName")]
    pub(super) short_name: Text<'a>,
}

/// A product with its versions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry<'a> {
    #[serde(borrow, default)]
    pub(super) vendor: Text<'a>,
    #[serde(borrow, default)]
    pub(super) product: Text<'a>,
    #[serde(borrow, default)]
    pub(super) package_name: Text<'a>,
    #[serde(borrow, default, rename = "collectionURL")]
    pub(super) collection_url: Text<'a>,
    #[serde(borrow, default)]
    pub(super) repo: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) cpes: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) platforms: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) default_status: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) versions: Vec<Statement<'a>>,
}

/// What is said of a version, or of those between two.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statement<'a> {
    #[serde(borrow)]
    pub(super) version: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) version_type: Text<'a>,
    #[serde(borrow)]
    pub(super) less_than: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) less_than_or_equal: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) changes: Vec<Change<'a>>,
}

/// From `at` on, the status is another.
#[derive(Debug, Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProblemType<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) descriptions: Vec<Problem<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Problem<'a> {
    #[serde(borrow, default, rename = "cweId")]
    pub(super) cwe: Text<'a>,
    #[serde(borrow, default)]
    pub(super) description: Text<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metric<'a> {
    #[serde(borrow, rename = "cvssV4_0")]
    pub(super) v40: Option<Cvss<'a>>,
    #[serde(borrow, rename = "cvssV3_1")]
    pub(super) v31: Option<Cvss<'a>>,
    #[serde(borrow, rename = "cvssV3_0")]
    pub(super) v30: Option<Cvss<'a>>,
    #[serde(borrow, rename = "cvssV2_0")]
    pub(super) v2: Option<Cvss<'a>>,
    #[serde(borrow)]
    pub(super) other: Option<Other<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cvss<'a> {
    #[serde(borrow, default)]
    pub(super) vector_string: Text<'a>,
    pub(super) base_score: Option<f64>,
}

/// A rating in another system, told by its type.
#[derive(Debug, Deserialize)]
pub(super) struct Other<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) tags: Vec<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SsvcContent<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) options: Vec<SsvcOption<'a>>,
}

/// One decision point: exactly one of the members is there.
#[derive(Debug, Deserialize)]
pub(super) struct SsvcOption<'a> {
    #[serde(borrow, rename = "Exploitation")]
    pub(super) exploitation: Option<Text<'a>>,
    #[serde(borrow, rename = "Automatable")]
    pub(super) automatable: Option<Text<'a>>,
    #[serde(borrow, rename = "Technical Impact")]
    pub(super) technical_impact: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct KevContent<'a> {
    #[serde(borrow, default, rename = "dateAdded")]
    pub(super) added: Text<'a>,
}

/// A word of a CNA's own scale, in the two shapes that CNAs use.
#[derive(Debug, Deserialize)]
pub(super) struct WordContent<'a> {
    #[serde(borrow, default)]
    pub(super) value: Text<'a>,
    #[serde(borrow, default)]
    pub(super) text: Text<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Source<'a> {
    #[serde(borrow, default)]
    pub(super) advisory: Text<'a>,
}
