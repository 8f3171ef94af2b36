//! What has happened: events, for people, feed readers and programs that follow them.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use palisade_model::{BranchName, Distribution};
use palisade_tracker::Views;
use palisade_tracker::views::{EventView, EventsQuery, EventsView};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Address, Choice, Frame, choices};
use crate::atom::{Entry, Feed};
use crate::components::Moment;
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::table::Table;
use crate::words::{branch_address, day, finding_address, package_address, vulnerability_address};

/// Events of a page, and of an answer for programs, unless asked otherwise.
const LIMITS: (usize, usize) = (100, 500);

/// Events at the most.
const MOST: usize = 5000;

const KINDS: [(&str, &str); 8] = [
    ("", "All"),
    ("finding.opened", "Findings opened"),
    ("finding.changed", "Findings changed"),
    ("finding.closed", "Findings closed"),
    ("revision.imported", "Revisions imported"),
    ("feed.imported", "Feeds imported"),
    ("identity.stated", "Identities stated"),
    ("identity.withdrawn", "Identities withdrawn"),
];

#[derive(Template)]
#[template(path = "events.html")]
struct Page {
    frame: Frame,
    kinds: Vec<Choice>,
    branch: String,
    distribution: String,
    package: String,
    vulnerability: String,
    until: String,
    filtered: bool,
    days: Vec<Day>,
    older: Option<String>,
    newest: Option<String>,
}

/// What happened on a day, the latest first.
struct Day {
    date: String,
    events: Vec<EventLine>,
}

/// An event in a list.
pub(crate) struct EventLine {
    pub(crate) number: String,
    pub(crate) time: Moment,
    /// The time of day.
    clock: Moment,
    pub(crate) says: String,
    pub(crate) branch: String,
    pub(crate) address: Option<String>,
}

/// A view with the addresses of what follows in either direction.
#[derive(Serialize, ToSchema)]
#[schema(as = EventsAnswer)]
pub(crate) struct Answer {
    #[serde(flatten)]
    view: EventsView,
    /// What is older, when there is more.
    next: Option<String>,
    /// What happens from here on: ask it again and again.
    since: String,
}

struct Asked {
    query: EventsQuery,
    until: Option<Date>,
    address: Address,
}

pub(crate) async fn page(
    State(views): State<Views>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    let asked = Asked::of(parameters, wanted.format)?;
    let view = views.events(&asked.query).await?;
    let unknown = || WebError::NotFound("there is no such branch".to_owned());
    let view = view.ok_or_else(unknown)?;
    let answer = Answer {
        next: asked.next(&view).map(|address| address.json()),
        since: asked.since(&view).json(),
        view,
    };
    wanted.answer_list(
        &answer,
        |answer| Page::of(&answer.view, &asked, &wanted),
        |answer| Feed {
            title: asked.title(),
            address: wanted.atom_address.clone(),
            page: asked.address.text(),
            entries: answer.view.events.iter().map(entry).collect(),
        },
        |answer| table(&answer.view),
        |answer| &answer.view.events,
    )
}

impl Asked {
    fn of(mut parameters: Parameters, format: Format) -> Result<Self, WebError> {
        let kinds = KINDS.map(|(kind, _)| (kind, kind));
        let kind = parameters.choice("kind", &kinds)?;
        let branch: Option<BranchName> = parameters.parsed("branch")?;
        let distribution: Option<Distribution> = parameters.parsed("distribution")?;
        let package = parameters.text("package")?;
        let vulnerability = parameters.text("vulnerability")?;
        let since = parameters.number("since", 0..=usize::MAX >> 1)?;
        let before = parameters.number("before", 1..=usize::MAX >> 1)?;
        let until: Option<Date> = parameters.parsed("until")?;
        let limit = parameters.number("limit", 1..=MOST)?;
        parameters.finish()?;
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let usual = match format {
            Format::Html | Format::Atom | Format::Markdown => LIMITS.0,
            Format::Json | Format::Csv => LIMITS.1,
            Format::Lines => MOST,
        };
        let branch_text = branch.as_ref().map(ToString::to_string);
        let limit_text = limit.map(|limit| limit.to_string());
        let until_text = until.map(|day| day.to_string());
        let address = Address::of("/events".to_owned())
            .with("kind", kind)
            .with("branch", branch_text.as_deref())
            .with(
                "distribution",
                distribution.as_ref().map(Distribution::as_str),
            )
            .with("package", package.as_deref())
            .with("vulnerability", vulnerability.as_deref())
            .with("until", until_text.as_deref())
            .with("limit", limit_text.as_deref());
        Ok(Self {
            query: EventsQuery {
                kind: kind.map(str::to_owned),
                branch,
                distribution,
                package,
                vulnerability,
                since: since.map(number),
                before: before.map(number),
                before_time: until.map(end).transpose()?,
                limit: limit.unwrap_or(usual),
            },
            until,
            address,
        })
    }

    /// Whether the latest events are left out, or told in their order.
    fn is_a_part(&self) -> bool {
        let query = &self.query;
        query.since.is_some() || query.before.is_some() || query.before_time.is_some()
    }

