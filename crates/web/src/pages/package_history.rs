//! The versions of a package through time on each branch, as a chart with its table.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::{
    BranchVersions, LevelCounts, OpenVulnerability, PackageHistoryView, VersionView,
};

use super::Frame;
use crate::components::{LevelMarks, Moment, RevisionLine};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::redirect::see_other_in;
use crate::respond::Wanted;
use crate::timescale::{Timescale, float};
use crate::words::{
    branch_address, capital, finding_address, number, number_unless_none, package_address,
    package_history_address,
};

/// Vulnerabilities of a version that are named.
const NAMED: usize = 6;

/// Points of a chart's lane: a line of text, and a bar below it.
const LANE: usize = 34;
const BAR: usize = 16;

/// Points that a letter takes, roughly.
const LETTER: f64 = 7.5;

#[derive(Template)]
#[template(path = "package_history.html")]
struct Page {
    frame: Frame,
    distribution: String,
    name: String,
    address: String,
    branches: Vec<BranchPart>,
}

struct BranchPart {
    name: String,
    address: String,
    anchor: String,
    since: Moment,
    until: Moment,
    left_out: String,
    chart: Chart,
    rows: Vec<Row>,
}

struct Chart {
    title: String,
    height: usize,
    axis: usize,
    ticks: Vec<(String, String)>,
    bars: Vec<Bar>,
}

struct Bar {
    class: &'static str,
    title: String,
    label: String,
    x: String,
    width: String,
    text_y: usize,
    y: usize,
}

struct Row {
    version: String,
    graft: Option<String>,
    since: Option<RevisionLine>,
    until: Option<RevisionLine>,
    changes: Vec<String>,
    affected: String,
    levels: LevelMarks,
    exploited: String,
    queue: String,
    later: String,
    named: Vec<(String, String, bool)>,
    more: String,
}

pub(crate) async fn page(
    State(views): State<Views>,
    Path((distribution, name)): Path<(String, String)>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let distribution = super::distribution(&distribution)?;
    let view = views.package_history(&distribution, &name).await?;
    let unknown = || WebError::NotFound("there is no such package".to_owned());
    let view = view.ok_or_else(unknown)?;
    if view.name != name {
        let path = package_history_address(distribution.as_str(), &view.name);
        return Ok(see_other_in(wanted.format, &path));
    }
    let json = wanted.json_address.clone();
    wanted.answer(&view, |view| Page::of(view, json))
}

impl Page {
    fn of(view: &PackageHistoryView, json: String) -> Self {
        let distribution = view.distribution.as_str();
        let part = |branch: &BranchVersions| BranchPart::of(branch, distribution, &view.name);
        Self {
            frame: Frame::of(
                format!("Versions of {} in {distribution}", view.name),
                "",
                Some(json),
            ),
            distribution: distribution.to_owned(),
            name: view.name.clone(),
            address: package_address(distribution, &view.name),
            branches: view.branches.iter().map(part).collect(),
        }
    }
}

impl BranchPart {
    fn of(branch: &BranchVersions, distribution: &str, package: &str) -> Self {
        let rows = branch.versions.iter().rev();
        Self {
            name: branch.branch.to_string(),
            address: branch_address(&branch.branch),
            anchor: branch.branch.name().to_owned(),
            since: Moment::day(branch.stored_since.time),
            until: Moment::day(branch.stored_until.time),
            left_out: number_unless_none(branch.left_out),
            chart: Chart::of(branch, package),
            rows: rows.map(|it| Row::of(it, distribution, package)).collect(),
        }
    }
}

