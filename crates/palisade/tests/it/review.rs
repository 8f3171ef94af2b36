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

/// A change that adds a download to a Makefile.
fn with_download(folder: &Path) -> [String; 2] {
    let (old, new) = (folder.join("old"), folder.join("new"));
    write(&old.join("Makefile"), "all:\n\tcc -o a a.c\n");
    write(
        &new.join("Makefile"),
        "all:\n\tcurl -o a.c http://x.example.invalid/a.c\n\tcc -o a a.c\n",
    );
    [old, new].map(|path| path.to_str().unwrap().to_owned())
}

#[test]
fn rules_of_ones_own_and_packs_of_yara_look_too() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = with_download(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let own = "name = \"own\"\nversion = 1\n[[rule]]\nid = \"own-word\"\nfamily = \"own\"\nseverity = \"warning\"\n\
        specificity = \"high\"\nmessage = \"a word\"\nwhy = \"it is ours\"\n[[rule.match]]\nin = { build = \"warning\" }\n\
        words = [\"example.invalid\"]\npattern = 'example\\.invalid'\n[[rule.example]]\npath = \"Makefile\"\n\
        new = \"x: example.invalid\\n\"\n[[rule.counter_example]]\npath = \"Makefile\"\nnew = \"x:\\n\"\n";
    write(&folder.path().join("rules/own.toml"), own);
    let yara = "rule ours { meta: description = \"known\" strings: $a = \"x.example.invalid\" condition: $a }";
    write(&folder.path().join("yara/ours.yar"), yara);
    let (rules, packs) = (path("rules"), path("yara"));
    let arguments = ["diff", &old, &new, "--rules", &rules, "--yara", &packs];
    let output = review(folder.path(), &arguments);
    let report = json(&output);
    let signals = report["signals"].as_array().unwrap();
    let has = |rule: &str| signals.iter().any(|signal| signal["rule"] == rule);
    assert!(has("own-word") && has("yara/ours") && has("network-in-build"));
    assert_eq!(report["judgement"]["advice"], "do-not-take");

    write(&folder.path().join("yara/broken.yar"), "rule broken {");
    let report = json(&review(folder.path(), &arguments));
    let signals = report["signals"].as_array().unwrap();
    let has = |rule: &str| signals.iter().any(|signal| signal["rule"] == rule);
    assert!(has("yara/ours") && has("yara/broken-pack"), "{signals:?}");

    write(&folder.path().join("yara/ours.yar"), "rule ours {");
    let output = review(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("broken.yar"), "{}", said(&output));
}

#[test]
fn what_was_accepted_or_told_before_alarms_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = with_download(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let first = review(folder.path(), &["diff", &old, &new]);
    assert_eq!(first.status.code(), Some(1));
    write(&folder.path().join("report.json"), &printed(&first));
    let report = path("report.json");
    let known = review(folder.path(), &["diff", &old, &new, "--baseline", &report]);
    assert_eq!(known.status.code(), Some(0), "{}", printed(&known));
    assert_eq!(json(&known)["signals"][0]["state"], "unchanged");

    let blob = Command::new("git")
        .args(["hash-object", "--no-filters"])
        .arg(folder.path().join("new/Makefile"))
        .output()
        .unwrap();
    let accepted = |expires: &str| {
        format!(
            "[[suppression]]\nrule = \"network-in-build\"\npath = \"Makefile\"\ncontent = \"{}\"\n\
             reason = \"the mirror is ours\"\nowner = \"Ada\"\nexpires = \"{expires}\"\n",
            printed(&blob).trim()
        )
    };
    let file = path("accepted.toml");
    let with = |expires: &str| {
        write(&folder.path().join("accepted.toml"), &accepted(expires));
        review(
            folder.path(),
            &["diff", &old, &new, "--suppressions", &file],
        )
    };
    let covered = with("9999-12-31");
    let signals = json(&covered)["signals"].clone();
    let of_rule = |signal: &&serde_json::Value| signal["rule"] == "network-in-build";
    let signal = signals.as_array().unwrap().iter().find(of_rule).unwrap();
    assert_eq!(signal["suppression"]["owner"], "Ada");
    assert_eq!(covered.status.code(), Some(0), "{}", printed(&covered));
    assert_eq!(with("2020-01-01").status.code(), Some(1), "it has ended");
}
