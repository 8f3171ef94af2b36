//! All branches.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::BranchSummary;

use super::Frame;
use crate::components::{Count, RevisionLine, level_counts};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::words::{branch_address, number};

#[derive(Template)]
#[template(path = "branches.html")]
struct Page {
    frame: Frame,
    branches: Vec<BranchLine>,
}

/// A branch in a table.
pub(crate) struct BranchLine {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) packages: String,
    pub(crate) affected: String,
    pub(crate) levels: Vec<Count>,
    pub(crate) exploited: Option<Count>,
    pub(crate) queue: Count,
    pub(crate) repositories: Vec<RepositoryLine>,
    pub(crate) latest: Option<RevisionLine>,
}

/// A repository in a table.
pub(crate) struct RepositoryLine {
    pub(crate) name: String,
    pub(crate) revision: RevisionLine,
    pub(crate) packages: String,
    pub(crate) signed_by: String,
}

impl BranchLine {
    pub(crate) fn of(summary: &BranchSummary) -> Self {
        let address = branch_address(&summary.branch);
        let counts = &summary.counts;
        let latest = summary
            .repositories
            .iter()
            .max_by_key(|it| it.revision.time);
        Self {
            name: summary.branch.to_string(),
            packages: number(summary.packages),
            affected: number(counts.affected),
            levels: level_counts(&counts.levels, None, |level| {
                format!("{address}?level={level}")
            }),
            exploited: (counts.exploited > 0).then(|| Count {
                label: "Known to be exploited".to_owned(),
                number: number(counts.exploited),
                address: format!("{address}?exploited=yes"),
                class: "exploited",
                current: false,
            }),
            queue: Count {
                label: "Under investigation".to_owned(),
                number: number(counts.under_investigation),
                address: format!("{address}?status=under_investigation"),
                class: "open",
                current: false,
            },
            repositories: summary
                .repositories
                .iter()
                .map(RepositoryLine::of)
                .collect(),
            latest: latest.map(|repository| RevisionLine::of(&repository.revision)),
            address,
        }
    }
}

impl RepositoryLine {
    pub(crate) fn of(repository: &palisade_tracker::views::RepositorySummary) -> Self {
        let parts = [repository.name.as_str(), repository.architecture.as_str()];
        let name: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self {
            name: name.join(" "),
            revision: RevisionLine::of(&repository.revision),
            packages: number(repository.packages),
            signed_by: repository.signed_by.clone().unwrap_or_default(),
        }
    }
}

pub(crate) async fn page(
    State(views): State<Views>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let branches = views.branches().await?;
    let json = wanted.json_address.clone();
    wanted.answer(&branches, |branches| Page {
        frame: Frame::of("Branches", "branches", Some(json)),
        branches: branches.iter().map(BranchLine::of).collect(),
    })
}
