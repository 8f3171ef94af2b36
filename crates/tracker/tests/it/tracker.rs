//! A database with a few short ways to import into it and ask of it.

use std::sync::Arc;

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::Timestamp;
use palisade_store::Content;
use palisade_tracker::{
    Document, FeedImport, ImportSummary, InventoryImport, NoProgress, Store, TrackerError,
    import_epss, import_feed, import_inventory,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A new database with the documents that are imported into it.
pub(crate) struct Tracker {
    folder: TempDir,
    runtime: Runtime,
    store: Store,
    documents: std::cell::Cell<u32>,
}

impl Tracker {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let path = folder.path().join("test.sqlite");
        let store = runtime
            .block_on(Store::open(path.to_str().unwrap()))
            .unwrap();
        Self {
            folder,
            runtime,
            store,
            documents: 0.into(),
        }
    }

    fn document(&self, bytes: &[u8]) -> Document {
        let number = self.documents.replace(self.documents.get() + 1);
        let path = self.folder.path().join(format!("document-{number}"));
        fs_err::write(&path, bytes).unwrap();
        Document::File(path)
    }

    pub(crate) fn try_feed(
        &self,
        kind: FeedKind,
        text: &str,
    ) -> Result<ImportSummary, TrackerError> {
        let import = FeedImport {
            kind,
            document: self.document(text.as_bytes()),
            context: FeedContext::default(),
            believe: false,
            now: now(),
        };
        let imported = import_feed(&self.store, import, Arc::new(NoProgress));
        self.runtime.block_on(imported).map(|(summary, _)| summary)
    }

    pub(crate) fn feed(&self, kind: FeedKind, text: &str) -> ImportSummary {
        self.try_feed(kind, text).unwrap()
    }

    /// Imports packages as the state of a branch at a second.
    pub(crate) fn try_inventory(
        &self,
        branch: &str,
        second: i64,
        packages: &str,
    ) -> Result<ImportSummary, TrackerError> {
        self.try_state(branch, Some(format!("r{second}")), second, packages)
    }

    /// Imports packages as the state of a branch at a second, under a name or none.
    fn try_state(
        &self,
        branch: &str,
        revision: Option<String>,
        second: i64,
        packages: &str,
    ) -> Result<ImportSummary, TrackerError> {
        let import = InventoryImport {
            kind: InventoryKind::Apkindex,
            document: self.document(packages.as_bytes()),
            branch: Some(branch.parse().unwrap()),
            repository: Some("main".to_owned()),
            architecture: None,
            signed_by: None,
            revision,
            time: Some(Timestamp::from_second(second).unwrap()),
            keys: Vec::new(),
            require_signature: false,
            believe: false,
            now: Timestamp::from_microsecond(now()).unwrap(),
        };
        let imported = import_inventory(&self.store, import, Arc::new(NoProgress));
        self.runtime.block_on(imported).map(|(summary, _)| summary)
    }

    pub(crate) fn inventory(&self, branch: &str, second: i64, packages: &str) -> ImportSummary {
        self.try_inventory(branch, second, packages).unwrap()
    }

    /// Imports the state of a branch that has no name of its own.
    pub(crate) fn nameless_inventory(&self, branch: &str, second: i64, packages: &str) {
        self.try_state(branch, None, second, packages).unwrap();
    }

    pub(crate) fn epss(&self, text: &str) -> ImportSummary {
        let document = self.document(text.as_bytes());
        self.runtime
            .block_on(import_epss(&self.store, document, now()))
            .unwrap()
            .0
    }

    /// All that is stored but for the names of documents, which differ from one test to the next.
    pub(crate) fn content(&self) -> Content {
        let read = async {
            let mut session = self.store.read().await?;
            session.content().await
        };
        self.runtime
            .block_on(read)
            .unwrap()
            .without(&["import", "import_reject"])
    }

    /// The findings, one a line: `BRANCH PACKAGE VERSION VULNERABILITY: STATUS`; those of packages
    /// that have left the branch have a `-` in front.
    pub(crate) fn findings(&self) -> Vec<String> {
        let content = self.content();
        let intervals: Vec<Vec<String>> = content.tables["source_interval"]
            .iter()
            .map(|line| fields(line))
            .collect();
        let there = |finding: &[String]| {
            intervals.iter().any(|interval| {
                interval[1] == finding[1] && interval[4] == finding[4] && interval[6] == "-"
            })
        };
        let statuses = ["affected", "under investigation", "fixed", "not affected"];
        let mut lines: Vec<String> = content.tables["finding"]
            .iter()
            .map(|line| {
                let finding = fields(line);
                let mark = if there(&finding) { "" } else { "-" };
                let [_, branch, name, version, _, id, status, ..] = &finding[..] else {
                    panic!("{finding:?}")
                };
                let status = statuses[status.parse::<usize>().unwrap()];
                format!("{mark}{branch} {name} {version} {id}: {status}")
            })
            .collect();
        lines.sort_unstable();
        lines
    }

    /// The names of the stored records of feeds.
    pub(crate) fn advisories(&self) -> Vec<String> {
        let lines = &self.content().tables["advisory"];
        lines.iter().map(|line| fields(line)[2].clone()).collect()
    }

    /// What the events tell of findings, in no order.
    pub(crate) fn events(&self) -> Vec<String> {
        let lines = &self.content().tables["event"];
        let events = lines.iter().map(|line| fields(line));
        let of_findings = events.filter(|event| event[0].starts_with("finding"));
        of_findings
            .map(|event| format!("{}: {}", event[0], event[5]))
            .collect()
    }
}

