//! All exposures of a branch: which vulnerability affected which package from which revision until
//! which, how it came and how it ended.
//!
//! It is made once for each state of the database and kept, since nearly every question about the past
//! goes through all of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use palisade_model::{BranchName, Level};
use palisade_store::{
    AffectedRow, BranchId, RevisionPoint, Session, SourcePackageId, SourceSpan, VulnerabilityHead,
};
use palisade_version::Scheme;

use super::super::comparison::{Cause, Kept, Remedy};
use super::super::types::DAY;
use super::super::{RevisionRef, Score};
use super::ending::{Beside, End};
use super::succession::Succession;
use crate::TrackerError;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// Pairs of which the state is asked at once.
const PAIRS: usize = 10_000;

/// The exposures of a branch, with what is needed to tell of them.
#[derive(Debug, Default)]
pub(in crate::views) struct Chronicle {
    pub(super) exposures: Vec<Exposure>,
    pub(super) packages: Vec<Box<str>>,
    pub(super) versions: Vec<Version>,
    heads: Vec<VulnerabilityHead>,
    levels: Vec<Option<Level>>,
    /// The revisions with which something came or went.
    points: HashMap<i64, RevisionPoint>,
    /// When each revision was.
    pub(super) times: Vec<i64>,
    /// The first revision that is stored.
    pub(super) first: Option<RevisionRef>,
    by_vulnerability: HashMap<i64, Vec<u32>>,
}

/// A version of a package.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) source: SourcePackageId,
    pub(super) version: Box<str>,
}

/// A vulnerability in a package of a branch for some time without a break, in whatever versions.
#[derive(Debug)]
pub(super) struct Exposure {
    /// Places in the lists of the chronicle.
    pub(super) package: u32,
    pub(super) vulnerability: u32,
    /// The first version that was affected, and the last one.
    pub(super) first: u32,
    pub(super) last: u32,
    /// From the first position with an affected version to the first one without.
    pub(super) since: i64,
    pub(super) until: Option<i64>,
    /// When a finding of it was first derived.
    pub(super) matched: i64,
    /// The first fixed version.
    pub(super) fixed_in: Option<Box<str>>,
    /// How it came; none with the first revision of its repository that is stored.
    pub(super) cause: Option<Cause>,
    /// How it ended, if it did.
    pub(super) end: Option<End>,
}

/// An exposure of which the versions beside it are not known yet.
struct Draft {
    succession: usize,
    package: usize,
    vulnerability: i64,
    /// The stays with which it began and with which it ended.
    first: usize,
    last: usize,
    until: Option<i64>,
    matched: i64,
    fixed_in: Option<String>,
}

impl Chronicle {
    pub(in crate::views) async fn load(
        session: &mut Session,
        kept: &Kept,
        (id, branch): (BranchId, &BranchName),
    ) -> Result<Self, TrackerError> {
        let affected = session.ever_affected(id).await?;
        let scheme = branch.distribution().scheme();
        let times = session.revision_times(id).await?;
        let (names, successions) = successions(session, id, scheme, &affected).await?;
        let drafts = drafts(&successions, affected);
        let beside = beside(session, kept, id, &successions, &drafts).await?;
        let points = points(session, id, &successions, &drafts).await?;
        let first = match session.first_position(id).await? {
            Some(position) => session
                .revisions_at(id, [position])
                .await?
                .remove(&position),
            None => None,
        };
        let vulnerabilities: HashSet<i64> = drafts.iter().map(|it| it.vulnerability).collect();
        let vulnerabilities: Vec<i64> = vulnerabilities.into_iter().collect();
        let heads = session.vulnerability_heads(&vulnerabilities).await?;
        let level = |head: &VulnerabilityHead| Score::of(head.score.as_ref()).map(|it| it.level);
        let mut chronicle = Self {
            packages: names.into_iter().map(Into::into).collect(),
            levels: heads.iter().map(level).collect(),
            heads,
            points,
            times,
            first: first.as_ref().map(RevisionRef::from),
            ..Self::default()
        };
        chronicle.fill(&successions, drafts, &beside, scheme);
        Ok(chronicle)
    }

