//! `palisade demo`: that it serves, ends, cleans up, and shows every kind of result.

use std::net::TcpListener;
use std::path::Path;
use std::sync::LazyLock;

use palisade_model::{Confidence, VerdictStatus};
use palisade_store::{FindingRow, Store};

use crate::running::{Ended, Running, Started};
use crate::support::palisade;

/// Branch, source package, version, vulnerability, status, confidence.
type Finding = (String, String, String, String, &'static str, &'static str);

/// The findings in the database that a demo leaves, sorted.
static FINDINGS: LazyLock<Vec<Finding>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().join("kept");
    let demo = Running::start("demo", |command| {
        command
            .args(["--listen", "127.0.0.1:0", "--keep"])
            .arg(&keep);
    });
    let ended = demo.end();
    assert!(ended.status.success(), "{}", ended.said);
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(findings(&keep.join("palisade.sqlite")))
});

async fn findings(database: &Path) -> Vec<Finding> {
    let store = Store::open(database.to_str().unwrap()).await.unwrap();
    let mut session = store.read().await.unwrap();
    let sources = session.all_sources().await.unwrap();
    let labels = session.source_labels(&sources).await.unwrap();
    let mut all = Vec::new();
    for (branch, distribution, name) in session.branches().await.unwrap() {
        let rows = session.findings_of_sources(branch, &sources).await.unwrap();
        let ids: Vec<i64> = rows.iter().map(|row| row.key.vulnerability).collect();
        let names = session.vulnerability_names(&ids).await.unwrap();
        for row in rows {
            let (package, version) = labels[&row.key.source].clone();
            let vulnerability = names[&row.key.vulnerability].clone();
            let (status, confidence) = words(&row);
            let branch = format!("{distribution}/{name}");
            all.push((branch, package, version, vulnerability, status, confidence));
        }
    }
    drop(session);
    store.close().await;
    all.sort();
    all
}

fn words(row: &FindingRow) -> (&'static str, &'static str) {
    let status = VerdictStatus::ALL[usize::try_from(row.state.status).unwrap()];
    let confidence = [
        Confidence::Possible,
        Confidence::Likely,
        Confidence::Certain,
    ];
    (
        status.label(),
        confidence[usize::try_from(row.state.confidence).unwrap()].label(),
    )
}

/// The states of a vulnerability in a version of a package, such as `affected certain`, each once:
/// with and without a graft a version is two packages.
fn states(branch: &str, package: &str, version: &str, vulnerability: &str) -> Vec<String> {
    let found = FINDINGS.iter().filter(|(b, p, v, id, ..)| {
        b == branch && p == package && v == version && id == vulnerability
    });
    let mut states: Vec<String> = found
        .map(|(.., status, confidence)| format!("{status} {confidence}"))
        .collect();
    states.dedup();
    states
}

#[track_caller]
fn expect(state: &str, branch: &str, package: &str, version: &str, vulnerability: &str) {
    assert_eq!(
        states(branch, package, version, vulnerability),
        [state],
        "{vulnerability}"
    );
}

/// That nothing is said of a vulnerability in any version of a package.
#[track_caller]
fn expect_nothing(package: &str, vulnerability: &str) {
    let found = FINDINGS
        .iter()
        .find(|(_, p, _, id, ..)| p == package && id == vulnerability);
    assert_eq!(found, None);
}

const ALPINE: &str = "alpine/v3.17";
const EDGE: &str = "alpine/edge";
const GUIX: &str = "guix/master";
const DEBIAN: &str = "debian/12";

#[test]
fn it_serves_and_ends_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // Whether this test or another program has the port, the demo has to take another one.
    let _taken = TcpListener::bind("127.0.0.1:8080");
    let demo = Running::start("demo", |command| {
        command.env("TMPDIR", folder.path());
    });
    assert!(!demo.address.ends_with(":8080"), "{}", demo.address);
    assert!(demo.request().starts_with("HTTP/1.1 200"));
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    let Ended { status, said, .. } = demo.end();
    assert!(status.success(), "{said}");
    assert_eq!(
        fs_err::read_dir(folder.path()).unwrap().count(),
        0,
        "the database is removed"
    );
    for line in [
        "port 8080 is taken",
        "6/14 known exploited vulnerabilities: 7 records",
        "7/14 EPSS: 6 scores",
    ] {
        assert!(said.contains(line), "{line} is not in: {said}");
    }
    assert!(
        said.contains("1/14 NVD: 40 records") && said.contains("14/14 Debian 12"),
        "{said}"
    );
    assert!(
        said.contains("lint-hidden-cve was meant"),
        "a misspelt property is reported: {said}"
    );
}

