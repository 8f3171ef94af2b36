//! Weighs all claims about one vulnerability in one package and concludes.
//!
//! What overrules what: the distribution's own records of this branch; then what the package itself
//! carries (a graft, a patch that names the vulnerability, the packager's hint); then the feeds
//! that speak of upstream, the surer identity first, and of equally sure ones those that say
//! "affected".

use palisade_model::{
    Confidence, Evidence, Step, StepKind, Verdict, VerdictStatus, VulnerabilityId,
};

use crate::claim::{Authority, Claim, Outcome};
use crate::subject::Subject;

/// The conclusion, with what it rests on.
#[derive(Debug)]
pub struct Judgement<'a> {
    /// The state.
    pub status: VerdictStatus,
    /// How sure.
    pub confidence: Confidence,
    /// The first fixed version.
    pub fixed_in: Option<String>,
    /// What a package that has a graft would come to without it; absent when there is no graft, or
    /// nothing but the graft has to do with the vulnerability.
    pub without_graft: Option<VerdictStatus>,
    pub(crate) claims: Vec<Claim<'a>>,
    /// The place of the claim that decides what all come to.
    pub(crate) decisive: Option<usize>,
    /// What decides in place of claims.
    pub(crate) ruling: Ruling,
    pub(crate) rules: Vec<Step>,
    pub(crate) graft: Option<Box<Judgement<'a>>>,
}

/// What decides a judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// The claims.
    Claims,
    /// A patch of this name, which names the vulnerability.
    Patch(String),
    /// The packager's hint that it is not affected.
    Hint,
    /// Such a hint, which may be inherited.
    SharedHint,
    /// The packager's word that it is affected.
    Admission,
    /// What users get in the package's place.
    Graft,
}

/// How many claims the evidence tells in full.
const CLAIMS_TOLD: usize = 6;

/// Judges a vulnerability, known under the given identifiers, in a subject.
///
/// `claims` are those of the subject itself, `graft_claims` those of its replacement. `None` when
/// nothing speaks of the vulnerability in this package at all.
pub fn judge<'a>(
    subject: &'a Subject,
    ids: &[VulnerabilityId],
    claims: Vec<Claim<'a>>,
    graft_claims: Vec<Claim<'a>>,
) -> Option<Judgement<'a>> {
    let own = judge_one(subject, ids, claims);
    let Some(replacement) = &subject.replacement else {
        return own;
    };
    let graft = judge_one(replacement, ids, graft_claims);
    match (own, graft) {
        (own, None) => own.map(|own| Judgement {
            without_graft: Some(own.status),
            ..own
        }),
        (None, Some(graft)) => Some(of_graft_alone(graft, replacement)),
        (Some(own), Some(graft)) => Some(with_graft(own, graft, replacement)),
    }
}

/// Only the graft has to do with the vulnerability.
fn of_graft_alone<'a>(mut graft: Judgement<'a>, replacement: &Subject) -> Judgement<'a> {
    graft.rule(
        StepKind::Mitigation,
        format!(
            "this is said of the graft: users get {} in its place",
            replacement.version
        ),
    );
    graft
}

/// A finding looks at what the user gets: the graft decides.
fn with_graft<'a>(
    mut own: Judgement<'a>,
    graft: Judgement<'a>,
    replacement: &Subject,
) -> Judgement<'a> {
    let version = &replacement.version;
    own.without_graft = Some(own.status);
    if own.status.is_open() && !graft.status.is_open() {
        own.rule(
            StepKind::Mitigation,
            format!("fixed by graft: users get {version} in its place"),
        );
        own.status = VerdictStatus::Fixed;
        own.confidence = own.confidence.min(graft.confidence);
        own.fixed_in = graft.fixed_in.clone().or_else(|| Some(version.clone()));
        own.ruling = Ruling::Graft;
        own.graft = Some(Box::new(graft));
        return own;
    }
    if own.status.is_open() {
        own.rule(
            StepKind::Mitigation,
            format!("the graft {version} does not fix it"),
        );
    }
    own.status = graft.status;
    own.confidence = graft.confidence;
    own.fixed_in.clone_from(&graft.fixed_in);
    own.ruling = Ruling::Graft;
    own.graft = Some(Box::new(graft));
    own
}

