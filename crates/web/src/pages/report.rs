//! The report of a month.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_model::BranchName;
use palisade_tracker::views::{
    BranchReport, MitigatedView, Month, NewView, OldView, PersonView, ReportAnswer, ReportView,
    report_markdown,
};

use super::Frame;
use crate::components::{Badge, LevelMarks, Moment};
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::respond::{Keeping, Wanted};
use crate::serve::Site;
use crate::words::{
    branch_history_address, capital, finding_address, maintainer_address, number,
    number_unless_none, package_address, report_address,
};

/// Of each list on a page and in Markdown, and in an answer for programs, unless asked otherwise.
const LIMITS: (usize, usize) = (30, 200);

/// Of each list at the most.
const MOST: usize = 5000;

/// Vulnerabilities and packages that are named in a line.
const NAMED: usize = 4;

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    frame: Frame,
    title: String,
    until: Option<Moment>,
    before: String,
    after: Option<String>,
    reading: &'static str,
    branches: Vec<Part>,
}

struct Part {
    name: String,
    address: String,
    sentences: Vec<String>,
    totals: Vec<(String, String, String, String)>,
    mitigations: Vec<Mitigation>,
    mitigations_left: Option<String>,
    new: Vec<New>,
    new_left: Option<String>,
    old: Vec<Old>,
    old_left: Option<String>,
    people: Vec<Person>,
}

struct Mitigation {
    package: String,
    address: String,
    how: String,
    badge: Badge,
    exploited: bool,
    names: Vec<(String, String)>,
    more: String,
    days: String,
    maintainer: String,
}

struct New {
    badge: Badge,
    name: String,
    address: String,
    title: String,
    exploited: bool,
    package: String,
    package_address: String,
    version: String,
    since: String,
    fixed_in: String,
}

struct Old {
    package: String,
    address: String,
    version: String,
    levels: LevelMarks,
    exploited: String,
    gravest: String,
    gravest_address: String,
    fixed_in: String,
    days: String,
    maintainer: String,
}

struct Person {
    name: String,
    address: String,
    mitigated: String,
    packages: String,
}

pub(crate) async fn page(
    State(site): State<Site>,
    Path(month): Path<String>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let month: Month = month
        .parse()
        .map_err(|error| WebError::NotFound(format!("{error}")))?;
    let branches = parameters.several("branch")?;
    let limit = parameters.number("limit", 1..=MOST)?;
    parameters.finish()?;
    let branches = branches.iter().filter(|it| !it.is_empty());
    let branches: Result<Vec<BranchName>, _> = branches.map(|it| it.parse()).collect();
    let branches = branches.map_err(|error| WebError::BadRequest(format!("branch: {error}")))?;
    let usual = match wanted.format {
        Format::Html | Format::Markdown => LIMITS.0,
        Format::Json | Format::Atom | Format::Csv | Format::Lines => LIMITS.1,
    };
    let now = (site.clock)();
    let limit = limit.unwrap_or(usual);
    let answer = site.views.report(month, &branches, limit, now).await?;
    let wanted = wanted.keeping(Keeping::OfNow);
    match answer {
        ReportAnswer::Unknown(unknown) => Err(WebError::NotFound(unknown.reason)),
        ReportAnswer::Found(view) => wanted.answer_text(
            &*view,
            |view| Page::of(view, month, &branches, &wanted),
            report_markdown,
        ),
    }
}

impl Page {
    fn of(view: &ReportView, month: Month, branches: &[BranchName], wanted: &Wanted) -> Self {
        let mut frame = Frame::of(
            format!("Security in {}", view.title),
            "branches",
            Some(wanted.json_address.clone()),
        );
        frame.markdown = Some(wanted.markdown_address.clone());
        let address = |month: Month| {
            let mut address = report_address(&month.to_string(), None);
            for (place, branch) in branches.iter().enumerate() {
                address.push(if place == 0 { '?' } else { '&' });
                address.push_str("branch=");
                address.push_str(&crate::words::query_value(&branch.to_string()));
            }
            address
        };
        Self {
            frame,
            title: view.title.clone(),
            until: (!view.is_over).then(|| Moment::day(view.until)),
            before: address(month.before()),
            after: view.is_over.then(|| address(month.after())),
            reading: view.reading(),
            branches: view.branches.iter().map(|it| Part::of(it, view)).collect(),
        }
    }
}

