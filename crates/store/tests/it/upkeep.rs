//! Copies of a database in use, and whether one is whole.

use palisade_store::{Backend, Examined, Schema, Store, StoreError};

use crate::database::{Database, on_each};
use crate::makers::{advisory, import};

fn problems(database: &Database) -> Vec<(Examined, String)> {
    let mut problems = Vec::new();
    database.wait(async {
        let found = |part, line| problems.push((part, line));
        database.store.check(found, |_| ()).await.unwrap();
    });
    problems
}

fn fill(database: &Database, names: &[&str]) {
    let advisories: Vec<_> = names.iter().map(|name| advisory(name)).collect();
    database.write(async |session| import(session, "nvd", &advisories).await);
}

#[test]
fn a_copy_is_the_state_of_one_moment_while_others_write() {
    on_each(|database| {
        fill(database, &["CVE-2024-0001"]);
        let before = database.content();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copy.sqlite");
        database.wait(async {
            let mut writing = database.store.write().await.unwrap();
            writing.set_setting("later", "x").await.unwrap();
            let copied = database.store.copy_into(&file).await;
            if database.store.backend() == Backend::Postgres {
                assert!(matches!(copied, Err(StoreError::ServerCopies)));
                return;
            }
            copied.unwrap();
            writing.commit().await.unwrap();
            let copy = Store::open_as_it_is(file.to_str().unwrap()).await.unwrap();
            assert_eq!(copy.schema().await.unwrap(), Schema::Fits);
            let mut session = copy.read().await.unwrap();
            assert_eq!(session.setting("later").await.unwrap(), None);
            assert_eq!(session.content().await.unwrap(), before);
            drop(session);
            copy.close().await;
            // The copy is a database to work with.
            let restored = Store::open(file.to_str().unwrap()).await.unwrap();
            let mut session = restored.write().await.unwrap();
            session.set_setting("restored", "x").await.unwrap();
            session.commit().await.unwrap();
        });
    });
}

#[test]
fn what_is_written_by_us_is_whole() {
    on_each(|database| {
        fill(database, &["CVE-2024-0001", "CVE-2024-0002"]);
        assert_eq!(problems(database), []);
    });
}

#[test]
fn rows_that_point_at_nothing_are_found() {
    on_each(|database| {
        fill(database, &["CVE-2024-0001", "CVE-2024-0002"]);
        database.execute("DELETE FROM feed");
        assert_eq!(
            problems(database),
            [(
                Examined::Rows,
                "advisory.feed_id points at feeds that are not there: 2 rows".to_owned()
            )]
        );
    });
}

#[test]
fn blocks_that_are_missing_or_damaged_are_found() {
    on_each(|database| {
        fill(database, &["CVE-2024-0001"]);
        database
            .execute("UPDATE block SET bytes = substr(bytes, 1, length(bytes) - 4) WHERE id = 1");
        let damaged = problems(database);
        let [(Examined::Blocks, line)] = damaged.as_slice() else {
            panic!("{damaged:?}");
        };
        assert!(line.starts_with("read block 1: "), "{line}");
        database.execute("DELETE FROM block WHERE id = 1");
        let gone = "block 1 is missing, and records are said to be in it".to_owned();
        assert_eq!(problems(database), [(Examined::Blocks, gone)]);
    });
}

#[test]
fn a_schema_that_does_not_fit_is_told() {
    on_each(|database| {
        let schema = || database.wait(database.store.schema()).unwrap();
        assert_eq!(schema(), Schema::Fits);
        database.execute("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 5");
        assert!(matches!(schema(), Schema::Newer { step: 9999, .. }));
        let error = database.open_again().unwrap_err();
        assert!(matches!(error, StoreError::Newer), "{error:?}");
        database.execute("DELETE FROM _sqlx_migrations WHERE version > 3");
        assert!(matches!(schema(), Schema::Older { step: 3, .. }));
        database.execute("DROP TABLE _sqlx_migrations");
        assert_eq!(schema(), Schema::Missing);
    });
}
