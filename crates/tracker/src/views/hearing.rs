//! What the records of a vulnerability say of a package, entry by entry, those that say nothing of it
//! included.

use std::collections::{BTreeSet, HashSet};

use palisade_matching::{
    Change, Claim, Judgement, Place, Proposed, Provenance, Silence, Standing, Subject, name_of,
    product_words,
};
use palisade_model::{Affected, BranchName, Product, ProductName, Sense, VulnerabilityId};

use super::ChangeView;
use super::evidence::{keys_of, share_a_key};
use super::explanation::{Accounted, Conclusion, EntryView, ExplainedPlace};
use crate::derive::{LoadedAdvisory, judge_loaded};

/// Statements of identity that are proposed where nobody knows.
const PROPOSED: usize = 3;

/// All that is said of a vulnerability where a package is.
pub(super) struct Hearing<'a> {
    pub(super) subject: &'a Subject,
    pub(super) id: &'a VulnerabilityId,
    pub(super) place: Place<'a>,
    pub(super) advisories: Vec<&'a LoadedAdvisory>,
    /// Records that were withdrawn.
    pub(super) withdrawn: usize,
    /// Records of other branches.
    pub(super) elsewhere: usize,
}

impl Hearing<'_> {
    pub(super) fn explained(&self, branch: BranchName, version: String) -> ExplainedPlace {
        let keys = keys_of(self.subject);
        let (near, far): (Vec<&LoadedAdvisory>, Vec<&LoadedAdvisory>) = self
            .advisories
            .iter()
            .partition(|it| share_a_key(it, &keys));
        let judgement = judge_loaded(self.subject, self.id, near.iter().copied(), self.place);
        let (account, refused) = self.account(self.subject, judgement.as_ref(), &near);
        let replacement = self.subject.replacement.as_deref();
        let of_graft = judgement.as_ref().and_then(Judgement::of_graft);
        let graft = replacement.zip(of_graft).map(|(replacement, judgement)| {
            let (mut graft, _) = self.account(replacement, Some(judgement), &near);
            // What says nothing of the package says nothing of its graft, and is told once.
            graft.entries.retain(|entry| entry.confidence.is_some());
            Box::new(graft)
        });
        let others = self.others(&near, &far);
        let mut place = ExplainedPlace {
            branch,
            version,
            conclusion: judgement.as_ref().map(conclusion),
            silence: None,
            untold: false,
            account,
            graft,
            others,
            changes: Vec::new(),
        };
        match &judgement {
            Some(judgement) => {
                let changes = judgement.changes(self.subject, self.id);
                place.changes = ChangeView::all(&changes, self.subject);
            }
            None => self.tell_silence(&mut place, &refused),
        }
        place
    }

    /// What was made of the entries of the given records.
    fn account<'a>(
        &self,
        subject: &Subject,
        judgement: Option<&Judgement<'_>>,
        near: &[&'a LoadedAdvisory],
    ) -> (Accounted, Vec<&'a Affected>) {
        let standings = judgement.map(Judgement::standings).unwrap_or_default();
        let (mut entries, mut refused) = (Vec::new(), Vec::new());
        for advisory in near {
            let provenance = Provenance {
                feed: &advisory.feed,
                record: &advisory.row.name,
            };
            for (index, entry) in advisory.affected.iter().enumerate() {
                let of = |(claim, _): &&(&Claim<'_>, Standing)| std::ptr::eq(claim.entry(), entry);
                let view = EntryView::of(advisory, index, entry);
                if let Some((claim, standing)) = standings.iter().find(of) {
                    entries.push(view.standing_so(claim, *standing));
                } else if advisory.row.overruled {
                    let says = "overruled: somebody's correction takes the record's place";
                    entries.push(view.saying("overruled", says));
                } else {
                    let heard = Claim::heard(subject, entry, provenance, self.place);
                    let refusal = match &heard {
                        Err(Silence::Refused(refusal)) => Some(*refusal),
                        _ => None,
                    };
                    if refusal.is_some_and(|it| !it.is_close(subject, &entry.product)) {
                        continue;
                    }
                    refused.extend(refusal.map(|_| entry));
                    entries.push(view.unused(subject, entry, &heard));
                }
            }
        }
        let rank = |entry: &EntryView| RANKS.iter().position(|known| *known == entry.standing);
        entries.sort_by_key(rank);
        let rules = judgement.map(|it| it.rules().map(str::to_owned).collect());
        let account = Accounted {
            version: subject.version.clone(),
            entries,
            rules: rules.unwrap_or_default(),
        };
        (account, refused)
    }

    /// The products of entries that are not looked at.
    fn others(&self, near: &[&LoadedAdvisory], far: &[&LoadedAdvisory]) -> Vec<String> {
        let far = far.iter().flat_map(|it| it.affected.iter());
        let unlike = near
            .iter()
            .flat_map(|it| it.affected.iter().map(move |entry| (it, entry)))
            .filter(|(it, entry)| {
                let provenance = Provenance {
                    feed: &it.feed,
                    record: &it.row.name,
                };
                let heard = Claim::heard(self.subject, entry, provenance, self.place);
                matches!(heard, Err(Silence::Refused(why)) if !why.is_close(self.subject, &entry.product))
            })
            .map(|(_, entry)| entry);
        let products = far.chain(unlike).map(|entry| product_words(&entry.product));
        products.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Why there is no finding, and what would make one.
    fn tell_silence(&self, place: &mut ExplainedPlace, refused: &[&Affected]) {
        let package = &self.subject.name;
        if !place.account.entries.is_empty() {
            place.silence = Some(if refused.is_empty() {
                format!(
                    "what is said of {package} says nothing of {}",
                    place.version
                )
            } else {
                format!("what was looked at is not {package}, or says nothing of this version")
            });
            place.changes = self.proposals(refused.iter().map(|entry| &entry.product));
            return;
        }
        if place.others.is_empty() {
            place.untold = true;
            place.silence = Some(self.nobody_tells());
            return;
        }
        place.silence = Some(format!(
            "no record speaks of a product like {package}; they speak of {}",
            place.others.join(", ")
        ));
        let products = self.advisories.iter().flat_map(|it| it.affected.iter());
        place.changes = self.proposals(products.map(|entry| &entry.product));
    }

    fn nobody_tells(&self) -> String {
        if !self.advisories.is_empty() {
            return "no record names a product yet".to_owned();
        }
        match (self.withdrawn, self.elsewhere) {
            (0, 0) => "no record of it is stored".to_owned(),
            (_, 0) => "all records of it were withdrawn".to_owned(),
            (_, elsewhere) => {
                format!("{elsewhere} records of it speak of other branches, and none of this one")
            }
        }
    }

    /// Statements that would make the package one of these products.
    fn proposals<'p>(&self, products: impl Iterator<Item = &'p Product>) -> Vec<ChangeView> {
        let mut seen: HashSet<ProductName> = HashSet::new();
        let named = products.filter_map(name_of);
        let new = named.filter(|name| seen.insert(name.clone()));
        let changes: Vec<Change> = new
            .take(PROPOSED)
            .map(|product| Change {
                says: format!("if the package is {product} after all: a statement of that"),
                statement: Some(Proposed {
                    sense: Sense::Is,
                    product,
                }),
            })
            .collect();
        ChangeView::all(&changes, self.subject)
    }
}