    fn fill(
        &mut self,
        successions: &[Succession],
        drafts: Vec<Draft>,
        beside: &Beside,
        scheme: Scheme,
    ) {
        let heads = self.heads.iter().map(|head| head.id).zip(0_u32..);
        let heads: HashMap<i64, u32> = heads.collect();
        let mut versions: HashMap<SourcePackageId, u32> = HashMap::new();
        for draft in drafts {
            let Some(&vulnerability) = heads.get(&draft.vulnerability) else {
                continue;
            };
            let name = self.heads[vulnerability as usize].name.clone();
            let of = &successions[draft.succession];
            let since = of.stays[draft.first].since;
            let is_first = self.points.get(&since).is_some_and(|it| it.is_first);
            let id = draft.vulnerability;
            let cause = (!is_first).then(|| beside.cause(&name, id, of, draft.first, scheme));
            let mut version = |stay: usize| self.version(&mut versions, &of.stays[stay]);
            let end = draft.until.map(|_| End {
                remedy: beside.remedy(&name, id, of, draft.last),
                to: of.next[draft.last].map(&mut version),
            });
            let exposure = Exposure {
                package: u32::try_from(draft.package).unwrap_or(u32::MAX),
                vulnerability,
                first: version(draft.first),
                last: version(draft.last),
                since,
                until: draft.until,
                matched: draft.matched,
                fixed_in: draft.fixed_in.map(Into::into),
                cause,
                end,
            };
            let place = u32::try_from(self.exposures.len()).unwrap_or(u32::MAX);
            self.by_vulnerability.entry(id).or_default().push(place);
            self.exposures.push(exposure);
        }
    }

    /// The place of a stay's version.
    fn version(&mut self, known: &mut HashMap<SourcePackageId, u32>, stay: &SourceSpan) -> u32 {
        *known.entry(stay.source).or_insert_with(|| {
            self.versions.push(Version {
                source: stay.source,
                version: stay.version.as_str().into(),
            });
            u32::try_from(self.versions.len() - 1).unwrap_or(u32::MAX)
        })
    }

    pub(super) fn head(&self, exposure: &Exposure) -> &VulnerabilityHead {
        &self.heads[exposure.vulnerability as usize]
    }

    pub(super) fn level(&self, exposure: &Exposure) -> Option<Level> {
        self.levels[exposure.vulnerability as usize]
    }

    pub(super) fn is_exploited(&self, exposure: &Exposure) -> bool {
        self.head(exposure).exploited_since.is_some()
    }

    pub(super) fn package(&self, exposure: &Exposure) -> &str {
        &self.packages[exposure.package as usize]
    }

    pub(super) fn version_of(&self, place: u32) -> &Version {
        &self.versions[place as usize]
    }

    /// The exposures to a vulnerability.
    pub(super) fn of_vulnerability(&self, id: i64) -> impl Iterator<Item = &Exposure> {
        let places = self.by_vulnerability.get(&id).into_iter().flatten();
        places.map(|place| &self.exposures[*place as usize])
    }

    /// The revision at a position with which something came or went.
    pub(super) fn revision(&self, position: i64) -> Option<RevisionRef> {
        self.points.get(&position).map(RevisionRef::from)
    }

    /// Since when it could be known: since an affected version was there and the vulnerability was
    /// published. One of which nobody says when it was published is taken as known all the time.
    pub(super) fn known_from(&self, exposure: &Exposure) -> i64 {
        let published = self.head(exposure).published;
        published.map_or(exposure.since, |published| published.max(exposure.since))
    }

    /// Whether that is when the exposure began, and not only when the first revision was stored.
    pub(super) fn is_begin_known(&self, exposure: &Exposure) -> bool {
        exposure.cause.is_some() || self.known_from(exposure) > exposure.since
    }

    /// Whether an affected version was still there when the vulnerability was known.
    pub(super) fn was_known(&self, exposure: &Exposure) -> bool {
        let known = self.known_from(exposure);
        exposure.until.is_none_or(|until| until > known)
    }

    /// Whether it was open, as far as could be known, just before a time.
    pub(super) fn was_open_before(&self, exposure: &Exposure, time: i64) -> bool {
        self.known_from(exposure) < time && exposure.until.is_none_or(|until| until >= time)
    }

    /// Whether it began to be known from a time on, up to another.
    pub(super) fn began_in(&self, exposure: &Exposure, span: &std::ops::Range<i64>) -> bool {
        self.was_known(exposure) && span.contains(&self.known_from(exposure))
    }

    /// Whether something that was known ended from a time on, up to another.
    pub(super) fn ended_in(&self, exposure: &Exposure, span: &std::ops::Range<i64>) -> bool {
        self.was_known(exposure) && exposure.until.is_some_and(|until| span.contains(&until))
    }

    /// Days from when it was known to its end.
    pub(super) fn days(&self, exposure: &Exposure) -> Option<i64> {
        // Positions of one time differ within a second.
        let second = |at: i64| at.div_euclid(SECOND) * SECOND;
        let until = second(exposure.until?);
        let days = (until - second(self.known_from(exposure))).div_euclid(DAY);
        (days >= 0).then_some(days)
    }
}

impl Exposure {
    /// What ended it, if anything is known to have.
    pub(super) fn remedy(&self) -> Option<Remedy> {
        self.end.and_then(|end| end.remedy)
    }

    /// Whether something was done about it, if only that the package was removed.
    pub(super) fn is_mitigated(&self) -> bool {
        self.is_mended() || matches!(self.remedy(), Some(Remedy::Hint | Remedy::Removal))
    }

