//! Which stay of a source package on a branch follows upon which: where some versions of a name go and
//! others come with one revision, each is paired with the one that it became.

use std::collections::BTreeMap;
use std::sync::Arc;

use palisade_store::{SourcePackageId, SourceSpan};
use palisade_version::Scheme;

use super::super::comparison::{Pairable, pair};

/// The stays of one name on one branch, the earliest first, with what became of each.
#[derive(Debug, Default)]
pub(super) struct Succession {
    pub(super) stays: Vec<SourceSpan>,
    /// The place of the stay that each became.
    pub(super) next: Vec<Option<usize>>,
    /// The place of the stay from which each came.
    pub(super) previous: Vec<Option<usize>>,
}

/// A stay as pairing looks at it; all have the same name.
struct Side {
    place: usize,
    version: Arc<str>,
    source: SourcePackageId,
}

impl Pairable for Side {
    fn name(&self) -> &'static str {
        ""
    }

    fn version(&self) -> &str {
        &self.version
    }

    /// Each source package is known by its content.
    fn substance(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.source.0.to_le_bytes());
        bytes
    }

    fn place(&self) -> u32 {
        0
    }
}

impl Succession {
    /// What became of the stays of one name on one branch.
    pub(super) fn of(mut stays: Vec<SourceSpan>, scheme: Scheme) -> Self {
        stays.sort_by(|a, b| (a.since, &a.version, a.source).cmp(&(b.since, &b.version, b.source)));
        let side = |place: usize| Side {
            place,
            version: stays[place].version.as_str().into(),
            source: stays[place].source,
        };
        let mut turns: BTreeMap<i64, (Vec<Side>, Vec<Side>)> = BTreeMap::new();
        for (place, stay) in stays.iter().enumerate() {
            turns.entry(stay.since).or_default().1.push(side(place));
            if let Some(until) = stay.until {
                turns.entry(until).or_default().0.push(side(place));
            }
        }
        let mut next = vec![None; stays.len()];
        let mut previous = vec![None; stays.len()];
        for (gone, came) in turns.into_values() {
            let paired = pair(gone, came, scheme);
            for (from, to) in paired.moved.into_iter().chain(paired.changed) {
                next[from.place] = Some(to.place);
                previous[to.place] = Some(from.place);
            }
        }
        Self {
            stays,
            next,
            previous,
        }
    }

    /// What a stay became: the one with which it is paired, then others that came with it in the same
    /// version. Guix lists a graft as a package of its own, beside the package that has it.
    pub(super) fn successors(&self, stay: usize) -> impl Iterator<Item = usize> {
        let next = self.next[stay];
        let twins = next.into_iter().flat_map(move |next| {
            let of = &self.stays[next];
            let is_twin = move |it: &usize| {
                let stay = &self.stays[*it];
                *it != next && stay.since == of.since && stay.version == of.version
            };
            (0..self.stays.len()).filter(is_twin)
        });
        next.into_iter().chain(twins)
    }

    /// Whether any version of the name was there just before a position.
    pub(super) fn was_there_before(&self, position: i64) -> bool {
        let covers =
            |it: &SourceSpan| it.since < position && it.until.is_none_or(|until| until >= position);
        self.stays.iter().any(covers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `VERSION SINCE UNTIL`, where an end of `-` is none.
    fn stays(lines: &[&str]) -> Vec<SourceSpan> {
        let stay = |(source, line): (i64, &&str)| {
            let words: Vec<&str> = line.split(' ').collect();
            SourceSpan {
                source: SourcePackageId(source),
                name: "x".into(),
                version: words[0].into(),
                since: words[1].parse().unwrap(),
                until: words[2].parse().ok(),
            }
        };
        (1..).zip(lines).map(stay).collect()
    }

    #[test]
    fn a_series_goes_on_in_itself_and_what_has_no_partner_came_or_went() {
        let lines = ["3.0 1 5", "1.1 1 5", "3.1 5 -", "1.2 5 9", "2.0 6 -"];
        let found = Succession::of(stays(&lines), Scheme::Guix);
        let version = |place: &Option<usize>| place.map(|it| found.stays[it].version.clone());
        let told: Vec<_> = found
            .stays
            .iter()
            .zip(&found.next)
            .map(|(stay, next)| (stay.version.as_str(), version(next)))
            .collect();
        assert_eq!(
            told,
            [
                ("1.1", Some("1.2".to_owned())),
                ("3.0", Some("3.1".to_owned())),
                ("1.2", None),
                ("3.1", None),
                ("2.0", None),
            ]
        );
        assert_eq!(found.previous[4], None, "2.0 came beside others");
        assert!(found.was_there_before(6) && !found.was_there_before(1));
    }
}
