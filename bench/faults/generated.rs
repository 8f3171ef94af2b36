//! Made-up documents, large enough that an import of them takes a while.

use std::fmt::Write as _;

/// Records in a document.
const RECORDS: u32 = 5000;

/// One text for each record, one behind the other.
fn each(make: impl Fn(u32) -> String) -> String {
    (0..RECORDS).map(make).collect()
}

/// One text for each record, with commas between.
fn listed(make: impl Fn(u32) -> String) -> String {
    let mut text = String::new();
    for number in 0..RECORDS {
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{}", make(number));
    }
    text
}

pub(crate) fn nvd() -> String {
    let records = listed(|n| {
        format!(
            r#"{{"cve":{{"id":"CVE-2024-{n:05}","lastModified":"2024-01-01T00:00:00.000","vulnStatus":"Analyzed","configurations":[{{"nodes":[{{"operator":"OR","negate":false,"cpeMatch":[{{"vulnerable":true,"criteria":"cpe:2.3:a:v{n}:package{n}:*:*:*:*:*:*:*:*","versionEndExcluding":"1.{}"}}]}}]}}]}}}}"#,
            n % 9
        )
    });
    format!(
        r#"{{"resultsPerPage":{RECORDS},"totalResults":{RECORDS},"format":"NVD_CVE","version":"2.0","vulnerabilities":[{records}]}}"#
    )
}

pub(crate) fn cve5() -> String {
    each(|n| {
        format!(
            "{{\"dataType\":\"CVE_RECORD\",\"dataVersion\":\"5.1\",\"cveMetadata\":{{\"cveId\":\"CVE-2024-{n:05}\",\"state\":\"PUBLISHED\"}},\"containers\":{{\"cna\":{{\"affected\":[{{\"vendor\":\"v{n}\",\"product\":\"package{n}\",\"versions\":[{{\"version\":\"0\",\"lessThan\":\"1.{}\",\"status\":\"affected\",\"versionType\":\"custom\"}}]}}]}}}}}}\n",
            n % 9
        )
    })
}

pub(crate) fn osv() -> String {
    each(|n| {
        format!(
            "{{\"id\":\"OSV-2024-{n}\",\"modified\":\"2024-01-01T00:00:00Z\",\"aliases\":[\"CVE-2024-{n:05}\"],\"affected\":[{{\"package\":{{\"ecosystem\":\"Alpine:v3.17\",\"name\":\"package{n}\"}},\"ranges\":[{{\"type\":\"ECOSYSTEM\",\"events\":[{{\"introduced\":\"0\"}},{{\"fixed\":\"1.{}-r0\"}}]}}]}}]}}\n",
            n % 9
        )
    })
}

