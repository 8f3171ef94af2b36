//! A whole review of two trees: compare, explain, scan, report.

use bstr::BString;

use crate::against_git::compare_with_git;
use crate::compare::{Comparison, How};
use crate::decisions::Decisions;
use crate::explain::KnownBlobs;
use crate::report::{Limits, Report};
use crate::scan::{Materials, Scanner};
use crate::tree::Tree;

/// Reviews what changed between two trees; `git` is what version control has of the new one.
pub fn review(
    old: &Tree,
    new: &Tree,
    git: Option<&Tree>,
    scanner: &Scanner,
    known: &KnownBlobs,
    limits: &Limits,
    decisions: &Decisions,
) -> Report {
    let comparison = Comparison::of(old, new);
    let renames: Vec<(BString, BString)> = comparison
        .changes
        .iter()
        .filter(|change| matches!(change.how, How::Renamed(_)))
        .filter_map(|change| Some((change.former_path()?.into(), change.path().into())))
        .collect();
    let scan = scanner.scan(Materials {
        git,
        renames: &renames,
        known: Some(known),
        ..Materials::of(Some(old), new)
    });
    let against = git.map(|git| compare_with_git(new, git, known));
    let told = against.iter().flat_map(|against| &against.signals);
    let signals = scan
        .signals
        .iter()
        .chain(told)
        .map(|signal| decisions.finding(signal, new))
        .collect();
    Report::of(&comparison, signals, known, limits)
}
