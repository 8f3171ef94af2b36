//! The open findings of a branch, filtered by what stands in the address.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_model::{BranchName, Confidence, Level};
use palisade_tracker::Views;
use palisade_tracker::views::{
    BranchView, FindingFilter, FindingQuery, LevelFilter, Sort, StatusFilter,
};
use serde::Serialize;

use super::branches::RepositoryLine;
use super::{Address, Choice, Frame, choices};
use crate::components::{Count, FindingRow, Findings, Pager, RevisionLine, level_counts};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::{Format, Wanted};
use crate::words::{branch_address, number, short_revision};

/// Findings of a page, and of one for programs, unless asked otherwise.
const LIMITS: (usize, usize) = (50, 200);

/// Findings at the most.
const MOST: usize = 1000;

const STATUSES: [(&str, StatusFilter); 3] = [
    ("affected", StatusFilter::Affected),
    ("under_investigation", StatusFilter::UnderInvestigation),
    ("open", StatusFilter::Open),
];
const LEVELS: [(&str, Level); 4] = [
    ("low", Level::Low),
    ("medium", Level::Medium),
    ("high", Level::High),
    ("critical", Level::Critical),
];
const EXACT_LEVELS: [(&str, LevelFilter); 5] = [
    ("critical", LevelFilter::Critical),
    ("high", LevelFilter::High),
    ("medium", LevelFilter::Medium),
    ("low", LevelFilter::Low),
    ("unrated", LevelFilter::Unrated),
];
const CONFIDENCES: [(&str, Confidence); 3] = [
    ("possible", Confidence::Possible),
    ("likely", Confidence::Likely),
    ("certain", Confidence::Certain),
];
const SORTS: [(&str, Sort); 4] = [
    ("score", Sort::Score),
    ("epss", Sort::Epss),
    ("package", Sort::Package),
    ("newest", Sort::Newest),
];

/// What was asked, as it stands in the address.
struct Asked {
    query: FindingQuery,
    revision: Option<String>,
    address: Address,
    status: Option<String>,
    minimum_level: Option<String>,
    level: Option<String>,
    confidence: Option<String>,
    sort: Option<String>,
}

#[derive(Template)]
#[template(path = "branch.html")]
struct Page {
    frame: Frame,
    name: String,
    address: String,
    revision: Option<RevisionLine>,
    revision_name: String,
    repositories: Vec<RepositoryLine>,
    revisions: Vec<(RevisionLine, String)>,
    statuses: Vec<Count>,
    levels: Vec<Count>,
    exploited_count: Count,
    level: String,
    text: String,
    package: String,
    status_choices: Vec<Choice>,
    level_choices: Vec<Choice>,
    confidence_choices: Vec<Choice>,
    sort_choices: Vec<Choice>,
    exploited: bool,
    fixable: bool,
    filtered: bool,
    findings: Findings,
    pager: Pager,
}

/// A view with the address of what follows.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    view: BranchView,
    next: Option<String>,
}

pub(crate) async fn page(
    State(views): State<Views>,
    Path((distribution, branch)): Path<(String, String)>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    let unknown = || WebError::NotFound("there is no such branch or revision".to_owned());
    let distribution = super::distribution(&distribution)?;
    let branch = BranchName::new(distribution, &branch).map_err(|_| unknown())?;
    let asked = Asked::of(parameters, &branch, wanted.format)?;
    let view = views
        .branch(&branch, asked.revision.as_deref(), &asked.query)
        .await?;
    let view = view.ok_or_else(unknown)?;
    let end = view.offset + view.findings.len();
    let next = (end < view.total && !view.findings.is_empty()).then(|| {
        asked
            .address
            .clone()
            .with("offset", Some(&end.to_string()))
            .text()
    });
    let json = wanted.json_address.clone();
    let answer = Answer { view, next };
    wanted.answer(&answer, |answer| Page::of(&answer.view, &asked, json))
}

