//! A branch over time: what was open at the end of each month or week, what began and what ended, how
//! long that took, and which packages of nobody are worst.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use palisade_model::{BranchName, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::cache::Cache;
use super::super::comparison::Remedy;
use super::super::listing::LevelCounts;
use super::super::types::{MONDAY, WEEK, day, time};
use super::super::{Reading, RevisionRef, Views};
use super::chronicle::{Chronicle, Exposure};
use super::month::Month;
use super::numbers::{OpenNumbers, median};
use crate::TrackerError;

/// Months and weeks that are told at the most.
const MONTHS: usize = 36;
const WEEKS: usize = 52;

/// Packages of nobody that are told.
const PACKAGES: usize = 20;

/// By what time is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// By month.
    #[default]
    Month,
    /// By week, from Monday on.
    Week,
}

/// A branch over time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BranchHistoryView {
    /// The branch.
    #[schema(value_type = String)]
    pub branch: BranchName,
    /// By what time is divided.
    pub by: Period,
    /// The first revision that is stored: before it nothing is known.
    pub stored_since: Option<RevisionRef>,
    /// The periods, the earliest first.
    pub periods: Vec<PeriodView>,
    /// How long mending took, of what ended in these periods.
    pub fixes: FixTimes,
    /// The packages without a maintainer that most vulnerabilities affect now, the worst first. Absent
    /// where the distribution names no maintainers.
    pub unmaintained: Option<Vec<UnmaintainedPackage>>,
}

/// A month or a week.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PeriodView {
    /// The month, or the day with which the week begins.
    pub name: String,
    /// Its first moment.
    #[schema(value_type = String, format = DateTime)]
    pub begin: Timestamp,
    /// The first moment after it, or now.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// Revisions of it that are stored, of all repositories. Without any, the versions are those of
    /// the last one before.
    pub revisions: usize,
    /// What was open at its end: in the versions that were there, of what was published by then.
    pub open: OpenNumbers,
    /// What began in it: a vulnerability was published, or came with a version.
    pub began: usize,
    /// What the first stored revision of a repository brought along: since when, nobody knows.
    pub found: usize,
    /// What ended in it, in whatever way.
    pub ended: usize,
    /// Of these, what an upgrade, a patch or a graft ended.
    pub mended: usize,
    /// Of these, those of which is known when they began.
    pub counted: usize,
    /// The median of their days.
    pub median_days: Option<f64>,
}

/// How long mending took.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FixTimes {
    /// Exposures that an upgrade, a patch or a graft ended, and of which is known when they began.
    pub counted: usize,
    /// The median of their days: from publication, or from the first revision that had it where that
    /// is later, to the first revision without it.
    pub median_days: Option<f64>,
    /// Mended, but there when the first revision was stored: not counted, since nobody knows how long
    /// they had been.
    pub begun_before: usize,
    /// Gone before they were published: not counted, since there was nothing to hurry for.
    pub gone_before: usize,
    /// All that ended, by what ended it.
    pub by_remedy: Vec<RemedyDays>,
}

/// What one way of ending took.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RemedyDays {
    /// What ended it; absent where nobody can tell yet of the version that followed.
    pub remedy: Option<Remedy>,
    /// How many ended so.
    pub all: usize,
    /// Those of them of which is known when they began.
    pub counted: usize,
    /// The median of their days.
    pub median_days: Option<f64>,
}

/// A package without a maintainer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnmaintainedPackage {
    /// The source package's name.
    pub name: String,
    /// Vulnerabilities that affect it.
    pub affected: OpenNumbers,
    /// Since when the oldest of them is known here.
    #[schema(value_type = String, format = DateTime)]
    pub oldest: Timestamp,
}

impl Views {
    /// A branch over time. `None` when there is no such branch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn branch_history(
        &self,
        branch: &BranchName,
        by: Period,
        now: Timestamp,
    ) -> Result<Option<BranchHistoryView>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(id) = reading.places.id(branch) else {
            return Ok(None);
        };
        let chronicle = self.cache.chronicle(&mut reading, (id, branch)).await?;
        let spans = by.spans(&chronicle, now.as_microsecond());
        let periods = spans.iter().map(|span| period(&chronicle, by, span));
        let unmaintained = unmaintained(&self.cache, &mut reading, id, &chronicle).await?;
        Ok(Some(BranchHistoryView {
            branch: branch.clone(),
            by,
            stored_since: chronicle.first.clone(),
            periods: periods.collect(),
            fixes: fix_times(&chronicle, &spans),
            unmaintained,
        }))
    }
}

impl Period {
    /// The periods from the first revision to now, no more than are told.
    fn spans(self, chronicle: &Chronicle, now: i64) -> Vec<Range<i64>> {
        let first = chronicle.times.first().copied();
        let Some(first) = first.filter(|first| *first < now) else {
            return Vec::new();
        };
        let mut spans = Vec::new();
        let mut begin = self.begin_of(now);
        let most = match self {
            Self::Month => MONTHS,
            Self::Week => WEEKS,
        };
        while spans.len() < most {
            spans.push(begin..self.end_of(begin).min(now));
            if begin <= first {
                break;
            }
            begin = self.begin_of(begin - 1);
        }
        spans.reverse();
        spans
    }

    fn begin_of(self, at: i64) -> i64 {
        match self {
            Self::Month => Month::of(time(at)).begin().as_microsecond(),
            Self::Week => (at - MONDAY).div_euclid(WEEK) * WEEK + MONDAY,
        }
    }

