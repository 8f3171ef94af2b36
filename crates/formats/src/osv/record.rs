//! An OSV record as it is written, as far as Palisade reads it; text borrows from the raw record.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json_records::{Text, list};

#[derive(Debug, Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) modified: Text<'a>,
    #[serde(borrow, default)]
    pub(super) published: Text<'a>,
    #[serde(borrow, default)]
    pub(super) withdrawn: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) aliases: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) upstream: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) related: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) summary: Text<'a>,
    #[serde(borrow, default)]
    pub(super) details: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) severity: Vec<Rated<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) affected: Vec<Entry<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) references: Vec<Link<'a>>,
    /// Of a shape that each database chooses.
    #[serde(borrow, default)]
    pub(super) database_specific: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Rated<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) score: Text<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Link<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) url: Text<'a>,
}

/// A package with its versions.
#[derive(Debug, Deserialize)]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub(super) package: Option<Package<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) severity: Vec<Rated<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) ranges: Vec<Range<'a>>,
    /// Lists are long and mostly repeat the ranges, so they are parsed only where they count.
    #[serde(borrow, default)]
    pub(super) versions: Option<&'a RawValue>,
    /// Of any shape; Debian's holds an urgency.
    #[serde(borrow, default)]
    pub(super) ecosystem_specific: Option<&'a RawValue>,
    /// Of a shape that each database chooses.
    #[serde(borrow, default)]
    pub(super) database_specific: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package<'a> {
    #[serde(borrow, default)]
    pub(super) ecosystem: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Range<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) repo: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) events: Vec<Event<'a>>,
}

/// Exactly one of the members is there.
#[derive(Debug, Deserialize)]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    pub(super) introduced: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) fixed: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) last_affected: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) limit: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EcosystemSpecific<'a> {
    #[serde(borrow, default)]
    pub(super) urgency: Text<'a>,
}
