//! An event of an advisory.

use serde::Deserialize;

use super::{note, said, shown};
use crate::json_records::Text;

/// An event as it is written.
#[derive(Debug, Deserialize)]
pub(super) struct Event<'a> {
    #[serde(borrow, default)]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
}

/// What the kinds of events say, each some of it.
#[derive(Debug, Default, Deserialize)]
struct Data<'a> {
    #[serde(borrow, default, rename = "fixed-version")]
    fixed: Text<'a>,
    #[serde(borrow, default)]
    note: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    /// Of a detection by a scanner.
    #[serde(borrow, default, rename = "data")]
    scan: Option<Scan<'a>>,
}

/// In what a scanner found it.
#[derive(Debug, Deserialize)]
struct Scan<'a> {
    #[serde(borrow, default, rename = "componentName")]
    component: Text<'a>,
    #[serde(borrow, default, rename = "componentVersion")]
    version: Text<'a>,
    #[serde(borrow, default)]
    scanner: Text<'a>,
}

/// The kinds of events of schema 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Detection,
    TruePositive,
    FalsePositive,
    Fixed,
    NoFixPlanned,
    NoAnalysisPlanned,
    PendingUpstream,
}

/// The reasons why a finding is a false positive, in words, each with OpenVEX's justification.
///
/// A record that is contested, or speaks of another component, is no judgement of code, for which
/// OpenVEX has no better word than that the component is not there.
const REASONS: [(&str, &str, &str); 7] = [
    (
        "vulnerability-record-analysis-contested",
        "the record of the vulnerability is contested",
        "component_not_present",
    ),
    (
        "component-vulnerability-mismatch",
        "the vulnerability is not one of this component",
        "component_not_present",
    ),
    (
        "vulnerable-code-version-not-used",
        "the version with the vulnerable code is not used",
        "vulnerable_code_not_present",
    ),
    (
        "vulnerable-code-not-included-in-package",
        "the vulnerable code is not in the package",
        "vulnerable_code_not_present",
    ),
    (
        "vulnerable-code-not-in-execution-path",
        "the vulnerable code is never run",
        "vulnerable_code_not_in_execute_path",
    ),
    (
        "vulnerable-code-cannot-be-controlled-by-adversary",
        "no adversary can control the vulnerable code",
        "vulnerable_code_cannot_be_controlled_by_adversary",
    ),
    (
        "inline-mitigations-exist",
        "mitigations are built in",
        "inline_mitigations_already_exist",
    ),
];

impl Event<'_> {
    pub(super) fn kind(&self) -> Option<Kind> {
        Some(match &*self.kind {
            "detection" => Kind::Detection,
            "true-positive-determination" => Kind::TruePositive,
            "false-positive-determination" => Kind::FalsePositive,
            "fixed" => Kind::Fixed,
            "fix-not-planned" => Kind::NoFixPlanned,
            "analysis-not-planned" => Kind::NoAnalysisPlanned,
            "pending-upstream-fix" => Kind::PendingUpstream,
            _ => return None,
        })
    }

    /// Why an event of no known kind cannot be read.
    pub(super) fn unknown(&self) -> String {
        format!(
            "its latest event is {:?}, of no known kind",
            shown(&self.kind)
        )
    }

    /// The version that an event of the kind `fixed` names.
    pub(super) fn fixed(&self) -> &str {
        self.data.as_ref().map_or("", |data| &data.fixed)
    }

    /// What the event says to people.
    pub(super) fn note(&self) -> Option<String> {
        let kind = self.kind()?;
        let data = self.data.as_ref();
        let said = data.and_then(|data| said(&data.note)).unwrap_or_default();
        match kind {
            Kind::Fixed => note([&*format!("fixed in {}", shown(self.fixed())), said]),
            Kind::Detection => note([&*detection(data), said]),
            Kind::FalsePositive => note([&*reason(data), said]),
            Kind::TruePositive => note(["found to be affected", said]),
            Kind::NoFixPlanned => note(["no fix is planned", said]),
            Kind::NoAnalysisPlanned => note(["no analysis is planned", said]),
            Kind::PendingUpstream => note(["waits for a fix of upstream's", said]),
        }
    }
}

fn reason(data: Option<&Data<'_>>) -> String {
    let kind = data.map_or("", |data| &data.kind);
    let known = REASONS.iter().find(|(name, ..)| *name == kind);
    match known {
        Some((_, words, justification)) => format!("{words} ({justification})"),
        None => format!("a false positive ({})", shown(kind)),
    }
}

fn detection(data: Option<&Data<'_>>) -> String {
    let Some(scan) = data.and_then(|data| data.scan.as_ref()) else {
        return "somebody found it, and nobody has judged it yet".to_owned();
    };
    let scanner = said(&scan.scanner).unwrap_or("a scanner");
    let component = [shown(&scan.component), shown(&scan.version)].join(" ");
    match said(&component) {
        Some(component) => format!("{} found it in {component}", shown(scanner)),
        None => format!("{} found it", shown(scanner)),
    }
}
