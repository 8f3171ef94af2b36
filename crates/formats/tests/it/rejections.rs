//! Alpine's security rejections.

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_model::{Product, Span, VersionStatus};
use proptest::prelude::*;

use crate::support::{Collected, Full, context, real_bytes};

fn read(yaml: &str) -> Collected {
    Collected::read(
        FeedKind::Rejections,
        "main.yaml",
        yaml.as_bytes(),
        &context("alpine/v3.22"),
    )
    .unwrap()
}

/// `RECORD: REASON` for each record.
fn records(collected: &Collected) -> Vec<String> {
    let records = collected.records(FeedKind::Rejections).into_iter();
    let line = |record: palisade_formats::feed::Record| {
        let reason = record.advisory.details.unwrap_or_default();
        format!("{}: {reason}", record.name)
    };
    records.map(line).collect()
}

#[test]
fn a_rejection_says_that_the_package_was_never_affected() {
    let collected = read("dnsmasq:\n  - CVE-2021-45951\n");
    let head = &collected.heads[0];
    assert_eq!(
        (head.scope.as_deref(), head.complete),
        (Some("alpine/v3.22/main"), true)
    );
    assert_eq!(
        collected.raws[0].1,
        r#"{"distribution":"alpine","branch":"v3.22","repository":"main","package":"dnsmasq","id":"CVE-2021-45951","aliases":[],"fixed":["0"]}"#
    );
    let advisory = &collected.records(FeedKind::Rejections)[0].advisory;
    let affected = &advisory.affected[0];
    assert!(matches!(&affected.product, Product::Distribution { name, .. } if name == "dnsmasq"));
    let [never] = &affected.versions[..] else {
        panic!("{affected:?}")
    };
    assert_eq!(
        (never.status, &never.span),
        (VersionStatus::Unaffected, &Span::All)
    );
}

#[test]
fn the_reason_stands_in_a_comment() {
    let collected = read(
        "# Edited by hand.\n\nfoo: # not built with LDAP\n  - CVE-2020-0001\n  - CVE-2020-0002 # Windows only\n  # needs a\n  # plugin\n  - CVE-2020-0003\nbar: [CVE-2020-0004, CVE-2020-0005] # disputed\nbaz:\n- CVE-2020-0006 XSA-1\n",
    );
    assert_eq!(
        records(&collected),
        [
            "foo/CVE-2020-0001: not built with LDAP",
            "foo/CVE-2020-0002: Windows only",
            "foo/CVE-2020-0003: needs a plugin",
            "bar/CVE-2020-0004: disputed",
            "bar/CVE-2020-0005: disputed",
            "baz/CVE-2020-0006: ",
        ]
    );
    assert!(collected.rejects.is_empty());
    assert!(collected.raws[5].1.contains(r#""aliases":["XSA-1"]"#));
}

#[test]
fn one_bad_part_does_not_spoil_the_rest() {
    let collected = read(
        "a/b: [CVE-2020-0001]\nfoo:\n  - CVE-46838\n  - [CVE-2020-0002, [x]]\n  - x: CVE-2020-0002\n  - CVE_2020-0003\nbar: CVE-2020-0004\nbaz: {x: y}\nnone:\nfoo:\n  - CVE-2020-0005\n",
    );
    assert_eq!(
        records(&collected),
        [
            "foo/CVE-2020-0003: ",
            "foo/CVE-2020-0005: ",
            "bar/CVE-2020-0004: "
        ]
    );
    assert_eq!(
        collected.complaints(),
        [
            "line 1: a/b: its name is not that of a package",
            "line 3: foo/CVE-46838: \"CVE-46838\" is no identifier",
            "line 4: -: a list or a map stands where an identifier should",
            "line 5: -: a list or a map stands where an identifier should",
            "~line 6: foo/CVE-2020-0003: \"CVE_2020-0003\" is read as CVE-2020-0003",
            "line 8: -: a list or a map stands where an identifier should",
        ]
    );
}

#[test]
fn the_branch_must_be_given_and_the_repository_may_be() {
    let yaml = b"foo: [CVE-2020-0001]\n";
    let error = Collected::read(
        FeedKind::Rejections,
        "main.yaml",
        yaml,
        &FeedContext::default(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "read main.yaml: it names no branch, so that must be given"
    );
    let mut given = context("alpine/edge");
    let scope = |document: &str, given: &FeedContext| {
        let collected = Collected::read(FeedKind::Rejections, document, yaml, given).unwrap();
        collected.heads[0].scope.clone().unwrap()
    };
    assert_eq!(
        scope("a.tar!x/community.yaml", &given),
        "alpine/edge/community"
    );
    assert_eq!(scope("rejected.yaml", &given), "alpine/edge");
    given.repository = Some("testing".to_owned());
    assert_eq!(scope("main.yaml", &given), "alpine/edge/testing");
}

#[test]
fn what_is_no_map_of_packages_is_an_error() {
    let deep = "[".repeat(100_000);
    let deep_map = (0..40).fold(String::new(), |text, depth| {
        text + &" ".repeat(depth) + "a:\n"
    });
    for text in [
        "",
        "- x\n",
        "x\n",
        "<html>\n  <a>",
        "a: b: c",
        "a:\n\t- x\n",
        "[x]: y\n",
        &deep,
        &deep_map,
    ] {
        let result = Collected::read(
            FeedKind::Rejections,
            "d",
            text.as_bytes(),
            &context("alpine/edge"),
        );
        assert!(result.is_err(), "{:?}", &text[..text.len().min(40)]);
    }
    let stopped = FeedKind::Rejections.read(
        "d",
        &mut &b"foo: [CVE-2020-0001]"[..],
        &context("alpine/edge"),
        &mut Full,
    );
    assert_eq!(stopped.unwrap_err().to_string(), "read d: stopped");
}

#[test]
fn a_long_line_of_entries_is_read_in_time() {
    let yaml = format!("foo: [{}] # why\n", "CVE-2020-0001, ".repeat(100_000));
    assert_eq!(records(&read(&yaml)), ["foo/CVE-2020-0001: why"]);
}

#[test]
fn the_real_sample_is_read() {
    let path = "alpine/rejections/sample-main.yaml";
    let Some(bytes) = real_bytes(path) else {
        return;
    };
    let collected =
        Collected::read(FeedKind::Rejections, path, &bytes, &context("alpine/edge")).unwrap();
    assert!(collected.rejects.is_empty());
    assert_eq!(
        records(&collected),
        [
            "dnsmasq/CVE-2021-45951: ",
            "dnsmasq/CVE-2021-45952: ",
            "dnsmasq/CVE-2021-45953: ",
            "busybox/CVE-2023-42364: ",
        ]
    );
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,3}: ?(# why)?",
        "[a-z]{1,3}: \\[CVE-2020-[0-9]{4}(, [A-Z0-9-]{1,9}){0,3}\\]?",
        " {0,4}- CVE-2020-[0-9]{4}( # [a-z]{0,9})?",
        " {0,4}# [a-z]{0,9}",
        "[ -~\u{e9}\t]{0,16}",
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = Collected::read(FeedKind::Rejections, "d", &bytes, &context("alpine/edge"));
    }

    #[test]
    fn every_raw_record_can_be_parsed(lines in prop::collection::vec(line(), 0..40)) {
        let text = lines.join("\n");
        if let Ok(collected) = Collected::read(FeedKind::Rejections, "d", text.as_bytes(), &context("alpine/edge")) {
            prop_assert_eq!(collected.records(FeedKind::Rejections).len(), collected.raws.len());
        }
    }
}
