//! The sample of the folder `demo`, in the order in which it is loaded: what is known of
//! vulnerabilities first, then the revisions of each branch from the oldest on.

use std::borrow::Cow;

use palisade_formats::feed::FeedKind;
use palisade_formats::inventory::InventoryKind;
use palisade_tracker::{Document, Input, Kind};

/// A file of the sample.
pub(super) struct Part {
    /// What it is called while it is loaded.
    pub(super) title: &'static str,
    pub(super) input: Input,
}

/// What is counted in a document.
pub(super) fn unit(kind: Kind) -> &'static str {
    match kind {
        Kind::Feed(FeedKind::Secdb) => "fixes",
        Kind::Feed(_) => "records",
        Kind::Epss => "scores",
        Kind::Inventory(_) => "packages",
    }
}

/// A file of the folder `demo` by its path in there, as it was when the program was built.
macro_rules! file {
    ($path:literal) => {
        Document::Memory {
            name: concat!("demo/", $path).to_owned(),
            bytes: Cow::Borrowed(include_bytes!(concat!("../../../../../demo/", $path))),
        }
    };
}

/// All parts, in the order in which they are loaded.
pub(super) fn parts() -> anyhow::Result<Vec<Part>> {
    Ok(vec![
        feed("NVD", FeedKind::Nvd, file!("nvd.json")),
        feed("CVE records", FeedKind::Cve5, file!("cve5.json")),
        feed("OSV", FeedKind::Osv, file!("osv.json")),
        feed(
            "Alpine v3.17 secdb",
            FeedKind::Secdb,
            file!("alpine/secdb-v3.17-main.json"),
        ),
        feed(
            "Alpine edge secdb",
            FeedKind::Secdb,
            file!("alpine/secdb-edge-main.json"),
        ),
        feed(
            "known exploited vulnerabilities",
            FeedKind::Kev,
            file!("kev.json"),
        ),
        part("EPSS", Kind::Epss, file!("epss.csv")),
        alpine(
            "Alpine v3.17 in May 2023",
            file!("alpine/v3.17-main-2023-05-27.APKINDEX"),
        )
        .at("alpine/v3.17", "2023-05-27")?,
        alpine(
            "Alpine v3.17 in November 2024",
            file!("alpine/v3.17-main-2024-11-22.APKINDEX"),
        )
        .at("alpine/v3.17", "2024-11-22")?,
        alpine(
            "Alpine edge in August 2026",
            file!("alpine/edge-main-2026-08-22.APKINDEX"),
        )
        .at("alpine/edge", "2026-08-22")?,
        guix("Guix in July 2024", file!("guix/2024-07-14.jsonl")),
        guix("Guix in January 2026", file!("guix/2026-01-21.jsonl")),
        guix("Guix in February 2026", file!("guix/2026-02-20.jsonl")),
        part(
            "Debian 12",
            Kind::Inventory(InventoryKind::Dpkg),
            file!("debian/status"),
        )
        .at("debian/12", "2023-07-22")?,
    ])
}

fn part(title: &'static str, kind: Kind, document: Document) -> Part {
    let input = Input::new(kind, document);
    Part { title, input }
}

fn feed(title: &'static str, kind: FeedKind, document: Document) -> Part {
    part(title, Kind::Feed(kind), document)
}

fn guix(title: &'static str, document: Document) -> Part {
    part(
        title,
        Kind::Inventory(InventoryKind::GuixInventory),
        document,
    )
}

fn alpine(title: &'static str, document: Document) -> Part {
    let mut part = part(title, Kind::Inventory(InventoryKind::Apkindex), document);
    part.input.repository = Some("main".to_owned());
    part
}

impl Part {
    /// Says of which branch and day an inventory is that does not say so itself.
    fn at(mut self, branch: &str, day: &str) -> anyhow::Result<Self> {
        self.input.branch = Some(branch.parse()?);
        self.input.revision = Some(day.to_owned());
        self.input.time = Some(format!("{day}T00:00:00Z").parse()?);
        Ok(self)
    }
}
