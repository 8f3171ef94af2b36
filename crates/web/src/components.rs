//! Pieces of which pages are made; each escapes what it is given.

use askama::Template;
use askama::filters::HtmlSafe;
use palisade_model::{Confidence, Evidence as Steps, Level, StepKind, Timestamp, VerdictStatus};
use palisade_tracker::views::{
    EpssDay, FindingItem, GraftRole, LevelCounts, PackagePlace, RevisionRef, Score,
};

use crate::words::{
    capital, clock, day, finding_address, minute, number, package_address, percent, record_address,
    short_revision, vulnerability_address,
};

/// A score with its level in words and the party that gave it.
#[derive(Template)]
#[template(
    ext = "html",
    source = "<span class=\"badge level-{{ class }}\" title=\"{{ by }}\">{{ word }}\
              {% if !score.is_empty() %} <b>{{ score }}</b>{% endif %}</span>"
)]
pub(crate) struct Badge {
    class: &'static str,
    word: String,
    score: String,
    by: String,
}

/// A state in words and a sign.
#[derive(Template)]
#[template(
    ext = "html",
    source = "<span class=\"state state-{{ class }}\"><span aria-hidden=\"true\">{{ sign }}</span> \
              {{ word }}{% if !sure.is_empty() %} <small>{{ sure }}</small>{% endif %}</span>"
)]
pub(crate) struct State {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
    sure: &'static str,
}

/// A time for people and programs.
#[derive(Template)]
#[template(
    ext = "html",
    source = "<time datetime=\"{{ machine }}\">{{ text }}</time>"
)]
pub(crate) struct Moment {
    machine: String,
    text: String,
}

/// A chain of reasons.
#[derive(Template)]
#[template(path = "evidence.html")]
pub(crate) struct Evidence {
    steps: Vec<Step>,
}

struct Step {
    kind: &'static str,
    says: String,
    source: Option<(String, String)>,
}

/// A table of findings.
#[derive(Template)]
#[template(path = "findings.html")]
pub(crate) struct Findings {
    pub(crate) caption: String,
    pub(crate) rows: Vec<FindingRow>,
    /// Whether the branch is told with each row.
    pub(crate) branches: bool,
    /// Whether the state is told with each row.
    pub(crate) states: bool,
}

pub(crate) struct FindingRow {
    badge: Badge,
    state: State,
    name: String,
    address: String,
    title: String,
    package: String,
    package_address: String,
    versions: Vec<VersionLabel>,
    more_versions: usize,
    branch: String,
    branch_address: String,
    fixed_in: String,
    exploited: Option<String>,
    epss: String,
    since: Option<(String, Moment)>,
    why: String,
}

/// A package's version, and where it is if another of that version is elsewhere.
struct VersionLabel {
    version: String,
    repository: Option<String>,
}

/// Versions that are told of a package in one row.
const VERSIONS: usize = 4;

/// A number that leads to its rows.
pub(crate) struct Count {
    pub(crate) label: String,
    pub(crate) number: String,
    pub(crate) address: String,
    pub(crate) class: &'static str,
    pub(crate) current: bool,
}

/// The way through a long list.
#[derive(Template)]
#[template(path = "pager.html")]
pub(crate) struct Pager {
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) total: String,
    pub(crate) previous: Option<String>,
    pub(crate) next: Option<String>,
}

/// A vulnerability's place in a matrix or a list.
pub(crate) struct PlaceLine {
    pub(crate) branch: String,
    pub(crate) version: String,
    pub(crate) state: State,
    pub(crate) fixed_in: String,
    /// What the package's graft does to it.
    pub(crate) graft: String,
}

impl HtmlSafe for Badge {}
impl HtmlSafe for State {}
impl HtmlSafe for Moment {}
impl HtmlSafe for Evidence {}
impl HtmlSafe for Findings {}
impl HtmlSafe for Pager {}

impl Badge {
    pub(crate) fn of(score: Option<&Score>) -> Self {
        match score {
            Some(score) => Self {
                class: score.level.word(),
                word: capital(score.level.word()),
                score: format!("{:.1}", score.score),
                by: format!("CVSS {} by {}", score.version, score.scorer),
            },
            None => Self::unrated(),
        }
    }

    pub(crate) fn of_level(level: Option<Level>, score: Option<f64>, by: &str) -> Self {
        let Some(level) = level else {
            return Self::unrated();
        };
        Self {
            class: level.word(),
            word: capital(level.word()),
            score: score.map(|score| format!("{score:.1}")).unwrap_or_default(),
            by: by.to_owned(),
        }
    }

