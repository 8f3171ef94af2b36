//! Since when a graft is there, and until when one was: runs of revisions in which a package had the
//! same graft without a break.
//!
//! A graft is the same while its version and the names of its patches are; whatever else of the package
//! changes meanwhile makes other rows of the database, and no other graft.

use std::collections::HashMap;
use std::sync::Arc;

use palisade_store::{SourcePackageId, SourceSpan};

use super::super::comparison::Carried;

/// A stay of a source package with what it carries.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    pub(super) span: SourceSpan,
    pub(super) carried: Arc<Carried>,
}

/// A graft of a package from one revision to another.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// The package's name.
    pub(super) name: String,
    pub(super) since: i64,
    pub(super) until: Option<i64>,
    /// What the package carried last.
    pub(super) last: Stay,
    /// The source packages that had the graft meanwhile.
    sources: Vec<SourcePackageId>,
}

impl Run {
    /// Whether it was there at a position.
    pub(super) fn holds(&self, position: i64) -> bool {
        self.since <= position && self.until.is_none_or(|until| until > position)
    }

    /// Whether it had ended at a position.
    pub(super) fn ended_before(&self, position: i64) -> bool {
        self.until.is_some_and(|until| until <= position)
    }

    /// Whether it is the graft of a source package.
    pub(super) fn is_of(&self, source: SourcePackageId) -> bool {
        self.sources.contains(&source)
    }

    /// Takes up a stay that goes on where this one is; says whether it does.
    fn goes_on(&mut self, stay: &Stay) -> bool {
        let span = &stay.span;
        if self.until.is_some_and(|until| span.since > until) {
            return false;
        }
        let is_later = match (self.until, span.until) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(until), Some(other)) => other > until,
        };
        if is_later {
            self.until = span.until;
            self.last = stay.clone();
        }
        if !self.is_of(span.source) {
            self.sources.push(span.source);
        }
        true
    }
}

/// What tells one graft from another.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Identity<'a> {
    name: &'a str,
    version: &'a str,
    patches: &'a [String],
}

/// The runs of each graft, by name and then in their order.
pub(super) fn of_grafts(stays: &[Stay]) -> Vec<Run> {
    runs(stays, |stay| {
        let graft = stay.carried.graft.as_deref()?;
        Some(Identity {
            name: &stay.span.name,
            version: &graft.version,
            patches: &graft.patches,
        })
    })
}

/// The runs in which packages had any graft.
pub(super) fn of_packages(stays: &[Stay]) -> Vec<Run> {
    let grafted = |stay: &Stay| stay.carried.graft.is_some();
    runs(stays, |stay| {
        grafted(stay).then_some(stay.span.name.as_str())
    })
}

fn runs<'a, K: Eq + std::hash::Hash>(
    stays: &'a [Stay],
    key: impl Fn(&'a Stay) -> Option<K>,
) -> Vec<Run> {
    let mut ordered: Vec<&Stay> = stays.iter().collect();
    ordered.sort_by_key(|stay| (stay.span.since, stay.span.source.0));
    let mut open: HashMap<K, Run> = HashMap::new();
    let mut done = Vec::new();
    for stay in ordered {
        let Some(key) = key(stay) else {
            continue;
        };
        if open.get_mut(&key).is_some_and(|run| run.goes_on(stay)) {
            continue;
        }
        let run = Run {
            name: stay.span.name.clone(),
            since: stay.span.since,
            until: stay.span.until,
            last: stay.clone(),
            sources: vec![stay.span.source],
        };
        done.extend(open.insert(key, run));
    }
    done.extend(open.into_values());
    done.sort_by(|a, b| (&a.name, a.since, a.until).cmp(&(&b.name, b.since, b.until)));
    done
}

#[cfg(test)]
mod tests {
    use palisade_model::{Package, Patch};

    use super::*;

    /// `NAME SINCE UNTIL GRAFT-VERSION PATCH`; `-` stands for nothing.
    fn stays(lines: &[&str]) -> Vec<Stay> {
        let stay = |(number, line): (i64, &&str)| {
            let words: Vec<&str> = line.split(' ').collect();
            let patch = Some(words[4]).filter(|it| *it != "-").map(|name| Patch {
                name: name.to_owned(),
                ..Patch::default()
            });
            let graft = (words[3] != "-").then(|| {
                Box::new(Package {
                    source_version: words[3].to_owned(),
                    patches: patch.into_iter().collect(),
                    ..Package::default()
                })
            });
            let package = Package {
                replacement: graft,
                ..Package::default()
            };
            Stay {
                span: SourceSpan {
                    source: SourcePackageId(number),
                    name: words[0].to_owned(),
                    version: "1".to_owned(),
                    since: words[1].parse().unwrap(),
                    until: words[2].parse().ok(),
                },
                carried: Arc::new(Carried::of(&package)),
            }
        };
        (1..).zip(lines).map(stay).collect()
    }

    fn told(runs: &[Run]) -> Vec<String> {
        let line = |run: &Run| {
            let until = run
                .until
                .map_or_else(|| "-".to_owned(), |it| it.to_string());
            let graft = run.last.carried.graft.as_ref();
            let version = graft.map_or("", |it| it.version.as_str());
            format!("{} {} {until} {version}", run.name, run.since)
        };
        runs.iter().map(line).collect()
    }

    #[test]
    fn a_package_that_is_otherwise_changed_has_the_same_graft() {
        let stays = stays(&["a 10 20 2 -", "a 20 30 2 -", "a 30 - 2 -"]);
        let runs = of_grafts(&stays);
        assert_eq!(told(&runs), ["a 10 - 2"]);
        assert!(runs[0].is_of(SourcePackageId(1)) && runs[0].is_of(SourcePackageId(3)));
        assert!(runs[0].holds(10) && runs[0].holds(i64::MAX) && !runs[0].holds(9));
    }

    #[test]
    fn a_graft_that_comes_back_is_another_run() {
        let stays = stays(&["a 10 20 2 -", "a 25 30 2 -"]);
        let runs = of_grafts(&stays);
        assert_eq!(told(&runs), ["a 10 20 2", "a 25 30 2"]);
        assert!(runs[0].ended_before(20) && !runs[0].ended_before(19));
        assert!(!runs[0].holds(20));
    }

    #[test]
    fn another_version_or_patch_is_another_graft_of_the_same_package() {
        let stays = stays(&["a 10 20 2 -", "a 20 30 3 -", "a 30 - 3 x", "b 5 - 2 -"]);
        assert_eq!(
            told(&of_grafts(&stays)),
            ["a 10 20 2", "a 20 30 3", "a 30 - 3", "b 5 - 2"]
        );
        assert_eq!(told(&of_packages(&stays)), ["a 10 - 3", "b 5 - 2"]);
    }

    #[test]
    fn two_packages_of_one_name_with_one_graft_are_one_run() {
        let stays = stays(&["ibus 10 20 2 -", "ibus 10 - 2 -", "ibus 12 15 2 -"]);
        assert_eq!(told(&of_grafts(&stays)), ["ibus 10 - 2"]);
    }

    #[test]
    fn what_has_no_graft_has_no_run() {
        let stays = stays(&["a 10 20 - -"]);
        assert_eq!(told(&of_grafts(&stays)), [""; 0]);
        assert_eq!(told(&of_packages(&stays)), [""; 0]);
    }
}
