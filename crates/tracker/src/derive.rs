//! Derives findings: judges again whatever a change touched, and writes the difference with its
//! events.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use palisade_matching::{Claim, Identities, Judgement, Place, Provenance, Subject, judge};
use palisade_model::{Confidence, Distribution, Package, VerdictStatus, VulnerabilityId};
use palisade_store::{
    AdvisoryRow, BranchId, FindingKey, FindingRow, FindingState, Session, SourcePackageId,
};

use crate::TrackerError;
use crate::encoding::{AdvisoryFacts, decode_each, key_hash};
use crate::judging::Judged;
use crate::news::{self, Change};

/// Source packages judged at once; bounds the memory for their advisories.
const CHUNK: usize = 4000;

/// Vulnerabilities judged at once.
const VULNERABILITIES: usize = 20_000;

/// Judges what changed and writes what follows.
pub(crate) struct Deriver {
    now: i64,
    subjects: HashMap<SourcePackageId, Subject>,
    branch_names: HashMap<BranchId, String>,
    /// What was done so far, for those who measure, by a clock of theirs.
    judged: Judged,
    clock: fn() -> Duration,
    /// Names of vulnerabilities that are no longer stored.
    gone: HashMap<i64, String>,
}

/// An advisory with what matching needs of it.
pub(crate) struct LoadedAdvisory {
    pub(crate) row: AdvisoryRow,
    pub(crate) feed: String,
    pub(crate) affected: AdvisoryFacts,
}

/// What has to be judged: vulnerabilities of source packages, with the advisories to ask.
type Work = HashMap<(SourcePackageId, i64), Vec<i64>>;

