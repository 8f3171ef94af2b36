//! How bad an issue is, in whose words: a severity is never invented, and never loses its author.

use serde::{Deserialize, Serialize};

/// One rating of an advisory, by the party that gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Severity {
    /// Who rated: `nvd@nist.gov`, `CISA-ADP`, a CNA's short name.
    pub scorer: String,
    /// The rating itself.
    pub rating: Rating,
}

/// A rating in the system in which it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Rating {
    /// CVSS with its version (`2.0`, `3.0`, `3.1`, `4.0`), vector and base score.
    Cvss {
        /// `2.0`, `3.0`, `3.1` or `4.0`.
        version: CvssVersion,
        /// The vector as written.
        vector: String,
        /// The base score, 0.0 to 10.0, when the source states it.
        score: Option<f64>,
    },
    /// A word of the source's own scale: `moderate`, `important`, `unimportant`.
    Word(String),
}

/// A version of the Common Vulnerability Scoring System.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CvssVersion {
    /// CVSS 2.0.
    V2,
    /// CVSS 3.0.
    V30,
    /// CVSS 3.1.
    V31,
    /// CVSS 4.0.
    V4,
}

impl CvssVersion {
    /// The version's number, as in `CVSS 3.1`.
    pub fn number(self) -> &'static str {
        match self {
            Self::V2 => "2.0",
            Self::V30 => "3.0",
            Self::V31 => "3.1",
            Self::V4 => "4.0",
        }
    }
}

/// The qualitative severity rating scale of CVSS 3.1, section 5, and CVSS 4.0, section 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 0.0.
    None,
    /// 0.1 to 3.9.
    Low,
    /// 4.0 to 6.9.
    Medium,
    /// 7.0 to 8.9.
    High,
    /// 9.0 to 10.0; CVSS 2 has no such level.
    Critical,
}

impl Level {
    /// The level of a base score on the scale of its CVSS version; CVSS 2 ends at High
    /// (NVD's ratings for CVSS 2: 7.0 to 10.0 is high).
    pub fn of_score(version: CvssVersion, score: f64) -> Self {
        match (version, score) {
            (CvssVersion::V2, s) if s >= 7.0 => Self::High,
            (CvssVersion::V2, s) if s < 4.0 => Self::Low,
            (CvssVersion::V2, _) => Self::Medium,
            (_, s) if s >= 9.0 => Self::Critical,
            (_, s) if s >= 7.0 => Self::High,
            (_, s) if s >= 4.0 => Self::Medium,
            (_, s) if s > 0.0 => Self::Low,
            _ => Self::None,
        }
    }

    /// The level as one lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Severity {
    /// The CVSS version and base score, if the rating has them.
    pub fn score(&self) -> Option<(CvssVersion, f64)> {
        match &self.rating {
            Rating::Cvss {
                version,
                score: Some(score),
                ..
            } => Some((*version, *score)),
            _ => None,
        }
    }

    /// The rating to show first of several: the newest CVSS version, then the higher score.
    pub fn foremost(severities: &[Self]) -> Option<&Self> {
        severities
            .iter()
            .filter(|severity| severity.score().is_some())
            .max_by(|a, b| {
                let key = |s: &Self| s.score().unwrap_or((CvssVersion::V2, 0.0));
                key(a).0.cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_follow_the_cvss_scale() {
        assert_eq!(Level::of_score(CvssVersion::V31, 9.0), Level::Critical);
        assert_eq!(Level::of_score(CvssVersion::V31, 8.9), Level::High);
        assert_eq!(Level::of_score(CvssVersion::V4, 0.0), Level::None);
        assert_eq!(Level::of_score(CvssVersion::V2, 10.0), Level::High);
    }
}
