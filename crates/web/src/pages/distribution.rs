//! One distribution: its branches.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_tracker::Views;

use super::Frame;
use super::branches::BranchLine;
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::words::{maintainer_address, maintainers_address};

#[derive(Template)]
#[template(path = "distribution.html")]
struct Page {
    frame: Frame,
    name: String,
    branches: Vec<BranchLine>,
    maintainers: String,
    orphaned: String,
}

pub(crate) async fn page(
    State(views): State<Views>,
    Path(distribution): Path<String>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let distribution = super::distribution(&distribution)?;
    let mut branches = views.branches().await?;
    branches.retain(|it| *it.branch.distribution() == distribution);
    if branches.is_empty() {
        let reason = "no inventory of such a distribution is here".to_owned();
        return Err(WebError::NotFound(reason));
    }
    let json = wanted.json_address.clone();
    wanted.answer(&branches, |branches| Page {
        frame: Frame::of(distribution.as_str(), "branches", Some(json)),
        name: distribution.to_string(),
        branches: branches.iter().map(BranchLine::of).collect(),
        maintainers: maintainers_address(distribution.as_str()),
        orphaned: maintainer_address(distribution.as_str(), None),
    })
}
