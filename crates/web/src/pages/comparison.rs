//! Two states of branches compared: what the change does to security first, then the packages.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::{
    Cause, ComparisonAnswer, ComparisonView, Counts, FindingChangeView, LonePackageView,
    MitigationView, PackageChangeView, Remedy, SideView, StateRef, markdown,
};

use super::Frame;
use crate::components::{Badge, LevelMarks, Moment, State as StateOf};
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::respond::Wanted;
use crate::words::{
    affected_by_address, branch_address, comparison_address, finding_address, number,
    number_unless_none, package_address, query_value, short_revision, vulnerability_address,
};

/// Of each list on a page, and in an answer for programs, unless asked otherwise.
const LIMITS: (usize, usize) = (50, 200);

/// Of each list at the most.
const MOST: usize = 5000;

/// Lines of a field of a package that are told.
const LINES: usize = 8;

#[derive(Template)]
#[template(path = "comparison.html")]
struct Page {
    frame: Frame,
    from: Side,
    to: Side,
    swapped: String,
    lost: Vec<Mitigation>,
    lost_count: String,
    unproven: Vec<Mitigation>,
    unproven_count: String,
    introduced: Effect,
    fixed: Effect,
    stays: String,
    lists: Vec<List>,
    counts: Vec<(String, &'static str)>,
    changed: Vec<Change>,
    added: Vec<Alone>,
    removed: Vec<Alone>,
    more: Vec<More>,
    all: String,
}

/// A list of which not all is shown.
struct More {
    what: &'static str,
    left: String,
}

#[derive(Template)]
#[template(path = "comparison_form.html")]
struct Form {
    frame: Frame,
    from: String,
    to: String,
}

struct Side {
    branch: String,
    address: String,
    revision: String,
    full_revision: String,
    time: Moment,
    note: String,
}

/// What comes of a change, on one side of the account.
struct Effect {
    number: String,
    levels: LevelMarks,
    exploited: String,
    waiting: String,
}

struct Mitigation {
    package: String,
    package_address: String,
    version: String,
    vulnerability: Option<(String, String)>,
    badge: Badge,
    says: String,
}

/// A list of findings.
struct List {
    title: &'static str,
    number: String,
    rows: Vec<Row>,
    left: Option<String>,
    folded: bool,
}

struct Row {
    badge: Badge,
    name: String,
    address: String,
    title: String,
    exploited: bool,
    package: String,
    package_address: String,
    versions: String,
    states: Vec<StateOf>,
    by: &'static str,
    says: String,
    why: String,
}

struct Change {
    name: String,
    address: String,
    versions: String,
    place: String,
    fields: Vec<Field>,
    /// How many packages get its graft.
    reach: Option<(String, String)>,
}

struct Field {
    name: String,
    removed: Vec<String>,
    added: Vec<String>,
    left: usize,
}

struct Alone {
    name: String,
    address: String,
    version: String,
    place: String,
    about: String,
}

pub(crate) async fn page(
    State(views): State<Views>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let from = parameters.parsed::<StateRef>("from")?;
    let to = parameters.parsed::<StateRef>("to")?;
    let limit = parameters.number("limit", 1..=MOST)?;
    parameters.finish()?;
    let (Some(from), Some(to)) = (&from, &to) else {
        return form(&wanted, from.as_ref(), to.as_ref());
    };
    let usual = match wanted.format {
        Format::Html | Format::Markdown => LIMITS.0,
        Format::Json | Format::Atom | Format::Csv | Format::Lines => LIMITS.1,
    };
    let answer = views.compare(from, to, limit.unwrap_or(usual)).await?;
    match answer {
        ComparisonAnswer::Unknown(unknown) => Err(WebError::NotFound(unknown.reason)),
        ComparisonAnswer::Found(view) => {
            wanted.answer_text(&*view, |view| Page::of(view, &wanted), markdown)
        }
    }
}

/// Asks people which states they mean; a program has to know.
fn form(
    wanted: &Wanted,
    from: Option<&StateRef>,
    to: Option<&StateRef>,
) -> Result<Response, WebError> {
    if wanted.format != Format::Html {
        let reason = "from and to must name the states that are to be compared";
        return Err(WebError::BadRequest(reason.to_owned()));
    }
    let text = |state: Option<&StateRef>| state.map(ToString::to_string).unwrap_or_default();
    wanted.answer(&(), |()| Form {
        frame: Frame::of("Compare", "", None),
        from: text(from),
        to: text(to),
    })
}

impl Page {
    fn of(view: &ComparisonView, wanted: &Wanted) -> Self {
        let (net, packages) = (&view.net, &view.packages);
        let (from, to) = (&view.from.name, &view.to.name);
        let mut frame = Frame::of(
            format!("{from} → {to}"),
            "branches",
            Some(wanted.json_address.clone()),
        );
        frame.markdown = Some(wanted.markdown_address.clone());
        let distribution = view.to.branch.distribution().as_str();
        let before = view.from.branch.distribution().as_str();
        let more = |what: &'static str, shown: usize, all: usize| {
            let left = all - shown.min(all);
            (left > 0).then(|| More {
                what,
                left: number(left),
            })
        };
        let mitigations = |list: &[MitigationView]| {
            list.iter()
                .map(|it| Mitigation::of(it, distribution))
                .collect()
        };
        Self {
            frame,
            from: Side::of(&view.from),
            to: Side::of(&view.to),
            swapped: comparison_address(to, from),
            lost: mitigations(&view.lost),
            lost_count: number(net.lost),
            unproven: mitigations(&view.unproven),
            unproven_count: number(net.unproven),
            introduced: Effect::of(&net.introduced),
            fixed: Effect::of(&net.fixed),
            stays: number(net.carried_over + net.changed),
            lists: lists(view),
            counts: counts(view),
            changed: view
                .packages_changed
                .iter()
                .map(|it| Change::of(it, &view.to))
                .collect(),
            added: view
                .packages_added
                .iter()
                .map(|it| Alone::of(it, distribution))
                .collect(),
            removed: view
                .packages_removed
                .iter()
                .map(|it| Alone::of(it, before))
                .collect(),
            more: [
                more(
                    "changed packages",
                    view.packages_changed.len(),
                    packages.changed,
                ),
                more(
                    "packages that came",
                    view.packages_added.len(),
                    packages.added,
                ),
                more(
                    "packages that went",
                    view.packages_removed.len(),
                    packages.removed,
                ),
            ]
            .into_iter()
            .flatten()
            .collect(),
            all: format!("{}&limit={MOST}", comparison_address(from, to)),
        }
    }
}