impl Chart {
    fn of(branch: &BranchVersions, package: &str) -> Self {
        let (first, last) = branch.span();
        let scale = Timescale::of(first, last);
        let mut lanes: Vec<f64> = Vec::new();
        let bars = branch.versions.iter().map(|version| {
            let (begin, end) = place(version, &scale);
            let free = lanes.iter().position(|lane_end| *lane_end <= begin + 0.05);
            let lane = free.unwrap_or(lanes.len());
            if lane == lanes.len() {
                lanes.push(end);
            } else {
                lanes[lane] = end;
            }
            Bar::of(version, (begin, end), lane)
        });
        let bars: Vec<Bar> = bars.collect();
        let axis = lanes.len() * LANE + 6;
        Self {
            title: format!(
                "Versions of {package} on {} by time, coloured by the gravest vulnerability; the table \
                 below has the same",
                branch.branch
            ),
            height: axis + 24,
            axis,
            ticks: scale.ticks(),
            bars,
        }
    }
}

/// Where a version begins and ends in a chart.
fn place(version: &VersionView, scale: &Timescale) -> (f64, f64) {
    let at = |time: jiff::Timestamp| scale.place(time.as_microsecond());
    let begin = version.since.as_ref().map_or(0.0, |it| at(it.time));
    let end = version.until.as_ref().map(|it| at(it.time));
    (begin, end.unwrap_or(Timescale::WIDTH))
}

impl Bar {
    fn of(version: &VersionView, (begin, end): (f64, f64), lane: usize) -> Self {
        let width = (end - begin).max(2.0);
        let name = match &version.graft {
            Some(graft) => format!("{}, graft {graft}", version.version),
            None => version.version.clone(),
        };
        let label = format!("{name}: {}", number(version.affected));
        let fits = float(label.chars().count()) * LETTER <= width;
        let y = lane * LANE;
        Self {
            class: gravest(&version.levels),
            title: bar_title(version, &name),
            label: if fits { label } else { String::new() },
            x: format!("{begin:.1}"),
            width: format!("{:.1}", (width - 1.0).max(1.0)),
            text_y: y + 12,
            y: y + BAR,
        }
    }
}

fn bar_title(version: &VersionView, name: &str) -> String {
    let since = version.since.as_ref().map(Moment::since);
    let until = version.until.as_ref().map(|it| Moment::day(it.time));
    let since = since.as_ref().map_or("?", Moment::text);
    let until = until.as_ref().map_or("now", Moment::text);
    let levels = version.levels.named().into_iter();
    let levels = levels.filter(|(_, count)| *count > 0);
    let levels: Vec<String> = levels
        .map(|(level, count)| format!("{} {level}", number(count)))
        .collect();
    match levels.as_slice() {
        [] => format!("{name}, {since} to {until}: nothing that affects it is known"),
        levels => format!("{name}, {since} to {until}: {}", levels.join(", ")),
    }
}

/// The gravest level of which there is any.
fn gravest(levels: &LevelCounts) -> &'static str {
    let mut named = levels.named().into_iter();
    let found = named.find(|(_, count)| *count > 0);
    found.map_or("nothing", |(level, _)| level)
}

impl Row {
    fn of(version: &VersionView, distribution: &str, package: &str) -> Self {
        let changes = version.changes.iter();
        let mut changes: Vec<String> = changes.map(|it| capital(&it.says)).collect();
        let is_first = version.since.as_ref().is_some_and(|it| it.is_first);
        if changes.is_empty() {
            let came = if is_first {
                "There from the first stored revision on"
            } else {
                "New"
            };
            changes.push(came.to_owned());
        }
        let named = version.vulnerabilities.iter().take(NAMED);
        let name = |it: &OpenVulnerability| {
            let address = finding_address(distribution, package, &it.name);
            (it.name.clone(), address, it.exploited_since.is_some())
        };
        let all = version.affected + version.published_later;
        Self {
            version: version.version.clone(),
            graft: version.graft.clone(),
            since: version.since.as_ref().map(RevisionLine::since),
            until: version.until.as_ref().map(RevisionLine::of),
            changes,
            affected: number(version.affected),
            levels: LevelMarks::of(&version.levels),
            exploited: number_unless_none(version.exploited),
            queue: number_unless_none(version.under_investigation),
            later: number_unless_none(version.published_later),
            named: named.map(name).collect(),
            more: number_unless_none(all.saturating_sub(NAMED)),
        }
    }
}
