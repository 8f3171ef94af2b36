//! Revisions may come in any order and more than once, and always end in the same intervals.

use std::collections::{BTreeMap, BTreeSet};

use palisade_store::{BranchId, RepositoryId, position};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::database::{Database, on_each};
use crate::makers::{Package, Revision, place};

/// A half-open run of revisions: from a position up to, but without, another.
type Interval = (i64, Option<i64>);

/// Where each package, or source package, of each repository is.
type Intervals = BTreeMap<(String, String), Vec<Interval>>;

/// Revisions with the repository that each belongs to.
type History = Vec<(usize, Revision)>;

const REPOSITORIES: [&str; 2] = ["main", "community"];

fn package(number: usize) -> Package {
    // Two packages each are built from one source.
    Package {
        name: format!("package-{number}"),
        source: format!("source-{}", number / 2),
    }
}

/// Histories of two repositories in which many revisions share a second, with an order in which
/// they are imported, some of them twice.
fn histories() -> impl Strategy<Value = (History, Vec<usize>)> {
    let revision = (
        0_usize..2,
        0_i64..6,
        prop::collection::btree_set(0_usize..8, 0..8),
    );
    let revisions = prop::collection::vec(revision, 1..9);
    revisions.prop_flat_map(|revisions| {
        let history: History = revisions
            .into_iter()
            .enumerate()
            .map(|(number, (repository, second, packages))| {
                let packages = packages.into_iter().map(package).collect();
                let name = format!("revision-{number}");
                (
                    repository,
                    Revision {
                        name,
                        time: second * 1_000_000,
                        packages,
                    },
                )
            })
            .collect();
        let twice: Vec<usize> = (0..history.len()).chain(0..history.len()).collect();
        (Just(history), Just(twice).prop_shuffle())
    })
}

