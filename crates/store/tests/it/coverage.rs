//! What feeds speak of, and what an import remembers of itself.

use palisade_store::ImportSummary;

use crate::database::on_each;
use crate::makers::{NOW, advisory, import};

#[test]
fn a_feed_speaks_under_the_keys_of_its_advisories() {
    on_each(|database| {
        database.write(async |session| import(session, "osv", &[advisory("X-1")]).await);
        let key = advisory("X-1").keys[0];
        let speaks = |kinds: &'static [&str], keys: &[i64]| {
            let keys = keys.to_vec();
            database.read(async move |session| session.speaks_under(kinds, &keys).await)
        };
        assert!(speaks(&["csaf", "osv"], &[1, key]));
        assert!(!speaks(&["csaf"], &[key]), "another feed does");
        assert!(!speaks(&["osv"], &[1, 2]));
        assert!(!speaks(&["osv"], &[]));
        let scopes = database.read(async |session| session.feed_scopes().await);
        assert_eq!(scopes, [("osv".to_owned(), String::new())]);
    });
}

#[test]
fn an_import_remembers_of_what_it_spoke_and_what_had_to_be_told() {
    on_each(|database| {
        let summary = ImportSummary {
            about: "alpine/edge main".to_owned(),
            remark: Some("kept as an older revision".to_owned()),
            ..ImportSummary::default()
        };
        let written = summary.clone();
        database.write(async move |session| session.write_import(NOW, &written, &[]).await);
        let imports = database.read(async |session| session.imports(9).await);
        assert_eq!(imports.len(), 1);
        assert_eq!(imports[0].about, summary.about);
        assert_eq!(imports[0].remark, summary.remark);
    });
}