    fn end_of(self, begin: i64) -> i64 {
        match self {
            Self::Month => Month::of(time(begin)).end().as_microsecond(),
            Self::Week => begin + WEEK,
        }
    }

    fn name(self, begin: i64) -> String {
        match self {
            Self::Month => Month::of(time(begin)).to_string(),
            Self::Week => day(time(begin)),
        }
    }
}

fn period(chronicle: &Chronicle, by: Period, span: &Range<i64>) -> PeriodView {
    let all = &chronicle.exposures;
    let open = all
        .iter()
        .filter(|it| chronicle.was_open_before(it, span.end));
    let began = all.iter().filter(|it| chronicle.began_in(it, span));
    let (began, found): (Vec<&Exposure>, Vec<&Exposure>) =
        began.partition(|it| chronicle.is_begin_known(it));
    let ended: Vec<&Exposure> = all
        .iter()
        .filter(|it| chronicle.ended_in(it, span))
        .collect();
    let mended = ended.iter().filter(|it| it.is_mended());
    let mut days = days(chronicle, mended.clone().copied());
    PeriodView {
        name: by.name(span.start),
        begin: time(span.start),
        end: time(span.end),
        revisions: revisions_in(chronicle, span),
        open: OpenNumbers::of(chronicle, open),
        began: began.len(),
        found: found.len(),
        ended: ended.len(),
        mended: mended.count(),
        counted: days.len(),
        median_days: median(&mut days),
    }
}

/// How many revisions are stored of a time.
pub(super) fn revisions_in(chronicle: &Chronicle, span: &Range<i64>) -> usize {
    let before = |end: i64| chronicle.times.partition_point(|time| *time < end);
    before(span.end) - before(span.start)
}

/// The days of exposures of which is known when they began.
fn days<'a>(chronicle: &Chronicle, of: impl Iterator<Item = &'a Exposure>) -> Vec<i64> {
    of.filter(|it| chronicle.is_begin_known(it))
        .filter_map(|it| chronicle.days(it))
        .collect()
}

fn fix_times(chronicle: &Chronicle, spans: &[Range<i64>]) -> FixTimes {
    let whole = match (spans.first(), spans.last()) {
        (Some(first), Some(last)) => first.start..last.end,
        _ => 0..0,
    };
    let all = &chronicle.exposures;
    let gone = |it: &&Exposure| it.until.is_some_and(|until| whole.contains(&until));
    let gone_before = all
        .iter()
        .filter(gone)
        .filter(|it| !chronicle.was_known(it));
    let ended: Vec<&Exposure> = all
        .iter()
        .filter(|it| chronicle.ended_in(it, &whole))
        .collect();
    let mended = || ended.iter().copied().filter(|it| it.is_mended());
    let mut all_days = days(chronicle, mended());
    FixTimes {
        counted: all_days.len(),
        begun_before: mended().count() - all_days.len(),
        median_days: median(&mut all_days),
        gone_before: gone_before.count(),
        by_remedy: by_remedy(chronicle, &ended),
    }
}

fn by_remedy(chronicle: &Chronicle, ended: &[&Exposure]) -> Vec<RemedyDays> {
    let mut remedies: Vec<RemedyDays> = Vec::new();
    let of = |remedy| {
        ended
            .iter()
            .copied()
            .filter(move |it| it.remedy() == remedy)
    };
    for exposure in ended {
        let remedy = exposure.remedy();
        if remedies.iter().any(|known| known.remedy == remedy) {
            continue;
        }
        let mut days = days(chronicle, of(remedy));
        remedies.push(RemedyDays {
            remedy,
            all: of(remedy).count(),
            counted: days.len(),
            median_days: median(&mut days),
        });
    }
    remedies.sort_by_key(|it| std::cmp::Reverse(it.all));
    remedies
}

/// The packages that nobody maintains, the worst first, where the distribution names maintainers.
async fn unmaintained(
    cache: &Cache,
    reading: &mut Reading,
    branch: palisade_store::BranchId,
    chronicle: &Chronicle,
) -> Result<Option<Vec<UnmaintainedPackage>>, TrackerError> {
    let maintained = cache.maintained(reading, branch).await?;
    if maintained.iter().all(|row| row.maintainer.is_none()) {
        return Ok(None);
    }
    let nobodys = maintained.iter().filter(|row| row.maintainer.is_none());
    let nobodys: HashSet<&str> = nobodys.map(|row| row.name.as_str()).collect();
    let mut open: BTreeMap<&str, Vec<&Exposure>> = BTreeMap::new();
    for exposure in chronicle.exposures.iter().filter(|it| it.until.is_none()) {
        let name = chronicle.package(exposure);
        if nobodys.contains(name) {
            open.entry(name).or_default().push(exposure);
        }
    }
    let package = |(name, exposures): (&str, Vec<&Exposure>)| {
        let oldest = exposures.iter().map(|it| chronicle.known_from(it)).min();
        UnmaintainedPackage {
            name: name.to_owned(),
            affected: OpenNumbers::of(chronicle, exposures),
            oldest: time(oldest.unwrap_or(0)),
        }
    };
    let mut packages: Vec<UnmaintainedPackage> = open.into_iter().map(package).collect();
    packages.sort_by(|a, b| {
        let key = |it: &UnmaintainedPackage| {
            let LevelCounts { critical, high, .. } = it.affected.levels;
            (it.affected.exploited, critical, high, it.affected.all)
        };
        key(b).cmp(&key(a)).then_with(|| a.name.cmp(&b.name))
    });
    packages.truncate(PACKAGES);
    Ok(Some(packages))
}
