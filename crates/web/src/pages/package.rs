//! One package of a distribution.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use palisade_model::BranchName;
use palisade_tracker::views::{
    GraftView, HistoryItem, Kinship, PackageDetails, PackageFinding, PackageQuery, PackageVersion,
    PackageView, PatchView, RelativeView, Section, SourceView,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Address, Frame};
use crate::components::{Badge, Count, EpssNote, Evidence, Pager, PlaceLine, RevisionLine};
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::redirect::see_other_in;
use crate::respond::Wanted;
use crate::serve::Site;
use crate::words::{
    affected_by_address, branch_address, finding_address, grafts_address, maintainer_address,
    number, package_address, package_feed_address, package_history_address, percent, safe_link,
    vulnerability_address,
};

/// Findings of a page, unless asked otherwise.
const LIMIT: usize = 25;

/// Findings at the most: each is judged again for its evidence.
const MOST: usize = 100;

/// Places of one finding that are told in the list.
const PLACES: usize = 6;

const SECTIONS: [(&str, Section); 3] = [
    ("open", Section::Open),
    ("fixed", Section::Fixed),
    ("not_affected", Section::NotAffected),
];

#[derive(Template)]
#[template(path = "package.html")]
struct Page {
    frame: Frame,
    distribution: String,
    name: String,
    synopsis: String,
    versions: Vec<VersionLine>,
    details: Vec<(&'static str, Vec<DetailLine>)>,
    details_of: String,
    sources: Vec<SourceLine>,
    sections: Vec<Count>,
    section: &'static str,
    only_branch: Option<(String, String)>,
    /// Where any of the findings has a score.
    epss: Option<EpssNote>,
    findings: Vec<FindingBlock>,
    pager: Pager,
    relatives: Vec<RelativeLine>,
    history: Vec<HistoryLine>,
    history_address: String,
}

struct VersionLine {
    branch: String,
    branch_address: String,
    version: String,
    since: Option<RevisionLine>,
    graft: Option<GraftLine>,
    /// The page of those who use it, where inventories tell that.
    users: Option<String>,
    patches: Vec<PatchLine>,
    affected: String,
    affected_address: String,
    fixes: String,
    queue: String,
    built: Vec<String>,
    built_count: String,
}

struct GraftLine {
    version: String,
    since: Option<RevisionLine>,
    insufficient: bool,
    /// What there is to say of it, each with where to read on.
    facts: Vec<(String, String)>,
    patches: Vec<PatchLine>,
}

struct PatchLine {
    name: String,
    vulnerabilities: Vec<(String, String)>,
}

struct DetailLine {
    text: String,
    link: Option<String>,
}

struct SourceLine {
    urls: Vec<DetailLine>,
    reference: String,
    hash: String,
}

struct FindingBlock {
    name: String,
    address: String,
    why: String,
    title: String,
    badge: Badge,
    exploited: Option<String>,
    epss: String,
    places: Vec<PlaceLine>,
    more_places: Option<String>,
    evidence: Option<Evidence>,
    evidence_of: String,
}

struct HistoryLine {
    branch: String,
    version: String,
    since: Option<RevisionLine>,
    until: Option<RevisionLine>,
}

/// The same upstream elsewhere.
struct RelativeLine {
    name: String,
    distribution: String,
    address: String,
    by: &'static str,
    places: Vec<(String, String, String)>,
    more: Option<String>,
}

/// A view with the address of what follows.
#[derive(Serialize, ToSchema)]
#[schema(as = PackageAnswer)]
pub(crate) struct Answer {
    #[serde(flatten)]
    view: PackageView,
    next: Option<String>,
}

pub(crate) async fn page(
    State(site): State<Site>,
    Path((distribution, name)): Path<(String, String)>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let unknown = || WebError::NotFound("there is no such package".to_owned());
    let section = parameters.choice("show", &SECTIONS)?.unwrap_or_default();
    let branch: Option<BranchName> = parameters.parsed("branch")?;
    let limit = parameters.number("limit", 1..=MOST)?;
    let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
    parameters.finish()?;
    let distribution = super::distribution(&distribution)?;
    if branch
        .as_ref()
        .is_some_and(|branch| *branch.distribution() != distribution)
    {
        let reason = format!("there is no such branch of {distribution}");
        return Err(WebError::NotFound(reason));
    }
    let query = PackageQuery {
        section,
        branch,
        limit: limit.unwrap_or(LIMIT),
        offset,
    };
    let view = site
        .views
        .package(&distribution, &name, &query, (site.clock)());
    let view = view.await?.ok_or_else(unknown)?;
    let path = package_address(distribution.as_str(), &view.name);
    if view.name != name {
        return Ok(see_other_in(wanted.format, &path));
    }
    let branch = query.branch.as_ref().map(ToString::to_string);
    let limit = limit.map(|limit| limit.to_string());
    let address = Address::of(path)
        .with("show", Some(word(section)).filter(|word| *word != "open"))
        .with("branch", branch.as_deref())
        .with("limit", limit.as_deref());
    let end = view.offset + view.findings.len();
    let more = end < total(&view) && !view.findings.is_empty();
    let next = more.then(|| {
        address
            .clone()
            .with("offset", Some(&end.to_string()))
            .json()
    });
    let json = wanted.json_address.clone();
    let answer = Answer { view, next };
    wanted.answer(&answer, |answer| {
        Page::of(&answer.view, &query, &address, json)
    })
}

fn word(section: Section) -> &'static str {
    SECTIONS
        .iter()
        .find(|(_, known)| *known == section)
        .map_or("open", |(word, _)| word)
}

