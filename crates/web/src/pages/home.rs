//! What matters now.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::{EventView, HomeView, HotVulnerability};

use super::Frame;
use super::branches::BranchLine;
use super::feeds::ImportLine;
use crate::components::{Badge, FindingRow, Findings, Moment};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::words::{finding_address, number, percent, vulnerability_address};

/// Places that are told of one vulnerability.
const PLACES: usize = 4;

#[derive(Template)]
#[template(path = "home.html")]
struct Page {
    frame: Frame,
    branches: Vec<BranchLine>,
    exploited: Vec<HotLine>,
    worst: Vec<HotLine>,
    newest: Findings,
    imports: Vec<ImportLine>,
    events: Vec<EventLine>,
}

struct HotLine {
    name: String,
    address: String,
    title: String,
    badge: Badge,
    exploited: Option<String>,
    epss: String,
    places: Vec<(String, String, String)>,
    more: Option<String>,
}

struct EventLine {
    time: Moment,
    says: String,
    branch: String,
    address: Option<String>,
}

pub(crate) async fn page(
    State(views): State<Views>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let home = views.home().await?;
    let json = wanted.json_address.clone();
    wanted.answer(&home, |home| Page::of(home, json))
}

impl Page {
    fn of(home: &HomeView, json: String) -> Self {
        Self {
            frame: Frame::of("Security of Linux distributions", "home", Some(json)),
            branches: home.branches.iter().map(BranchLine::of).collect(),
            exploited: home.exploited.iter().map(HotLine::of).collect(),
            worst: home.worst.iter().map(HotLine::of).collect(),
            newest: Findings {
                caption: "Newest findings".to_owned(),
                rows: FindingRow::all(&home.newest),
                branches: true,
                states: false,
            },
            imports: home.imports.iter().map(ImportLine::of).collect(),
            events: home.events.iter().map(EventLine::of).collect(),
        }
    }
}

impl HotLine {
    fn of(hot: &HotVulnerability) -> Self {
        let places = hot.places.iter().take(PLACES).map(|(branch, package)| {
            let distribution = branch.distribution().as_str();
            (
                branch.to_string(),
                package.clone(),
                finding_address(distribution, package, &hot.name),
            )
        });
        let more = hot.places.len().saturating_sub(PLACES);
        Self {
            name: hot.name.clone(),
            address: vulnerability_address(&hot.name),
            title: hot.title.clone().unwrap_or_default(),
            badge: Badge::of(hot.score.as_ref()),
            exploited: hot.exploited_since.clone(),
            epss: hot.epss.map(percent).unwrap_or_default(),
            places: places.collect(),
            more: (more > 0).then(|| number(more)),
        }
    }
}

impl EventLine {
    fn of(event: &EventView) -> Self {
        let named = event
            .vulnerability
            .as_deref()
            .filter(|name| !name.is_empty());
        let place = event
            .branch
            .as_ref()
            .zip(event.package.as_deref())
            .zip(named);
        let address = place.map(|((branch, package), name)| {
            finding_address(branch.distribution().as_str(), package, name)
        });
        let branch = event.branch.as_ref().filter(|_| event.package.is_some());
        Self {
            time: Moment::minute(event.time),
            says: event.says.clone(),
            branch: branch.map(ToString::to_string).unwrap_or_default(),
            address,
        }
    }
}
