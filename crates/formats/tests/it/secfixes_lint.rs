//! The linter of `# secfixes:` comments.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use palisade_formats::apkbuild::lint::{Advice, Finding, Level, lint};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::{real, real_documents};

/// `LINE LEVEL RULE => WRITE | WRITE` or `… ?? DECIDE` for each finding.
fn findings(text: &str) -> Vec<String> {
    let line = |it: &Finding| {
        let advice = match &it.advice {
            Advice::Write(lines) => format!("=> {}", lines.join(" | ")),
            Advice::Decide(what) => format!("?? {what}"),
        };
        format!("{} {} {} {advice}", it.line, it.level.label(), it.rule)
    };
    lint(text).iter().map(line).collect()
}

/// The findings in a block under a canonical header, without the header's line.
fn block(lines: &str) -> Vec<String> {
    findings(&format!("# secfixes:\n{lines}"))
}

/// The message of the only finding.
fn message(lines: &str) -> String {
    let found = lint(&format!("# secfixes:\n{lines}"));
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].message.clone()
}

#[test]
fn a_clean_block_has_no_findings() {
    let text = "pkgname=foo\npkgver=2.0\npkgrel=1\n\n# secfixes:\n#   2.0-r1:\n#     - CVE-2020-0001\n#     - GHSA-26gp-p5fw-3r2h\n#     - XSA-398\n#   0:\n#     - CVE-2020-0002\n\n# this is a comment\n#   1: 2\nbuild() {\n\t:\n}\n";
    assert_eq!(findings(text), [""; 0]);
    assert_eq!(findings("pkgname=foo\n"), [""; 0]);
}

#[test]
fn headers_are_rewritten() {
    let body = "#   1-r0:\n#     - CVE-2020-0001\n";
    for header in ["# secfixes", "#secfixes:", "# Secfixes:"] {
        assert_eq!(
            findings(&format!("{header}\n{body}")),
            ["1 error header => # secfixes:"]
        );
    }
    assert_eq!(
        findings("# secfixes: 4.0.0-r0:\n#     - CVE-2020-6581\n"),
        ["1 error header => # secfixes: | #   4.0.0-r0:"]
    );
    let twice = format!("# secfixes:\n{body}\n# secfixes:\n#   2-r0:\n#     - CVE-2020-0002\n");
    assert_eq!(
        findings(&twice),
        ["5 error second-block ?? move what is below it to the block that begins in line 1"]
    );
}

#[test]
fn a_line_that_is_right_is_not_blamed_for_the_tab_below_it() {
    assert_eq!(
        block("#   1-r0:\n#     - CVE-2020-0001\n#\t- CVE-2020-0002\n")
            .iter()
            .filter(|finding| finding.contains(" error "))
            .collect::<Vec<_>>(),
        ["4 error tab => #     - CVE-2020-0002"]
    );
}

#[test]
fn entries_are_rewritten() {
    for (entry, expected) in [
        ("CVE 2025-48379", "error id => #     - CVE-2025-48379"),
        ("CVE_2025-48379", "error id => #     - CVE-2025-48379"),
        ("cve-2025-48379", "error id => #     - CVE-2025-48379"),
        (
            "CVE-46838",
            "error id ?? the year of it, to write CVE-YEAR-46838",
        ),
        ("to be done", "error id ?? the identifier that is meant"),
        (
            "CVE-2025-0001, GHSA-26gp-p5fw-3r2h",
            "error id => #     - CVE-2025-0001 GHSA-26gp-p5fw-3r2h",
        ),
        (
            "ELEMENTSEC-2026-1, GHSA-26gp-p5fw-3r2h",
            "error id => #     - GHSA-26gp-p5fw-3r2h ELEMENTSEC-2026-1",
        ),
        (
            "CVE-2025-0001 / XSA-1",
            "error id => #     - CVE-2025-0001 XSA-1",
        ),
        (
            "CVE-2025-0001 CVE-2025-0002 XSA-1",
            "warning id => #     - CVE-2025-0001 XSA-1 | #     - CVE-2025-0002 XSA-1",
        ),
        (
            "XSA-1 CVE-2025-0001",
            "warning id => #     - CVE-2025-0001 XSA-1",
        ),
        ("CVE-2025-0001 (BGP)", "warning id => #     - CVE-2025-0001"),
        (
            "CVE-2025-0001 XSA-1",
            "note id => #     - CVE-2025-0001 | #     - XSA-1",
        ),
        (
            "CVE-2025-0001  XSA-1",
            "note id => #     - CVE-2025-0001 XSA-1",
        ),
        (
            "CVE-2025-0001 # Windows",
            "note id => #     - CVE-2025-0001",
        ),
        ("CVE-2025-0001 ", "note id => #     - CVE-2025-0001"),
        (
            "TS-2024-001",
            "note id ?? its CVE, if it has one, to write in front: CVE-… TS-2024-001",
        ),
    ] {
        let found = block(&format!("#   1-r0:\n#     - {entry}\n"));
        assert_eq!(
            found.first().map(String::as_str),
            Some(&*format!("3 {expected}")),
            "{entry}"
        );
    }
}

