//! What matters now.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade_tracker::views::{HomeView, HotVulnerability};

use super::Frame;
use super::branches::BranchLine;
use super::events::{self, EventLine};
use super::feeds::ImportLine;
use crate::atom::Feed;
use crate::components::{Badge, EpssNote, FindingRow, Findings, Moment};
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::respond::{Keeping, Wanted};
use crate::serve::Site;
use crate::words::{finding_address, number, percent, vulnerability_address};

/// Places that are told of one vulnerability.
const PLACES: usize = 4;

#[derive(Template)]
#[template(path = "home.html")]
struct Page {
    frame: Frame,
    branches: Vec<BranchLine>,
    epss: Option<EpssNote>,
    exploited: Vec<HotLine>,
    worst: Vec<HotLine>,
    oldest: Vec<HotLine>,
    closed: Vec<EventLine>,
    closed_count: String,
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
    published: Option<Moment>,
    places: Vec<(String, String, String)>,
    more: Option<String>,
}

pub(crate) async fn page(
    State(site): State<Site>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let home = site.views.home((site.clock)()).await?;
    let wanted = wanted.keeping(Keeping::OfNow);
    if wanted.format == Format::Atom {
        return wanted.answer_feed(&Feed {
            title: "Palisade: what happened last".to_owned(),
            address: wanted.atom_address.clone(),
            page: "/".to_owned(),
            entries: home.events.iter().map(events::entry).collect(),
        });
    }
    let json = wanted.json_address.clone();
    wanted.answer(&home, |home| Page::of(home, json))
}

impl Page {
    fn of(home: &HomeView, json: String) -> Self {
        Self {
            frame: Frame::of("Security of Linux distributions", "home", Some(json))
                .with_feed("/events.atom".to_owned()),
            branches: home.branches.iter().map(BranchLine::of).collect(),
            epss: home.epss.as_ref().map(EpssNote::of),
            exploited: home.exploited.iter().map(HotLine::of).collect(),
            worst: home.worst.iter().map(HotLine::of).collect(),
            oldest: home.oldest.iter().map(HotLine::of).collect(),
            closed: home.closed.iter().map(EventLine::of).collect(),
            closed_count: closed_words(home.closed_count),
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

/// How many were closed; they are counted to a limit.
fn closed_words(count: usize) -> String {
    if count >= HomeView::CLOSED_COUNTED {
        format!("{} or more", number(count))
    } else {
        number(count)
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
            published: hot.published.map(Moment::day),
            places: places.collect(),
            more: (more > 0).then(|| number(more)),
        }
    }
}
