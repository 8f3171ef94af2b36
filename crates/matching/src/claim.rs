//! What one entry of one advisory says of one subject.

use palisade_model::{Affected, Confidence, Lower, Product, Span, Step, StepKind, VersionStatus};

use crate::compared::ComparedVersion;
use crate::condition::{Condition, condition};
use crate::curated;
use crate::doubt::Doubt;
use crate::how::{How, Identity};
use crate::identity::identify;
use crate::range::{RangeOutcome, evaluate};
use crate::refusal::Refusal;
use crate::series::{ends_before, kin};
use crate::span::{closeness, span_words};
use crate::subject::{Place, Subject};

/// Whose record an advisory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance<'a> {
    /// The feed's name.
    pub feed: &'a str,
    /// The record's name in the feed.
    pub record: &'a str,
}

/// By what right an entry speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authority {
    /// It speaks of upstream's software.
    Upstream,
    /// It speaks of the distribution's package itself.
    Distribution,
}

/// What a claim comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Vulnerable.
    Affected,
    /// Was vulnerable, this version is not.
    Fixed,
    /// Not vulnerable.
    NotAffected,
    /// The entry does not tell.
    Unknown,
}

/// One entry's word on one subject.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// Whose record.
    pub provenance: Provenance<'a>,
    /// By what right.
    pub authority: Authority,
    /// Why the subject is the product.
    pub identity: Identity,
    /// What the ranges say.
    pub range: RangeOutcome<'a>,
    pub(crate) condition: Condition,
    pub(crate) compared: ComparedVersion,
    /// Whether its record says that nobody has looked since when the fault is there.
    pub(crate) unexplored: bool,
    entry: &'a Affected,
    subject: &'a Subject,
}

/// Why an entry says nothing of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The subject is not the product.
    Refused(Refusal),
    /// It speaks of other versions of the product and of no more.
    OtherVersions,
}

impl<'a> Claim<'a> {
    /// What an entry says of a subject; `None` when it speaks of something else, or of other
    /// versions alone.
    pub fn of(
        subject: &'a Subject,
        affected: &'a Affected,
        provenance: Provenance<'a>,
        place: Place<'_>,
    ) -> Option<Self> {
        Self::heard(subject, affected, provenance, place).ok()
    }

    /// What an entry says of a subject, or why it says nothing.
    ///
    /// # Errors
    /// When it speaks of something else, or of other versions alone.
    pub fn heard(
        subject: &'a Subject,
        affected: &'a Affected,
        provenance: Provenance<'a>,
        place: Place<'_>,
    ) -> Result<Self, Silence> {
        let identity = identify(subject, affected, place).map_err(Silence::Refused)?;
        let range = match identity.how {
            // A notice of one fix names the releases in which it is, and a supplier those that it
            // has looked at; a CVE's record all.
            How::OnOtherBranch { .. }
                if affected.otherwise.is_none() || !provenance.record.contains("CVE-") =>
            {
                return Err(Silence::Refused(Refusal::Branch));
            }
            How::OnOtherBranch { .. } => RangeOutcome::NotListed { span: None },
            How::Distributor { .. } | How::SharedCode { .. } => {
                RangeOutcome::Unknown { span: None }
            }
            _ => evaluate(subject, affected),
        };
        if range == RangeOutcome::Silent {
            return Err(Silence::OtherVersions);
        }
        let authority = match affected.product {
            Product::Distribution { .. } => Authority::Distribution,
            _ => Authority::Upstream,
        };
        Ok(Self {
            provenance,
            authority,
            entry: affected,
            identity,
            range,
            condition: condition(affected),
            compared: ComparedVersion::new(subject, &affected.product),
            unexplored: false,
            subject,
        })
    }

    /// What the claim comes to.
    pub fn outcome(&self) -> Outcome {
        if matches!(self.condition, Condition::Foreign(_)) {
            return Outcome::NotAffected;
        }
        match &self.range {
            RangeOutcome::Inside { .. } => Outcome::Affected,
            RangeOutcome::Fixed { .. } => Outcome::Fixed,
            RangeOutcome::NotYet { .. } | RangeOutcome::NotListed { .. } => Outcome::NotAffected,
            RangeOutcome::Unknown { .. } | RangeOutcome::Silent => Outcome::Unknown,
        }
    }

