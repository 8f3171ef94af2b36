//! Which state of a repository is the present one, where states do not say when they were made.

use std::sync::Arc;

use palisade_formats::inventory::InventoryKind;
use palisade_model::Timestamp;
use palisade_tracker::sync::{Delivery, DocumentPart, Receiver, Sender, Source, SourceKind, Trust};
use palisade_tracker::{Document, ImportSummary, Input, Kind, NoProgress, Views};

use crate::sync::World;

const BRANCH: &str = "alpine/v3.99";
const ALL: [&str; 4] = ["aaa", "bbb", "ccc", "evil"];
const WITHOUT: [&str; 3] = ["aaa", "bbb", "ccc"];

/// The text of an index, in which the newest package is always of the same time.
fn index(packages: &[&str]) -> String {
    let record = |name: &&str| format!("P:{name}\nV:1.0-r0\nA:x86_64\nt:1700000000\n\n");
    packages.iter().map(record).collect()
}

/// The same as an archive that was written at a second.
fn archive(packages: &[&str], second: u64) -> Vec<u8> {
    let text = index(packages);
    let mut header = vec![0; 512];
    let mut put = |at: usize, field: &str| {
        header[at..at + field.len()].copy_from_slice(field.as_bytes());
    };
    put(0, "APKINDEX");
    put(100, "0000644\0");
    put(124, &format!("{:011o}\0", text.len()));
    put(136, &format!("{second:011o}\0"));
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut tar = [&header[..], text.as_bytes()].concat();
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    crate::sync::gzip(&tar)
}

fn source(world: &World) -> Source {
    World::source(SourceKind::Documents(vec![DocumentPart {
        name: "index".to_owned(),
        url: format!("{}/APKINDEX", world.address).parse().unwrap(),
        kind: Kind::Inventory(InventoryKind::Apkindex),
        branch: Some(BRANCH.parse().unwrap()),
        repository: Some("main".to_owned()),
        trust: Trust::Anybody,
    }]))
}

/// How many packages the branch has now.
async fn packages(world: &World) -> i64 {
    let views = Views::new(world.syncer.store.clone());
    views.branches().await.unwrap()[0].packages
}

/// What the command says of a file that is imported.
async fn import(world: &World, bytes: Vec<u8>) -> ImportSummary {
    let document = Document::Memory {
        name: "APKINDEX".to_owned(),
        bytes: bytes.into(),
    };
    let input = Input {
        branch: Some(BRANCH.parse().unwrap()),
        repository: Some("main".to_owned()),
        ..Input::new(Kind::Inventory(InventoryKind::Apkindex), document)
    };
    let store = &world.syncer.store;
    let imported = input.import(store, noon(), Arc::new(NoProgress)).await;
    imported.unwrap().0
}

fn noon() -> Timestamp {
    "2026-01-10T12:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn what_a_mirror_has_now_is_the_present_state_however_old_its_packages_are() {
    let world = World::new().await;
    let source = source(&world);
    for (packages_there, told) in [
        (&ALL[..], "index: +4 ~0 -0"),
        (&WITHOUT, "index: +0 ~0 -1"),
        (&WITHOUT, "index: +0 ~0 -0"),
        (&ALL, "index: +1 ~0 -0"),
    ] {
        world.answer("/APKINDEX", "", index(packages_there).as_bytes());
        assert_eq!(world.sync(&source).await, [told]);
        let there = i64::try_from(packages_there.len()).unwrap();
        assert_eq!(packages(&world).await, there);
    }
    // An archive whose time is 0 says no more.
    world.answer("/APKINDEX", "", &archive(&WITHOUT, 0));
    assert_eq!(world.sync(&source).await, ["index: +0 ~0 -1"]);
    assert_eq!(packages(&world).await, 3);
}

