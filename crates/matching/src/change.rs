//! What would change a judgement: a version, a patch, a graft, a record of the distribution's, a
//! statement of identity.
//!
//! Each follows from the rule that decided, so that whoever does it sees the verdict change; what
//! would not matter is left out.

use palisade_model::{Confidence, Lower, ProductName, Sense, Span, Upper, VulnerabilityId};
use palisade_version::Scheme;
use serde::Serialize;

use crate::claim::{Claim, Outcome};
use crate::how::How;
use crate::identities::name_of;
use crate::judgement::{Judgement, Ruling};
use crate::range::RangeOutcome;
use crate::span::span_words;
use crate::subject::Subject;

/// Something that would change a judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What, and what it would come to, in words.
    pub says: String,
    /// The statement that would do it.
    pub statement: Option<Proposed>,
}

/// A statement that somebody may make, if it is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// Whether the package is the product.
    pub sense: Sense,
    /// The product.
    pub product: ProductName,
}

impl From<String> for Change {
    fn from(says: String) -> Self {
        Self {
            says,
            statement: None,
        }
    }
}

impl Serialize for Proposed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.sense.label(), self.product.to_string()).serialize(serializer)
    }
}

impl Judgement<'_> {
    /// What would change it.
    pub fn changes(&self, subject: &Subject, id: &VulnerabilityId) -> Vec<Change> {
        if self.status.is_open() {
            self.closing(subject, id)
        } else {
            self.opening(subject, id)
        }
    }

    /// What would close it.
    fn closing(&self, subject: &Subject, id: &VulnerabilityId) -> Vec<Change> {
        if let (Ruling::Graft, Some(graft), Some(replacement)) =
            (&self.ruling, &self.graft, &subject.replacement)
        {
            let of_graft = graft.closing(replacement, id).into_iter();
            return of_graft
                .map(|change| Change {
                    says: format!("of the graft, which users get: {}", change.says),
                    ..change
                })
                .collect();
        }
        let mut changes = Vec::new();
        let Some(claim) = self.decisive() else {
            if self.ruling == Ruling::Admission {
                changes.push(format!("the packager takes back that {id} affects it").into());
            }
            changes.push(
                "a record that says which versions are affected"
                    .to_owned()
                    .into(),
            );
            changes.push(own_record(subject, id).into());
            return changes;
        };
        changes.extend(self.fixing_version(claim).map(Change::from));
        if claim.is_of_upstream() {
            changes.push(self.carried(subject, id).into());
        }
        changes.push(own_record(subject, id).into());
        if claim.is_of_upstream() && self.ruling != Ruling::Admission {
            changes.extend(self.not_the_products());
            changes.extend(self.surer(claim));
        }
        changes
    }

    /// From which version on it would be fixed.
    fn fixing_version(&self, claim: &Claim<'_>) -> Option<String> {
        let record = claim.provenance.record;
        if let Some(fixed) = &self.fixed_in {
            return Some(format!(
                "version {fixed} or later: from there on it is fixed"
            ));
        }
        match &claim.range {
            RangeOutcome::Inside {
                span: Some(Span::Between(_, Upper::Including(last))),
                ..
            } => Some(format!(
                "a version later than {last}, the last that {record} has as affected"
            )),
            RangeOutcome::Inside {
                span: Some(span @ (Span::Exact(_) | Span::Listed(_))),
                ..
            } => Some(format!(
                "a version that {record} does not name; it has as affected: {}",
                span_words(span)
            )),
            RangeOutcome::Inside { .. } => Some(format!(
                "an update alone does not: {record} names no version with the fix. If it comes to name one, that version or later"
            )),
            RangeOutcome::Unknown { .. } => Some(format!(
                "a record that says which versions are affected, in numbers that {} can be compared with; {record} does not",
                claim.compared.text
            )),
            _ => None,
        }
    }

    /// What the package itself may carry.
    fn carried(&self, subject: &Subject, id: &VulnerabilityId) -> String {
        let patch = format!("a patch in the package whose name or text names {id}");
        match (&self.ruling, subject.scheme) {
            (Ruling::SharedHint, _) => {
                format!("{patch}, or a hint that hides {id} on this version and on no other")
            }
            (_, Scheme::Guix) => format!("{patch}, or a graft that has it or is not affected"),
            _ => patch,
        }
    }

    /// That the package is none of the products by which it is open. One statement does it only where
    /// there is one.
    fn not_the_products(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        let open = self.claims.iter().filter(|claim| {
            claim.is_of_upstream()
                && matches!(claim.outcome(), Outcome::Affected | Outcome::Unknown)
        });
        for change in open.filter_map(not_the_product) {
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
        if changes.len() > 1 {
            for change in &mut changes {
                change.says += ", and of each other of these";
            }
        }
        changes
    }

    /// What a surer identity would make of a verdict.
    fn surer(&self, claim: &Claim<'_>) -> Option<Change> {
        let sure = claim.confidence_of(Confidence::Certain);
        if self.ruling != Ruling::Claims
            || sure <= self.confidence
            || claim.outcome() != Outcome::Affected
        {
            return None;
        }
        let product = name_of(&claim.entry().product)?;
        let says = format!(
            "once it is stated that the package is {product}: affected, {} instead of {}",
            sure.label(),
            self.confidence.label()
        );
        Some(Change {
            says,
            statement: Some(Proposed {
                sense: Sense::Is,
                product,
            }),
        })
    }

    /// What would open it.
    fn opening(&self, subject: &Subject, id: &VulnerabilityId) -> Vec<Change> {
        match &self.ruling {
            Ruling::Patch(name) => {
                return vec![format!("without the patch {name} it would be open").into()];
            }
            Ruling::Hint => {
                return vec![
                    format!("without the packager's hint on {id} it would be open").into(),
                ];
            }
            Ruling::Graft => {
                let version = subject.replacement.as_deref().map(|it| it.version.as_str());
                let version = version.unwrap_or_default();
                return vec![
                    format!("what is true of {version}, which users get, decides: another graft, or none, may differ")
                        .into(),
                ];
            }
            Ruling::Claims | Ruling::SharedHint | Ruling::Admission => {}
        }
        let opening = self.decisive().map(opening_version);
        opening.into_iter().map(Change::from).collect()
    }
}

