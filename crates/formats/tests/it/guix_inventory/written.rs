//! What is written is read back.

use palisade_formats::guix_inventory::write;
use palisade_model::{Input, InputKind, Inventory, Package, Patch};
use proptest::prelude::*;

use super::{HEADER, chain, try_read};

pub(super) fn round_trip(inventory: &Inventory) {
    let text: String = write(inventory).collect();
    let (again, rejects) = try_read("x", text.as_bytes());
    // A misspelt name and a value of the wrong type are kept as they are, and told again.
    let is_told_again = |reason: &str| {
        reason.contains("is not a text") || reason.contains("was meant, which is there too")
    };
    assert!(
        rejects.iter().all(|it| is_told_again(&it.reason)),
        "{rejects:?}"
    );
    assert!(again.unwrap() == *inventory);
}

fn word() -> impl Strategy<Value = String> {
    "[a-z0-9.+-]{1,8}"
}

prop_compose! {
    fn package()(
        name in word(), version in word(), synopsis in proptest::option::of(".{1,9}"),
        patches in prop::collection::vec(word(), 0..3), cve in proptest::option::of(1000..9999_u32),
        inputs in prop::collection::vec((word(), word(), "(out|doc)?"), 0..3),
        implicit in prop::collection::btree_set(word(), 0..3),
        vendors in prop::collection::vec(".{0,5}", 0..3), property in ".{0,5}", hidden: bool,
    ) -> Package {
        let mut package = Package {
            source_name: name.clone(), source_version: version.clone(), name, version, synopsis,
            hidden, ..Package::default()
        };
        package.patches = patches.into_iter().map(|name| Patch {
            name,
            hash: None,
            vulnerabilities: cve.map(|number| format!("CVE-2024-{number}").parse().unwrap())
                .into_iter().collect(),
        }).collect();
        package.inputs = inputs.into_iter().map(|(name, version, output)| Input {
            kind: InputKind::Host, name, version, output,
        }).collect();
        // Another output tells them from those that are named.
        package.inputs.extend(implicit.into_iter().map(|name| Input {
            kind: InputKind::Implicit, name, version: "1".into(), output: "lib".into(),
        }));
        package.hints.hidden_cpe_vendors = vendors;
        package.properties = [("a property".to_owned(), serde_json::Value::from(property).to_string())].into();
        package
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        mut packages in prop::collection::vec(package(), 0..4), replacement in package(),
    ) {
        if let Some(package) = packages.first_mut() {
            package.replacement = Some(Box::new(replacement));
        }
        let head = palisade_model::InventoryHead {
            distribution: Some("guix".into()), ..Default::default()
        };
        round_trip(&Inventory { head, packages });
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = try_read("x", &bytes);
        let _ = try_read("x", &zstd::encode_all(&bytes[..], 1).unwrap());
    }

    #[test]
    fn no_changed_line_panics(at: prop::sample::Index, bytes in "[\\]{}\",:a-c0-9]{1,3}") {
        let mut text = format!("{HEADER}{}", chain(&["1", "2"]));
        let at = at.index(text.len());
        text.insert_str(at, &bytes);
        let _ = try_read("x", text.as_bytes());
        let _ = try_read("x", &text.as_bytes()[at..]);
    }
}

#[test]
fn a_misspelt_property_beside_an_empty_one_is_used_and_comes_back() {
    let line = br#"{"name":"demo","version":"1","properties":{"lint-hiddne-cve":["CVE-2023-1113"],"lint-hidden-cve":[]}}"#;
    let (first, _) = try_read("x", line);
    let first = first.unwrap();
    let hidden = &first.packages[0].hints.hidden_vulnerabilities;
    assert_eq!(hidden, &["CVE-2023-1113".parse().unwrap()]);
    let written: String = write(&first).collect();
    assert_eq!(try_read("x", written.as_bytes()).0.unwrap(), first);
}
