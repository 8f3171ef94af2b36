//! What an advisory says is affected: a product, and ranges of its versions.
//!
//! Everything is kept as the source wrote it; the order of versions and the identity of packages
//! are matching's business.

use palisade_version::Scheme;
use serde::{Deserialize, Serialize};

use crate::Distribution;

/// One product that an advisory speaks of, and which of its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Affected {
    /// The product, as the source names it.
    pub product: Product,
    /// What the source says of versions; the order is the source's.
    pub versions: Vec<VersionRange>,
    /// What holds for a version that no range covers (CVE 5: `defaultStatus`); `None` when the
    /// source says nothing of it, as one that judges single versions does (VEX).
    pub otherwise: Option<VersionStatus>,
    /// Further conditions (NVD: the other nodes of an AND configuration): of each group at
    /// least one must be there beside the product.
    pub requires: Vec<Vec<Companion>>,
    /// What the source says of this to people, in a line: why the product is not affected, or why
    /// there will be no fix.
    pub note: Option<String>,
}

/// A product, in the naming system of the source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Product {
    /// A CPE 2.3 name without its version.
    Cpe(Cpe),
    /// The words of a CVE 5 record's `affected` entry.
    Named {
        /// `vendor`, empty when it is `n/a`.
        vendor: String,
        /// `product`, empty when it is `n/a`.
        product: String,
        /// `packageName`.
        package_name: Option<String>,
        /// `collectionURL`.
        collection_url: Option<String>,
        /// `repo`.
        repository: Option<String>,
        /// `cpes`, without their versions.
        cpes: Vec<Cpe>,
        /// `platforms`.
        platforms: Vec<String>,
    },
    /// A package of a language ecosystem, in OSV's words (`PyPI`, `crates.io`, `Go`, `npm` …).
    Ecosystem {
        /// The ecosystem's name as OSV spells it, without a suffix behind `:`.
        ecosystem: String,
        /// The package's name in that ecosystem.
        name: String,
        /// A repository that the record's Git ranges speak of.
        repository: Option<String>,
    },
    /// A source package of a distribution, in that distribution's own words.
    Distribution {
        /// The distribution.
        distribution: Distribution,
        /// The branch, when the statement is bound to one (`v3.17`, `12`).
        branch: Option<String>,
        /// The repository, when the statement is bound to one (`main`).
        repository: Option<String>,
        /// The source package's name.
        name: String,
    },
}

/// The naming part of a CPE 2.3 name, unquoted and lower case; `*` (any) is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cpe {
    /// Application, operating system or hardware.
    pub part: CpePart,
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Edition, when it is not "any".
    pub edition: Option<String>,
    /// The software environment in which the product works: `wordpress`, `node.js`, `python` …
    pub target_sw: Option<String>,
}

/// The `part` of a CPE name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CpePart {
    /// `a`.
    Application,
    /// `o`.
    OperatingSystem,
    /// `h`.
    Hardware,
}

/// Something that must be there beside the product for it to be affected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Companion {
    /// The companion's name.
    pub cpe: Cpe,
    /// Which of its versions.
    pub span: Span,
}

/// A statement about a set of versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionRange {
    /// What is said of these versions.
    pub status: VersionStatus,
    /// The versions.
    pub span: Span,
    /// The scheme in which the source wrote and orders them.
    pub scheme: RangeScheme,
}

/// What a source says of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionStatus {
    /// Vulnerable.
    Affected,
    /// Not vulnerable.
    Unaffected,
    /// Not known.
    Unknown,
}

/// The scheme of a range's versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RangeScheme {
    /// The source names the scheme.
    Stated(StatedScheme),
    /// The source names none, or says "custom".
    Unstated,
    /// Git commits.
    Git,
}

/// A version scheme that is stored by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatedScheme(pub Scheme);

/// A set of versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Span {
    /// Every version.
    All,
    /// One version and no other.
    Exact(String),
    /// One of many versions and no other.
    Listed(VersionList),
    /// From a lower to an upper bound.
    Between(Lower, Upper),
    /// The source gives no version, or one that says nothing: `-`, `n/a`, `unspecified`.
    NotStated,
}

/// Versions as a source lists them, of which there may be thousands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VersionList(
    /// A version a line: one text costs far less than as many texts.
    String,
);

/// Where a range begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lower {
    /// At the first version.
    Open,
    /// At this version (OSV: `introduced`).
    Including(Bound),
    /// Behind this version.
    Excluding(Bound),
}

/// Where a range ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Upper {
    /// It does not.
    Open,
    /// Before this version, which is fixed (OSV: `fixed`).
    Excluding(Bound),
    /// With this version, the last one affected (OSV: `last_affected`).
    Including(Bound),
}

/// A version at the end of a range, as written.
pub type Bound = String;

