//! The `# secfixes:` comments of APKBUILDs.

use std::collections::{BTreeMap, BTreeSet};

use palisade_formats::apkbuild::{Apkbuild, Problem, ProblemKind, secfixes};
use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::secdb::{PackageFixes, Secdb};
use proptest::prelude::*;

use crate::support::{Collected, context, real, real_bytes, real_documents};

/// `VERSION: ITEM | ITEM` for each entry.
fn entries(text: &str) -> Vec<String> {
    let published = secfixes(text).published("foo");
    let line =
        |fix: &palisade_formats::secdb::Fix| format!("{}: {}", fix.version, fix.ids.join(" | "));
    published.fixes.iter().map(line).collect()
}

/// `LINE KIND -> INSTEAD` for each problem.
fn problems(text: &str) -> Vec<String> {
    let line = |p: &Problem| match &p.instead {
        Some(instead) => format!("{} {} -> {instead}", p.line, p.kind.label()),
        None => format!("{} {}", p.line, p.kind.label()),
    };
    secfixes(text).problems.iter().map(line).collect()
}

#[test]
fn a_clean_block_has_no_problems() {
    let text = "pkgname=foo\n\n# secfixes:\n#   2.0-r1:\n#     - CVE-2020-0001\n#     - GHSA-26gp-p5fw-3r2h\n#   0:\n#     - CVE-2020-0002\nsource=x\n#   9-r0:\n";
    assert_eq!(
        entries(text),
        [
            "2.0-r1: CVE-2020-0001 | GHSA-26gp-p5fw-3r2h",
            "0: CVE-2020-0002"
        ]
    );
    assert!(problems(text).is_empty());
    assert_eq!(secfixes(text).header, Some(3));
}

#[test]
fn headers_come_without_a_colon_and_with_text_behind_it() {
    let body = "#   1-r0:\n#     - CVE-2020-0001\n";
    for header in ["# secfixes", "#secfixes:", "# Secfixes:", "#  secfixes :"] {
        let text = format!("{header}\n{body}");
        assert_eq!(entries(&text), ["1-r0: CVE-2020-0001"], "{header}");
        assert_eq!(problems(&text), ["1 header -> # secfixes:"], "{header}");
    }
    let text = "# secfixes: 4.0.0-r0:\n#     - CVE-2020-6581\n";
    assert_eq!(entries(text), ["4.0.0-r0: CVE-2020-6581"]);
    assert_eq!(problems(text), ["1 header"]);
    assert!(
        secfixes("# secfixes are listed elsewhere\n#   1-r0:\n")
            .header
            .is_none()
    );
}

#[test]
fn odd_lines_are_read_and_flagged() {
    let text = "# secfixes:\n#  1-r0:\n#    - CVE-2020-0001\n#      - CVE-2020-0002\n#\n#\t- CVE-2020-0003\n#     -CVE-2020-0004\n";
    assert_eq!(
        entries(text),
        ["1-r0: CVE-2020-0001 | CVE-2020-0002 | CVE-2020-0003 | CVE-2020-0004"]
    );
    assert_eq!(
        problems(text),
        [
            "2 indent -> #   1-r0:",
            "3 indent -> #     - CVE-2020-0001",
            "4 indent -> #     - CVE-2020-0002",
            "5 blank",
            "6 tab -> # - CVE-2020-0003",
            "6 indent -> #     - CVE-2020-0003",
            "7 indent -> #     - CVE-2020-0004",
        ]
    );
}

#[test]
fn entries_are_flagged_with_what_to_write() {
    let item = |text: &str| {
        let all = problems(&format!("# secfixes:\n#   1-r0:\n#     - {text}\n"));
        all.join(", ")
            .replace("3 id", "")
            .trim_start_matches(" -> ")
            .to_owned()
    };
    assert_eq!(item("CVE-2020-0001 "), "CVE-2020-0001");
    assert_eq!(item("CVE 2020-0001"), "CVE-2020-0001");
    assert_eq!(
        item("CVE-2020-0001, GHSA-26gp-p5fw-3r2h"),
        "CVE-2020-0001 GHSA-26gp-p5fw-3r2h"
    );
    assert_eq!(item("CVE_2020-0001 # why"), "CVE-2020-0001 # why");
    let flagged = |text: &str| problems(&format!("# secfixes:\n#   1-r0:\n#     - {text}\n"));
    assert!(flagged("XSA-398").is_empty());
    for text in [
        "CVE-46838",
        "CVE-2020-0001 # why",
        "TS-2026-001",
        "CVE-2020-0001 XSA-1",
    ] {
        assert_eq!(flagged(text), ["3 id"], "{text}");
    }
}

