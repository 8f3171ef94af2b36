//! Search.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::{MaintainerHit, PackageHit, SearchView, VulnerabilityHit};

use super::Frame;
use crate::components::Badge;
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::redirect::see_other;
use crate::respond::Wanted;
use crate::words::{maintainer_address, number, package_address, vulnerability_address};

#[derive(Template)]
#[template(path = "search.html")]
struct Page {
    frame: Frame,
    query: String,
    too_short: bool,
    nothing: bool,
    vulnerabilities: Vec<HitLine>,
    packages: Vec<(String, String, String)>,
    more_packages: Option<String>,
    maintainers: Vec<(String, String, String)>,
    similar: Vec<(String, String, String)>,
    product: Vec<HitLine>,
}

struct HitLine {
    name: String,
    address: String,
    alias: String,
    title: String,
    badge: Badge,
    exploited: Option<String>,
}

pub(crate) async fn page(
    State(views): State<Views>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let query = parameters.text("q")?.unwrap_or_default();
    parameters.finish()?;
    let view = views.search(&query).await?;
    if let (Format::Html, Some(exact)) = (wanted.format, &view.exact) {
        // What a search finds changes.
        return Ok(see_other(&vulnerability_address(exact)));
    }
    let json = wanted.json_address.clone();
    wanted.answer(&view, |view| Page::of(view, json))
}

impl Page {
    fn of(view: &SearchView, json: String) -> Self {
        let title = if view.query.is_empty() {
            "Search".to_owned()
        } else {
            format!("Search for “{}”", view.query)
        };
        let mut frame = Frame::of(title, "search", Some(json));
        frame.search.clone_from(&view.query);
        let package = |hit: &PackageHit| {
            let address = package_address(&hit.distribution, &hit.name);
            (hit.distribution.clone(), hit.name.clone(), address)
        };
        let maintainer = |hit: &MaintainerHit| {
            let distribution = hit.distribution.to_string();
            let address = maintainer_address(&distribution, Some(&hit.name));
            (distribution, hit.name.clone(), address)
        };
        let nothing = view.vulnerabilities.is_empty()
            && view.packages.is_empty()
            && view.maintainers.is_empty()
            && view.product.is_empty()
            && view.similar.is_empty();
        Self {
            frame,
            query: view.query.clone(),
            too_short: view.query.chars().count() < 2,
            nothing,
            vulnerabilities: view.vulnerabilities.iter().map(HitLine::of).collect(),
            packages: view.packages.iter().map(package).collect(),
            similar: view.similar.iter().map(package).collect(),
            maintainers: view.maintainers.iter().map(maintainer).collect(),
            more_packages: (view.more_packages > 0).then(|| number(view.more_packages)),
            product: view.product.iter().map(HitLine::of).collect(),
        }
    }
}

impl HitLine {
    fn of(hit: &VulnerabilityHit) -> Self {
        Self {
            name: hit.name.clone(),
            address: vulnerability_address(&hit.name),
            alias: hit.alias.clone().unwrap_or_default(),
            title: hit.title.clone().unwrap_or_default(),
            badge: Badge::of(hit.score.as_ref()),
            exploited: hit.exploited_since.clone(),
        }
    }
}
