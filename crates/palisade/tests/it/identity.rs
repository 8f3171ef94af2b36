//! `palisade explain` and `palisade identity`: from a doubt to a correction and back.

use std::process::Output;

use serde_json::Value;

use crate::database::on_each;
use crate::support::{kind_and_sample, palisade, printed, said, sample};

const RSYNC: [&str; 2] = ["CVE-2024-12084", "rsync"];

fn run(database: &str, arguments: &[&str]) -> Output {
    let mut command = palisade();
    command.args(["--database", database]).args(arguments);
    command.output().unwrap()
}

/// Runs what has to succeed, and gives what it said.
fn done(database: &str, arguments: &[&str]) -> String {
    let output = run(database, arguments);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// The sample's Guix of July 2024, with NVD.
fn fill(database: &str) {
    for [kind, path] in [
        ["nvd", "nvd.json"],
        ["guix_inventory", "guix/2024-07-14.jsonl"],
    ] {
        let path = sample(path);
        done(database, &["import", kind, path.to_str().unwrap()]);
    }
}

/// The status and the text of an explanation.
fn explain(database: &str, [id, package]: [&str; 2]) -> (Option<i32>, String) {
    let output = run(database, &["explain", id, package]);
    (output.status.code(), printed(&output) + &said(&output))
}

#[test]
fn a_wrong_identity_is_explained_corrected_and_taken_back() {
    on_each(|database| {
        fill(database);
        let (status, before) = explain(database, RSYNC);
        assert_eq!(status, Some(1), "{before}");
        assert!(
            before.contains("rsync 3.3.0 on guix/master: affected ("),
            "{before}"
        );
        let command = "palisade identity state rsync is-not samba:rsync --distribution guix \
                       --by NAME --reason TEXT";
        assert!(before.contains(command), "{before}");
        let words = command.strip_prefix("palisade ").unwrap();
        let words: Vec<&str> = words.split(' ').collect();
        let stated = done(database, &words);
        assert!(
            stated.starts_with(
                "statement 1: rsync of guix is not the CPE product samba:rsync; 1 source package \
                 judged again, "
            ),
            "{stated}"
        );
        let (status, after) = explain(database, RSYNC);
        assert_eq!(status, Some(0), "{after}");
        assert!(
            after.contains("because rsync is not samba:rsync, stated by NAME on "),
            "{after}"
        );
        let withdraw = [
            "identity",
            "withdraw",
            "1",
            "--by",
            "Ada",
            "--reason",
            "a mistake",
        ];
        done(database, &withdraw);
        assert_eq!(explain(database, RSYNC), (Some(1), before));
        let again = run(database, &withdraw);
        assert_eq!(again.status.code(), Some(2));
        assert!(
            said(&again).contains("Ada did so before"),
            "{}",
            said(&again)
        );
    });
}

#[test]
fn what_cannot_be_told_ends_with_status_2_and_says_what_is_missing() {
    on_each(|database| {
        fill(database);
        for (arguments, says) in [
            (
                ["CVE-1999-0001", "rsync"],
                "no record of CVE-1999-0001 is stored",
            ),
            (
                ["CVE-2024-12084", "no-such"],
                "no package no-such is stored",
            ),
        ] {
            let (status, text) = explain(database, arguments);
            assert_eq!(status, Some(2));
            assert!(text.contains(says) && text.contains("hint: "), "{text}");
        }
        let output = run(
            database,
            &[
                "explain",
                "CVE-2024-12084",
                "rsync",
                "--branch",
                "guix/core",
            ],
        );
        assert_eq!(output.status.code(), Some(2));
        assert!(
            said(&output).contains("hint: there is guix/master"),
            "{}",
            said(&output)
        );
    });
}

#[test]
fn whoever_only_asks_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("mistyped.sqlite");
    let name = database.to_str().unwrap();
    for arguments in [
        &["explain", "CVE-2024-12084", "rsync"][..],
        &["identity", "list"],
        &["identity", "export"],
    ] {
        let output = run(name, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            said(&output).contains("there is no database"),
            "{}",
            said(&output)
        );
        assert!(!database.exists(), "{arguments:?}");
    }
}

#[test]
fn an_explanation_in_json_has_the_same_parts() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.sqlite");
    let database = database.to_str().unwrap();
    fill(database);
    let output = run(
        database,
        &["explain", "CVE-2024-12084", "rsync", "--format", "json"],
    );
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["answer"], "explained");
    let place = &json["places"][0];
    assert_eq!(place["conclusion"]["status"], "affected");
    assert_eq!(place["account"]["entries"][0]["standing"], "decides");
    assert!(place["changes"][0]["says"].is_string(), "{json}");
}

#[test]
fn an_exported_table_is_taken_elsewhere_once() {
    on_each(|database| {
        fill(database);
        done(
            database,
            &[
                "identity", "state", "rsync", "is-not", "samba:*", "--by", "Ada", "--reason", "why",
            ],
        );
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other.sqlite");
        let other = other.to_str().unwrap();
        fill(other);
        for (form, name) in [("tsv", "table.tsv"), ("jsonl", "table.jsonl")] {
            let table = run(database, &["identity", "export", "--format", form]).stdout;
            let text = String::from_utf8(table.clone()).unwrap();
            assert!(
                text.contains("haxx:curl") && text.contains("homonyms"),
                "{form}"
            );
            let path = folder.path().join(name);
            fs_err::write(&path, table).unwrap();
            let said = done(other, &["identity", "import", path.to_str().unwrap()]);
            let new = if form == "tsv" { "1 new" } else { "0 new" };
            assert!(
                said.contains(&format!("{name}: 1 statement, {new}, "))
                    && said.contains("rows of built-in tables left out"),
                "{said}"
            );
        }
        assert_eq!(explain(other, RSYNC), explain(database, RSYNC));
        let list = |database| printed(&run(database, &["identity", "list"]));
        assert_eq!(list(other), list(database));
        assert!(list(other).contains("samba:*"), "{}", list(other));
    });
}

#[test]
fn matching_without_a_database_takes_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("ours.tsv");
    let matched = |text: &str| {
        fs_err::write(&table, text).unwrap();
        let mut command = palisade();
        command
            .args(["match", "--inventory"])
            .arg(kind_and_sample("guix_inventory", "guix/2024-07-14.jsonl"))
            .arg("--feed")
            .arg(kind_and_sample("nvd", "nvd.json"))
            .arg("--identities")
            .arg(&table);
        let output = command.output().unwrap();
        (printed(&output), said(&output))
    };
    let head = "package\tproduct\tsays\tby\treason\n";
    let (printed, _) = matched(head);
    assert!(printed.contains("rsync 3.3.0"), "{printed}");
    let (printed, said) = matched(&format!(
        "{head}rsync\tsamba:rsync\tis_not\tAda\twhy\nrsync\tsamba\tis\tAda\twhy\n"
    ));
    assert!(!printed.contains("rsync 3.3.0"), "{printed}");
    assert!(
        said.contains("ours.tsv, line 3, rsync: \"samba\" is no product"),
        "{said}"
    );
}
