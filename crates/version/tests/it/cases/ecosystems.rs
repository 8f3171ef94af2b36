//! Package registries of languages.

use std::cmp::Ordering::{Equal, Greater, Less};

use palisade_version::Scheme;

use super::{ascending, invalid, pairs};

#[test]
fn semver_precedence() {
    ascending(
        Scheme::Semver,
        &[
            "1.0.0-0",
            "1.0.0-1.0",
            "1.0.0-10",
            "1.0.0--",
            "1.0.0-Alpha",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0 = v1.0.0 = 1.0.0+build = 1.0.0+001.a-b",
            "1.0.1",
            "1.10.0",
            "99999999999999999999999.0.0",
        ],
    );
    invalid(
        Scheme::Semver,
        &[
            "",
            "1",
            "1.0",
            "1.0.0.0",
            "01.0.0",
            "1.0.00",
            "1.0.0-",
            "1.0.0+",
            "1.0.0-01",
            "1.0.0-a..b",
            "1.0.0-a_b",
            "=1.0.0",
            " 1.0.0",
            "vv1.0.0",
            "V1.0.0",
            "1.0.0+a+b",
            "1.0.x",
        ],
    );
}

#[test]
fn go_shorthands_and_pseudo_versions() {
    ascending(
        Scheme::Go,
        &[
            "0 = v0 = 0.0.0",
            "1.2.3",
            "v1.2.4-0.20240101120000-abcdef123456",
            "v1.2.4-rc.1",
            "v1.2.4-rc.1.0.20240102120000-abcdef123456",
            "v1.2.4 = 1.2.4+incompatible",
            "v1.3 = 1.3.0",
            "v2 = 2.0 = 2.0.0",
        ],
    );
    invalid(
        Scheme::Go,
        &[
            "", "v", "1.2-rc1", "1+a", "1.2.3.4", "v01.0.0", "1.0.0-01", "go1.21", "1.", "1.2.3-",
        ],
    );
}

#[test]
fn pep440_suffixes() {
    ascending(
        Scheme::Pep440,
        &[
            "1.dev0 = 1.0.dev = 1.0.0_DEV",
            "1.0a1.dev1",
            "1.0a1 = 1.0-alpha.1 = v1.0A01",
            "1.0a1.post1.dev2",
            "1.0a1.post1",
            "1.0a2",
            "1.0b2 = 1.0.beta-2",
            "1.0rc1.dev1",
            "1.0rc1 = 1.0c1 = 1.0pre1 = 1.0-preview_1",
            "1.0rc2",
            "1 = 1.0 = 1.0.0 =  1.0 = 0!1.0",
            "1.0+a",
            "1.0+abc.5",
            "1.0+abc.7 = 1.0+ABC_7",
            "1.0+5",
            "1.0.post0.dev1",
            "1.0.post0 = 1.0.post = 1.0-0 = 1.0r",
            "1.0.post1 = 1.0-1 = 1.0rev1",
            "1.0.15",
            "1.1.dev1",
            "1!0.1",
        ],
    );
    invalid(
        Scheme::Pep440,
        &[
            "",
            "a",
            "1.0.",
            "1..0",
            "1.0x",
            "1.0+",
            "1.0+a..b",
            "1.0+é",
            "1.0a1b1",
            "1.0.dev1.post1",
            "!1",
            "1 0",
            "1.0--1",
        ],
    );
}

#[test]
fn rubygems_segments() {
    ascending(
        Scheme::RubyGems,
        &[
            "1.A",
            "1.0.a = 1.a = 1.0.0.a.0",
            "1.0.a.2",
            "1.0.b1",
            "1.0.pre.1 = 1.0-1",
            "1.0.rc1",
            "1 = 1.0 = 1.0.0 =  1.0 ",
            "1.0.1.pre",
            "1.0.1",
            "1.10",
        ],
    );
    pairs(Scheme::RubyGems, &[("", Equal, "0"), ("0.beta", Less, "")]);
    invalid(
        Scheme::RubyGems,
        &[
            "a", "1.", ".1", "1..2", "1_0", "1.0-", "1.0+1", "1 0", "v1", "1a.0",
        ],
    );
}

#[test]
fn maven_qualifiers_and_lists() {
    ascending(
        Scheme::Maven,
        &[
            "1-alpha2snapshot",
            "1-alpha2 = 1-alpha-2 = 1a2 = 1.0.0-alpha2",
            "1-alpha-123",
            "1-beta-2",
            "1-m2 = 1-milestone-2",
            "1-m11",
            "1-rc = 1-cr",
            "1-cr2 = 1-RC2",
            "1-SNAPSHOT",
            "1 = 1.0 = 1-ga = 1.final = 1-release = 1-0",
            "1-sp",
            "1-sp2",
            "1-abc",
            "1-pom-1",
            "1-1-snapshot",
            "1-1",
            "1-2",
            "1.1",
        ],
    );
    ascending(
        Scheme::Maven,
        &[
            "2.0 = 2", "2.0.a", "2-1", "2.0.2", "2.0.123", "2.1-a", "2.1b", "2.1-c", "2.1-1",
            "2.1.0.1", "2.2", "2.123",
        ],
    );
    invalid(
        Scheme::Maven,
        &["", "[1.0]", "1.0,2.0", "1/0", "${v}", "1:0", "*"],
    );
}

#[test]
fn maven_takes_a_dot_before_a_word_for_a_hyphen() {
    pairs(
        Scheme::Maven,
        &[
            ("1.0.RC2", Less, "1.0-RC3"),
            ("1.0-RC3", Less, "1.0.1"),
            ("4.0.0.Beta3-1", Greater, "4.0.0.Beta3"),
            ("1.x", Greater, "1"),
            ("1-ga1", Greater, "1"),
        ],
    );
}

#[test]
fn cpan_decimal_and_dotted() {
    ascending(
        Scheme::Cpan,
        &[
            "0 = v0 = 0.0 = v0.0.0",
            "v0.1 = .001 = .1.0.0.0 = 0.001000",
            "1.002 = v1.2 = 1.2.0 = 1.002_000",
            "1.002003 = v1.2.3",
            "1.02_03 = 1.0203 = v1.20.300",
            "1.10 = 1.1 = v1.100",
            "1.2 = v1.200",
            "v1.1234 = v1.123_4",
            "5.036000",
        ],
    );
    invalid(
        Scheme::Cpan,
        &[
            "", ".", "v", "v.1", "1_2", "1.2_", "1._2", "1.2_3_4", "1.2_3.4", "1.2.", "1..2",
            "1.2a", "-1", "undef",
        ],
    );
}
