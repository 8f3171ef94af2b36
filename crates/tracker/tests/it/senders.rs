//! What is remembered of documents that somebody sends.

use std::time::Duration;

use palisade_formats::feed::FeedKind;
use palisade_model::Timestamp;
use palisade_tracker::Kind;
use palisade_tracker::sync::{Delivery, Receiver, Sender, Source, SourceKind, Syncer};

use crate::sync::{World, catalogue};

fn at(time: &str) -> Timestamp {
    format!("{time}:00Z").parse().unwrap()
}

/// Sends a document under a name at a time, and gives why the source fails and what it has.
async fn send(
    world: &World,
    name: &str,
    body: &[u8],
    clock: fn() -> Timestamp,
) -> (Option<String>, Vec<String>) {
    let syncer = Syncer {
        clock,
        ..world.syncer.clone()
    };
    let source = Source {
        every: Duration::from_hours(1),
        ..World::source(SourceKind::Sender(Sender::new("a token", Vec::new())))
    };
    let receiver = Receiver::new(syncer, std::slice::from_ref(&source));
    let delivery = Delivery {
        kind: Kind::Feed(FeedKind::Kev),
        document: Some(name.to_owned()),
        branch: None,
        repository: None,
        revision: None,
        time: None,
        believe: false,
    };
    let file = world.folder.path().join(name);
    fs_err::write(&file, body).unwrap();
    let _ = receiver.receive(&source, delivery, file).await;
    let mut session = world.syncer.store.read().await.unwrap();
    let parts = session.source_parts("source").await.unwrap();
    let parts = parts.into_iter().map(|part| part.name).collect();
    drop(session);
    (world.state().await.error, parts)
}

#[tokio::test]
async fn a_name_that_nobody_uses_any_longer_is_forgotten_with_its_failure() {
    let world = World::new().await;
    let good = catalogue("2026-01-01", 2);
    let (error, _) = send(&world, "typo.json", b"{", || at("2026-01-10T12:00")).await;
    assert!(error.unwrap().starts_with("kev typo.json: "));
    let (error, parts) = send(&world, "kev.json", &good, || at("2026-01-10T22:00")).await;
    assert!(error.unwrap().starts_with("kev typo.json: "), "not yet");
    assert_eq!(parts, ["kev kev.json", "kev typo.json"]);
    let (error, parts) = send(&world, "kev.json", &good, || at("2026-01-10T22:01")).await;
    assert_eq!(
        (error, &parts[..]),
        (None, &["kev kev.json".to_owned()][..])
    );
}
