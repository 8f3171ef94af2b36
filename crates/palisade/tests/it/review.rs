//! `palisade review diff` and `scan`: what they print, their status, and the cache.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{palisade, printed, said};

fn review(cache: &Path, arguments: &[&str]) -> Output {
    let mut command: Command = palisade();
    command
        .arg("review")
        .args(arguments)
        .args(["--format", "json"]);
    command.env("XDG_CACHE_HOME", cache).output().unwrap()
}

fn write(path: &Path, text: &str) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&printed(output)).unwrap_or_else(|_| panic!("{}", said(output)))
}

#[test]
fn a_harmless_change_has_status_zero_and_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    write(
        &old.join("configure.ac"),
        "AC_INIT([demo], [1.0])\nAC_OUTPUT\n",
    );
    write(
        &new.join("configure.ac"),
        "AC_INIT([demo], [1.1])\nAC_OUTPUT\n",
    );
    let names = [old.to_str().unwrap(), new.to_str().unwrap()];
    let output = review(folder.path(), &["diff", names[0], names[1]]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report = json(&output);
    assert_eq!(report["files"].as_array().unwrap().len(), 1);
    assert_eq!(report["files"][0]["path"], "configure.ac");

    fs_err::os::unix::fs::symlink("/etc/passwd", new.join("link")).unwrap();
    let output = review(folder.path(), &["diff", names[0], names[1]]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report = json(&output);
    let rules = report["signals"].as_array().unwrap().iter();
    assert!(
        rules
            .map(|signal| &signal["rule"])
            .any(|rule| rule == "symlink-escapes-tree")
    );
}

#[test]
fn what_is_not_there_has_status_two() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let output = review(folder.path(), &["scan", missing.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("missing"), "{}", said(&output));
}

#[test]
fn a_report_is_kept_and_a_damaged_one_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.c");
    write(&file, "int main(void) { return 0; }\n");
    let first = review(folder.path(), &["scan", file.to_str().unwrap()]);
    let kept = folder.path().join("palisade/review");
    let reports: Vec<_> = fs_err::read_dir(&kept).unwrap().collect();
    assert_eq!(reports.len(), 1);
    let report = reports[0].as_ref().unwrap().path();
    assert_eq!(
        printed(&review(folder.path(), &["scan", file.to_str().unwrap()])),
        printed(&first)
    );
    fs_err::write(&report, "damaged").unwrap();
    assert_eq!(
        printed(&review(folder.path(), &["scan", file.to_str().unwrap()])),
        printed(&first)
    );
    assert_ne!(fs_err::read(&report).unwrap(), b"damaged");
}