    /// Whether the entry has the version among those affected, but on other systems only.
    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self.condition, Condition::Foreign(_))
            && matches!(self.range, RangeOutcome::Inside { .. })
    }

    /// Whether the entry says nothing of systems.
    pub(crate) fn is_silent_on_systems(&self) -> bool {
        self.condition == Condition::Holds
    }

    /// Whether another entry of the same record may know what this one does not: the record gathers
    /// what several authors say (CVE 5: the CNA and those after it).
    pub(crate) fn is_of_several(&self) -> bool {
        matches!(self.entry.product, Product::Named { .. })
    }

    /// The entry.
    pub fn entry(&self) -> &'a Affected {
        self.entry
    }

    /// Whether it was never said of the package, whose series began later.
    pub fn is_of_earlier_series(&self) -> bool {
        let series = self.subject.series.as_deref();
        self.authority == Authority::Upstream
            && series.is_some_and(|series| ends_before(self.entry, series))
    }

    /// Whether it says no more than that the record names other branches.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self.identity.how, How::OnOtherBranch { .. })
    }

    /// Whether the version is affected only since the entry calls all others so.
    pub(crate) fn is_by_default(&self) -> bool {
        matches!(self.range, RangeOutcome::Inside { span: None, .. })
    }

    /// Whether the entry says of the version itself that it is not affected.
    pub(crate) fn says_unaffected(&self) -> bool {
        matches!(self.range, RangeOutcome::NotListed { span: Some(_) })
    }

    /// How sure the claim is: the identity's confidence, lowered where the range or the condition
    /// leaves room for doubt.
    pub fn confidence(&self) -> Confidence {
        self.confidence_of(self.identity.confidence)
    }

    /// How sure the claim would be if the identity were so sure.
    pub(crate) fn confidence_of(&self, identity: Confidence) -> Confidence {
        Doubt::about(self).fold(identity, |confidence, doubt| {
            doubt.lower(confidence, &self.entry.product)
        })
    }

    /// What has to be there beside the product.
    pub(crate) fn needs(&self) -> Option<&str> {
        match &self.condition {
            Condition::Needs(words) => Some(words),
            Condition::Holds | Condition::AtHome | Condition::Foreign(_) => None,
        }
    }

    /// How many of a version's numbers name a series that lives by itself: of software that mends each
    /// of its series, and where each has a package of its own, by whose name it is known.
    pub(crate) fn parallel_series(&self) -> Option<usize> {
        let own = self.subject.series.as_deref();
        own.map(|series| series.split('.').count())
            .or_else(|| curated::parallel_series(&self.subject.name))
    }

    /// How near the version's series is to the range that holds it, or to the end of the one behind
    /// which it lies: how many of the numbers at their beginnings are the same.
    pub(crate) fn nearness(&self) -> Option<usize> {
        let version = &self.compared.text;
        match self.range {
            RangeOutcome::Inside {
                span: Some(span), ..
            } => closeness(version, span),
            RangeOutcome::Fixed { span, .. } => Some(kin(version, span.end()?)),
            _ => None,
        }
    }

    /// Whether nobody has looked since when the fault is there: all commits that the entry has as
    /// affected begin at the first of Linux's history, and none of its versions.
    pub(crate) fn begins_with_history(&self) -> bool {
        /// Linux 2.6.12-rc2, with which its Git history begins.
        const FIRST: &str = "1da177e4c3f4";
        let mut affected = self.entry.versions.iter();
        !self.entry.versions.is_empty()
            && affected.all(|range| match &range.span {
                Span::Between(Lower::Including(from), _) => from.starts_with(FIRST),
                _ => false,
            })
    }

    /// Whether the entry names versions that are affected.
    pub(crate) fn names_affected(&self) -> bool {
        let mut versions = self.entry.versions.iter();
        versions.any(|range| range.status == VersionStatus::Affected)
    }

    /// The first fixed version that the claim names.
    pub fn fixed_in(&self) -> Option<&'a str> {
        match self.range {
            _ if matches!(self.condition, Condition::Foreign(_)) => None,
            RangeOutcome::Inside { fixed_in, .. } | RangeOutcome::Fixed { fixed_in, .. } => {
                fixed_in
            }
            _ => None,
        }
    }

    /// The claim in words.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = vec![self.step(
            StepKind::Identity,
            self.identity.how.words(&self.subject.name),
        )];
        match &self.condition {
            Condition::Holds | Condition::AtHome => {}
            Condition::Needs(words) => {
                steps.push(self.step(StepKind::Condition, format!("only together with {words}")));
            }
            Condition::Foreign(words) => {
                steps.push(self.step(StepKind::Condition, format!("only on {words}")));
            }
        }
        let kind = match self.authority {
            Authority::Distribution => StepKind::Mitigation,
            Authority::Upstream => StepKind::Range,
        };
        steps.push(self.step(kind, self.range_words()));
        let note = self.entry.note.as_deref();
        steps.extend(note.map(|note| self.step(kind, note.to_owned())));
        steps
    }

    fn step(&self, kind: StepKind, says: String) -> Step {
        let Provenance { feed, record } = self.provenance;
        Step {
            kind,
            feed: Some(feed.to_owned()),
            record: Some(record.to_owned()),
            says,
        }
    }

    fn range_words(&self) -> String {
        let version = &self.compared.text;
        let mut words = match &self.range {
            RangeOutcome::Inside {
                span: Some(span), ..
            } => {
                format!("{version} is affected: {}", span_words(span))
            }
            RangeOutcome::Inside { span: None, .. } => {
                format!("{version} is affected: every version that is not named otherwise")
            }
            RangeOutcome::Fixed {
                fixed_in: Some(fixed),
                ..
            } => {
                format!("{version} has the fix of {fixed}")
            }
            RangeOutcome::Fixed { span, .. } => {
                format!(
                    "{version} is later than the last affected: {}",
                    span_words(span)
                )
            }
            RangeOutcome::NotYet { span } => {
                format!(
                    "{version} is older than the first affected: {}",
                    span_words(span)
                )
            }
            RangeOutcome::NotListed {
                span: Some(Span::All),
            } => "was never affected".to_owned(),
            RangeOutcome::NotListed { span: Some(span) } => {
                format!("{version} is not affected: {}", span_words(span))
            }
            RangeOutcome::NotListed { span: None } => {
                format!("{version} is not among the versions listed as affected")
            }
            RangeOutcome::Unknown {
                span: Some(Span::All),
            } => "is not known to be affected, nor to be unaffected".to_owned(),
            RangeOutcome::Silent
            | RangeOutcome::Unknown {
                span: Some(Span::NotStated) | None,
            } => {
                format!("no version is stated that {version} could be compared with")
            }
            RangeOutcome::Unknown { span: Some(span) } => {
                format!("{version} cannot be compared with: {}", span_words(span))
            }
        };
        if self.compared.snapshot {
            words.push_str("; the package is a snapshot taken after that version");
        }
        words
    }
}