impl Deriver {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            now,
            subjects: HashMap::new(),
            branch_names: HashMap::new(),
            judged: Judged::default(),
            clock: || Duration::ZERO,
            gone: HashMap::new(),
        }
    }

    /// Measures what it does by a clock that only goes forward.
    pub(crate) fn with_clock(self, clock: fn() -> Duration) -> Self {
        Self { clock, ..self }
    }

    /// Tells the names of vulnerabilities that went, so that events can still name them.
    pub(crate) fn with_gone(self, gone: HashMap<i64, String>) -> Self {
        Self { gone, ..self }
    }

    /// Judges these vulnerabilities again in every package that they may touch, on every branch, and
    /// tells of it.
    pub(crate) async fn vulnerabilities(
        &mut self,
        session: &mut Session,
        ids: &[i64],
    ) -> Result<(), TrackerError> {
        if !session.has_sources().await? {
            return Ok(());
        }
        for chunk in ids.chunks(VULNERABILITIES) {
            let present = session.findings_of_vulnerabilities(chunk).await?;
            let states = self.judge_vulnerabilities(session, chunk).await?;
            let differences = self.write_difference(session, present, states).await?;
            news::tell_changes(session, self.now, differences, &self.gone).await?;
        }
        Ok(())
    }

    /// What findings of these vulnerabilities should say.
    pub(crate) async fn judge_vulnerabilities(
        &mut self,
        session: &mut Session,
        ids: &[i64],
    ) -> Result<HashMap<FindingKey, FindingState>, TrackerError> {
        let started = (self.clock)();
        let (work, names) = self.work_of_vulnerabilities(session, ids).await?;
        let sources: HashSet<SourcePackageId> = work.keys().map(|(source, _)| *source).collect();
        let sources: Vec<SourcePackageId> = sources.into_iter().collect();
        let mut branches: HashMap<SourcePackageId, Vec<BranchId>> = HashMap::new();
        for (source, branch) in session.branches_of_sources(&sources).await? {
            branches.entry(source).or_default().push(branch);
        }
        self.judged.loading += (self.clock)().saturating_sub(started);
        self.judge_all(session, &work, &branches, &names).await
    }

    /// Judges source packages on a branch, with all vulnerabilities that may touch them. What
    /// changed is the caller's to tell.
    pub(crate) async fn sources(
        &mut self,
        session: &mut Session,
        branch: BranchId,
        sources: &[SourcePackageId],
    ) -> Result<Vec<Change>, TrackerError> {
        let mut differences = Vec::new();
        for chunk in sources.chunks(CHUNK) {
            let present = session.findings_of_sources(branch, chunk).await?;
            let states = self.judge_chunk(session, branch, chunk).await?;
            differences.extend(self.write_difference(session, present, states).await?);
        }
        Ok(differences)
    }

    /// Judges source packages on a branch and writes nothing.
    pub(crate) async fn judge_sources(
        &mut self,
        session: &mut Session,
        branch: BranchId,
        sources: &[SourcePackageId],
    ) -> Result<(), TrackerError> {
        for chunk in sources.chunks(CHUNK) {
            self.judge_chunk(session, branch, chunk).await?;
        }
        Ok(())
    }

    async fn judge_chunk(
        &mut self,
        session: &mut Session,
        branch: BranchId,
        sources: &[SourcePackageId],
    ) -> Result<HashMap<FindingKey, FindingState>, TrackerError> {
        let started = (self.clock)();
        self.subjects.clear();
        let (work, names) = self.work_of_sources(session, sources).await?;
        self.judged.loading += (self.clock)().saturating_sub(started);
        let branches = sources
            .iter()
            .map(|source| (*source, vec![branch]))
            .collect();
        self.judge_all(session, &work, &branches, &names).await
    }

    /// What was done, on so many subjects.
    pub(crate) fn judged(&self, subjects: usize) -> Judged {
        Judged {
            subjects,
            ..self.judged
        }
    }

    async fn work_of_vulnerabilities(
        &mut self,
        session: &mut Session,
        ids: &[i64],
    ) -> Result<(Work, HashMap<i64, String>), TrackerError> {
        let mut vulnerabilities_of: HashMap<i64, Vec<i64>> = HashMap::new();
        for (vulnerability, advisory) in session.advisories_of(ids).await? {
            vulnerabilities_of
                .entry(advisory)
                .or_default()
                .push(vulnerability);
        }
        let advisories: Vec<i64> = vulnerabilities_of.keys().copied().collect();
        let mut work = Work::new();
        for (source, advisory) in session.pairs_of_advisories(&advisories).await? {
            for &vulnerability in &vulnerabilities_of[&advisory] {
                work.entry((SourcePackageId(source), vulnerability))
                    .or_default()
                    .push(advisory);
            }
        }
        let names = session.vulnerability_names(ids).await?;
        let by_key: HashMap<i64, i64> = names
            .iter()
            .map(|(&id, name)| {
                (
                    key_hash(&palisade_matching::key::of_vulnerability(name)),
                    id,
                )
            })
            .collect();
        let keys: Vec<i64> = by_key.keys().copied().collect();
        for (key, source) in session.sources_of_keys(&keys).await? {
            work.entry((source, by_key[&key])).or_default();
        }
        let sources: HashSet<SourcePackageId> = work.keys().map(|(source, _)| *source).collect();
        self.load_subjects(session, sources.into_iter()).await?;
        Ok((work, names))
    }

    async fn work_of_sources(
        &mut self,
        session: &mut Session,
        sources: &[SourcePackageId],
    ) -> Result<(Work, HashMap<i64, String>), TrackerError> {
        let pairs = session.pairs_of_sources(sources).await?;
        let advisories: HashSet<i64> = pairs.iter().map(|(_, advisory)| *advisory).collect();
        let advisories: Vec<i64> = advisories.into_iter().collect();
        let mut vulnerabilities_of: HashMap<i64, Vec<i64>> = HashMap::new();
        for (vulnerability, advisory) in session.vulnerabilities_of(&advisories).await? {
            vulnerabilities_of
                .entry(advisory)
                .or_default()
                .push(vulnerability);
        }
        let mut work = Work::new();
        for (source, advisory) in pairs {
            for &vulnerability in vulnerabilities_of.get(&advisory).into_iter().flatten() {
                work.entry((SourcePackageId(source), vulnerability))
                    .or_default()
                    .push(advisory);
            }
        }
        self.load_subjects(session, sources.iter().copied()).await?;
        let own_words = self
            .subjects
            .values()
            .flat_map(Subject::named_vulnerabilities);
        let own_words: HashSet<&str> = own_words.map(VulnerabilityId::as_str).collect();
        let known = session
            .vulnerabilities_by_name(own_words.into_iter())
            .await?;
        for (source, subject) in &self.subjects {
            for id in subject
                .named_vulnerabilities()
                .filter_map(|id| known.get(id.as_str()))
            {
                work.entry((*source, *id)).or_default();
            }
        }
        let vulnerabilities: HashSet<i64> = work.keys().map(|(_, id)| *id).collect();
        let vulnerabilities: Vec<i64> = vulnerabilities.into_iter().collect();
        let names = session.vulnerability_names(&vulnerabilities).await?;
        Ok((work, names))
    }

    async fn load_subjects(
        &mut self,
        session: &mut Session,
        sources: impl Iterator<Item = SourcePackageId>,
    ) -> Result<(), TrackerError> {
        let missing: Vec<SourcePackageId> = sources
            .filter(|source| !self.subjects.contains_key(source))
            .collect();
        self.subjects
            .extend(load_subjects(session, &missing).await?);
        Ok(())
    }

    async fn judge_all(
        &mut self,
        session: &mut Session,
        work: &Work,
        branches: &HashMap<SourcePackageId, Vec<BranchId>>,
        names: &HashMap<i64, String>,
    ) -> Result<HashMap<FindingKey, FindingState>, TrackerError> {
        let started = (self.clock)();
        let wanted: HashSet<i64> = work.values().flatten().copied().collect();
        let wanted: Vec<i64> = wanted.into_iter().collect();
        let advisories = load_advisories(session, &wanted).await?;
        self.load_branch_names(session).await?;
        self.judged.loading += (self.clock)().saturating_sub(started);
        let started = (self.clock)();
        let mut states = HashMap::new();
        for (&(source, vulnerability), ids) in work {
            let (Some(subject), Some(name)) =
                (self.subjects.get(&source), names.get(&vulnerability))
            else {
                continue;
            };
            let Ok(name) = name.parse::<VulnerabilityId>() else {
                continue;
            };
            for &branch in branches.get(&source).into_iter().flatten() {
                let place = Place {
                    branch: self.branch_names.get(&branch).map(String::as_str),
                };
                let loaded = ids.iter().filter_map(|id| advisories.get(id));
                if let Some(judgement) = judge_loaded(subject, &name, loaded, place) {
                    states.insert(
                        FindingKey {
                            branch,
                            source,
                            vulnerability,
                        },
                        state_of(&judgement),
                    );
                }
            }
        }
        self.judged.judging += (self.clock)().saturating_sub(started);
        self.judged.findings += states.len();
        Ok(states)
    }

    async fn load_branch_names(&mut self, session: &mut Session) -> Result<(), TrackerError> {
        for (id, _, name) in session.branches().await? {
            self.branch_names.insert(id, name);
        }
        Ok(())
    }

    async fn write_difference(
        &mut self,
        session: &mut Session,
        present: Vec<FindingRow>,
        mut states: HashMap<FindingKey, FindingState>,
    ) -> Result<Vec<Change>, TrackerError> {
        let (mut gone, mut changed, mut differences) = (Vec::new(), Vec::new(), Vec::new());
        for row in present {
            match states.remove(&row.key) {
                Some(state) if state == row.state => {}
                Some(state) => {
                    differences.push(Change {
                        key: row.key,
                        before: Some(row.state),
                        after: Some(state.clone()),
                    });
                    changed.push(FindingRow {
                        id: row.id,
                        key: row.key,
                        state,
                        first_seen: row.first_seen,
                    });
                }
                None => {
                    differences.push(Change {
                        key: row.key,
                        before: Some(row.state),
                        after: None,
                    });
                    gone.push(row.id);
                }
            }
        }
        let mut new: Vec<(FindingKey, FindingState)> = states.into_iter().collect();
        new.sort_unstable_by_key(|(key, _)| *key);
        differences.extend(new.iter().map(|(key, state)| Change {
            key: *key,
            before: None,
            after: Some(state.clone()),
        }));
        session
            .write_findings(self.now, &gone, &changed, &new)
            .await?;
        Ok(differences)
    }
}

