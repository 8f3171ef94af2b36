//! `palisade admin`: copies of the database, and whether it is whole.

use std::path::Path;
use std::process::Output;

use crate::database::on_each;
use crate::support::{palisade, printed, said, sample};

fn run(database: &str, arguments: &[&str]) -> Output {
    palisade()
        .args(arguments)
        .args(["--database", database])
        .output()
        .unwrap()
}

fn filled(database: &str) {
    let feed = sample("nvd.json");
    let feed = feed.to_str().unwrap();
    let imported = run(database, &["import", "nvd", feed]);
    assert!(imported.status.success(), "{}", said(&imported));
}

fn shown(database: &str) -> String {
    let shown = run(database, &["show", "CVE-2024-6387"]);
    printed(&shown)
}

fn is_server(database: &str) -> bool {
    database.contains("://")
}

#[test]
fn a_copy_answers_like_the_database_it_is_of() {
    on_each(|database| {
        filled(database);
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.sqlite");
        let copy = copy.to_str().unwrap();
        let copied = run(database, &["admin", "backup", copy]);
        if is_server(database) {
            assert_eq!(copied.status.code(), Some(2));
            assert!(said(&copied).contains("use pg_dump"), "{}", said(&copied));
            return;
        }
        assert!(copied.status.success(), "{}", said(&copied));
        assert!(said(&copied).contains(" MB"), "{}", said(&copied));
        assert_eq!(shown(copy), shown(database));
        assert!(!shown(copy).is_empty());
        let again = run(database, &["admin", "backup", copy]);
        assert_eq!(again.status.code(), Some(2));
        assert!(
            said(&again).contains("overwrites nothing"),
            "{}",
            said(&again)
        );
        let left = fs_err::read_dir(folder.path()).unwrap().flatten();
        let left =
            left.filter(|entry| entry.file_name().to_string_lossy().starts_with(".palisade"));
        assert_eq!(left.count(), 0, "nothing half written is left");
    });
}

#[test]
fn a_whole_database_is_told_so() {
    on_each(|database| {
        filled(database);
        let checked = run(database, &["admin", "check"]);
        assert_eq!(
            printed(&checked),
            "nothing is wrong\n",
            "{}",
            said(&checked)
        );
        assert_eq!(checked.status.code(), Some(0));
    });
}

#[test]
fn a_database_that_is_cut_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.sqlite");
    let address = database.to_str().unwrap();
    filled(address);
    let bytes = fs_err::read(&database).unwrap();
    let mut damaged = bytes.clone();
    // The middle page, somewhere in a table.
    let page = damaged.len() / 4096 / 2 * 4096;
    damaged[page..page + 4096].fill(0x55);
    fs_err::write(&database, damaged).unwrap();
    let checked = run(address, &["admin", "check", "--format", "json"]);
    let report = printed(&checked);
    assert_eq!(checked.status.code(), Some(1), "{report}{}", said(&checked));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["sound"], false);
    assert_eq!(report["problems"][0]["part"], "structure");
}

#[test]
fn what_is_no_database_is_neither_copied_nor_made() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.sqlite");
    let copy = folder.path().join("copy.sqlite");
    let copied = run(
        absent.to_str().unwrap(),
        &["admin", "backup", copy.to_str().unwrap()],
    );
    assert_eq!(copied.status.code(), Some(2));
    assert!(
        said(&copied).contains("there is no database"),
        "{}",
        said(&copied)
    );
    assert!(!absent.exists() && !copy.exists());
    let empty = empty_database(&absent);
    let copied = run(empty, &["admin", "backup", copy.to_str().unwrap()]);
    assert!(
        said(&copied).contains("no database of Palisade"),
        "{}",
        said(&copied)
    );
    assert_eq!(run(empty, &["admin", "check"]).status.code(), Some(1));
}

/// An empty file is a database of SQLite without tables.
fn empty_database(path: &Path) -> &str {
    fs_err::write(path, "").unwrap();
    path.to_str().unwrap()
}
