//! What distributions and suppliers say themselves, from their formats to the printed verdict.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{palisade, said, sample};

/// NVD calls every curl before 8.4 affected, the sample's among them.
fn nvd() -> String {
    json!({"vulnerabilities": [{"cve": {"id": "CVE-2023-38545", "configurations": [{"nodes": [{
        "operator": "OR", "negate": false, "cpeMatch": [{"vulnerable": true,
            "criteria": "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*", "versionEndExcluding": "8.4.0"}]}]}]}}]})
    .to_string()
}

type Feed<'a> = (&'a str, &'a str, String);

/// The verdict on the CVE in curl, with its reasons.
fn verdict(inventory: &str, feeds: &[Feed<'_>], more: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = palisade();
    command.args(["match", "--format", "jsonl", "--inventory", inventory]);
    command.args(more);
    for (kind, name, text) in feeds {
        let path = folder.path().join(name);
        fs_err::write(&path, text).unwrap();
        command
            .arg("--feed")
            .arg(format!("{kind}:{}", path.display()));
    }
    let output = command.output().unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}",
        said(&output)
    );
    let rows = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let rows = rows.map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let mut wanted =
        rows.filter(|row| row["vulnerability"] == "CVE-2023-38545" && row["package"] == "curl");
    let row = wanted.next().unwrap();
    assert!(wanted.next().is_none());
    let steps = row["evidence"].as_array().unwrap().iter();
    let says: Vec<&str> = steps.filter_map(|step| step["says"].as_str()).collect();
    (
        row["verdict"].as_str().unwrap().to_owned(),
        says.join(" | "),
    )
}

/// The verdict on curl 7.88.1-10+deb12u1 of Debian 12, by NVD and one more document.
fn on_debian(kind: &str, name: &str, text: &str) -> (String, String) {
    let inventory = format!("dpkg:{}", sample("debian/status").display());
    let feeds = [("nvd", "nvd.json", nvd()), (kind, name, text.to_owned())];
    verdict(&inventory, &feeds, &[])
}

fn openvex(purl: &str, status: &str) -> String {
    json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://demo.example/1", "author": "Demo",
        "timestamp": "2024-01-01T00:00:00Z", "version": 1, "statements": [{
            "vulnerability": {"name": "CVE-2023-38545"}, "products": [{"@id": purl}], "status": status,
            "justification": "vulnerable_code_not_in_execute_path"}]})
    .to_string()
}

fn csaf(purl: &str, status: &str) -> String {
    json!({"document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "curl",
            "publisher": {"category": "vendor", "name": "Demo", "namespace": "https://demo.example"},
            "tracking": {"id": "D-1", "version": "1", "status": "final", "current_release_date": "2024-01-01T00:00:00Z"}},
        "product_tree": {"full_product_names": [{"name": "curl", "product_id": "curl",
            "product_identification_helper": {"purl": purl}}]},
        "vulnerabilities": [{"cve": "CVE-2023-38545", "product_status": {status: ["curl"]},
            "flags": [{"label": "component_not_present", "product_ids": ["curl"]}]}]})
    .to_string()
}

