//! Sources are leased by one at a time, and remember how they went.

use palisade_store::{Lease, PartRecord, SourceRecord};

use crate::database::on_each;

fn lease(mark: &str, since: i64, until: i64) -> Lease {
    Lease {
        mark: mark.to_owned(),
        since,
        until,
    }
}

#[test]
fn only_one_has_a_source_until_it_is_given_back_or_the_lease_ends() {
    on_each(|database| {
        let take = |mark: &'static str, since, until, dead: Option<&'static str>| {
            let lease = lease(mark, since, until);
            database.write(async move |session| session.lease_source("nvd", &lease, dead).await)
        };
        assert!(take("a", 100, 200, None));
        assert!(!take("b", 150, 250, None), "somebody has it");
        assert!(!take("b", 150, 250, Some("c")), "somebody else died");
        assert!(take("b", 150, 250, Some("a")), "whoever had it died");
        assert!(take("c", 250, 350, None), "the lease ended");
        let renew = |mark: &'static str| {
            database.write(async move |session| session.renew_lease("nvd", mark, 400).await)
        };
        assert!(renew("c"));
        assert!(!renew("b"), "it is somebody else's by now");
        assert!(!take("d", 399, 500, None), "it was renewed");
        let give = |mark: &'static str| {
            database.write(async move |session| session.release_source("nvd", mark).await);
        };
        give("b");
        assert!(!take("d", 300, 400, None), "only who has it gives it back");
        give("c");
        assert!(take("d", 300, 400, None));
    });
}

#[test]
fn how_a_source_went_is_remembered_beside_its_lease() {
    on_each(|database| {
        let lease = lease("a", 100, 300);
        let taken = lease.clone();
        database.write(async move |session| session.lease_source("nvd", &taken, None).await);
        let done = SourceRecord {
            name: "nvd".to_owned(),
            attempted_at: Some(200),
            succeeded_at: Some(210),
            failures: 0,
            error: None,
            next_at: 1000,
            every: None,
            lease: Some(lease),
        };
        let written = done.clone();
        database.write(async move |session| session.write_source(&written).await);
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
        database.write(async |session| session.forget_source_part("alpine", "b").await);
        let parts = database.read(async |session| session.source_parts("alpine").await);
        assert_eq!(parts, [part("a", "2")]);
        let others = database.read(async |session| session.source_parts("debian").await);
        assert_eq!(others, [part("a", "3")]);
    });
}