    fn title(&self) -> String {
        let query = &self.query;
        let branch = query.branch.as_ref().map(ToString::to_string);
        let distribution = query.distribution.as_ref().map(ToString::to_string);
        let (vulnerability, package) = (&query.vulnerability, &query.package);
        let parts = [vulnerability, package, &distribution, &branch, &query.kind];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        if parts.is_empty() {
            "Palisade: what has happened".to_owned()
        } else {
            format!("Palisade: what has happened to {}", parts.join(", "))
        }
    }

    /// What comes next in the direction that was asked for.
    fn next(&self, view: &EventsView) -> Option<Address> {
        let last = view.events.last().filter(|_| view.more)?.number.to_string();
        let before = self.query.before.map(|number| number.to_string());
        let address = self.address.clone();
        Some(match self.query.since {
            Some(_) => address
                .with("before", before.as_deref())
                .with("since", Some(&last)),
            None => address.with("before", Some(&last)),
        })
    }

    /// What happens after the latest of these.
    fn since(&self, view: &EventsView) -> Address {
        let latest = view.events.iter().map(|event| event.number).max();
        let latest = latest.or(self.query.since).unwrap_or(0);
        let address = self.address.clone();
        address
            .with("until", None)
            .with("since", Some(&latest.to_string()))
    }
}

impl Page {
    fn of(view: &EventsView, asked: &Asked, wanted: &Wanted) -> Self {
        let query = &asked.query;
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        let frame = Frame::of("Events", "events", Some(wanted.json_address.clone()));
        Self {
            frame: frame.with_list(wanted),
            kinds: choices(&KINDS, query.kind.as_deref()),
            branch: query
                .branch
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            distribution: query
                .distribution
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            package: given(&query.package),
            vulnerability: given(&query.vulnerability),
            until: asked.until.map(|day| day.to_string()).unwrap_or_default(),
            filtered: query.kind.is_some()
                || query.branch.is_some()
                || query.distribution.is_some()
                || query.package.is_some()
                || query.vulnerability.is_some()
                || asked.until.is_some(),
            days: days(&view.events),
            older: asked.next(view).map(|address| address.text()),
            newest: asked
                .is_a_part()
                .then(|| asked.address.clone().with("until", None).text()),
        }
    }
}

impl EventLine {
    pub(crate) fn of(event: &EventView) -> Self {
        let branch = event.branch.as_ref().filter(|_| event.package.is_some());
        Self {
            number: event.number.to_string(),
            time: Moment::minute(event.time),
            clock: Moment::clock(event.time),
            says: event.says.clone(),
            branch: branch.map(ToString::to_string).unwrap_or_default(),
            address: address(event),
        }
    }
}

fn days(events: &[EventView]) -> Vec<Day> {
    let of_one_day = events.chunk_by(|a, b| day(a.time) == day(b.time));
    let day = |events: &[EventView]| Day {
        date: events
            .first()
            .map(|event| day(event.time))
            .unwrap_or_default(),
        events: events.iter().map(EventLine::of).collect(),
    };
    of_one_day.map(day).collect()
}

/// When a day is over, in UTC.
fn end(day: Date) -> Result<Timestamp, WebError> {
    let next = day.tomorrow().and_then(|next| next.to_zoned(TimeZone::UTC));
    let out_of_range = |_| WebError::BadRequest("until: there is no day after it".to_owned());
    Ok(next.map_err(out_of_range)?.timestamp())
}

/// Where to read on.
fn address(event: &EventView) -> Option<String> {
    let named = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
    let distribution = event.branch.as_ref().map(|it| it.distribution().as_str());
    let closed = event.kind == "finding.closed";
    match (
        distribution,
        named(&event.package),
        named(&event.vulnerability),
    ) {
        // What is closed may have no page of its own any longer.
        (_, _, Some(name)) if closed => Some(vulnerability_address(&name)),
        (Some(distribution), Some(package), Some(name)) => {
            Some(finding_address(distribution, &package, &name))
        }
        (Some(distribution), Some(package), None) => Some(package_address(distribution, &package)),
        (_, _, Some(name)) => Some(vulnerability_address(&name)),
        _ => event.branch.as_ref().map(branch_address),
    }
}

/// An event as an entry of a feed.
pub(crate) fn entry(event: &EventView) -> Entry {
    let branch = event.branch.as_ref().map(ToString::to_string);
    Entry {
        key: format!("event/{}/{}/{}", event.number, event.time, event.says),
        title: event.says.clone(),
        time: event.time,
        page: address(event),
        summary: match branch {
            Some(branch) => format!("{branch}: {}", event.says),
            None => event.says.clone(),
        },
    }
}

const HEAD: [&str; 7] = [
    "number",
    "time",
    "kind",
    "branch",
    "package",
    "vulnerability",
    "says",
];

fn table(view: &EventsView) -> Table {
    let row = |event: &EventView| {
        vec![
            event.number.to_string(),
            event.time.to_string(),
            event.kind.clone(),
            event
                .branch
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            event.package.clone().unwrap_or_default(),
            event.vulnerability.clone().unwrap_or_default(),
            event.says.clone(),
        ]
    };
    Table::new(&HEAD, view.events.iter().map(row).collect())
}
