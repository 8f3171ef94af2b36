//! Statistics: charts, each with its table.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade_tracker::views::{BranchBuckets, BusyPackage, Month, StatisticsView, Week};

use super::Frame;
use super::branches::BranchLine;
use crate::components::{EpssNote, LevelMarks};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::{Keeping, Wanted};
use crate::serve::Site;
use crate::timescale::float;
use crate::words::{
    branch_address, branch_history_address, day, number, package_address, report_address,
};

/// Points of a chart's height and of a week's width in it.
const HEIGHT: f64 = 160.0;
const WIDTH: f64 = 26.0;

#[derive(Template)]
#[template(path = "statistics.html")]
struct Page {
    frame: Frame,
    branches: Vec<StackLine>,
    ages: Vec<BucketTable>,
    epss: Option<EpssNote>,
    chances: Vec<BucketTable>,
    packages: Vec<BusyLine>,
    weeks: Vec<WeekLine>,
    weeks_width: String,
    most: String,
    /// The page of each branch over time.
    over_time: Vec<(String, String)>,
    report: String,
}

/// A branch as a bar of levels.
struct StackLine {
    branch: BranchLine,
    parts: Vec<BarPart>,
}

/// A part of a bar: where it begins and how long it is, in percent.
struct BarPart {
    class: &'static str,
    label: String,
    begin: String,
    length: String,
}

/// Numbers of all branches by something.
struct BucketTable {
    branch: String,
    address: String,
    cells: Vec<BucketCell>,
}

struct BucketCell {
    label: String,
    number: String,
    /// Its share of the branch's, in percent.
    share: String,
}

struct BusyLine {
    name: String,
    address: String,
    branch: String,
    affected: String,
    levels: LevelMarks,
}

struct WeekLine {
    begin: String,
    opened: String,
    closed: String,
    x: String,
    opened_y: String,
    opened_height: String,
    closed_x: String,
    closed_y: String,
    closed_height: String,
}

pub(crate) async fn page(
    State(site): State<Site>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let now = (site.clock)();
    let view = site.views.statistics(now).await?;
    let wanted = wanted.keeping(Keeping::OfNow);
    let json = wanted.json_address.clone();
    wanted.answer(&view, |view| Page::of(view, Month::of(now), json))
}

impl Page {
    fn of(view: &StatisticsView, month: Month, json: String) -> Self {
        let most = view
            .weeks
            .iter()
            .map(|week| week.opened.max(week.closed))
            .max()
            .unwrap_or(0);
        let weeks: Vec<WeekLine> = view
            .weeks
            .iter()
            .enumerate()
            .map(|(place, week)| WeekLine::of(place, week, most))
            .collect();
        let longest = view.branches.iter().map(|it| it.counts.affected).max();
        let stack = |it| StackLine::of(it, longest.unwrap_or(0));
        Self {
            frame: Frame::of("Statistics", "statistics", Some(json)),
            branches: view.branches.iter().map(stack).collect(),
            ages: view.ages.iter().map(BucketTable::of).collect(),
            epss: view.epss.as_ref().map(EpssNote::of),
            chances: view.chances.iter().map(BucketTable::of).collect(),
            packages: view.packages.iter().map(BusyLine::of).collect(),
            weeks_width: format!("{:.0}", float(weeks.len()) * WIDTH),
            weeks,
            most: number(most),
            over_time: view
                .branches
                .iter()
                .map(|it| (it.branch.to_string(), branch_history_address(&it.branch)))
                .collect(),
            report: report_address(&month.to_string(), None),
        }
    }
}

impl StackLine {
    fn of(summary: &palisade_tracker::views::BranchSummary, longest: usize) -> Self {
        let mut begin = 0.0;
        let mut parts = Vec::new();
        let levels = summary.counts.levels.named();
        for (class, count) in levels.into_iter().filter(|(_, count)| *count > 0) {
            let length = share(count, longest);
            parts.push(BarPart {
                class,
                label: format!("{} {class}", number(count)),
                begin: format!("{begin:.3}"),
                length: format!("{length:.3}"),
            });
            begin += length;
        }
        Self {
            branch: BranchLine::of(summary),
            parts,
        }
    }
}

impl BucketTable {
    fn of(buckets: &BranchBuckets) -> Self {
        let all: usize = buckets.buckets.iter().map(|(_, count)| count).sum();
        let cell = |(label, count): &(String, usize)| BucketCell {
            label: label.clone(),
            number: number(*count),
            share: format!("{:.1}", share(*count, all)),
        };
        Self {
            branch: buckets.branch.to_string(),
            address: branch_address(&buckets.branch),
            cells: buckets.buckets.iter().map(cell).collect(),
        }
    }
}

impl BusyLine {
    fn of(package: &BusyPackage) -> Self {
        let address = package_address(package.branch.distribution().as_str(), &package.name);
        Self {
            name: package.name.clone(),
            branch: package.branch.to_string(),
            affected: number(package.affected),
            levels: LevelMarks::of(&package.levels),
            address,
        }
    }
}

impl WeekLine {
    fn of(place: usize, week: &Week, most: i64) -> Self {
        let x = float(place) * WIDTH;
        let height = |count: i64| {
            let count = usize::try_from(count).unwrap_or(0);
            share(count, usize::try_from(most).unwrap_or(0)) / 100.0 * HEIGHT
        };
        let (opened, closed) = (height(week.opened), height(week.closed));
        Self {
            begin: day(week.begin),
            opened: number(week.opened),
            closed: number(week.closed),
            x: format!("{:.1}", x + 2.0),
            opened_y: format!("{:.1}", HEIGHT - opened),
            opened_height: format!("{opened:.1}"),
            closed_x: format!("{:.1}", x + WIDTH / 2.0),
            closed_y: format!("{:.1}", HEIGHT - closed),
            closed_height: format!("{closed:.1}"),
        }
    }
}

/// A part of a whole in percent.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        float(part) / float(whole) * 100.0
    }
}
