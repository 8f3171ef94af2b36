//! Findings: written as differences, and what is asked to derive them.

use palisade_store::{FindingKey, FindingRow, FindingState};

use crate::database::{Database, on_each};
use crate::makers::{NOW, Package, Revision, advisory, import, place};

/// A branch with one package, and an advisory that shares a key with its source.
fn prepare(database: &Database) -> FindingKey {
    database.write(async |session| {
        let branch = session.branch("debian", "12").await?;
        let repository = session.repository(branch, "", "").await?;
        let package = Package {
            name: "openssl".to_owned(),
            source: "openssl".to_owned(),
        };
        let revision = Revision {
            name: "r".to_owned(),
            time: NOW,
            packages: vec![package],
        };
        let sources = place(session, branch, repository, &revision)
            .await?
            .unwrap();
        let mut touching = advisory("CVE-2024-0001");
        touching
            .keys
            .extend(crate::makers::new_source("openssl").keys);
        let touched = import(session, "nvd", &[touching, advisory("CVE-2024-0002")]).await?;
        assert_eq!(touched.vulnerabilities.len(), 2);
        let known = session
            .vulnerabilities_by_name(["CVE-2024-0001"].into_iter())
            .await?;
        Ok(FindingKey {
            branch,
            source: sources[0],
            vulnerability: known["CVE-2024-0001"],
        })
    })
}

fn state(status: i64) -> FindingState {
    FindingState {
        status,
        confidence: 2,
        fixed_in: Some("3.0.1".to_owned()),
    }
}

#[test]
fn shared_keys_bring_sources_and_advisories_together() {
    on_each(|database| {
        let key = prepare(database);
        database.read(async |session| {
            let by_source = session.pairs_of_sources(&[key.source]).await?;
            assert_eq!(by_source.len(), 1);
            let (_, advisory) = by_source[0];
            assert_eq!(session.pairs_of_advisories(&[advisory]).await?, by_source);
            let expected = [(key.vulnerability, advisory)];
            assert_eq!(session.vulnerabilities_of(&[advisory]).await?, expected);
            assert_eq!(session.advisories_of(&[key.vulnerability]).await?, expected);
            assert_eq!(
                session.branches_of_sources(&[key.source]).await?,
                [(key.source, key.branch)]
            );
            assert_eq!(
                session.standing_advisories(&[advisory]).await?[0].name,
                "CVE-2024-0001"
            );
            assert_eq!(session.all_sources().await?, [key.source]);
            assert!(session.has_sources().await?);
            let labels = session.source_labels(&[key.source]).await?;
            assert_eq!(labels[&key.source], ("openssl".to_owned(), "1".to_owned()));
            Ok(())
        });
    });
}

#[test]
fn a_withdrawn_advisory_no_longer_stands() {
    on_each(|database| {
        prepare(database);
        let mut withdrawn = advisory("CVE-2024-0001");
        withdrawn.withdrawn = true;
        database.write(async |session| import(session, "nvd", &[withdrawn]).await);
        let standing = database.read(async |session| session.standing_advisories(&[1, 2]).await);
        let names: Vec<&str> = standing.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["CVE-2024-0002"]);
    });
}

#[test]
fn findings_are_added_changed_and_taken_out() {
    on_each(|database| {
        let key = prepare(database);
        let write =
            |now, gone: &[i64], changed: &[FindingRow], new: &[(FindingKey, FindingState)]| {
                database
                    .write(async |session| session.write_findings(now, gone, changed, new).await);
            };
        let stored = || {
            let rows = database
                .read(async |session| session.findings_of_sources(key.branch, &[key.source]).await);
            let same = database.read(async |session| {
                session
                    .findings_of_vulnerabilities(&[key.vulnerability])
                    .await
            });
            assert_eq!(same.len(), rows.len());
            rows
        };
        write(1, &[], &[], &[(key, state(0))]);
        let first = stored().remove(0);
        assert_eq!(
            (first.key, first.state.clone(), first.first_seen),
            (key, state(0), 1)
        );

        write(
            2,
            &[],
            &[FindingRow {
                state: state(2),
                ..first.clone()
            }],
            &[],
        );
        let changed = stored().remove(0);
        assert_eq!(
            (changed.id, changed.state.clone(), changed.first_seen),
            (first.id, state(2), 1)
        );
        assert_eq!(
            database.numbers("SELECT changed_at FROM finding"),
            [[Some(2)]]
        );

        write(3, &[first.id], &[], &[]);
        assert!(stored().is_empty());
    });
}
