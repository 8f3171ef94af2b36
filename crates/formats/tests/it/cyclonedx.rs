//! CycloneDX bills of materials.

use palisade_formats::inventory::InventoryKind;
use palisade_model::{Ecosystem, Inventory, Package, SourceKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{inventory, package, printed, real, refused, try_inventory};

const KIND: InventoryKind = InventoryKind::Cyclonedx;

fn bill(components: &Value) -> String {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {
            "timestamp": "2026-03-01T12:00:00Z",
            "tools": {"components": [{"type": "application", "name": "tool", "version": "1", "purl": "pkg:npm/tool@1"}]},
            "component": {"type": "container", "name": "registry.example/team/shop:1.2"}
        },
        "components": components
    })
    .to_string()
}

/// A system of Alpine with a Python application in it.
fn mixed() -> Value {
    json!([
        {"type": "operating-system", "name": "alpine", "version": "3.20.3"},
        {"type": "library", "bom-ref": "a", "name": "libcrypto3", "version": "3.3.2-r0",
         "publisher": "Some One <one@example.org>", "description": "Crypto library\nof OpenSSL",
         "licenses": [{"license": {"id": "Apache-2.0"}}, {"expression": "MIT OR X11"}],
         "cpe": "cpe:2.3:a:libcrypto3:libcrypto3:3.3.2-r0:*:*:*:*:*:*:*",
         "hashes": [{"alg": "SHA-1", "content": "00112233"}, {"alg": "SHA-256", "content": "AABBCCDD"}],
         "externalReferences": [{"type": "distribution", "url": "https://www.openssl.org/"}],
         "purl": "pkg:apk/alpine/libcrypto3@3.3.2-r0?arch=x86_64&upstream=openssl&distro=alpine-3.20.3"},
        {"type": "library", "name": "busybox", "version": "1.36.1-r29",
         "purl": "pkg:apk/alpine/busybox@1.36.1-r29?arch=x86_64&distro=alpine-3.20.3"},
        {"type": "library", "name": "urllib3", "version": "1.26.5", "purl": "pkg:pypi/urllib3@1.26.5",
         "externalReferences": [{"type": "vcs", "url": "git+https://github.com/urllib3/urllib3@1.26.5"}],
         "components": [
            {"type": "library", "group": "@scope", "name": "inner", "version": "1.0.0", "purl": "pkg:npm/%40scope/inner@1.0.0"}
         ]},
        {"type": "library", "name": "log4j-core", "group": "org.apache.logging.log4j", "version": "2.14.1",
         "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar"},
        {"type": "application", "name": "python", "version": "3.11.4", "purl": "pkg:generic/python@3.11.4",
         "cpe": "cpe:2.3:a:python:python:3.11.4:*:*:*:*:*:*:*"},
        {"type": "library", "name": "libfoo", "version": "1.0-1", "purl": "pkg:deb/debian/libfoo@1.0-1?distro=debian-12"},
        {"type": "file", "name": "/etc/passwd"},
        {"type": "container", "name": "base", "version": "1", "purl": "pkg:oci/base@sha256:00"},
        {"type": "library", "name": "left-out", "version": "1", "scope": "excluded", "purl": "pkg:npm/left-out@1"}
    ])
}

fn names(found: &Inventory) -> Vec<&str> {
    found.packages.iter().map(|it| it.name.as_str()).collect()
}

#[test]
fn each_component_is_of_its_own_ecosystem() {
    let found = inventory(KIND, "bom.json", bill(&mixed()).as_bytes());
    let head = &found.head;
    assert_eq!(head.distribution.as_deref(), Some("alpine"));
    assert_eq!(head.branch.as_deref(), Some("v3.20"));
    assert_eq!(head.repository.as_deref(), Some("shop"));
    assert_eq!(head.architecture.as_deref(), Some("x86_64"));
    assert_eq!(head.time.unwrap().to_string(), "2026-03-01T12:00:00Z");
    assert_eq!(head.revision, None);
    assert_eq!(
        names(&found),
        [
            "libcrypto3",
            "busybox",
            "urllib3",
            "@scope/inner",
            "org.apache.logging.log4j:log4j-core",
            "python",
            "libfoo"
        ]
    );
    let of = |name: &str| package(&found, name).ecosystem.clone();
    let registry = |name: &str| Ecosystem::Registry(name.to_owned());
    assert_eq!(of("libcrypto3"), Ecosystem::Inventory);
    assert_eq!(of("urllib3"), registry("PyPI"));
    assert_eq!(of("@scope/inner"), registry("npm"));
    assert_eq!(of("org.apache.logging.log4j:log4j-core"), registry("Maven"));
    assert_eq!(of("python"), Ecosystem::Upstream);
    assert_eq!(
        of("libfoo"),
        Ecosystem::Distribution {
            distribution: "debian".parse().unwrap(),
            branch: Some("12".to_owned())
        }
    );
}

