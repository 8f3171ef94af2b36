//! What people decided about signals: a suppression holds for one text and until one day, a baseline
//! is a report that was read before. Neither hides anything; both say why something is quiet.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::lines::normalised;
use crate::digest::hexadecimal;
use crate::report::Finding;
use crate::signal::{Severity, Signal};
use crate::tree::Tree;
use crate::visible;

/// A file of suppressions is not larger than this.
const LARGEST: usize = 1 << 20;

/// One decision, as it stands in the file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// The rule's id.
    pub rule: String,
    /// The file.
    pub path: String,
    /// The content it was decided on: the git blob of the file in hexadecimal, or `text:` and
    /// [`fingerprint`] of the line.
    pub content: String,
    /// Why this is no reason to worry.
    pub reason: String,
    /// Who decided.
    pub owner: String,
    /// The day on which it ends, as `2027-01-31`.
    pub expires: String,
}

/// Why a file of suppressions cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("suppressions {file}: {reason}")]
pub struct SuppressionError {
    file: String,
    reason: String,
}

/// All decisions.
#[derive(Clone, Debug, Default)]
pub struct Suppressions(Vec<Suppression>);

impl Suppressions {
    /// Reads the file called `file`.
    pub fn parse(file: &str, text: &str) -> Result<Self, SuppressionError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Whole {
            #[serde(default, rename = "suppression")]
            all: Vec<Suppression>,
        }
        let broken = |reason: String| SuppressionError {
            file: file.to_owned(),
            reason,
        };
        if text.len() > LARGEST {
            return Err(broken(format!("is larger than {LARGEST} bytes")));
        }
        let whole: Whole = toml::from_str(text).map_err(|error| broken(error.to_string()))?;
        for one in &whole.all {
            if one.reason.trim().is_empty() || one.owner.trim().is_empty() {
                return Err(broken(format!(
                    "{} in {} needs a reason and an owner",
                    one.rule, one.path
                )));
            }
            if !is_day(&one.expires) {
                return Err(broken(format!(
                    "{} in {} ends on no day like 2027-01-31",
                    one.rule, one.path
                )));
            }
        }
        Ok(Self(whole.all))
    }

    /// The decision that covers `signal` in `tree` on the day `today`, as `2026-11-22`.
    pub fn covering(&self, signal: &Signal, tree: &Tree, today: &str) -> Option<&Suppression> {
        self.0.iter().find(|one| {
            one.rule == signal.rule
                && signal.path == one.path.as_str()
                && today <= one.expires.as_str()
                && is_same_content(&one.content, signal, tree)
        })
    }
}

fn is_same_content(content: &str, signal: &Signal, tree: &Tree) -> bool {
    if let Some(text) = content.strip_prefix("text:") {
        return fingerprint(signal) == text;
    }
    let blob = |file: &crate::tree::File| hexadecimal(&file.content.blob);
    tree.files
        .iter()
        .any(|file| file.path == signal.path && blob(file).eq_ignore_ascii_case(content))
}

/// Days in this form compare as texts.
fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                *byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        })
}

/// What stays the same of a signal when the file around it changes.
pub fn fingerprint(signal: &Signal) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [
        signal.rule.as_bytes(),
        &signal.path,
        &normalised(&signal.excerpt),
    ] {
        hasher.update(part);
        hasher.update(&[0]);
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// The signals of a report that somebody read before.
#[derive(Clone, Debug, Default)]
pub struct Baseline(HashSet<(String, String, Vec<u8>)>);

impl Baseline {
    /// Reads the `signals` of a report in JSON.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, SuppressionError> {
        #[derive(Deserialize)]
        struct Report {
            signals: Vec<Known>,
        }
        #[derive(Deserialize)]
        struct Known {
            rule: String,
            path: String,
            excerpt: String,
        }
        let report: Report = serde_json::from_slice(bytes).map_err(|error| SuppressionError {
            file: file.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self(
            report
                .signals
                .into_iter()
                .map(|known| (known.rule, known.path, normalised(known.excerpt.as_bytes())))
                .collect(),
        ))
    }

    /// True for what that report told already.
    pub fn has(&self, signal: &Signal) -> bool {
        // As a report shows it.
        self.0.contains(&(
            signal.rule.to_owned(),
            visible::name(&signal.path),
            normalised(visible::line(&signal.excerpt).as_bytes()),
        ))
    }
}

/// What becomes of a change, with the reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// What to do.
    pub advice: Advice,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

/// What to do with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// Nothing that was found asks for more than the usual reading.
    ReadAsUsual,
    /// Somebody else should read it too.
    SecondReader,
    /// Not before somebody has explained it.
    DoNotTake,
}

/// One reason of a judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule.
    pub rule: String,
    /// Where it found something first.
    pub path: String,
    /// How often.
    pub count: usize,
    /// What it weighs, once: 1 for a warning that is often harmless, up to 6.
    pub weight: u32,
}