#[test]
fn ended_while_it_loads_it_leaves_nothing_behind_either() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = palisade();
    command
        .args(["demo", "--listen", "127.0.0.1:0"])
        .env("TMPDIR", folder.path());
    let mut demo = Started::new(&mut command);
    let mut said = String::new();
    demo.read_said(&mut said);
    assert!(said.starts_with("1/14 "), "{said}");
    // Where thirteen parts load faster than this signal comes, it is ended as it serves.
    let ended = demo.end();
    assert!(ended.status.success(), "{}", ended.said);
    assert_eq!(
        fs_err::read_dir(folder.path()).unwrap().count(),
        0,
        "the database is removed"
    );
}

#[test]
fn a_database_that_is_there_is_not_mixed_with_the_sample() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("palisade.sqlite"), "").unwrap();
    let mut command = palisade();
    let command = command
        .args(["demo", "--listen", "127.0.0.1:0", "--keep"])
        .arg(folder.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = crate::support::said(&output);
    assert!(
        said.contains("there already") && said.contains("hint: palisade serve"),
        "{said}"
    );
}

#[test]
fn a_database_of_the_users_is_refused_and_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.sqlite");
    let file = file.to_str().unwrap();
    for arguments in [["demo", "--database", file], ["--database", file, "demo"]] {
        let output = palisade().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = crate::support::said(&output);
        assert!(said.contains("--keep DIR"), "{said}");
        assert!(said.contains("Usage: palisade demo"), "{said}");
    }
    // The environment speaks to the other commands.
    let demo = Running::start("demo", |command| {
        command
            .args(["--listen", "127.0.0.1:0"])
            .env("PALISADE_DATABASE", file);
    });
    assert!(demo.end().status.success());
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn all_findings() {
    let lines: Vec<String> = FINDINGS
        .iter()
        .map(|(branch, package, version, id, status, confidence)| {
            format!("{branch} {package} {version} {id} {status} {confidence}")
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn affected() {
    expect(
        "affected certain",
        ALPINE,
        "rsync",
        "3.2.7-r0",
        "CVE-2024-12084",
    );
    expect(
        "affected certain",
        ALPINE,
        "curl",
        "8.1.1-r1",
        "CVE-2023-38545",
    );
    expect(
        "affected certain",
        GUIX,
        "sudo",
        "1.9.14p3",
        "CVE-2025-32463",
    );
    expect(
        "affected likely",
        ALPINE,
        "flex",
        "2.6.4-r3",
        "CVE-2019-6293",
    );
}

#[test]
fn affected_by_the_distributions_own_word_alone() {
    expect(
        "affected certain",
        ALPINE,
        "dnsmasq",
        "2.87-r2",
        "CVE-2023-50387",
    );
    expect(
        "affected certain",
        ALPINE,
        "busybox",
        "1.35.0-r29",
        "CVE-2023-42363",
    );
    expect(
        "affected certain",
        DEBIAN,
        "nghttp2",
        "1.52.0-1",
        "CVE-2023-44487",
    );
}

#[test]
fn under_investigation_by_a_name_alone_or_without_versions() {
    expect(
        "under_investigation possible",
        ALPINE,
        "zip",
        "3.0-r10",
        "CVE-2018-13684",
    );
    expect(
        "under_investigation possible",
        GUIX,
        "binutils",
        "2.44",
        "CVE-2023-25585",
    );
}

#[test]
fn fixed_by_version() {
    expect("fixed certain", GUIX, "zlib", "1.2.13", "CVE-2022-37434");
    expect("fixed certain", GUIX, "zlib", "1.3.1", "CVE-2023-45853");
    expect("fixed certain", GUIX, "openssl", "3.0.8", "CVE-2022-3602");
    expect(
        "fixed certain",
        GUIX,
        "icecat",
        "140.7.1-gnu1",
        "CVE-2026-2447",
    );
    expect(
        "affected certain",
        GUIX,
        "icecat",
        "140.6.0-gnu1",
        "CVE-2026-2447",
    );
}

#[test]
fn fixed_by_secfixes_though_the_version_is_an_affected_one() {
    expect(
        "fixed certain",
        ALPINE,
        "openssh",
        "9.1_p1-r6",
        "CVE-2024-6387",
    );
    expect(
        "affected certain",
        ALPINE,
        "openssh",
        "9.1_p1-r3",
        "CVE-2024-6387",
    );
    expect(
        "fixed certain",
        ALPINE,
        "libwebp",
        "1.2.4-r3",
        "CVE-2023-4863",
    );
    expect(
        "fixed certain",
        ALPINE,
        "nghttp2",
        "1.51.0-r2",
        "CVE-2023-44487",
    );
}

#[test]
fn never_affected() {
    expect(
        "not_affected certain",
        ALPINE,
        "zlib",
        "1.2.13-r0",
        "CVE-2023-45853",
    );
    expect(
        "not_affected certain",
        ALPINE,
        "bridge",
        "1.5-r5",
        "CVE-2021-42533",
    );
    expect(
        "not_affected certain",
        EDGE,
        "openssh",
        "10.5_p1-r0",
        "CVE-2023-38408",
    );
    expect(
        "not_affected certain",
        ALPINE,
        "xz",
        "5.2.9-r0",
        "CVE-2024-3094",
    );
}

#[test]
fn fixed_by_graft() {
    expect("fixed certain", GUIX, "libwebp", "1.2.4", "CVE-2023-4863");
    expect("fixed likely", GUIX, "libvpx", "1.12.0", "CVE-2023-5217");
    expect("affected certain", GUIX, "glibc", "2.41", "CVE-2026-6791");
}

#[test]
fn fixed_by_a_patch_with_the_number_in_its_name() {
    expect("fixed likely", GUIX, "curl", "8.6.0", "CVE-2024-8096");
    expect("affected certain", GUIX, "curl", "8.5.0", "CVE-2024-8096");
}

#[test]
fn hidden_by_the_packager() {
    expect(
        "not_affected likely",
        GUIX,
        "git",
        "2.45.2",
        "CVE-2020-2136",
    );
    expect(
        "not_affected likely",
        GUIX,
        "indent",
        "2.2.13-0.1737c92",
        "CVE-2023-40305",
    );
    // The list stands on glibc 2.41 as well, so nobody knows for which version it was written.
    expect(
        "under_investigation certain",
        GUIX,
        "glibc",
        "2.39",
        "CVE-2024-2961",
    );
}

#[test]
fn a_snapshot_is_less_sure() {
    expect(
        "under_investigation possible",
        GUIX,
        "gpac",
        "2.4.0-1.9c1da9e",
        "CVE-2026-27821",
    );
    expect(
        "fixed certain",
        ALPINE,
        "ncurses",
        "6.3_p20221119-r1",
        "CVE-2023-29491",
    );
}

#[test]
fn conditions_of_nvd() {
    expect(
        "not_affected certain",
        GUIX,
        "openssl",
        "1.1.1u",
        "CVE-2023-4807",
    );
    expect("affected certain", GUIX, "glibc", "2.39", "CVE-2026-6791");
    expect(
        "not_affected likely",
        GUIX,
        "httpd",
        "2.4.66",
        "CVE-2019-0190",
    );
    expect_nothing("openssl", "CVE-2019-0190");
}

#[test]
fn homonyms_and_rejected_records_are_no_findings() {
    for (package, vulnerability) in [
        ("dash", "CVE-2024-21485"),
        ("bower", "CVE-2019-5484"),
        ("libidn2", "MAL-2022-4301"),
        ("libwebp", "CVE-2023-5129"),
    ] {
        expect_nothing(package, vulnerability);
    }
    assert_eq!(
        states(GUIX, "git", "2.52.0", "CVE-2020-2136"),
        Vec::<String>::new()
    );
    assert_eq!(
        states(ALPINE, "git", "2.39.5-r0", "CVE-2020-2136"),
        Vec::<String>::new()
    );
}
