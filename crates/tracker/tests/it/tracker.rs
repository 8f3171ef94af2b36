//! A database with a few short ways to import into it and ask of it; and matching without one.

use std::convert::Infallible;
use std::sync::Arc;

use palisade_formats::Reject;
use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::{BranchName, Distribution, Evidence, Inventory, Timestamp, VerdictStatus};
use palisade_store::{Content, OpenFinding};
use palisade_tracker::{
    Document, FeedImport, ImportSummary, InventoryImport, MatchRow, Matcher, NoProgress, Store,
    TrackerError, Views, import_epss, import_feed, import_inventory, read_inventory,
};
use tempfile::TempDir;

/// When everything is imported, in microseconds.
const NOW: i64 = 1_800_000_000_000_000;

/// That as a time.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_microsecond(NOW).unwrap()
}

/// A new database in a folder that goes with it.
pub(crate) struct Tracker {
    pub(crate) store: Store,
    pub(crate) views: Views,
    folder: TempDir,
}

impl Tracker {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.sqlite");
        let store = Store::open(path.to_str().unwrap()).await.unwrap();
        let views = Views::new(store.clone());
        Self {
            store,
            views,
            folder,
        }
    }

    fn document(&self, name: &str, text: &str) -> Document {
        let path = self.folder.path().join(name);
        fs_err::write(&path, text).unwrap();
        Document::of(&path)
    }

    /// Imports a document of a feed in which every record is good.
    pub(crate) async fn feed(&self, kind: FeedKind, text: &str) -> ImportSummary {
        let (summary, rejects) = self.try_feed(kind, text).await.unwrap();
        assert_eq!(rejects, [""; 0]);
        summary
    }

    /// Imports a document of a feed; also returns what is said of its bad records.
    pub(crate) async fn try_feed(
        &self,
        kind: FeedKind,
        text: &str,
    ) -> Result<(ImportSummary, Vec<String>), TrackerError> {
        let import = FeedImport {
            kind,
            document: self.document("feed.json", text),
            context: FeedContext::default(),
            believe: false,
            now: NOW,
        };
        let (summary, rejects) = import_feed(&self.store, import, Arc::new(NoProgress)).await?;
        Ok((summary, rejects.iter().map(Reject::to_string).collect()))
    }

    pub(crate) async fn epss(&self, text: &str) -> ImportSummary {
        let document = self.document("epss.csv", text);
        let (summary, rejects) = import_epss(&self.store, document, NOW).await.unwrap();
        assert_eq!(rejects, []);
        summary
    }

    /// Imports packages as the state of a branch at a second, under a name such as `r1000`.
    pub(crate) async fn inventory(&self, branch: &str, second: i64, text: &str) -> ImportSummary {
        self.try_inventory(branch, second, text).await.unwrap()
    }

    pub(crate) async fn try_inventory(
        &self,
        branch: &str,
        second: i64,
        text: &str,
    ) -> Result<ImportSummary, TrackerError> {
        self.state(branch, second, Some(format!("r{second}")), text)
            .await
    }

    /// Imports the state of a branch that has no name of its own.
    pub(crate) async fn nameless_inventory(&self, branch: &str, second: i64, text: &str) {
        self.state(branch, second, None, text).await.unwrap();
    }

    /// Imports an inventory that tells by itself of which branches it is.
    pub(crate) async fn bill(&self, kind: InventoryKind, text: &str) {
        let import = InventoryImport {
            revision: Some("r1000".to_owned()),
            time: Some(Timestamp::from_second(1000).unwrap()),
            ..inventory_import(kind, self.document("bill", text))
        };
        self.import(import).await.unwrap();
    }

    async fn state(
        &self,
        branch: &str,
        second: i64,
        revision: Option<String>,
        text: &str,
    ) -> Result<ImportSummary, TrackerError> {
        let (kind, repository) = match branch.split_once('/').unwrap().0 {
            "alpine" => (InventoryKind::Apkindex, Some("main".to_owned())),
            _ => (InventoryKind::GuixInventory, None),
        };
        let import = InventoryImport {
            branch: Some(branch.parse().unwrap()),
            repository,
            revision,
            time: Some(Timestamp::from_second(second).unwrap()),
            ..inventory_import(kind, self.document("packages", text))
        };
        self.import(import).await
    }

    async fn import(&self, import: InventoryImport) -> Result<ImportSummary, TrackerError> {
        let (summary, rejects) =
            import_inventory(&self.store, import, Arc::new(NoProgress)).await?;
        assert_eq!(rejects, []);
        Ok(summary)
    }

    /// All that is stored but for the imports, which are listed one by one whatever they change.
    pub(crate) async fn content(&self) -> Content {
        let mut session = self.store.read().await.unwrap();
        let content = session.content().await.unwrap();
        content.without(&["import", "import_reject"])
    }

    /// The findings, one a line: `BRANCH PACKAGE VERSION VULNERABILITY: STATUS`; those of packages
    /// that have left the branch have a `-` in front.
    pub(crate) async fn findings(&self) -> Vec<String> {
        let content = self.content().await;
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

    /// What is open on a branch: `VULNERABILITY PACKAGE VERSION STATUS`, sorted.
    pub(crate) async fn open_findings(&self, branch: &str) -> Vec<String> {
        let mut session = self.store.read().await.unwrap();
        let branches = session.branches().await.unwrap();
        let (id, _, _) = branches
            .into_iter()
            .find(|(_, distribution, name)| format!("{distribution}/{name}") == branch)
            .unwrap();
        let open = session.named_open_findings(id).await.unwrap();
        open.into_iter().map(open_finding).collect()
    }

    /// The names of the stored records of feeds.
    pub(crate) async fn advisories(&self) -> Vec<String> {
        let lines = &self.content().await.tables["advisory"];
        lines.iter().map(|line| fields(line)[2].clone()).collect()
    }

    /// What the events tell of findings, in no order.
    pub(crate) async fn events(&self) -> Vec<String> {
        let lines = &self.content().await.tables["event"];
        let events = lines.iter().map(|line| fields(line));
        let of_findings = events.filter(|event| event[0].starts_with("finding"));
        of_findings
            .map(|event| format!("{}: {}", event[0], event[5]))
            .collect()
    }
}

