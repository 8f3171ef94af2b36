//! What documents of CSAF and OpenVEX have in common.

use palisade_formats::feed::{FeedContext, FeedKind};

use crate::support::Collected;

#[test]
fn what_is_empty_is_passed_over_and_said() {
    let context = FeedContext::default();
    for kind in [FeedKind::Csaf, FeedKind::Openvex] {
        for text in ["", " \n"] {
            let found = Collected::read(kind, "vex.json", text.as_bytes(), &context);
            let found = found.unwrap().complaints();
            assert!(
                found.len() == 1 && found[0].contains("it is empty"),
                "{found:?}"
            );
        }
    }
}
