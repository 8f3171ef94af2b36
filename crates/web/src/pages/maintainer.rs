//! The packages of one maintainer, and those that nobody maintains.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::{MaintainedPackage, MaintainerView};

use super::branch_query::NOBODY;
use super::maintainers::MaintainerLine;
use super::{Address, Frame};
use crate::components::LevelMarks;
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::table::Table;
use crate::words::{branch_address, maintainers_address, number, package_address};

/// Packages of a page; the other forms have more.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "maintainer.html")]
struct Page {
    frame: Frame,
    name: Option<String>,
    distribution: String,
    maintainers_address: String,
    summary: MaintainerLine,
    branches: Vec<(String, String)>,
    packages: Vec<PackageLine>,
    /// Packages that nothing affects.
    quiet: Option<String>,
    named: bool,
    csv: String,
    more: Option<String>,
}

struct PackageLine {
    name: String,
    address: String,
    versions: Vec<(String, String)>,
    affected: String,
    exploited: bool,
    levels: LevelMarks,
}

pub(crate) async fn page(
    State(views): State<Views>,
    Path(distribution): Path<String>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let name = parameters.text("name")?;
    parameters.finish()?;
    let missing = || WebError::BadRequest("name says whose packages: ?name=…".to_owned());
    let name = name.ok_or_else(missing)?;
    answer(&views, &distribution, Some(&name), &wanted).await
}

pub(crate) async fn orphaned(
    State(views): State<Views>,
    Path(distribution): Path<String>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    answer(&views, &distribution, None, &wanted).await
}

async fn answer(
    views: &Views,
    distribution: &str,
    name: Option<&str>,
    wanted: &Wanted,
) -> Result<Response, WebError> {
    let distribution = super::distribution(distribution)?;
    let unknown = || {
        WebError::NotFound(match name {
            Some(_) => "nobody of that name maintains a package here".to_owned(),
            None => "no inventory of such a distribution is here".to_owned(),
        })
    };
    let view = views.maintainer(&distribution, name).await?;
    let view = view.ok_or_else(unknown)?;
    wanted.answer_table(&view, |view| Page::of(view, wanted), table)
}

impl Page {
    fn of(view: &MaintainerView, wanted: &Wanted) -> Self {
        let distribution = view.distribution.as_str();
        let name = view.summary.name.clone();
        let title = match &name {
            Some(name) => format!("Packages of {name}"),
            None => format!("Packages of {distribution} that nobody maintains"),
        };
        let mut frame = Frame::of(title, "branches", Some(wanted.json_address.clone()));
        frame.csv = Some(wanted.csv_address.clone());
        let branch = |branch: &palisade_model::BranchName| {
            let address = Address::of(branch_address(branch))
                .with("maintainer", Some(name.as_deref().unwrap_or(NOBODY)));
            (branch.to_string(), address.text())
        };
        Self {
            frame,
            distribution: distribution.to_owned(),
            maintainers_address: maintainers_address(distribution),
            summary: MaintainerLine::of(&view.summary, distribution),
            branches: view.branches.iter().map(branch).collect(),
            packages: view
                .packages
                .iter()
                .filter(|it| it.affected > 0)
                .take(SHOWN)
                .map(|it| PackageLine::of(it, distribution))
                .collect(),
            named: view.named,
            csv: wanted.csv_address.clone(),
            quiet: quiet(view),
            more: more(view),
            name,
        }
    }
}

/// How many affected packages a page leaves out.
fn more(view: &MaintainerView) -> Option<String> {
    let more = view.summary.affected_packages.saturating_sub(SHOWN);
    (more > 0).then(|| number(more))
}

/// How many packages nothing affects.
fn quiet(view: &MaintainerView) -> Option<String> {
    let quiet = view.summary.packages - view.summary.affected_packages;
    (quiet > 0).then(|| number(quiet))
}

impl PackageLine {
    fn of(package: &MaintainedPackage, distribution: &str) -> Self {
        let address = package_address(distribution, &package.name);
        let versions = package.versions.iter();
        Self {
            name: package.name.clone(),
            versions: versions
                .map(|(branch, version)| (branch.name().to_owned(), version.clone()))
                .collect(),
            affected: number(package.affected),
            exploited: package.exploited > 0,
            levels: LevelMarks::of(&package.levels),
            address,
        }
    }
}

const HEAD: [&str; 9] = [
    "package",
    "versions",
    "affected",
    "exploited",
    "critical",
    "high",
    "medium",
    "low",
    "unrated",
];

fn table(view: &MaintainerView) -> Table {
    let row = |it: &MaintainedPackage| {
        let versions = it.versions.iter();
        let versions: Vec<String> = versions
            .map(|(branch, version)| format!("{branch} {version}"))
            .collect();
        let numbers = [it.affected, it.exploited];
        let mut row = vec![it.name.clone(), versions.join("; ")];
        let levels = it.levels.named().map(|(_, count)| count);
        let all = numbers.into_iter().chain(levels);
        row.extend(all.map(|number| number.to_string()));
        row
    };
    Table::new(&HEAD, view.packages.iter().map(row).collect())
}
