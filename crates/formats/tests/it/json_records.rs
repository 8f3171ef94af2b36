//! Documents of each layout give the same records through the readers of feeds.

use palisade_formats::ReadError;
use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Stop};
use proptest::prelude::*;

use crate::shared_vuln::read;

const A: &str = r#"{"id":"OSV-2024-1","summary":"one"}"#;
const B: &str = r#"{"id":"OSV-2024-2","summary":"two"}"#;

#[test]
fn every_layout_gives_the_same_records() {
    for document in [
        format!("{A}\n{B}\n"),
        format!("{A}{B}"),
        format!("[{A},{B}]"),
        format!("{{\"vulns\":[{A},{B}],\"next_page_token\":\"x\"}}"),
        format!("{{\"x\":{{\"vulns\":[]}},\"vulns\" : [ {A} , {B} ] }}\n"),
    ] {
        let found = read(FeedKind::Osv, &mut document.as_bytes(), &|_| true);
        let titles: Vec<_> = found
            .kept
            .iter()
            .map(|a| a.title.as_deref().unwrap())
            .collect();
        assert_eq!(titles, ["one", "two"], "{document}");
        assert_eq!(found.rejects, [""; 0], "{document}");
    }
}

#[test]
fn a_bad_record_does_not_hide_the_next() {
    let found = read(
        FeedKind::Osv,
        &mut format!("{A}\n{{\"id\":3\n{B}\n").as_bytes(),
        &|_| true,
    );
    assert_eq!((found.records, found.rejects.len()), (2, 1));
    let found = read(
        FeedKind::Osv,
        &mut format!("[{A},7,null,{B}]").as_bytes(),
        &|_| true,
    );
    assert_eq!((found.records, found.rejects.len()), (2, 2));
}

#[test]
fn a_sink_can_stop_the_reading() {
    struct Impatient;
    impl FeedSink for Impatient {
        fn begin(&mut self, _: &FeedHead) {}
        fn record(&mut self, _: RawRecord<'_>) -> Result<(), Stop> {
            Err(Stop)
        }
        fn reject(&mut self, _: palisade_formats::Reject) {}
    }
    let read = FeedKind::Osv.read(
        "x",
        &mut A.as_bytes(),
        &FeedContext::default(),
        &mut Impatient,
    );
    assert!(matches!(read, Err(ReadError::Stopped { .. })));
}

proptest! {
    #[test]
    fn no_record_panics(text in "[{\\[]?(\"(cve|id|affected|cveMetadata)\":|[{}\\[\\],:\"0n]|.){0,40}") {
        for kind in [FeedKind::Nvd, FeedKind::Cve5, FeedKind::Osv] {
            let _ = kind.parse(text.as_bytes());
        }
    }
}
