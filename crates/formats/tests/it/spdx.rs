//! SPDX bills of materials.

use palisade_formats::inventory::InventoryKind;
use palisade_model::{Ecosystem, Inventory, SourceKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{inventory, package, printed, real, refused, try_inventory};

const KIND: InventoryKind = InventoryKind::Spdx;

fn json2() -> String {
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "shop",
        "creationInfo": {"created": "2026-03-01T12:00:00Z", "creators": ["Tool: t"]},
        "packages": [
            {"SPDXID": "SPDXRef-root", "name": "registry.example/shop:1.2", "primaryPackagePurpose": "CONTAINER", "versionInfo": "1.2"},
            {"SPDXID": "SPDXRef-os", "name": "debian", "versionInfo": "12.4", "primaryPackagePurpose": "OPERATING-SYSTEM"},
            {"SPDXID": "SPDXRef-src", "name": "openssl", "versionInfo": "3.0.11-1", "primaryPackagePurpose": "SOURCE",
             "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/openssl@3.0.11-1?arch=source"}]},
            {"SPDXID": "SPDXRef-bin", "name": "libssl3", "versionInfo": "3.0.11-1+b1",
             "supplier": "Organization: Debian OpenSSL Team", "originator": "Person: Other",
             "homepage": "https://www.openssl.org/", "downloadLocation": "NOASSERTION",
             "licenseDeclared": "Apache-2.0", "licenseConcluded": "NOASSERTION", "summary": "TLS",
             "checksums": [{"algorithm": "SHA256", "checksumValue": "AABBCCDD"}],
             "externalRefs": [
                {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"},
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/libssl3@3.0.11-1+b1?arch=amd64"}]},
            {"SPDXID": "SPDXRef-rust", "name": "serde", "versionInfo": "1.0.0", "downloadLocation": "git+https://github.com/serde-rs/serde@v1.0.0",
             "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:cargo/serde@1.0.0"}]},
            {"SPDXID": "SPDXRef-bare", "name": "zlib", "versionInfo": "1.2.11", "downloadLocation": "https://zlib.net/zlib-1.2.11.tar.gz",
             "externalRefs": [
                {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*"},
                {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:gnu:zlib:1.2.11:*:*:*:*:*:*:*"}]},
            {"SPDXID": "SPDXRef-none", "name": "versionless"},
            9
        ],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-root"},
            {"spdxElementId": "SPDXRef-bin", "relationshipType": "GENERATED_FROM", "relatedSpdxElement": "SPDXRef-src"},
            "odd"
        ]
    })
    .to_string()
}

fn checked(found: &Inventory) {
    let head = &found.head;
    assert_eq!(head.distribution.as_deref(), Some("debian"));
    assert_eq!(head.branch.as_deref(), Some("12"));
    assert_eq!(head.repository.as_deref(), Some("shop"));
    assert_eq!(head.architecture.as_deref(), Some("amd64"));
    assert_eq!(head.time.unwrap().to_string(), "2026-03-01T12:00:00Z");
    let names: Vec<_> = found.packages.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["openssl", "libssl3", "serde", "zlib"]);
    let library = package(found, "libssl3");
    assert_eq!(
        (&*library.source_name, &*library.source_version),
        ("openssl", "3.0.11-1")
    );
    assert_eq!(library.maintainer.as_deref(), Some("Debian OpenSSL Team"));
    assert_eq!(library.licenses, ["Apache-2.0"]);
    assert_eq!(library.synopsis.as_deref(), Some("TLS"));
    assert_eq!(library.checksum.as_deref(), Some("aabbccdd"));
    assert_eq!(library.ecosystem, Ecosystem::Inventory);
    assert_eq!(library.hints.cpe_name, None);
    let serde = package(found, "serde");
    assert_eq!(serde.ecosystem, Ecosystem::Registry("crates.io".to_owned()));
    assert_eq!(serde.sources[0].kind, SourceKind::Git);
    assert_eq!(serde.sources[0].reference.as_deref(), Some("v1.0.0"));
    let zlib = package(found, "zlib");
    assert_eq!(zlib.ecosystem, Ecosystem::Upstream);
    assert_eq!(zlib.hints.cpe_name.as_deref(), Some("zlib"));
    assert_eq!(zlib.hints.cpe_vendor, None, "the names do not agree on one");
    assert_eq!(
        zlib.sources[0].urls,
        ["https://zlib.net/zlib-1.2.11.tar.gz"]
    );
}

#[test]
fn version_2_is_read_from_json() {
    let (read, rejects) = try_inventory(KIND, "x", json2().as_bytes());
    checked(&read.unwrap());
    let said: Vec<_> = rejects.iter().map(ToString::to_string).collect();
    assert!(
        said[0].starts_with("x, record 7: not a package: "),
        "{said:?}"
    );
    assert_eq!(said[1], "x, record 6, versionless: it has no version");
}

