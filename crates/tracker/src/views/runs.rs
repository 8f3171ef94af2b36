//! Since when: runs of revisions in which a package was in one state without a break.

use std::collections::{HashMap, HashSet};

use palisade_store::{BranchId, Session, SourcePackageId, SourceSpan};

use super::{RevisionRef, grouped};
use crate::TrackerError;

/// Versions of a package that are looked back upon; older ones end the run unseen.
const VERSIONS: usize = 300;

/// A finding of which it is asked since when it has been so.
pub(crate) struct Asked<'a> {
    pub(crate) package: &'a str,
    pub(crate) source: SourcePackageId,
    pub(crate) vulnerability: i64,
    /// The status; an earlier version in the same or a graver one continues the run.
    pub(crate) status: i64,
}

/// For each finding the revision with which its run began.
pub(crate) async fn since(
    session: &mut Session,
    branch: BranchId,
    position: Option<i64>,
    asked: &[Asked<'_>],
) -> Result<Vec<Option<RevisionRef>>, TrackerError> {
    let names: HashSet<&str> = asked.iter().map(|asked| asked.package).collect();
    let spans = session.source_spans(branch, names).await?;
    let mut spans = grouped(spans.into_iter().map(|span| (span.name.clone(), span)));
    for spans in spans.values_mut() {
        spans.sort_unstable_by_key(|span| std::cmp::Reverse(span.since));
        spans.truncate(VERSIONS);
    }
    let mut pairs = Vec::new();
    for finding in asked {
        let known = spans
            .get(finding.package)
            .map(Vec::as_slice)
            .unwrap_or_default();
        if known.len() > 1 {
            pairs.extend(
                known
                    .iter()
                    .map(|span| (span.source, finding.vulnerability)),
            );
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut open: HashMap<(SourcePackageId, i64), i64> = HashMap::new();
    if !pairs.is_empty() {
        for (source, vulnerability, status) in session.open_pairs(branch, &pairs).await? {
            open.insert((source, vulnerability), status);
        }
    }
    let starts: Vec<Option<i64>> = asked
        .iter()
        .map(|finding| {
            let known = spans
                .get(finding.package)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let same = |span: &&SourceSpan| {
                span.source == finding.source
                    || open
                        .get(&(span.source, finding.vulnerability))
                        .is_some_and(|status| *status <= finding.status)
            };
            let intervals = known
                .iter()
                .filter(same)
                .map(|span| (span.since, span.until));
            run_start(intervals.collect(), position)
        })
        .collect();
    let points = session
        .revisions_at(branch, starts.iter().flatten().copied())
        .await?;
    Ok(starts
        .into_iter()
        .map(|start| points.get(&start?).map(RevisionRef::from))
        .collect())
}

/// Where the run begins that holds a position, or the present.
fn run_start(mut intervals: Vec<(i64, Option<i64>)>, position: Option<i64>) -> Option<i64> {
    intervals.sort_unstable();
    let mut run: Option<(i64, Option<i64>)> = None;
    for (since, until) in intervals {
        if position.is_some_and(|position| since > position) {
            break;
        }
        run = match run {
            Some((start, end)) if end.is_none_or(|end| since <= end) => {
                let end = match (end, until) {
                    (Some(end), Some(until)) => Some(end.max(until)),
                    _ => None,
                };
                Some((start, end))
            }
            _ => Some((since, until)),
        };
    }
    let (start, end) = run?;
    let holds = match (end, position) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(end), Some(position)) => position < end,
    };
    holds.then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_versions_are_one_run() {
        let intervals = vec![(30, None), (10, Some(20)), (20, Some(30)), (1, Some(5))];
        assert_eq!(run_start(intervals.clone(), None), Some(10));
        assert_eq!(run_start(intervals.clone(), Some(25)), Some(10));
        assert_eq!(run_start(intervals.clone(), Some(3)), Some(1));
        assert_eq!(run_start(intervals, Some(7)), None);
    }

    #[test]
    fn what_is_gone_has_no_run_now() {
        assert_eq!(run_start(vec![(1, Some(5))], None), None);
        assert_eq!(run_start(Vec::new(), None), None);
    }
}
