//! What is in repositories and was in revisions, and records by the names of their sources.

use palisade_store::{BranchId, RepositoryId, Session, StoreError, VersionSpan, position};

use crate::database::{Database, on_each};
use crate::makers::{NOW, Package, Revision, advisory, import, place, withdraw};

const DAY: i64 = 86_400_000_000;

fn package(name: &str, source: &str) -> Package {
    Package {
        name: name.to_owned(),
        source: source.to_owned(),
    }
}

async fn placed(
    session: &mut Session,
    branch: BranchId,
    repository: RepositoryId,
    day: i64,
    packages: &[Package],
) -> Result<i64, StoreError> {
    let revision = Revision {
        name: format!("day {day}"),
        time: NOW + day * DAY,
        packages: packages.to_vec(),
    };
    place(session, branch, repository, &revision).await?;
    Ok(position(revision.time, &revision.name))
}

/// Two revisions of main: a goes, c comes, b stays; and one of contrib.
fn prepare(database: &Database) -> (BranchId, RepositoryId, [i64; 2]) {
    database.write(async |session| {
        let branch = session.branch("debian", "12").await?;
        let main = session.repository(branch, "main", "amd64").await?;
        let contrib = session.repository(branch, "contrib", "amd64").await?;
        let (a, b, c) = (
            package("a", "src"),
            package("b", "src"),
            package("c", "other"),
        );
        let first = placed(session, branch, main, 1, &[a, b.clone()]).await?;
        let second = placed(session, branch, main, 2, &[b.clone(), c]).await?;
        placed(session, branch, contrib, 3, &[b]).await?;
        Ok((branch, main, [first, second]))
    })
}

#[test]
fn packages_are_listed_as_they_were_at_a_position() {
    on_each(|database| {
        let (branch, _, [first, second]) = prepare(database);
        database.read(async |session| {
            let names = async |session: &mut Session, at, after, limit| {
                let rows = session.listed_packages(branch, at, after, limit).await?;
                Ok::<_, StoreError>(rows.into_iter().map(|row| row.name).collect::<Vec<_>>())
            };
            assert_eq!(names(session, first, "", 9).await?, ["a", "b"]);
            assert_eq!(names(session, second, "", 9).await?, ["b", "c"]);
            assert_eq!(names(session, second, "", 1).await?, ["b"]);
            assert_eq!(names(session, second, "b", 9).await?, ["c"]);
            assert_eq!(session.package_count(branch, first).await?, 2);
            assert_eq!(session.packages_named(branch, first, "a").await?.len(), 1);
            assert_eq!(session.packages_named(branch, second, "a").await?.len(), 0);
            let mut facts = Vec::new();
            let row = session.packages_named(branch, second, "c").await?.remove(0);
            session
                .read_spans(&[row.facts], |_, bytes| facts = bytes.to_vec())
                .await?;
            assert_eq!(facts, b"c");
            Ok(())
        });
    });
}

#[test]
fn it_is_known_when_a_version_was_where_and_which_revision_came_before() {
    on_each(|database| {
        let (branch, _, [first, second]) = prepare(database);
        database.read(async |session| {
            let spans = session.package_versions("debian", "a").await?;
            let gone = VersionSpan {
                branch,
                version: "1".to_owned(),
                since: first,
                until: Some(second),
            };
            assert_eq!(spans, [gone]);
            assert_eq!(session.package_versions("guix", "a").await?, []);
            let asked = [first, second, i64::MAX];
            let before = session.positions_before(branch, asked).await?;
            assert_eq!(before.get(&first), None, "nothing was before the first");
            assert_eq!(before.get(&second), Some(&first));
            let latest = session.latest_revisions(branch, 1).await?.remove(0);
            assert_eq!(before.get(&i64::MAX), Some(&latest.position));
            let between = session
                .revisions_between(branch, NOW + DAY, NOW + 3 * DAY, 9)
                .await?;
            assert_eq!(between.len(), 1);
            assert_eq!(between[0].name, "day 2");
            Ok(())
        });
    });
}

#[test]
fn what_is_in_repositories_now_is_told_with_its_source() {
    on_each(|database| {
        let (branch, main, _) = prepare(database);
        database.read(async |session| {
            assert_eq!(session.repositories_named(branch, "main").await?, [main]);
            assert_eq!(session.repositories_named(branch, "none").await?, []);
            let rows = session.present_packages(&[main]).await?;
            let told: Vec<_> = rows
                .iter()
                .map(|row| (row.source_name.as_str(), row.name.as_str()))
                .collect();
            assert_eq!(told, [("other", "c"), ("src", "b")]);
            let of = session.present_packages_of(&[rows[1].source]).await?;
            let mut told: Vec<_> = of
                .iter()
                .map(|(at, repository, row)| (*at, repository.as_str(), row.name.as_str()))
                .collect();
            told.sort_unstable();
            assert_eq!(told, [(branch, "contrib", "b"), (branch, "main", "b")]);
            let places = session.present_repositories(&[rows[1].source]).await?;
            let names: Vec<_> = places.iter().map(|(_, _, name)| name.as_str()).collect();
            assert_eq!(names, ["contrib", "main"]);
            Ok(())
        });
    });
}

#[test]
fn records_are_found_by_their_names_and_keys() {
    on_each(|database| {
        database.write(async |session| {
            import(
                session,
                "osv",
                &[advisory("X-1"), advisory("CVE-2024-0001")],
            )
            .await?;
            import(session, "nvd", &[advisory("CVE-2024-0001")]).await
        });
        database.read(async |session| {
            let found = session.records_named(&["osv", "rustsec"], "X-1").await?;
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].feed_kind, "osv");
            assert_eq!(session.records_named(&["nvd"], "X-1").await?.len(), 0);
            let keys = advisory("X-1").keys;
            let pairs = session.advisories_of_keys(&keys).await?;
            assert_eq!((pairs.len(), pairs[0].0), (1, keys[0]));
            assert_eq!(session.advisories_of_keys(&[7]).await?, []);
            let names = ["X-1", "CVE-2024-0001", "none"];
            let mut told = session.modified_names(&["osv"], &names).await?;
            told.sort_by(|a, b| a.name.cmp(&b.name));
            told.dedup();
            let told: Vec<_> = told.into_iter().map(|it| (it.name, it.modified)).collect();
            let known = |name: &str| (name.to_owned(), Some(NOW));
            assert_eq!(told, [known("CVE-2024-0001"), known("X-1")]);
            Ok(())
        });
        database.write(async |session| withdraw(session, "osv", &["X-1"]).await);
        let left = database.read(async |session| session.records_named(&["osv"], "X-1").await);
        assert_eq!(left.len(), 0);
    });
}
