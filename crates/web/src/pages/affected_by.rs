//! Who uses a package of a branch: those that get its graft, or are touched by what is open in it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::{
    AffectedByAnswer, AffectedByView, DependentView, PassedOn, TouchingPackage,
};

use super::{Address, Frame, grafts};
use crate::components::RevisionLine;
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::table::Table;
use crate::words::{affected_by_address, branch_address, grafts_address, number, package_address};

/// Dependents of each package on a page, and in an answer for programs, unless asked otherwise.
const LIMITS: (usize, usize) = (100, 1000);

/// Dependents of each package at the most: more than any distribution has.
const MOST: usize = 200_000;

#[derive(Template)]
#[template(path = "affected_by.html")]
struct Page {
    frame: Frame,
    name: String,
    branch: String,
    branch_address: String,
    grafts_address: String,
    revision: RevisionLine,
    is_present: bool,
    implicit_inputs: bool,
    packages: Vec<Package>,
}

struct Package {
    name: String,
    version: String,
    address: String,
    says: String,
    graft: Option<Graft>,
    insufficient: bool,
    all: String,
    direct: String,
    build_only: String,
    rows: Vec<Row>,
    more: Option<(String, String)>,
}

struct Graft {
    version: String,
    since: Option<RevisionLine>,
    names: String,
    fixes: String,
}

struct Row {
    name: String,
    version: String,
    address: String,
    distance: u32,
    build_only: bool,
    way: String,
}

pub(crate) async fn page(
    State(views): State<Views>,
    Path((distribution, branch, package)): Path<(String, String, String)>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let revision = parameters.text("revision")?;
    let version = parameters.text("version")?;
    let limit = parameters.number("limit", 1..=MOST)?;
    parameters.finish()?;
    let state = grafts::state(&distribution, &branch, revision.as_deref())?;
    let usual = match wanted.format {
        Format::Html => LIMITS.0,
        Format::Csv => MOST,
        Format::Json | Format::Atom | Format::Markdown | Format::Lines => LIMITS.1,
    };
    let limit = limit.unwrap_or(usual);
    let named = (package.as_str(), version.as_deref());
    let view = match views.affected_by(&state, named, limit).await? {
        AffectedByAnswer::Unknown(unknown) => return Err(WebError::NotFound(unknown.reason)),
        AffectedByAnswer::Found(view) => view,
    };
    wanted.answer_table(&*view, |view| Page::of(view, &wanted), table)
}

impl Page {
    fn of(view: &AffectedByView, wanted: &Wanted) -> Self {
        let branch = view.branch.to_string();
        let title = format!("Who uses {} on {branch}", view.package);
        let mut frame = Frame::of(title, "branches", Some(wanted.json_address.clone()));
        frame.csv = Some(wanted.csv_address.clone());
        let at = (!view.is_present).then_some(view.revision.name.as_str());
        Self {
            frame,
            name: view.package.clone(),
            branch,
            branch_address: branch_address(&view.branch),
            grafts_address: grafts_address(&view.branch, at),
            revision: RevisionLine::of(&view.revision),
            is_present: view.is_present,
            implicit_inputs: view.implicit_inputs,
            packages: view
                .packages
                .iter()
                .map(|it| Package::of(it, view, at))
                .collect(),
        }
    }
}

impl Package {
    fn of(it: &TouchingPackage, view: &AffectedByView, at: Option<&str>) -> Self {
        let distribution = view.branch.distribution().as_str();
        let more = it.reach.all.saturating_sub(it.dependents.len());
        let all = Address::of(affected_by_address(&view.branch, &it.name, None))
            .with("revision", at)
            .with("version", Some(&it.version))
            .with("limit", Some(&MOST.to_string()));
        Self {
            name: it.name.clone(),
            version: it.version.clone(),
            address: package_address(distribution, &it.source_package),
            says: it.says.clone(),
            graft: it.graft.as_ref().map(Graft::of),
            insufficient: it.graft.is_some() && it.affected > 0,
            all: number(it.reach.all),
            direct: number(it.reach.direct),
            build_only: number(it.reach.build_only),
            rows: it
                .dependents
                .iter()
                .map(|it| Row::of(it, distribution))
                .collect(),
            more: (more > 0).then(|| (number(more), all.text())),
        }
    }
}

impl Graft {
    fn of(it: &PassedOn) -> Self {
        let fixes: Vec<&str> = it
            .fixes
            .iter()
            .map(|finding| finding.vulnerability.as_str())
            .collect();
        Self {
            version: it.version.clone(),
            since: it.since.as_ref().map(RevisionLine::since),
            names: it.names.join(", "),
            fixes: fixes.join(", "),
        }
    }
}

impl Row {
    fn of(it: &DependentView, distribution: &str) -> Self {
        Self {
            name: it.name.clone(),
            version: it.version.clone(),
            address: package_address(distribution, &it.name),
            distance: it.distance,
            build_only: it.build_only,
            way: it.path.join(" → "),
        }
    }
}

const HEAD: [&str; 7] = [
    "package",
    "version",
    "dependent",
    "dependent_version",
    "distance",
    "build_only",
    "path",
];

fn table(view: &AffectedByView) -> Table {
    let rows = view.packages.iter().flat_map(|package| {
        package.dependents.iter().map(|it| {
            vec![
                package.name.clone(),
                package.version.clone(),
                it.name.clone(),
                it.version.clone(),
                it.distance.to_string(),
                if it.build_only { "yes" } else { "no" }.to_owned(),
                it.path.join(" "),
            ]
        })
    });
    Table::new(&HEAD, rows.collect())
}
