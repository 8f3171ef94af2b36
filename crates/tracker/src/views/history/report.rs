//! The report of a month: what was mitigated and how, what is new, what stays open and is old, and who
//! looks after the packages.

mod types;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use palisade_model::{BranchName, Timestamp};
use palisade_store::SourcePackageId;

use super::super::comparison::{Cause, Remedy};
use super::super::types::{DAY, time};
use super::super::{Reading, Score, Unknown, Views};
use super::chronicle::{Chronicle, Exposure};
use super::month::Month;
use super::numbers::{OpenNumbers, rank};
use super::series::revisions_in;
use crate::TrackerError;

pub use self::types::{
    BranchReport, MitigatedView, MonthNumbers, NewView, NewsCounts, OldView, PersonView,
    RemedyCount, ReportAnswer, ReportView, StaysView,
};

/// Days after which what is open is old.
const OLD: i64 = 90;

/// Vulnerabilities of one package that are named in a line.
const NAMED: usize = 200;

impl Views {
    /// The report of a month, of some branches or, when none is named, of all of which anything was
    /// stored by then. Of each list no more than `limit` is told.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn report(
        &self,
        month: Month,
        branches: &[BranchName],
        limit: usize,
        now: Timestamp,
    ) -> Result<ReportAnswer, TrackerError> {
        if month.begin() > now {
            let reason = format!("{} has not begun", month.words());
            return Ok(ReportAnswer::Unknown(reason.into()));
        }
        let mut reading = self.reading().await?;
        let places = Arc::clone(&reading.places);
        if let Some(unknown) = branches.iter().find(|it| places.id(it).is_none()) {
            let reason = format!("there is no branch {unknown}");
            return Ok(ReportAnswer::Unknown(Unknown::branch(reason, &places)));
        }
        let until = month.end().min(now);
        let mut reports = Vec::new();
        for (id, branch) in &places.branches {
            if !branches.is_empty() && !branches.contains(branch) {
                continue;
            }
            let chronicle = self.cache.chronicle(&mut reading, (*id, branch)).await?;
            let span = month.begin().as_microsecond()..until.as_microsecond();
            let is_stored = chronicle.times.first().is_some_and(|it| *it < span.end);
            if !branches.is_empty() || is_stored {
                let telling = Telling {
                    chronicle: &chronicle,
                    span,
                    month,
                    limit,
                };
                reports.push(telling.branch(&mut reading, branch).await?);
            }
        }
        Ok(ReportAnswer::Found(Box::new(ReportView {
            month: month.to_string(),
            title: month.words(),
            until,
            is_over: month.end() <= now,
            limit,
            branches: reports,
        })))
    }
}

/// Tells of one branch in one month.
struct Telling<'a> {
    chronicle: &'a Chronicle,
    span: Range<i64>,
    month: Month,
    limit: usize,
}

/// What was mitigated in a package at once: by package, revision, what did it, and the versions.
type MitigationKey = (u32, i64, Remedy, u32, Option<u32>);

