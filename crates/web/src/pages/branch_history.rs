//! A branch over time: what was open by level, what began and ended, how long mending took.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_model::BranchName;
use palisade_tracker::views::{
    BranchHistoryView, Month, Period, PeriodView, Remedy, RemedyDays, UnmaintainedPackage,
};

use super::Frame;
use crate::components::{LevelMarks, Moment};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::{Keeping, Wanted};
use crate::serve::Site;
use crate::table::Table;
use crate::timescale::float;
use crate::words::{
    branch_address, branch_history_address, capital, maintainer_address, number,
    number_unless_none, package_address, report_address,
};

/// Points of a chart's height and of a period's width in it.
const HEIGHT: f64 = 160.0;
const WIDTH: f64 = 26.0;

const PERIODS: [(&str, Period); 2] = [("month", Period::Month), ("week", Period::Week)];

#[derive(Template)]
#[template(path = "branch_history.html")]
struct Page {
    frame: Frame,
    name: String,
    address: String,
    other: (&'static str, String),
    by: &'static str,
    stored_since: Option<Moment>,
    rows: Vec<Row>,
    chart: Chart,
    median: String,
    counted: String,
    begun_before: String,
    gone_before: String,
    remedies: Vec<RemedyLine>,
    unmaintained: Option<Vec<PackageLine>>,
    orphaned: String,
    report: String,
}

struct Chart {
    width: String,
    most: String,
    first: String,
    last: String,
    bars: Vec<Bar>,
}

/// A period as a bar of levels.
struct Bar {
    title: String,
    x: String,
    parts: Vec<Part>,
}

struct Part {
    class: &'static str,
    y: String,
    height: String,
}

struct Row {
    name: String,
    report: Option<String>,
    revisions: String,
    open: String,
    levels: Vec<(&'static str, String)>,
    exploited: String,
    began: String,
    found: String,
    ended: String,
    mended: String,
    median: String,
    counted: String,
}

struct RemedyLine {
    words: String,
    all: String,
    counted: String,
    median: String,
}

struct PackageLine {
    name: String,
    address: String,
    affected: String,
    exploited: String,
    levels: LevelMarks,
    oldest: Moment,
}

pub(crate) async fn page(
    State(site): State<Site>,
    Path((distribution, branch)): Path<(String, String)>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let by = parameters.choice("by", &PERIODS)?.unwrap_or_default();
    parameters.finish()?;
    let unknown = || WebError::NotFound("there is no such branch".to_owned());
    let name = BranchName::new(super::distribution(&distribution)?, &branch);
    let name = name.map_err(|_| unknown())?;
    let view = site.views.branch_history(&name, by, (site.clock)()).await?;
    let view = view.ok_or_else(unknown)?;
    let wanted = wanted.keeping(Keeping::OfNow);
    wanted.answer_table(&view, |view| Page::of(view, &wanted), table)
}

impl Page {
    fn of(view: &BranchHistoryView, wanted: &Wanted) -> Self {
        let branch = view.branch.to_string();
        let mut frame = Frame::of(
            format!("{branch} over time"),
            "branches",
            Some(wanted.json_address.clone()),
        );
        frame.csv = Some(wanted.csv_address.clone());
        let distribution = view.branch.distribution().as_str();
        let address = branch_history_address(&view.branch);
        let fixes = &view.fixes;
        let last = view.periods.last().map(|it| Month::of(it.begin));
        let packages = view.unmaintained.as_ref().map(|packages| {
            let line = |it| PackageLine::of(it, distribution);
            packages.iter().map(line).collect()
        });
        Self {
            frame,
            other: match view.by {
                Period::Month => ("By week", format!("{address}?by=week")),
                Period::Week => ("By month", address),
            },
            by: match view.by {
                Period::Month => "month",
                Period::Week => "week",
            },
            address: branch_address(&view.branch),
            stored_since: view.stored_since.as_ref().map(|it| Moment::day(it.time)),
            rows: view
                .periods
                .iter()
                .rev()
                .map(|it| Row::of(it, view))
                .collect(),
            chart: Chart::of(&view.periods),
            median: days(fixes.median_days),
            counted: number(fixes.counted),
            begun_before: number(fixes.begun_before),
            gone_before: number(fixes.gone_before),
            remedies: fixes.by_remedy.iter().map(RemedyLine::of).collect(),
            unmaintained: packages,
            orphaned: maintainer_address(distribution, None),
            report: last.map_or_else(String::new, |month| {
                report_address(&month.to_string(), Some(&branch))
            }),
            name: branch,
        }
    }
}

impl Chart {
    fn of(periods: &[PeriodView]) -> Self {
        let most = periods.iter().map(|it| it.open.all).max().unwrap_or(0);
        let bars = periods.iter().enumerate();
        let name = |it: Option<&PeriodView>| it.map(|it| it.name.clone()).unwrap_or_default();
        Self {
            width: format!("{:.0}", float(periods.len().max(1)) * WIDTH),
            most: number(most),
            first: name(periods.first()),
            last: name(periods.last()),
            bars: bars.map(|(at, it)| Bar::of(at, it, most)).collect(),
        }
    }
}

impl Bar {
    fn of(place: usize, period: &PeriodView, most: usize) -> Self {
        let mut parts = Vec::new();
        let mut top = HEIGHT;
        let mut words = Vec::new();
        for (class, count) in period.open.levels.named().into_iter().filter(|it| it.1 > 0) {
            let height = float(count) / float(most.max(1)) * HEIGHT;
            top -= height;
            parts.push(Part {
                class,
                y: format!("{top:.1}"),
                height: format!("{height:.1}"),
            });
            words.push(format!("{} {class}", number(count)));
        }
        Self {
            title: format!(
                "{}: {} open; {}",
                period.name,
                number(period.open.all),
                words.join(", ")
            ),
            x: format!("{:.1}", float(place) * WIDTH + 3.0),
            parts,
        }
    }
}

impl Row {
    fn of(period: &PeriodView, view: &BranchHistoryView) -> Self {
        let levels = period.open.levels.named().into_iter();
        let branch = view.branch.to_string();
        let report = report_address(&period.name, Some(&branch));
        Self {
            report: (view.by == Period::Month).then_some(report),
            name: period.name.clone(),
            revisions: number(period.revisions),
            open: number(period.open.all),
            levels: levels
                .map(|(level, count)| (level, number(count)))
                .collect(),
            exploited: number(period.open.exploited),
            began: number(period.began),
            found: number_unless_none(period.found),
            ended: number(period.ended),
            mended: number(period.mended),
            median: days(period.median_days),
            counted: number(period.counted),
        }
    }
}

impl RemedyLine {
    fn of(it: &RemedyDays) -> Self {
        Self {
            words: it.remedy.map_or_else(
                || "A version of which nobody can tell yet".to_owned(),
                |it| capital(Remedy::words(it)),
            ),
            all: number(it.all),
            counted: number(it.counted),
            median: days(it.median_days),
        }
    }
}

impl PackageLine {
    fn of(it: &UnmaintainedPackage, distribution: &str) -> Self {
        Self {
            name: it.name.clone(),
            address: package_address(distribution, &it.name),
            affected: number(it.affected.all),
            exploited: number_unless_none(it.affected.exploited),
            levels: LevelMarks::of(&it.affected.levels),
            oldest: Moment::day(it.oldest),
        }
    }
}

fn days(days: Option<f64>) -> String {
    days.map_or_else(|| "–".to_owned(), |days| format!("{days}"))
}

const HEAD: &[&str] = &[
    "period",
    "begin",
    "end",
    "revisions",
    "open",
    "critical",
    "high",
    "medium",
    "low",
    "unrated",
    "exploited",
    "packages",
    "began",
    "found",
    "ended",
    "mended",
    "counted",
    "median_days",
];

fn table(view: &BranchHistoryView) -> Table {
    let row = |it: &PeriodView| {
        let mut row = vec![it.name.clone(), it.begin.to_string(), it.end.to_string()];
        let levels = it.open.levels.named().map(|(_, count)| count);
        let before = [it.revisions, it.open.all];
        let after = [
            it.open.exploited,
            it.open.packages,
            it.began,
            it.found,
            it.ended,
            it.mended,
            it.counted,
        ];
        let numbers = before.into_iter().chain(levels).chain(after);
        row.extend(numbers.map(|it| it.to_string()));
        row.push(it.median_days.map(|it| it.to_string()).unwrap_or_default());
        row
    };
    Table::new(HEAD, view.periods.iter().map(row).collect())
}