fn now() -> i64 {
    1_700_000_000_000_000
}

pub(crate) fn fields(line: &str) -> Vec<String> {
    line.split(" | ")
        .map(|field| field.trim_matches('"').to_owned())
        .collect()
}

/// Packages of an index: `NAME VERSION` or `NAME VERSION ORIGIN`.
pub(crate) fn apkindex(packages: &[&str]) -> String {
    let record = |line: &&str| {
        let mut words = line.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        let origin = words.next().unwrap_or(name);
        format!("P:{name}\nV:{version}\nA:x86_64\nU:https://{name}.example/\no:{origin}\n\n")
    };
    packages.iter().map(record).collect()
}

/// A record of NVD: the product's versions before `fixed` are affected.
pub(crate) fn nvd(id: &str, product: &str, fixed: &str, modified: &str) -> Value {
    let criteria = format!("cpe:2.3:a:{product}:{product}:*:*:*:*:*:*:*:*");
    json!({"cve": {
        "id": id,
        "published": "2024-01-01T00:00:00.000",
        "lastModified": modified,
        "vulnStatus": "Analyzed",
        "configurations": [{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [
            {"vulnerable": true, "criteria": criteria, "versionEndExcluding": fixed}
        ]}]}]
    }})
}

/// A page of NVD.
pub(crate) fn page(records: &[Value]) -> String {
    json!({"resultsPerPage": records.len(), "totalResults": records.len(), "format": "NVD_CVE",
        "version": "2.0", "vulnerabilities": records})
    .to_string()
}

/// A security database of a branch: `PACKAGE VERSION ID…` for each fix.
pub(crate) fn secdb(branch: &str, fixes: &[&str]) -> String {
    let mut packages: std::collections::BTreeMap<&str, serde_json::Map<String, Value>> =
        std::collections::BTreeMap::new();
    for fix in fixes {
        let mut words = fix.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        let ids: Vec<&str> = words.collect();
        packages
            .entry(name)
            .or_default()
            .insert(version.to_owned(), json!(ids));
    }
    let packages: Vec<Value> = packages
        .into_iter()
        .map(|(name, secfixes)| json!({"pkg": {"name": name, "secfixes": secfixes}}))
        .collect();
    json!({"distroversion": branch, "reponame": "main", "packages": packages}).to_string()
}

/// A record of OSV for a package of Alpine.
pub(crate) fn osv(id: &str, aliases: &[&str], branch: &str, package: &str, fixed: &str) -> Value {
    json!({
        "id": id, "modified": "2024-01-01T00:00:00Z", "aliases": aliases,
        "affected": [{
            "package": {"ecosystem": format!("Alpine:{branch}"), "name": package},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
        }]
    })
}
