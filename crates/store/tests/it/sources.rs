//! Sources are leased by one at a time, and remember how they went.

use palisade_store::{PartRecord, SourceRecord};

use crate::database::on_each;

#[test]
fn only_one_has_a_source_until_it_is_given_back_or_the_lease_ends() {
    on_each(|database| {
        let lease = |now, until| {
            database.write(async move |session| session.lease_source("nvd", now, until).await)
        };
        assert!(lease(100, 200));
        assert!(!lease(150, 250), "somebody has it");
        assert!(lease(200, 300), "whoever had it died");
        let done = SourceRecord {
            name: "nvd".to_owned(),
            attempted_at: Some(200),
            succeeded_at: Some(210),
            failures: 0,
            error: None,
            next_at: 1000,
            every: None,
        };
        let written = done.clone();
        database.write(async move |session| session.write_source(&written).await);
        assert!(lease(220, 320), "it was given back");
        let stored = database.read(async |session| session.sources().await);
        assert_eq!(stored, [done]);
    });
}

#[test]
fn what_is_not_planned_any_longer_has_no_interval() {
    on_each(|database| {
        let every = |plan: &'static [(&str, i64)]| {
            database.write(async move |session| session.plan_sources(plan).await);
            let stored = database.read(async |session| session.sources().await);
            let every = stored.into_iter().map(|source| (source.name, source.every));
            every.collect::<Vec<_>>()
        };
        let source = |name: &str, every| (name.to_owned(), every);
        assert_eq!(
            every(&[("nvd", 60), ("kev", 90)]),
            [source("kev", Some(90)), source("nvd", Some(60))]
        );
        assert_eq!(
            every(&[("nvd", 30)]),
            [source("kev", None), source("nvd", Some(30))]
        );
    });
}

#[test]
fn parts_are_remembered_by_source_and_name() {
    on_each(|database| {
        let part = |name: &str, memory: &str| PartRecord {
            name: name.to_owned(),
            memory: memory.to_owned(),
            fetched_at: Some(1),
            changed_at: None,
            records: Some(7),
            rejected: Some(0),
            import: Some(3),
            error: None,
        };
        let write = |source: &'static str, part: PartRecord| {
            database.write(async move |session| session.write_source_part(source, &part).await);
        };
        write("alpine", part("b", "1"));
        write("alpine", part("a", "2"));
        write("debian", part("a", "3"));
        let failed = PartRecord {
            error: Some("it broke".to_owned()),
            ..part("b", "4")
        };
        write("alpine", failed.clone());
        let parts = database.read(async |session| session.source_parts("alpine").await);
        assert_eq!(parts, [part("a", "2"), failed]);
    });
}
