//! The open findings of a branch, filtered by what stands in the address.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_model::{BranchName, Distribution};
use palisade_tracker::views::{BranchView, FindingItem, Sort, StatusFilter};
use serde::Serialize;
use utoipa::ToSchema;

use super::branch_query::Asked;
use super::branches::RepositoryLine;
use super::filter_form::FilterForm;
use super::{Address, Frame};
use crate::atom::{Entry, Feed};
use crate::components::{Count, EpssNote, FindingRow, Findings, Pager, RevisionLine, level_counts};
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::serve::Site;
use crate::table::Table;
use crate::words::{
    branch_address, branch_history_address, distribution_address, finding_address, grafts_address,
    maintainers_address, mistakes_address, number, short_revision,
};

/// Findings of a feed.
const FEED: usize = 100;

#[derive(Template)]
#[template(path = "branch.html")]
struct Page {
    frame: Frame,
    name: String,
    /// The page of the branch over time.
    history: String,
    distribution: String,
    distribution_address: String,
    address: String,
    revision: Option<RevisionLine>,
    revision_name: String,
    repositories: Vec<RepositoryLine>,
    revisions: Vec<(RevisionLine, String)>,
    /// Revisions with which the state that is shown may be compared, by their names in questions.
    earlier: Vec<(RevisionLine, String)>,
    compared: String,
    statuses: Vec<Count>,
    levels: Vec<Count>,
    exploited_count: Count,
    form: FilterForm,
    maintainers: Option<String>,
    /// The page of grafts, with how many there are.
    grafts: Option<(String, String)>,
    /// The page of what packagers wrote wrongly, where they write something that is read.
    mistakes: Option<String>,
    filtered: bool,
    epss: Option<EpssNote>,
    findings: Findings,
    pager: Pager,
}

/// A view with the address of what follows.
#[derive(Serialize, ToSchema)]
#[schema(as = BranchAnswer)]
pub(crate) struct Answer {
    #[serde(flatten)]
    view: BranchView,
    next: Option<String>,
}

pub(crate) async fn page(
    State(site): State<Site>,
    Path((distribution, branch)): Path<(String, String)>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    let unknown = || WebError::NotFound("there is no such branch or revision".to_owned());
    let distribution = super::distribution(&distribution)?;
    let branch = BranchName::new(distribution, &branch).map_err(|_| unknown())?;
    let mut asked = Asked::of(parameters, &branch, wanted.format)?;
    if wanted.format == Format::Atom {
        (asked.query.sort, asked.query.after) = (Sort::Newest, None);
        asked.query.limit = FEED;
    }
    let (revision, now) = (asked.revision.as_deref(), (site.clock)());
    let view = site.views.branch(&branch, revision, &asked.query, now);
    let view = view.await?;
    let view = view.ok_or_else(unknown)?;
    let next = view.cursor.as_ref().map(|cursor| {
        let address = asked.address.clone();
        address.with("after", Some(&cursor.to_string())).json()
    });
    let answer = Answer { view, next };
    wanted.answer_list(
        &answer,
        |answer| Page::of(&answer.view, &asked, &wanted),
        |answer| feed(&answer.view, &asked, &wanted),
        |answer| table(&answer.view),
        |answer| &answer.view.findings,
    )
}

fn feed(view: &BranchView, asked: &Asked, wanted: &Wanted) -> Feed {
    let entry = |item: &FindingItem| {
        let distribution = item.branch.distribution().as_str();
        let (package, version, branch) = (&item.package, &item.version, &item.branch);
        let title = format!("{} in {package} {version}", item.vulnerability);
        let score = item.score.as_ref().map_or_else(String::new, |score| {
            let (level, points, scorer) = (score.level.word(), score.score, &score.scorer);
            format!(" Score {points:.1} ({level}) by {scorer}.")
        });
        let heading = item.title.clone().unwrap_or_default();
        let status = item.status.label().replace('_', " ");
        Entry {
            key: format!(
                "finding/{branch}/{package}/{version}/{}",
                item.vulnerability
            ),
            title,
            time: item.first_seen,
            page: Some(finding_address(distribution, package, &item.vulnerability)),
            summary: format!("{branch}: {status}.{score} {heading}")
                .trim_end()
                .to_owned(),
        }
    };
    Feed {
        title: format!("Palisade: newest findings of {}", view.branch),
        address: wanted.atom_address.clone(),
        page: asked.address.text(),
        entries: view.findings.iter().map(entry).collect(),
    }
}

const HEAD: [&str; 19] = [
    "vulnerability",
    "title",
    "branch",
    "package",
    "version",
    "repository",
    "status",
    "confidence",
    "fixed_in",
    "score",
    "level",
    "cvss",
    "scorer",
    "exploited_since",
    "epss",
    "ssvc",
    "published",
    "maintainer",
    "first_seen",
];

