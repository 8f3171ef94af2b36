//! Where everything comes from.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::{FeedSummary, FeedsView, ImportSummaryView, ImportView, RejectView};

use super::{Address, Frame};
use crate::components::{Moment, Pager};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::words::number;

/// Rejects of a page.
const REJECTS: usize = 200;

#[derive(Template)]
#[template(path = "feeds.html")]
struct Page {
    frame: Frame,
    kinds: Vec<KindLine>,
    imports: Vec<ImportLine>,
}

/// The feeds of one format.
struct KindLine {
    kind: String,
    about: &'static str,
    records: String,
    imported: Option<Moment>,
    as_of: Option<Moment>,
    scopes: Vec<ScopeLine>,
}

struct ScopeLine {
    scope: String,
    records: String,
    imported: Option<Moment>,
    as_of: Option<Moment>,
}

/// An import in a table.
pub(crate) struct ImportLine {
    pub(crate) time: Moment,
    pub(crate) kind: String,
    pub(crate) document: String,
    pub(crate) about: String,
    pub(crate) remark: Option<String>,
    pub(crate) records: String,
    pub(crate) added: String,
    pub(crate) changed: String,
    pub(crate) withdrawn: String,
    pub(crate) rejected: String,
    pub(crate) address: String,
    pub(crate) has_rejects: bool,
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    frame: Frame,
    import: ImportLine,
    rejects: Vec<RejectLine>,
    pager: Pager,
}

struct RejectLine {
    what: &'static str,
    document: String,
    place: String,
    record: String,
    reason: String,
}

pub(crate) async fn page(
    State(views): State<Views>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let view = views.feeds().await?;
    let json = wanted.json_address.clone();
    wanted.answer(&view, |view: &FeedsView| Page {
        frame: Frame::of("Feeds", "feeds", Some(json)),
        kinds: kinds(&view.feeds),
        imports: view.imports.iter().map(ImportLine::of).collect(),
    })
}

pub(crate) async fn import(
    State(views): State<Views>,
    Path(number): Path<String>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let unknown = || WebError::NotFound("there is no such import".to_owned());
    let number: i64 = number.parse().map_err(|_| unknown())?;
    let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
    parameters.finish()?;
    let view = views
        .import(number, REJECTS, offset)
        .await?
        .ok_or_else(unknown)?;
    let json = wanted.json_address.clone();
    wanted.answer(&view, |view| ImportPage::of(view, json))
}

impl ImportPage {
    fn of(view: &ImportView, json: String) -> Self {
        let address = Address::of(format!("/feeds/import/{}", view.import.number));
        let part = |offset: usize| {
            let offset = (offset > 0).then(|| offset.to_string());
            address.clone().with("offset", offset.as_deref()).text()
        };
        let total = usize::try_from(view.import.rejected).unwrap_or(0);
        let title = format!("Import {}", view.import.number);
        Self {
            frame: Frame::of(title, "feeds", Some(json)),
            import: ImportLine::of(&view.import),
            rejects: view.rejects.iter().map(RejectLine::of).collect(),
            pager: Pager::of(view.offset, view.rejects.len(), total, REJECTS, part),
        }
    }
}

impl RejectLine {
    fn of(reject: &RejectView) -> Self {
        Self {
            what: if reject.mended {
                "Mended"
            } else {
                "Passed over"
            },
            document: reject.document.clone(),
            place: reject.place.clone(),
            record: reject.record.clone().unwrap_or_default(),
            reason: reject.reason.clone(),
        }
    }
}

impl ImportLine {
    pub(crate) fn of(import: &ImportSummaryView) -> Self {
        Self {
            time: Moment::minute(import.time),
            kind: import.kind.clone(),
            document: import.document.clone(),
            about: import.about.clone(),
            remark: import.remark.clone(),
            records: number(import.records),
            added: number(import.added),
            changed: number(import.changed),
            withdrawn: number(import.withdrawn),
            rejected: number(import.rejected),
            address: format!("/feeds/import/{}", import.number),
            has_rejects: import.rejected > 0,
        }
    }
}

fn kinds(feeds: &[FeedSummary]) -> Vec<KindLine> {
    let mut by_kind: BTreeMap<&str, Vec<&FeedSummary>> = BTreeMap::new();
    for feed in feeds {
        by_kind.entry(&feed.kind).or_default().push(feed);
    }
    by_kind
        .into_iter()
        .map(|(kind, feeds)| KindLine::of(kind, &feeds))
        .collect()
}

impl KindLine {
    fn of(kind: &str, feeds: &[&FeedSummary]) -> Self {
        let scopes: Vec<ScopeLine> = feeds
            .iter()
            .filter(|feed| !feed.scope.is_empty())
            .map(|feed| ScopeLine::of(feed))
            .collect();
        Self {
            kind: kind.to_owned(),
            about: about(kind),
            records: number(feeds.iter().map(|feed| feed.records).sum::<i64>()),
            imported: feeds
                .iter()
                .filter_map(|feed| feed.imported_at)
                .max()
                .map(Moment::minute),
            as_of: feeds
                .iter()
                .filter_map(|feed| feed.as_of)
                .max()
                .map(Moment::minute),
            scopes,
        }
    }
}

impl ScopeLine {
    fn of(feed: &FeedSummary) -> Self {
        Self {
            scope: feed.scope.clone(),
            records: number(feed.records),
            imported: feed.imported_at.map(Moment::minute),
            as_of: feed.as_of.map(Moment::minute),
        }
    }
}

fn about(kind: &str) -> &'static str {
    match kind {
        "nvd" => "National Vulnerability Database of NIST",
        "cve5" => "CVE List: the records of the CVE programme",
        "osv" => "Open Source Vulnerability records",
        "secdb" => "Alpine's security database: which versions of its packages have which fixes",
        "apkbuild" => "Fixes noted in Alpine's build files",
        "rejections" => "What Alpine's maintainers say does not concern their packages",
        "debian_tracker" => "Debian's security tracker: each issue in each release",
        "debsecan" => "Debian's security tracker, as debsecan fetches it for a suite",
        "wolfi" => "Advisories of Wolfi and Chainguard, with what was judged and why",
        "avg" => "Groups of issues in Arch Linux's security tracker",
        "rustsec" => "RustSec's advisories on crates",
        "csaf" => "CSAF documents: what suppliers say of their products",
        "openvex" => "OpenVEX documents: what suppliers say of their products",
        "kev" => "CISA's catalogue of known exploited vulnerabilities",
        _ => "",
    }
}