#[test]
fn names_of_an_advisory_about_several_cves_are_proposed_once() {
    assert_eq!(
        block("#   1-r0:\n#     - CVE-2025-0001 XSA-1\n#     - CVE-2025-0002 XSA-1\n"),
        [
            "3 note id => #     - CVE-2025-0001 | #     - XSA-1",
            "4 note id => #     - CVE-2025-0002",
        ]
    );
}

#[test]
fn versions_are_rewritten() {
    for (version, expected) in [
        ("1.2.31-0", "1.2.31-r0"),
        ("0.10.2", "0.10.2-r0"),
        ("2.1900", "2.1900-r0"),
        ("2021-03-27-r5", "2021.03.27-r5"),
        ("6.6.2p1-r0", "6.6.2_p1-r0"),
        ("20.10.11.r0", "20.10.11-r0"),
        ("4.8.0.-r1", "4.8.0-r1"),
        ("2.7.16-33", "2.7.16-r33"),
        ("\"1.2-r0\"", "1.2-r0"),
    ] {
        let found = block(&format!("#   {version}:\n#     - CVE-2020-0001\n"));
        let expected = format!("2 warning version => #   {expected}:");
        assert!(found.contains(&expected), "{version} {found:?}");
    }
    let unknown = block("#   1.2-abc:\n#     - CVE-2020-0001\n");
    assert_eq!(
        unknown,
        ["2 warning version ?? write the version as apk has it, with its -rN"]
    );
    let number = message("#   2.1900:\n#     - CVE-2020-0001\n");
    assert_eq!(
        number,
        "2.1900 lacks its -rN, and readers of YAML take it for a number"
    );
}

#[test]
fn what_abuild_refuses_is_an_error() {
    for (lines, expected) in [
        (
            "#   1-r0: # why\n#     - CVE-2020-0001\n",
            "2 error abuild => #   1-r0:",
        ),
        (
            "#   1-r0: \n#     - CVE-2020-0001\n",
            "2 error abuild => #   1-r0:",
        ),
        (
            "#  1-r0:\n#     - CVE-2020-0001\n",
            "2 error abuild => #   1-r0:",
        ),
        (
            "#   1-r0:\n#     -CVE-2020-0001\n",
            "3 error abuild => #     - CVE-2020-0001",
        ),
        (
            "#   1-r0:\n#\t- CVE-2020-0001\n",
            "3 error tab => #     - CVE-2020-0001",
        ),
        (
            "#   1-r0:\n#     - wnpa-sec-2017-18\n",
            "3 error abuild => #     - wnpa-sec-2017-18",
        ),
        (
            "#   v1-r0:\n#     - CVE-2020-0001\n",
            "2 error stray => #   1-r0:",
        ),
    ] {
        assert!(
            block(lines).iter().any(|found| found == expected),
            "{lines} {:#?}",
            block(lines)
        );
    }
}

#[test]
fn what_readers_of_yaml_do_not_read_is_an_error() {
    let found = block("#   1-r0:\n#     - CVE-2020-0001\n#    - CVE-2020-0002\n");
    assert!(
        found
            .iter()
            .any(|it| it.starts_with("4 error yaml => #     - CVE-2020-0002")),
        "{found:#?}"
    );
    let found = block("#   1-r0:\n#    - CVE-2020-0001\n#     - CVE-2020-0002\n");
    assert!(
        found.iter().any(|it| it.starts_with("1 error yaml ??")),
        "{found:#?}"
    );
    let even = block("#   1-r0:\n#    - CVE-2020-0001\n#    - CVE-2020-0002\n");
    assert!(even.iter().all(|it| it.contains(" note ")), "{even:#?}");
}

