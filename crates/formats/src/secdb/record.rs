//! The raw record that secdb files, APKBUILDs and rejections share: one vulnerability in one package.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use palisade_model::{
    Advisory, Affected, BranchName, Product, RangeScheme, Span, VersionRange, VersionStatus,
    VulnerabilityId,
};
use palisade_version::Scheme;
use serde::{Deserialize, Serialize};

use super::item::{Item, shown};
use crate::feed::Record;
use crate::handing::Handing;
use crate::words::is_version;
use crate::{BadRecord, Place, ReadError};

/// The part of the world that a document speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) branch: BranchName,
    pub(crate) repository: Option<String>,
}

impl Scope {
    /// `alpine/v3.17/main`.
    pub(crate) fn name(&self) -> String {
        match &self.repository {
            Some(repository) => format!("{}/{repository}", self.branch),
            None => self.branch.to_string(),
        }
    }
}

/// Palisade's own text of a record; the order of keys and versions is fixed, so that a record
/// that did not change has the same bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    distribution: Cow<'a, str>,
    #[serde(borrow)]
    branch: Cow<'a, str>,
    #[serde(borrow)]
    repository: Option<Cow<'a, str>>,
    #[serde(borrow)]
    package: Cow<'a, str>,
    id: VulnerabilityId,
    aliases: Vec<VulnerabilityId>,
    #[serde(borrow)]
    fixed: Vec<Cow<'a, str>>,
    /// Why, in the words of whoever wrote it down.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
}

/// What a record says in the words of those who wrote it down: in which versions a package has the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFix {
    /// The source package.
    pub package: String,
    /// The vulnerability.
    pub id: String,
    /// The versions; `0` where it never affected the package.
    pub versions: Vec<String>,
}

/// What a raw record of secdb or of an APKBUILD says, if it is one.
pub fn recorded_fix(raw: &[u8]) -> Option<RecordedFix> {
    let raw: Raw<'_> = serde_json::from_slice(raw).ok()?;
    Some(RecordedFix {
        package: raw.package.into_owned(),
        id: raw.id.to_string(),
        versions: raw.fixed.into_iter().map(Cow::into_owned).collect(),
    })
}

/// Collects what one package's versions fix, by vulnerability.
#[derive(Debug, Default)]
pub(crate) struct Fixes {
    drafts: Vec<Draft>,
    by_id: HashMap<VulnerabilityId, usize>,
}

#[derive(Debug)]
struct Draft {
    id: VulnerabilityId,
    place: Place,
    aliases: Vec<VulnerabilityId>,
    fixed: Vec<String>,
    reason: Option<String>,
}

/// Takes a record's identifier, a reason, and whether the record was used in spite of it.
pub(super) type Report<'a> = dyn FnMut(String, String, bool) + 'a;

impl Fixes {
    /// Adds what one entry under a version says; the version is one that [`is_kept`].
    pub(crate) fn add(
        &mut self,
        place: Place,
        package: &str,
        version: &str,
        item: &str,
        report: &mut Report<'_>,
    ) {
        self.add_because(place, package, version, item, None, report);
    }

    /// Adds what one entry says, and the reason that stands beside it.
    pub(crate) fn add_because(
        &mut self,
        place: Place,
        package: &str,
        version: &str,
        item: &str,
        reason: Option<&str>,
        report: &mut Report<'_>,
    ) {
        let item = Item::read(item);
        for fault in &item.faults {
            let id = item
                .ids
                .first()
                .map_or_else(|| shown(item.text), ToString::to_string);
            report(
                format!("{package}/{id}"),
                fault.clone(),
                !item.ids.is_empty(),
            );
        }
        let (heads, aliases) = item.heads_and_aliases();
        for id in heads {
            let draft = self.draft(id, place);
            if draft.fixed.last().is_none_or(|last| last != version) {
                draft.fixed.push(version.to_owned());
            }
            draft.aliases.extend(aliases.iter().copied().cloned());
            if draft.reason.is_none() {
                draft.reason = reason.map(str::to_owned);
            }
        }
    }

