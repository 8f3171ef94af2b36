//! A package's properties: those that concern vulnerabilities, and the others.

use std::collections::BTreeMap;

use palisade_model::{Hints, VulnerabilityId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::quoted;

/// The properties that become hints.
pub(super) const KNOWN: [&str; 7] = [
    "cpe-name",
    "cpe-vendor",
    "cpe-version",
    "lint-hidden-cpe-vendors",
    "lint-hidden-cve",
    "release-monitoring-url",
    "upstream-name",
];

/// Takes properties apart. One that Guix would ignore because it is misspelt is reported, and
/// read as what it was meant to be.
pub(super) fn read(
    raw: &RawValue,
    complain: &mut dyn FnMut(String),
) -> (Hints, BTreeMap<String, String>) {
    let (mut hints, mut others) = (Hints::default(), BTreeMap::new());
    let Ok(properties) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) else {
        complain("its properties are not an object and were left out".into());
        return (hints, others);
    };
    let (known, rest): (Vec<_>, Vec<_>) = properties
        .into_iter()
        .partition(|(name, _)| KNOWN.contains(&name.as_str()));
    for (name, value) in &known {
        if !set(&mut hints, name, value.get(), complain) {
            others.insert(name.clone(), value.get().to_owned());
        }
    }
    for (name, value) in rest {
        // Guix's private marks on a package being transformed; their numbers differ each time.
        if name.starts_with(' ') {
            continue;
        }
        let meant = misspelt(&name);
        if let Some(meant) = meant {
            let taken = is_set(&hints, meant);
            complain(format!(
                "metadata error: the property {} is not known to Guix; {meant} was meant{}",
                quoted(&name),
                if taken { ", which is there too" } else { "" }
            ));
            if !taken {
                set(&mut hints, meant, value.get(), complain);
            }
        }
        // It stays what is written, so that the mistake can be told of the package.
        others.insert(name, value.get().to_owned());
    }
    (hints, others)
}

/// Whether the hint of a known property says something.
fn is_set(hints: &Hints, name: &str) -> bool {
    match name {
        "cpe-name" => hints.cpe_name.is_some(),
        "cpe-vendor" => hints.cpe_vendor.is_some(),
        "cpe-version" => hints.cpe_version.is_some(),
        "upstream-name" => hints.upstream_name.is_some(),
        "release-monitoring-url" => hints.release_monitoring_url.is_some(),
        "lint-hidden-cpe-vendors" => !hints.hidden_cpe_vendors.is_empty(),
        _ => !hints.hidden_vulnerabilities.is_empty(),
    }
}

/// Sets the hint of a known property; tells whether its value could be used.
fn set(hints: &mut Hints, name: &str, json: &str, complain: &mut dyn FnMut(String)) -> bool {
    let text = |slot: &mut Option<String>, complain: &mut dyn FnMut(String)| {
        match serde_json::from_str(json) {
            Ok(Value::Text(text)) => *slot = Some(text).filter(|text| !text.is_empty()),
            Ok(Value::List(list)) if list.len() == 1 => {
                complain(format!(
                    "metadata error: the property {name} is a list, not a text"
                ));
                *slot = list.into_iter().next();
            }
            _ => {
                complain(format!(
                    "metadata error: the property {name} is not a text but {}",
                    quoted(json)
                ));
                return false;
            }
        }
        true
    };
    match name {
        "cpe-name" => return text(&mut hints.cpe_name, complain),
        "cpe-vendor" => return text(&mut hints.cpe_vendor, complain),
        "cpe-version" => return text(&mut hints.cpe_version, complain),
        "upstream-name" => return text(&mut hints.upstream_name, complain),
        "release-monitoring-url" => return text(&mut hints.release_monitoring_url, complain),
        _ => {}
    }
    let list = match serde_json::from_str(json) {
        Ok(Value::List(list)) => list,
        Ok(Value::Text(text)) => {
            complain(format!(
                "metadata error: the property {name} is a text, not a list"
            ));
            vec![text]
        }
        Err(_) => {
            complain(format!(
                "metadata error: the property {name} is not a list of texts but {}",
                quoted(json)
            ));
            return false;
        }
    };
    match name {
        "lint-hidden-cpe-vendors" => hints.hidden_cpe_vendors = list,
        _ => hints.hidden_vulnerabilities = identifiers(list, name, complain),
    }
    true
}

/// The identifiers in a list; texts that are none are reported and left out.
pub(super) fn identifiers(
    texts: Vec<String>,
    place: &str,
    complain: &mut dyn FnMut(String),
) -> Vec<VulnerabilityId> {
    let mut identifiers = Vec::with_capacity(texts.len());
    for text in texts {
        match text.parse() {
            Ok(identifier) => identifiers.push(identifier),
            Err(error) => {
                complain(format!(
                    "metadata error: {} in {place}: {error}",
                    quoted(&text)
                ));
            }
        }
    }
    identifiers
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    List(Vec<String>),
}

/// Whether a property concerns vulnerabilities.
pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// The property that concerns vulnerabilities and is one or two letters away from an unknown one.
pub fn misspelt(name: &str) -> Option<&'static str> {
    KNOWN
        .into_iter()
        .find(|known| (1..=2).contains(&distance(name, known)))
}

/// How many letters have to be put in, left out or changed to get from one word to the other;
/// 3 when it is more than 2 in any case.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > 2 {
        return 3;
    }
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (row, x) in a.iter().enumerate() {
        let mut diagonal = above[0];
        above[0] = row + 1;
        for (column, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(!x.eq_ignore_ascii_case(y));
            diagonal = above[column + 1];
            above[column + 1] = changed.min(diagonal + 1).min(above[column] + 1);
        }
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_properties_are_recognised() {
        assert_eq!(misspelt("lint-hidden-cves"), Some("lint-hidden-cve"));
        assert_eq!(misspelt("lint-hiden-cve"), Some("lint-hidden-cve"));
        assert_eq!(misspelt("cpe_name"), Some("cpe-name"));
        assert_eq!(misspelt("cpe-names"), Some("cpe-name"));
        for other in [
            "upstream-version",
            "release-date",
            "commit",
            "",
            "cpe",
            "tunable?",
        ] {
            assert_eq!(misspelt(other), None, "{other}");
        }
    }

    #[test]
    fn the_distance_counts_letters() {
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("abc", "acb"), 2);
        assert_eq!(distance("abc", "xabc"), 1);
        assert_eq!(distance("abc", "abcdef"), 3);
    }
}