#[test]
fn version_2_is_read_from_tags_and_values() {
    let text = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: shop\n\
        DocumentComment: <text>PackageName: no\nPackageName: neither</text>\nCreated: 2026-03-01T12:00:00Z\n\
        FileName: f\nSPDXID: SPDXRef-f\n\
        PackageName: registry.example/shop:1.2\nSPDXID: SPDXRef-root\nPrimaryPackagePurpose: CONTAINER\n\
        PackageName: debian\nSPDXID: SPDXRef-os\nPackageVersion: 12.4\nPrimaryPackagePurpose: OPERATING-SYSTEM\n\
        ##### Package\nPackageName: openssl\nSPDXID: SPDXRef-src\nPackageVersion: 3.0.11-1\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/openssl@3.0.11-1?arch=source\n\
        PackageName: libssl3\nSPDXID: SPDXRef-bin\nPackageVersion: 3.0.11-1+b1\n\
        PackageOriginator: Person: Other\nPackageSupplier: Organization: Debian OpenSSL Team\n\
        PackageDownloadLocation: NOASSERTION\nPackageLicenseDeclared: Apache-2.0\nPackageSummary: <text>TLS</text>\n\
        PackageChecksum: SHA256: AABBCCDD\nExternalRef: SECURITY cpe23Type cpe:2.3:a:x:y:1:*:*:*:*:*:*:*\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libssl3@3.0.11-1+b1?arch=amd64\n\
        PackageName: serde\nSPDXID: SPDXRef-rust\nPackageVersion: 1.0.0\n\
        PackageDownloadLocation: git+https://github.com/serde-rs/serde@v1.0.0\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:cargo/serde@1.0.0\n\
        PackageName: zlib\nSPDXID: SPDXRef-bare\nPackageVersion: 1.2.11\n\
        PackageDownloadLocation: https://zlib.net/zlib-1.2.11.tar.gz\n\
        ExternalRef: SECURITY cpe23Type cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*\n\
        ExternalRef: SECURITY cpe23Type cpe:2.3:a:gnu:zlib:1.2.11:*:*:*:*:*:*:*\n\
        LicenseID: LicenseRef-1\nSPDXID: no\n\
        Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-root\n\
        Relationship: SPDXRef-src GENERATES SPDXRef-bin\n";
    checked(&inventory(KIND, "x", text.as_bytes()));
}

#[test]
fn version_3_is_read_from_its_graph() {
    let text = json!({
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "CreationInfo", "@id": "_:c", "created": "2026-03-01T12:00:00Z", "specVersion": "3.0.1"},
            {"type": "Organization", "spdxId": "urn:o", "name": "Debian OpenSSL Team"},
            {"type": "SpdxDocument", "spdxId": "urn:d", "rootElement": ["urn:root"]},
            {"type": "software_Package", "spdxId": "urn:root", "name": "shop", "software_primaryPurpose": "container"},
            {"type": "software_Package", "spdxId": "urn:os", "name": "debian", "software_packageVersion": "12", "software_primaryPurpose": "operatingSystem"},
            {"type": "software_Package", "spdxId": "urn:src", "name": "openssl", "software_packageVersion": "3.0.11-1",
             "software_packageUrl": "pkg:deb/debian/openssl@3.0.11-1?arch=source"},
            {"type": "software_Package", "spdxId": "urn:bin", "name": "libssl3", "software_packageVersion": "3.0.11-1+b1",
             "suppliedBy": "urn:o", "summary": "TLS", "software_packageUrl": "pkg:deb/debian/libssl3@3.0.11-1+b1?arch=amd64",
             "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "aabbccdd"}]},
            {"type": "software_Package", "spdxId": "urn:rust", "name": "serde", "software_packageVersion": "1.0.0",
             "software_downloadLocation": "git+https://github.com/serde-rs/serde@v1.0.0",
             "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:cargo/serde@1.0.0"}]},
            {"type": "software_Package", "spdxId": "urn:bare", "name": "zlib", "software_packageVersion": "1.2.11",
             "software_downloadLocation": "https://zlib.net/zlib-1.2.11.tar.gz",
             "externalIdentifier": [
                {"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*"},
                {"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:gnu:zlib:1.2.11:*:*:*:*:*:*:*"}]},
            {"type": "software_Package", "spdxId": "urn:odd", "name": "odd", "verifiedUsing": 7},
            {"type": "software_File", "spdxId": "urn:f", "name": "f"},
            {"type": "Relationship", "from": "urn:src", "relationshipType": "generates", "to": ["urn:bin"]},
            {"type": "simplelicensing_LicenseExpression", "spdxId": "urn:l", "simplelicensing_licenseExpression": "Apache-2.0"},
            {"type": "Relationship", "from": "urn:bin", "relationshipType": "hasDeclaredLicense", "to": ["urn:l"]},
            {"type": "Relationship", "from": "urn:bin", "relationshipType": "hasConcludedLicense", "to": ["https://spdx.org/licenses/MIT"]},
            {"type": "Relationship", "from": "urn:rust", "relationshipType": "hasDeclaredLicense",
             "to": ["https://spdx.org/rdf/3.0.1/terms/Licensing/NoAssertion"]},
            {"type": "Relationship", "from": "urn:rust", "relationshipType": "hasConcludedLicense", "to": ["https://spdx.org/licenses/MIT"]},
            17
        ]
    });
    let (read, rejects) = try_inventory(KIND, "x", text.to_string().as_bytes());
    let found = read.unwrap();
    checked(&found);
    assert_eq!(package(&found, "serde").licenses, ["MIT"]);
    assert_eq!(rejects.len(), 1, "{rejects:?}");
    assert_eq!(rejects[0].id.as_deref(), Some("odd"));
}