fn total(view: &PackageView) -> usize {
    let count = match view.section {
        Section::Open => view.sections.open,
        Section::Fixed => view.sections.fixed,
        Section::NotAffected => view.sections.not_affected,
    };
    usize::try_from(count).unwrap_or(0)
}

impl Page {
    fn of(view: &PackageView, query: &PackageQuery, address: &Address, json: String) -> Self {
        let distribution = view.distribution.as_str();
        let part = |offset: usize| {
            let offset = (offset > 0).then(|| offset.to_string());
            address.clone().with("offset", offset.as_deref()).text()
        };
        let shown = view.findings.len();
        let details = view.details.as_ref();
        let is_scored = view.findings.iter().any(|it| it.epss.is_some());
        let epss = view.epss.as_ref().filter(|_| is_scored);
        Self {
            frame: Frame::of(format!("{} in {distribution}", view.name), "", Some(json))
                .with_feed(package_feed_address(distribution, &view.name)),
            distribution: distribution.to_owned(),
            name: view.name.clone(),
            synopsis: details
                .and_then(|details| details.synopsis.clone())
                .unwrap_or_default(),
            versions: view
                .versions
                .iter()
                .map(|version| VersionLine::of(version, &view.name))
                .collect(),
            details: details
                .map(|details| detail_lines(details, distribution))
                .unwrap_or_default(),
            details_of: details
                .map(|details| details.version.clone())
                .unwrap_or_default(),
            sources: details
                .map(|details| details.sources.iter().map(SourceLine::of).collect())
                .unwrap_or_default(),
            sections: sections(view, address),
            section: match view.section {
                Section::Open => "Open findings",
                Section::Fixed => "Fixed",
                Section::NotAffected => "Not affected",
            },
            only_branch: query.branch.as_ref().map(|branch| {
                (
                    branch.to_string(),
                    address.clone().with("branch", None).text(),
                )
            }),
            epss: epss.map(EpssNote::of),
            findings: view
                .findings
                .iter()
                .map(|finding| FindingBlock::of(finding, distribution, &view.name))
                .collect(),
            pager: Pager::of(view.offset, shown, total(view), query.limit, part),
            relatives: view.relatives.iter().map(RelativeLine::of).collect(),
            history: view.history.iter().map(HistoryLine::of).collect(),
            history_address: package_history_address(distribution, &view.name),
        }
    }
}

