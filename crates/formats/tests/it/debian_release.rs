//! What a suite of a Debian archive says of itself.

use palisade_formats::debian_release::Release;
use proptest::prelude::*;

const BOOKWORM: &str = include_str!("../../../../fuzz/seeds/debian_release/bookworm");

fn read(text: &str) -> Release {
    Release::read("Release", text.as_bytes()).unwrap()
}

fn with(fields: &str) -> Release {
    let sum = "0".repeat(64);
    read(&format!(
        "{fields}Date: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n {sum} 0 main/x\n"
    ))
}

#[test]
fn a_release_lists_its_indexes() {
    let release = read(BOOKWORM);
    assert_eq!(release.date, "2026-07-11T10:16:37Z".parse().unwrap());
    assert_eq!(
        release.valid_until,
        Some("2026-07-18T10:16:37Z".parse().unwrap())
    );
    assert!(release.by_hash);
    assert!(release.is_of("bookworm") && release.is_of("oldstable"));
    assert!(!release.is_of("trixie"));
    let index = release.listed("main/binary-amd64/Packages.xz").unwrap();
    assert_eq!(index.size, 8_787_012);
    assert!(index.sha256.starts_with("bc8a1b"));
    assert_eq!(release.listed("main/binary-m68k/Packages.xz"), None);
    // The MD5 sum of a file is not taken for anything.
    assert_eq!(release.listed("main/i18n/Translation-en.xz"), None);
}

#[test]
fn numbers_name_branches_and_what_follows_a_codename_is_a_pocket() {
    for (fields, branch, pocket) in [
        (
            "Origin: Debian\nSuite: oldstable\nVersion: 12.15\nCodename: bookworm\n",
            "debian/12",
            None,
        ),
        (
            "Origin: Debian\nSuite: oldstable-security\nVersion: 12\nCodename: bookworm-security\n",
            "debian/12",
            Some("security"),
        ),
        (
            "Origin: Debian\nSuite: testing\nCodename: forky\n",
            "debian/14",
            None,
        ),
        (
            "Origin: Debian\nSuite: testing-security\nCodename: forky-security\n",
            "debian/14",
            Some("security"),
        ),
        (
            "Origin: Debian\nSuite: unstable\nCodename: sid\n",
            "debian/sid",
            None,
        ),
        (
            "Origin: Ubuntu\nSuite: noble-security\nVersion: 24.04\nCodename: noble\n",
            "ubuntu/24.04",
            Some("security"),
        ),
    ] {
        let release = with(fields);
        assert_eq!(release.branch().unwrap().to_string(), branch);
        assert_eq!(release.pocket(), pocket, "{fields}");
    }
    assert_eq!(with("Origin: Somebody\nVersion: 1\n").branch(), None);
    assert_eq!(with("Codename: sid\n").branch(), None);
    assert_eq!(with("Origin: Debian\nVersion: ../x\n").branch(), None);
}

#[test]
fn a_release_without_its_times_or_files_is_refused() {
    let until = "Sat, 18 Jul 2026 10:16:37 UTC";
    for wrong in [
        String::new(),
        BOOKWORM.replace("Date:", "Made:"),
        BOOKWORM.replace("SHA256:", "SHA1:"),
        BOOKWORM.replace(until, "tomorrow"),
    ] {
        assert!(
            Release::read("Release", wrong.as_bytes()).is_err(),
            "{wrong}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(release) = Release::read("Release", &bytes) {
            let _ = (release.branch(), release.pocket());
        }
    }
}