/// One step less sure.
pub(crate) fn lower(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::Certain => Confidence::Likely,
        Confidence::Likely | Confidence::Possible => Confidence::Possible,
    }
}

#[cfg(test)]
mod tests {
    use palisade_model::{
        Distribution, Package, RangeScheme, Verdict, VersionRange, VersionStatus, VulnerabilityId,
    };
    use palisade_version::Scheme;

    use super::*;

    fn git() -> Subject {
        let package = Package {
            name: "git".into(),
            version: "2.39.0-r1".into(),
            source_name: "git".into(),
            source_version: "2.39.0-r1".into(),
            ..Package::default()
        };
        Subject::of(&package, &"wolfi".parse::<Distribution>().unwrap())
    }

    fn range(status: VersionStatus, span: Span) -> VersionRange {
        VersionRange {
            status,
            span,
            scheme: RangeScheme::stated(Scheme::Apk),
        }
    }

    /// A supplier's word on git in Wolfi.
    fn statement(ranges: Vec<VersionRange>) -> Affected {
        let product = Product::Distribution {
            distribution: "wolfi".parse().unwrap(),
            branch: None,
            repository: None,
            name: "git".into(),
        };
        Affected::of_these(product, ranges)
    }

    /// Upstream's word: all before 3 are affected.
    fn upstream() -> Affected {
        let product = Product::Cpe(palisade_model::Cpe {
            part: palisade_model::CpePart::Application,
            vendor: "git-scm".into(),
            product: "git".into(),
            edition: None,
            target_sw: None,
        });
        let before = VersionRange::affected(Span::before("3"), RangeScheme::Unstated);
        Affected::of(product, vec![before])
    }

    fn judged(entries: &[Affected]) -> Option<Verdict> {
        let subject = git();
        let records = ["one", "two", "three"];
        let claims = entries.iter().zip(records).filter_map(|(entry, record)| {
            let feed = "test";
            Claim::of(
                &subject,
                entry,
                Provenance { feed, record },
                Place::default(),
            )
        });
        let id: VulnerabilityId = "CVE-2024-1000".parse().unwrap();
        let judgement = crate::judge(&subject, &[id], claims.collect(), Vec::new());
        judgement.map(|judgement| judgement.verdict())
    }