fn sections(view: &PackageView, address: &Address) -> Vec<Count> {
    let of = |section: Section, label: &str, class, count: i64| Count {
        label: label.to_owned(),
        number: number(count),
        address: address.clone().with("show", Some(word(section))).text(),
        class,
        current: view.section == section,
    };
    vec![
        of(Section::Open, "Open", "affected", view.sections.open),
        of(Section::Fixed, "Fixed", "fixed", view.sections.fixed),
        of(
            Section::NotAffected,
            "Not affected",
            "clear",
            view.sections.not_affected,
        ),
    ]
}

fn detail_lines(
    details: &PackageDetails,
    distribution: &str,
) -> Vec<(&'static str, Vec<DetailLine>)> {
    let one = |text: &Option<String>| text.iter().map(|text| DetailLine::plain(text)).collect();
    let many = |texts: &[String]| texts.iter().map(|text| DetailLine::plain(text)).collect();
    let homepage: Vec<DetailLine> = details
        .homepage
        .iter()
        .map(|address| DetailLine::linked(address))
        .collect();
    let all: Vec<(&'static str, Vec<DetailLine>)> = vec![
        ("Home page", homepage),
        ("Maintainer", maintainer(details, distribution)),
        ("Licence", many(&details.licenses)),
        ("Defined in", one(&details.location)),
        ("Build system", one(&details.build_system)),
        ("Outputs", many(&details.outputs)),
        ("Packaging commit", one(&details.commit)),
    ];
    all.into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .collect()
}

fn maintainer(details: &PackageDetails, distribution: &str) -> Vec<DetailLine> {
    let line = |name: &String| DetailLine {
        text: name.clone(),
        link: Some(maintainer_address(distribution, Some(name))),
    };
    details.maintainer.iter().map(line).collect()
}

impl DetailLine {
    fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            link: None,
        }
    }

    fn linked(address: &str) -> Self {
        Self {
            text: address.to_owned(),
            link: safe_link(address),
        }
    }
}

impl SourceLine {
    fn of(source: &SourceView) -> Self {
        let mut urls: Vec<DetailLine> = source
            .urls
            .iter()
            .take(4)
            .map(|address| DetailLine::linked(address))
            .collect();
        if urls.is_empty() {
            urls.extend(source.file_name.iter().map(|name| DetailLine::plain(name)));
        }
        Self {
            urls,
            reference: source.reference.clone().unwrap_or_default(),
            hash: source.hash.clone().unwrap_or_default(),
        }
    }
}

impl PatchLine {
    fn of(patch: &PatchView) -> Self {
        let named = patch.vulnerabilities.iter();
        Self {
            name: patch.name.clone(),
            vulnerabilities: named
                .map(|name| (name.clone(), vulnerability_address(name)))
                .collect(),
        }
    }
}

impl GraftLine {
    fn of(graft: &GraftView, of: &PackageVersion, name: &str) -> Self {
        let grafts = grafts_address(&of.branch, None);
        let count = |number: usize| match number {
            1 => "1 finding".to_owned(),
            many => format!("{} findings", crate::words::number(many)),
        };
        let mut facts = vec![(
            format!("fixes {}", count(graft.fixes.len())),
            grafts.clone(),
        )];
        if !graft.leaves.is_empty() {
            let words = format!("{} that affect it stay", count(graft.leaves.len()));
            facts.push((words, grafts));
        }
        if let Some(reach) = graft.reach {
            let address = affected_by_address(&of.branch, name, None);
            facts.push((reach.words(), address));
        }
        Self {
            version: graft.version.clone(),
            since: graft.since.as_ref().map(RevisionLine::since),
            insufficient: !graft.leaves.is_empty(),
            facts,
            patches: graft.patches.iter().map(PatchLine::of).collect(),
        }
    }
}

