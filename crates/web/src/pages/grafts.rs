//! The grafts of a branch: what each is for, what it fixes and what not, who gets it, what waits.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_model::BranchName;
use palisade_tracker::Views;
use palisade_tracker::views::{
    EndedGraft, GraftDeclaration, GraftFinding, GraftedPackage, GraftsAnswer, GraftsView,
    RevisionRef, StateRef,
};

use super::Frame;
use crate::atom::{Entry, Feed};
use crate::components::{Badge, RevisionLine, State as StateOf};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::table::Table;
use crate::words::{
    affected_by_address, branch_address, finding_address, grafts_address, number, package_address,
    short_revision,
};

/// Findings of a graft that are told on the page; the data has all of them.
const FINDINGS: usize = 60;

/// Grafts that ended, on the page.
const ENDED: usize = 100;

/// Entries of a feed.
const FEED: usize = 100;

#[derive(Template)]
#[template(path = "grafts.html")]
struct Page {
    frame: Frame,
    branch: String,
    branch_address: String,
    present_address: String,
    revision: RevisionLine,
    is_present: bool,
    counts: Vec<(String, &'static str)>,
    implicit_inputs: bool,
    declarations: Vec<Declaration>,
    ended: Vec<Ended>,
    more_ended: Option<String>,
}

struct Declaration {
    name: String,
    file: String,
    reach: String,
    insufficient: bool,
    packages: Vec<Package>,
}

struct Package {
    name: String,
    address: String,
    versions: String,
    hidden: bool,
    further: String,
    says: String,
    since: Option<RevisionLine>,
    days: String,
    waits: String,
    reach: Option<(String, String)>,
    fixes: Findings,
    leaves: Findings,
}

struct Findings {
    number: String,
    rows: Vec<Row>,
    more: Option<String>,
}

struct Row {
    badge: Badge,
    name: String,
    address: String,
    title: String,
    exploited: bool,
    without: Option<StateOf>,
    state: StateOf,
}

struct Ended {
    package: String,
    address: String,
    versions: String,
    names: String,
    since: Option<RevisionLine>,
    until: Option<RevisionLine>,
    days: String,
    how: &'static str,
    is_lost: bool,
    says: String,
}

pub(crate) async fn page(
    State(views): State<Views>,
    Path((distribution, branch)): Path<(String, String)>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let revision = parameters.text("revision")?;
    parameters.finish()?;
    let state = state(&distribution, &branch, revision.as_deref())?;
    let view = match views.grafts(&state).await? {
        GraftsAnswer::Unknown(unknown) => return Err(WebError::NotFound(unknown.reason)),
        GraftsAnswer::Found(view) => view,
    };
    wanted.answer_list(
        &*view,
        |view| Page::of(view, &wanted),
        |view| feed(view, &wanted),
        table,
        |view| &view.declarations,
    )
}

/// The state of a branch that an address names.
pub(super) fn state(
    distribution: &str,
    branch: &str,
    revision: Option<&str>,
) -> Result<StateRef, WebError> {
    let distribution = super::distribution(distribution)?;
    let unknown = || WebError::NotFound("there is no such branch".to_owned());
    let branch = BranchName::new(distribution, branch).map_err(|_| unknown())?;
    Ok(StateRef::of(&branch, revision))
}

impl Page {
    fn of(view: &GraftsView, wanted: &Wanted) -> Self {
        let branch = view.branch.to_string();
        let frame = Frame::of(
            format!("Grafts of {branch}"),
            "branches",
            Some(wanted.json_address.clone()),
        );
        let at = (!view.is_present).then_some(view.revision.name.as_str());
        let ended = view.ended.iter().take(ENDED);
        let more = view.ended.len().saturating_sub(ENDED);
        Self {
            frame: frame.with_list(wanted),
            branch_address: branch_address(&view.branch),
            present_address: grafts_address(&view.branch, None),
            branch,
            revision: RevisionLine::of(&view.revision),
            is_present: view.is_present,
            counts: counts(view),
            implicit_inputs: view.implicit_inputs,
            declarations: view
                .declarations
                .iter()
                .map(|it| Declaration::of(it, &view.branch, at))
                .collect(),
            ended: ended.map(|it| Ended::of(it, &view.branch)).collect(),
            more_ended: (more > 0).then(|| number(more)),
        }
    }
}

fn counts(view: &GraftsView) -> Vec<(String, &'static str)> {
    let it = &view.counts;
    let all = [
        (Some(it.packages), "packages with a graft"),
        (Some(it.declarations), "declarations"),
        (Some(it.fixes), "findings fixed"),
        (Some(it.insufficient), "packages affected all the same"),
        (
            it.dependents,
            "packages that get a graft through what they use",
        ),
        (Some(it.ended), "grafts that ended"),
    ];
    let told = all
        .into_iter()
        .filter_map(|(count, what)| Some((count?, what)));
    told.map(|(count, what)| (number(count), what)).collect()
}

impl Declaration {
    fn of(it: &GraftDeclaration, branch: &BranchName, at: Option<&str>) -> Self {
        let several = it.packages.len() > 1;
        let reach = it.reach.filter(|_| several);
        Self {
            name: it.name.clone(),
            file: it.file.clone().unwrap_or_default(),
            reach: reach.map(|reach| reach.words()).unwrap_or_default(),
            insufficient: it.packages.iter().any(|it| it.insufficient),
            packages: it
                .packages
                .iter()
                .map(|it| Package::of(it, branch, at))
                .collect(),
        }
    }
}

impl Package {
    fn of(it: &GraftedPackage, branch: &BranchName, at: Option<&str>) -> Self {
        let distribution = branch.distribution().as_str();
        let findings = |list: &[GraftFinding]| Findings::of(list, distribution, &it.source_package);
        Self {
            name: it.name.clone(),
            address: package_address(distribution, &it.source_package),
            versions: versions(&it.version, &it.graft.version),
            hidden: it.hidden,
            further: it.graft.further.join(", "),
            says: it.says.clone(),
            since: it.since.as_ref().map(RevisionLine::since),
            days: days(it.age_days, it.since.as_ref()),
            waits: waits(it),
            reach: it
                .reach
                .map(|reach| (reach.words(), affected_by_address(branch, &it.name, at))),
            fixes: findings(&it.fixes),
            leaves: findings(&it.leaves),
        }
    }
}

fn versions(own: &str, graft: &str) -> String {
    if own == graft {
        own.to_owned()
    } else {
        format!("{own} → {graft}")
    }
}

/// Days in words; of what the first revision has nobody knows how long it was there before.
fn days(days: Option<i64>, since: Option<&RevisionRef>) -> String {
    let or_more = if since.is_some_and(|it| it.is_first) {
        " or more"
    } else {
        ""
    };
    match days {
        Some(1) => format!("1 day{or_more}"),
        Some(days) => format!("{} days{or_more}", number(days)),
        None => String::new(),
    }
}

/// How long the package waits for ungrafting, where that is longer than this graft is there.
fn waits(it: &GraftedPackage) -> String {
    let ungrafting = &it.ungrafting;
    let days = days(ungrafting.waiting_days, ungrafting.since.as_ref());
    format!("waits for ungrafting for {days}: {}", ungrafting.says)
}

impl Findings {
    fn of(list: &[GraftFinding], distribution: &str, package: &str) -> Self {
        let more = list.len().saturating_sub(FINDINGS);
        let row = |it: &GraftFinding| Row {
            badge: Badge::of(it.score.as_ref()),
            name: it.vulnerability.clone(),
            address: finding_address(distribution, package, &it.vulnerability),
            title: it.title.clone().unwrap_or_default(),
            exploited: it.exploited_since.is_some(),
            without: it.without_graft.map(StateOf::alone),
            state: StateOf::alone(it.status),
        };
        Self {
            number: number(list.len()),
            rows: list.iter().take(FINDINGS).map(row).collect(),
            more: (more > 0).then(|| number(more)),
        }
    }
}

impl Ended {
    fn of(it: &EndedGraft, branch: &BranchName) -> Self {
        Self {
            package: it.package.clone(),
            address: package_address(branch.distribution().as_str(), &it.package),
            versions: versions(&it.version, &it.graft_version),
            names: it.names.join(", "),
            since: it.since.as_ref().map(RevisionLine::since),
            until: it.until.as_ref().map(RevisionLine::of),
            days: days(it.days, it.since.as_ref()),
            how: it.how.words(),
            is_lost: it.how == palisade_tracker::views::GraftEnd::Lost,
            says: it.says.clone(),
        }
    }
}

fn feed(view: &GraftsView, wanted: &Wanted) -> Feed {
    let (branch, distribution) = (&view.branch, view.branch.distribution().as_str());
    let words = |names: &[String]| match names {
        [] => String::new(),
        names => format!(" Names {}.", names.join(", ")),
    };
    let came = view.packages().filter_map(|it| {
        let since = it.since.as_ref()?;
        let versions = versions(&it.version, &it.graft.version);
        Some(Entry {
            key: format!(
                "graft/{branch}/{}/{versions}/{}",
                it.name,
                short_revision(&since.name)
            ),
            title: format!("Graft of {} {versions}", it.name),
            time: since.time,
            page: Some(package_address(distribution, &it.source_package)),
            summary: format!("{branch}: {}", it.says),
        })
    });
    let went = view.ended.iter().filter_map(|it| {
        let until = it.until.as_ref()?;
        let versions = versions(&it.version, &it.graft_version);
        let (package, how) = (&it.package, it.how.words());
        Some(Entry {
            key: format!(
                "graft-ended/{branch}/{package}/{versions}/{}",
                short_revision(&until.name)
            ),
            title: format!("Graft of {package} {versions} ended: {how}"),
            time: until.time,
            page: Some(package_address(distribution, package)),
            summary: format!("{branch}: {}.{}", it.says, words(&it.names)),
        })
    });
    let mut entries: Vec<Entry> = came.chain(went).collect();
    entries.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.key.cmp(&b.key)));
    entries.truncate(FEED);
    Feed {
        title: format!("Palisade: grafts of {branch}"),
        address: wanted.atom_address.clone(),
        page: grafts_address(branch, None),
        entries,
    }
}

