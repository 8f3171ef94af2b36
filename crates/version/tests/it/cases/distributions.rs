//! Package managers of distributions.

use std::cmp::Ordering::{Equal, Greater, Less};

use palisade_version::Scheme;

use super::{ascending, invalid, pairs};

#[test]
fn apk_grammar_order() {
    ascending(
        Scheme::Apk,
        &[
            "1.0_alpha",
            "1.0_alpha1",
            "1.0_beta",
            "1.0_pre2",
            "1.0_rc1 = 1.0_rc01",
            "1.0",
            "1.0-r0 = 1.0-r00",
            "1.0-r5",
            "1.0~ab",
            "1.0~ab-r1",
            "1.0_cvs",
            "1.0_svn3",
            "1.0_git20240101",
            "1.0_hg",
            "1.0_p",
            "1.0_p0",
            "1.0_p1",
            "1.0a",
            "1.0a_p1",
            "1.0b",
            "1.0.1",
            "1.01",
            "1.1",
            "1.2 = 01.2",
            "1.10",
        ],
    );
}

#[test]
fn apk_leading_zeros_compare_as_text() {
    ascending(Scheme::Apk, &["8.2.0", "8.2.001", "8.2.01", "8.2.1"]);
    // The pairs of facts where 2.x decides the other way round.
    pairs(
        Scheme::Apk,
        &[
            ("0.010-r6", Less, "0.05-r13"),
            ("1.006-r0", Greater, "1.0-r13"),
        ],
    );
}

#[test]
fn apk_refuses_what_its_validator_refuses() {
    invalid(
        Scheme::Apk,
        &[
            "",
            "a",
            ".1",
            "1.",
            "1..2",
            "1.0bc",
            "1.0a1",
            "1.0_foo",
            "1.0_",
            "1.0-r",
            "1.0-1",
            "1.0-r1-r2",
            "1.0~",
            "1.0~XY",
            "1.0~AB",
            "1.0-r1_p1",
            "1.2.31-0",
            "6.6.2p1-r0",
            " 1.0",
            "1.0 ",
            "1.0\n",
            "1:2",
        ],
    );
}

#[test]
fn apk_numbers_have_no_limit() {
    ascending(
        Scheme::Apk,
        &[
            "1.18446744073709551615",
            "1.18446744073709551616",
            "1.99999999999999999999999",
        ],
    );
}

#[test]
fn guix_order_is_that_of_strverscmp() {
    // The example of the GNU C library's manual, and Guix's own kinds of version.
    ascending(
        Scheme::Guix,
        &["000", "00", "01", "010", "09", "0", "1", "9", "10"],
    );
    ascending(
        Scheme::Guix,
        &[
            "",
            "0.0.0-0.abcdef0",
            "0.0.0-1.abcdef0",
            "1.0",
            "1.0-1.0123abc",
            "1.0-rc1",
            "1.0.1",
            "1.0rc1",
            "1.0~rc1",
            "1.9",
            "1.10",
            "2.12.2",
        ],
    );
    invalid(Scheme::Guix, &["1.0\0", "\0"]);
}

#[test]
fn nix_order_of_components() {
    ascending(
        Scheme::Nix,
        &[
            "2.3pre1",
            "2.3 = 2-3 = 2.3. = 2..3 = 02.3",
            "2.3a",
            "2.3rc1 = 2.3-rc-1",
            "2.3-unstable-2024-01-01",
            "2.3.1",
            "2.4",
            "2.10",
            "2.20240101123456",
        ],
    );
    pairs(
        Scheme::Nix,
        &[
            ("", Equal, "."),
            ("pre", Less, ""),
            ("1.0", Greater, "1.0-pre"),
        ],
    );
}

#[test]
fn deb_policy_order() {
    ascending(
        Scheme::Deb,
        &[
            "1.0~~-1",
            "1.0~~a-1",
            "1.0~-1",
            "1.0~rc1-1",
            "1.0 = 1.0-0 = 0:1.0 =  1.0 ",
            "1.0-1~deb12u1",
            "1.0-1",
            "1.0-1+b1",
            "1.0-1+deb12u1",
            "1.0-1.1",
            "1.0a-1",
            "1.0+dfsg-1",
            "1.0-rc1-1",
            "1.0.1-1",
            "1.2-1 = 1.02-1",
            "1.10-1",
            "1:0.1-1",
        ],
    );
}

#[test]
fn deb_refuses_what_dpkg_faults() {
    invalid(
        Scheme::Deb,
        &[
            "",
            " ",
            ":1",
            "1:",
            "a:1",
            "-1:1",
            "2147483648:1",
            "1.0-",
            "-1",
            "1.0 2",
            "v1.0",
            "1.0_1",
            "1.0-1_2",
            "1.0/1",
            "1:a",
            "1.0\n",
            "1.0é",
        ],
    );
}

#[test]
fn rpm_marks_and_parts() {
    ascending(
        Scheme::Rpm,
        &[
            "1.0~~",
            "1.0~rc1 = 1.0~rc01 = 1.0~rc.1",
            "1.0~rc2",
            "1.0 = 1.0. = 1_0",
            "1.0-1.el8",
            "1.0-1.el9",
            "1.0-10",
            "1.0^20240101git1-1",
            "1.0a-1",
            "1.0.a1",
            "1.0.1-1",
            "1.2 = 1.02",
            "1.10",
            "1:0.1",
            "01:0.2",
        ],
    );
    // The end ranks between the marks.
    pairs(
        Scheme::Rpm,
        &[
            ("1.0^~1", Less, "1.0^"),
            ("1.0~^1", Greater, "1.0~"),
            ("1.0^", Less, "1.0^1"),
        ],
    );
    invalid(
        Scheme::Rpm,
        &[
            "",
            ":1",
            "a:1",
            "1.0-",
            "-1",
            "1.0-1-1",
            "1 0",
            "1/0",
            "4294967296:1",
            "1:2:3",
        ],
    );
}

#[test]
fn pacman_tails_and_releases() {
    ascending(
        Scheme::Pacman,
        &[
            "1.0a-1",
            "1.0alpha-1",
            "1.0b-1",
            "1.0beta-1",
            "1.0p-1",
            "1.0pre-1",
            "1.0rc-1",
            "1.0-1",
            "1.0-1.1",
            "1.0-2",
            "1.0.a-1",
            "1.0.1-1",
            "1.1-1",
            "1:0.1-1",
        ],
    );
    pairs(
        Scheme::Pacman,
        &[
            ("1.5", Equal, "1.5-1"),
            ("1.5", Equal, "1.5-2"),
            ("1.5-1", Less, "1.5-2"),
        ],
    );
    invalid(
        Scheme::Pacman,
        &[
            "", "-1", "1.0-", "1.0-a", "1 0", "1/0", "a:1", "1.0-1-1", "1.0é",
        ],
    );
}