impl Telling<'_> {
    async fn branch(
        &self,
        reading: &mut Reading,
        branch: &BranchName,
    ) -> Result<BranchReport, TrackerError> {
        let chronicle = self.chronicle;
        let all = &chronicle.exposures;
        let stored_by = |time: i64| chronicle.times.first().is_some_and(|it| *it < time);
        let open_before = |time: i64| {
            let open = all.iter().filter(|it| chronicle.was_open_before(it, time));
            stored_by(time).then(|| OpenNumbers::of(chronicle, open))
        };
        let mitigated = self.mitigated(&self.span);
        let began = self.began(&self.span);
        let found = all
            .iter()
            .filter(|it| chronicle.began_in(it, &self.span) && !chronicle.is_begin_known(it));
        let otherwise = all
            .iter()
            .filter(|it| chronicle.ended_in(it, &self.span) && !it.is_mitigated());
        let maintainers = self.maintainers(reading, &mitigated).await?;
        Ok(BranchReport {
            branch: branch.clone(),
            stored_since: chronicle.first.clone(),
            revisions: revisions_in(chronicle, &self.span),
            stored_before: self.stored_before(),
            before: open_before(self.span.start),
            after: open_before(self.span.end),
            found: OpenNumbers::of(chronicle, found),
            by_remedy: by_remedy(&mitigated),
            mitigations: self.mitigations(&mitigated, &maintainers),
            otherwise: otherwise.count(),
            news: self.news(&began),
            new: self.found(began),
            stays: self.stays(&maintainers),
            people: self.people(&mitigated, &maintainers),
            month_before: self.month_before(),
            mitigated: OpenNumbers::of(chronicle, mitigated),
        })
    }

    fn stored_before(&self) -> Option<Timestamp> {
        let times = &self.chronicle.times;
        let before = times.partition_point(|it| *it < self.span.start);
        times.get(before.checked_sub(1)?).map(|it| time(*it))
    }

    /// What was known and was mitigated within a time.
    fn mitigated(&self, span: &Range<i64>) -> Vec<&Exposure> {
        let all = self.chronicle.exposures.iter();
        all.filter(|it| self.chronicle.ended_in(it, span) && it.is_mitigated())
            .collect()
    }

    /// What began within a time.
    fn began(&self, span: &Range<i64>) -> Vec<&Exposure> {
        let all = self.chronicle.exposures.iter();
        all.filter(|it| self.chronicle.began_in(it, span) && self.chronicle.is_begin_known(it))
            .collect()
    }

    /// Who maintains packages: by name, of what is on the branch now, or was there.
    async fn maintainers(
        &self,
        reading: &mut Reading,
        mitigated: &[&Exposure],
    ) -> Result<HashMap<String, String>, TrackerError> {
        let chronicle = self.chronicle;
        let open = chronicle.exposures.iter();
        let open = open.filter(|it| chronicle.was_open_before(it, self.span.end));
        let mut sources: HashMap<SourcePackageId, &str> = HashMap::new();
        for exposure in mitigated.iter().copied().chain(open) {
            let after = exposure.end.and_then(|end| end.to);
            for place in [Some(exposure.last), after].into_iter().flatten() {
                let source = chronicle.version_of(place).source;
                sources.insert(source, chronicle.package(exposure));
            }
        }
        let mut ids: Vec<SourcePackageId> = sources.keys().copied().collect();
        ids.sort_unstable();
        let rows = reading.session.maintainers(&ids).await?.into_iter();
        // Later rows are of later versions mostly: the last one named counts.
        let mut rows: Vec<(SourcePackageId, String)> = rows.collect();
        rows.sort_unstable();
        let named = rows.into_iter();
        Ok(named
            .map(|(source, name)| (sources[&source].to_owned(), name))
            .collect())
    }

    fn mitigations(
        &self,
        mitigated: &[&Exposure],
        maintainers: &HashMap<String, String>,
    ) -> Vec<MitigatedView> {
        let mut groups: BTreeMap<MitigationKey, Vec<&Exposure>> = BTreeMap::new();
        for exposure in mitigated {
            let (Some(until), Some(remedy)) = (exposure.until, exposure.remedy()) else {
                continue;
            };
            let to = exposure.end.and_then(|end| end.to);
            let key = (exposure.package, until, remedy, exposure.last, to);
            groups.entry(key).or_default().push(exposure);
        }
        let mut told: Vec<MitigatedView> = groups
            .into_iter()
            .map(|(key, of)| self.mitigation(key, of, maintainers))
            .collect();
        told.sort_by_cached_key(|it| {
            let score = it.score.as_ref();
            let exploited = it.numbers.exploited > 0;
            let rank = rank(
                exploited,
                score.map(|it| it.level),
                score.map(|it| it.score),
            );
            (rank, std::cmp::Reverse(it.numbers.all), it.package.clone())
        });
        told.truncate(self.limit);
        told
    }

    fn mitigation(
        &self,
        (_, until, remedy, from, to): MitigationKey,
        mut of: Vec<&Exposure>,
        maintainers: &HashMap<String, String>,
    ) -> MitigatedView {
        let chronicle = self.chronicle;
        self.sort(&mut of);
        let package = of.first().map_or("", |it| chronicle.package(it)).to_owned();
        let days = of.iter().filter(|it| chronicle.is_begin_known(it));
        let mut days: Vec<i64> = days.filter_map(|it| chronicle.days(it)).collect();
        let version = |place: u32| chronicle.version_of(place).version.to_string();
        let names = of
            .iter()
            .take(NAMED)
            .map(|it| chronicle.head(it).name.clone());
        MitigatedView {
            from_version: version(from),
            to_version: to.map(version),
            remedy,
            revision: chronicle.revision(until),
            vulnerabilities: names.collect(),
            score: of.first().and_then(|it| self.score(it)),
            median_days: super::numbers::median(&mut days),
            maintainer: maintainers.get(&package).cloned(),
            numbers: OpenNumbers::of(chronicle, of),
            package,
        }
    }

    fn news(&self, began: &[&Exposure]) -> NewsCounts {
        let chronicle = self.chronicle;
        let is_published = |it: &Exposure| chronicle.known_from(it) > it.since;
        let is_lost = |it: &Exposure| it.cause == Some(Cause::MitigationLost);
        let published = began.iter().filter(|it| is_published(it)).count();
        let lost = began.iter().filter(|it| !is_published(it) && is_lost(it));
        let lost = lost.count();
        let ended = began
            .iter()
            .filter(|it| it.until.is_some_and(|until| until < self.span.end) && it.is_mitigated());
        NewsCounts {
            all: OpenNumbers::of(chronicle, began.iter().copied()),
            published,
            came: began.len() - published - lost,
            lost,
            mended_at_once: ended.count(),
            open: began
                .iter()
                .filter(|it| chronicle.was_open_before(it, self.span.end))
                .count(),
        }
    }

    fn found(&self, began: Vec<&Exposure>) -> Vec<NewView> {
        let chronicle = self.chronicle;
        let mut open: Vec<&Exposure> = began
            .into_iter()
            .filter(|it| chronicle.was_open_before(it, self.span.end))
            .collect();
        self.sort(&mut open);
        let view = |it: &&Exposure| {
            let head = chronicle.head(it);
            let known_from = chronicle.known_from(it);
            NewView {
                vulnerability: head.name.clone(),
                title: head.title.clone(),
                package: chronicle.package(it).to_owned(),
                version: chronicle.version_of(it.last).version.to_string(),
                score: self.score(it),
                exploited_since: head.exploited_since.clone(),
                fixed_in: it.fixed_in.as_deref().map(str::to_owned),
                since: time(known_from),
                cause: it.cause.filter(|_| known_from == it.since),
            }
        };
        open.iter().take(self.limit).map(view).collect()
    }

    fn stays(&self, maintainers: &HashMap<String, String>) -> StaysView {
        let chronicle = self.chronicle;
        let Range { start, end } = self.span;
        let stays: Vec<&Exposure> = chronicle
            .exposures
            .iter()
            .filter(|it| chronicle.was_open_before(it, start) && chronicle.was_open_before(it, end))
            .collect();
        let old = stays.iter().copied();
        let old: Vec<&Exposure> = old.filter(|it| self.age(it) > OLD).collect();
        let mut by_package: BTreeMap<u32, Vec<&Exposure>> = BTreeMap::new();
        for exposure in &old {
            by_package
                .entry(exposure.package)
                .or_default()
                .push(exposure);
        }
        let of_package = by_package.into_values();
        let packages = of_package.filter_map(|of| self.old(of, maintainers));
        let mut packages: Vec<OldView> = packages.collect();
        packages.sort_by_cached_key(|it| {
            let numbers = &it.numbers;
            let counts = (
                numbers.exploited,
                numbers.levels.critical,
                numbers.levels.high,
            );
            (std::cmp::Reverse((counts, it.days)), it.package.clone())
        });
        packages.truncate(self.limit);
        StaysView {
            all: OpenNumbers::of(chronicle, stays),
            old: OpenNumbers::of(chronicle, old),
            packages,
        }
    }

    /// Days for which something has been known at the end of the month.
    fn age(&self, exposure: &Exposure) -> i64 {
        (self.span.end - self.chronicle.known_from(exposure)).div_euclid(DAY)
    }

    fn old(
        &self,
        mut of: Vec<&Exposure>,
        maintainers: &HashMap<String, String>,
    ) -> Option<OldView> {
        let chronicle = self.chronicle;
        self.sort(&mut of);
        let gravest = of.first()?;
        let package = chronicle.package(gravest).to_owned();
        let oldest = of.iter().max_by_key(|it| self.age(it))?;
        Some(OldView {
            days: self.age(oldest),
            is_longer: !chronicle.is_begin_known(oldest),
            version: chronicle.version_of(gravest.last).version.to_string(),
            gravest: chronicle.head(gravest).name.clone(),
            score: self.score(gravest),
            fixed_in: gravest.fixed_in.as_deref().map(str::to_owned),
            maintainer: maintainers.get(&package).cloned(),
            numbers: OpenNumbers::of(chronicle, of),
            package,
        })
    }

    fn people(
        &self,
        mitigated: &[&Exposure],
        maintainers: &HashMap<String, String>,
    ) -> Vec<PersonView> {
        if maintainers.is_empty() {
            return Vec::new();
        }
        let mut people: BTreeMap<Option<&String>, (usize, HashSet<&str>)> = BTreeMap::new();
        for exposure in mitigated {
            let package = self.chronicle.package(exposure);
            let (count, packages) = people.entry(maintainers.get(package)).or_default();
            *count += 1;
            packages.insert(package);
        }
        let person = |(name, (mitigated, packages)): (Option<&String>, (usize, HashSet<&str>))| {
            let mut packages: Vec<String> = packages.into_iter().map(str::to_owned).collect();
            packages.sort_unstable();
            PersonView {
                name: name.cloned(),
                mitigated,
                packages,
            }
        };
        let mut people: Vec<PersonView> = people.into_iter().map(person).collect();
        people.sort_by_key(|it| std::cmp::Reverse(it.mitigated));
        people.truncate(self.limit);
        people
    }

    fn month_before(&self) -> Option<MonthNumbers> {
        let month = self.month.before();
        let span = month.begin().as_microsecond()..month.end().as_microsecond();
        let chronicle = self.chronicle;
        let is_stored = chronicle.times.first().is_some_and(|it| *it < span.end);
        let open = chronicle.exposures.iter();
        let open = open.filter(|it| chronicle.was_open_before(it, span.end));
        is_stored.then(|| MonthNumbers {
            month: month.to_string(),
            revisions: revisions_in(chronicle, &span),
            mitigated: self.mitigated(&span).len(),
            new: self.began(&span).len(),
            open: open.count(),
        })
    }

    fn score(&self, exposure: &Exposure) -> Option<Score> {
        Score::of(self.chronicle.head(exposure).score.as_ref())
    }

    /// What is exploited first, then the gravest, then by name.
    fn sort(&self, exposures: &mut [&Exposure]) {
        let chronicle = self.chronicle;
        exposures.sort_by_cached_key(|it| {
            let head = chronicle.head(it);
            let score = head.score.as_ref().map(|(score, ..)| *score);
            let rank = rank(chronicle.is_exploited(it), chronicle.level(it), score);
            (rank, chronicle.package(it).to_owned(), head.name.clone())
        });
    }
}

fn by_remedy(mitigated: &[&Exposure]) -> Vec<RemedyCount> {
    let mut counts: BTreeMap<Remedy, usize> = BTreeMap::new();
    for remedy in mitigated.iter().filter_map(|it| it.remedy()) {
        *counts.entry(remedy).or_default() += 1;
    }
    let counts = counts.into_iter();
    let mut counts: Vec<RemedyCount> = counts
        .map(|(remedy, all)| RemedyCount { remedy, all })
        .collect();
    counts.sort_by_key(|it| std::cmp::Reverse(it.all));
    counts
}
