//! Transactions: all or nothing, one writer at a time, readers undisturbed.

use std::time::Duration;

use futures_util::future::join_all;
use palisade_store::{Event, ImportSummary, Store, StoreError, StoredReject};

use crate::database::{on_each, tables};
use crate::makers::{NOW, Package, Revision, advisory, advisory_with, import, place};

#[test]
fn what_is_not_committed_never_was() {
    on_each(|database| {
        database.write(async |session| import(session, "nvd", &[advisory("CVE-2024-0001")]).await);
        let before = database.dump();
        database.wait(async {
            let mut session = database.store.write().await.unwrap();
            let advisories = [
                advisory_with("CVE-2024-0001", &["GHSA-1"]),
                advisory("GHSA-2"),
            ];
            import(&mut session, "nvd", &advisories).await.unwrap();
            let branch = session.branch("guix", "master").await.unwrap();
            let repository = session.repository(branch, "", "").await.unwrap();
            let package = Package {
                name: "a".to_owned(),
                source: "a".to_owned(),
            };
            let revision = Revision {
                name: "r".to_owned(),
                time: NOW,
                packages: vec![package],
            };
            place(&mut session, branch, repository, &revision)
                .await
                .unwrap();
            session.set_setting("a", "b").await.unwrap();
            session.write_epss("2024-01-01", &[]).await.unwrap();
            drop(session);
        });
        assert_eq!(database.dump(), before);
        // The writer is free again.
        database.write(async |session| session.set_setting("a", "c").await);
    });
}

#[test]
fn a_reader_sees_one_state_throughout() {
    on_each(|database| {
        database.write(async |session| session.set_setting("a", "1").await);
        database.wait(async {
            let mut reader = database.store.read().await.unwrap();
            assert_eq!(reader.setting("a").await.unwrap().as_deref(), Some("1"));
            let mut writer = database.store.write().await.unwrap();
            writer.set_setting("a", "2").await.unwrap();
            writer.commit().await.unwrap();
            assert_eq!(reader.setting("a").await.unwrap().as_deref(), Some("1"));
            drop(reader);
            let mut reader = database.store.read().await.unwrap();
            assert_eq!(reader.setting("a").await.unwrap().as_deref(), Some("2"));
        });
    });
}

#[test]
fn a_reader_cannot_write() {
    on_each(|database| {
        database.wait(async {
            let mut reader = database.store.read().await.unwrap();
            assert!(reader.set_setting("a", "1").await.is_err());
        });
    });
}

#[test]
fn writers_take_turns() {
    on_each(|database| {
        // Each makes what is not there yet, under the next free number.
        let add = async |name: &'static str| {
            let mut session = database.store.write().await.unwrap();
            let found = session.branch("debian", name).await.unwrap();
            session.commit().await.unwrap();
            found
        };
        database.wait(async {
            let (a, b) = tokio::join!(add("12"), add("13"));
            assert_ne!(a, b);
        });
    });
}

#[test]
fn writers_that_wait_keep_nobody_from_reading() {
    on_each(|database| {
        database.wait(async {
            let first = database.store.write().await.unwrap();
            let write = async || {
                let session = database.store.write().await.unwrap();
                session.commit().await.unwrap();
            };
            let mut others = std::pin::pin!(join_all((0..20).map(|_| write())));
            let waited = tokio::time::timeout(Duration::from_millis(200), &mut others).await;
            assert!(waited.is_err(), "it is nobody else's turn");
            let read = tokio::time::timeout(Duration::from_secs(10), database.store.read());
            let mut reader = read.await.expect("a reader does not wait").unwrap();
            assert_eq!(reader.setting("a").await.unwrap(), None);
            drop(first);
            others.await;
        });
    });
}

#[test]
fn events_and_imports_are_numbered_in_order() {
    on_each(|database| {
        let event = |says: &str| Event {
            time: NOW,
            kind: "feed.imported",
            branch: None,
            package: None,
            vulnerability: None,
            says: says.to_owned(),
        };
        let reject = StoredReject {
            document: "a.json".to_owned(),
            place: "line 3".to_owned(),
            record: None,
            reason: "no identifier".to_owned(),
            mended: false,
        };
        for number in 0..2 {
            database.write(async |session| {
                session.write_events(&[event("one"), event("two")]).await?;
                let summary = ImportSummary {
                    records: number,
                    ..ImportSummary::default()
                };
                session
                    .write_import(NOW, &summary, std::slice::from_ref(&reject))
                    .await
                    .map(|import| assert_eq!(import, i64::try_from(number).unwrap() + 1))
            });
        }
        let numbers = |statement| database.numbers(statement).concat();
        assert_eq!(
            numbers("SELECT id FROM event ORDER BY id"),
            [1, 2, 3, 4].map(Some)
        );
        assert_eq!(
            numbers("SELECT records FROM import ORDER BY id"),
            [0, 1].map(Some)
        );
        assert_eq!(
            numbers("SELECT import_id FROM import_reject ORDER BY 1"),
            [1, 2].map(Some)
        );
    });
}

#[test]
fn the_content_covers_every_table() {
    on_each(|database| {
        let content = database.content();
        let missing: Vec<_> = tables()
            .into_iter()
            .filter(|name| !content.tables.contains_key(name))
            .collect();
        // Blocks are told through the spans that point into them.
        assert_eq!(missing, ["block"]);
    });
}

#[test]
fn an_address_of_neither_database_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let error = runtime
        .block_on(Store::open("mysql://localhost/x"))
        .unwrap_err();
    assert!(matches!(error, StoreError::Address { .. }), "{error:?}");
}
