//! A small database of its own for each test, filled as users fill theirs: from files.

use std::sync::Arc;

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::Timestamp;
use palisade_tracker::{
    Document, FeedImport, InventoryImport, NoProgress, Store, Views, import_epss, import_feed,
    import_inventory,
};
use tempfile::TempDir;

/// A database in a folder that goes with it.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) views: Views,
    folder: TempDir,
    clock: i64,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("test.sqlite");
        let store = Store::open(path.to_str().unwrap()).await.unwrap();
        let views = Views::new(store.clone());
        Self {
            store,
            views,
            folder,
            clock: 1_800_000_000_000_000,
        }
    }

    fn document(&mut self, name: &str, text: &str) -> Document {
        self.clock += 1_000_000;
        let path = self.folder.path().join(name);
        fs_err::write(&path, text).unwrap();
        Document::of(&path)
    }

    /// Imports a document of a feed.
    pub(crate) async fn feed(&mut self, kind: FeedKind, text: &str) {
        let document = self.document("feed.json", text);
        let context = FeedContext::default();
        let import = FeedImport {
            kind,
            document,
            context,
            believe: false,
            now: self.clock,
        };
        let (_, rejects) = import_feed(&self.store, import, Arc::new(NoProgress))
            .await
            .unwrap();
        assert_eq!(rejects, []);
    }

    /// Imports EPSS scores.
    pub(crate) async fn epss(&mut self, text: &str) {
        let document = self.document("epss.csv", text);
        import_epss(&self.store, document, self.clock)
            .await
            .unwrap();
    }

    /// Imports a revision of guix/master, made at a time of day.
    pub(crate) async fn revision(&mut self, name: &str, time: &str, packages: &[&str]) {
        let text = packages.join(
            "
",
        ) + "
";
        let document = self.document("packages.jsonl", &text);
        let import = InventoryImport {
            kind: InventoryKind::GuixInventory,
            document,
            branch: Some("guix/master".parse().unwrap()),
            repository: None,
            architecture: None,
            signed_by: None,
            revision: Some(name.to_owned()),
            time: Some(format!("2026-01-01T{time}:00Z").parse().unwrap()),
            keys: Vec::new(),
            require_signature: false,
            believe: false,
            now: Timestamp::from_microsecond(self.clock).unwrap(),
        };
        import_inventory(&self.store, import, Arc::new(NoProgress))
            .await
            .unwrap();
    }
}

/// A package that says itself which product it is.
pub(crate) fn package(name: &str, version: &str) -> String {
    format!(
        r#"{{"name":"{name}","version":"{version}","home_page":"https://{name}.example/","synopsis":"Show things","properties":{{"cpe-name":"{name}","cpe-vendor":"acme"}}}}"#
    )
}

/// A document of NVD with one record that affects all versions of a product before another.
pub(crate) fn nvd(id: &str, product: &str, fixed: &str, score: f64) -> String {
    format!(
        r#"{{"vulnerabilities":[{{"cve":{{"id":"{id}","published":"2025-01-02T00:00:00.000","lastModified":"2025-01-03T00:00:00.000","vulnStatus":"Analyzed",
        "descriptions":[{{"lang":"en","value":"An overflow in {product}."}}],
        "metrics":{{"cvssMetricV31":[{{"source":"nvd@nist.gov","type":"Primary","cvssData":{{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":{score}}}}}]}},
        "configurations":[{{"nodes":[{{"operator":"OR","negate":false,"cpeMatch":[{{"vulnerable":true,"criteria":"cpe:2.3:a:acme:{product}:*:*:*:*:*:*:*:*","versionEndExcluding":"{fixed}"}}]}}]}}],
        "references":[{{"url":"https://acme.example/{id}","source":"x"}}]}}}}]}}"#
    )
}
