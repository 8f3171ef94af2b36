//! A branch's past as a whole: what ever affected it, and when its states were.

use palisade_store::{
    AffectedRow, BranchId, FindingKey, FindingState, SourcePackageId, StoreError, position,
};

use crate::database::{Database, on_each};
use crate::makers::{NOW, Package, Revision, advisory, import, place};

const DAY: i64 = 86_400_000_000;

/// What was placed: the branch, a source package that went and one that stayed, and the first
/// position.
struct Placed {
    branch: BranchId,
    gone: SourcePackageId,
    stays: SourcePackageId,
    first: i64,
}

/// Two revisions of main, the later of which was imported first, and one of contrib between them.
fn prepare(database: &Database) -> Placed {
    let package = |name: &str| Package {
        name: name.to_owned(),
        source: name.to_owned(),
    };
    let revision = |day: i64, packages: &[&str]| Revision {
        name: format!("day {day}"),
        time: NOW + day * DAY,
        packages: packages.iter().map(|name| package(name)).collect(),
    };
    database.write(async |session| {
        let branch = session.branch("debian", "12").await?;
        let main = session.repository(branch, "main", "amd64").await?;
        let contrib = session.repository(branch, "contrib", "amd64").await?;
        place(session, branch, main, &revision(3, &["stays"])).await?;
        let (first, both) = (revision(1, &["gone", "stays"]), revision(2, &["other"]));
        let sources = place(session, branch, main, &first).await?.unwrap();
        place(session, branch, contrib, &both).await?;
        let labels = session.source_labels(&sources).await?;
        let named = |name: &str| *labels.iter().find(|(_, label)| label.0 == name).unwrap().0;
        Ok(Placed {
            branch,
            gone: named("gone"),
            stays: named("stays"),
            first: position(first.time, &first.name),
        })
    })
}

/// Vulnerabilities by names of advisories.
fn vulnerabilities<const N: usize>(database: &Database, names: [&str; N]) -> [i64; N] {
    database.write(async |session| {
        import(session, "nvd", &names.map(advisory)).await?;
        let known = session.vulnerabilities_by_name(names.into_iter()).await?;
        Ok(names.map(|name| known[name]))
    })
}

#[test]
fn whatever_affected_a_branch_is_told_also_of_packages_that_are_gone() {
    on_each(|database| {
        let placed = prepare(database);
        let [one, two] = vulnerabilities(database, ["CVE-2024-0001", "CVE-2024-0002"]);
        let key = |source, vulnerability| FindingKey {
            branch: placed.branch,
            source,
            vulnerability,
        };
        let state = |status, fixed_in: Option<&str>| FindingState {
            status,
            confidence: 2,
            fixed_in: fixed_in.map(str::to_owned),
        };
        let elsewhere = database.write(async |session| {
            let elsewhere = session.branch("debian", "13").await?;
            let affected = [
                (key(placed.gone, one), state(0, Some("2"))),
                (key(placed.stays, two), state(0, None)),
            ];
            session.write_findings(NOW, &[], &[], &affected).await?;
            // Neither waits for a person, nor fixed, nor of another branch.
            let other = [
                (key(placed.stays, one), state(1, None)),
                (key(placed.gone, two), state(2, Some("1"))),
                (
                    FindingKey {
                        branch: elsewhere,
                        ..key(placed.stays, two)
                    },
                    state(0, None),
                ),
            ];
            session.write_findings(NOW + 1, &[], &[], &other).await?;
            Ok(elsewhere)
        });
        let told = |branch| database.read(async |session| session.ever_affected(branch).await);
        let row = |source, vulnerability, fixed_in: Option<&str>, first_seen| AffectedRow {
            source,
            vulnerability,
            fixed_in: fixed_in.map(str::to_owned),
            first_seen,
        };
        let mut expected = vec![
            row(placed.gone, one, Some("2"), NOW),
            row(placed.stays, two, None, NOW),
        ];
        expected.sort_by_key(|it| (it.source.0, it.vulnerability));
        assert_eq!(told(placed.branch), expected);
        assert_eq!(
            told(elsewhere),
            [row(placed.stays, two, None, NOW + 1)],
            "a package counts on a branch where it never was: findings say so"
        );
    });
}

#[test]
fn times_of_all_repositories_are_told_in_order_whatever_came_first() {
    on_each(|database| {
        let placed = prepare(database);
        let told = database.read(async |session| {
            let times = session.revision_times(placed.branch).await?;
            Ok::<_, StoreError>((times, session.first_position(placed.branch).await?))
        });
        let times = [NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY];
        assert_eq!(told, (times.to_vec(), Some(placed.first)));
    });
}

#[test]
fn a_branch_without_a_revision_has_no_past() {
    on_each(|database| {
        prepare(database);
        let branch = database.write(async |session| session.branch("debian", "13").await);
        database.read(async |session| {
            assert_eq!(session.ever_affected(branch).await?, []);
            assert_eq!(session.revision_times(branch).await?, [0; 0]);
            assert_eq!(session.first_position(branch).await?, None);
            Ok(())
        });
    });
}
