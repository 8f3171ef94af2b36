//! SARIF 2.1.0, for tools that show findings beside code: the part of it that a review fills.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::report::{Finding, Report, State};
use crate::signal::{Severity, Specificity};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The findings of a report.
pub fn sarif(report: &Report) -> Value {
    let mut rules: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in &report.signals {
        rules.entry(&finding.rule).or_insert(finding);
    }
    let index: BTreeMap<&str, usize> = rules
        .keys()
        .enumerate()
        .map(|(index, rule)| (*rule, index))
        .collect();
    let rules: Vec<Value> = rules.values().map(|finding| rule(finding)).collect();
    let results: Vec<Value> = report
        .signals
        .iter()
        .map(|finding| result(finding, index.get(finding.rule.as_str()).copied()))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Palisade",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
            "columnKind": "unicodeCodePoints",
        }],
    })
}

fn rule(finding: &Finding) -> Value {
    json!({
        "id": finding.rule,
        "shortDescription": { "text": finding.rule.replace('-', " ") },
        "help": { "text": finding.why },
        "defaultConfiguration": { "level": level(finding.severity) },
        "properties": {
            "precision": match finding.specificity {
                Specificity::High => "high",
                Specificity::Medium => "medium",
                Specificity::Low => "low",
            },
            "security-severity": match finding.severity {
                Severity::Critical => "9.0",
                Severity::Warning => "6.0",
                Severity::Note => "1.0",
            },
        },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(finding: &Finding, rule: Option<usize>) -> Value {
    let mut region = serde_json::Map::new();
    if let Some(line) = finding.line {
        region.insert("startLine".to_owned(), line.max(1).into());
        let snippet = json!({ "text": finding.excerpt });
        region.insert("snippet".to_owned(), snippet);
    }
    let mut place = json!({ "artifactLocation": { "uri": address(&finding.path) } });
    if !region.is_empty() {
        place["region"] = Value::Object(region);
    }
    let suppressions: Vec<Value> = finding
        .suppression
        .iter()
        .map(|it| {
            let says = format!("{} ({}, until {})", it.reason, it.owner, it.until);
            json!({ "kind": "external", "status": "accepted", "justification": says })
        })
        .collect();
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": finding.why },
        "partialFingerprints": { "primaryLocationLineHash": fingerprint(finding) },
        "baselineState": match finding.state {
            State::New => "new",
            State::Unchanged => "unchanged",
            State::Absent => "absent",
        },
        "suppressions": suppressions,
    });
    if let Some(rule) = rule {
        result["ruleIndex"] = rule.into();
    }
    if !finding.path.is_empty() {
        result["locations"] = json!([{ "physicalLocation": place }]);
    }
    result
}

/// The same as long as rule, place and text are: line numbers may move.
fn fingerprint(finding: &Finding) -> String {
    let words: Vec<&str> = finding.excerpt.split_whitespace().collect();
    let text = format!("{}\n{}\n{}", finding.rule, finding.path, words.join(" "));
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// A path as a relative reference.
fn address(path: &str) -> String {
    use std::fmt::Write as _;
    path.bytes().fold(String::new(), |mut address, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/!".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
        address
    })
}