impl Asked {
    fn of(
        mut parameters: Parameters,
        branch: &BranchName,
        format: Format,
    ) -> Result<Self, WebError> {
        let (mut address, mut filter) = (
            Address::of(branch_address(branch)),
            FindingFilter::default(),
        );
        let revision = parameters.text("revision")?;
        filter.text = parameters.text("q")?;
        filter.package = parameters.text("package")?;
        let status = parameters.choice("status", &STATUSES)?;
        filter.minimum_level = parameters.choice("minimum_level", &LEVELS)?;
        filter.level = parameters.choice("level", &EXACT_LEVELS)?;
        filter.minimum_confidence = parameters.choice("confidence", &CONFIDENCES)?;
        filter.exploited = parameters.choice("exploited", &[("yes", ())])?.is_some();
        filter.fixable = parameters.choice("fixable", &[("yes", ())])?.is_some();
        let sort = parameters.choice("sort", &SORTS)?;
        let usual = if format == Format::Html {
            LIMITS.0
        } else {
            LIMITS.1
        };
        let limit = parameters.number("limit", 1..=MOST)?;
        let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
        parameters.finish()?;
        filter.status = status.unwrap_or_default();
        let status = status.map(|status| word(&STATUSES, &status));
        let minimum_level = filter.minimum_level.map(|level| word(&LEVELS, &level));
        let level = filter.level.map(|level| word(&EXACT_LEVELS, &level));
        let confidence = filter.minimum_confidence.map(|it| word(&CONFIDENCES, &it));
        let sort_word = sort.map(|sort| word(&SORTS, &sort));
        let yes = |flag: bool| flag.then_some("yes");
        let limit_text = limit.map(|limit| limit.to_string());
        address = address
            .with("revision", revision.as_deref())
            .with("status", status.as_deref())
            .with("minimum_level", minimum_level.as_deref())
            .with("level", level.as_deref())
            .with("confidence", confidence.as_deref())
            .with("exploited", yes(filter.exploited))
            .with("fixable", yes(filter.fixable))
            .with("package", filter.package.as_deref())
            .with("q", filter.text.as_deref())
            .with("sort", sort_word.as_deref())
            .with("limit", limit_text.as_deref());
        let limit = limit.unwrap_or(usual);
        let query = FindingQuery {
            filter,
            sort: sort.unwrap_or_default(),
            limit,
            offset,
        };
        Ok(Self {
            query,
            revision,
            address,
            status,
            minimum_level,
            level,
            confidence,
            sort: sort_word,
        })
    }

    fn is_filtered(&self) -> bool {
        let FindingFilter {
            exploited,
            fixable,
            package,
            text,
            ..
        } = &self.query.filter;
        let words = [
            &self.status,
            &self.minimum_level,
            &self.level,
            &self.confidence,
        ];
        *exploited
            || *fixable
            || package.is_some()
            || text.is_some()
            || words.iter().any(|word| word.is_some())
    }
}

fn word<T: PartialEq>(words: &[(&str, T)], value: &T) -> String {
    words
        .iter()
        .find(|(_, known)| known == value)
        .map(|(word, _)| (*word).to_owned())
        .unwrap_or_default()
}

impl Page {
    fn of(view: &BranchView, asked: &Asked, json: String) -> Self {
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
            let current = asked.level.as_deref() == Some(level);
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
        let offset = view.offset;
        let shown = view.findings.len();
        Self {
            frame: Frame::of(title, "branches", Some(json)),
            findings: Findings {
                caption: format!("Open findings of {name}"),
                rows: FindingRow::all(&view.findings),
                branches: false,
                states: filter.status != StatusFilter::Affected,
            },
            name,
            address: plain.text(),
            revision: view.revision.as_ref().map(RevisionLine::of),
            revision_name: asked.revision.clone().unwrap_or_default(),
            repositories: view.repositories.iter().map(RepositoryLine::of).collect(),
            revisions: revisions.collect(),
            statuses: statuses(view, asked),
            levels: level_counts(&view.levels, asked.level.as_deref(), level_address),
            exploited_count: Count {
                label: "Known to be exploited".to_owned(),
                number: number(view.counts.exploited),
                address: plain.clone().with("exploited", Some("yes")).text(),
                class: "exploited",
                current: filter.exploited,
            },
            level: asked.level.clone().unwrap_or_default(),
            text: filter.text.clone().unwrap_or_default(),
            package: filter.package.clone().unwrap_or_default(),
            status_choices: choices(&STATUS_LABELS, asked.status.as_deref().or(Some("affected"))),
            level_choices: choices(&LEVEL_LABELS, asked.minimum_level.as_deref()),
            confidence_choices: choices(&CONFIDENCE_LABELS, asked.confidence.as_deref()),
            sort_choices: choices(&SORT_LABELS, asked.sort.as_deref().or(Some("score"))),
            exploited: filter.exploited,
            fixable: filter.fixable,
            filtered: asked.is_filtered(),
            pager: Pager::of(offset, shown, view.total, asked.query.limit, part),
        }
    }
}

const STATUS_LABELS: [(&str, &str); 3] = [
    ("affected", "Affected"),
    ("under_investigation", "Under investigation"),
    ("open", "Both"),
];
const LEVEL_LABELS: [(&str, &str); 5] = [
    ("", "Any"),
    ("low", "Low or worse"),
    ("medium", "Medium or worse"),
    ("high", "High or worse"),
    ("critical", "Critical"),
];
const CONFIDENCE_LABELS: [(&str, &str); 4] = [
    ("", "Any"),
    ("possible", "Possible or better"),
    ("likely", "Likely or better"),
    ("certain", "Certain"),
];
const SORT_LABELS: [(&str, &str); 4] = [
    ("score", "Worst score"),
    ("epss", "Most probably exploited"),
    ("package", "Package"),
    ("newest", "Newest"),
];

fn statuses(view: &BranchView, asked: &Asked) -> Vec<Count> {
    let of = |value: &'static str, label: &str, class, count: usize| Count {
        label: label.to_owned(),
        number: number(count),
        address: asked.address.clone().with("status", Some(value)).text(),
        class,
        current: asked.status.as_deref().unwrap_or("affected") == value,
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