#[test]
fn lines_that_belong_to_nothing_are_errors() {
    assert_eq!(
        block(
            "# Maintainer: A <a@b.org>\n#   1-r0:\n#   2-r0: [CVE-2020-0002, CVE-2020-0003]\n#   2-r0:\n#     - CVE-2020-0004\n"
        ),
        [
            "2 error stray ?? move it above the block, with an empty line between",
            "3 error empty ?? list below it what it fixed, or remove the line",
            "4 error id => #   2-r0: | #     - CVE-2020-0002 | #     - CVE-2020-0003",
            "5 error repeated ?? move its entries below line 4, and remove the line",
        ]
    );
    assert_eq!(
        block("#   1-r0:\n#     - CVE-2020-0001\n\n#   0.9-r0:\n#     - CVE-2020-0002\n"),
        [
            "5 error outside ?? remove what stands between it and the block",
            "6 error outside ?? remove what stands between it and the block",
        ]
    );
    assert_eq!(
        block("#   1-r0:\n#\n#     - CVE-2020-0001\n"),
        ["3 note blank => "]
    );
}

#[test]
fn what_is_said_twice_or_against_itself_is_found() {
    assert_eq!(
        block(
            "#   1-r0:\n#     - CVE-2020-0001\n#     - CVE-2020-0001\n#   0:\n#     - CVE-2020-0001\n"
        ),
        [
            "4 note twice => ",
            "6 warning contradiction ?? keep the one that is true, and remove the other",
        ]
    );
}

#[test]
fn fixes_ahead_of_the_package_are_errors() {
    let text = |version: &str| {
        format!(
            "pkgname=foo\npkgver=0.22.0\npkgrel=0\n# secfixes:\n#   {version}:\n#     - CVE-2020-0001\n"
        )
    };
    assert_eq!(findings(&text("0.22.0-r0")), [""; 0]);
    assert_eq!(
        findings(&text("0.22.0-r1")),
        ["5 error ahead ?? the version that fixed it, 0.22.0-r0 at the latest"]
    );
    assert_eq!(
        findings(&text("1.21.0-r0")),
        ["5 error ahead ?? the version that fixed it, perhaps 0.21.0-r0"]
    );
    let untold = text("9-r0").replace("0.22.0", "$(id)");
    assert_eq!(findings(&untold), [""; 0]);
}