const HEAD: [&str; 25] = [
    "declaration",
    "package",
    "version",
    "graft_version",
    "purpose",
    "says",
    "names",
    "patches_added",
    "patches_dropped",
    "sources_added",
    "since",
    "since_time",
    "until",
    "until_time",
    "days",
    "waiting_days",
    "standing",
    "fixes",
    "leaves",
    "insufficient",
    "direct_dependents",
    "dependents",
    "build_only_dependents",
    "ended",
    "ended_says",
];

fn table(view: &GraftsView) -> Table {
    let there = view.declarations.iter().flat_map(|declaration| {
        let row = |it| present_row(declaration, it);
        declaration.packages.iter().map(row)
    });
    Table::new(
        &HEAD,
        there.chain(view.ended.iter().map(ended_row)).collect(),
    )
}

/// A value as the data names it.
fn word(value: impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).ok();
    let word = value.as_ref().and_then(serde_json::Value::as_str);
    word.unwrap_or_default().to_owned()
}

fn bounds(since: Option<&RevisionRef>, until: Option<&RevisionRef>) -> [String; 4] {
    let name = |it: Option<&RevisionRef>| it.map_or_else(String::new, |it| it.name.clone());
    let time = |it: Option<&RevisionRef>| it.map_or_else(String::new, |it| it.time.to_string());
    [name(since), time(since), name(until), time(until)]
}

