//! Events are found by what they are about, backward and onward, and counted by time.

use palisade_store::{Event, EventQuery};

use crate::database::on_each;

fn event(time: i64, kind: &'static str, package: Option<&str>, vulnerability: &str) -> Event {
    Event {
        time,
        kind,
        branch: None,
        package: package.map(str::to_owned),
        vulnerability: Some(vulnerability.to_owned()),
        says: format!("{kind} {vulnerability}"),
    }
}

fn events() -> Vec<Event> {
    vec![
        event(10, "finding.opened", Some("curl"), "CVE-1"),
        event(20, "finding.opened", Some("zlib"), "CVE-2"),
        event(30, "finding.closed", Some("curl"), "CVE-1"),
        event(40, "feed.imported", None, "CVE-1"),
    ]
}

#[test]
fn events_are_found_by_what_they_are_about() {
    on_each(|database| {
        let all = events();
        database.write(async |session| session.write_events(&all).await);
        let asked = |kind: Option<&str>, package: Option<&str>, vulnerability: Option<&str>| {
            let query = EventQuery {
                kind: kind.map(str::to_owned),
                package: package.map(str::to_owned),
                vulnerability: vulnerability.map(str::to_owned),
                limit: 10,
                ..EventQuery::default()
            };
            let (back, onward) = database.read(async |session| {
                let back = session.events_before(None, &query).await?;
                Ok((back, session.events_after(0, &query).await?))
            });
            let times = |rows: &[palisade_store::EventRow]| -> Vec<i64> {
                rows.iter().map(|row| row.time).collect()
            };
            let mut reversed = times(&back);
            reversed.reverse();
            assert_eq!(reversed, times(&onward));
            times(&onward)
        };
        assert_eq!(asked(None, None, None), [10, 20, 30, 40]);
        assert_eq!(asked(Some("finding.opened"), None, None), [10, 20]);
        assert_eq!(asked(None, Some("curl"), None), [10, 30]);
        assert_eq!(asked(None, None, Some("CVE-1")), [10, 30, 40]);
        assert_eq!(
            asked(Some("finding.closed"), Some("curl"), Some("CVE-1")),
            [30]
        );
        let of_branch = EventQuery {
            branch: Some(palisade_store::BranchId(7)),
            limit: 10,
            ..EventQuery::default()
        };
        let none = database.read(async |session| session.events_after(0, &of_branch).await);
        assert!(none.is_empty());
    });
}

#[test]
fn packages_of_one_name_are_told_apart_by_their_distribution() {
    on_each(|database| {
        let branches = database.write(async |session| {
            let mut branches = Vec::new();
            for (distribution, name) in
                [("alpine", "edge"), ("alpine", "v3.22"), ("guix", "master")]
            {
                branches.push(session.branch(distribution, name).await?);
            }
            let on = |branch, time, vulnerability: &str| Event {
                branch: Some(branch),
                ..event(time, "finding.opened", Some("curl"), vulnerability)
            };
            let events = [
                on(branches[0], 10, "CVE-1"),
                on(branches[2], 20, "CVE-1"),
                on(branches[1], 30, "CVE-2"),
                event(40, "identity.stated", Some("curl"), "CVE-1"),
            ];
            session.write_events(&events).await?;
            Ok(branches)
        });
        // Each way to the events has the condition of its own.
        let of_package = EventQuery {
            package: Some("curl".to_owned()),
            limit: 10,
            ..EventQuery::default()
        };
        let of_vulnerability = EventQuery {
            vulnerability: Some("CVE-1".to_owned()),
            limit: 10,
            ..EventQuery::default()
        };
        let of_kind = EventQuery {
            kind: Some("finding.opened".to_owned()),
            limit: 10,
            ..EventQuery::default()
        };
        let of_branch = EventQuery {
            branch: Some(branches[0]),
            limit: 10,
            ..EventQuery::default()
        };
        let all = EventQuery {
            limit: 10,
            ..EventQuery::default()
        };
        let asked = |query: &EventQuery, distribution: &str| {
            let query = EventQuery {
                distribution: Some(distribution.to_owned()),
                ..query.clone()
            };
            let (back, onward) = database.read(async |session| {
                let back = session.events_before(None, &query).await?;
                Ok((back, session.events_after(0, &query).await?))
            });
            let onward: Vec<i64> = onward.iter().map(|row| row.time).collect();
            let back: Vec<i64> = back.iter().rev().map(|row| row.time).collect();
            assert_eq!(back, onward);
            onward
        };
        for query in [&of_package, &of_kind, &all] {
            assert_eq!(asked(query, "alpine"), [10, 30]);
            assert_eq!(asked(query, "guix"), [20]);
            assert_eq!(asked(query, "debian"), [0; 0]);
        }
        assert_eq!(asked(&of_vulnerability, "alpine"), [10]);
        assert_eq!(asked(&of_branch, "alpine"), [10]);
        assert_eq!(asked(&of_branch, "guix"), [0; 0]);
    });
}

#[test]
fn events_are_counted_by_period() {
    on_each(|database| {
        let all = events();
        database.write(async |session| session.write_events(&all).await);
        let kinds = ["finding.opened", "finding.closed"];
        let counts = database.read(async |session| session.event_counts(kinds, 0, 20, 0).await);
        assert_eq!(
            counts,
            [
                ("finding.opened".to_owned(), 0, 1),
                ("finding.closed".to_owned(), 1, 1),
                ("finding.opened".to_owned(), 1, 1),
            ]
        );
    });
}
