//! `palisade compare`: what it prints, and the status by which CI decides.

use std::path::Path;
use std::process::Output;

use crate::support::{palisade, printed, said};

fn run(database: &Path, arguments: &[&str]) -> Output {
    let mut command = palisade();
    command.arg("--database").arg(database).args(arguments);
    command.output().unwrap()
}

fn package(name: &str, version: &str, patches: &str) -> String {
    format!(
        r#"{{"name": "{name}", "version": "{version}", "source": {{"type": "url", "urls": [],
            "patches": [{patches}]}}, "properties": {{"cpe-name": "{name}", "cpe-vendor": "{name}"}}}}"#
    )
    .replace('\n', " ")
}

/// A database in which demo has a patch against CVE-2025-1000, and files of what may become of it.
fn prepare(folder: &Path) -> (std::path::PathBuf, impl Fn(&str, &[String]) -> String) {
    let database = folder.join("test.sqlite");
    let folder = folder.to_owned();
    let write = move |name: &str, packages: &[String]| {
        let path = folder.join(name);
        fs_err::write(&path, packages.join("\n") + "\n").unwrap();
        path.to_str().unwrap().to_owned()
    };
    let record = r#"{"format": "NVD_CVE", "version": "2.0", "resultsPerPage": 1, "totalResults": 1,
        "vulnerabilities": [{"cve": {"id": "CVE-2025-1000", "published": "2025-01-01T00:00:00.000",
        "lastModified": "2025-01-02T00:00:00.000", "vulnStatus": "Analyzed", "descriptions": [],
        "metrics": {"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData":
            {"version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N",
             "baseScore": 5.3}}]},
        "configurations": [{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [
            {"vulnerable": true, "criteria": "cpe:2.3:a:demo:demo:*:*:*:*:*:*:*:*",
             "versionEndExcluding": "2.0"},
            {"vulnerable": true, "criteria": "cpe:2.3:a:new:new:*:*:*:*:*:*:*:*",
             "versionEndExcluding": "2.0"}]}]}]}}]}"#;
    let feed = write("nvd.json", &[record.to_owned()]);
    let output = run(&database, &["import", "nvd", &feed]);
    assert!(output.status.success(), "{}", said(&output));
    let first = write(
        "first",
        &[package("demo", "1.0", "\"demo-CVE-2025-1000.patch\"")],
    );
    let arguments = [
        "import",
        "guix_inventory",
        &first,
        "--branch",
        "guix/master",
        "--revision",
    ];
    let time = ["one", "--time", "2026-01-01T00:00:00Z"];
    let output = run(&database, &[&arguments[..], &time].concat());
    assert!(output.status.success(), "{}", said(&output));
    (database, write)
}

#[test]
fn a_proposal_that_loses_a_mitigation_fails_and_is_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (database, write) = prepare(folder.path());
    let without = write("without", &[package("demo", "1.0", "")]);
    let arguments = [
        "compare",
        "master",
        "--with",
        &without,
        "--fail-on",
        "critical",
    ];
    let output = run(&database, &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = printed(&output);
    assert!(
        text.contains("MITIGATIONS LOST: 1\n  demo 1.0: demo-CVE-2025-1000.patch is gone"),
        "{text}"
    );
    assert!(text.contains("introduces 1 finding (1 medium)"), "{text}");
    assert!(
        text.contains("    patches - demo-CVE-2025-1000.patch"),
        "{text}"
    );
    let again = run(&database, &arguments);
    assert_eq!(printed(&again), text, "nothing was stored");
    let markdown = run(
        &database,
        &[&arguments[..], &["--format", "markdown"]].concat(),
    );
    assert!(
        printed(&markdown).starts_with("## `guix/master` → `guix/master` with `without`"),
        "{}",
        printed(&markdown)
    );
}

#[test]
fn the_status_follows_the_level() {
    let folder = tempfile::tempdir().unwrap();
    let (database, write) = prepare(folder.path());
    let kept = package("demo", "1.0", "\"demo-CVE-2025-1000.patch\"");
    let more = write("more", &[kept.clone(), package("new", "1.0", "")]);
    let status = |fail_on: &str, file: &str| {
        let arguments = [
            "compare",
            "guix/master",
            "--with",
            file,
            "--fail-on",
            fail_on,
        ];
        run(&database, &arguments).status.code()
    };
    assert_eq!(status("any", &more), Some(1));
    assert_eq!(status("medium", &more), Some(1));
    assert_eq!(status("high", &more), Some(0));
    let calm = write("calm", &[kept, package("calm", "1.0", "")]);
    assert_eq!(status("any", &calm), Some(0));
    let upgraded = write("upgraded", &[package("demo", "2.0", "")]);
    assert_eq!(status("any", &upgraded), Some(0), "the fix is in 2.0");
}

#[test]
fn what_cannot_be_told_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (database, write) = prepare(folder.path());
    for (arguments, expected) in [
        (
            &["compare", "guix/master@nothing", "guix/master"][..],
            "compare guix/master@nothing with guix/master: there is no revision nothing of guix/master",
        ),
        (
            &["compare", "guix/nowhere", "guix/master"],
            "there is no branch and no revision guix/nowhere\nhint: there is guix/master\n",
        ),
        (
            &["compare", "guix/master", "--with", "/nowhere/x"],
            "/nowhere/x",
        ),
    ] {
        let output = run(&database, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
    let alone = run(&database, &["compare", "guix/master"]);
    assert_eq!(alone.status.code(), Some(2));
    let empty = write("empty", &[]);
    let output = run(&database, &["compare", "guix/master", "--with", &empty]);
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
}

#[test]
fn json_is_one_document() {
    let folder = tempfile::tempdir().unwrap();
    let (database, _) = prepare(folder.path());
    let output = run(
        &database,
        &["compare", "guix/master@one", "master", "--format", "json"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let document: serde_json::Value = serde_json::from_str(&printed(&output)).unwrap();
    assert_eq!(document["packages"]["changed"], 0);
    assert_eq!(document["to"]["is_present"], true);
}
