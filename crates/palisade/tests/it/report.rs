//! `palisade report`: the month of a branch as text, Markdown and JSON, and what it refuses.

use std::path::Path;
use std::process::Output;

use crate::support::{palisade, printed, said};

fn run(database: &Path, arguments: &[&str]) -> Output {
    let mut command = palisade();
    command.arg("--database").arg(database).args(arguments);
    command.output().unwrap()
}

fn import(database: &Path, name: &str, time: &str, version: &str) {
    let folder = database.parent().unwrap();
    let path = folder.join(name);
    let line = format!(
        r#"{{"name": "demo", "version": "{version}", "source": {{"type": "none"}}, "properties": {{"cpe-name": "demo", "cpe-vendor": "demo"}}}}"#
    );
    fs_err::write(&path, line + "\n").unwrap();
    let path = path.to_str().unwrap();
    let arguments = ["import", "guix_inventory", path, "--branch", "guix/master"];
    let state = ["--revision", name, "--time", time];
    let output = run(database, &[&arguments[..], &state].concat());
    assert!(output.status.success(), "{}", said(&output));
}

/// A database in which demo is affected in January 2025 and upgraded in February.
fn prepare(folder: &Path) -> std::path::PathBuf {
    let database = folder.join("test.sqlite");
    let record = r#"{"format": "NVD_CVE", "version": "2.0", "resultsPerPage": 1, "totalResults": 1,
        "vulnerabilities": [{"cve": {"id": "CVE-2025-1000", "published": "2025-01-20T00:00:00.000",
        "lastModified": "2025-01-20T00:00:00.000", "vulnStatus": "Analyzed", "descriptions": [],
        "configurations": [{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [
            {"vulnerable": true, "criteria": "cpe:2.3:a:demo:demo:*:*:*:*:*:*:*:*",
             "versionEndExcluding": "1.1"}]}]}]}}]}"#;
    let feed = folder.join("nvd.json");
    fs_err::write(&feed, record).unwrap();
    let output = run(&database, &["import", "nvd", feed.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    import(&database, "one", "2025-01-01T00:00:00Z", "1.0");
    import(&database, "two", "2025-02-09T00:00:00Z", "1.1");
    database
}

#[test]
fn a_month_is_printed_for_people_for_programs_and_to_be_sent() {
    let folder = tempfile::tempdir().unwrap();
    let database = prepare(folder.path());
    let arguments = ["report", "--month", "2025-02", "--branch", "guix/master"];
    let output = run(&database, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = printed(&output);
    for part in [
        "Security in February 2025\n\nguix/master\n",
        "1 vulnerability in 1 package (1 unrated) was mitigated, by an upgrade.",
        "Nothing was new.",
        "At the end of the month nothing was open, 1 fewer than at the beginning of the month.",
        "upgrade: 1.0 → 1.1",
        "20 days",
    ] {
        assert!(text.contains(part), "{part}\n\n{text}");
    }
    let with = |format: &str| {
        let output = run(&database, &[&arguments[..], &["--format", format]].concat());
        printed(&output)
    };
    assert!(with("markdown").starts_with("# Security in February 2025\n\n## guix/master\n"));
    let document: serde_json::Value = serde_json::from_str(&with("json")).unwrap();
    assert_eq!(document["branches"][0]["by_remedy"][0]["remedy"], "upgrade");
}

#[test]
fn what_cannot_be_reported_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let database = prepare(folder.path());
    for (arguments, expected) in [
        (["--month", "2025-13"], "is no month: write YYYY-MM"),
        (
            ["--month", "2999-01"],
            "report 2999-01: January 2999 has not begun",
        ),
        (
            ["--branch", "guix/nowhere"],
            "there is no branch guix/nowhere\nhint: there is guix/master\n",
        ),
    ] {
        let output = run(&database, &[&["report"][..], &arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
}