/// The status at a place of [`VerdictStatus::ALL`].
pub(crate) fn status(place: i64) -> VerdictStatus {
    usize::try_from(place)
        .ok()
        .and_then(|place| VerdictStatus::ALL.get(place).copied())
        .unwrap_or(VerdictStatus::UnderInvestigation)
}

/// The confidence of a stored number.
pub(crate) fn confidence(number: i64) -> Confidence {
    match number {
        2 => Confidence::Certain,
        1 => Confidence::Likely,
        _ => Confidence::Possible,
    }
}

/// What a judgement comes to, as it is stored.
pub(crate) fn state_of(judgement: &Judgement<'_>) -> FindingState {
    let status = VerdictStatus::ALL
        .iter()
        .position(|status| *status == judgement.status);
    FindingState {
        status: i64::try_from(status.unwrap_or(1)).unwrap_or(1),
        confidence: match judgement.confidence {
            Confidence::Possible => 0,
            Confidence::Likely => 1,
            Confidence::Certain => 2,
        },
        fixed_in: judgement.fixed_in.clone(),
    }
}

/// Judges a vulnerability in a source package by the advisories that speak of it.
pub(crate) fn judge_loaded<'a>(
    subject: &'a Subject,
    name: &VulnerabilityId,
    advisories: impl Iterator<Item = &'a LoadedAdvisory>,
    place: Place<'_>,
) -> Option<Judgement<'a>> {
    let (mut own, mut graft) = (Vec::new(), Vec::new());
    for advisory in advisories.filter(|advisory| !advisory.row.overruled) {
        let provenance = Provenance {
            feed: &advisory.feed,
            record: &advisory.row.name,
        };
        for affected in &advisory.affected {
            own.extend(Claim::of(subject, affected, provenance, place));
            let replacement = subject.replacement.as_deref();
            graft.extend(replacement.and_then(|it| Claim::of(it, affected, provenance, place)));
        }
    }
    judge(subject, std::slice::from_ref(name), own, graft)
}