fn counts(view: &ComparisonView) -> Vec<(String, &'static str)> {
    let it = &view.packages;
    let all = [
        (it.new_names, "new names"),
        (it.gone_names, "names gone"),
        (it.names_with_other_versions, "names in other versions"),
        (it.changed, "packages changed"),
        (it.changed_at_same_version, "of them at the same version"),
        (
            it.moved,
            "only moved: other lines of the same file, or another repository",
        ),
    ];
    all.into_iter()
        .map(|(count, what)| (number(count), what))
        .collect()
}

fn lists(view: &ComparisonView) -> Vec<List> {
    let net = &view.net;
    let sum = |counts: &Counts| counts.affected + counts.under_investigation;
    let list = |title, rows: &[FindingChangeView], all: usize, folded| List {
        title,
        number: number(all),
        rows: rows.iter().map(|it| Row::of(it, view)).collect(),
        left: (rows.len() < all).then(|| number(all - rows.len())),
        folded,
    };
    let all = [
        list("Introduced", &view.introduced, sum(&net.introduced), false),
        list("Fixed", &view.fixed, sum(&net.fixed), false),
        list(
            "Open as before, but otherwise",
            &view.changed,
            net.changed,
            false,
        ),
        list(
            "Carried over by changed packages",
            &view.carried_over,
            net.carried_over,
            true,
        ),
    ];
    all.into_iter()
        .filter(|list| !list.rows.is_empty())
        .collect()
}

