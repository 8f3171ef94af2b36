//! A judgement accounted for: which claim decided, by what rule each other one lost, and why the
//! conclusion is as sure as it is and no surer.
//!
//! Nothing here decides anything; it tells of what `judge` did, in words.

use palisade_model::Confidence;

use crate::claim::{Authority, Claim, Outcome};
use crate::condition::Condition;
use crate::doubt::Doubt;
use crate::how::How;
use crate::judgement::{Judgement, Ruling, deciders, is_unqualified};

/// How a claim stands to what all come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It decides.
    Decides,
    /// It comes to the same.
    Agrees,
    /// Another one overrules it.
    Overruled(Overruling),
}

/// The rule by which a claim is overruled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overruling {
    /// The distribution's own records of the branch come before all that is said of upstream.
    OwnRecord,
    /// It does not tell, and another one does.
    Untold,
    /// Another entry of its record names the version, and it calls all others affected.
    NamesVersion,
    /// Another one knows the systems on which it is so.
    KnowsSystems,
    /// Another entry of its record has the fix in the version's own series.
    OwnSeries,
    /// Another entry of its record is surer of the product.
    SurerIdentity,
    /// Another entry of its record affects.
    Affects,
    /// Another record is surer.
    Surer,
    /// Another record is as sure and graver.
    Graver,
}

impl Standing {
    /// The standing in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Decides => "decides",
            Self::Agrees => "agrees",
            Self::Overruled(rule) => rule.words(),
        }
    }
}

impl Overruling {
    /// The rule in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::OwnRecord => {
                "overruled: the distribution's own records of this branch come before all others"
            }
            Self::Untold => "overruled: it does not tell, and another does",
            Self::NamesVersion => {
                "overruled: another entry of the record names the version, this one only calls all others affected"
            }
            Self::KnowsSystems => {
                "overruled: another knows on which systems it is so, this one does not say"
            }
            Self::OwnSeries => {
                "overruled: another entry of the record has the fix in the version's own series"
            }
            Self::SurerIdentity => {
                "overruled: another entry of the record is surer that this is the product"
            }
            Self::Affects => "overruled: within a record the graver entry decides",
            Self::Surer => "overruled: another record is surer",
            Self::Graver => "overruled: another record is as sure and graver",
        }
    }
}

impl<'a> Judgement<'a> {
    /// The claim that decides what all claims come to.
    pub fn decisive(&self) -> Option<&Claim<'a>> {
        self.claims.get(self.decisive?)
    }

    /// What was judged of the graft, which users get in the package's place.
    pub fn of_graft(&self) -> Option<&Self> {
        self.graft.as_deref()
    }

    /// All claims, those that lost included, and how each stands.
    pub fn standings(&self) -> Vec<(&Claim<'a>, Standing)> {
        let standing = |claim| (claim, self.standing(claim));
        self.claims.iter().map(standing).collect()
    }

    /// The rules that were applied behind the claims, in words: patches, hints, grafts.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|step| step.says.as_str())
    }

    fn standing(&self, claim: &Claim<'a>) -> Standing {
        let Some(winner) = self.decisive() else {
            return Standing::Agrees;
        };
        if std::ptr::eq(winner, claim) {
            return Standing::Decides;
        }
        if claim.authority < winner.authority {
            return Standing::Overruled(Overruling::OwnRecord);
        }
        let all = deciders(&self.claims, winner.authority);
        let of_record = |it: &&&Claim<'a>| it.provenance == claim.provenance;
        let rival = match all.iter().find(of_record) {
            Some(decider) if !std::ptr::eq(*decider, claim) => *decider,
            _ => winner,
        };
        if claim.outcome() == rival.outcome() {
            // It may come to the same as what decides in its record, and be overruled with that.
            let agrees = claim.outcome() == winner.outcome();
            return if agrees {
                Standing::Agrees
            } else {
                Standing::Overruled(between(claim, winner))
            };
        }
        Standing::Overruled(if claim.provenance == rival.provenance {
            within(claim, rival)
        } else {
            between(claim, rival)
        })
    }

    /// Why it is as sure as it is and no surer.
    pub fn confidence_words(&self) -> Vec<String> {
        if let (Ruling::Graft, Some(graft)) = (&self.ruling, &self.graft) {
            let mut words = vec!["it is as sure as what is known of the graft".to_owned()];
            words.extend(graft.confidence_words());
            return words;
        }
        let ruling = match &self.ruling {
            Ruling::Patch(_) => {
                "likely: what a patch is called tells that it fixes this, not that it does so well"
            }
            Ruling::Hint => "likely: the packager says so, and nobody else does",
            Ruling::Admission => "certain: the packager says so of this very package",
            Ruling::Claims | Ruling::SharedHint | Ruling::Graft => {
                let Some(claim) = self.decisive() else {
                    return vec!["possible: no record says which versions are affected".to_owned()];
                };
                return claim_words(claim);
            }
        };
        vec![ruling.to_owned()]
    }
}

/// Why another entry of the same record decides.
fn within(loser: &Claim<'_>, winner: &Claim<'_>) -> Overruling {
    if loser.outcome() == Outcome::Unknown {
        Overruling::Untold
    } else if loser.is_by_default() && winner.says_unaffected() {
        Overruling::NamesVersion
    } else if is_unqualified(loser) && winner.is_foreign() {
        Overruling::KnowsSystems
    } else if winner.identity.confidence > loser.identity.confidence {
        Overruling::SurerIdentity
    } else if loser.outcome() == Outcome::Affected && winner.outcome() == Outcome::Fixed {
        Overruling::OwnSeries
    } else {
        Overruling::Affects
    }
}

/// Why another record decides.
fn between(loser: &Claim<'_>, winner: &Claim<'_>) -> Overruling {
    if loser.outcome() == Outcome::Unknown {
        Overruling::Untold
    } else if is_unqualified(loser) && winner.is_foreign() {
        Overruling::KnowsSystems
    } else if winner.confidence() > loser.confidence() {
        Overruling::Surer
    } else {
        Overruling::Graver
    }
}

/// Why a claim is as sure as it is.
fn claim_words(claim: &Claim<'_>) -> Vec<String> {
    let identity = match (&claim.identity.how, claim.identity.confidence) {
        (How::Stated { .. }, _) => "the identity is certain: somebody stated it",
        (How::SharedCode { .. }, _) => {
            "the identity is likely: the product is partly made of the package's code"
        }
        (How::OwnPackage, _) => "the identity is certain: the record names the package itself",
        (_, Confidence::Certain) => "the identity is certain",
        (How::OnOtherBranch { .. }, _) => {
            "the identity is likely: the record's silence on this branch speaks"
        }
        (_, Confidence::Likely) => {
            "the identity is likely, not certain: names and addresses agree, but nobody said it"
        }
        (_, Confidence::Possible) => "the identity is only possible: nothing but the name agrees",
    };
    let mut words = vec![identity.to_owned()];
    words.extend(Doubt::about(claim).map(|doubt| doubt.words(claim)));
    words
}

impl Claim<'_> {
    /// The systems on which alone it is so, none of which is ours.
    pub(crate) fn foreign_systems(&self) -> Option<&str> {
        match &self.condition {
            Condition::Foreign(systems) => Some(systems),
            Condition::Holds | Condition::AtHome | Condition::Needs(_) => None,
        }
    }

    /// Whether it speaks of upstream's software, so that what the package carries comes before it.
    pub(crate) fn is_of_upstream(&self) -> bool {
        self.authority == Authority::Upstream
    }
}