impl Part {
    fn of(branch: &BranchReport, view: &ReportView) -> Self {
        let distribution = branch.branch.distribution().as_str();
        let left = |shown: usize, all: usize| (shown < all).then(|| number(all - shown));
        let mitigated = branch.mitigations.iter().map(|it| it.numbers.all).sum();
        let old = branch.stays.packages.iter();
        let old = old.map(|it| it.numbers.all).sum();
        let totals = branch.totals().into_iter();
        Self {
            name: branch.branch.to_string(),
            address: branch_history_address(&branch.branch),
            sentences: branch.sentences(view),
            totals: totals
                .map(|(name, before, after, difference)| {
                    (capital(name), number(before), number(after), difference)
                })
                .collect(),
            mitigations: branch
                .mitigations
                .iter()
                .map(|it| Mitigation::of(it, distribution))
                .collect(),
            mitigations_left: left(mitigated, branch.mitigated.all),
            new: branch
                .new
                .iter()
                .map(|it| New::of(it, distribution))
                .collect(),
            new_left: left(branch.new.len(), branch.news.open),
            old: branch
                .stays
                .packages
                .iter()
                .map(|it| Old::of(it, distribution))
                .collect(),
            old_left: left(old, branch.stays.old.all),
            people: branch
                .people
                .iter()
                .map(|it| Person::of(it, distribution))
                .collect(),
        }
    }
}

impl Mitigation {
    fn of(it: &MitigatedView, distribution: &str) -> Self {
        let address = |name: &String| finding_address(distribution, &it.package, name);
        let names = it.vulnerabilities.iter().take(NAMED);
        let more = it.numbers.all.saturating_sub(NAMED);
        Self {
            address: package_address(distribution, &it.package),
            package: it.package.clone(),
            how: it.how(),
            badge: Badge::of(it.score.as_ref()),
            exploited: it.numbers.exploited > 0,
            names: names.map(|name| (name.clone(), address(name))).collect(),
            more: number_unless_none(more),
            days: it.known_for(),
            maintainer: it.maintainer.clone().unwrap_or_default(),
        }
    }
}

impl New {
    fn of(it: &NewView, distribution: &str) -> Self {
        Self {
            badge: Badge::of(it.score.as_ref()),
            address: finding_address(distribution, &it.package, &it.vulnerability),
            name: it.vulnerability.clone(),
            title: it.title.clone().unwrap_or_default(),
            exploited: it.exploited_since.is_some(),
            package_address: package_address(distribution, &it.package),
            package: it.package.clone(),
            version: it.version.clone(),
            since: it.since_words(),
            fixed_in: it.fixed_in.clone().unwrap_or_default(),
        }
    }
}

impl Old {
    fn of(it: &OldView, distribution: &str) -> Self {
        Self {
            address: package_address(distribution, &it.package),
            version: it.version.clone(),
            levels: LevelMarks::of(&it.numbers.levels),
            exploited: number_unless_none(it.numbers.exploited),
            gravest_address: finding_address(distribution, &it.package, &it.gravest),
            gravest: it.gravest.clone(),
            fixed_in: it.fixed_in.clone().unwrap_or_default(),
            days: it.known_for(),
            maintainer: it.maintainer.clone().unwrap_or_default(),
            package: it.package.clone(),
        }
    }
}

impl Person {
    fn of(it: &PersonView, distribution: &str) -> Self {
        let shown: Vec<&str> = it.packages.iter().take(NAMED).map(String::as_str).collect();
        let shown = shown.join(", ");
        Self {
            address: maintainer_address(distribution, it.name.as_deref()),
            name: it.name.clone().unwrap_or_else(|| "nobody".to_owned()),
            mitigated: number(it.mitigated),
            packages: match it.packages.len().saturating_sub(NAMED) {
                0 => shown,
                left => format!("{shown} and {} more", number(left)),
            },
        }
    }
}
