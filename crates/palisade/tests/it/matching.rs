//! `palisade match`: a stable form for other people's checks, without a database.

use std::collections::BTreeSet;
use std::process::Output;

use serde_json::Value;

use crate::support::{kind_and_sample, palisade, printed, said, sample};

/// The matches of the sample's Guix inventory of July 2024.
fn rows() -> Vec<Value> {
    let output = palisade()
        .args(["match", "--format", "jsonl", "--inventory"])
        .arg(kind_and_sample("guix_inventory", "guix/2024-07-14.jsonl"))
        .arg("--feed")
        .arg(kind_and_sample("nvd", "nvd.json"))
        .arg(kind_and_sample("osv", "osv.json"))
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(1),
        "something affects: {}",
        said(&output)
    );
    printed(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_line_has_these_keys_and_no_others() {
    let rows = rows();
    assert!(!rows.is_empty());
    for row in &rows {
        let keys: Vec<&str> = row
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut keys = keys;
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "aliases",
                "confidence",
                "evidence",
                "fixed_in",
                "identity",
                "package",
                "source_package",
                "verdict",
                "version",
                "vulnerability",
            ]
        );
    }
}

#[test]
fn a_match_tells_its_reasons_and_its_other_names() {
    let rows = rows();
    let row = rows
        .iter()
        .find(|row| row["vulnerability"] == "CVE-2023-43804" && row["version"] == "1.26.15")
        .unwrap();
    assert_eq!(row["package"], "python-urllib3");
    assert_eq!(row["source_package"], "python-urllib3");
    assert_eq!(row["verdict"], "affected");
    assert_eq!(row["confidence"], "certain");
    assert_eq!(row["fixed_in"], "1.26.17");
    let aliases: Vec<&str> = row["aliases"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(aliases, ["GHSA-v845-jxx5-vc9f", "PYSEC-2023-192"]);
    let evidence = row["evidence"].as_array().unwrap();
    assert!(
        evidence
            .iter()
            .any(|step| step["record"] == "PYSEC-2023-192"),
        "{evidence:?}"
    );
    assert!(
        evidence.iter().all(|step| step["says"].is_string()),
        "{evidence:?}"
    );
}

#[test]
fn the_text_form_leaves_out_what_does_not_affect() {
    let output = palisade()
        .args(["match", "--inventory"])
        .arg(kind_and_sample("guix_inventory", "guix/2024-07-14.jsonl"))
        .arg("--feed")
        .arg(kind_and_sample("nvd", "nvd.json"))
        .output()
        .unwrap();
    let printed = printed(&output);
    assert!(
        printed.contains("CVE-2024-12084       rsync 3.3.0"),
        "{printed}"
    );
    assert!(
        !printed.contains("CVE-2023-4863 "),
        "fixed by a graft: {printed}"
    );
}

const ALPINE: [&str; 2] = ["apkindex", "alpine/v3.17-main-2023-05-27.APKINDEX"];
const GUIX: [&str; 2] = ["guix_inventory", "guix/2024-07-14.jsonl"];
const DEBIAN: [&str; 2] = ["dpkg", "debian/status"];

/// Matches inventories of the sample against NVD and Alpine's fixes.
fn matched(inventories: &[[&str; 2]], branches: &[&str]) -> Output {
    let mut command = palisade();
    command.args(["match", "--format", "jsonl", "--inventory"]);
    command.args(
        inventories
            .iter()
            .map(|[kind, path]| kind_and_sample(kind, path)),
    );
    command
        .arg("--feed")
        .arg(kind_and_sample("nvd", "nvd.json"))
        .arg(kind_and_sample("secdb", "alpine/secdb-v3.17-main.json"))
        .arg(kind_and_sample("secdb", "alpine/secdb-edge-main.json"));
    for branch in branches {
        command.args(["--branch", branch]);
    }
    command.output().unwrap()
}

fn lines(output: &Output) -> BTreeSet<String> {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    printed(output).lines().map(str::to_owned).collect()
}

#[test]
fn a_branch_is_for_the_inventories_of_its_distribution_alone() {
    let alpine = lines(&matched(&[ALPINE], &["alpine/v3.17"]));
    assert!(
        alpine != lines(&matched(&[ALPINE], &[])),
        "the fixes of another branch say nothing of this one"
    );
    let mut expected = alpine;
    expected.extend(lines(&matched(&[GUIX], &[])));
    expected.extend(lines(&matched(&[DEBIAN], &[])));
    let together = [ALPINE, GUIX, DEBIAN];
    for branches in [
        &["alpine/v3.17"][..],
        &["debian/12", "alpine/v3.17", "guix/master"],
    ] {
        let found = lines(&matched(&together, branches));
        let difference: Vec<_> = found.symmetric_difference(&expected).collect();
        assert!(difference.is_empty(), "{branches:?}: {difference:?}");
    }
}

#[test]
fn a_branch_that_is_for_nothing_is_an_error_that_says_what_there_is() {
    let output = matched(&[ALPINE, DEBIAN], &["guix/master"]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains("--branch guix/master is for none of the inventories")
            && said.contains("27.APKINDEX is of alpine, ")
            && said.contains("status is of debian/12\nhint: "),
        "{said}"
    );
}

#[test]
fn an_unknown_kind_is_answered_with_those_there_are() {
    let nvd = kind_and_sample("nvd", "nvd.json");
    let output = palisade()
        .args(["match", "--inventory", "rpmdb:x", "--feed", &nvd])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains(
            "\"rpmdb\"; there are adb, apkindex, apk_installed, aports, guix_inventory, dpkg"
        ),
        "{said}"
    );
}

#[test]
fn a_feed_of_another_kind_is_an_error_and_not_an_empty_answer() {
    let output = palisade()
        .args(["match", "--inventory"])
        .arg(kind_and_sample("guix_inventory", "guix/2024-07-14.jsonl"))
        .arg("--feed")
        .arg(format!("nvd:{}", sample("kev.json").display()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("nothing in it can be read as nvd"),
        "{}",
        said(&output)
    );
}
