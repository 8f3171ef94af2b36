//! What tells mistakes: records of a feed, and what an import passed over.

use palisade_store::ImportSummary;

use crate::database::on_each;
use crate::makers::{NOW, advisory, import};

#[test]
fn the_records_of_a_feed_and_the_keys_that_are_spoken_of_are_found() {
    on_each(|database| {
        database.write(async |session| {
            import(session, "osv", &[advisory("X-1"), advisory("X-2")]).await
        });
        let spans = database.read(async |session| session.records_of_feed("osv", "").await);
        assert_eq!(spans.len(), 2);
        let other = database.read(async |session| session.records_of_feed("osv", "x").await);
        assert_eq!(other.len(), 0);
        let key = advisory("X-1").keys[0];
        let spoken = |kinds: &'static [&str]| {
            database.read(async move |session| session.spoken_keys(kinds, &[1, key]).await)
        };
        assert_eq!(spoken(&["nvd", "osv"]), [key].into());
        assert_eq!(spoken(&["nvd"]), [].into());
    });
}

#[test]
fn the_last_import_about_something_is_found() {
    on_each(|database| {
        for about in [
            "alpine/edge/main",
            "alpine/edge/main",
            "alpine/edge/community",
        ] {
            let summary = ImportSummary {
                kind: "secdb".to_owned(),
                about: about.to_owned(),
                ..ImportSummary::default()
            };
            database.write(async move |session| session.write_import(NOW, &summary, &[]).await);
        }
        let last = |kind: &'static str, about: &'static str| {
            database.read(async move |session| session.last_import_about(kind, about).await)
        };
        assert_eq!(last("secdb", "alpine/edge/main"), Some(2));
        assert_eq!(last("secdb", "alpine/edge/community"), Some(3));
        assert_eq!(last("apkbuild", "alpine/edge/main"), None);
    });
}
