//! The scheme for upstream software.

use std::cmp::Ordering::{Equal, Greater, Less};

use palisade_version::Scheme;

use super::{ascending, invalid, pairs};

#[test]
fn stages_release_additions_and_letters() {
    ascending(
        Scheme::Generic,
        &[
            "1.0-dev = 1.0.dev0 = 1-SNAPSHOT",
            "1.0alpha = 1.0-alpha",
            "1.0a1 = 1.0alpha1 = 1.0-alpha-1 = 1.0_ALPHA_1",
            "1.0beta",
            "1.0b2 = 1.0beta2 = 1.0.beta.2",
            "1.0m1 = 1.0-milestone1 = 1.0.0.M1",
            "1.0pre3 = 1.0-preview3",
            "1.0-rc1 = 1.0rc1 = 1.0~rc1 = 1.0 RC 1 = 1.0c1 = 1.0.CR1",
            "1.0-rc2",
            "1.0 = 1 = 1.0.0 = v1.0 = V1 = version 1.0 = release-1.0 = 1.0-final = 1.0.GA",
            "1.0+git20240101 = 1.0-git-20240101",
            "1.0-build5",
            "1.0.post1",
            "1.0r2 = 1.0-rev2",
            "1.0p1 = 1.0pl1 = 1.0-patch1 = 1.0-p1 = 1.0_patch_1",
            "1.0p2",
            "1.0-hotfix1",
            "1.0u1 = 1.0-update1 = 1.0_update_1",
            "1.0sp1 = 1.0-SP-1",
            "1.0sp1-hotfix2",
            "1.0a",
            "1.0q",
            "1.0z",
            "1.0zg",
            "1.0.1-rc1",
            "1.0.1",
            "1.1",
            "1.10",
        ],
    );
}

#[test]
fn real_upstreams_sort_as_they_were_released() {
    ascending(
        Scheme::Generic,
        &[
            "1.1.1",
            "1.1.1b",
            "1.1.1q",
            "1.1.1zg",
            "1.1.2",
            "3.0.0-alpha1",
            "3.0.0",
        ],
    );
    ascending(
        Scheme::Generic,
        &["6.8", "6.8p1", "6.9p1", "9.0p1", "10.0p2"],
    );
    ascending(Scheme::Generic, &["2.0beta2", "2.0", "2.4.58"]);
    ascending(
        Scheme::Generic,
        &[
            "2.5.stable9",
            "2.5.stable14",
            "2.6.stable1",
            "3.0.pre4",
            "3.0.stable1",
        ],
    );
    ascending(
        Scheme::Generic,
        &["2.6.0-test11", "2.6.0", "2.6.0.1", "2.6.1"],
    );
    ascending(
        Scheme::Generic,
        &["12.2\\(33\\)sre9a", "12.2(33)sre10", "12.2(44)ex", "12.3"],
    );
    ascending(
        Scheme::Generic,
        &["4.2.8", "4.2.8p1-beta1", "4.2.8p1", "4.2.8p15"],
    );
    ascending(
        Scheme::Generic,
        &["7.x-1.0-beta2", "7.x-1.0", "7.x-2.1", "8.x-1.0"],
    );
    ascending(Scheme::Generic, &["0.9.8z", "0.9.8za", "0.9.8zh", "1.0.0"]);
    pairs(
        Scheme::Generic,
        &[("153.0", Equal, "153.0.0"), ("r80.40", Equal, "80.40")],
    );
}

#[test]
fn dates_compare_by_day() {
    ascending(
        Scheme::Generic,
        &[
            "2021-03-27 = 20210327 = 2021.3.27",
            "20210327a",
            "20210327-1",
            "2021-04-01",
            "20220101",
        ],
    );
    // Only a first number is a date.
    pairs(Scheme::Generic, &[("1.20210327", Greater, "1.2021.3.27")]);
}

#[test]
fn commits_do_not_order() {
    pairs(
        Scheme::Generic,
        &[
            ("1.2-3.abcdef0", Equal, "1.2-3.0fedcba"),
            ("0.4.1-37-g5f91ee6", Greater, "0.4.1"),
            ("0.4.1-37-g5f91ee6", Less, "0.4.2"),
            ("1.0+git20240101.a1b2c3d", Equal, "1.0+git20240101"),
            ("1.0-20160809a", Less, "1.0-20160809b"),
        ],
    );
}

#[test]
fn a_stage_without_number_precedes_everything() {
    ascending(Scheme::Generic, &["alpha_1.4", "beta_6", "0", "0.1"]);
    pairs(
        Scheme::Generic,
        &[("snv_101", Less, "snv_108"), ("b1066", Greater, "b1065")],
    );
}

#[test]
fn text_without_digits_is_no_version() {
    invalid(
        Scheme::Generic,
        &[
            "",
            "-",
            "*",
            "n/a",
            "unspecified",
            "unknown",
            "all",
            "xp",
            "v.x",
            "iii",
            "..",
            "\\-",
        ],
    );
}

#[test]
fn every_bound_of_nvd_with_a_digit_has_a_place() {
    for bound in [
        "8_sg_a.11.15.6",
        "7.3_patch3_build1314",
        "n17etb2w",
        "2308937_578504",
        "6.x-1.3",
        "vve160c",
        ".51",
        "0xdc350d09f71c48c5d22fbe2741e4d6a03970e192",
        "tony-al00b\\/tony-tl00b_9.0.0.182\\(c00e180r2p2\\)",
        "8.9.11\\+",
        "march_2004",
        "5.9.1.0.",
    ] {
        assert_eq!(
            Scheme::Generic.compare(bound, bound),
            Some(Equal),
            "{bound}"
        );
    }
}
