//! The intervals of a branch say of each of its states what was there.

use std::collections::BTreeSet;

use palisade_store::{
    BranchState, Interval, Intervals, PackageId, PlacedPackage, RevisionPoint, Session,
    SourcePackageId,
};

use crate::database::{Database, on_each};
use crate::makers::{Package, Revision, digest, place};

const BRANCHES: [&str; 2] = ["one", "two"];
const REPOSITORIES: [&str; 2] = ["main", "community"];

/// Twelve states of two repositories on each of two branches: every package comes and goes in a
/// rhythm of its own, some return, and two packages each share a source.
fn fill(database: &Database) {
    for (number, branch) in BRANCHES.iter().enumerate() {
        for second in 0..12_usize {
            let there =
                |package: &usize| (second / (package % 4 + 1) + number + package).is_multiple_of(2);
            let packages = (0..9).filter(there).map(|package| Package {
                name: format!("package-{package}"),
                source: format!("source-{}", package / 2),
            });
            let revision = Revision {
                name: format!("{branch}-{second}"),
                time: i64::try_from(second).unwrap() * 1_000_000,
                packages: packages.collect(),
            };
            database.write(async |session| {
                let branch = session.branch("debian", branch).await?;
                let name = REPOSITORIES[second % 2];
                let repository = session.repository(branch, name, "").await?;
                place(session, branch, repository, &revision).await
            });
        }
    }
}

async fn states(session: &mut Session) -> Vec<BranchState> {
    let mut states = Vec::new();
    for (id, _, _) in session.branches().await.unwrap() {
        let revisions: Vec<RevisionPoint> = session.latest_revisions(id, 100).await.unwrap();
        let positions = revisions
            .iter()
            .map(|point| point.position)
            .chain([i64::MAX]);
        states.extend(positions.map(|position| BranchState {
            branch: id,
            position,
        }));
    }
    states
}

#[test]
fn the_intervals_of_a_branch_hold_what_each_of_its_states_has() {
    on_each(|database| {
        fill(database);
        database.read(async |session| {
            let states = states(session).await;
            assert_eq!(states.len(), 26);
            for state in &states {
                packages_agree(session, *state).await;
                sources_agree(session, *state).await;
            }
            Ok(())
        });
    });
}

async fn packages_agree(session: &mut Session, state: BranchState) {
    let intervals = session
        .package_intervals(state.branch, Intervals::All)
        .await
        .unwrap();
    let key = |it: &PlacedPackage| (it.package, it.repository.0);
    assert!(intervals.is_sorted_by_key(|it| (key(&it.what), it.since)));
    let there = intervals.iter().filter(|it| it.holds(state.position));
    let there: Vec<(PackageId, i64)> = there.map(|it| key(&it.what)).collect();
    let mut told = session.packages_at(state).await.unwrap();
    told.sort_unstable_by_key(key);
    assert_eq!(there, told.iter().map(key).collect::<Vec<_>>(), "{state:?}");
}

async fn sources_agree(session: &mut Session, state: BranchState) {
    let intervals = session
        .source_intervals(state.branch, Intervals::All)
        .await
        .unwrap();
    assert!(intervals.is_sorted_by_key(|it| (it.what, it.since)));
    let there = intervals.iter().filter(|it| it.holds(state.position));
    let there: BTreeSet<SourcePackageId> = there.map(|it| it.what).collect();
    let packages = session.packages_at(state).await.unwrap();
    let packages: Vec<PackageId> = packages.iter().map(|it| it.package).collect();
    let labels = session.package_labels(&packages).await.unwrap();
    let built_from: BTreeSet<SourcePackageId> = labels.iter().map(|it| it.source).collect();
    assert_eq!(there, built_from, "{state:?}");
}

#[test]
fn what_begins_or_ends_on_the_way_between_two_states_is_read_alone() {
    on_each(|database| {
        fill(database);
        database.read(async |session| {
            let states = states(session).await;
            for from in &states {
                let at = Intervals::At(from.position);
                let found = session.package_intervals(from.branch, at).await?;
                let all = session
                    .package_intervals(from.branch, Intervals::All)
                    .await?;
                let holds = |it: &&Interval<PlacedPackage>| it.holds(from.position);
                assert!(all.iter().filter(holds).eq(found.iter()));
                for to in states.iter().filter(|to| to.branch == from.branch) {
                    ends_agree(session, *from, *to).await;
                }
            }
            Ok(())
        });
    });
}

async fn ends_agree(session: &mut Session, from: BranchState, to: BranchState) {
    let between = Intervals::Between(from.position, to.position);
    let found = session
        .source_intervals(from.branch, between)
        .await
        .unwrap();
    let all = session
        .source_intervals(from.branch, Intervals::All)
        .await
        .unwrap();
    let way = from.position.min(to.position)..from.position.max(to.position);
    let is_on_the_way = |end: i64| way.start < end && end <= way.end;
    let ends = |it: &&Interval<SourcePackageId>| {
        is_on_the_way(it.since) || it.until.is_some_and(is_on_the_way)
    };
    assert!(all.iter().filter(ends).eq(found.iter()), "{from:?} {to:?}");
}

#[test]
fn the_way_between_two_states_of_a_branch_is_found_in_an_index() {
    on_each(|database| {
        fill(database);
        let plan = database.plan(
            "SELECT i.package_id FROM package_interval i WHERE i.repository_id = 1 \
             AND ((i.since > 5 AND i.since <= 9) OR (i.until > 5 AND i.until <= 9))",
        );
        // PostgreSQL reads so small a table whole, whatever indexes it has.
        let is_planned = plan.contains("package_interval_until") || plan.contains("Seq Scan");
        assert!(is_planned, "{plan}");
    });
}

#[test]
fn digests_of_an_earlier_program_are_made_once() {
    on_each(|database| {
        fill(database);
        database.execute("UPDATE package SET substance = NULL WHERE name < 'package-5'");
        let without = |after| {
            database.read(async |session| session.packages_without_substance(after, 3).await)
        };
        let first = without(PackageId(0));
        assert_eq!(first.len(), 3);
        let last = first[2].0;
        assert_eq!(without(last).len(), 2);
        let made: Vec<(PackageId, [u8; 16])> =
            first.iter().map(|(id, _)| (*id, digest("x"))).collect();
        database.write(async |session| session.set_substances(&made).await);
        assert_eq!(without(PackageId(0)).len(), 2);
        let labels = database.read(async |session| session.package_labels(&[last]).await);
        assert_eq!(labels[0].substance, Some(digest("x")));
    });
}

#[test]
fn revisions_are_found_by_beginnings_and_by_positions() {
    on_each(|database| {
        fill(database);
        database.read(async |session| {
            let branch = session.find_branch("debian", "one").await?.unwrap();
            let found = session.revisions_beginning(branch, "one-1").await?;
            let names: Vec<&str> = found.iter().map(|point| point.name.as_str()).collect();
            assert_eq!(names, ["one-11", "one-10"]);
            let last = session.revision_before(branch, 3_000_000).await?.unwrap();
            assert_eq!(last.name, "one-2");
            assert_eq!(session.revision_before(branch, 0).await?, None);
            Ok(())
        });
    });
}
