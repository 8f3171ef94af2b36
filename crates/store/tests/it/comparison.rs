//! What differs between two states is the difference of both lists, whatever lies between them.

use std::collections::BTreeSet;

use palisade_store::{
    BranchState, Difference, PackageId, PlacedPackage, RevisionPoint, Session, SourcePackageId,
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

/// Packages with the names of their repositories.
async fn named(
    session: &mut Session,
    state: BranchState,
    placed: &[PlacedPackage],
) -> BTreeSet<(String, PackageId)> {
    let labels = session.repository_labels(state.branch).await.unwrap();
    let name = |it: &PlacedPackage| (labels[&it.repository].0.clone(), it.package);
    placed.iter().map(name).collect()
}

#[test]
fn any_two_states_differ_in_what_their_lists_differ_in() {
    on_each(|database| {
        fill(database);
        database.read(async |session| {
            let states = states(session).await;
            assert_eq!(states.len(), 26);
            for from in &states {
                for to in &states {
                    packages_differ(session, *from, *to).await;
                    sources_differ(session, *from, *to).await;
                }
            }
            Ok(())
        });
    });
}

async fn packages_differ(session: &mut Session, from: BranchState, to: BranchState) {
    let before = session.packages_at(from).await.unwrap();
    let after = session.packages_at(to).await.unwrap();
    let before = named(session, from, &before).await;
    let after = named(session, to, &after).await;
    let found = session.package_difference(from, to).await.unwrap();
    let gone = named(session, from, &found.gone).await;
    let came = named(session, to, &found.came).await;
    assert_eq!(gone, &before - &after, "{from:?} {to:?}");
    assert_eq!(came, &after - &before, "{from:?} {to:?}");
    assert_eq!(found.gone.len() + found.came.len(), gone.len() + came.len());
}

async fn sources_differ(session: &mut Session, from: BranchState, to: BranchState) {
    let before: BTreeSet<SourcePackageId> = session
        .sources_at(from)
        .await
        .unwrap()
        .into_iter()
        .collect();
    let after: BTreeSet<SourcePackageId> =
        session.sources_at(to).await.unwrap().into_iter().collect();
    let Difference { gone, came } = session.source_difference(from, to).await.unwrap();
    assert_eq!(gone.into_iter().collect::<BTreeSet<_>>(), &before - &after);
    assert_eq!(came.into_iter().collect::<BTreeSet<_>>(), &after - &before);
}

#[test]
fn the_way_between_two_states_of_a_branch_is_found_in_an_index() {
    on_each(|database| {
        fill(database);
        let plan = database.plan(
            "SELECT i.package_id FROM package_interval i WHERE i.repository_id = 1 \
             AND i.until > 5 AND i.until <= 9 AND i.since <= 5",
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
