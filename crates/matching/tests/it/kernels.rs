//! Records of the kernel's CNA: one entry has commits, another releases, all others being affected.

use palisade_model::VerdictStatus::{self, Affected as Bad, UnderInvestigation};
use palisade_model::{
    Affected, Confidence, Lower, Product, RangeScheme, Span, Upper, VersionRange, VersionStatus,
};

use crate::support::{judged, judged_with_words, named, package, range};

fn commits(from: &str) -> Affected {
    let span = Span::Between(
        Lower::Including(from.into()),
        Upper::Excluding("3b8da67191e9".into()),
    );
    let commits = VersionRange {
        status: VersionStatus::Affected,
        span,
        scheme: RangeScheme::Git,
    };
    entry(vec![commits], VersionStatus::Unaffected)
}

/// All releases are affected but those that have the fix; the first may be named that is.
fn releases(first: Option<&str>) -> Affected {
    let from = |version: &str| Span::Between(Lower::Including(version.into()), Upper::Open);
    let first = first.map(|first| range(VersionStatus::Affected, Span::Exact(first.into())));
    let fixed = range(VersionStatus::Unaffected, from("6.9"));
    let all = first.into_iter().chain([fixed]).collect();
    entry(all, VersionStatus::Affected)
}

fn entry(versions: Vec<VersionRange>, otherwise: VersionStatus) -> Affected {
    let product: Product = named("Linux", "Linux");
    Affected {
        otherwise: Some(otherwise),
        ..Affected::of(product, versions)
    }
}

fn of_kernel(entries: &[Affected]) -> (VerdictStatus, Confidence) {
    let linux = package("linux-lts", "6.1.113", "https://www.kernel.org/");
    let verdict = judged(&linux, entries).unwrap();
    (verdict.status, verdict.confidence)
}

#[test]
fn a_fault_from_the_beginning_of_history_on_is_one_that_nobody_has_traced() {
    let entries = [commits("1da177e4c3f4"), releases(None)];
    assert_eq!(
        of_kernel(&entries),
        (UnderInvestigation, Confidence::Possible)
    );
}

#[test]
fn a_fault_whose_commit_is_known_alarms() {
    let entries = [commits("e85fde5162bf"), releases(None)];
    assert_eq!(of_kernel(&entries), (Bad, Confidence::Likely));
    // Or the first release that has it.
    let entries = [commits("1da177e4c3f4"), releases(Some("4.2"))];
    assert_eq!(of_kernel(&entries), (Bad, Confidence::Likely));
}

#[test]
fn the_evidence_says_why_nobody_is_alarmed() {
    let linux = package("linux-lts", "6.1.113", "https://www.kernel.org/");
    let entries = [commits("1da177e4c3f4"), releases(None)];
    let (_, words) = judged_with_words(&linux, &entries).unwrap();
    assert!(words.contains("nobody has looked since when"), "{words}");
}
