//! The inventory of Guix.

mod loaded;
mod real;
mod written;

use std::collections::BTreeMap;

use palisade_formats::guix_inventory::{self, write};
use palisade_formats::{Place, ReadError, Reject};
use palisade_model::{Hash, Input, InputKind, Inventory, Package, Patch, SourceKind, SourceOrigin};

use written::round_trip;

fn try_read(document: &str, bytes: &[u8]) -> (Result<Inventory, ReadError>, Vec<Reject>) {
    let mut rejects = Vec::new();
    let read = guix_inventory::read(document, &mut &bytes[..], &mut |reject| {
        rejects.push(reject);
    });
    (read, rejects)
}

fn read(text: &str) -> (Vec<Package>, Vec<Reject>) {
    let (read, rejects) = try_read("x", text.as_bytes());
    (read.unwrap().packages, rejects)
}

fn malformed(text: &str) -> String {
    match try_read("x", text.as_bytes()).0 {
        Err(ReadError::Malformed { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn one(text: &str) -> (Package, Vec<String>) {
    let (mut packages, rejects) = read(text);
    assert!(rejects.iter().all(|reject| reject.mended));
    (
        packages.remove(0),
        rejects.into_iter().map(|reject| reject.reason).collect(),
    )
}

#[test]
fn every_field_has_its_place() {
    let sum = "00".repeat(32);
    let text = format!(
        r#"{{"name":"demo","version":"1.2","outputs":["out","doc"],
        "location":{{"file":"gnu/packages/demo.scm","line":7,"column":2}},
        "home_page":"https://demo.example/","synopsis":"Show","license":["Expat","Zlib"],
        "build_system":"gnu","supported_systems":["x86_64-linux"],
        "source":{{"type":"url","urls":["mirror://gnu/demo.tar.gz"],"file_name":"demo.tar.gz",
          "hash":{{"algorithm":"sha256","nix-base32":"x","base16":"{upper}"}},"snippet":true,
          "patches":["demo-CVE-2024-0001.patch",
            {{"origin-file-name":"fix-2","uri":{{"type":"url","urls":["https://x/y"]}},
              "hash":{{"algorithm":"sha256","base16":"{sum}"}}}},
            {{"uri":{{"type":"url","urls":["https://x/fix-3"]}}}},
            {{"name":"git-updates.patch","cves":["cve-2024-0002"]}},
            {{"file-name":"dir/fix-4"}}]}},
        "properties":{{"cpe-name":"demonstration","cpe-vendor":"acme","cpe-version":"1.2.0",
          "lint-hidden-cpe-vendors":["other"],"lint-hidden-cve":["CVE-2023-1111"],
          "upstream-name":"Demo","release-monitoring-url":"https://demo.example/new",
          "timeout":7200,"tunable?":true," package-mapping-done77":true}},
        "inputs":[{{"label":"zlib","name":"zlib","version":"1.3.1","output":"static"}},
          {{"label":"_","origin":"rust-x-1.0.0.tar.gz","source":{{"type":"url"}}}},
          {{"label":"data","origin":null,"source":{{"type":"git","git_ref":"abc"}}}},
          {{"label":"_","other":"<computed-file>"}}],
        "native_inputs":[{{"label":"p","name":"perl","version":"5"}}],
        "propagated_inputs":[{{"label":"g","name":"glib","version":"2","output":"out"}}],
        "bag_inputs":[1,{{"x":[]}}],"hidden":true,"superseded":{{"package":"new","version":"2"}},
        "replacement":null,"some_future_field":{{"a":[1,2,3]}}}}"#,
        upper = "AB".repeat(32),
    );
    let (package, reasons) = one(&text.replace('\n', " "));
    assert_eq!(reasons, [""; 0]);
    let hash = |hex: &str| {
        Some(Hash {
            algorithm: "sha256".into(),
            hex: hex.into(),
        })
    };
    assert_eq!(
        package.location.as_deref(),
        Some("gnu/packages/demo.scm:7:2")
    );
    assert_eq!(
        (&*package.source_name, &*package.source_version),
        ("demo", "1.2")
    );
    assert_eq!(package.licenses, ["Expat", "Zlib"]);
    assert_eq!(
        package.sources,
        [SourceOrigin {
            kind: SourceKind::Url,
            urls: vec!["mirror://gnu/demo.tar.gz".into()],
            reference: None,
            file_name: Some("demo.tar.gz".into()),
            hash: hash(&"ab".repeat(32)),
            snippet: true,
        }]
    );
    let patch = |name: &str| Patch {
        name: name.into(),
        ..Patch::default()
    };
    assert_eq!(
        package.patches,
        [
            patch("demo-CVE-2024-0001.patch"),
            Patch {
                hash: hash(&sum),
                ..patch("fix-2")
            },
            patch("fix-3"),
            Patch {
                vulnerabilities: vec!["CVE-2024-0002".parse().unwrap()],
                ..patch("git-updates.patch")
            },
            patch("fix-4"),
        ]
    );
    let input = |kind, name: &str, version: &str, output: &str| Input {
        kind,
        name: name.into(),
        version: version.into(),
        output: output.into(),
    };
    assert_eq!(
        package.inputs,
        [
            input(InputKind::Host, "zlib", "1.3.1", "static"),
            input(InputKind::Host, "rust-x-1.0.0.tar.gz", "", ""),
            input(InputKind::Host, "data", "abc", ""),
            input(InputKind::Native, "perl", "5", "out"),
            input(InputKind::Propagated, "glib", "2", "out"),
        ]
    );
    let hints = &package.hints;
    assert_eq!(hints.cpe_name.as_deref(), Some("demonstration"));
    assert_eq!(hints.cpe_vendor.as_deref(), Some("acme"));
    assert_eq!(hints.cpe_version.as_deref(), Some("1.2.0"));
    assert_eq!(hints.hidden_cpe_vendors, ["other"]);
    assert_eq!(
        hints.hidden_vulnerabilities,
        ["CVE-2023-1111".parse().unwrap()]
    );
    assert_eq!(hints.upstream_name.as_deref(), Some("Demo"));
    assert_eq!(
        hints.release_monitoring_url.as_deref(),
        Some("https://demo.example/new")
    );
    assert!(!hints.hidden_vulnerabilities_shared);
    let others: Vec<_> = package
        .properties
        .iter()
        .map(|(name, json)| (&**name, &**json))
        .collect();
    assert_eq!(others, [("timeout", "7200"), ("tunable?", "true")]);
    assert!(package.hidden);
    assert_eq!(package.superseded.as_deref(), Some("new@2"));
}

#[test]
fn each_kind_of_source_has_an_address_and_a_reference() {
    for (source, kind, url, reference) in [
        (
            r#""type":"git","git_url":"u","git_ref":"r""#,
            SourceKind::Git,
            "u",
            Some("r"),
        ),
        (
            r#""type":"svn","svn_url":"u","svn_revision":7"#,
            SourceKind::Svn,
            "u",
            Some("7"),
        ),
        (
            r#""type":"hg","hg_url":"u","hg_changeset":"r""#,
            SourceKind::Hg,
            "u",
            Some("r"),
        ),
        (
            r#""type":"cvs","cvs_root":":pserver:x""#,
            SourceKind::Cvs,
            ":pserver:x",
            None,
        ),
        (
            r#""type":"bzr","bzr_url":"lp:x""#,
            SourceKind::Bzr,
            "lp:x",
            None,
        ),
    ] {
        let (package, reasons) = one(&format!(
            r#"{{"name":"a","version":"1","source":{{{source}}}}}"#
        ));
        assert_eq!(reasons, [""; 0]);
        assert_eq!(package.sources[0].kind, kind);
        assert_eq!(package.sources[0].urls, [url]);
        assert_eq!(package.sources[0].reference.as_deref(), reference);
    }
    for source in [
        r#"{"type":"promise","hash":null}"#,
        r#"{"type":"computed-file"}"#,
    ] {
        let (package, _) = one(&format!(
            r#"{{"name":"a","version":"1","source":{source}}}"#
        ));
        assert_eq!(package.sources[0].kind, SourceKind::Computed);
    }
    for source in ["null", r#"{"type":"none"}"#, "[]"] {
        let (package, _) = one(&format!(
            r#"{{"name":"a","version":"1","source":{source}}}"#
        ));
        assert_eq!(package.sources, []);
    }
    let (package, reasons) = one(r#"{"name":"a","version":"1","source":{"type":"fossil"}}"#);
    assert_eq!(package.sources[0].kind, SourceKind::Computed);
    assert_eq!(reasons, ["its source is of the unknown type \"fossil\""]);
}

#[test]
fn faulty_properties_are_named_and_used_as_meant() {
    let (package, reasons) = one(concat!(
        r#"{"name":"a","version":"1","properties":{"lint-hidden-cves":["CVE-2023-40305","x"],"#,
        r#""cpe_name":"b","cpe-vendor":["c"],"cpe-version":7,"lint-hidden-cpe-vendors":"d"}}"#,
    ));
    assert_eq!(
        package.hints.hidden_vulnerabilities,
        ["CVE-2023-40305".parse().unwrap()]
    );
    assert_eq!(package.hints.cpe_name.as_deref(), Some("b"));
    assert_eq!(package.hints.cpe_vendor.as_deref(), Some("c"));
    assert_eq!(package.hints.cpe_version, None);
    assert_eq!(package.hints.hidden_cpe_vendors, ["d"]);
    // What is misspelt also stays as it is written, for whoever tells of mistakes.
    assert_eq!(
        package.properties,
        BTreeMap::from([
            ("cpe-version".into(), "7".into()),
            ("cpe_name".into(), r#""b""#.into()),
            (
                "lint-hidden-cves".into(),
                r#"["CVE-2023-40305","x"]"#.into()
            ),
        ])
    );
    assert_eq!(
        reasons,
        [
            "metadata error: the property cpe-vendor is a list, not a text",
            "metadata error: the property cpe-version is not a text but \"7\"",
            "metadata error: the property lint-hidden-cpe-vendors is a text, not a list",
            "metadata error: the property \"cpe_name\" is not known to Guix; cpe-name was meant",
            "metadata error: the property \"lint-hidden-cves\" is not known to Guix; \
             lint-hidden-cve was meant",
            "metadata error: \"x\" in lint-hidden-cve: an identifier has 3 to 128 bytes, not 1",
        ]
    );
    // One that is there under its right name, too, does not overrule it.
    let (package, reasons) =
        one(r#"{"name":"a","version":"1","properties":{"cpe-name":"x","cpe-nam":"y"}}"#);
    assert_eq!(package.hints.cpe_name.as_deref(), Some("x"));
    assert_eq!(package.properties["cpe-nam"], "\"y\"");
    assert_eq!(reasons.len(), 1);
    let (_, reasons) = one(r#"{"name":"a","version":"1","properties":["x"]}"#);
    assert_eq!(
        reasons,
        ["its properties are not an object and were left out"]
    );
}

#[test]
fn lines_that_are_no_packages_are_passed_over() {
    let (packages, rejects) = read(concat!(
        "{\"name\":\"a\"}\n\n{\"version\":\"1\"}\n{\"name\":\"b\",\"version\":1}\nnonsense\n",
        "{\"name\":\"c d\",\"version\":\"1\"}\n{\"name\":\"e\",\"version\":\"1\"}\r\n",
        "{\"name\":\"f\",\"version\":\"1\",\"source\":{\"type\":\"url\",\"patches\":[{},7]}}\n",
    ));
    assert_eq!(packages.len(), 1);
    let said: Vec<_> = rejects
        .iter()
        .map(|it| (it.place, it.id.as_deref(), it.mended, it.reason.as_str()))
        .collect();
    assert_eq!(said.len(), 6);
    assert_eq!(
        said[0],
        (Place::Line(1), Some("a"), false, "it has no version")
    );
    assert_eq!(said[1], (Place::Line(3), None, false, "it has no name"));
    assert_eq!((said[2].0, said[2].1), (Place::Line(4), Some("b")));
    assert!(
        said[2]
            .3
            .starts_with("not a package: invalid type: integer `1`")
    );
    assert_eq!((said[3].0, said[3].1), (Place::Line(5), None));
    assert_eq!(said[4].3, "it has no name");
    assert_eq!((said[5].0, said[5].1), (Place::Line(8), Some("f")));
}

#[test]
fn parts_that_say_nothing_are_left_out() {
    let (package, reasons) = one(concat!(
        r#"{"name":"a","version":"1","inputs":[{"label":"x"}],"#,
        r#""source":{"type":"url","hash":{"algorithm":"sha256","base16":"xy"},"#,
        r#""patches":[{},{"name":"p","hash":{"nix-base32":"z"},"cves":["CVE-1"]}]}}"#,
    ));
    assert_eq!(package.inputs, []);
    assert_eq!(package.sources[0].hash, None);
    assert_eq!(
        package.patches,
        [Patch {
            name: "p".into(),
            ..Patch::default()
        }]
    );
    assert_eq!(
        reasons,
        [
            "a patch without a name was left out",
            "a hash without algorithm or base16 was left out",
            "metadata error: \"CVE-1\" in a patch's cves: \"CVE-1\" is not of the form \
             CVE-YEAR-NUMBER",
            "the hash \"xy\" is not hexadecimal",
            "an input (\"x\") without a name was left out",
        ]
    );
}

fn chain(versions: &[&str]) -> String {
    let nested = versions
        .iter()
        .rev()
        .fold("null".to_owned(), |inside, version| {
            format!(r#"{{"name":"a","version":"{version}","replacement":{inside}}}"#)
        });
    nested + "\n"
}

fn depth(package: &Package) -> usize {
    package
        .replacement
        .as_deref()
        .map_or(0, |replacement| 1 + depth(replacement))
}

#[test]
fn replacements_are_followed_as_far_as_makes_sense() {
    let (package, reasons) = one(&chain(&["1", "2", "3"]));
    assert_eq!((depth(&package), reasons.len()), (2, 0));
    // Original and replacement may differ in what is not told.
    let (package, reasons) = one(&chain(&["1", "1"]));
    assert_eq!((depth(&package), reasons.len()), (1, 0));
    let (package, reasons) = one(&chain(&["1", "2", "1", "2", "1", "2"]));
    assert_eq!(depth(&package), 1);
    assert_eq!(reasons, ["its replacements go round in a circle"]);
    let versions: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let versions: Vec<_> = versions.iter().map(String::as_str).collect();
    let (package, reasons) = one(&chain(&versions));
    assert_eq!(depth(&package), 8);
    assert_eq!(reasons, ["it has more than 8 replacements of replacements"]);
    let (package, reasons) = one(&chain(&versions[..9]));
    assert_eq!((depth(&package), reasons.len()), (8, 0));
    let (package, reasons) = one(r#"{"name":"a","version":"1","replacement":{"name":"b"}}"#);
    assert_eq!(package.replacement, None);
    assert_eq!(reasons, ["a replacement was left out: it has no version"]);
}

#[test]
fn nesting_without_end_is_one_bad_record() {
    let deep = "[".repeat(200_000);
    let text = format!(
        "{{\"name\":\"a\",\"version\":\"1\",\"x\":{deep}\n{}{{\"name\":\"b\",\"version\":\"1\"}}\n",
        chain(&["1"; 500])
    );
    let (packages, rejects) = read(&text);
    assert_eq!(packages.len(), 1);
    assert_eq!(rejects.len(), 2);
}

#[test]
fn a_list_that_a_higher_version_has_too_may_be_inherited() {
    let line = |name: &str, version: &str, hidden: &str| {
        format!(
            "{{\"name\":\"{name}\",\"version\":\"{version}\",\
             \"properties\":{{\"lint-hidden-cve\":[{hidden}]}}}}\n"
        )
    };
    let (one, two) = (
        "\"CVE-2024-0001\",\"CVE-2024-0002\"",
        "\"CVE-2024-0002\",\"CVE-2024-0001\"",
    );
    let text = [
        line("libc", "2.33", one),
        line("libc", "2.41", two),
        line("libc", "2.41", one),
        line("libc", "2.35", one),
        line("libc", "2.36", "\"CVE-2024-0003\""),
        line("libc", "2.30", ""),
        line("other", "2.33", one),
    ];
    let (packages, _) = read(&text.concat());
    let shared: Vec<_> = packages
        .iter()
        .map(|package| package.hints.hidden_vulnerabilities_shared)
        .collect();
    assert_eq!(shared, [true, false, false, true, false, false, false]);
}

const HEADER: &str = concat!(
    r#"{"palisade":"guix-inventory","version":1,"commit":"d659fe8666c4","#,
    r#""branch":"master","time":"2026-02-20T10:00:00Z"}"#,
    "\n"
);

#[test]
fn a_file_with_a_header_must_be_whole() {
    let (packages, _) = read(r#"{"name":"a","version":"1"}"#);
    let inventory = Inventory {
        packages,
        ..Inventory::default()
    };
    let lines: Vec<_> = write(&inventory).collect();
    let [_, package, end] = &lines[..] else {
        panic!("{lines:?}")
    };
    let whole = format!("{HEADER}{package}{end}");
    let (inventory, _) = try_read("packages-aaaaaaa.jsonl", whole.as_bytes());
    let head = inventory.unwrap().head;
    assert_eq!(head.distribution.as_deref(), Some("guix"));
    assert_eq!(head.revision.as_deref(), Some("d659fe8666c4"));
    assert_eq!(head.branch.as_deref(), Some("master"));
    assert_eq!(head.time.unwrap().to_string(), "2026-02-20T10:00:00Z");

    let cut = "it is cut off: it has a header but no trailer";
    assert_eq!(malformed(&format!("{HEADER}{package}")), cut);
    assert_eq!(malformed(HEADER), cut);
    assert_eq!(
        malformed(&format!("{HEADER}{package}{package}{end}")),
        "the trailer says 1 packages, but there are 2"
    );
    let other = package.replace("\"a\"", "\"b\"");
    let wrong = "the trailer's checksum is not that of the packages";
    assert_eq!(malformed(&format!("{HEADER}{other}{end}")), wrong);
    assert_eq!(malformed(&format!("{HEADER}{package}\n{end}")), wrong);
    assert_eq!(
        malformed(&format!("{whole}{package}")),
        "line 4 stands behind the end"
    );
    assert_eq!(
        malformed(&format!("{package}{end}")),
        "it has a trailer but no header"
    );
    assert_eq!(
        malformed(&format!("{package}{HEADER}{end}")),
        "a header out of place in line 2"
    );
    assert_eq!(
        malformed(&format!("{HEADER}{HEADER}{end}")),
        "a header out of place in line 2"
    );
    assert!(try_read("x", format!("{whole}\n\n").as_bytes()).0.is_ok());
}

#[test]
fn the_documents_example_is_read_without_a_fault() {
    let page = include_str!("../../../../docs/guix-inventory.md");
    let (_, example) = page.split_once("## Example").unwrap();
    let example = example.split("```").nth(1).unwrap().trim_start();
    let (read, rejects) = try_read("x", example.as_bytes());
    assert_eq!(rejects, []);
    let inventory = read.unwrap();
    assert_eq!(inventory.head.branch.as_deref(), Some("master"));
    assert_eq!(inventory.packages[0].patches.len(), 2);
    round_trip(&inventory);
}

#[test]
fn control_lines_of_another_kind_are_refused() {
    for (line, reason) in [
        (
            r#"{"palisade":"guix-inventory","version":2}"#,
            "version 2 of the format is not known",
        ),
        (
            r#"{ "palisade" : "snapshot"}"#,
            "\"snapshot\" is no inventory of Guix",
        ),
    ] {
        assert_eq!(malformed(line), format!("line 1: {reason}"));
    }
    let line = r#"{"palisade":"guix-inventory","version":1,"time":"yesterday"}"#;
    assert!(malformed(line).starts_with("line 1: not a line of control: "));
}

#[test]
fn an_inventory_of_nothing_must_say_so() {
    for text in ["", "\n\n", "hello\n", "[1]\n"] {
        assert_eq!(malformed(text), "it holds no package");
    }
    let nothing: String = write(&Inventory::default()).collect();
    assert_eq!(read(&nothing).0, []);
    assert_eq!(
        malformed("{\"name\":\"a\",\"version\":\"1\"}\n{\"name\":"),
        "it is cut off in line 2"
    );
}

#[test]
fn the_revision_may_stand_in_the_files_name() {
    let line = br#"{"name":"a","version":"1"}"#;
    let head = try_read("dir/packages-d659fe8666c4.jsonl.zst", line)
        .0
        .unwrap()
        .head;
    assert_eq!(head.revision.as_deref(), Some("d659fe8666c4"));
    assert_eq!(
        try_read("packages.jsonl", line).0.unwrap().head.revision,
        None
    );
}