    fn unrated() -> Self {
        Self {
            class: "unrated",
            word: "Unrated".to_owned(),
            score: String::new(),
            by: "no source gives a score".to_owned(),
        }
    }
}

impl State {
    /// A state of which it is not told how sure it is.
    pub(crate) fn alone(status: VerdictStatus) -> Self {
        Self {
            sure: "",
            ..Self::of(status, Confidence::Certain)
        }
    }

    pub(crate) fn of(status: VerdictStatus, confidence: Confidence) -> Self {
        let (class, sign, word) = match status {
            VerdictStatus::Affected => ("affected", "●", "Affected"),
            VerdictStatus::UnderInvestigation => ("open", "◐", "Under investigation"),
            VerdictStatus::Fixed => ("fixed", "✓", "Fixed"),
            VerdictStatus::NotAffected => ("clear", "○", "Not affected"),
        };
        Self {
            class,
            sign,
            word,
            sure: confidence.label(),
        }
    }
}

impl Moment {
    /// For people alone, where there can be no element.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn day(time: Timestamp) -> Self {
        Self {
            machine: time.to_string(),
            text: day(time),
        }
    }

    /// When something began with a revision: before the first one nothing is known.
    pub(crate) fn since(revision: &RevisionRef) -> Self {
        let mut moment = Self::day(revision.time);
        if revision.is_first {
            moment.text.push_str(" or before");
        }
        moment
    }

    /// The time of a day that is told before.
    pub(crate) fn clock(time: Timestamp) -> Self {
        Self {
            machine: time.to_string(),
            text: clock(time),
        }
    }

    pub(crate) fn minute(time: Timestamp) -> Self {
        Self {
            machine: time.to_string(),
            text: minute(time),
        }
    }
}

impl Evidence {
    /// The reasons of a finding of a vulnerability.
    pub(crate) fn of(steps: &Steps, vulnerability: &str) -> Self {
        let steps = steps.0.iter().map(|step| Step {
            kind: match step.kind {
                StepKind::Identity => "Identity",
                StepKind::Range => "Versions",
                StepKind::Condition => "Condition",
                StepKind::Mitigation => "Distribution",
                StepKind::Rule => "Rule",
            },
            says: step.says.clone(),
            source: step
                .feed
                .as_deref()
                .zip(step.record.as_deref())
                .map(|(feed, record)| {
                    (
                        format!("{feed}: {record}"),
                        record_address(vulnerability, feed, record),
                    )
                }),
        });
        Self {
            steps: steps.collect(),
        }
    }
}

impl FindingRow {
    /// A row for each vulnerability in a package on a branch; neighbours that differ in nothing
    /// but the package's version are one.
    pub(crate) fn all(items: &[FindingItem]) -> Vec<Self> {
        let same = |a: &FindingItem, b: &FindingItem| {
            let key = |item: &FindingItem| (item.status, item.confidence);
            a.vulnerability == b.vulnerability
                && a.package == b.package
                && a.branch == b.branch
                && a.fixed_in == b.fixed_in
                && key(a) == key(b)
        };
        let groups = items.chunk_by(same);
        groups
            .filter_map(|group| Some(Self::of(group.first()?).with_versions(group)))
            .collect()
    }

    fn with_versions(mut self, group: &[FindingItem]) -> Self {
        self.versions = group.iter().take(VERSIONS).map(VersionLabel::of).collect();
        self.more_versions = group.len().saturating_sub(VERSIONS);
        self
    }

    fn of(item: &FindingItem) -> Self {
        let distribution = item.branch.distribution().as_str();
        let branch_address = crate::words::branch_address(&item.branch);
        Self {
            badge: Badge::of(item.score.as_ref()),
            state: State::of(item.status, item.confidence),
            address: vulnerability_address(&item.vulnerability),
            title: item.title.clone().unwrap_or_default(),
            package_address: package_address(distribution, &item.package),
            why: finding_address(distribution, &item.package, &item.vulnerability),
            name: item.vulnerability.clone(),
            package: item.package.clone(),
            versions: vec![VersionLabel::of(item)],
            more_versions: 0,
            branch: item.branch.to_string(),
            fixed_in: item.fixed_in.clone().unwrap_or_default(),
            exploited: item.exploited_since.clone(),
            epss: item.epss.map(percent).unwrap_or_default(),
            since: item
                .since
                .as_ref()
                .map(|since| since_words(since, &branch_address)),
            branch_address,
        }
    }
}