#[test]
fn a_component_has_its_source_and_what_is_said_of_it() {
    let found = inventory(KIND, "bom.json", bill(&mixed()).as_bytes());
    let crypto = package(&found, "libcrypto3");
    assert_eq!(
        (&*crypto.source_name, &*crypto.source_version),
        ("openssl", "3.3.2-r0")
    );
    assert_eq!(
        crypto.maintainer.as_deref(),
        Some("Some One <one@example.org>")
    );
    assert_eq!(crypto.synopsis.as_deref(), Some("Crypto library"));
    assert_eq!(crypto.licenses, ["Apache-2.0", "MIT OR X11"]);
    assert_eq!(crypto.homepage.as_deref(), Some("https://www.openssl.org/"));
    assert_eq!(crypto.checksum.as_deref(), Some("aabbccdd"));
    assert_eq!(
        crypto.hints.cpe_name, None,
        "a tool's guess is nobody's word"
    );
    assert_eq!(
        crypto.properties["purl"],
        r#""pkg:apk/alpine/libcrypto3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&upstream=openssl""#
    );
    let urllib3 = package(&found, "urllib3");
    assert_eq!(urllib3.sources[0].kind, SourceKind::Git);
    assert_eq!(
        urllib3.sources[0].urls,
        ["https://github.com/urllib3/urllib3"]
    );
    assert_eq!(urllib3.sources[0].reference.as_deref(), Some("1.26.5"));
    let python = package(&found, "python");
    assert_eq!(python.hints.cpe_name.as_deref(), Some("python"));
    assert_eq!(python.hints.cpe_vendor.as_deref(), Some("python"));
}

#[test]
fn sources_are_told_in_the_ways_of_several_tools() {
    let components = json!([
        {"type": "library", "name": "libssl3", "version": "3.0.11-1~deb12u2",
         "purl": "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12.4&epoch=1",
         "properties": [
            {"name": "aquasecurity:trivy:SrcName", "value": "openssl"},
            {"name": "aquasecurity:trivy:SrcVersion", "value": "3.0.11"},
            {"name": "aquasecurity:trivy:SrcRelease", "value": "1~deb12u2"},
            {"name": "aquasecurity:trivy:SrcEpoch", "value": "1"}]},
        {"type": "library", "name": "gcc-12-base", "version": "12.2.0-14",
         "purl": "pkg:deb/debian/gcc-12-base@12.2.0-14?upstream=gcc-12%4012.2.0-15&distro=bookworm"},
        {"type": "library", "name": "glibc-common", "version": "2.37-4.fc38",
         "purl": "pkg:rpm/fedora/glibc-common@2.37-4.fc38?arch=x86_64&epoch=0&upstream=glibc-2.37-4.fc38.src.rpm&distro=fedora-38"}
    ]);
    let found = inventory(KIND, "x", bill(&components).as_bytes());
    let sources = |found: &Inventory| {
        let source = |it: &Package| {
            let Package {
                name,
                version,
                source_name,
                source_version,
                ..
            } = it;
            format!("{name} {version} {source_name} {source_version}")
        };
        found.packages.iter().map(source).collect::<Vec<_>>()
    };
    assert_eq!(
        sources(&found),
        [
            "libssl3 1:3.0.11-1~deb12u2 openssl 1:3.0.11-1~deb12u2",
            "gcc-12-base 12.2.0-14 gcc-12 12.2.0-15",
            "glibc-common 2.37-4.fc38 glibc 2.37-4.fc38",
        ]
    );
    assert_eq!(found.head.branch.as_deref(), Some("12"));
    let with_epoch = json!([
        {"type": "library", "name": "bind-libs", "version": "32:9.18-1.fc38",
         "purl": "pkg:rpm/fedora/bind-libs@9.18-1.fc38?arch=x86_64&epoch=32&upstream=bind-9.18-1.fc38.src.rpm&distro=fedora-38"}
    ]);
    let found = inventory(KIND, "x", bill(&with_epoch).as_bytes());
    assert_eq!(
        sources(&found),
        ["bind-libs 32:9.18-1.fc38 bind 32:9.18-1.fc38"]
    );
}

