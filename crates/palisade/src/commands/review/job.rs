//! What a worker does with its materials: read, compare, scan, report.

use std::collections::HashSet;

use palisade_review::explain::KnownBlobs;
use palisade_review::report::{Finding, Limits, Report};
use palisade_review::{Budget, Comparison, Decisions, Judgement, Material, Scanner, Tree, review};

use super::beside::Texts;
use super::worker::Materials;

/// Reads the trees, each in a thread of its own, and reports what is to be said of them.
pub(crate) fn answer(
    materials: Materials,
    beside: &Texts,
    budget: &Budget,
) -> anyhow::Result<Vec<u8>> {
    let Materials { old, new, git } = materials;
    let read = |material: Material| material.read(budget);
    let (old, new, git) = std::thread::scope(|scope| {
        let old = old.map(|old| scope.spawn(|| read(old)));
        let git = git.map(|git| scope.spawn(|| read(git)));
        let new = read(new);
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join();
        (old.map(join), new, git.map(join))
    });
    let gone = |_| anyhow::anyhow!("a reading thread ended without an answer");
    let old = old.transpose().map_err(gone)?.transpose()?;
    let git = git.transpose().map_err(gone)?.transpose()?;
    let report = report(old.as_ref(), &new?, git.as_ref(), beside)?;
    Ok(serde_json::to_vec(&report)?)
}

fn report(
    old: Option<&Tree>,
    new: &Tree,
    git: Option<&Tree>,
    beside: &Texts,
) -> anyhow::Result<Report> {
    let (scanner, known) = (beside.scanner()?, beside.known()?);
    let decisions = beside.decisions()?;
    let limits = Limits::default();
    let mut report = match old {
        Some(old) => review(old, new, git, &scanner, &known, &limits, &decisions),
        None => alone(new, &scanner, &known, &decisions),
    };
    // What is odd about an archive is told by those who read it and by those who scan it.
    let mut told = HashSet::new();
    let place = |it: &Finding| {
        (
            it.rule.clone(),
            it.path.clone(),
            it.line,
            it.excerpt.clone(),
        )
    };
    report.signals.retain(|finding| told.insert(place(finding)));
    report.judgement = Judgement::of(report.signals.iter());
    Ok(report)
}

/// One tree by itself: everything in it is new, and none of it is shown.
fn alone(new: &Tree, scanner: &Scanner, known: &KnownBlobs, decisions: &Decisions) -> Report {
    let nothing = Tree::default();
    let comparison = Comparison::of(&nothing, new);
    let mut materials = palisade_review::Materials::of(None, new);
    materials.known = Some(known);
    let scan = scanner.scan(materials);
    let findings = scan.signals.iter();
    let findings = findings.map(|it| decisions.finding(it, new)).collect();
    let limits = Limits {
        of_report: 0,
        ..Limits::default()
    };
    Report::of(&comparison, findings, known, &limits)
}
