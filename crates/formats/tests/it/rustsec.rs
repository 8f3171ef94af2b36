//! RustSec's advisories.

use palisade_formats::feed::{FeedContext, FeedKind, Record};
use palisade_model::VulnerabilityId;
use proptest::prelude::*;

use crate::shared_vuln::parse;
use crate::support::{Collected, real_documents, survives, told};

const ADVISORY: &str = r#"```toml
[advisory]
id = "RUSTSEC-2024-0001"
package = "demo"
date = "2024-04-19"
url = "https://example.org/demo/1"
categories = ["denial-of-service"]
aliases = ["CVE-2024-1000", "GHSA-aaaa-bbbb-cccc"]
related = ["https://example.org/x", "CVE-2024-1001"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"

[versions]
patched = [">= 0.23.5", ">= 0.22.4, < 0.23.0"]
unaffected = ["< 0.20.0"]

[affected]
functions = { "demo::run" = ["<= 0.23.4"] }
```

# `demo` runs for ever

It does not end.

```rust
demo::run();
```
"#;

fn with(from: &str, to: &str) -> Vec<String> {
    told(&parse(FeedKind::Rustsec, &ADVISORY.replace(from, to)))
}

#[test]
fn an_advisory_is_read_whole() {
    let advisory = parse(FeedKind::Rustsec, ADVISORY);
    assert_eq!(
        told(&advisory),
        ["crates.io demo: affected >=0.20.0<0.22.4, affected >=0.23.0<0.23.5 (denial-of-service)"]
    );
    assert_eq!(advisory.title.as_deref(), Some("`demo` runs for ever"));
    assert_eq!(
        advisory.details.as_deref(),
        Some("It does not end.\n\n```rust\ndemo::run();\n```")
    );
    let names = |ids: &[VulnerabilityId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        names(&advisory.aliases),
        ["CVE-2024-1000", "GHSA-aaaa-bbbb-cccc"]
    );
    assert_eq!(names(&advisory.related), ["CVE-2024-1001"]);
    assert_eq!(advisory.severities[0].scorer, "RustSec");
    assert_eq!(advisory.severities[0].score().unwrap().1.to_string(), "7.5");
    assert_eq!(
        advisory.published.unwrap().to_string(),
        "2024-04-19T00:00:00Z"
    );
    assert_eq!(advisory.references.len(), 2);
    assert!(advisory.withdrawn.is_none());
}

#[test]
fn what_nobody_maintains_is_no_vulnerability_and_what_is_unsound_is() {
    let informational = |word: &str| {
        let line = format!("informational = \"{word}\"\ncategories");
        with("categories", &line)
    };
    assert_eq!(informational("unmaintained"), [""; 0]);
    assert_eq!(informational("notice"), [""; 0]);
    assert!(informational("unsound")[0].ends_with("(unsound; denial-of-service)"));
}

#[test]
fn nothing_patched_means_that_all_is_affected() {
    let versions = "[versions]\npatched = []\n\n[x]\npatched = [";
    assert_eq!(
        with("[versions]\npatched = [", versions),
        ["crates.io demo: affected all (denial-of-service)"]
    );
}

#[test]
fn advisories_of_rust_itself_are_about_rust() {
    let text = ADVISORY
        .replace("RUSTSEC-2024-0001", "CVE-2024-1000")
        .replace("\"demo\"", "\"std\"");
    assert!(told(&parse(FeedKind::Rustsec, &text))[0].starts_with("cpe rust-lang:rust: "));
    assert!(with("\"demo\"", "\"cargo\"")[0].starts_with("crates.io cargo: "));
}

#[test]
fn a_withdrawn_advisory_says_so() {
    let text = ADVISORY.replace("categories", "withdrawn = \"2024-05-06\"\ncategories");
    let advisory = parse(FeedKind::Rustsec, &text);
    assert_eq!(
        advisory.withdrawn.as_deref(),
        Some("withdrawn on 2024-05-06")
    );
}

#[test]
fn members_of_the_database_are_told_from_texts_about_it() {
    for (member, expected) in [
        ("crates/demo/RUSTSEC-2024-0001.md", true),
        ("rust/std/CVE-2015-20001.md", true),
        ("crates/demo/RUSTSEC-0000-0000.md", false),
        ("README.md", false),
        ("HOWTO_UNMAINTAINED.md", false),
        ("crates/demo/RUSTSEC-2024-0001.toml", false),
    ] {
        assert_eq!(FeedKind::Rustsec.reads_member(member), expected, "{member}");
    }
}

#[test]
fn bad_advisories_say_why() {
    for (from, to, reason) in [
        ("```toml", "```", "no front matter"),
        ("RUSTSEC-2024-0001", "x y z", "character"),
        ("\"demo\"", "\"de mo\"", "no crate"),
        (">= 0.23.5", ">> 0.23.5", "no requirement"),
        ("id =", "di =", "missing field `id`"),
        ("[advisory]", "[advisory", "unclosed table"),
    ] {
        let bad = FeedKind::Rustsec.parse(ADVISORY.replacen(from, to, 1).as_bytes());
        let bad = bad.unwrap_err();
        assert!(bad.reason.contains(reason), "{bad:?}");
    }
    let many = format!("patched = [{}", "\"1\",".repeat(1000));
    let bad = FeedKind::Rustsec.parse(ADVISORY.replace("patched = [", &many).as_bytes());
    assert!(bad.unwrap_err().reason.contains("more than 500"));
}

#[test]
fn all_real_advisories_are_read() {
    let archive = "vuln/rustsec-advisory-db-2026-08.tar.zst";
    let wanted = |member: &str| FeedKind::Rustsec.reads_member(member);
    let Some(documents) = real_documents(archive, &wanted) else {
        return;
    };
    let context = FeedContext::default();
    let mut records: Vec<Record> = Vec::new();
    for (name, bytes) in &documents {
        let found = Collected::read(FeedKind::Rustsec, name, bytes, &context).unwrap();
        assert_eq!(found.complaints(), [""; 0], "{name}");
        records.extend(found.records(FeedKind::Rustsec));
    }
    let count = |is: &dyn Fn(&Record) -> bool| records.iter().filter(|record| is(record)).count();
    assert_eq!(records.len(), 1_225);
    assert_eq!(count(&|record| record.advisory.withdrawn.is_some()), 13);
    assert_eq!(count(&|record| record.advisory.affected.is_empty()), 273);
    assert_eq!(count(&|record| record.advisory.title.is_none()), 0);
    let of_rust = |record: &Record| {
        told(&record.advisory)
            .iter()
            .any(|it| it.starts_with("cpe"))
    };
    assert_eq!(count(&of_rust), 20);
    let find = |name: &str| {
        let record = records.iter().find(|record| record.name == name).unwrap();
        told(&record.advisory)
    };
    assert_eq!(
        find("RUSTSEC-2024-0336"),
        [
            "crates.io rustls: affected <0.21.11, affected >=0.22.0<0.22.4, affected >=0.23.0<0.23.5 (denial-of-service)"
        ]
    );
    assert_eq!(
        find("CVE-2019-16760"),
        ["cpe rust-lang:rust: affected <1.26.0"]
    );
    assert_eq!(
        find("RUSTSEC-2025-0056"),
        [""; 0],
        "adler is only unmaintained"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..800) {
        survives(FeedKind::Rustsec, ADVISORY.as_bytes(), &bytes, at);
    }

    #[test]
    fn no_requirement_makes_it_panic(requirement in "[<>=^~*x0-9., a+-]{0,24}") {
        survives(FeedKind::Rustsec, ADVISORY.replace(">= 0.23.5", &requirement).as_bytes(), b"", 0);
    }
}