fn judge_one<'a>(
    subject: &'a Subject,
    ids: &[VulnerabilityId],
    mut claims: Vec<Claim<'a>>,
) -> Option<Judgement<'a>> {
    let patch = subject.patch_for(ids);
    let hidden = subject
        .hints
        .hidden_vulnerabilities
        .iter()
        .find(|id| ids.contains(id));
    let mut known = subject.hints.known_vulnerabilities.iter();
    let known = known.find(|id| ids.contains(id));
    if claims.is_empty() && patch.is_none() && hidden.is_none() && known.is_none() {
        return None;
    }
    // A record that names this branch is not silent on it.
    let spoken = claims.iter().filter(|claim| !claim.is_silence());
    let named: Vec<_> = spoken.map(|claim| claim.provenance).collect();
    claims.retain(|claim| !claim.is_silence() || !named.contains(&claim.provenance));
    note_unexplored(&mut claims);
    claims.sort_by_key(|claim| std::cmp::Reverse((claim.authority, claim.confidence())));
    let own_word = patch.is_some() || hidden.is_some() || known.is_some();
    if !own_word && !claims.is_empty() && claims.iter().all(Claim::is_of_earlier_series) {
        return None;
    }
    let mut judgement = weigh(claims);
    if judgement
        .claims
        .iter()
        .any(|claim| claim.authority == Authority::Distribution)
    {
        return Some(judgement);
    }
    if let Some(id) = known {
        judgement.apply_admission(id);
        return Some(judgement);
    }
    let open = judgement.status.is_open();
    if let Some((id, name)) = patch.filter(|_| open) {
        judgement.rule(StepKind::Mitigation, format!("the patch {name} names {id}"));
        judgement.ruling = Ruling::Patch(name.clone());
        judgement.status = VerdictStatus::Fixed;
        judgement.confidence = Confidence::Likely;
        judgement.fixed_in = Some(subject.version.clone());
    } else if let Some(id) = hidden.filter(|_| open) {
        judgement.apply_hint(subject, id);
    }
    Some(judgement)
}

