//! Which packages have a graft, and when they had.

use palisade_store::{BranchState, PackageId, RevisionPoint};

use crate::database::{Database, on_each};
use crate::makers::{Package, Revision, place};

/// Three states of a branch, and one of another; what ends in `*` has a graft.
fn fill(database: &Database) {
    let states: [(&str, i64, &[&str]); 4] = [
        ("master", 1, &["a", "b*"]),
        ("master", 2, &["a*", "b*", "c"]),
        ("master", 3, &["a*", "b"]),
        ("other", 1, &["c*"]),
    ];
    for (branch, second, names) in states {
        let package = |name: &&str| Package {
            name: (*name).to_owned(),
            source: (*name).to_owned(),
        };
        let revision = Revision {
            name: format!("{branch}-{second}"),
            time: second * 1_000_000,
            packages: names.iter().map(package).collect(),
        };
        database.write(async |session| {
            let branch = session.branch("debian", branch).await?;
            let repository = session.repository(branch, "", "").await?;
            place(session, branch, repository, &revision).await
        });
    }
}

#[test]
fn packages_with_a_graft_are_those_of_the_state_that_is_asked_for() {
    on_each(|database| {
        fill(database);
        database.read(async |session| {
            let branch = session.find_branch("debian", "master").await?.unwrap();
            let revisions: Vec<RevisionPoint> = session.latest_revisions(branch, 10).await?;
            let mut told = Vec::new();
            for position in revisions
                .iter()
                .rev()
                .map(|it| it.position)
                .chain([i64::MAX])
            {
                let state = BranchState { branch, position };
                let packages = session.grafted_packages(state).await?;
                let names: Vec<String> = packages.into_iter().map(|it| it.name).collect();
                told.push(names.join(" "));
            }
            assert_eq!(told, ["b*", "a* b*", "a*", "a*"]);
            Ok(())
        });
    });
}

#[test]
fn the_stays_of_grafts_are_told_of_one_branch_alone() {
    on_each(|database| {
        fill(database);
        database.read(async |session| {
            let branch = session.find_branch("debian", "master").await?.unwrap();
            let spans = session.grafted_spans(branch).await?;
            let told: Vec<(String, bool)> = spans
                .iter()
                .map(|span| (span.name.clone(), span.until.is_none()))
                .collect();
            let told: Vec<(&str, bool)> = told.iter().map(|(a, b)| (a.as_str(), *b)).collect();
            assert_eq!(told, [("a*", true), ("b*", false)]);
            let sources: Vec<_> = spans.iter().map(|span| span.source).collect();
            let mut grafted = session.grafted_among(&sources).await?;
            grafted.sort_unstable();
            let mut expected = sources.clone();
            expected.sort_unstable();
            assert_eq!(grafted, expected);
            let plain = session.sources_named("debian", "a").await?;
            let plain: Vec<_> = plain.iter().map(|row| row.id).collect();
            assert_eq!(plain.len(), 1);
            assert_eq!(session.grafted_among(&plain).await?, []);
            Ok(())
        });
    });
}

#[test]
fn packages_are_told_with_where_all_of_each_is() {
    on_each(|database| {
        fill(database);
        database.read(async |session| {
            let branch = session.find_branch("debian", "master").await?.unwrap();
            let state = BranchState {
                branch,
                position: i64::MAX,
            };
            let placed = session.packages_at(state).await?;
            let ids: Vec<PackageId> = placed.iter().map(|it| it.package).collect();
            let packages = session.state_packages(&ids).await?;
            let spans: Vec<_> = packages.iter().map(|it| it.facts).collect();
            let mut read = Vec::new();
            session
                .read_spans(&spans, |index, bytes| {
                    assert_eq!(packages[index].name.as_bytes(), bytes);
                    read.push(packages[index].name.clone());
                })
                .await?;
            read.sort_unstable();
            assert_eq!(read, ["a*", "b"]);
            Ok(())
        });
    });
}

#[test]
fn the_few_with_a_graft_are_found_in_an_index() {
    on_each(|database| {
        fill(database);
        let plan = database.plan("SELECT s.id FROM source_package s WHERE s.grafted");
        let is_small = plan.contains("source_package_grafted") || plan.contains("Seq Scan");
        assert!(is_small, "{plan}");
    });
}