/// The order in which entries are told.
const RANKS: [&str; 5] = ["decides", "agrees", "overruled", "silent", "refused"];

impl EntryView {
    fn of(advisory: &LoadedAdvisory, index: usize, entry: &Affected) -> Self {
        Self {
            feed: advisory.feed.clone(),
            record: advisory.row.name.clone(),
            entry: index + 1,
            product: product_words(&entry.product),
            standing: "silent",
            says: String::new(),
            confidence: None,
            steps: Vec::new(),
        }
    }

    fn saying(self, standing: &'static str, says: &str) -> Self {
        Self {
            standing,
            says: says.to_owned(),
            ..self
        }
    }

    fn standing_so(self, claim: &Claim<'_>, standing: Standing) -> Self {
        let word = match standing {
            Standing::Decides => "decides",
            Standing::Agrees => "agrees",
            Standing::Overruled(_) => "overruled",
        };
        Self {
            confidence: Some(claim.confidence()),
            steps: claim.steps(),
            ..self.saying(word, standing.words())
        }
    }

    fn unused(
        self,
        subject: &Subject,
        entry: &Affected,
        heard: &Result<Claim<'_>, Silence>,
    ) -> Self {
        let (standing, says) = match heard {
            Err(Silence::Refused(refusal)) => {
                let says = refusal.words(subject, &entry.product);
                return self.saying("refused", &says);
            }
            Err(Silence::OtherVersions) => (
                "silent",
                "it speaks of other versions, and says nothing of this one",
            ),
            Ok(claim) if claim.is_of_earlier_series() => (
                "silent",
                "it speaks of versions that end before the series that the package's name gives",
            ),
            Ok(_) => (
                "overruled",
                "overruled: its record names this branch elsewhere, and is not silent on it",
            ),
        };
        self.saying(standing, says)
    }
}

fn conclusion(judgement: &Judgement<'_>) -> Conclusion {
    Conclusion {
        status: judgement.status,
        confidence: judgement.confidence,
        fixed_in: judgement.fixed_in.clone(),
        confidence_because: judgement.confidence_words(),
    }
}