/// Which version would be affected.
fn opening_version(claim: &Claim<'_>) -> String {
    let record = claim.provenance.record;
    let version = &claim.compared.text;
    if let Some(systems) = claim.foreign_systems() {
        return format!("a record that has it affected elsewhere than on {systems}");
    }
    match &claim.range {
        RangeOutcome::Fixed {
            fixed_in: Some(fixed),
            ..
        } => format!("a version before {fixed} would be affected"),
        RangeOutcome::NotYet {
            span: Span::Between(Lower::Including(first), _),
        } => format!("version {first}, the first that is affected"),
        RangeOutcome::Fixed { span, .. } | RangeOutcome::NotYet { span } => format!(
            "a version among these would be affected: {}",
            span_words(span)
        ),
        _ => format!("a change of {record} that has {version} as affected"),
    }
}

/// The distribution's own word, which comes before all others.
fn own_record(subject: &Subject, id: &VulnerabilityId) -> String {
    let vex = "an OpenVEX or CSAF statement that names the package by its package URL";
    if !subject.ecosystem.is_distribution() {
        return "a record of its registry that has this version as unaffected".to_owned();
    }
    match subject.distribution.as_str() {
        "alpine" | "postmarketos" => format!(
            "the distribution's own word: an entry of {id} under `# secfixes:` in the APKBUILD, from this version on or under version 0, or {vex}"
        ),
        "wolfi" | "chainguard" => {
            format!("the distribution's own word: its advisory on {id}, or {vex}")
        }
        "debian" | "ubuntu" | "arch" => format!(
            "the distribution's own word: what its security tracker says of {id} on this branch, or {vex}"
        ),
        _ => format!("the distribution's own word: {vex}"),
    }
}

fn not_the_product(claim: &Claim<'_>) -> Option<Change> {
    let product = match &claim.identity.how {
        // What was stated is not taken for a mistake; it is withdrawn.
        How::Stated { product, .. } => {
            let says = format!("if the package is not {product} after all: a withdrawal of that");
            return Some(says.into());
        }
        How::OwnPackage | How::OnOtherBranch { .. } => return None,
        _ => name_of(&claim.entry().product)?,
    };
    Some(Change {
        says: format!("if the package is not {product}: a statement of that"),
        statement: Some(Proposed {
            sense: Sense::IsNot,
            product,
        }),
    })
}
