//! Package URLs.

use palisade_formats::purl::{InvalidPurl, Purl};
use proptest::prelude::*;

fn purl(text: &str) -> Purl {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_parts_are_told_apart() {
    let found = purl(
        "pkg:deb/debian/libssl3@1%3A3.0.11-1~deb12u2?distro=debian-12&arch=amd64&upstream=openssl%401%3A3.0.11#a/b",
    );
    assert_eq!(
        (&*found.kind, &*found.namespace, &*found.name),
        ("deb", "debian", "libssl3")
    );
    assert_eq!(found.version.as_deref(), Some("1:3.0.11-1~deb12u2"));
    assert_eq!(found.qualifier("arch"), Some("amd64"));
    assert_eq!(found.qualifier("upstream"), Some("openssl@1:3.0.11"));
    assert_eq!(found.qualifier("epoch"), None);
    assert_eq!(found.subpath.as_deref(), Some("a/b"));
    assert_eq!(
        found.to_string(),
        "pkg:deb/debian/libssl3@1:3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl%401:3.0.11#a/b"
    );
}

#[test]
fn what_tools_write_less_strictly_is_read() {
    for (text, kind, namespace, name, version) in [
        (
            "pkg:golang/github.com/x/y@v1.2#sub/path",
            "golang",
            "github.com/x",
            "y",
            "v1.2",
        ),
        ("pkg:PyPI/Django", "pypi", "", "Django", ""),
        (
            "pkg:rpm/redhat/gcc-c%2B%2B@1%3A2",
            "rpm",
            "redhat",
            "gcc-c++",
            "1:2",
        ),
        (
            "pkg://apk/wolfi/git@2.39.0-r1?a",
            "apk",
            "wolfi",
            "git",
            "2.39.0-r1",
        ),
        ("pkg:npm/@babel/core", "npm", "@babel", "core", ""),
        ("pkg:generic/a%zz%4", "generic", "", "a%zz%4", ""),
    ] {
        let found = purl(text);
        let parts = (&*found.kind, &*found.namespace, &*found.name);
        assert_eq!(parts, (kind, namespace, name), "{text}");
        assert_eq!(found.version.as_deref().unwrap_or_default(), version);
    }
    let found = purl("pkg:deb/debian/libssl3@3?Upstream=openssl%403.1&arch=");
    assert_eq!(found.qualifier("upstream"), Some("openssl@3.1"));
    assert_eq!(found.qualifier("arch"), None);
}

#[test]
fn the_canonical_spelling_is_written() {
    for (text, canonical) in [
        (
            "pkg:npm/%40angular/animation@12.3.1",
            "pkg:npm/%40angular/animation@12.3.1",
        ),
        (
            "pkg:npm/@angular/animation@12.3.1",
            "pkg:npm/%40angular/animation@12.3.1",
        ),
        ("pkg:npm/@angular/animation", "pkg:npm/%40angular/animation"),
        (
            "PKG://GOLANG/github.com/gorilla/mux/v2@v2.0.1",
            "pkg:golang/github.com/gorilla/mux/v2@v2.0.1",
        ),
        (
            "pkg:maven/org.apache//commons@1?classifier=&type=jar",
            "pkg:maven/org.apache/commons@1?type=jar",
        ),
        ("pkg:generic/a@1?B=2&b=3&a=%20", "pkg:generic/a@1?a=%20&b=2"),
        ("pkg:generic/a@#./x/../y", "pkg:generic/a#x/y"),
        (
            "pkg:deb/debian/libstdc++6@12.2.0-14",
            "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14",
        ),
    ] {
        assert_eq!(purl(text).to_string(), canonical, "{text}");
    }
}

#[test]
fn what_is_none_is_refused() {
    for (text, reason) in [
        ("", InvalidPurl::Scheme),
        ("cpe:2.3:a:b:c", InvalidPurl::Scheme),
        ("pkg:npm", InvalidPurl::Name),
        ("pkg:npm/", InvalidPurl::Name),
        ("pkg:/x", InvalidPurl::Name),
        ("deb/debian/x", InvalidPurl::Scheme),
        ("pkg:n&m/a@1", InvalidPurl::Type),
        ("pkg:npm/a%ff@1", InvalidPurl::Text),
        ("pkg:npm/a%0a@1", InvalidPurl::Text),
    ] {
        assert_eq!(text.parse::<Purl>(), Err(reason), "{text}");
    }
    let long = format!("pkg:npm/{}", "a".repeat(9000));
    assert_eq!(long.parse::<Purl>(), Err(InvalidPurl::TooLong));
    // What would be too long once it is written is so from the beginning.
    let wide = format!("pkg:deb/debian/x#{}", "<".repeat(4 << 10));
    assert_eq!(wide.parse::<Purl>(), Err(InvalidPurl::TooLong));
}

#[test]
fn in_osvs_words_a_package_is_its_source_with_the_version_that_is_told() {
    for (text, name, version) in [
        (
            "pkg:deb/debian/libssl3@3.0.1-1?upstream=openssl",
            "openssl",
            "3.0.1-1",
        ),
        (
            "pkg:deb/debian/libssl3@3.0.1-1+b1?upstream=openssl%403.0.1-1",
            "openssl",
            "3.0.1-1",
        ),
        (
            "pkg:deb/debian/libssl3?upstream=openssl@3.0.1",
            "openssl",
            "3.0.1",
        ),
        (
            "pkg:deb/debian/openssl@3.0.1-1?epoch=1",
            "openssl",
            "1:3.0.1-1",
        ),
        ("pkg:pypi/Django@5.0", "Django", "5.0"),
    ] {
        let named = purl(text).named().unwrap();
        assert_eq!(named.name, name, "{text}");
        assert_eq!(named.version.as_deref(), Some(version), "{text}");
    }
    let unsaid = purl("pkg:deb/debian/libssl3?upstream=openssl").named();
    assert_eq!(unsaid.unwrap().version, None);
    assert_eq!(purl("pkg:generic/openssl@3.0.1").named(), None);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text: String) {
        let _ = text.parse::<Purl>();
    }

    #[test]
    fn what_is_written_is_read_again(text in "pkg:[a-z]{1,4}/([a-z@%+ ]{0,4}/)?[ -~]{1,12}") {
        if let Ok(found) = text.parse::<Purl>() {
            prop_assert_eq!(purl(&found.to_string()), found);
        }
    }
}
