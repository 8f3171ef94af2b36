//! OSV's severities: vectors, which are scored here, and words.

use cvss::Cvss;
use palisade_model::{CvssVersion, Rating, Severity};

use super::record::Rated;

/// A vector with every metric of CVSS 4 is under 250 bytes.
const VECTOR_BYTES: usize = 400;

/// The rating that a severity is; `scorer` is the database whose record it stands in.
pub(super) fn severity(rated: &Rated<'_>, scorer: &str) -> Option<Severity> {
    let text = rated.score.trim();
    if text.is_empty() || text.len() > VECTOR_BYTES {
        return None;
    }
    let cvss = |version| Severity {
        scorer: scorer.to_owned(),
        rating: Rating::Cvss {
            version,
            vector: text.to_owned(),
            score: score(text),
        },
    };
    Some(match &*rated.kind {
        "CVSS_V4" => cvss(CvssVersion::V4),
        "CVSS_V3" if text.starts_with("CVSS:3.0/") => cvss(CvssVersion::V30),
        "CVSS_V3" => cvss(CvssVersion::V31),
        "CVSS_V2" => cvss(CvssVersion::V2),
        // The type names who rates: Ubuntu.
        kind => Severity {
            scorer: kind.to_owned(),
            rating: Rating::Word(text.to_owned()),
        },
    })
}

/// The score of a vector: OSV states none, and the vector determines it.
pub(crate) fn score(vector: &str) -> Option<f64> {
    if !is_whole(vector) {
        return None;
    }
    let score = vector.parse::<Cvss>().ok()?.score();
    // In tenths, as the standards round.
    score.is_finite().then(|| (score * 10.0).round() / 10.0)
}

/// Whether all base metrics are there; the scoring takes one that is not for harmless.
fn is_whole(vector: &str) -> bool {
    let names: &[&str] = if vector.starts_with("CVSS:4") {
        &[
            "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
        ]
    } else if vector.starts_with("CVSS:3") {
        &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]
    } else {
        &["AV", "AC", "Au", "C", "I", "A"]
    };
    let has = |name: &&str| {
        vector
            .split('/')
            .any(|metric| metric.split_once(':').is_some_and(|(n, _)| n == *name))
    };
    names.iter().all(has)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors_are_scored() {
        for (vector, expected) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(9.8)),
            ("CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Some(7.8)),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                Some(9.3),
            ),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", Some(7.5)),
            ("CVSS:3.1/AV:N", None),
            ("high", None),
        ] {
            assert_eq!(score(vector), expected, "{vector}");
        }
    }

    proptest! {
        #[test]
        fn no_vector_panics(
            prefix in prop::sample::select(vec!["CVSS:4.0", "CVSS:3.1", "CVSS:3.0", "AV:N", ""]),
            metrics in prop::collection::vec(("(AV|AC|AT|PR|UI|S|C|I|A|VC|VI|VA|SC|SI|SA|E|MAV|MSI|CR|Au)", "[NLHAPRUXSCM]"), 0..14),
        ) {
            let mut vector = prefix.to_owned();
            for (name, value) in metrics {
                vector.extend(["/", &name, ":", &value]);
            }
            let _ = score(&vector);
        }

        #[test]
        fn every_whole_vector_of_cvss_4_has_a_score(
            av in "[NALP]", ac in "[LH]", at in "[NP]", pr in "[NLH]", ui in "[NPA]",
            v in "[HLN]{3}", s in "[HLN]{3}",
        ) {
            let (v, s): (Vec<char>, Vec<char>) = (v.chars().collect(), s.chars().collect());
            let vector = format!(
                "CVSS:4.0/AV:{av}/AC:{ac}/AT:{at}/PR:{pr}/UI:{ui}/VC:{}/VI:{}/VA:{}/SC:{}/SI:{}/SA:{}",
                v[0], v[1], v[2], s[0], s[1], s[2],
            );
            let score = score(&vector);
            prop_assert!(score.is_some_and(|score| (0.0..=10.0).contains(&score)), "{vector}");
        }
    }
}