/// Marks the claims that call a version affected since their entry calls all others so, where another
/// entry of the record has the fault from the beginning of history on: nobody has looked since when it
/// is there, and the version may be older than it.
fn note_unexplored(claims: &mut [Claim<'_>]) {
    let begin = claims.iter().filter(|claim| claim.begins_with_history());
    let records: Vec<_> = begin.map(|claim| claim.provenance).collect();
    for claim in claims.iter_mut() {
        claim.unexplored =
            claim.is_by_default() && !claim.names_affected() && records.contains(&claim.provenance);
    }
}

impl<'a> Judgement<'a> {
    /// The conclusion with its reasons in words.
    pub fn verdict(&self) -> Verdict {
        Verdict {
            status: self.status,
            confidence: self.confidence,
            fixed_in: self.fixed_in.clone(),
            evidence: self.evidence(),
        }
    }

    /// The reasons in words, from identity to conclusion.
    pub fn evidence(&self) -> Evidence {
        let mut steps: Vec<Step> = Vec::new();
        for claim in self.claims.iter().take(CLAIMS_TOLD) {
            for step in claim.steps() {
                if !steps.contains(&step) {
                    steps.push(step);
                }
            }
        }
        let mut evidence = Evidence(steps);
        if let Some(more) = self
            .claims
            .len()
            .checked_sub(CLAIMS_TOLD)
            .filter(|more| *more > 0)
        {
            evidence.push(
                StepKind::Rule,
                format!("{more} more entries say something of it"),
            );
        }
        if let Some(graft) = &self.graft {
            evidence
                .0
                .extend(graft.evidence().0.into_iter().map(|mut step| {
                    step.says = format!("of the graft: {}", step.says);
                    step
                }));
        }
        evidence.0.extend(self.rules.iter().cloned());
        evidence
    }

    /// How sure it is that the package is what is spoken of, whatever is said of its version; `None`
    /// when only the package itself speaks of the vulnerability.
    pub fn identity(&self) -> Option<Confidence> {
        let claims = self.claims.iter().filter(|claim| !claim.is_silence());
        claims.map(|claim| claim.identity.confidence).max()
    }

    /// The claims on which it rests.
    pub fn claims(&self) -> &[Claim<'a>] {
        &self.claims
    }

    fn rule(&mut self, kind: StepKind, says: String) {
        self.rules.push(Step {
            kind,
            feed: None,
            record: None,
            says,
        });
    }

    /// The packager says that the vulnerability affects the package, and nobody knows it better.
    fn apply_admission(&mut self, id: &VulnerabilityId) {
        self.rule(
            StepKind::Rule,
            format!("the packager says that {id} affects it"),
        );
        self.ruling = Ruling::Admission;
        self.status = VerdictStatus::Affected;
        self.confidence = Confidence::Certain;
    }

    /// The packager says that the vulnerability does not affect the package; believed only where
    /// the hint cannot have been inherited from another version.
    fn apply_hint(&mut self, subject: &Subject, id: &VulnerabilityId) {
        if subject.hints.hidden_vulnerabilities_shared {
            self.rule(
                StepKind::Mitigation,
                format!(
                    "a hint hides {id}, but it stands on another version too and may be inherited"
                ),
            );
            self.ruling = Ruling::SharedHint;
            self.status = VerdictStatus::UnderInvestigation;
            return;
        }
        self.rule(
            StepKind::Mitigation,
            format!("the packager says that {id} does not affect it"),
        );
        self.ruling = Ruling::Hint;
        self.status = VerdictStatus::NotAffected;
        self.confidence = Confidence::Likely;
    }
}

/// Concludes from claims that are sorted, the weightiest first.
fn weigh(claims: Vec<Claim<'_>>) -> Judgement<'_> {
    let mut judgement = Judgement {
        status: VerdictStatus::UnderInvestigation,
        confidence: Confidence::Possible,
        fixed_in: None,
        without_graft: None,
        claims,
        decisive: None,
        ruling: Ruling::Claims,
        rules: Vec::new(),
        graft: None,
    };
    let Some(authority) = judgement.claims.first().map(|claim| claim.authority) else {
        return judgement;
    };
    let Some((best, fixed_in)) = best_by_record(&judgement.claims, authority) else {
        return judgement;
    };
    let (outcome, confidence) = (best.outcome(), best.confidence());
    let decisive = judgement
        .claims
        .iter()
        .position(|it| std::ptr::eq(it, best));
    let fixed_in = fixed_in.map(str::to_owned);
    judgement.decisive = decisive;
    judgement.fixed_in = fixed_in;
    judgement.confidence = confidence;
    judgement.status = match outcome {
        Outcome::Affected => VerdictStatus::Affected,
        Outcome::Fixed => VerdictStatus::Fixed,
        Outcome::NotAffected => VerdictStatus::NotAffected,
        Outcome::Unknown => VerdictStatus::UnderInvestigation,
    };
    if judgement.status == VerdictStatus::Affected && confidence == Confidence::Possible {
        // A name alone never alarms: it goes to the triage queue.
        judgement.status = VerdictStatus::UnderInvestigation;
        judgement.rule(
            StepKind::Rule,
            "not sure enough to alarm anybody: a person has to look".into(),
        );
    }
    judgement
}

/// What one record comes to.
struct OfRecord<'c, 'a> {
    /// The entry that decides, as far as each is looked at alone.
    best: &'c Claim<'a>,
    /// The surest that says of this very version that it is not affected.
    unaffected: Option<&'c Claim<'a>>,
    /// The surest that has the version affected on other systems only.
    foreign: Option<&'c Claim<'a>>,
    /// That with a fix in the series nearest to the version's own.
    mended: Option<&'c Claim<'a>>,
}

impl<'c, 'a> OfRecord<'c, 'a> {
    fn new(claim: &'c Claim<'a>) -> Self {
        let mut record = Self {
            best: claim,
            unaffected: None,
            foreign: None,
            mended: None,
        };
        record.note(claim);
        record
    }

    fn note(&mut self, claim: &'c Claim<'a>) {
        let keep = |place: &mut Option<&'c Claim<'a>>| {
            let sure = |known: &Claim<'_>| known.identity.confidence >= claim.identity.confidence;
            if !place.is_some_and(sure) {
                *place = Some(claim);
            }
        };
        if claim.says_unaffected() {
            keep(&mut self.unaffected);
        }
        if claim.is_foreign() {
            keep(&mut self.foreign);
        }
        let nearest = self.mended.and_then(Claim::nearness);
        if claim.outcome() == Outcome::Fixed && claim.nearness() > nearest {
            self.mended = Some(claim);
        }
    }

    /// Who names the version, or the system, knows more than who calls all affected that nobody
    /// names: containers added to a CVE record often leave out the branches in which the record's
    /// author saw it fixed, and the platforms.
    fn decides(&self) -> &'c Claim<'a> {
        let best = self.best;
        let sure = |claim: &&Claim<'_>| claim.identity.confidence >= best.identity.confidence;
        let unaffected = self.unaffected.filter(|_| best.is_by_default());
        let foreign = self
            .foreign
            .filter(|_| best.is_of_several() && is_unqualified(best));
        // Several ends are one for each series.
        let mended = self.mended.filter(|claim| {
            best.outcome() == Outcome::Affected
                && best
                    .nearness()
                    .is_some_and(|near| claim.nearness() > Some(near))
        });
        let better = unaffected
            .filter(sure)
            .or(foreign.filter(sure))
            .or(mended.filter(sure));
        better.unwrap_or(best)
    }
}

/// Whether a claim says "affected" and nothing of systems.
pub(crate) fn is_unqualified(claim: &Claim<'_>) -> bool {
    claim.outcome() == Outcome::Affected && claim.is_silent_on_systems()
}

/// What the claims of the given authority come to: within one record an entry that affects decides,
/// unless only by default where another names the version; between records the surer one, and of
/// equally sure ones the graver, unless one knows that it is so on other systems only.
fn best_by_record<'c, 'a>(
    claims: &'c [Claim<'a>],
    authority: Authority,
) -> Option<(&'c Claim<'a>, Option<&'a str>)> {
    let records = deciders(claims, authority);
    let known = |claim: &Claim<'_>| claim.outcome() != Outcome::Unknown;
    let graver = |claim: &&&Claim<'_>| (known(claim), claim.confidence(), weight(claim.outcome()));
    let mut best = *records.iter().max_by_key(graver)?;
    if is_unqualified(best) {
        // One record knows that it is so on other systems only, the other does not say.
        let sure = best.identity.confidence;
        let foreign = records
            .iter()
            .find(|claim| claim.is_foreign() && claim.identity.confidence >= sure);
        best = foreign.copied().unwrap_or(best);
    }
    let fixed_in = best.fixed_in().or_else(|| {
        let mut same = records
            .iter()
            .filter(|claim| claim.outcome() == best.outcome());
        same.find_map(|claim| claim.fixed_in())
    });
    Some((best, fixed_in))
}

/// The graver, the heavier.
fn weight(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Affected => 3,
        Outcome::Fixed => 2,
        Outcome::NotAffected => 1,
        Outcome::Unknown => 0,
    }
}

/// The entry that decides in each record of the given authority.
pub(crate) fn deciders<'c, 'a>(
    claims: &'c [Claim<'a>],
    authority: Authority,
) -> Vec<&'c Claim<'a>> {
    // A surer identity first: an entry for another product of the same name does not count beside it.
    let rank = |claim: &Claim<'_>| {
        let known = claim.outcome() != Outcome::Unknown;
        (known, claim.identity.confidence, weight(claim.outcome()))
    };
    let mut records: Vec<OfRecord<'_, '_>> = Vec::new();
    for claim in claims.iter().filter(|claim| claim.authority == authority) {
        let known = records
            .iter_mut()
            .find(|record| record.best.provenance == claim.provenance);
        match known {
            None => records.push(OfRecord::new(claim)),
            Some(record) => {
                record.note(claim);
                if rank(claim) > rank(record.best) {
                    record.best = claim;
                }
            }
        }
    }
    records.iter().map(OfRecord::decides).collect()
}