#[tokio::test]
async fn a_server_that_says_when_an_index_changed_is_believed_as_far_as_that_goes_on() {
    let world = World::new().await;
    let source = source(&world);
    let changed = |day: &str| format!("Last-Modified: {day} 10:00:00 GMT\r\n");
    world.answer(
        "/APKINDEX",
        &changed("Thu, 08 Jan 2026"),
        index(&ALL).as_bytes(),
    );
    world.sync(&source).await;
    let of = async || {
        let views = Views::new(world.syncer.store.clone());
        views.branches().await.unwrap()[0].repositories[0]
            .revision
            .time
            .to_string()
    };
    assert_eq!(of().await, "2026-01-08T10:00:00Z");
    // A file that was put back has its old time.
    let old = changed("Wed, 07 Jan 2026");
    world.answer("/APKINDEX", &old, index(&WITHOUT).as_bytes());
    assert_eq!(world.sync(&source).await, ["index: +0 ~0 -1"]);
    assert_eq!(packages(&world).await, 3);
    assert_eq!(of().await, "2026-01-10T12:00:00Z", "when it was fetched");
}

#[tokio::test]
async fn an_index_of_the_same_time_is_the_later_one_when_it_is_fetched_later() {
    let world = World::new().await;
    let source = source(&world);
    let second = 1_750_000_000;
    for (packages_there, told) in [(&ALL[..], "index: +4 ~0 -0"), (&WITHOUT, "index: +0 ~0 -1")] {
        world.answer("/APKINDEX", "", &archive(packages_there, second));
        assert_eq!(world.sync(&source).await, [told]);
    }
    assert_eq!(packages(&world).await, 3);
}

#[tokio::test]
async fn an_index_that_says_it_is_older_is_kept_as_that_and_told() {
    let world = World::new().await;
    let source = source(&world);
    let (older, newer) = (1_740_000_000, 1_750_000_000);
    world.answer("/APKINDEX", "", &archive(&ALL, newer));
    world.sync(&source).await;
    let remark = import(&world, archive(&WITHOUT, older))
        .await
        .remark
        .unwrap();
    assert!(
        remark.starts_with(
            "kept as an older revision of alpine/v3.99 main x86_64, of 2025-02-19T21:20:00Z; \
             the branch stays at "
        ),
        "{remark}"
    );
    assert!(remark.ends_with(" of 2025-06-15T15:06:40Z"), "{remark}");
    assert_eq!(packages(&world).await, 4);
    let again = import(&world, archive(&WITHOUT, older)).await;
    assert_eq!((again.number, again.remark), (None, Some(remark.clone())));
    let page = Views::new(world.syncer.store.clone())
        .feeds()
        .await
        .unwrap();
    let [last, first] = &page.imports[..] else {
        panic!("two imports")
    };
    assert_eq!(last.remark, Some(remark));
    assert_eq!(
        (last.withdrawn, &last.about[..]),
        (0, "alpine/v3.99 main x86_64")
    );
    assert_eq!(first.remark, None);
}

#[tokio::test]
async fn of_files_of_one_time_the_one_that_is_not_the_present_state_is_told() {
    let world = World::new().await;
    let first = import(&world, index(&ALL).into_bytes()).await;
    let second = import(&world, index(&WITHOUT).into_bytes()).await;
    assert_eq!((first.added, first.remark), (4, None));
    // Which of the two it is depends on their content alone.
    if packages(&world).await == 3 {
        assert_eq!((second.remark, second.withdrawn), (None, 1));
    } else {
        let remark = second.remark.unwrap();
        assert!(remark.ends_with(", the same time"), "{remark}");
    }
}

#[tokio::test]
async fn what_was_sent_last_is_the_present_state() {
    let world = World::new().await;
    let token = "a token that nobody guesses";
    let source = Source {
        name: "ci".to_owned(),
        ..World::source(SourceKind::Sender(Sender::new(token, Vec::new())))
    };
    let receiver = Receiver::new(world.syncer.clone(), std::slice::from_ref(&source));
    let send = async |packages: &[&str]| {
        let delivery = Delivery {
            kind: Kind::Inventory(InventoryKind::Apkindex),
            document: None,
            branch: Some(BRANCH.parse().unwrap()),
            repository: Some("main".to_owned()),
            revision: None,
            time: None,
            believe: false,
        };
        let file = world.folder.path().join("APKINDEX");
        fs_err::write(&file, index(packages)).unwrap();
        receiver.receive(&source, delivery, file).await.unwrap().0
    };
    send(&ALL).await;
    assert_eq!(send(&WITHOUT).await.withdrawn, 1);
    assert_eq!(packages(&world).await, 3);
}
