//! Small inventories and feeds of our own, and what comes of them.

use std::sync::Arc;

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::{Distribution, Timestamp, VerdictStatus};
use palisade_tracker::{
    Document, FeedImport, InventoryImport, MatchRow, Matcher, NoProgress, Store, import_feed,
    import_inventory, read_inventory,
};
use serde_json::{Value, json};

/// A folder that goes away with the test.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> Document {
        let path = self.folder.path().join(name);
        fs_err::write(&path, content).unwrap();
        Document::of(&path)
    }

    pub(crate) async fn store(&self) -> Store {
        Store::open(self.folder.path().join("test.sqlite").to_str().unwrap())
            .await
            .unwrap()
    }

    /// Matches an inventory against feeds, without a database.
    pub(crate) fn matches(
        &self,
        (kind, inventory): (InventoryKind, &str),
        feeds: &[(FeedKind, String)],
    ) -> Vec<MatchRow> {
        let import = self.inventory(kind, inventory, "inventory", 0);
        self.matches_of(&import, feeds)
    }

    /// The same for an inventory that does not say of which branch it is.
    pub(crate) fn matches_on(
        &self,
        (kind, inventory): (InventoryKind, &str),
        branch: &str,
        feeds: &[(FeedKind, String)],
    ) -> Vec<MatchRow> {
        let mut import = self.inventory(kind, inventory, "inventory", 0);
        import.branch = Some(branch.parse().unwrap());
        self.matches_of(&import, feeds)
    }

    fn matches_of(&self, import: &InventoryImport, feeds: &[(FeedKind, String)]) -> Vec<MatchRow> {
        let read = read_inventory(import, &mut |reject| panic!("{reject}")).unwrap();
        let distribution: Distribution = read.head.distribution.clone().unwrap().parse().unwrap();
        let mut matcher = Matcher::default();
        let given = import.branch.as_ref().map(palisade_model::BranchName::name);
        matcher.add_inventory(&read, &distribution, given.or(read.head.branch.as_deref()));
        for (index, (kind, text)) in feeds.iter().enumerate() {
            let document = self.file(&format!("feed{index}.json"), text);
            let context = FeedContext::default();
            matcher
                .read_feed(*kind, &document, &context, &mut |reject| panic!("{reject}"))
                .unwrap();
        }
        let mut rows = Vec::new();
        matcher
            .matches(|row| {
                let _: () = rows.push(row);
                Ok::<_, ()>(())
            })
            .unwrap();
        rows
    }

    pub(crate) fn inventory(
        &self,
        kind: InventoryKind,
        text: &str,
        name: &str,
        second: i64,
    ) -> InventoryImport {
        let time = Timestamp::from_second(1_700_000_000 + second).unwrap();
        InventoryImport {
            kind,
            document: self.file(name, text),
            branch: None,
            repository: None,
            architecture: None,
            signed_by: None,
            revision: Some(name.to_owned()),
            time: Some(time),
            keys: Vec::new(),
            require_signature: false,
            believe: false,
            now: time,
        }
    }

    pub(crate) async fn import_feed(&self, store: &Store, kind: FeedKind, text: &str) {
        let document = self.file("feed.json", text);
        let import = FeedImport {
            kind,
            document,
            context: FeedContext::default(),
            believe: false,
            now: 1_800_000_000,
        };
        import_feed(store, import, Arc::new(NoProgress))
            .await
            .unwrap();
    }

    pub(crate) async fn import_inventory(&self, store: &Store, import: InventoryImport) {
        import_inventory(store, import, Arc::new(NoProgress))
            .await
            .unwrap();
    }
}

/// The status of a vulnerability in a package, if any is told.
pub(crate) fn status(
    rows: &[MatchRow],
    package: &str,
    vulnerability: &str,
) -> Option<VerdictStatus> {
    row(rows, package, vulnerability).map(|row| row.verdict)
}

pub(crate) fn row<'a>(
    rows: &'a [MatchRow],
    package: &str,
    vulnerability: &str,
) -> Option<&'a MatchRow> {
    rows.iter()
        .find(|row| row.package == package && row.vulnerability == vulnerability)
}

/// An Alpine index with packages `(name, version)`, each its own origin.
pub(crate) fn apkindex(packages: &[(&str, &str)]) -> String {
    let record = |(name, version): &(&str, &str)| {
        format!("C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:{name}\nV:{version}\nA:x86_64\no:{name}\n\n")
    };
    packages.iter().map(record).collect()
}

/// A record of NVD with one configuration for each list of nodes.
pub(crate) fn nvd(id: &str, configurations: &[Value]) -> String {
    let record = json!({"cve": {
        "id": id, "published": "2024-01-01T00:00:00.000", "lastModified": "2024-01-02T00:00:00.000",
        "vulnStatus": "Analyzed",
        "descriptions": [{"lang": "en", "value": "made for a test"}],
        "configurations": configurations,
    }});
    format!("{record}\n")
}

/// A configuration in which any of the given `cpeMatch` rows counts.
pub(crate) fn any_of(rows: &[Value]) -> Value {
    json!({"nodes": [{"operator": "OR", "negate": false, "cpeMatch": rows}]})
}

/// A row for all versions of a product before one.
pub(crate) fn before(cpe: &str, version: &str) -> Value {
    json!({"vulnerable": true, "criteria": cpe, "versionEndExcluding": version})
}

/// A secdb file of Alpine's v3.99 main.
pub(crate) fn secdb(packages: &Value) -> String {
    json!({
        "apkurl": "", "archs": ["x86_64"], "reponame": "main", "urlprefix": "",
        "distroversion": "v3.99", "packages": packages,
    })
    .to_string()
}

/// A secdb file with one package and its fixes.
pub(crate) fn fixes(package: &str, fixes: &Value) -> String {
    secdb(&json!([{"pkg": {"name": package, "secfixes": fixes}}]))
}

/// What is open on a branch: `VULNERABILITY PACKAGE VERSION STATUS`, sorted.
pub(crate) async fn open_findings(store: &Store, branch: &str) -> Vec<String> {
    let mut session = store.read().await.unwrap();
    let branches = session.branches().await.unwrap();
    let (id, _, _) = branches
        .into_iter()
        .find(|(_, distribution, name)| format!("{distribution}/{name}") == branch)
        .unwrap();
    let open = session.named_open_findings(id).await.unwrap();
    let status = |status| match status {
        0 => "affected",
        _ => "under investigation",
    };
    let line = |it: palisade_store::OpenFinding| {
        let status = status(it.status);
        format!(
            "{} {} {} {status}",
            it.vulnerability, it.package, it.version
        )
    };
    open.into_iter().map(line).collect()
}