    /// Whether it ended because somebody mended the package.
    pub(super) fn is_mended(&self) -> bool {
        let by = self.remedy();
        matches!(by, Some(Remedy::Upgrade | Remedy::Patch | Remedy::Graft))
    }
}

/// What became of the versions of each package that anything ever affected.
async fn successions(
    session: &mut Session,
    branch: BranchId,
    scheme: Scheme,
    affected: &[AffectedRow],
) -> Result<(Vec<String>, Vec<Succession>), TrackerError> {
    let mut sources: Vec<SourcePackageId> = affected.iter().map(|row| row.source).collect();
    sources.dedup();
    let labels = session.label_rows(&sources).await?;
    let names: HashSet<&str> = labels.iter().map(|row| row.name.as_str()).collect();
    let mut by_name: BTreeMap<String, Vec<SourceSpan>> = BTreeMap::new();
    for mut span in session.source_spans(branch, names).await? {
        let name = std::mem::take(&mut span.name);
        by_name.entry(name).or_default().push(span);
    }
    let (names, stays): (Vec<String>, Vec<_>) = by_name.into_iter().unzip();
    let successions = stays.into_iter().map(|it| Succession::of(it, scheme));
    Ok((names, successions.collect()))
}

/// Stays that one vulnerability affects, put together where nothing lies between them.
fn drafts(successions: &[Succession], affected: Vec<AffectedRow>) -> Vec<Draft> {
    let mut by_source = super::super::grouped(affected.into_iter().map(|row| (row.source, row)));
    let mut drafts: Vec<Draft> = Vec::new();
    for (place, succession) in successions.iter().enumerate() {
        // A source package may have been there several times.
        let mut of_source: HashMap<SourcePackageId, Vec<AffectedRow>> = HashMap::new();
        let mut open: HashMap<i64, usize> = HashMap::new();
        for (stay, span) in succession.stays.iter().enumerate() {
            let rows = of_source
                .entry(span.source)
                .or_insert_with(|| by_source.remove(&span.source).unwrap_or_default());
            for row in rows {
                let known = open.get(&row.vulnerability).map(|at| &mut drafts[*at]);
                let lasting = known.filter(|it| it.until.is_none_or(|until| until >= span.since));
                if let Some(draft) = lasting {
                    draft.go_on(stay, span, row);
                    continue;
                }
                open.insert(row.vulnerability, drafts.len());
                drafts.push(Draft {
                    succession: place,
                    package: place,
                    vulnerability: row.vulnerability,
                    first: stay,
                    last: stay,
                    until: span.until,
                    matched: row.first_seen,
                    fixed_in: row.fixed_in.clone(),
                });
            }
        }
    }
    drafts
}

impl Draft {
    /// Another affected stay begins before this ends.
    fn go_on(&mut self, stay: usize, span: &SourceSpan, row: &AffectedRow) {
        self.matched = self.matched.min(row.first_seen);
        let later = match (self.until, span.until) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(known), Some(until)) => until > known,
        };
        if later {
            (self.last, self.until) = (stay, span.until);
            self.fixed_in.clone_from(&row.fixed_in);
        }
    }
}

/// What is known of the versions before and after.
async fn beside(
    session: &mut Session,
    kept: &Kept,
    branch: BranchId,
    successions: &[Succession],
    drafts: &[Draft],
) -> Result<Beside, TrackerError> {
    let (mut pairs, mut sources) = (HashSet::new(), HashSet::new());
    for draft in drafts {
        let of = &successions[draft.succession];
        let mut look_at = |stay: usize| {
            let source = of.stays[stay].source;
            pairs.insert((source, draft.vulnerability));
            sources.insert(source);
        };
        if let Some(previous) = of.previous[draft.first] {
            look_at(previous);
            look_at(draft.first);
        }
        if draft.until.is_some() {
            of.successors(draft.last).for_each(&mut look_at);
        }
    }
    let pairs: Vec<(SourcePackageId, i64)> = pairs.into_iter().collect();
    let mut beside = Beside::default();
    for chunk in pairs.chunks(PAIRS) {
        let rows = session.finding_states(branch, chunk).await?.into_iter();
        let rows = rows.map(|row| ((row.key.source, row.key.vulnerability), row.state));
        beside.states.extend(rows);
    }
    beside.carried = kept.carried(session, sources.into_iter()).await?;
    Ok(beside)
}

/// The revisions with which exposures begin and end.
async fn points(
    session: &mut Session,
    branch: BranchId,
    successions: &[Succession],
    drafts: &[Draft],
) -> Result<HashMap<i64, RevisionPoint>, TrackerError> {
    let bounds = drafts.iter().flat_map(|draft| {
        let first = &successions[draft.succession].stays[draft.first];
        std::iter::once(first.since).chain(draft.until)
    });
    let positions: HashSet<i64> = bounds.collect();
    Ok(session.revisions_at(branch, positions).await?)
}
