//! `palisade findings` and `palisade match` say what they compared, so that nothing found is no riddle.

use std::path::Path;
use std::process::Output;

use crate::support::{palisade, printed, said, sample};

fn run(database: &Path, arguments: &[&str]) -> Output {
    let mut command = palisade();
    command.arg("--database").arg(database).args(arguments);
    command.output().unwrap()
}

fn import(database: &Path, kind: &str, branch: &str, file: &Path) {
    let file = file.to_str().unwrap();
    let output = run(database, &["import", kind, "--branch", branch, file]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_branch_of_which_no_feed_speaks_is_said_to_be_compared_with_upstream_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.sqlite");
    let index = folder.path().join("APKINDEX");
    fs_err::write(&index, "P:zlib\nV:1.0-r0\nA:x86_64\n\n").unwrap();
    let unheard = |branch: &str| {
        let output = run(&database, &["findings", "--branch", branch]);
        let words =
            format!("no feed speaks of {branch} itself; only upstream's records were compared\n");
        said(&output).ends_with(&words)
    };
    for branch in ["alpine/v3.16", "alpine/v3.17"] {
        import(&database, "apkindex", branch, &index);
        assert!(unheard(branch));
    }
    let fixes = sample("alpine/secdb-v3.17-main.json");
    import(&database, "secdb", "alpine/v3.17", &fixes);
    assert!(!unheard("alpine/v3.17"));
    assert!(unheard("alpine/v3.16"), "its feed is another one's");
    // OSV's records name the distribution.
    let osv = folder.path().join("osv.json");
    let record = r#"{"id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": [{
        "package": {"ecosystem": "Alpine:v3.16", "name": "zlib"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.9-r0"}]}]}]}"#;
    fs_err::write(&osv, record).unwrap();
    let output = run(&database, &["import", "osv", osv.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!unheard("alpine/v3.16"));
    // Guix publishes no records of its own that could be missing.
    let guix = sample("guix/2024-07-14.jsonl");
    import(&database, "guix_inventory", "guix/master", &guix);
    assert!(!unheard("guix/master"));
}

#[test]
fn packages_of_two_repositories_that_look_the_same_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.sqlite");
    let index = folder.path().join("APKINDEX");
    let path = index.to_str().unwrap();
    for (repository, also) in [("main", "musl"), ("community", "jq")] {
        let home = format!("https://{repository}.example/");
        let text =
            format!("P:zlib\nV:1.0-r0\nA:x86_64\nU:{home}\n\nP:{also}\nV:1.0-r0\nA:x86_64\n\n");
        fs_err::write(&index, text).unwrap();
        let place = ["--branch", "alpine/v3.16", "--repository", repository];
        let arguments = [&["import", "apkindex", path][..], &place].concat();
        let output = run(&database, &arguments);
        assert!(output.status.success(), "{}", said(&output));
    }
    let osv = folder.path().join("osv.json");
    let affected = |name: &str| {
        format!(
            r#"{{"package": {{"ecosystem": "Alpine:v3.16", "name": "{name}"}}, "ranges": [{{
                "type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "2.0-r0"}}]}}]}}"#
        )
    };
    let record = format!(
        r#"{{"id": "CVE-2024-0001", "modified": "2026-01-01T00:00:00Z", "affected": [{}, {}]}}"#,
        affected("zlib"),
        affected("musl")
    );
    fs_err::write(&osv, record).unwrap();
    let output = run(&database, &["import", "osv", osv.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    let list = |more: &[&str]| {
        let arguments = [&["findings", "--branch", "alpine/v3.16"][..], more].concat();
        let mut lines: Vec<String> = printed(&run(&database, &arguments))
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    let has = |lines: &[String], text: &str| lines.iter().filter(|it| it.contains(text)).count();
    let table = list(&[]);
    for (text, count) in [
        ("zlib 1.0-r0 (in community) ", 1),
        ("zlib 1.0-r0 (in main) ", 1),
        ("musl 1.0-r0 ", 1),
        ("musl 1.0-r0 (", 0),
    ] {
        assert_eq!(has(&table, text), count, "{text}: {table:?}");
    }
    let table = list(&["--format", "csv"]);
    assert_eq!(has(&table, ",,main"), 1, "{table:?}");
    let objects = list(&["--format", "jsonl"]);
    assert_eq!(has(&objects, r#""repository":"main""#), 1, "{objects:?}");
    assert_eq!(has(&objects, "repository"), 2, "{objects:?}");
    // The reasons are those of each.
    let told = list(&["--evidence"]);
    assert_eq!(has(&told, "in zlib 1.0-r0 (in main): affected"), 1);
}

#[test]
fn a_database_or_a_branch_that_is_not_there_is_said_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("typo.sqlite");
    for arguments in [
        &["findings", "--branch", "alpine/v3.17"][..],
        &["show", "zlib"],
    ] {
        let output = run(&database, arguments);
        assert_eq!(output.status.code(), Some(2));
        let told = format!("error: there is no database {}", database.display());
        assert!(said(&output).starts_with(&told), "{}", said(&output));
        assert!(!database.exists());
    }
    let index = sample("alpine/v3.17-main-2023-05-27.APKINDEX");
    import(&database, "apkindex", "alpine/v3.17", &index);
    for what in ["zlib", "CVE-2024-0001"] {
        let output = run(&database, &["show", what, "--branch", "alpine/v3.18"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            said(&output).ends_with("branch alpine/v3.18\nhint: there is alpine/v3.17\n"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn what_cannot_be_opened_as_a_database_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs_err::write(path("text"), "This is no database.".repeat(100)).unwrap();
    for (database, hint) in [
        (path("text"), "hint: --database names another file"),
        (
            folder.path().to_owned(),
            "hint: that is a folder; name a file",
        ),
    ] {
        let output = run(&database, &["findings", "--branch", "alpine/v3.17"]);
        assert_eq!(output.status.code(), Some(2));
        let said = said(&output);
        let opened = format!("error: open the database {}", database.display());
        assert!(said.starts_with(&opened) && said.contains(hint), "{said}");
    }
    let nowhere = path("nowhere/test.sqlite");
    let output = run(&nowhere, &["identity", "import", "-"]);
    let told = format!("hint: there is no folder {}", path("nowhere").display());
    assert!(said(&output).contains(&told), "{}", said(&output));
}

#[test]
fn a_match_that_finds_nothing_says_what_it_compared() {
    let folder = tempfile::tempdir().unwrap();
    let (index, feed) = (
        folder.path().join("APKINDEX"),
        folder.path().join("kev.json"),
    );
    fs_err::write(
        &index,
        "P:zlib\nV:1.0-r0\nA:x86_64\n\nP:musl\nV:1.0-r0\nA:x86_64\n\n",
    )
    .unwrap();
    let catalogue = r#"{"title": "KEV", "catalogVersion": "1", "count": 1,
        "dateReleased": "2026-01-01T00:00:00Z",
        "vulnerabilities": [{"cveID": "CVE-2024-0001", "dateAdded": "2024-05-01"}]}"#;
    fs_err::write(&feed, catalogue).unwrap();
    let compare = |more: &[&str]| {
        palisade()
            .args(["match", "--branch", "alpine/v3.17", "--inventory"])
            .arg(format!("apkindex:{}", index.display()))
            .arg("--feed")
            .arg(format!("kev:{}", feed.display()))
            .args(more)
            .output()
            .unwrap()
    };
    let text = compare(&[]);
    assert_eq!(text.status.code(), Some(0));
    assert_eq!(printed(&text), "");
    assert_eq!(said(&text), "2 packages, 1 record: nothing affected\n");
    assert_eq!(said(&compare(&["--format", "jsonl"])), "");
}