fn present_row(declaration: &GraftDeclaration, it: &GraftedPackage) -> Vec<String> {
    let days = |days: Option<i64>| days.map(|days| days.to_string()).unwrap_or_default();
    let findings = |list: &[GraftFinding]| {
        let names: Vec<&str> = list.iter().map(|it| it.vulnerability.as_str()).collect();
        names.join(" ")
    };
    let mut row = vec![
        declaration.name.clone(),
        it.name.clone(),
        it.version.clone(),
        it.graft.version.clone(),
        word(it.purpose),
        it.says.clone(),
        it.graft.names.join(" "),
        it.graft.patches_added.join(" "),
        it.graft.patches_dropped.join(" "),
        it.graft.sources_added.join(" "),
    ];
    row.extend(bounds(it.since.as_ref(), None));
    row.extend([
        days(it.age_days),
        days(it.ungrafting.waiting_days),
        word(it.ungrafting.standing),
        findings(&it.fixes),
        findings(&it.leaves),
        if it.insufficient { "yes" } else { "no" }.to_owned(),
    ]);
    let counts = it.reach.map(|it| [it.direct, it.all, it.build_only]);
    row.extend(match counts {
        Some(counts) => counts.map(|count| count.to_string()),
        None => Default::default(),
    });
    row.extend([String::new(), String::new()]);
    row
}

fn ended_row(it: &EndedGraft) -> Vec<String> {
    let none = String::new;
    let mut row = vec![
        none(),
        it.package.clone(),
        it.version.clone(),
        it.graft_version.clone(),
        none(),
        none(),
        it.names.join(" "),
        none(),
        none(),
        none(),
    ];
    row.extend(bounds(it.since.as_ref(), it.until.as_ref()));
    row.push(it.days.map(|days| days.to_string()).unwrap_or_default());
    row.extend(std::iter::repeat_with(none).take(8));
    row.extend([word(it.how), it.says.clone()]);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_what_was_there_first_may_be_more() {
        let first = RevisionRef {
            name: "a".to_owned(),
            time: palisade_model::Timestamp::UNIX_EPOCH,
            is_first: true,
        };
        assert_eq!(days(Some(1), None), "1 day");
        assert_eq!(days(Some(1200), Some(&first)), "1,200 days or more");
        assert_eq!(days(None, None), "");
    }
}
