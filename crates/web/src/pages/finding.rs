//! One vulnerability in one package, with every reason.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_model::VulnerabilityId;
use palisade_tracker::Views;
use palisade_tracker::views::{ChangeView, FindingPlace, FindingView};

use super::Frame;
use crate::components::{Badge, Evidence, Moment, State as StateOf, graft_words};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::redirect::moved;
use crate::respond::Wanted;
use crate::words::{
    branch_address, finding_address, grafts_address, package_address, vulnerability_address,
};

#[derive(Template)]
#[template(path = "finding.html")]
struct Page {
    frame: Frame,
    vulnerability: String,
    vulnerability_address: String,
    distribution: String,
    package: String,
    package_address: String,
    title: String,
    badge: Badge,
    exploited: Option<String>,
    places: Vec<PlaceBlock>,
}

struct PlaceBlock {
    branch: String,
    branch_address: String,
    version: String,
    state: StateOf,
    fixed_in: String,
    since: Option<(String, Moment)>,
    graft: String,
    grafts_address: String,
    evidence: Evidence,
    changes: Vec<ChangeView>,
}

pub(crate) async fn page(
    State(views): State<Views>,
    Path((distribution, package, id)): Path<(String, String, String)>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let unknown =
        || WebError::NotFound("nothing speaks of that vulnerability in that package".to_owned());
    let distribution = super::distribution(&distribution)?;
    let name: VulnerabilityId = id.parse().map_err(|_| unknown())?;
    if name.as_str() != id {
        let address = finding_address(distribution.as_str(), &package, name.as_str());
        return Ok(moved(wanted.format, &address));
    }
    let view = views
        .finding(&distribution, &package, name.as_str())
        .await?
        .ok_or_else(unknown)?;
    let json = wanted.json_address.clone();
    wanted.answer(&view, |view| Page::of(view, json))
}

impl Page {
    fn of(view: &FindingView, json: String) -> Self {
        let distribution = view.distribution.as_str();
        Self {
            frame: Frame::of(
                format!("{} in {}", view.vulnerability, view.package),
                "",
                Some(json),
            ),
            vulnerability: view.vulnerability.clone(),
            vulnerability_address: vulnerability_address(&view.vulnerability),
            distribution: distribution.to_owned(),
            package: view.package.clone(),
            package_address: package_address(distribution, &view.package),
            title: view.title.clone().unwrap_or_default(),
            badge: Badge::of(view.score.as_ref()),
            exploited: view.exploited_since.clone(),
            places: view
                .places
                .iter()
                .map(|place| PlaceBlock::of(place, &view.vulnerability))
                .collect(),
        }
    }
}

impl PlaceBlock {
    fn of(place: &FindingPlace, vulnerability: &str) -> Self {
        Self {
            branch: place.branch.to_string(),
            branch_address: branch_address(&place.branch),
            version: place.version.clone(),
            state: StateOf::of(place.status, place.confidence),
            fixed_in: place.fixed_in.clone().unwrap_or_default(),
            since: place.since.as_ref().map(|since| {
                (
                    crate::words::short_revision(&since.name),
                    Moment::since(since),
                )
            }),
            graft: place.graft.as_ref().map(graft_words).unwrap_or_default(),
            grafts_address: grafts_address(&place.branch, None),
            evidence: Evidence::of(&place.evidence, vulnerability),
            changes: place.changes.clone(),
        }
    }
}