fn open_finding(finding: OpenFinding) -> String {
    let OpenFinding {
        vulnerability,
        package,
        version,
        ..
    } = finding;
    let status = match finding.status {
        0 => "affected",
        _ => "under investigation",
    };
    format!("{vulnerability} {package} {version} {status}")
}

fn fields(line: &str) -> Vec<String> {
    line.split(" | ")
        .map(|field| field.trim_matches('"').to_owned())
        .collect()
}

/// Reads an inventory without storing it.
pub(crate) fn read(kind: InventoryKind, text: &str) -> (Inventory, Vec<Reject>) {
    let mut rejects = Vec::new();
    let import = inventory_import(kind, in_memory(text));
    let inventory = read_inventory(&import, &mut |reject| rejects.push(reject)).unwrap();
    (inventory, rejects)
}

/// Matches an inventory against feeds, without a database.
pub(crate) fn matches(
    kind: InventoryKind,
    packages: &str,
    feeds: &[(FeedKind, String)],
) -> Vec<MatchRow> {
    let import = inventory_import(kind, in_memory(packages));
    matches_of(&import, feeds)
}

/// The same for an inventory that does not say of which branch it is.
pub(crate) fn matches_on(
    branch: &str,
    kind: InventoryKind,
    packages: &str,
    feeds: &[(FeedKind, String)],
) -> Vec<MatchRow> {
    let import = InventoryImport {
        branch: Some(branch.parse().unwrap()),
        ..inventory_import(kind, in_memory(packages))
    };
    matches_of(&import, feeds)
}

fn matches_of(import: &InventoryImport, feeds: &[(FeedKind, String)]) -> Vec<MatchRow> {
    let inventory = read_inventory(import, &mut |reject| panic!("{reject}")).unwrap();
    let head = &inventory.head;
    let distribution: Distribution = head.distribution.as_deref().unwrap().parse().unwrap();
    let given = import.branch.as_ref().map(BranchName::name);
    let mut matcher = Matcher::default();
    matcher.add_inventory(&inventory, &distribution, given.or(head.branch.as_deref()));
    for (kind, text) in feeds {
        let context = FeedContext::default();
        let refuse = &mut |reject| panic!("{reject}");
        matcher
            .read_feed(*kind, &in_memory(text), &context, refuse)
            .unwrap();
    }
    let mut rows = Vec::new();
    let collected: Result<(), Infallible> = matcher.matches(|row| {
        rows.push(row);
        Ok(())
    });
    collected.unwrap();
    rows
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

/// What evidence says, step by step.
pub(crate) fn says(evidence: &Evidence) -> Vec<&str> {
    let steps = evidence.0.iter();
    steps.map(|step| step.says.as_str()).collect()
}

pub(crate) fn in_memory(text: &str) -> Document {
    Document::Memory {
        name: "made up".to_owned(),
        bytes: text.as_bytes().to_vec().into(),
    }
}

/// An import of a document of which nothing else is known.
pub(crate) fn inventory_import(kind: InventoryKind, document: Document) -> InventoryImport {
    InventoryImport {
        kind,
        document,
        branch: None,
        repository: None,
        architecture: None,
        signed_by: None,
        revision: None,
        time: None,
        present: None,
        keys: Vec::new(),
        require_signature: false,
        believe: false,
        now: now(),
    }
}