    fn draft(&mut self, id: &VulnerabilityId, place: Place) -> &mut Draft {
        let next = self.drafts.len();
        let index = *self.by_id.entry(id.clone()).or_insert(next);
        if index == next {
            let id = id.clone();
            self.drafts.push(Draft {
                id,
                place,
                aliases: Vec::new(),
                fixed: Vec::new(),
                reason: None,
            });
        }
        &mut self.drafts[index]
    }

    /// Hands over the records, in the order in which they were first named.
    pub(crate) fn hand_over(
        self,
        scope: &Scope,
        package: &str,
        handing: &mut Handing<'_>,
    ) -> Result<(), ReadError> {
        for Draft {
            id,
            place,
            mut aliases,
            mut fixed,
            reason,
        } in self.drafts
        {
            keep_first(&mut aliases);
            keep_first(&mut fixed);
            let raw = Raw {
                distribution: scope.branch.distribution().as_str().into(),
                branch: scope.branch.name().into(),
                repository: scope.repository.as_deref().map(Cow::from),
                package: package.into(),
                id,
                aliases,
                fixed: fixed.into_iter().map(Cow::from).collect(),
                reason: reason.map(Cow::from),
            };
            handing.json(place, &raw)?;
        }
        Ok(())
    }
}

/// Whether a version and its entries are kept, which a version that apk would refuse is, too.
pub(crate) fn is_kept(package: &str, version: &str, report: &mut Report<'_>) -> bool {
    let usable = is_version(version);
    let id = || format!("{package}/{}", shown(version));
    if !usable {
        report(
            id(),
            "it is no version, and its fixes are passed over".to_owned(),
            false,
        );
    } else if !Scheme::Apk.is_valid(version) {
        report(
            id(),
            "it is no version of apk's, and is kept as written".to_owned(),
            true,
        );
    }
    usable
}

/// Parses a raw record.
pub(super) fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let raw: Raw<'_> = serde_json::from_slice(raw)?;
    let name = format!("{}/{}", shown(&raw.package), raw.id);
    let bad = |reason: String| BadRecord::new(reason).of(&name);
    let distribution = raw
        .distribution
        .parse()
        .map_err(|error| bad(format!("{error}")))?;
    let branch =
        BranchName::new(distribution, &raw.branch).map_err(|error| bad(error.to_string()))?;
    if !is_package_name(&raw.package) {
        return Err(bad("its package has no name that packages have".to_owned()));
    }
    if let Some(version) = raw.fixed.iter().find(|version| !is_version(version)) {
        return Err(bad(format!("{:?} is no version", shown(version))));
    }
    let product = Product::Distribution {
        distribution: branch.distribution().clone(),
        branch: Some(branch.name().to_owned()),
        repository: raw.repository.map(String::from),
        name: raw.package.into(),
    };
    let mut advisory = Advisory::new(raw.id);
    advisory.aliases = raw.aliases;
    advisory.details = raw.reason.map(String::from);
    advisory.affected = vec![Affected::of(
        product,
        raw.fixed.iter().map(|v| range(v)).collect(),
    )];
    Ok(Record { name, advisory })
}

/// What one fixed version says, by itself.
fn range(version: &str) -> VersionRange {
    let scheme = RangeScheme::stated(Scheme::Apk);
    match version {
        // The secdb's way to say that the package was never affected.
        "0" => VersionRange {
            status: VersionStatus::Unaffected,
            span: Span::All,
            scheme,
        },
        fixed => VersionRange::affected(Span::before(fixed), scheme),
    }
}

/// Whether a package or a repository may have this name.
pub(crate) fn is_package_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
    (1..=128).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with(['.', '-'])
}

/// Removes what stands further ahead already.
fn keep_first<T: Clone + Eq + std::hash::Hash>(list: &mut Vec<T>) {
    let mut seen = HashSet::new();
    list.retain(|element| seen.insert(element.clone()));
}