impl Affected {
    /// An entry in which only the given versions are affected and nothing else is required.
    pub fn of(product: Product, versions: Vec<VersionRange>) -> Self {
        Self {
            product,
            versions,
            otherwise: Some(VersionStatus::Unaffected),
            requires: Vec::new(),
            note: None,
        }
    }

    /// An entry that speaks of the versions of its ranges and of no others.
    pub fn of_these(product: Product, versions: Vec<VersionRange>) -> Self {
        Self {
            otherwise: None,
            ..Self::of(product, versions)
        }
    }

    /// The same entry with what the source says of it to people.
    #[must_use]
    pub fn with_note(mut self, note: Option<String>) -> Self {
        self.note = note;
        self
    }
}

impl Affected {
    /// Single versions of which the same is said become a list, if they are many.
    #[must_use]
    pub fn with_lists(mut self) -> Self {
        const MANY: usize = 8;
        let Some(first) = self.versions.iter().find(|range| is_listable(&range.span)) else {
            return self;
        };
        let (status, scheme) = (first.status, first.scheme);
        let belongs = |range: &VersionRange| {
            is_listable(&range.span) && range.status == status && range.scheme == scheme
        };
        let single = self.versions.iter().filter(|range| belongs(range));
        let single = single.filter_map(|range| match &range.span {
            Span::Exact(version) => Some(version.as_str()),
            _ => None,
        });
        let list = VersionList(single.collect::<Vec<_>>().join("\n"));
        if list.iter().nth(MANY - 1).is_some() {
            self.versions.retain(|range| !belongs(range));
            let span = Span::Listed(list);
            self.versions.push(VersionRange {
                status,
                span,
                scheme,
            });
        }
        self
    }
}

fn is_listable(span: &Span) -> bool {
    matches!(span, Span::Exact(version) if !version.contains('\n'))
}

impl VersionList {
    /// The versions, in the source's order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split('\n')
    }
}

impl VersionRange {
    /// Says that the versions of a span are affected.
    pub fn affected(span: Span, scheme: RangeScheme) -> Self {
        Self {
            status: VersionStatus::Affected,
            span,
            scheme,
        }
    }

    /// Says that every version has a status.
    pub fn all(status: VersionStatus, scheme: RangeScheme) -> Self {
        Self {
            status,
            span: Span::All,
            scheme,
        }
    }
}

impl Span {
    /// The version with which it ends or before which, if it has an end.
    pub fn end(&self) -> Option<&str> {
        match self {
            Self::Between(_, Upper::Excluding(bound) | Upper::Including(bound)) => Some(bound),
            _ => None,
        }
    }

    /// All versions before `fixed`.
    pub fn before(fixed: impl Into<Bound>) -> Self {
        Self::Between(Lower::Open, Upper::Excluding(fixed.into()))
    }
}

impl RangeScheme {
    /// A scheme that the source names.
    pub fn stated(scheme: Scheme) -> Self {
        Self::Stated(StatedScheme(scheme))
    }
}

impl Serialize for StatedScheme {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for StatedScheme {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        name.parse()
            .map(Self)
            .map_err(|_| serde::de::Error::custom("unknown version scheme"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(version: &str, scheme: RangeScheme) -> VersionRange {
        VersionRange::affected(Span::Exact(version.to_owned()), scheme)
    }

    fn spans(versions: Vec<VersionRange>) -> Vec<Span> {
        let product = Product::Ecosystem {
            ecosystem: "GIT".to_owned(),
            name: "x".to_owned(),
            repository: None,
        };
        let affected = Affected::of(product, versions).with_lists();
        affected.versions.into_iter().map(|it| it.span).collect()
    }

    #[test]
    fn many_single_versions_become_one_list() {
        let names = ["1", "2", "3", "4", "5", "6", "7", "8"];
        let mut versions = vec![VersionRange::affected(
            Span::before("0.5"),
            RangeScheme::Unstated,
        )];
        versions.extend(names.map(|name| exact(name, RangeScheme::Unstated)));
        versions.push(exact("9\n10", RangeScheme::Unstated));
        versions.push(exact("11", RangeScheme::Git));
        let spans = spans(versions);
        let [before, odd, other, Span::Listed(list)] = &spans[..] else {
            panic!("{spans:?}")
        };
        assert_eq!(*before, Span::before("0.5"));
        assert_eq!(*odd, Span::Exact("9\n10".to_owned()));
        assert_eq!(*other, Span::Exact("11".to_owned()));
        assert_eq!(list.iter().collect::<Vec<_>>(), names);
    }

    #[test]
    fn a_few_single_versions_stay_apart() {
        let versions = ["1", "2"].map(|name| exact(name, RangeScheme::Unstated));
        assert_eq!(spans(versions.to_vec()).len(), 2);
    }
}
