//! What matters now.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade_tracker::views::{BranchSummary, Counts, HomeView, HotVulnerability};

use super::branches::BranchLine;
use super::events::{self, EventLine};
use super::feeds::ImportLine;
use super::{Address, Frame};
use crate::atom::Feed;
use crate::components::{Badge, EpssNote, FindingRow, Findings, Moment};
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::respond::{Keeping, Wanted};
use crate::serve::Site;
use crate::words::{branch_address, finding_address, number, percent, vulnerability_address};

/// What is asked of a branch for what is longest known, as the front page has it.
const OLDEST: [(&str, &str); 3] = [
    ("minimum_level", "high"),
    ("confidence", "likely"),
    ("sort", "oldest"),
];

/// Places that are told of one vulnerability.
const PLACES: usize = 4;

#[derive(Template)]
#[template(path = "home.html")]
struct Page {
    frame: Frame,
    branches: Vec<BranchLine>,
    epss: Option<EpssNote>,
    exploited: Vec<HotLine>,
    all_exploited: Vec<Whole>,
    worst: Vec<HotLine>,
    all_worst: Vec<Whole>,
    oldest: Vec<HotLine>,
    all_oldest: Vec<Whole>,
    closed: Vec<EventLine>,
    closed_count: String,
    newest: Findings,
    all_newest: Vec<Whole>,
    imports: Vec<ImportLine>,
    events: Vec<EventLine>,
}

/// A branch, with the list of which the page shows the beginning.
type Whole = (String, String);

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
            all_exploited: whole(home, |counts| counts.exploited, &[("exploited", "yes")]),
            worst: home.worst.iter().map(HotLine::of).collect(),
            all_worst: whole(home, |counts| counts.affected, &[]),
            oldest: home.oldest.iter().map(HotLine::of).collect(),
            all_oldest: whole(
                home,
                |counts| counts.levels.high + counts.levels.critical,
                &OLDEST,
            ),
            closed: home.closed.iter().map(EventLine::of).collect(),
            closed_count: closed_words(home.closed_count),
            newest: Findings {
                caption: "Newest findings".to_owned(),
                rows: FindingRow::all(&home.newest),
                branches: true,
                states: false,
            },
            all_newest: whole(home, |counts| counts.affected, &[("sort", "newest")]),
            imports: home.imports.iter().map(ImportLine::of).collect(),
            events: home.events.iter().map(EventLine::of).collect(),
        }
    }
}

/// The lists of branches from which the beginning of one is taken: what the address asks of each that
/// has any.
fn whole(
    home: &HomeView,
    count: impl Fn(&Counts) -> usize,
    asked: &[(&'static str, &str)],
) -> Vec<Whole> {
    let there = home.branches.iter().filter(|it| count(&it.counts) > 0);
    let list = |it: &BranchSummary| {
        let address = Address::of(branch_address(&it.branch));
        let with = |address: Address, (name, value): &(&'static str, &str)| {
            address.with(name, Some(value))
        };
        (
            it.branch.to_string(),
            asked.iter().fold(address, with).text(),
        )
    };
    there.map(list).collect()
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