#[test]
fn versions_are_flagged_and_kept() {
    let version =
        |text: &str| problems(&format!("# secfixes:\n#   {text}\n#     - CVE-2020-0001\n"));
    assert!(version("0:").is_empty());
    assert!(version("1.2_rc1-r0:").is_empty());
    assert!(version("1.2-r0: # why").is_empty());
    assert_eq!(version("1.2-r0"), ["2 version -> #   1.2-r0:"]);
    assert_eq!(version("\"1.2-r0\":"), ["2 version -> #   1.2-r0:"]);
    for text in [
        "1.2.31-0:",
        "0.10.2:",
        "2.1900:",
        "2021-03-27-r5:",
        "6.6.2p1-r0:",
    ] {
        assert_eq!(version(text), ["2 version"], "{text}");
    }
}

#[test]
fn lines_that_belong_to_nothing_are_stray() {
    let text = "# secfixes:\n#     - CVE-2020-0001\n# Maintainer: A <a@b.org>\n#   1-r0:\n#   2-r0: [CVE-2020-0002, CVE-2020-0003]\n# secfixes:\n#   3-r0:\n#     - CVE-2020-0004\n";
    assert_eq!(
        entries(text),
        [
            "1-r0: ",
            "2-r0: CVE-2020-0002 | CVE-2020-0003",
            "3-r0: CVE-2020-0004"
        ]
    );
    assert_eq!(
        problems(text),
        ["2 stray", "3 stray", "4 empty", "5 id", "6 second-block"]
    );
}

const APKBUILD: &str = "_major=1\npkgname=foo$_major\npkgver=1.2\npkgrel=3\n# secfixes\n#   1.2-r3:\n#     - CVE-2020-0001 XSA-1\n#     - CVE-46838\n#   0:\n#     - CVE-2020-0002\n#     - CVE-2020-0001\n\nbuild() {\n\tpkgname=bar\n}\n";

fn read(document: &str, text: &str, context: &FeedContext) -> Collected {
    Collected::read(FeedKind::Apkbuild, document, text.as_bytes(), context).unwrap()
}

#[test]
fn records_have_the_form_of_the_security_database() {
    let collected = read("a.tar!main/x/APKBUILD", APKBUILD, &FeedContext::default());
    let head = &collected.heads[0];
    assert_eq!(
        (head.scope.as_deref(), head.complete),
        (Some("alpine/edge/main"), false)
    );
    let raws: Vec<&str> = collected.raws.iter().map(|(_, raw)| raw.as_str()).collect();
    assert_eq!(
        raws,
        [
            r#"{"distribution":"alpine","branch":"edge","repository":"main","package":"foo1","id":"CVE-2020-0001","aliases":["XSA-1"],"fixed":["1.2-r3","0"]}"#,
            r#"{"distribution":"alpine","branch":"edge","repository":"main","package":"foo1","id":"CVE-2020-0002","aliases":[],"fixed":["0"]}"#,
        ]
    );
    assert_eq!(
        collected.records(FeedKind::Apkbuild)[0].name,
        "foo1/CVE-2020-0001"
    );
    assert_eq!(
        collected.complaints(),
        [
            "~line 5: foo1: the header is not exactly \"# secfixes:\", so abuild does not check it",
            "line 8: foo1/CVE-46838: \"CVE-46838\" is no identifier",
        ]
    );
    let apkbuild = Apkbuild::parse(APKBUILD);
    assert_eq!(apkbuild.full_version().as_deref(), Some("1.2-r3"));
}