impl Side {
    fn of(side: &SideView) -> Self {
        let branch = branch_address(&side.branch);
        let at = query_value(&side.revision.name);
        let note = match (&side.proposed, side.is_present) {
            (Some(file), _) => format!("with {file}, which is not stored"),
            (None, true) => "the present state".to_owned(),
            (None, false) => String::new(),
        };
        Self {
            branch: side.branch.to_string(),
            address: if side.is_present {
                branch
            } else {
                format!("{branch}?revision={at}")
            },
            revision: short_revision(&side.revision.name),
            full_revision: side.revision.name.clone(),
            time: Moment::minute(side.revision.time),
            note,
        }
    }
}

impl Effect {
    fn of(counts: &Counts) -> Self {
        Self {
            number: number(counts.affected),
            levels: LevelMarks::of(&counts.levels),
            exploited: number_unless_none(counts.exploited),
            waiting: number_unless_none(counts.under_investigation),
        }
    }
}

impl Mitigation {
    fn of(it: &MitigationView, distribution: &str) -> Self {
        let name = it.vulnerability.as_deref();
        Self {
            package: it.package.clone(),
            package_address: package_address(distribution, &it.package),
            version: it.to_version.clone(),
            vulnerability: name.map(|name| {
                (
                    name.to_owned(),
                    finding_address(distribution, &it.package, name),
                )
            }),
            badge: Badge::of(it.score.as_ref()),
            says: it.says.clone(),
        }
    }
}

impl Row {
    fn of(it: &FindingChangeView, view: &ComparisonView) -> Self {
        // What is gone from the second state is told of in the first one's distribution.
        let side = if it.to_version.is_some() {
            &view.to
        } else {
            &view.from
        };
        let distribution = side.branch.distribution().as_str();
        let states = [&it.from, &it.to].into_iter().flatten();
        let by = it.cause.map(Cause::words).or(it.remedy.map(Remedy::words));
        Self {
            badge: Badge::of(it.score.as_ref()),
            name: it.vulnerability.clone(),
            address: vulnerability_address(&it.vulnerability),
            title: it.title.clone().unwrap_or_default(),
            exploited: it.exploited_since.is_some(),
            package: it.package.clone(),
            package_address: package_address(distribution, &it.package),
            versions: versions(it.from_version.as_deref(), it.to_version.as_deref()),
            states: states
                .map(|it| StateOf::of(it.status, it.confidence))
                .collect(),
            by: by.unwrap_or_default(),
            says: it.says.clone(),
            why: finding_address(distribution, &it.package, &it.vulnerability),
        }
    }
}

fn versions(from: Option<&str>, to: Option<&str>) -> String {
    match (from, to) {
        (Some(from), Some(to)) if from != to => format!("{from} → {to}"),
        (from, to) => to.or(from).unwrap_or_default().to_owned(),
    }
}

impl Change {
    fn of(it: &PackageChangeView, to: &SideView) -> Self {
        let branch = &to.branch;
        let distribution = branch.distribution().as_str();
        let at = (!to.is_present).then_some(to.revision.name.as_str());
        let fields = it.differences.iter().filter(|it| it.field != "version");
        let cut = |lines: &[String]| lines.iter().take(LINES).cloned().collect();
        Self {
            name: it.name.clone(),
            address: package_address(distribution, &it.source_package),
            versions: versions(Some(&it.from_version), Some(&it.to_version)),
            place: it.repository.clone().unwrap_or_default(),
            reach: it.reach.map(|reach| {
                let address = affected_by_address(branch, &it.name, at);
                (reach.words(), address)
            }),
            fields: fields
                .map(|it| Field {
                    name: it.field.clone(),
                    removed: cut(&it.removed),
                    added: cut(&it.added),
                    left: it.removed.len().saturating_sub(LINES)
                        + it.added.len().saturating_sub(LINES),
                })
                .collect(),
        }
    }
}

impl Alone {
    fn of(it: &LonePackageView, distribution: &str) -> Self {
        Self {
            name: it.name.clone(),
            address: package_address(distribution, &it.source_package),
            version: it.version.clone(),
            place: it.repository.clone().unwrap_or_default(),
            about: it.synopsis.clone().unwrap_or_default(),
        }
    }
}