/// Loads source packages as matching sees them, with what people state of them.
pub(crate) async fn load_subjects(
    session: &mut Session,
    sources: &[SourcePackageId],
) -> Result<HashMap<SourcePackageId, Subject>, TrackerError> {
    load_subjects_as(session, sources, |_| {}).await
}

/// Loads source packages as matching would see them if they were otherwise.
pub(crate) async fn load_subjects_as(
    session: &mut Session,
    sources: &[SourcePackageId],
    change: impl Fn(&mut Package),
) -> Result<HashMap<SourcePackageId, Subject>, TrackerError> {
    let rows = session.source_facts(sources).await?;
    let identities = Identities::of(session.identities_of(sources).await?);
    let spans: Vec<_> = rows.iter().map(|(_, _, span)| *span).collect();
    let mut subjects = HashMap::with_capacity(rows.len());
    let load = |index: usize, mut package: Package| {
        let (id, distribution, _) = &rows[index];
        change(&mut package);
        if let Ok(distribution) = distribution.parse::<Distribution>() {
            let subject = Subject::of(&package, &distribution);
            subjects.insert(*id, subject.with(&identities));
        }
    };
    decode_each(session, "a source package", &spans, load).await?;
    Ok(subjects)
}

/// Loads advisories that are not withdrawn.
pub(crate) async fn load_advisories(
    session: &mut Session,
    ids: &[i64],
) -> Result<HashMap<i64, LoadedAdvisory>, TrackerError> {
    let rows = session.standing_advisories(ids).await?;
    load_facts(session, rows).await
}

/// Loads what matching needs of advisories.
pub(crate) async fn load_facts(
    session: &mut Session,
    rows: Vec<AdvisoryRow>,
) -> Result<HashMap<i64, LoadedAdvisory>, TrackerError> {
    let spans: Vec<_> = rows.iter().map(|row| row.facts).collect();
    let mut loaded = HashMap::with_capacity(rows.len());
    let load = |index: usize, affected: AdvisoryFacts| {
        let row: &AdvisoryRow = &rows[index];
        let advisory = LoadedAdvisory {
            row: row.clone(),
            feed: feed_name(&row.feed_kind, &row.feed_scope),
            affected,
        };
        loaded.insert(row.id, advisory);
    };
    decode_each(session, "an advisory", &spans, load).await?;
    Ok(loaded)
}

/// A feed's name as readers see it: `nvd`, `secdb alpine/v3.17/main`.
pub(crate) fn feed_name(kind: &str, scope: &str) -> String {
    if scope.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind} {scope}")
    }
}