#[test]
fn any_order_of_import_gives_the_intervals_of_a_simple_model() {
    on_each(|database| {
        let mut runner = TestRunner::new(Config {
            cases: 48,
            failure_persistence: None,
            ..Config::default()
        });
        let cases = std::cell::Cell::new(0);
        let result = runner.run(&histories(), |(history, order)| {
            cases.set(cases.get() + 1);
            let branch = format!("branch-{}", cases.get());
            import(database, &branch, order.iter().map(|&at| &history[at]));
            prop_assert_eq!(
                stored_packages(database, &branch),
                expected_packages(&history)
            );
            prop_assert_eq!(
                stored_sources(database, &branch),
                expected_sources(&history)
            );
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    });
}

fn import<'a>(
    database: &Database,
    branch: &str,
    history: impl Iterator<Item = &'a (usize, Revision)>,
) {
    for (repository, revision) in history {
        database.write(async |session| {
            let branch = session.branch("debian", branch).await?;
            let repository = session
                .repository(branch, REPOSITORIES[*repository], "")
                .await?;
            place(session, branch, repository, revision).await
        });
    }
}

/// For each package the longest runs of revisions, in the order of their positions, that have it.
fn expected_packages(history: &History) -> Intervals {
    let mut expected = Intervals::new();
    for (number, repository) in REPOSITORIES.iter().enumerate() {
        let own = history
            .iter()
            .filter(|(of, _)| *of == number)
            .map(|(_, revision)| revision);
        let sorted: BTreeMap<i64, &Revision> = own
            .map(|revision| (position(revision.time, &revision.name), revision))
            .collect();
        for package in (0..8).map(package) {
            let has = |revision: &Revision| revision.packages.contains(&package);
            let runs = runs(sorted.iter().map(|(at, revision)| (*at, has(revision))));
            if !runs.is_empty() {
                expected.insert(((*repository).to_owned(), package.name.clone()), runs);
            }
        }
    }
    expected
}

fn runs(states: impl Iterator<Item = (i64, bool)>) -> Vec<Interval> {
    let mut runs: Vec<Interval> = Vec::new();
    let mut inside = false;
    for (at, has) in states {
        match (inside, has) {
            (false, true) => runs.push((at, None)),
            (true, false) => {
                if let Some(run) = runs.last_mut() {
                    run.1 = Some(at);
                }
            }
            _ => {}
        }
        inside = has;
    }
    runs
}

/// The union over repositories and packages, found by asking at every position.
fn expected_sources(history: &History) -> Intervals {
    let packages = expected_packages(history);
    let mut bounds: BTreeSet<i64> = BTreeSet::new();
    for (since, until) in packages.values().flatten() {
        bounds.insert(*since);
        bounds.extend(until);
    }
    let mut expected = Intervals::new();
    for source in (0..4).map(|number| format!("source-{number}")) {
        let own = |name: &str| {
            (0..8)
                .map(package)
                .any(|p| p.name == name && p.source == source)
        };
        let intervals: Vec<Interval> = packages
            .iter()
            .filter(|((_, name), _)| own(name))
            .flat_map(|(_, runs)| runs.clone())
            .collect();
        let covers = |at: i64| {
            intervals
                .iter()
                .any(|(since, until)| *since <= at && until.is_none_or(|until| at < until))
        };
        let runs = runs(bounds.iter().map(|&at| (at, covers(at))));
        if !runs.is_empty() {
            expected.insert((String::new(), source), runs);
        }
    }
    expected
}

fn stored_packages(database: &Database, branch: &str) -> Intervals {
    let lines = &database.content().tables["package_interval"];
    let own = lines
        .iter()
        .map(|line| fields(line))
        .filter(|fields| fields[1] == branch);
    gather(own.map(|fields| {
        (
            (fields[2].clone(), fields[4].clone()),
            interval(&fields[7], &fields[8]),
        )
    }))
}

fn stored_sources(database: &Database, branch: &str) -> Intervals {
    let lines = &database.content().tables["source_interval"];
    let own = lines
        .iter()
        .map(|line| fields(line))
        .filter(|fields| fields[1] == branch);
    gather(own.map(|fields| {
        (
            (String::new(), fields[2].clone()),
            interval(&fields[5], &fields[6]),
        )
    }))
}

fn fields(line: &str) -> Vec<String> {
    line.split(" | ")
        .map(|field| field.trim_matches('"').to_owned())
        .collect()
}

fn interval(since: &str, until: &str) -> Interval {
    (since.parse().unwrap(), until.parse().ok())
}

fn gather(found: impl Iterator<Item = ((String, String), Interval)>) -> Intervals {
    let mut intervals = Intervals::new();
    for (key, interval) in found {
        intervals.entry(key).or_default().push(interval);
    }
    for runs in intervals.values_mut() {
        runs.sort_unstable();
    }
    intervals
}

fn revision(name: &str, second: i64, packages: &[usize]) -> Revision {
    let packages = packages.iter().map(|&number| package(number)).collect();
    Revision {
        name: name.to_owned(),
        time: second * 1_000_000,
        packages,
    }
}

fn open_branch(database: &Database) -> (BranchId, RepositoryId) {
    database.write(async |session| {
        let branch = session.branch("debian", "12").await?;
        Ok((branch, session.repository(branch, "", "").await?))
    })
}

#[test]
fn importing_twice_writes_nothing() {
    on_each(|database| {
        let (branch, repository) = open_branch(database);
        let history = [
            revision("b", 2, &[1, 2]),
            revision("a", 1, &[0, 1]),
            revision("c", 3, &[]),
        ];
        let import_all = || {
            for revision in &history {
                database.write(async |session| place(session, branch, repository, revision).await);
            }
        };
        import_all();
        let before = database.dump();
        import_all();
        assert_eq!(database.dump(), before);
    });
}

#[test]
fn a_revision_tells_which_sources_it_touches() {
    on_each(|database| {
        let (branch, repository) = open_branch(database);
        let touched = |revision: Revision| {
            let placed =
                database.write(async |session| place(session, branch, repository, &revision).await);
            placed.unwrap().len()
        };
        assert_eq!(touched(revision("a", 1, &[0, 2])), 2);
        // Package 0 stays, 2 goes, 3 of the same source comes, 4 of another comes.
        assert_eq!(touched(revision("b", 2, &[0, 3, 4])), 2);
        assert_eq!(touched(revision("c", 3, &[0, 3, 4])), 0);
    });
}

#[test]
fn an_empty_revision_ends_everything_and_is_a_revision() {
    on_each(|database| {
        let (branch, repository) = open_branch(database);
        for revision in [
            revision("a", 1, &[0]),
            revision("b", 2, &[]),
            revision("c", 3, &[0]),
        ] {
            database.write(async |session| place(session, branch, repository, &revision).await);
        }
        let runs = &stored_packages(database, "12")[&(String::new(), "package-0".to_owned())];
        let at = |second: i64, name: &str| position(second * 1_000_000, name);
        assert_eq!(runs, &[(at(1, "a"), Some(at(2, "b"))), (at(3, "c"), None)]);
        let stored = database.numbers("SELECT packages FROM revision ORDER BY position");
        assert_eq!(stored, [[Some(1)], [Some(0)], [Some(1)]]);
    });
}

#[test]
fn revisions_of_one_moment_are_told_apart() {
    on_each(|database| {
        let (branch, repository) = open_branch(database);
        // Not a whole second: the time alone is the position, and it is taken.
        for name in ["a", "b"] {
            let mut revision = revision(name, 1, &[0]);
            revision.time += 1;
            database.write(async |session| place(session, branch, repository, &revision).await);
        }
        assert_eq!(
            database.numbers("SELECT count(DISTINCT position) FROM revision"),
            [[Some(2)]]
        );
    });
}

#[test]
fn branches_with_the_same_packages_share_them() {
    on_each(|database| {
        for branch in ["12", "13"] {
            import(database, branch, [(0, revision("a", 1, &[0, 1, 2]))].iter());
        }
        assert_eq!(
            database.numbers("SELECT count(*) FROM package"),
            [[Some(3)]]
        );
        assert_eq!(
            database.numbers("SELECT count(*) FROM source_package"),
            [[Some(2)]]
        );
        assert_eq!(
            database.numbers("SELECT count(*) FROM package_interval"),
            [[Some(6)]]
        );
        let branches = database.read(async |session| session.branches().await);
        for (branch, _, _) in branches {
            let sources = database.read(async |session| session.sources_of_branch(branch).await);
            assert_eq!(sources.len(), 2);
        }
    });
}
