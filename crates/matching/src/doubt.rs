//! What leaves room for doubt in a claim that a version is affected, and how much.
//!
//! How much follows from what was found when alarms were compared with what distributions say of
//! their packages (docs/quality.md): an end in the package's own series is nearly always right, one
//! two series away is right half the time, and "all versions" one time in four.

use palisade_model::{Confidence, Product, Registry, Span, Upper, VersionStatus};

use crate::claim::{Authority, Claim, lower};
use crate::condition::Condition;
use crate::range::RangeOutcome;
use crate::series::{first_number, has_series, kin};
use crate::span::has_beginning;

/// A reason to doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Something else has to be there beside the product.
    Needs,
    /// It says "all versions".
    AllVersions,
    /// It calls all versions affected that it does not name, and names some that are not.
    ByDefault,
    /// The same, and nobody has looked since when the fault is there.
    Unexplored,
    /// Its range has no end.
    NoEnd,
    /// Its range ends in the next series, and has no beginning.
    NextSeries,
    /// Its range ends in a series further on, and has no beginning.
    FarSeries,
    /// Its range ends in another series of software that mends each of its series by itself.
    ParallelSeries,
    /// The package is a snapshot taken after an affected version.
    Snapshot,
}

/// How sure a claim may be at most, or by how much it is less sure.
enum Cost {
    Step,
    AtMost(Confidence),
}

impl Doubt {
    /// The doubts about a claim.
    pub(crate) fn about(claim: &Claim<'_>) -> impl Iterator<Item = Self> {
        let needs = matches!(claim.condition, Condition::Needs(_)).then_some(Self::Needs);
        let inside = match claim.range {
            RangeOutcome::Inside { span, .. } => Some(span),
            _ => None,
        };
        let of_range = inside
            .filter(|_| claim.authority == Authority::Upstream)
            .and_then(|span| Self::of_span(claim, span));
        let snapshot = (claim.compared.snapshot && inside.is_some()).then_some(Self::Snapshot);
        [needs, of_range, snapshot].into_iter().flatten()
    }

    fn of_span(claim: &Claim<'_>, span: Option<&Span>) -> Option<Self> {
        let names_unaffected = || {
            let mut named = claim.entry().versions.iter();
            named.any(|range| range.status == VersionStatus::Unaffected)
        };
        if is_open_finding(claim) {
            return Some(Self::NoEnd);
        }
        match span {
            None if claim.unexplored => Some(Self::Unexplored),
            None if names_unaffected() => Some(Self::ByDefault),
            None | Some(Span::All) => Some(Self::AllVersions),
            Some(Span::Between(_, Upper::Open)) => Some(Self::NoEnd),
            Some(span) => Self::of_end(claim, span, span.end()?),
        }
    }

    fn of_end(claim: &Claim<'_>, span: &Span, end: &str) -> Option<Self> {
        let version = &claim.compared.text;
        let near = kin(version, end);
        let numbers = claim.parallel_series();
        if numbers.is_some_and(|numbers| near < numbers) {
            return Some(Self::ParallelSeries);
        }
        if near > 0 || has_beginning(span) || !has_series(version) {
            return None;
        }
        let gap = first_number(end)?.checked_sub(first_number(version)?)?;
        Some(if gap > 1 {
            Self::FarSeries
        } else {
            Self::NextSeries
        })
    }

    /// What is left of a confidence.
    pub(crate) fn lower(self, confidence: Confidence, product: &Product) -> Confidence {
        match self.cost(product) {
            Cost::Step => lower(confidence),
            Cost::AtMost(most) => confidence.min(most),
        }
    }

    fn cost(self, product: &Product) -> Cost {
        // Who keeps a registry's advisories sees the releases of the package.
        // A fuzzer that found something, as OSS-Fuzz, has looked at one commit only.
        let of_registry = match product {
            Product::Ecosystem { ecosystem, .. } => Registry::named(ecosystem).is_some(),
            _ => false,
        };
        match self {
            Self::Needs | Self::ByDefault | Self::Snapshot => Cost::Step,
            Self::AllVersions if of_registry => Cost::Step,
            Self::NoEnd if of_registry => Cost::AtMost(Confidence::Likely),
            Self::NextSeries => Cost::AtMost(Confidence::Likely),
            Self::AllVersions
            | Self::Unexplored
            | Self::NoEnd
            | Self::FarSeries
            | Self::ParallelSeries => Cost::AtMost(Confidence::Possible),
        }
    }

    /// The doubt in words.
    pub(crate) fn words(self, claim: &Claim<'_>) -> String {
        let why = match self {
            Self::Needs => {
                let what = claim.needs().unwrap_or_default();
                return format!(
                    "one step less, since it is so only together with {what}, which cannot be told from here"
                );
            }
            Self::AllVersions => "all versions are often written when nobody looked",
            Self::ByDefault => "the version is affected only since the entry calls all others so",
            Self::Unexplored => {
                "nobody has looked since when the fault is there: the record's commits begin with the first of the history"
            }
            Self::NoEnd => "a range without an end is written before there is a fix, and stays",
            Self::NextSeries => {
                "the range ends in the next series, and does not say in which it begins"
            }
            Self::FarSeries => {
                "the range ends more than one series later, and does not say in which it begins"
            }
            Self::ParallelSeries => {
                "each of its series is mended by itself, and the range ends in another"
            }
            Self::Snapshot => "the package is a snapshot taken after an affected version",
        };
        match self.cost(&claim.entry().product) {
            Cost::Step => format!("one step less, since {why}"),
            Cost::AtMost(most) => format!("no more than {}, since {why}", most.label()),
        }
    }
}

/// Whether a claim rests on what a fuzzer found in a commit and has not seen mended. OSS-Fuzz lists all
/// releases since then, whether or not anything is wrong with them, and most findings stay so.
fn is_open_finding(claim: &Claim<'_>) -> bool {
    let entry = claim.entry();
    let of_fuzzer = matches!(
        &entry.product,
        Product::Ecosystem { ecosystem, .. } if ecosystem == "OSS-Fuzz"
    );
    of_fuzzer
        && entry
            .versions
            .iter()
            .all(|range| range.span.end().is_none())
}