#[test]
fn the_context_says_branch_and_repository() {
    let mut given = context("alpine/v3.20");
    given.repository = Some("community".to_owned());
    let text = "pkgname=$(id)\n# secfixes:\n#   1-r0:\n#     - CVE-2020-0001\n";
    let collected = read("main/foo/APKBUILD", text, &given);
    assert_eq!(
        collected.heads[0].scope.as_deref(),
        Some("alpine/v3.20/community")
    );
    assert!(collected.raws[0].1.contains(r#""package":"foo""#));
}

#[test]
fn what_is_no_apkbuild_is_an_error() {
    for (document, text) in [
        ("APKBUILD", ""),
        ("x/APKBUILD", "<html>"),
        ("-", "# secfixes:\n"),
    ] {
        let result = Collected::read(
            FeedKind::Apkbuild,
            document,
            text.as_bytes(),
            &FeedContext::default(),
        );
        assert!(result.is_err(), "{document} {text}");
    }
    assert!(
        read("x/APKBUILD", "pkgname=x\n", &FeedContext::default())
            .raws
            .is_empty()
    );
}

const APORTS: &str = "alpine/aports-secfixes/apkbuilds-with-secfixes-edge-20260822.tar.xz";

/// The APKBUILDs by their path in aports.
fn aports() -> Option<BTreeMap<String, String>> {
    let documents = real_documents(APORTS, &|name| name.ends_with("/APKBUILD"))?;
    let short = |(name, bytes): (String, Vec<u8>)| {
        let (_, path) = name.split_once('!').unwrap();
        (path.to_owned(), String::from_utf8(bytes).unwrap())
    };
    Some(documents.into_iter().map(short).collect())
}

#[test]
fn a_real_apkbuild_names_its_package_as_its_folder_does() {
    let Some(aports) = aports() else { return };
    assert_eq!(aports.len(), 822);
    for (path, text) in &aports {
        let apkbuild = Apkbuild::parse(text);
        assert_eq!(apkbuild.name.as_deref(), path.split('/').nth(1), "{path}");
        assert!(apkbuild.full_version().is_some(), "{path}");
    }
}

/// What a reader of YAML makes of versions that stand there twice.
fn last_of_each(package: &PackageFixes) -> PackageFixes {
    let mut last = PackageFixes {
        name: package.name.clone(),
        fixes: Vec::new(),
    };
    for fix in &package.fixes {
        match last
            .fixes
            .iter_mut()
            .find(|earlier| earlier.version == fix.version)
        {
            Some(earlier) => earlier.ids.clone_from(&fix.ids),
            None => last.fixes.push(fix.clone()),
        }
    }
    last
}

#[test]
fn real_apkbuilds_give_the_published_files() {
    let Some(aports) = aports() else { return };
    let mut packages = 0;
    let mut fixes = 0;
    let mut only_ours = Vec::new();
    let mut repeated = Vec::new();
    for repository in ["main", "community"] {
        let path = format!("alpine/secdb/secdb-edge-{repository}.json");
        let Some(bytes) = real_bytes(&path) else {
            return;
        };
        let published =
            Secdb::read(&path, &mut &bytes[..], &mut |reject| panic!("{reject}")).unwrap();
        let published: BTreeMap<&str, &PackageFixes> = published
            .packages
            .iter()
            .map(|package| (package.name.as_str(), package))
            .collect();
        let prefix = format!("{repository}/");
        let mut seen = BTreeSet::new();
        for (path, text) in aports.iter().filter(|(path, _)| path.starts_with(&prefix)) {
            let name = path.split('/').nth(1).unwrap().to_owned();
            let ours = secfixes(text).published(&name);
            let read_as_yaml = last_of_each(&ours);
            if read_as_yaml != ours {
                repeated.push(name.clone());
            }
            match published.get(name.as_str()) {
                Some(theirs) => assert_eq!(read_as_yaml, **theirs, "{name}"),
                None => only_ours.push(name.clone()),
            }
            packages += 1;
            fixes += ours.fixes.iter().map(|fix| fix.ids.len()).sum::<usize>();
            seen.insert(name);
        }
        let missed: Vec<_> = published
            .keys()
            .filter(|name| !seen.contains(**name))
            .collect();
        assert!(missed.is_empty(), "{missed:?}");
    }
    // Their header has no colon, so YAML sees no block.
    only_ours.sort();
    assert_eq!(only_ours, ["plantuml", "py3-pdfminer"]);
    // They list a version twice, and YAML keeps the last.
    assert_eq!(repeated, ["exim"]);
    assert_eq!((packages, fixes), (767, 9807));
}

#[test]
fn every_known_dirty_line_is_flagged_and_no_other() {
    let (Some(aports), Some(list)) = (aports(), real("alpine/vectors/secfixes-dirty-lines.tsv"))
    else {
        return;
    };
    let mut expected = BTreeSet::new();
    for row in fs_err::read_to_string(list).unwrap().lines() {
        let [path, line, kind, text] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!()
        };
        let text = text.trim_matches('\'').to_owned();
        let kind = kind
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .to_owned();
        expected.insert((path.to_owned(), line.parse().unwrap(), kind, text));
    }
    assert_eq!(expected.len(), 552);
    let mut flagged = BTreeSet::new();
    for (path, text) in &aports {
        for problem in secfixes(text).problems {
            let kind = problem.kind.label().to_owned();
            flagged.insert((path.clone(), problem.line, kind, problem.text));
        }
    }
    let missed: Vec<_> = expected.difference(&flagged).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    let more: Vec<_> = flagged
        .difference(&expected)
        .map(|(path, line, kind, _)| format!("{path} {line} {kind}"))
        .collect();
    assert_eq!(more, ["community/exim/APKBUILD 77 repeated"]);
}

#[test]
fn real_apkbuilds_become_records() {
    let Some(aports) = aports() else { return };
    let mut records = 0;
    let mut rejects: BTreeMap<bool, Vec<String>> = BTreeMap::new();
    for (path, text) in &aports {
        let collected = read(path, text, &FeedContext::default());
        records += collected.records(FeedKind::Apkbuild).len();
        for (reject, complaint) in collected.rejects.iter().zip(collected.complaints()) {
            rejects
                .entry(reject.mended)
                .or_default()
                .push(format!("{path}, {complaint}"));
        }
    }
    assert_eq!(records, 10_429);
    // CVE-46838 twice.
    assert_eq!(rejects[&false].len(), 2, "{:#?}", rejects[&false]);
    assert_eq!(rejects[&true].len(), 7, "{:#?}", rejects[&true]);
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("# secfixes:".to_owned()),
        "# secfixes:? ?[0-9.r:-]{0,8}",
        "#[ \t]{0,6}[0-9.r-]{0,8}:?",
        "#[ \t]{0,6}- ?[A-Z0-9 ,/#()_-]{0,24}",
        "[a-z]{1,3}=[a-z$\\{\\}\"'` ]{0,12}",
        "#?[ -~\u{e9}]{0,16}",
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = Collected::read(FeedKind::Apkbuild, "main/foo/APKBUILD", &bytes, &FeedContext::default());
    }

    #[test]
    fn every_raw_record_can_be_parsed(lines in prop::collection::vec(line(), 0..40)) {
        let text = lines.join("\n");
        let result = Collected::read(FeedKind::Apkbuild, "main/foo/APKBUILD", text.as_bytes(), &FeedContext::default());
        if let Ok(collected) = result {
            prop_assert_eq!(collected.records(FeedKind::Apkbuild).len(), collected.raws.len());
        }
    }

    #[test]
    fn what_is_proposed_is_not_flagged_again(text in "[A-Za-z0-9 ,/_-]{0,24}|CVE[ _-]20[0-9]{2}-[0-9]{4,6} ?") {
        let block = |item: &str| format!("# secfixes:\n#   1-r0:\n#     - {item}\n");
        for problem in secfixes(&block(&text)).problems {
            if let (ProblemKind::Id, Some(instead)) = (problem.kind, problem.instead) {
                let again = secfixes(&block(&instead)).problems;
                prop_assert!(again.iter().all(|problem| problem.instead.is_none()), "{:?}", again);
            }
        }
    }
}