    fn exactly(status: VersionStatus, version: &str) -> Affected {
        statement(vec![range(status, Span::Exact(version.into()))])
    }

    #[test]
    fn a_suppliers_word_on_this_version_overrules_upstream() {
        use palisade_model::VerdictStatus as Is;
        assert_eq!(judged(&[upstream()]).unwrap().status, Is::Affected);
        for (status, expected) in [
            (VersionStatus::Unaffected, Is::NotAffected),
            (VersionStatus::Unknown, Is::UnderInvestigation),
            (VersionStatus::Affected, Is::Affected),
        ] {
            for entry in [
                exactly(status, "2.39.0-r1"),
                statement(vec![range(status, Span::All)]),
            ] {
                let verdict = judged(&[upstream(), entry]).unwrap();
                assert_eq!(
                    (verdict.status, verdict.confidence),
                    (expected, Confidence::Certain)
                );
            }
        }
    }

    #[test]
    fn a_suppliers_word_on_another_version_says_nothing() {
        use VersionStatus::{Affected as Bad, Unaffected, Unknown};
        for status in [Bad, Unaffected, Unknown] {
            let other = exactly(status, "2.38.1-r0");
            assert_eq!(judged(std::slice::from_ref(&other)), None);
            assert_eq!(judged(&[upstream(), other]), judged(&[upstream()]));
        }
        let fixed = statement(vec![range(Bad, Span::before("2.38.2-r0"))]);
        let verdict = judged(&[upstream(), fixed]).unwrap();
        assert_eq!(verdict.status, palisade_model::VerdictStatus::Fixed);
    }

    #[test]
    fn of_several_ends_the_one_of_the_versions_own_series_counts() {
        use palisade_model::VerdictStatus as Is;
        for (ends, expected) in [
            (["2.38.1", "3.1.4"], Is::Fixed),
            (["2.39.1", "3.1.4"], Is::Affected),
            (["1.9.9", "3.1.4"], Is::Affected),
            (["2.38.1", "2.39.1"], Is::Affected),
        ] {
            let ranges =
                ends.map(|end| VersionRange::affected(Span::before(end), RangeScheme::Unstated));
            let entry = Affected::of(upstream().product, ranges.to_vec());
            assert_eq!(judged(&[entry]).unwrap().status, expected, "{ends:?}");
        }
    }

    #[test]
    fn entries_with_an_end_each_are_one_for_each_series() {
        use palisade_model::VerdictStatus as Is;
        let entry = |end: &str| {
            let before = VersionRange::affected(Span::before(end), RangeScheme::Unstated);
            Affected::of(upstream().product, vec![before])
        };
        let subject = git();
        let entries = [entry("3.1.4"), entry("2.38.1")];
        let provenance = Provenance {
            feed: "test",
            record: "one",
        };
        let claims = entries
            .iter()
            .filter_map(|entry| Claim::of(&subject, entry, provenance, Place::default()));
        let id: VulnerabilityId = "CVE-2024-1000".parse().unwrap();
        let judgement = crate::judge(&subject, &[id], claims.collect(), Vec::new()).unwrap();
        assert_eq!(judgement.verdict().status, Is::Fixed);
    }

    #[test]
    fn the_further_a_range_ends_the_less_sure_it_is() {
        for (end, expected) in [
            ("2.40", Confidence::Certain),
            ("3.1", Confidence::Likely),
            ("5.0", Confidence::Possible),
        ] {
            let before = VersionRange::affected(Span::before(end), RangeScheme::Unstated);
            let entry = Affected::of(upstream().product, vec![before]);
            assert_eq!(judged(&[entry]).unwrap().confidence, expected, "{end}");
        }
        let from = Span::Between(
            palisade_model::Lower::Including("1.0".into()),
            palisade_model::Upper::Excluding("5.0".into()),
        );
        let range = VersionRange::affected(from, RangeScheme::Unstated);
        let entry = Affected::of(upstream().product, vec![range]);
        assert_eq!(judged(&[entry]).unwrap().confidence, Confidence::Certain);
    }

    #[test]
    fn what_the_supplier_says_to_people_is_evidence() {
        let all = vec![range(VersionStatus::Unaffected, Span::All)];
        let noted = statement(all).with_note(Some("the component is not there".into()));
        let steps = judged(&[noted]).unwrap().evidence.0;
        let says: Vec<&str> = steps.iter().map(|step| &*step.says).collect();
        assert_eq!(
            says[1..],
            ["was never affected", "the component is not there"]
        );
        assert_eq!(steps[2].record.as_deref(), Some("one"));
    }
}