pub(crate) fn secdb() -> String {
    let packages = listed(|n| {
        format!(
            r#"{{"pkg":{{"name":"package{n}","secfixes":{{"1.{}-r0":["CVE-2024-{n:05}"]}}}}}}"#,
            n % 7
        )
    });
    format!(r#"{{"distroversion":"v3.17","reponame":"main","packages":[{packages}]}}"#)
}

pub(crate) fn debian_tracker() -> String {
    let packages = listed(|n| {
        format!(
            r#""package{n}":{{"CVE-2024-{n:05}":{{"scope":"local","releases":{{"bookworm":{{"status":"open","urgency":"low"}},"sid":{{"status":"resolved","fixed_version":"1.{}-1","urgency":"low"}}}}}}}}"#,
            n % 7
        )
    });
    format!("{{{packages}}}")
}

pub(crate) fn debsecan() -> String {
    let names = each(|n| format!("CVE-2024-{n:05},,a flaw\n"));
    let packages = each(|n| format!("package{n},{n},SL  ,1.{}-1,\n", n % 7));
    format!("VERSION 1\n{names}\n{packages}\n")
}

pub(crate) fn wolfi() -> String {
    each(|n| {
        format!(
            "{{\"schema-version\":\"2.0.2\",\"package\":{{\"name\":\"package{n}\"}},\"advisories\":[{{\"id\":\"CGA-{n:04}\",\"aliases\":[\"CVE-2024-{n:05}\"],\"events\":[{{\"timestamp\":\"2024-01-01T00:00:00Z\",\"type\":\"fixed\",\"data\":{{\"fixed-version\":\"1.{}-r0\"}}}}]}}]}}\n",
            n % 7
        )
    })
}

pub(crate) fn avg() -> String {
    each(|n| {
        format!(
            "{{\"name\":\"AVG-{n}\",\"packages\":[\"package{n}\"],\"status\":\"Fixed\",\"severity\":\"High\",\"type\":\"unknown\",\"affected\":\"1.0-1\",\"fixed\":\"1.{}-1\",\"issues\":[\"CVE-2024-{n:05}\"],\"advisories\":[]}}\n",
            n % 7
        )
    })
}

pub(crate) fn rustsec() -> String {
    let text = each(|n| format!("Line {n} of what it is about.\n"));
    format!(
        "```toml\n[advisory]\nid = \"RUSTSEC-2024-0001\"\npackage = \"package1\"\ndate = \"2024-01-01\"\n\n[versions]\npatched = [\">= 1.2.0\"]\n```\n\n# A flaw\n\n{text}"
    )
}

pub(crate) fn csaf() -> String {
    let products = listed(|n| {
        format!(
            r#"{{"name":"package{n}","product_id":"p{n}","product_identification_helper":{{"purl":"pkg:deb/debian/package{n}@1.{}-1"}}}}"#,
            n % 7
        )
    });
    let vulnerabilities = listed(|n| {
        format!(r#"{{"cve":"CVE-2024-{n:05}","product_status":{{"known_not_affected":["p{n}"]}}}}"#)
    });
    format!(
        r#"{{"document":{{"category":"csaf_vex","csaf_version":"2.0","title":"T","publisher":{{"category":"vendor","name":"N","namespace":"https://n.example"}},"tracking":{{"id":"N-1","version":"1","status":"final","current_release_date":"2024-01-01T00:00:00Z"}}}},"product_tree":{{"full_product_names":[{products}]}},"vulnerabilities":[{vulnerabilities}]}}"#
    )
}

pub(crate) fn openvex() -> String {
    let statements = listed(|n| {
        format!(
            r#"{{"vulnerability":{{"name":"CVE-2024-{n:05}"}},"products":[{{"@id":"pkg:apk/alpine/package{n}"}}],"status":"not_affected","justification":"component_not_present"}}"#
        )
    });
    format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://n.example/1","author":"N","timestamp":"2024-01-01T00:00:00Z","version":1,"statements":[{statements}]}}"#
    )
}

pub(crate) fn rejections() -> String {
    each(|n| format!("package{n}:\n  - CVE-2024-{n:05} # never built so\n"))
}

pub(crate) fn kev() -> String {
    let entries = listed(|n| {
        format!(
            r#"{{"cveID":"CVE-2024-{n:05}","vendorProject":"V","product":"P","vulnerabilityName":"N","dateAdded":"2024-02-01","shortDescription":"D","requiredAction":"A","dueDate":"2024-03-01","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}}"#
        )
    });
    format!(
        r#"{{"title":"T","catalogVersion":"2024.02.01","dateReleased":"2024-02-01T00:00:00.0000Z","count":{RECORDS},"vulnerabilities":[{entries}]}}"#
    )
}

pub(crate) fn epss() -> String {
    let scores = each(|n| format!("CVE-2024-{n:05},0.{:04},0.5\n", n % 10_000));
    format!(
        "#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z\ncve,epss,percentile\n{scores}"
    )
}

pub(crate) fn apkindex() -> String {
    each(|n| {
        format!(
            "P:package{n}\nV:1.{}-r0\nA:x86_64\nT:A package\no:package{n}\n\n",
            n % 8
        )
    })
}

/// One APKBUILD: an archive would be no text.
pub(crate) fn aports() -> String {
    let patches = each(|n| format!("\tCVE-2024-{n:05}.patch\n"));
    format!("pkgname=package1\npkgver=1.1\npkgrel=0\nsource=\"\n{patches}\"\n")
}

pub(crate) fn guix_inventory() -> String {
    each(|n| {
        format!(
            "{{\"name\":\"package{n}\",\"version\":\"1.{}\",\"outputs\":[\"out\"]}}\n",
            n % 8
        )
    })
}

pub(crate) fn dpkg() -> String {
    each(|n| {
        format!(
            "Package: package{n}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.{}-1\n\n",
            n % 8
        )
    })
}

pub(crate) fn pacman() -> String {
    each(|n| format!("%NAME%\npackage{n}\n\n%VERSION%\n1.{}-1\n\n", n % 8))
}

pub(crate) fn guix_packages() -> String {
    let packages = listed(|n| format!(r#"{{"name":"package{n}","version":"1.{}"}}"#, n % 8));
    format!("[{packages}]")
}

pub(crate) fn guix_data_service() -> String {
    let packages = listed(|n| format!(r#"{{"name":"package{n}","version":"1.{}"}}"#, n % 8));
    format!(r#"{{"revision":{{"commit":"d659fe8666c4"}},"packages":[{packages}]}}"#)
}

pub(crate) fn nix_packages() -> String {
    let packages = listed(|n| {
        format!(
            r#""package{n}":{{"pname":"package{n}","version":"1.{}"}}"#,
            n % 8
        )
    });
    format!(r#"{{"version":2,"packages":{{{packages}}}}}"#)
}

pub(crate) fn cyclonedx() -> String {
    let components = listed(|n| {
        format!(
            r#"{{"type":"library","name":"package{n}","version":"1.{0}-r0","purl":"pkg:apk/alpine/package{n}@1.{0}-r0"}}"#,
            n % 8
        )
    });
    format!(r#"{{"bomFormat":"CycloneDX","components":[{components}]}}"#)
}

pub(crate) fn spdx() -> String {
    each(|n| {
        format!(
            "{}PackageName: package{n}\nPackageVersion: 1.{1}-r0\n\
             ExternalRef: PACKAGE-MANAGER purl pkg:apk/alpine/package{n}@1.{1}-r0\n\n",
            if n == 0 {
                "SPDXVersion: SPDX-2.3\n"
            } else {
                ""
            },
            n % 8
        )
    })
}

/// An image of one layer, with the packages of [`apkindex`].
pub(crate) fn oci() -> Vec<u8> {
    let layer = archive(&[
        ("etc/os-release", b"ID=alpine\nVERSION_ID=3.17.3\n"),
        ("lib/apk/db/installed", apkindex().as_bytes()),
    ]);
    archive(&[
        ("a/layer.tar", &layer),
        (
            "manifest.json",
            br#"[{"Config":"a.json","Layers":["a/layer.tar"]}]"#,
        ),
    ])
}

/// A tar archive (POSIX ustar).
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in members {
        let mut header = String::with_capacity(512);
        let _ = write!(
            header,
            "{name:\x00<100}0000644\x000000000\x000000000\x00{:011o}\x0000000000000\x00",
            bytes.len()
        );
        let sum: u32 = header.bytes().chain(*b"0ustar\x0000").map(u32::from).sum();
        let _ = write!(
            header,
            "{:06o}\x00 0{:\x00<100}ustar\x0000",
            sum + 8 * 32,
            ""
        );
        archive.extend_from_slice(header.as_bytes());
        archive.resize(archive.len().next_multiple_of(512), 0);
        archive.extend_from_slice(bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}