impl VersionLine {
    fn of(version: &PackageVersion, name: &str) -> Self {
        let lines = |patches: &[PatchView]| patches.iter().map(PatchLine::of).collect();
        let mut built: Vec<String> = version
            .built
            .iter()
            .map(|built| built.name.clone())
            .collect();
        built.dedup();
        let only_itself = built.len() == 1 && built[0] == name;
        let distribution = version.branch.distribution().as_str();
        let branch = version.branch.to_string();
        let path = package_address(distribution, name);
        Self {
            branch_address: branch_address(&version.branch),
            version: version.version.clone(),
            since: version.since.as_ref().map(RevisionLine::since),
            graft: version
                .graft
                .as_ref()
                .map(|graft| GraftLine::of(graft, version, name)),
            users: (distribution == "guix")
                .then(|| affected_by_address(&version.branch, name, None)),
            patches: lines(&version.patches),
            affected: number(version.affected),
            fixes: fixes(version),
            affected_address: Address::of(path).with("branch", Some(&branch)).text(),
            queue: number(version.under_investigation),
            built_count: number(built.len()),
            built: if only_itself { Vec::new() } else { built },
            branch,
        }
    }
}

impl FindingBlock {
    fn of(finding: &PackageFinding, distribution: &str, package: &str) -> Self {
        let more = finding.places.len().saturating_sub(PLACES);
        let first = finding.places.first();
        Self {
            name: finding.vulnerability.clone(),
            address: vulnerability_address(&finding.vulnerability),
            why: finding_address(distribution, package, &finding.vulnerability),
            title: finding.title.clone().unwrap_or_default(),
            badge: Badge::of(finding.score.as_ref()),
            exploited: finding.exploited_since.clone(),
            epss: finding.epss.map(percent).unwrap_or_default(),
            places: finding
                .places
                .iter()
                .take(PLACES)
                .map(PlaceLine::of)
                .collect(),
            more_places: (more > 0).then(|| number(more)),
            evidence: finding
                .evidence
                .as_ref()
                .map(|steps| Evidence::of(steps, &finding.vulnerability)),
            evidence_of: first
                .map(|place| format!("{} on {}", place.version, place.branch))
                .unwrap_or_default(),
        }
    }
}

impl RelativeLine {
    fn of(relative: &RelativeView) -> Self {
        let distribution = relative.distribution.as_str();
        let places = relative.places.iter().take(PLACES).map(|place| {
            let branch = place.branch.name().to_owned();
            (branch, place.version.clone(), number(place.affected))
        });
        let more = relative.places.len().saturating_sub(PLACES);
        Self {
            name: relative.name.clone(),
            address: package_address(distribution, &relative.name),
            distribution: distribution.to_owned(),
            by: match relative.by {
                Kinship::Repository => "from the same repository",
                Kinship::Registry => "the same package of a registry",
                Kinship::Name => "of the same name",
            },
            places: places.collect(),
            more: (more > 0).then(|| number(more)),
        }
    }
}

impl HistoryLine {
    fn of(item: &HistoryItem) -> Self {
        Self {
            branch: item.branch.to_string(),
            version: item.version.clone(),
            since: item.since.as_ref().map(RevisionLine::since),
            until: item.until.as_ref().map(RevisionLine::of),
        }
    }
}

/// What is to be had by going to a later version, of all that affects this one.
fn fixes(version: &PackageVersion) -> String {
    let fixable = version.fixable;
    let of_what = match version.affected {
        _ if fixable == 0 => return String::new(),
        1 => "a fix is known".to_owned(),
        affected if affected == fixable => "fixes of all are known".to_owned(),
        _ => format!("fixes of {} are known", number(fixable)),
    };
    match &version.last_fix {
        Some(last) if fixable == 1 => format!("{of_what}: in {last}"),
        Some(last) => format!("{of_what}, the last in {last}"),
        None => of_what,
    }
}
