//! Whose documents are believed, and that what was had on other terms counts for nothing.

use std::path::{Path, PathBuf};

use palisade_formats::inventory::InventoryKind;
use palisade_tracker::Kind;
use palisade_tracker::sync::{DocumentPart, Source, SourceKind, Trust};

use crate::sync::World;

/// A key that signed nothing here.
const KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHhhTL9R1TALzBB2cdc6zO4P/2BrH\n\
    zk/ogsyxyYvFiW6kbDEcTi/0DdlqNlPm5FRF0y3+SG7O11x6kMahiIHAow==\n\
    -----END PUBLIC KEY-----\n";

/// A source with an index of each trust.
fn source(world: &World, trusts: &[Trust]) -> Source {
    let part = |(number, trust): (usize, &Trust)| DocumentPart {
        name: format!("index{number}"),
        url: format!("{}/APKINDEX", world.address).parse().unwrap(),
        kind: Kind::Inventory(InventoryKind::Apkindex),
        branch: Some("alpine/v3.99".parse().unwrap()),
        repository: Some(format!("main{number}")),
        trust: trust.clone(),
    };
    let parts = trusts.iter().enumerate().map(part);
    World::source(SourceKind::Documents(parts.collect()))
}

fn key(world: &World) -> PathBuf {
    let file = world.folder.path().join("somebody.rsa.pub");
    fs_err::write(&file, KEY).unwrap();
    file
}

fn publish(world: &World) {
    let index = "P:zlib\nV:1.0-r0\nA:x86_64\n\n";
    world.answer("/APKINDEX", "ETag: \"1\"\r\n", index.as_bytes());
}

#[tokio::test]
async fn what_was_believed_of_anybody_is_asked_for_anew_when_there_are_keys() {
    let world = World::new().await;
    publish(&world);
    let anybody = source(&world, &[Trust::Anybody]);
    let somebody = source(&world, &[Trust::Keys(vec![key(&world)])]);
    assert_eq!(world.sync(&anybody).await, ["index0: +1 ~0 -0"]);
    assert_eq!(world.sync(&anybody).await, ["index0: unchanged"]);
    let refused = "index0: failed: read APKINDEX: it is not signed, and a signature is required";
    assert_eq!(world.sync(&somebody).await, [refused]);
    assert_eq!(world.sync(&somebody).await, [refused]);
    assert_eq!(world.sync(&anybody).await, ["index0: unchanged"]);
}

#[tokio::test]
async fn a_document_of_another_branch_than_before_is_had_anew() {
    let world = World::new().await;
    publish(&world);
    let first = source(&world, &[Trust::Anybody]);
    let mut other = first.clone();
    let SourceKind::Documents(parts) = &mut other.kind else {
        panic!("it has documents")
    };
    parts[0].branch = Some("alpine/v3.98".parse().unwrap());
    world.sync(&first).await;
    assert_eq!(world.sync(&other).await, ["index0: +1 ~0 -0"]);
}

#[tokio::test]
async fn a_key_that_is_missing_stops_its_own_part_and_is_named() {
    let world = World::new().await;
    publish(&world);
    let missing: &Path = &world.folder.path().join("nobody.rsa.pub");
    let empty = world.folder.path().join("empty.rsa.pub");
    fs_err::write(&empty, "").unwrap();
    let trusts = [
        Trust::Keys(vec![missing.to_owned()]),
        Trust::Keys(vec![empty]),
        Trust::Anybody,
    ];
    let told = world.sync(&source(&world, &trusts)).await;
    let path = missing.display();
    assert_eq!(
        told[0],
        format!("index0: failed: the key {path}: there is no such file")
    );
    assert!(told[1].contains("not a public key in PEM"), "{told:?}");
    assert_eq!(told[2], "index2: +1 ~0 -0");
    // What everybody may read does not say where this machine keeps its keys.
    let error = world.state().await.error.unwrap();
    assert!(
        error.contains("the key nobody.rsa.pub: there is no such file"),
        "{error}"
    );
    assert!(
        !error.contains(&world.folder.path().display().to_string()),
        "{error}"
    );
}