#[test]
fn a_release_is_told_beside_the_namespace_or_instead_of_it() {
    for (purl, expected) in [
        ("pkg:apk/alpine/a@1-r0?distro=3.20.3", "alpine v3.20"),
        ("pkg:rpm/red-hat/a@1-1?distro=el9", "redhat 9"),
        ("pkg:deb/debian/a@1-1?distro=noble", "debian -"),
        ("pkg:deb/a@1-1?distro=noble", "ubuntu 24.04"),
        ("pkg:alpm/a@1-1", "archlinux -"),
        (
            "pkg:nix/nixpkgs/a@1?distro=nixos-24.05",
            "nixpkgs nixos-24.05",
        ),
    ] {
        let components = json!([{"type": "library", "name": "a", "version": "1", "purl": purl}]);
        let head = inventory(KIND, "x", bill(&components).as_bytes()).head;
        let branch = head.branch.as_deref().unwrap_or("-");
        let found = format!("{} {branch}", head.distribution.unwrap());
        assert_eq!(found, expected, "{purl}");
    }
}

#[test]
fn a_patch_of_the_pedigree_names_what_it_resolves() {
    let components = json!([{
        "type": "library", "name": "zlib", "version": "1.2.11", "purl": "pkg:generic/zlib@1.2.11",
        "pedigree": {
            "ancestors": [{"type": "library", "name": "other", "version": "1"}],
            "patches": [
                {"type": "backport", "diff": {"url": "https://e.org/a/inflate.patch?x#y"},
                 "resolves": [{"type": "security", "id": "CVE-2022-37434"}, {"type": "defect", "id": "#12"}]},
                {"type": "unofficial"}
            ]
        }
    }]);
    let found = inventory(KIND, "x", bill(&components).as_bytes());
    assert_eq!(names(&found), ["zlib"]);
    let patches = &found.packages[0].patches;
    assert_eq!(patches[0].name, "inflate.patch");
    assert_eq!(patches[0].vulnerabilities[0].as_str(), "CVE-2022-37434");
    assert_eq!(patches[0].vulnerabilities.len(), 1);
    assert_eq!(patches[1].name, "unofficial");
}

#[test]
fn an_application_is_a_branch_of_its_own() {
    let components = json!([{"type": "library", "name": "lodash", "version": "4.17.15", "purl": "pkg:npm/lodash@4.17.15"}]);
    let head = inventory(KIND, "x", bill(&components).as_bytes()).head;
    assert_eq!(head.distribution.as_deref(), Some("application"));
    assert_eq!(head.branch.as_deref(), Some("shop"));
    assert_eq!(head.repository, None);
}

#[test]
fn bad_components_are_passed_over() {
    let components = json!([
        {"type": "library", "name": "a", "purl": "pkg:npm/a"},
        {"type": "library", "name": "b", "version": "1", "purl": "nonsense"},
        {"type": "library", "name": "c", "version": "1", "purl": "pkg:rpm/c@1"},
        7,
        {"type": "library", "name": ["d"]},
        {"type": "library", "name": "", "version": "1"}
    ]);
    let (read, rejects) = try_inventory(KIND, "x", bill(&components).as_bytes());
    assert_eq!(names(&read.unwrap()), ["b"]);
    let said: Vec<_> = rejects
        .iter()
        .map(|it| format!("{it} {}", it.mended))
        .collect();
    assert_eq!(said[0], "x, record 0, a: it has no version false");
    assert_eq!(
        said[1],
        "x, record 1, b@1: its purl was left out: a package URL begins with pkg: true"
    );
    assert_eq!(
        said[2],
        "x, record 2, c@1: its purl does not say of which distribution it is false"
    );
    assert!(
        said[3].starts_with("x, record 3: not a component: "),
        "{said:?}"
    );
    assert!(
        said[4].starts_with("x, record 4: not a component: "),
        "{said:?}"
    );
    assert!(said[5].contains("is empty"), "{said:?}");
}