fn tracker(state: &str) -> String {
    format!(r#"{{"curl":{{"CVE-2023-38545":{{"releases":{{"bookworm":{{{state}}}}}}}}}}}"#)
}

const CURL: &str = "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u1?distro=bookworm";
const OLDER: &str = "pkg:deb/debian/curl@7.88.1-9?distro=bookworm";

#[test]
fn what_a_supplier_says_of_the_package_overrules_nvd() {
    let (verdict, _) = on_debian("openvex", "x.json", &openvex("pkg:pypi/x", "fixed"));
    assert_eq!(verdict, "affected", "by NVD alone");
    for (kind, document, expected, reason) in [
        (
            "openvex",
            openvex(CURL, "not_affected"),
            "not_affected",
            "the vulnerable code is never run (vulnerable_code_not_in_execute_path)",
        ),
        (
            "openvex",
            openvex(CURL, "under_investigation"),
            "under_investigation",
            "cannot be compared",
        ),
        (
            "openvex",
            openvex(OLDER, "fixed"),
            "fixed",
            "has the fix of 7.88.1-9",
        ),
        (
            "openvex",
            openvex(OLDER, "not_affected"),
            "affected",
            "before 8.4.0",
        ),
        (
            "csaf",
            csaf(CURL, "known_not_affected"),
            "not_affected",
            "the component is not there (component_not_present)",
        ),
        (
            "csaf",
            csaf("pkg:deb/debian/curl?distro=debian-11", "known_not_affected"),
            "affected",
            "before 8.4.0",
        ),
        (
            "csaf",
            csaf("pkg:deb/debian/curl", "under_investigation"),
            "under_investigation",
            "not known",
        ),
    ] {
        let (verdict, says) = on_debian(kind, "statement.json", &document);
        assert_eq!(verdict, expected, "{document}: {says}");
        assert!(says.contains(reason), "{says}");
    }
}

#[test]
fn debians_tracker_and_its_list_for_debsecan_say_the_same() {
    let fixed = r#""status":"resolved","fixed_version":"7.88.1-10+deb12u1""#;
    let ignored = r#""status":"open","nodsa":"Minor issue","nodsa_reason":"ignored""#;
    let undetermined = r#""status":"undetermined""#;
    for (state, expected, reason) in [
        (fixed, "fixed", "has the fix of 7.88.1-10+deb12u1"),
        (
            r#""status":"resolved","fixed_version":"0""#,
            "not_affected",
            "was never affected",
        ),
        (ignored, "affected", "ignored: Minor issue"),
        (undetermined, "under_investigation", "not known"),
    ] {
        let (verdict, says) = on_debian("debian_tracker", "json", &tracker(state));
        assert_eq!(verdict, expected, "{says}");
        assert!(says.contains(reason), "{says}");
    }
    let list = |versions: &str| {
        format!("VERSION 1\nCVE-2023-38545,,SOCKS5 heap overflow\n\ncurl,0,SHRF,{versions}\n\n\n")
    };
    let (verdict, _) = on_debian("debsecan", "bookworm", &list("8.3.0-3,7.88.1-10+deb12u1"));
    assert_eq!(verdict, "not_affected");
    let (verdict, says) = on_debian("debsecan", "bookworm", &list("8.3.0-3,7.88.1-10+deb12u4"));
    assert_eq!(verdict, "affected", "{says}");
    assert!(says.contains("the suite has a fix"), "{says}");
    let (verdict, _) = on_debian("debsecan", "bullseye", &list("8.3.0-3,7.88.1-10+deb12u1"));
    assert_eq!(
        verdict, "affected",
        "another suite says nothing of this one"
    );
}

#[test]
fn an_override_of_nvds_record_takes_its_place() {
    let range = |before: &str| {
        json!({"_annotation": {"cve_id": "CVE-2023-38545", "reason": "too wide"},
            "cve": {"configurations": [{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [{
                "vulnerable": true, "criteria": "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*",
                "versionEndExcluding": before}]}]}]}})
        .to_string()
    };
    let (verdict, says) = on_debian("nvd", "override.json", &range("7.80.0"));
    assert_eq!(verdict, "fixed", "{says}");
    assert!(!says.contains("8.4.0"), "{says}");
}

#[test]
fn wolfis_false_positive_overrules_nvd_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("APKINDEX");
    fs_err::write(&index, "P:curl\nV:8.1.0-r1\nA:x86_64\nT:x\no:curl\n\n").unwrap();
    let of = |index: &Path, event: &str| {
        let advisories = format!(
            r#"{{"schema-version":"2.0.2","package":{{"name":"curl"}},"advisories":[{{"id":"CGA-aaaa-bbbb-cccc","aliases":["CVE-2023-38545"],"events":[
                {{"timestamp":"2024-01-01T00:00:00Z","type":"detection","data":{{"type":"manual"}}}},{{"timestamp":"2024-01-02T00:00:00Z",{event}}}]}}]}}"#
        );
        let feeds = [
            ("nvd", "nvd.json", nvd()),
            ("wolfi", "curl.json", advisories.replace('\n', " ")),
        ];
        let inventory = format!("apkindex:{}", index.display());
        verdict(&inventory, &feeds, &["--branch", "wolfi/os"])
    };
    let (verdict, says) = of(
        &index,
        r#""type":"false-positive-determination","data":{"type":"vulnerable-code-not-included-in-package","note":"Built without SOCKS."}"#,
    );
    assert_eq!(verdict, "not_affected", "{says}");
    assert!(
        says.contains("the vulnerable code is not in the package (vulnerable_code_not_present); Built without SOCKS."),
        "{says}"
    );
    let (verdict, says) = of(
        &index,
        r#""type":"fixed","data":{"fixed-version":"8.1.0-r1"}"#,
    );
    assert_eq!(verdict, "fixed", "{says}");
    let (verdict, says) = of(
        &index,
        r#""type":"fix-not-planned","data":{"note":"End of life."}"#,
    );
    assert_eq!(verdict, "affected", "{says}");
    assert!(says.contains("no fix is planned; End of life."), "{says}");
}