/// The text with all lines as they should be written.
fn mended(text: &str) -> String {
    let mut advice: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for finding in lint(text) {
        if let Advice::Write(lines) = finding.advice {
            advice.entry(finding.line).or_insert(lines);
        }
    }
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        match advice.remove(&number) {
            Some(instead) => lines.extend(instead),
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

fn aports() -> Option<BTreeMap<String, String>> {
    let path = "alpine/aports-secfixes/apkbuilds-with-secfixes-edge-20260822.tar.xz";
    let documents = real_documents(path, &|name| name.ends_with("/APKBUILD"))?;
    let short = |(name, bytes): (String, Vec<u8>)| {
        let (_, path) = name.split_once('!').unwrap();
        (path.to_owned(), String::from_utf8(bytes).unwrap())
    };
    Some(documents.into_iter().map(short).collect())
}

#[test]
fn every_known_dirty_line_is_flagged_with_what_to_write() {
    let (Some(aports), Some(list)) = (aports(), real("alpine/vectors/secfixes-dirty-lines.tsv"))
    else {
        return;
    };
    let mut expected = BTreeSet::new();
    for row in fs_err::read_to_string(list).unwrap().lines() {
        let [path, line, ..] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!()
        };
        expected.insert((path.to_owned(), line.parse::<u64>().unwrap()));
    }
    assert_eq!(expected.len(), 552);
    let (mut decide, mut others, mut counts) = (0, Vec::new(), BTreeMap::new());
    for (path, text) in &aports {
        for finding in lint(text) {
            *counts.entry(finding.level.label()).or_insert(0) += 1;
            if !expected.remove(&(path.clone(), finding.line)) {
                others.push(format!("{path} {} {}", finding.line, finding.rule));
            } else if let Advice::Decide(_) = finding.advice {
                decide += 1;
            }
        }
    }
    assert!(expected.is_empty(), "{expected:#?}");
    // CVE-46838 twice, and 33 entries of other authorities whose CVE nobody here knows.
    assert_eq!(decide, 35);
    assert_eq!(
        counts,
        BTreeMap::from([("error", 25), ("note", 529), ("warning", 12)])
    );
    insta::assert_snapshot!(others.join("\n"), @r"
    community/aerc/APKBUILD 17 ahead
    community/exim/APKBUILD 77 repeated
    community/ffmpeg/APKBUILD 105 twice
    community/ffmpeg/APKBUILD 118 twice
    community/gst-plugins-good/APKBUILD 114 twice
    community/pdns-recursor/APKBUILD 70 twice
    community/texlive/APKBUILD 87 ahead
    community/vorbis-tools/APKBUILD 18 ahead
    community/xorg-server/APKBUILD 90 twice
    community/xwayland/APKBUILD 64 twice
    main/perl-css-minifier-xs/APKBUILD 19 ahead
    main/postgresql17/APKBUILD 170 contradiction
    main/postgresql18/APKBUILD 156 contradiction
    main/zlib/APKBUILD 24 contradiction
    ");
}

#[test]
fn what_is_proposed_leaves_nothing_but_decisions() {
    let Some(aports) = aports() else { return };
    for (path, text) in &aports {
        if lint(text).is_empty() {
            continue;
        }
        // What was parted by commas is parted by blanks first, which still is worth a note.
        let once = mended(text);
        assert!(
            lint(&once)
                .iter()
                .all(|it| it.level == Level::Note || matches!(it.advice, Advice::Decide(_))),
            "{path}"
        );
        let left = lint(&mended(&once));
        let left: Vec<_> = left
            .iter()
            .filter(|it| !matches!(it.advice, Advice::Decide(_)))
            .collect();
        assert!(left.is_empty(), "{path} {left:#?}");
    }
}

/// The lines that abuild would look at, of a text in which nothing worse than a note was found.
fn passed(text: &str) -> Vec<&str> {
    if lint(text).iter().any(|finding| finding.level > Level::Note) {
        return Vec::new();
    }
    let block = text
        .lines()
        .skip_while(|line| !line.starts_with("# secfixes:"));
    block.take_while(|line| line.starts_with('#')).collect()
}

/// Of lines those that the patterns of abuild's check refuse.
fn refused_by_abuild(lines: &str) -> Option<String> {
    let patterns = [
        "^# secfixes:",
        "^#  +- [A-Z0-9-]+",
        "^#   [0-9]+.*:$",
        "^#$",
    ];
    let mut grep = Command::new("grep");
    grep.arg("-vE")
        .args(patterns.iter().flat_map(|pattern| ["-e", pattern]));
    let child = grep.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: there is no grep");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn real_blocks_that_pass_pass_abuild_too() {
    let Some(aports) = aports() else { return };
    let lines: Vec<&str> = aports.values().flat_map(|text| passed(text)).collect();
    assert!(lines.len() > 10_000);
    if let Some(refused) = refused_by_abuild(&lines.join("\n")) {
        assert_eq!(refused, "");
    }
}

#[test]
fn made_up_blocks_that_pass_pass_abuild_too() {
    let mut runner = TestRunner::deterministic();
    let blocks = prop::collection::vec(line(), 0..6);
    let mut lines = Vec::new();
    for _ in 0..5_000 {
        let block = blocks.new_tree(&mut runner).unwrap().current();
        let text = format!("# secfixes:\n{}\n", block.join("\n"));
        lines.extend(passed(&text).into_iter().map(str::to_owned));
    }
    assert!(lines.len() > 1000, "{}", lines.len());
    if let Some(refused) = refused_by_abuild(&lines.join("\n")) {
        assert_eq!(refused, "");
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "#   [1-9]\\.[0-9]-r0:",
        4 => "#     - CVE-20[12][0-9]-[0-9]{4}",
        1 => "#[ \t]{0,6}[0-9]\\.[0-9](-r[0-9])?:?[ ]?(# x)?",
        1 => "#[ \t]{2,6}- ?(CVE|cve|XSA|TS)[-_ ]20[0-9]{2}-[0-9]{4}[ ,/]{0,2}([A-Z0-9-]{1,8})?",
        1 => "# ?secfixes:? ?[0-9.r:-]{0,8}",
        1 => "#?[ -~\u{e9}]{0,16}",
        1 => "#?",
    ]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[ -~\n\t#\u{e9}-]{0,200}") {
        let _ = lint(&text);
        let _ = lint(&format!("# secfixes:\n{text}"));
    }

    #[test]
    fn what_is_proposed_is_no_warning_again(lines in prop::collection::vec(line(), 0..8)) {
        let text = format!("# secfixes:\n{}\n", lines.join("\n"));
        let found = lint(&text);
        let decided = found.iter().any(|it| matches!(it.advice, Advice::Decide(_)));
        let again = lint(&mended(&text));
        prop_assert!(decided || again.iter().all(|it| it.level == Level::Note || matches!(it.advice, Advice::Decide(_))), "{:#?} {:#?}", found, again);
    }
}
