//! What is left of a distribution's version.

use std::cmp::Ordering::{self, Equal, Greater, Less};

use palisade_version::Side::{self, After, Before};
use palisade_version::{Scheme, upstream};

/// One row: version, its upstream text, and side and text of the snapshot.
type Row<'a> = (&'a str, &'a str, Option<(Side, &'a str)>);

fn check(scheme: Scheme, rows: &[Row<'_>]) {
    for &(version, text, snapshot) in rows {
        let found = upstream(scheme, version);
        assert_eq!(found.text, text, "{scheme} {version}");
        assert_eq!(
            found.snapshot.map(|s| (s.side, s.tail)),
            snapshot,
            "{scheme} {version}"
        );
    }
}

#[test]
fn apk_suffixes_become_upstream_words() {
    check(
        Scheme::Apk,
        &[
            ("1.1.1q-r0", "1.1.1q", None),
            ("9.1_p1-r2", "9.1p1", None),
            ("1.0_rc1-r0", "1.0-rc1", None),
            ("1.0_alpha_beta2", "1.0-alpha-beta2", None),
            ("0.9_git20240101-r3", "0.9", Some((After, "git20240101"))),
            (
                "2.0_rc1_git20240101_p2-r3",
                "2.0-rc1",
                Some((After, "git20240101_p2")),
            ),
            ("1.2~abcdef-r0", "1.2", Some((After, "abcdef"))),
            ("1.0_foo-r0", "1.0_foo", None),
            ("1.2.31-0", "1.2.31-0", None),
            ("", "", None),
        ],
    );
}

#[test]
fn deb_additions_go() {
    check(
        Scheme::Deb,
        &[
            ("1:2.4.6+dfsg-3~deb12u1", "2.4.6", None),
            ("1.2+ds1-1", "1.2", None),
            ("1.2~dfsg.1-1", "1.2", None),
            ("1.2.dfsg-1", "1.2", None),
            ("2.0+really1.2.3-1", "1.2.3", None),
            ("1.2+really+1.1-1", "1.1", None),
            (
                "1.2+git20240101.abcdef-1",
                "1.2",
                Some((After, "git20240101.abcdef")),
            ),
            ("1.2~git20240101-1", "1.2", Some((Before, "git20240101"))),
            ("1.2+20240101+dfsg-1", "1.2", Some((After, "20240101+dfsg"))),
            (
                "1.2+dfsg+git20240101-1",
                "1.2",
                Some((After, "git20240101")),
            ),
            ("1.0~rc1+dfsg-2", "1.0~rc1", None),
            ("1.0+dfsg~rc1-2", "1.0~rc1", None),
            ("20240203~deb12u1", "20240203", None),
            ("20240203+deb12u1", "20240203", None),
            ("2024a-0+deb12u1", "2024a", None),
            ("1.0+nmu2", "1.0", None),
            ("1.0+b1", "1.0", None),
            ("1.0+beta1-1", "1.0+beta1", None),
            ("3.1ubuntu2", "3.1", None),
            ("0.8.10.3+squeeze3", "0.8.10.3", None),
            ("17.0.12+7-2~deb12u1", "17.0.12", None),
            ("7.3.0+dfsg1+~cs24.12.11-1", "7.3.0", None),
            ("1:7.0.0+r1-1", "7.0.0+r1", None),
            (
                "2.5.0~ReleaseCandidate3.ds2-1",
                "2.5.0~ReleaseCandidate3.ds2",
                None,
            ),
            (
                "4.14.5+86-g1c354767d5-1",
                "4.14.5",
                Some((After, "86-g1c354767d5")),
            ),
            (
                "2.1.27~101-g0780600+dfsg-3",
                "2.1.27",
                Some((Before, "101-g0780600+dfsg")),
            ),
            ("4.5.1+git230720-5", "4.5.1", Some((After, "git230720"))),
            ("0~svn95-1", "0", Some((Before, "svn95"))),
            ("9.6p1-3ubuntu13.5", "9.6p1", None),
        ],
    );
}

#[test]
fn rpm_and_pacman_parts_go() {
    check(
        Scheme::Rpm,
        &[
            ("1:1.1.1k-12.el8_9", "1.1.1k", None),
            ("1.2~rc1-1.fc40", "1.2~rc1", None),
            (
                "1.2^20240101gitabcdef-1.fc40",
                "1.2",
                Some((After, "20240101gitabcdef")),
            ),
            ("1.2~git20240101-1", "1.2", Some((Before, "git20240101"))),
        ],
    );
    check(
        Scheme::Pacman,
        &[
            ("1:2.3.4-2", "2.3.4", None),
            (
                "2.40+r16+gaa533d58ff-2",
                "2.40",
                Some((After, "r16+gaa533d58ff")),
            ),
            ("1.0.r3.gabcdef0-1", "1.0", Some((After, "r3.gabcdef0"))),
            ("6.8p1-1", "6.8p1", None),
        ],
    );
}

#[test]
fn guix_and_nix_commits_go() {
    check(
        Scheme::Guix,
        &[
            ("2.12.2", "2.12.2", None),
            ("1.2-3.abcdef0", "1.2", Some((After, "3.abcdef0"))),
            ("0-0.6673276", "0", Some((After, "0.6673276"))),
            ("0.0.0-1.1ea4dba", "0.0.0", Some((After, "1.1ea4dba"))),
            ("1.1-9.9", "1.1-9.9", None),
            (
                "0.0.0-20170828182744-c30ac30633cc",
                "0.0.0",
                Some((Before, "20170828182744-c30ac30633cc")),
            ),
            (
                "1.2.3-0.20231231155935-4726ab1d7f62",
                "1.2.3",
                Some((Before, "0.20231231155935-4726ab1d7f62")),
            ),
            (
                "1.2.3-rc1.0.20231231155935-4726ab1d7f62",
                "1.2.3-rc1",
                Some((After, "0.20231231155935-4726ab1d7f62")),
            ),
            ("0.4.1-37-g5f91ee6", "0.4.1", Some((After, "37-g5f91ee6"))),
            (
                "2023-07-10-320-gaf0a461",
                "2023-07-10",
                Some((After, "320-gaf0a461")),
            ),
            (
                "2016-10-28.1-031b1d9",
                "2016-10-28.1",
                Some((After, "031b1d9")),
            ),
            ("20120209.fa1d5b6", "20120209", Some((After, "fa1d5b6"))),
            ("1.2.0-ab6af78", "1.2.0", Some((After, "ab6af78"))),
            ("1.8+git20231217", "1.8", Some((After, "git20231217"))),
            ("2.35.0+0", "2.35.0", None),
            ("10.3.7+3.af67084", "10.3.7", Some((After, "af67084"))),
            ("0.9.git20251029", "0.9", Some((After, "git20251029"))),
            ("2.1-20201229", "2.1-20201229", None),
            ("1.0.0.rc16-3", "1.0.0.rc16-3", None),
            (
                "544ef42ead011d960a0ad1c1d34df5d222461a6b",
                "0",
                Some((After, "544ef42ead011d960a0ad1c1d34df5d222461a6b")),
            ),
        ],
    );
    check(
        Scheme::Nix,
        &[
            (
                "1.2-unstable-2024-01-01",
                "1.2",
                Some((After, "2024-01-01")),
            ),
            ("0-unstable-2024-01-01", "0", Some((After, "2024-01-01"))),
            ("unstable-2021-05-06", "0", Some((After, "2021-05-06"))),
            ("2.3.16", "2.3.16", None),
        ],
    );
}

#[test]
fn ecosystems_keep_their_versions() {
    for scheme in [
        Scheme::Semver,
        Scheme::Pep440,
        Scheme::Maven,
        Scheme::Go,
        Scheme::Generic,
    ] {
        check(scheme, &[("1.2-3.abcdef0", "1.2-3.abcdef0", None)]);
    }
}

#[test]
fn a_snapshot_lies_between_its_release_and_the_next() {
    let cases: [(Scheme, &str, Ordering, &str); 9] = [
        (Scheme::Guix, "1.2-3.abcdef0", Greater, "1.2"),
        (Scheme::Guix, "1.2-3.abcdef0", Less, "1.2.1"),
        (Scheme::Deb, "1.2~git20240101-1", Less, "1.2.0"),
        (Scheme::Deb, "1.2~git20240101-1", Greater, "1.1"),
        (Scheme::Apk, "9.1_p1-r2", Equal, "9.1p1"),
        (Scheme::Apk, "9.1_p1-r2", Greater, "9.1"),
        (Scheme::Apk, "1.0_rc1-r0", Less, "1.0"),
        (Scheme::Rpm, "1.2^20240101-1", Greater, "1.2"),
        (Scheme::Nix, "unstable-2021-05-06", Less, "0.1"),
    ];
    for (scheme, version, order, other) in cases {
        assert_eq!(
            upstream(scheme, version).compare(other),
            Some(order),
            "{version} {other}"
        );
    }
    assert_eq!(upstream(Scheme::Apk, "1.0-r0").compare("n/a"), None);
}