#[test]
fn what_is_no_bill_is_refused() {
    for text in [
        "",
        "hello: world\n",
        "{}",
        "{\"bomFormat\":\"CycloneDX\"}",
        "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":7}",
        "{\"@graph\":[]}",
        "{\"@graph\":7}",
        "spdxVersion: SPDX-2.3\n",
        "{\"@graph\":[{\"@type\":\"SpdxDocument\"},{\"@type\":\"Package\"}]}",
    ] {
        assert!(
            refused(KIND, text.as_bytes()).starts_with("read x: "),
            "{text}"
        );
    }
}

/// By `GENERATED_FROM` some tools name what else went into a package.
#[test]
fn what_generates_a_package_is_its_source_before_what_it_was_generated_from() {
    let package_of = |id: &str, name: &str, arch: &str| {
        let purl = format!("pkg:deb/debian/{name}@1-1?arch={arch}&distro=debian-12");
        json!({"SPDXID": id, "name": name, "versionInfo": "1-1", "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]})
    };
    let relation = |from: &str, kind: &str, to: &str| json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to});
    let text = json!({
        "spdxVersion": "SPDX-2.3",
        "packages": [package_of("b", "libdemo1", "amd64"), package_of("s", "demo", "source"), package_of("t", "tool", "source")],
        "relationships": [relation("s", "GENERATES", "b"), relation("b", "GENERATED_FROM", "t"), relation("b", "GENERATED_FROM", "b")]
    });
    let found = inventory(KIND, "x", text.to_string().as_bytes());
    assert_eq!(package(&found, "libdemo1").source_name, "demo");
    assert_eq!(package(&found, "tool").source_name, "tool");
}

/// It would take hours if each package were looked for in a list.
#[test]
fn a_document_may_describe_many_packages() {
    let ids: Vec<String> = (0..100_000)
        .map(|number| format!("SPDXRef-{number}"))
        .collect();
    let packages: Vec<Value> = ids
        .iter()
        .map(|id| json!({"SPDXID": id, "name": id, "versionInfo": "1"}))
        .collect();
    let text = json!({"spdxVersion": "SPDX-2.3", "documentDescribes": ids, "packages": packages});
    let found = inventory(KIND, "x", text.to_string().as_bytes());
    assert_eq!(found.packages.len(), 100_000);
}

/// The packages of a real system of Alpine, by Syft in all its forms and by apk's own list.
#[test]
fn syft_tells_the_packages_of_a_real_system() {
    let Some(root) = real("alpine/installed/edge-x86_64") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let installed = fs_err::read_to_string(root.join("lib/apk/db/installed")).unwrap();
    let expected = installed
        .lines()
        .filter(|line| line.starts_with("P:"))
        .count();
    let target = format!("dir:{}", root.display());
    for format in ["spdx-json@2.2", "spdx-json@2.3", "spdx-tag-value"] {
        let arguments = ["scan", "--quiet", &target, "--output", format];
        let Some(bill) = printed("syft", &arguments, folder.path()) else {
            return;
        };
        let found = inventory(KIND, "x", &bill);
        assert_eq!(found.packages.len(), expected, "{format}");
        assert_eq!(found.head.branch.as_deref(), Some("edge"), "{format}");
        assert_eq!(
            package(&found, "libcrypto3").source_name,
            "openssl",
            "{format}"
        );
        assert!(
            found
                .packages
                .iter()
                .all(|it| it.ecosystem == Ecosystem::Inventory),
            "{format}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = try_inventory(KIND, "x", &bytes);
    }

    #[test]
    fn no_tags_make_the_reader_panic(
        text in "SPDXVersion: SPDX-2.3\n((PackageName|SPDXID|PackageVersion|ExternalRef|Relationship|PackageChecksum): ?[ -~]{0,12}\n){0,8}"
    ) {
        let _ = try_inventory(KIND, "x", text.as_bytes());
    }

    #[test]
    fn no_package_makes_the_reader_panic(
        text in r#"\{"(name|versionInfo|externalRefs|checksums|supplier|type|software_packageUrl)":("[a-z:/@.]{0,9}"|\[\]|\{\}|[0-9]|null)\}"#
    ) {
        let two = format!(r#"{{"spdxVersion":"SPDX-2.3","packages":[{text}]}}"#);
        let three = format!(r#"{{"@graph":[{text},{{"type":"software_Package","name":"a"}}]}}"#);
        let _ = try_inventory(KIND, "x", two.as_bytes());
        let _ = try_inventory(KIND, "x", three.as_bytes());
    }
}
