//! Who scores the vulnerabilities of a branch how: the foremost score of each, or one party's.

use std::collections::{BTreeMap, HashMap};

use palisade_model::Level;
use palisade_store::{RatingRow, VulnerabilityHead};

use super::order;
use super::types::cvss;

/// A score's level and points, its CVSS version and who gave it.
pub(super) type Scored = ((Level, f64), String, String);

/// The scores that count, one for each vulnerability of a listing, and the orders by them.
#[derive(Debug, Clone)]
pub(super) struct Scores {
    pub(super) each: Vec<Option<Scored>>,
    pub(super) by_score: Vec<u32>,
    pub(super) by_epss: Vec<u32>,
}

impl Scores {
    fn of(heads: &[VulnerabilityHead], scores: Vec<Option<Scored>>) -> Self {
        let points: Vec<Option<(Level, f64)>> = scores
            .iter()
            .map(|score| score.as_ref().map(|it| it.0))
            .collect();
        Self {
            by_score: order::by_score(heads, &points),
            by_epss: order::by_epss(heads, &points),
            each: scores,
        }
    }

    /// The foremost score of each.
    pub(super) fn foremost(heads: &[VulnerabilityHead]) -> Self {
        let scores = heads.iter().map(|head| head.score.as_ref().map(scored));
        Self::of(heads, scores.collect())
    }

    pub(super) fn level(&self, vulnerability: u32) -> Option<Level> {
        let score = self.each[vulnerability as usize].as_ref();
        score.map(|((level, _), ..)| *level)
    }
}

fn scored((points, version, scorer): &(f64, String, String)) -> Scored {
    let level = Level::of_score(cvss(version), *points);
    ((level, *points), version.clone(), scorer.clone())
}

/// Everything that advisories rate the vulnerabilities of a listing with.
#[derive(Debug, Default)]
pub(super) struct Ratings {
    scores: Vec<Vec<(f64, String, String)>>,
    ssvc: Vec<Option<Box<str>>>,
    /// Who scores, with how many vulnerabilities, the busiest first.
    pub(super) scorers: Vec<(String, usize)>,
}

impl Ratings {
    /// `places` says where a vulnerability stands in the listing.
    pub(super) fn of(rows: Vec<RatingRow>, places: &HashMap<i64, u32>) -> Self {
        let mut ratings = Self {
            scores: vec![Vec::new(); places.len()],
            ssvc: vec![None; places.len()],
            scorers: Vec::new(),
        };
        let mut scorers: BTreeMap<String, usize> = BTreeMap::new();
        for row in rows {
            let Some(place) = places.get(&row.vulnerability) else {
                continue;
            };
            let place = *place as usize;
            if let Some(points) = row.ssvc {
                ratings.ssvc[place] = Some(points.into());
            }
            if let Some(score) = row.score {
                let known = &mut ratings.scores[place];
                if !known.iter().any(|(_, _, scorer)| *scorer == score.2) {
                    *scorers.entry(score.2.clone()).or_default() += 1;
                }
                known.push(score);
            }
        }
        ratings.scorers = scorers.into_iter().collect();
        ratings
            .scorers
            .sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        ratings
    }

    /// The scores that one party gave: of several, the one by the newest version of CVSS.
    pub(super) fn by(&self, scorer: &str, heads: &[VulnerabilityHead]) -> Scores {
        let of_scorer = |scores: &Vec<(f64, String, String)>| {
            let given = scores.iter().filter(|(_, _, by)| by == scorer);
            given
                .max_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)))
                .map(scored)
        };
        Scores::of(heads, self.scores.iter().map(of_scorer).collect())
    }

    /// SSVC's decision points: `exploitation/automatable/impact`.
    pub(super) fn ssvc(&self, vulnerability: u32) -> Option<&str> {
        self.ssvc.get(vulnerability as usize)?.as_deref()
    }

    pub(super) fn exploitation(&self, vulnerability: u32) -> Option<&str> {
        self.ssvc(vulnerability)?.split('/').next()
    }
}