#[test]
fn components_within_components_end_somewhere() {
    let mut component =
        json!({"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1"});
    for _ in 0..30 {
        component = json!({"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1", "components": [component]});
    }
    let (read, rejects) = try_inventory(KIND, "x", bill(&json!([component])).as_bytes());
    assert_eq!(read.unwrap().packages.len(), 17);
    assert!(
        rejects[0].reason.contains("within more than 16"),
        "{rejects:?}"
    );
    let deep = format!(
        r#"{{"bomFormat":"CycloneDX","components":{}{}}}"#,
        r#"[{"components":"#.repeat(100_000),
        "[]".to_owned() + &"}]".repeat(100_000)
    );
    let _ = try_inventory(KIND, "x", deep.as_bytes());
    let deep = format!(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">{}",
        "<components>".repeat(100_000)
    );
    assert!(refused(KIND, deep.as_bytes()).contains("nested too deeply"));
}

/// The one way that there is in CycloneDX, and which debsbom goes.
#[test]
fn a_dependency_on_a_source_is_the_source() {
    let component = |name: &str, version: &str, arch: &str| {
        let purl = format!("pkg:deb/debian/{name}@{version}?arch={arch}&distro=debian-12");
        json!({"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl})
    };
    let library = component("libdemo1", "1-1+b3", "amd64");
    let (a, demo) = (
        component("a", "2-1", "source"),
        component("demo", "1-1", "source"),
    );
    let other = component("other", "1-1", "amd64");
    let reference = |component: &Value| component["bom-ref"].as_str().unwrap().to_owned();
    let list = [&library, &a, &demo, &other];
    let on = [&other, &a, &demo].map(reference);
    let text = json!({
        "bomFormat": "CycloneDX", "components": list,
        "dependencies": [null, {"ref": reference(&library), "dependsOn": on}]
    });
    let found = inventory(KIND, "x", text.to_string().as_bytes());
    let sources = |found: &Inventory| {
        let source = |it: &Package| format!("{} {}", it.source_name, it.source_version);
        found.packages.iter().map(source).collect::<Vec<_>>()
    };
    assert_eq!(
        sources(&found),
        ["demo 1-1", "a 2-1", "demo 1-1", "other 1-1"]
    );
    let components: Vec<String> = list
        .iter()
        .map(|it| {
            let escaped = reference(it).replace('&', "&amp;");
            let text = |key: &str| it[key].as_str().unwrap();
            format!(
                "<component type=\"library\" bom-ref=\"{escaped}\"><name>{}</name><version>{}</version>\
                 <purl>{escaped}</purl></component>",
                text("name"),
                text("version")
            )
        })
        .collect();
    let escaped = |text: String| text.replace('&', "&amp;");
    let on: Vec<String> = on
        .into_iter()
        .map(|on| format!("<dependency ref=\"{}\"/>", escaped(on)))
        .collect();
    let (components, on) = (components.concat(), on.concat());
    let xml = format!(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\"><components>{components}</components>\
         <dependencies><dependency ref=\"{}\">{on}</dependency></dependencies></bom>",
        escaped(reference(&library))
    );
    assert_eq!(inventory(KIND, "x", xml.as_bytes()), found);
}

/// It would take hours if each attribute were compared with all others.
#[test]
fn an_element_may_have_many_attributes() {
    let attributes: Vec<String> = (0..200_000)
        .map(|number| format!(" a{number}=\"\""))
        .collect();
    let attributes = attributes.concat();
    let text = format!(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\"{attributes}><components>\
         <component type=\"library\"{attributes}><name>a</name><version>1</version></component>\
         </components></bom>"
    );
    assert_eq!(names(&inventory(KIND, "x", text.as_bytes())), ["a"]);
}

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE bom [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1">
  <metadata>
    <timestamp>2026-03-01T12:00:00Z</timestamp>
    <tools><tool><name>tool</name></tool></tools>
    <component type="application"><name>shop</name><version>1</version></component>
  </metadata>
  <components>
    <component type="library" bom-ref="a">
      <supplier><name>Supplier</name></supplier>
      <publisher>Some &amp; One</publisher>
      <group>org.apache</group><name>commons</name><version>1.2</version>
      <description><![CDATA[<b> & ]]>c&#33;&x;</description>
      <hashes><hash alg="SHA-256">AABBCCDD</hash></hashes>
      <licenses><license><id>MIT</id></license></licenses>
      <purl>pkg:maven/org.apache/commons@1.2?type=jar&amp;x=y</purl>
      <pedigree>
        <ancestors><component type="library"><name>no</name><version>1</version></component></ancestors>
        <patches><patch type="backport"><diff><url>https://e.org/a.patch</url></diff>
          <resolves><issue type="security"><id>CVE-2024-0001</id><name>n</name></issue></resolves></patch></patches>
      </pedigree>
      <externalReferences><reference type="website"><url>https://commons.example/</url>
        <hashes><hash alg="SHA-256">00000000</hash></hashes></reference></externalReferences>
      <components><component type="library"><name>inner</name><version>2</version><purl>pkg:npm/inner@2</purl></component></components>
      <properties><property name="a">b</property></properties>
    </component>
    <component type="file"><name>f</name></component>
  </components>
</bom>"#;

#[test]
fn xml_says_the_same_as_json() {
    let json = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.4",
        "metadata": {"timestamp": "2026-03-01T12:00:00Z", "component": {"type": "application", "name": "shop", "version": "1"}},
        "components": [{
            "type": "library", "publisher": "Some & One", "group": "org.apache", "name": "commons", "version": "1.2",
            "description": "<b> & c!", "hashes": [{"alg": "SHA-256", "content": "aabbccdd"}],
            "licenses": [{"license": {"id": "MIT"}}], "purl": "pkg:maven/org.apache/commons@1.2?type=jar&x=y",
            "pedigree": {"patches": [{"type": "backport", "diff": {"url": "https://e.org/a.patch"},
                "resolves": [{"id": "CVE-2024-0001"}]}]},
            "externalReferences": [{"type": "website", "url": "https://commons.example/"}],
            "components": [{"type": "library", "name": "inner", "version": "2", "purl": "pkg:npm/inner@2"}]
        }]
    });
    let mut from_xml = inventory(KIND, "x", XML.as_bytes());
    // An inner component ends first.
    from_xml.packages.reverse();
    assert_eq!(from_xml, inventory(KIND, "x", json.to_string().as_bytes()));
}

#[test]
fn what_is_no_bill_is_refused() {
    for text in [
        "",
        "hello",
        "{}",
        "{\"spdxVersion\":\"SPDX-2.3\"}",
        "{\"bomFormat\":\"CycloneDX\",\"components\":7}",
        "<bom/>",
        "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\"><components>",
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\"><a></b></bom>",
    ] {
        assert!(
            refused(KIND, text.as_bytes()).starts_with("read x: "),
            "{text}"
        );
    }
}

#[test]
fn a_folder_has_a_name_unless_it_is_a_path() {
    for (kind, name, branch) in [
        ("file", "shop", Some("shop")),
        ("application", "shop", Some("shop")),
        ("file", "src/shop", Some("shop")),
        ("file", "/home/user/shop", None),
        ("file", "./shop", None),
        ("file", ".", None),
    ] {
        let text = serde_json::json!({"bomFormat": "CycloneDX", "specVersion": "1.6",
            "metadata": {"component": {"type": kind, "name": name}},
            "components": [{"type": "library", "name": "inner", "version": "1.0.0",
                "purl": "pkg:npm/inner@1.0.0"}]});
        let head = inventory(KIND, "x", text.to_string().as_bytes()).head;
        assert_eq!(head.distribution.as_deref(), Some("application"));
        assert_eq!(head.branch.as_deref(), branch, "{kind} {name}");
    }
}

/// The packages of a real system of Alpine, by Syft in all its forms and by apk's own list.
#[test]
fn syft_tells_the_packages_of_a_real_system() {
    let Some(root) = real("alpine/installed/v3.20-x86_64") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let installed = fs_err::read_to_string(root.join("lib/apk/db/installed")).unwrap();
    let mut expected: Vec<_> = installed
        .split("\n\n")
        .filter_map(|record| {
            let field = |letter: &str| record.lines().find_map(|line| line.strip_prefix(letter));
            Some(format!(
                "{} {} {}",
                field("P:")?,
                field("V:")?,
                field("o:")?
            ))
        })
        .collect();
    expected.sort_unstable();
    let target = format!("dir:{}", root.display());
    for format in ["cyclonedx-json@1.4", "cyclonedx-json@1.6", "cyclonedx-xml"] {
        let arguments = ["scan", "--quiet", &target, "--output", format];
        let Some(bill) = printed("syft", &arguments, folder.path()) else {
            return;
        };
        let found = inventory(KIND, "x", &bill);
        assert_eq!(
            found.head.distribution.as_deref(),
            Some("alpine"),
            "{format}"
        );
        assert_eq!(found.head.branch.as_deref(), Some("v3.20"), "{format}");
        assert_eq!(found.head.repository, None, "a folder's name stays here");
        let line =
            |it: &palisade_model::Package| format!("{} {} {}", it.name, it.version, it.source_name);
        let mut told: Vec<_> = found.packages.iter().map(line).collect();
        told.sort_unstable();
        assert_eq!(told, expected, "{format}");
    }
}

/// The packages of this machine, by Syft and by dpkg's own list.
#[test]
fn syft_tells_the_packages_of_this_machine() {
    let Ok(status) = fs_err::read("/var/lib/dpkg/status") else {
        eprintln!("skipped: there is no /var/lib/dpkg/status");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    for (name, bytes) in [
        ("var/lib/dpkg/status", &status[..]),
        ("etc/os-release", b"ID=debian\nVERSION_ID=12\n"),
    ] {
        let path = root.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }
    let target = format!("dir:{}", root.display());
    let arguments = ["scan", "--quiet", &target, "--output", "cyclonedx-json"];
    let Some(bill) = printed("syft", &arguments, folder.path()) else {
        return;
    };
    let sources = |found: &Inventory| {
        let line = |it: &palisade_model::Package| {
            format!(
                "{} {} {} {}",
                it.name, it.version, it.source_name, it.source_version
            )
        };
        found
            .packages
            .iter()
            .map(line)
            .collect::<std::collections::BTreeSet<_>>()
    };
    let found = inventory(KIND, "x", &bill);
    assert_eq!(found.head.branch.as_deref(), Some("12"));
    let own = try_inventory(InventoryKind::Dpkg, "x", &status).0.unwrap();
    assert_eq!(sources(&found), sources(&own));
}

#[test]
fn what_describes_a_distribution_is_no_repository() {
    let text = json!({
        "bomFormat": "CycloneDX",
        "metadata": {"component": {"type": "operating-system", "name": "Debian", "version": "12.4"}},
        "components": [{"type": "library", "name": "a", "version": "1-1", "purl": "pkg:deb/debian/a@1-1?arch=amd64"}]
    });
    let head = inventory(KIND, "x", text.to_string().as_bytes()).head;
    assert_eq!(head.branch.as_deref(), Some("12"));
    assert_eq!(head.repository, None);
}

#[test]
fn a_python_environment_is_told_by_cyclonedx_py() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(
        folder.path().join("requirements.txt"),
        "urllib3==1.26.5\nDjango==3.2\n",
    )
    .unwrap();
    let arguments = [
        "requirements",
        "requirements.txt",
        "--output-format",
        "JSON",
    ];
    let Some(bill) = printed("cyclonedx-py", &arguments, folder.path()) else {
        return;
    };
    let found = inventory(KIND, "x", &bill);
    assert_eq!(found.head.distribution.as_deref(), Some("application"));
    let told: Vec<_> = found
        .packages
        .iter()
        .map(|it| format!("{} {}", it.name, it.version))
        .collect();
    assert_eq!(told, ["django 3.2", "urllib3 1.26.5"]);
    assert!(
        found
            .packages
            .iter()
            .all(|it| it.ecosystem == Ecosystem::Registry("PyPI".to_owned()))
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = try_inventory(KIND, "x", &bytes);
    }

    #[test]
    fn no_xml_makes_the_reader_panic(
        text in "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">(</?(metadata|component|components|name|purl|hash|patch|issue)( type=\"[a-z&;]{0,4}\")?>|&[a-z#0-9]{0,3};|[a-z]){0,12}"
    ) {
        let _ = try_inventory(KIND, "x", text.as_bytes());
    }

    #[test]
    fn no_component_makes_the_reader_panic(
        text in r#"\{"(type|name|version|purl|licenses|hashes|components|pedigree)":("[a-z:/@.]{0,9}"|\[\]|\{\}|[0-9]|null)\}"#
    ) {
        let text = format!(r#"{{"bomFormat":"CycloneDX","components":[{text}]}}"#);
        let _ = try_inventory(KIND, "x", text.as_bytes());
    }
}
