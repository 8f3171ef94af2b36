//! NVD's record as it is written, as far as Palisade reads it; text borrows from the raw record.

use serde::Deserialize;

use super::configuration::Configuration;
use crate::json_records::{Text, list};

/// The wrapper around a record.
#[derive(Debug, Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub(super) cve: Option<Cve<'a>>,
    #[serde(borrow, rename = "_annotation")]
    pub(super) annotation: Option<Annotation<'a>>,
}

/// What an override says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Annotation<'a> {
    #[serde(borrow)]
    pub(super) cve_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) description: Text<'a>,
    #[serde(borrow, default)]
    pub(super) published: Text<'a>,
    #[serde(borrow, default)]
    pub(super) modified: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) references: Vec<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cve<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) published: Text<'a>,
    #[serde(borrow, default)]
    pub(super) last_modified: Text<'a>,
    #[serde(borrow, default, rename = "vulnStatus")]
    pub(super) status: Text<'a>,
    #[serde(borrow, default, rename = "cveTags", deserialize_with = "list")]
    pub(super) tags: Vec<Tags<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) descriptions: Vec<Description<'a>>,
    #[serde(borrow, default)]
    pub(super) metrics: Metrics<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) weaknesses: Vec<Weakness<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) configurations: Vec<Configuration<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) references: Vec<Link<'a>>,
    #[serde(borrow, rename = "cisaExploitAdd")]
    pub(super) exploit_add: Option<Text<'a>>,
    #[serde(borrow, rename = "cisaActionDue")]
    pub(super) action_due: Option<Text<'a>>,
    #[serde(borrow, rename = "cisaRequiredAction")]
    pub(super) required_action: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tags<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) tags: Vec<Text<'a>>,
}

/// Text in a language.
#[derive(Debug, Deserialize)]
pub(crate) struct Description<'a> {
    #[serde(borrow, default)]
    pub(crate) lang: Text<'a>,
    #[serde(borrow)]
    pub(crate) value: Text<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Weakness<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) description: Vec<Description<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) tags: Vec<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Metrics<'a> {
    #[serde(borrow, default, rename = "cvssMetricV40", deserialize_with = "list")]
    pub(super) v40: Vec<Metric<'a>>,
    #[serde(borrow, default, rename = "cvssMetricV31", deserialize_with = "list")]
    pub(super) v31: Vec<Metric<'a>>,
    #[serde(borrow, default, rename = "cvssMetricV30", deserialize_with = "list")]
    pub(super) v30: Vec<Metric<'a>>,
    #[serde(borrow, default, rename = "cvssMetricV2", deserialize_with = "list")]
    pub(super) v2: Vec<Metric<'a>>,
    #[serde(borrow, default, rename = "ssvcV203", deserialize_with = "list")]
    pub(super) ssvc: Vec<SsvcMetric<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metric<'a> {
    #[serde(borrow, default)]
    pub(super) source: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, rename = "cvssData")]
    pub(super) data: CvssData<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CvssData<'a> {
    #[serde(borrow, default, rename = "vectorString")]
    pub(super) vector: Text<'a>,
    #[serde(rename = "baseScore")]
    pub(super) score: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SsvcMetric<'a> {
    #[serde(borrow, rename = "ssvcData")]
    pub(super) data: SsvcData<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SsvcData<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) options: Vec<SsvcOption<'a>>,
}

/// One decision point: exactly one of the members is there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SsvcOption<'a> {
    #[serde(borrow)]
    pub(super) exploitation: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) automatable: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) technical_impact: Option<Text<'a>>,
}