fn table(view: &BranchView) -> Table {
    let row = |item: &FindingItem| {
        let score = item.score.as_ref();
        let given = |text: Option<String>| text.unwrap_or_default();
        vec![
            item.vulnerability.clone(),
            given(item.title.clone()),
            item.branch.to_string(),
            item.package.clone(),
            item.version.clone(),
            given(item.repository.clone()),
            item.status.label().to_owned(),
            item.confidence.label().to_owned(),
            given(item.fixed_in.clone()),
            given(score.map(|it| format!("{:.1}", it.score))),
            given(score.map(|it| it.level.word().to_owned())),
            given(score.map(|it| it.version.clone())),
            given(score.map(|it| it.scorer.clone())),
            given(item.exploited_since.clone()),
            given(item.epss.map(|it| it.to_string())),
            given(item.ssvc.clone()),
            given(item.published.map(|it| it.to_string())),
            given(item.maintainer.clone()),
            item.first_seen.to_string(),
        ]
    };
    Table::new(&HEAD, view.findings.iter().map(row).collect())
}

impl Page {
    fn of(view: &BranchView, asked: &Asked, wanted: &Wanted) -> Self {
        let filter = &asked.query.filter;
        let name = view.branch.to_string();
        let title = match &view.revision {
            Some(revision) => format!("{name} at {}", short_revision(&revision.name)),
            None => name.clone(),
        };
        let address = asked.address.clone();
        let part = |offset: usize| {
            let offset = (offset > 0).then(|| offset.to_string());
            address.clone().with("offset", offset.as_deref()).text()
        };
        let level_address = |level: &str| {
            let current = asked.level == Some(level);
            let level = (!current).then_some(level);
            address
                .clone()
                .with("minimum_level", None)
                .with("level", level)
                .text()
        };
        let plain = Address::of(branch_address(&view.branch));
        let revisions = view.revisions.iter().map(|revision| {
            let address = plain.clone().with("revision", Some(&revision.name)).text();
            (RevisionLine::of(revision), address)
        });
        let earlier = view.revisions.iter().filter(|it| {
            let shown = view.revision.as_ref().or(view.revisions.first());
            shown.is_some_and(|shown| it.time < shown.time)
        });
        let earlier = earlier.map(|it| (RevisionLine::of(it), format!("{name}@{}", it.name)));
        let compared = view.revision.as_ref();
        let compared = compared.map_or_else(|| name.clone(), |it| format!("{name}@{}", it.name));
        let earlier = earlier.collect();
        let offset = view.offset;
        let shown = view.findings.len();
        Self {
            frame: Frame::of(title, "branches", Some(wanted.json_address.clone()))
                .with_list(wanted),
            findings: Findings {
                caption: format!("Open findings of {name}"),
                rows: FindingRow::all(&view.findings),
                branches: false,
                states: filter.status != StatusFilter::Affected,
            },
            history: branch_history_address(&view.branch),
            name,
            distribution: view.branch.distribution().to_string(),
            distribution_address: distribution_address(view.branch.distribution().as_str()),
            address: plain.text(),
            revision: view.revision.as_ref().map(RevisionLine::of),
            revision_name: asked.revision.clone().unwrap_or_default(),
            repositories: view.repositories.iter().map(RepositoryLine::of).collect(),
            revisions: revisions.collect(),
            earlier,
            compared,
            statuses: statuses(view, asked),
            levels: level_counts(&view.levels, asked.level, level_address),
            exploited_count: Count {
                label: "Known to be exploited".to_owned(),
                number: number(view.counts.exploited),
                address: address.clone().with("exploited", Some("yes")).text(),
                class: "exploited",
                current: filter.exploited,
            },
            form: FilterForm::of(view, asked),
            maintainers: view
                .maintained
                .then(|| maintainers_address(view.branch.distribution().as_str())),
            grafts: (view.grafted_packages > 0 || view.branch.distribution().as_str() == "guix")
                .then(|| {
                    let address = grafts_address(&view.branch, asked.revision.as_deref());
                    (address, number(view.grafted_packages))
                }),
            mistakes: mistakes(view, asked),
            filtered: asked.is_filtered(),
            epss: view.epss.as_ref().map(EpssNote::of),
            pager: Pager::of(offset, shown, view.total, asked.query.limit, part),
        }
    }
}

fn mistakes(view: &BranchView, asked: &Asked) -> Option<String> {
    let distribution = view.branch.distribution();
    if *distribution != Distribution::guix() && *distribution != Distribution::alpine() {
        return None;
    }
    let address = Address::of(mistakes_address(&view.branch));
    Some(address.with("revision", asked.revision.as_deref()).text())
}

fn statuses(view: &BranchView, asked: &Asked) -> Vec<Count> {
    let of = |value: &'static str, label: &str, class, count: usize| Count {
        label: label.to_owned(),
        number: number(count),
        address: asked.address.clone().with("status", Some(value)).text(),
        class,
        current: asked.status.unwrap_or("affected") == value,
    };
    vec![
        of("affected", "Affected", "affected", view.affected),
        of(
            "under_investigation",
            "Under investigation",
            "open",
            view.under_investigation,
        ),
    ]
}