impl VersionLabel {
    fn of(item: &FindingItem) -> Self {
        Self {
            version: item.version.clone(),
            repository: item.repository.clone(),
        }
    }
}

fn since_words(since: &RevisionRef, branch_address: &str) -> (String, Moment) {
    let name = crate::words::query_value(&since.name);
    (
        format!("{branch_address}?revision={name}"),
        Moment::since(since),
    )
}

impl PlaceLine {
    pub(crate) fn of(place: &PackagePlace) -> Self {
        Self {
            branch: place.branch.to_string(),
            version: place.version.clone(),
            state: State::of(place.status, place.confidence),
            fixed_in: place.fixed_in.clone().unwrap_or_default(),
            graft: place.graft.as_ref().map(graft_words).unwrap_or_default(),
        }
    }
}

/// What a graft does to a finding, in words.
pub(crate) fn graft_words(role: &GraftRole) -> String {
    let version = &role.version;
    if !role.fixes {
        return format!("the graft {version} does not fix it");
    }
    let since = role.since.as_ref().map_or_else(String::new, |since| {
        let before = if since.is_first { " or before" } else { "" };
        let (revision, day) = (short_revision(&since.name), day(since.time));
        format!(" since {revision} ({day}{before})")
    });
    format!("fixed by graft {version}{since}")
}

/// Of which day the EPSS scores of a page are, with a warning where that is too long ago.
#[derive(Template)]
#[template(
    ext = "html",
    source = "{% if is_old %}<p class=\"note\">EPSS scores are of <b>{{ day }}</b>: the 30 days of \
              which they speak are over.</p>{% else %}<p class=\"muted\">EPSS scores are of \
              {{ day }}.</p>{% endif %}"
)]
pub(crate) struct EpssNote {
    pub(crate) day: String,
    is_old: bool,
}

impl HtmlSafe for EpssNote {}

impl EpssNote {
    pub(crate) fn of(scores: &EpssDay) -> Self {
        Self {
            day: scores.day.clone(),
            is_old: scores.is_old,
        }
    }
}

/// The levels of which there is anything, as a row of marks.
#[derive(Template)]
#[template(
    ext = "html",
    source = "{% for (class, word, number) in marks %}<span class=\"chip level-{{ class }}\">\
              {{ word }} <b>{{ number }}</b></span> {% endfor %}"
)]
pub(crate) struct LevelMarks {
    marks: Vec<(&'static str, String, String)>,
}

impl HtmlSafe for LevelMarks {}

impl LevelMarks {
    pub(crate) fn of(counts: &LevelCounts) -> Self {
        let there = counts.named().into_iter().filter(|(_, count)| *count > 0);
        Self {
            marks: there
                .map(|(class, count)| (class, capital(class), number(count)))
                .collect(),
        }
    }
}

/// The levels with their numbers; `address` gives the list of one.
pub(crate) fn level_counts(
    counts: &LevelCounts,
    current: Option<&str>,
    address: impl Fn(&str) -> String,
) -> Vec<Count> {
    let count = |(class, count): (&'static str, usize)| Count {
        label: capital(class),
        number: number(count),
        address: address(class),
        class,
        current: current == Some(class),
    };
    counts.named().into_iter().map(count).collect()
}

impl Pager {
    /// A part of a list that begins behind `offset` and has `shown` of `total`; `address` gives
    /// the part behind another offset.
    pub(crate) fn of(
        offset: usize,
        shown: usize,
        total: usize,
        limit: usize,
        address: impl Fn(usize) -> String,
    ) -> Self {
        Self {
            first: number(if shown == 0 { 0 } else { offset + 1 }),
            last: number(offset + shown),
            total: number(total),
            previous: (offset > 0).then(|| address(offset.saturating_sub(limit))),
            next: (offset + shown < total && shown > 0).then(|| address(offset + shown)),
        }
    }
}

/// A revision's name and time.
pub(crate) struct RevisionLine {
    pub(crate) name: String,
    pub(crate) full_name: String,
    pub(crate) time: Moment,
}

impl RevisionLine {
    /// The revision with which something came.
    pub(crate) fn since(revision: &RevisionRef) -> Self {
        Self {
            time: Moment::since(revision),
            ..Self::of(revision)
        }
    }

    pub(crate) fn of(revision: &RevisionRef) -> Self {
        Self {
            name: short_revision(&revision.name),
            full_name: revision.name.clone(),
            time: Moment::minute(revision.time),
        }
    }
}
