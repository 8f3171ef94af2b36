//! Lists of packages from a Guix Data Service.

use palisade_formats::inventory::InventoryKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{inventory, refused, try_inventory};

const KIND: InventoryKind = InventoryKind::GuixDataService;
const COMMIT: &str = "d659fe8666c4b2b3c3d5d3ad9c8ab6e9b5f5c5aa";

fn page(commit: &str, names: impl Iterator<Item = String>) -> String {
    let packages: Vec<Value> = names
        .map(|name| json!({"name": name, "version": "1"}))
        .collect();
    json!({"revision": {"commit": commit}, "packages": packages}).to_string()
}

#[test]
fn a_revision_has_its_commit_and_packages() {
    let text = json!({
        "revision": {"commit": COMMIT},
        "packages": [{
            "name": "openssl", "version": "3.0.8",
            "synopsis": {"source": "TLS", "html": "<p>TLS</p>", "plain": "SSL/TLS implementation", "locale": "en_US.UTF-8"},
            "description": {"source": "x", "html": "x", "plain": "x", "locale": "en_US.UTF-8"},
            "home-page": "https://www.openssl.org/",
            "location": {"file": "gnu/packages/tls.scm", "line": "409", "column": "2"},
            "licenses": [{"name": "OpenSSL", "uri": "x", "comment": null}, {"name": "ASL 2.0", "uri": "y"}]
        }]
    });
    let found = inventory(KIND, "packages.json", text.to_string().as_bytes());
    assert_eq!(found.head.distribution.as_deref(), Some("guix"));
    assert_eq!(found.head.revision.as_deref(), Some(COMMIT));
    let package = &found.packages[0];
    assert_eq!((&*package.name, &*package.version), ("openssl", "3.0.8"));
    assert_eq!(package.synopsis.as_deref(), Some("SSL/TLS implementation"));
    assert_eq!(
        package.homepage.as_deref(),
        Some("https://www.openssl.org/")
    );
    assert_eq!(
        package.location.as_deref(),
        Some("gnu/packages/tls.scm:409:2")
    );
    assert_eq!(package.licenses, ["OpenSSL", "ASL 2.0"]);
}

#[test]
fn places_are_texts_or_numbers_and_may_be_missing() {
    let package = |name: &str, location: Value| json!({"name": name, "version": "1", "home-page": false, "location": location});
    let text = json!({
        "revision": {"commit": COMMIT},
        "packages": [
            package("a", json!({"file": "a.scm", "line": 409, "column": 2})),
            package("b", json!({"file": "b.scm", "line": "", "column": ""})),
            package("c", json!({"file": "", "line": "", "column": ""})),
        ]
    });
    let found = inventory(KIND, "x", text.to_string().as_bytes());
    let places: Vec<_> = found
        .packages
        .iter()
        .map(|it| it.location.as_deref())
        .collect();
    assert_eq!(places, [Some("a.scm:409:2"), Some("b.scm"), None]);
    assert!(found.packages.iter().all(|it| it.homepage.is_none()));
}

#[test]
fn pages_behind_each_other_are_one_revision() {
    let name = |number: u32| format!("package-{number}");
    let pages = page(COMMIT, (0..100).map(name)) + "\n" + &page(COMMIT, (99..150).map(name));
    let found = inventory(KIND, "x", pages.as_bytes());
    assert_eq!(found.packages.len(), 150, "the pages overlap by one");
    let other = COMMIT.replace('d', "e");
    let pages = page(COMMIT, (0..2).map(name)) + &page(&other, (2..4).map(name));
    assert!(refused(KIND, pages.as_bytes()).contains("it has pages of d659"));
}

#[test]
fn one_full_page_may_not_be_all() {
    let text = page(COMMIT, (0..100).map(|number| number.to_string()));
    let (read, rejects) = try_inventory(KIND, "x", text.as_bytes());
    assert_eq!(read.unwrap().packages.len(), 100);
    assert!(
        rejects[0].mended && rejects[0].reason.contains("all_results=on"),
        "{rejects:?}"
    );
}

#[test]
fn names_alone_are_no_packages() {
    let text = r#"{"revision":{"commit":"d659fe8666c4"},"packages":[{"name":"a"}]}"#;
    let (read, rejects) = try_inventory(KIND, "x", text.as_bytes());
    assert_eq!(
        read.unwrap_err().to_string(),
        "read x: it lists no package that can be read (first record 0: it has no version; the \
         service gives it for field=version)"
    );
    assert!(rejects[0].reason.contains("field=version"), "{rejects:?}");
}

#[test]
fn what_the_service_says_instead_is_told() {
    let said = refused(KIND, br#"{"error":"no latest revision"}"#);
    assert!(
        said.contains("the service answered: no latest revision"),
        "{said}"
    );
    for text in [
        "",
        "[]",
        "{}",
        "{\"packages\":[]}",
        "{\"packages\":7}",
        "{\"packages\":[",
    ] {
        assert!(
            refused(KIND, text.as_bytes()).starts_with("read x: "),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = try_inventory(KIND, "x", &bytes);
    }
}