/// From here on somebody else should read the change.
const SECOND_READER: u32 = 1;

/// From here on the change should not be taken unexplained.
const DO_NOT_TAKE: u32 = 6;

impl Judgement {
    /// Weighs what is open: each rule counts once, whatever the number of files.
    pub fn of<'s>(open: impl Iterator<Item = &'s Finding>) -> Self {
        let mut reasons: Vec<Reason> = Vec::new();
        for signal in open.filter(|signal| signal.alarms()) {
            let weight = match signal.severity {
                Severity::Note => 0,
                Severity::Warning => 1 + signal.specificity as u32,
                Severity::Critical => 4 + signal.specificity as u32,
            };
            match reasons.iter_mut().find(|reason| reason.rule == signal.rule) {
                Some(reason) => {
                    reason.count += 1;
                    reason.weight = reason.weight.max(weight);
                }
                None => reasons.push(Reason {
                    rule: signal.rule.clone(),
                    path: signal.path.clone(),
                    count: 1,
                    weight,
                }),
            }
        }
        reasons.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.rule.cmp(&b.rule)));
        let sum: u32 = reasons.iter().map(|reason| reason.weight).sum();
        let advice = match sum {
            DO_NOT_TAKE.. => Advice::DoNotTake,
            SECOND_READER.. => Advice::SecondReader,
            _ => Advice::ReadAsUsual,
        };
        Self { advice, reasons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Specificity;
    use crate::testing::tree;

    fn signal(severity: Severity) -> Signal {
        Signal {
            rule: "network-in-build",
            severity,
            specificity: Specificity::High,
            path: "Makefile".into(),
            line: Some(1),
            excerpt: "curl http://x.example.invalid/1".into(),
            why: String::new(),
        }
    }

    fn suppressions(content: &str) -> Suppressions {
        let text = format!(
            "[[suppression]]\nrule = \"network-in-build\"\npath = \"Makefile\"\ncontent = \"{content}\"\nreason = \"mirror\"\nowner = \"ada\"\nexpires = \"2027-01-31\"\n"
        );
        Suppressions::parse("s.toml", &text).unwrap()
    }

    #[test]
    fn a_suppression_ends_on_its_day_and_with_its_text() {
        let signal = signal(Severity::Warning);
        let tree = tree(&[("Makefile", "x")]);
        let by_text = suppressions(&format!("text:{}", fingerprint(&signal)));
        assert!(by_text.covering(&signal, &tree, "2027-01-31").is_some());
        assert!(by_text.covering(&signal, &tree, "2027-02-01").is_none());
        let mut other = signal.clone();
        other.excerpt = "curl http://y.example.invalid/1".into();
        assert!(by_text.covering(&other, &tree, "2026-11-22").is_none());
        let by_blob = suppressions(&hexadecimal(&tree.files[0].content.blob));
        assert!(by_blob.covering(&signal, &tree, "2026-11-22").is_some());
        assert!(
            by_blob
                .covering(
                    &signal,
                    &crate::testing::tree(&[("Makefile", "y")]),
                    "2026-11-22"
                )
                .is_none()
        );
    }

    #[test]
    fn a_suppression_without_a_reason_is_refused() {
        let text = "[[suppression]]\nrule = \"a\"\npath = \"b\"\ncontent = \"c\"\nreason = \" \"\nowner = \"ada\"\nexpires = \"2027-01-31\"\n";
        let error = Suppressions::parse("s.toml", text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "suppressions s.toml: a in b needs a reason and an owner"
        );
    }

    #[test]
    fn a_report_read_before_makes_its_signals_known() {
        let baseline = Baseline::parse("r.json", br#"{"signals": [{"rule": "network-in-build", "path": "Makefile", "excerpt": "curl http://x.example.invalid/2"}]}"#).unwrap();
        assert!(baseline.has(&signal(Severity::Warning)));
        let mut odd = signal(Severity::Warning);
        (odd.path, odd.excerpt) = ("a\tb".into(), "curl \\\n\u{202e}x".into());
        let report = serde_json::json!({"signals": [Finding::new(&odd)]}).to_string();
        let baseline = Baseline::parse("r.json", report.as_bytes()).unwrap();
        assert!(baseline.has(&odd));
    }

    #[test]
    fn a_judgement_is_its_reasons() {
        let finding = |severity| Finding::new(&signal(severity));
        let (warning, critical) = (finding(Severity::Warning), finding(Severity::Critical));
        assert_eq!(Judgement::of([].into_iter()).advice, Advice::ReadAsUsual);
        assert_eq!(
            Judgement::of([&warning].into_iter()).advice,
            Advice::SecondReader
        );
        let judged = Judgement::of([&warning, &critical].into_iter());
        assert_eq!(judged.advice, Advice::DoNotTake);
        assert_eq!((judged.reasons.len(), judged.reasons[0].count), (1, 2));
    }
}
