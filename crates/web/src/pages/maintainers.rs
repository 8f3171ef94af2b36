//! The maintainers of a distribution.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::{MaintainerSummary, MaintainersView};

use super::{Address, Frame};
use crate::components::{LevelMarks, Pager};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::table::Table;
use crate::words::{distribution_address, maintainer_address, maintainers_address, number};

/// Maintainers of a page.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "maintainers.html")]
struct Page {
    frame: Frame,
    distribution: String,
    distribution_address: String,
    text: String,
    maintainers: Vec<MaintainerLine>,
    orphaned: MaintainerLine,
    pager: Pager,
}

/// Which part of the list is shown.
struct Part {
    text: String,
    offset: usize,
    total: usize,
}

/// A maintainer in a table.
pub(crate) struct MaintainerLine {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) packages: String,
    pub(crate) affected_packages: String,
    pub(crate) affected: String,
    pub(crate) exploited: String,
    pub(crate) levels: LevelMarks,
}

pub(crate) async fn page(
    State(views): State<Views>,
    Path(distribution): Path<String>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let text = parameters.text("q")?;
    let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
    parameters.finish()?;
    let distribution = super::distribution(&distribution)?;
    let unknown = || WebError::NotFound("no inventory of such a distribution is here".to_owned());
    let view = views.maintainers(&distribution).await?;
    let mut view = view.ok_or_else(unknown)?;
    if let Some(text) = &text {
        let text = text.to_lowercase();
        view.maintainers.retain(|it| {
            let name = it.name.as_deref().unwrap_or_default();
            name.to_lowercase().contains(&text)
        });
    }
    let total = view.maintainers.len();
    view.maintainers.drain(..offset.min(total));
    let part = Part {
        text: text.unwrap_or_default(),
        offset,
        total,
    };
    wanted.answer_table(&view, |view| Page::of(view, &part, &wanted), table)
}

impl Page {
    fn of(view: &MaintainersView, part: &Part, wanted: &Wanted) -> Self {
        let distribution = view.distribution.as_str();
        let line = |it: &MaintainerSummary| MaintainerLine::of(it, distribution);
        let shown = view.maintainers.iter().take(SHOWN);
        let shown: Vec<MaintainerLine> = shown.map(line).collect();
        let address = |offset: usize| {
            let text = Some(part.text.as_str()).filter(|text| !text.is_empty());
            let offset = (offset > 0).then(|| offset.to_string());
            Address::of(maintainers_address(distribution))
                .with("q", text)
                .with("offset", offset.as_deref())
                .text()
        };
        let title = format!("Maintainers of {distribution}");
        let mut frame = Frame::of(title, "branches", Some(wanted.json_address.clone()));
        frame.csv = Some(wanted.csv_address.clone());
        Self {
            frame,
            distribution: distribution.to_owned(),
            distribution_address: distribution_address(distribution),
            orphaned: line(&view.orphaned),
            text: part.text.clone(),
            pager: Pager::of(part.offset, shown.len(), part.total, SHOWN, address),
            maintainers: shown,
        }
    }
}

impl MaintainerLine {
    pub(crate) fn of(summary: &MaintainerSummary, distribution: &str) -> Self {
        let address = maintainer_address(distribution, summary.name.as_deref());
        Self {
            name: summary.name.clone().unwrap_or_default(),
            packages: number(summary.packages),
            affected_packages: number(summary.affected_packages),
            affected: number(summary.affected),
            exploited: number(summary.exploited),
            levels: LevelMarks::of(&summary.levels),
            address,
        }
    }
}

const HEAD: [&str; 10] = [
    "maintainer",
    "packages",
    "affected_packages",
    "affected",
    "exploited",
    "critical",
    "high",
    "medium",
    "low",
    "unrated",
];

fn table(view: &MaintainersView) -> Table {
    let row = |it: &MaintainerSummary| {
        let mut row = vec![it.name.clone().unwrap_or_default()];
        let numbers = [it.packages, it.affected_packages, it.affected, it.exploited];
        let levels = it.levels.named().map(|(_, count)| count);
        let all = numbers.into_iter().chain(levels);
        row.extend(all.map(|number| number.to_string()));
        row
    };
    let all = view.maintainers.iter().chain([&view.orphaned]);
    Table::new(&HEAD, all.map(row).collect())
}
