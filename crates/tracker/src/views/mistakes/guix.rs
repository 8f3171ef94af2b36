//! Mistakes in the properties of Guix's packages.

use std::collections::HashSet;

use palisade_formats::guix_inventory::{is_known, misspelt};
use palisade_matching::{key, patched};
use palisade_model::{Package, VulnerabilityId};
use palisade_store::BranchState;

use super::{Found, Kept, MistakeLevel, MistakeView, State};
use crate::TrackerError;
use crate::encoding::key_hash;
use crate::views::Reading;

/// The feeds whose products have CPE names.
const OF_PRODUCTS: [&str; 2] = ["nvd", "cve5"];

/// Words that stand in a remark and in no product's name.
const REMARKING: [&str; 8] = [
    "different",
    "ignore",
    "none",
    "not",
    "refers",
    "unknown",
    "unrelated",
    "wrong",
];

/// Words of a remark at the least.
const REMARK_WORDS: usize = 3;

/// What is to be told of one package.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Looked {
    mistakes: Vec<MistakeView>,
    /// Its CPE name, if that may be a product's.
    cpe_name: Option<MistakeView>,
}

/// Finds the mistakes of a state.
pub(super) async fn find(
    reading: &mut Reading,
    kept: &Kept,
    state: &State,
) -> Result<Found, TrackerError> {
    let at = BranchState {
        branch: state.id,
        position: state.position,
    };
    let packages = reading.session.packages_at(at).await?;
    let ids: Vec<_> = packages.into_iter().map(|placed| placed.package).collect();
    let looked = kept.looked(&mut reading.session, &ids).await?;
    let mut found = Found::default();
    for looked in &looked {
        found.mistakes.extend(looked.mistakes.iter().cloned());
    }
    let feeds = reading.session.feed_scopes().await?;
    if !feeds
        .iter()
        .any(|(kind, _)| OF_PRODUCTS.contains(&kind.as_str()))
    {
        found.remarks.push(
            "No feed with CPE names is stored (nvd, cve5), so it is not told which CPE names are no \
             product's."
                .to_owned(),
        );
        return Ok(found);
    }
    let names: Vec<&MistakeView> = looked
        .iter()
        .filter_map(|it| it.cpe_name.as_ref())
        .collect();
    let hash = |it: &&MistakeView| key_hash(&key::of_name(&it.text));
    let keys: Vec<i64> = names.iter().map(hash).collect();
    let spoken: HashSet<i64> = reading.session.spoken_keys(&OF_PRODUCTS, &keys).await?;
    let unknown = names
        .into_iter()
        .zip(keys)
        .filter(|(_, key)| !spoken.contains(key));
    found.mistakes.extend(unknown.map(|(it, _)| it.clone()));
    Ok(found)
}

/// Looks a package through; nothing where there is nothing to tell.
pub(super) fn look(package: &Package) -> Option<Looked> {
    let mut looked = Looked {
        mistakes: package
            .properties
            .iter()
            .filter_map(|(name, value)| {
                let misspelt = misspelt_property(package, name, value);
                misspelt.or_else(|| unusable_property(package, name, value))
            })
            .chain(unproven(package))
            .collect(),
        cpe_name: None,
    };
    if let Some(name) = &package.hints.cpe_name {
        if is_remark(name) {
            looked.mistakes.push(marker(package, name));
        } else {
            looked.cpe_name = Some(unknown(package, name));
        }
    }
    (looked != Looked::default()).then_some(looked)
}

fn mistake(package: &Package, rule: &'static str, level: MistakeLevel) -> MistakeView {
    MistakeView {
        rule,
        level,
        package: package.name.clone(),
        version: Some(package.version.clone()),
        location: package.location.clone(),
        text: String::new(),
        message: String::new(),
        write: None,
        decide: None,
        vulnerabilities: Vec::new(),
    }
}

fn misspelt_property(package: &Package, name: &str, value: &str) -> Option<MistakeView> {
    let meant = misspelt(name)?;
    let list: Vec<String> = serde_json::from_str(value).unwrap_or_default();
    let is_vulnerability = |text: &&String| text.starts_with("CVE-");
    Some(MistakeView {
        text: format!("({name} . {})", scheme(value)),
        message: format!("Guix knows no property {name} and ignores it; {meant} was meant"),
        write: Some(format!("({meant} . {})", scheme(value))),
        vulnerabilities: list.iter().filter(is_vulnerability).cloned().collect(),
        ..mistake(package, "misspelt-property", MistakeLevel::Error)
    })
}

/// A property that stayed among the others although it is known: its value is none that it may have.
fn unusable_property(package: &Package, name: &str, value: &str) -> Option<MistakeView> {
    let wanted = match name {
        "lint-hidden-cve" | "lint-hidden-cpe-vendors" => "a list of texts",
        _ if is_known(name) => "a text",
        _ => return None,
    };
    Some(MistakeView {
        text: format!("({name} . {})", scheme(value)),
        message: format!("the value of {name} is not {wanted}, and nothing is made of it"),
        decide: Some(format!("what was meant, to write it as {wanted}")),
        ..mistake(package, "unusable-property", MistakeLevel::Error)
    })
}

/// A value as Scheme writes it, as far as it is texts and lists of them.
fn scheme(value: &str) -> String {
    fn written(value: &serde_json::Value) -> String {
        match value {
            serde_json::Value::Array(list) => {
                let words: Vec<String> = list.iter().map(written).collect();
                format!("({})", words.join(" "))
            }
            serde_json::Value::Bool(true) => "#t".to_owned(),
            serde_json::Value::Bool(false) => "#f".to_owned(),
            other => other.to_string(),
        }
    }
    serde_json::from_str(value).map_or_else(|_| value.to_owned(), |value| written(&value))
}

fn unproven(package: &Package) -> Option<MistakeView> {
    if !package.hints.hidden_vulnerabilities_shared {
        return None;
    }
    let patched = patched(package);
    let hidden = package.hints.hidden_vulnerabilities.iter();
    let unproven: Vec<&str> = hidden
        .filter(|id| !patched.iter().any(|(known, _)| known == *id))
        .map(VulnerabilityId::as_str)
        .collect();
    if unproven.is_empty() {
        return None;
    }
    let name = &package.name;
    let quoted: Vec<String> = unproven.iter().map(|id| format!("{id:?}")).collect();
    Some(MistakeView {
        text: format!("(lint-hidden-cve . ({}))", quoted.join(" ")),
        message: format!(
            "the list is that of a higher version of {name}, from which it is inherited; of this \
             version no patch names them"
        ),
        decide: Some(
            "whether they affect this version; where they do, add patches that are named after them \
             or take the property away: (properties (alist-delete 'lint-hidden-cve \
             (package-properties …)))"
                .to_owned(),
        ),
        vulnerabilities: unproven.into_iter().map(str::to_owned).collect(),
        ..mistake(package, "unproven-hidden-cve", MistakeLevel::Warning)
    })
}

/// Whether a CPE name is a remark, such as `bower-cpe-refers-to-a-different-bower`.
fn is_remark(name: &str) -> bool {
    let words: Vec<&str> = name.split(['-', '_', ' ']).collect();
    words.len() >= REMARK_WORDS && words.iter().any(|word| REMARKING.contains(word))
}

fn marker(package: &Package, name: &str) -> MistakeView {
    MistakeView {
        text: format!("(cpe-name . {name:?})"),
        message: "it is a remark and no product's name: it only hides the vulnerabilities of another \
                  product of the same name"
            .to_owned(),
        decide: Some(
            "the vendors whose product it is not, to write (lint-hidden-cpe-vendors . (\"VENDOR\"))"
                .to_owned(),
        ),
        ..mistake(package, "cpe-name-marker", MistakeLevel::Warning)
    }
}

fn unknown(package: &Package, name: &str) -> MistakeView {
    MistakeView {
        text: name.to_owned(),
        message: format!(
            "no record that is stored speaks of a product {name:?}, so nothing is found by this name"
        ),
        decide: Some("whether it is spelt as in CPE names of the product".to_owned()),
        ..mistake(package, "cpe-name-unknown", MistakeLevel::Note)
    }
}

#[cfg(test)]
mod tests {
    use palisade_model::{Hints, Patch};

    use super::*;

    fn package(hints: Hints) -> Package {
        Package {
            name: "glibc".to_owned(),
            version: "2.33".to_owned(),
            hints,
            ..Package::default()
        }
    }

    #[test]
    fn a_misspelt_property_is_told_with_the_one_that_was_meant() {
        let mut package = package(Hints::default());
        let value = r#"["CVE-2024-0911"]"#.to_owned();
        package
            .properties
            .insert("lint-hidden-cves".to_owned(), value);
        package
            .properties
            .insert("tunable?".to_owned(), "true".to_owned());
        let told = look(&package).unwrap().mistakes;
        assert_eq!(told.len(), 1);
        let told = &told[0];
        assert_eq!(told.text, r#"(lint-hidden-cves . ("CVE-2024-0911"))"#);
        assert_eq!(
            told.write.as_deref(),
            Some(r#"(lint-hidden-cve . ("CVE-2024-0911"))"#)
        );
        assert_eq!(told.vulnerabilities, ["CVE-2024-0911"]);
    }

    #[test]
    fn a_property_whose_value_cannot_be_used_is_told() {
        let mut package = package(Hints::default());
        let value = r#"[".","mt-940"]"#.to_owned();
        package.properties.insert("upstream-name".to_owned(), value);
        let told = &look(&package).unwrap().mistakes[0];
        assert_eq!(told.rule, "unusable-property");
        assert_eq!(told.text, r#"(upstream-name . ("." "mt-940"))"#);
    }

    #[test]
    fn what_a_patch_names_is_proven() {
        let hidden = ["CVE-2024-2961", "CVE-2024-33599"].map(|id| id.parse().unwrap());
        let mut package = package(Hints {
            hidden_vulnerabilities: hidden.to_vec(),
            hidden_vulnerabilities_shared: true,
            ..Hints::default()
        });
        let told = look(&package).unwrap();
        assert_eq!(
            told.mistakes[0].vulnerabilities,
            ["CVE-2024-2961", "CVE-2024-33599"]
        );
        package.patches.push(Patch {
            name: "glibc-CVE-2024-2961.patch".to_owned(),
            ..Patch::default()
        });
        let told = look(&package).unwrap();
        assert_eq!(told.mistakes[0].vulnerabilities, ["CVE-2024-33599"]);
        package.hints.hidden_vulnerabilities_shared = false;
        assert_eq!(look(&package), None);
    }

    #[test]
    fn a_remark_is_no_products_name() {
        for remark in ["bower-cpe-refers-to-a-different-bower", "not_this_one"] {
            assert!(is_remark(remark), "{remark}");
        }
        for name in [
            "little_cms_color_engine",
            "node.js",
            "not-found",
            "the_events_calendar",
        ] {
            assert!(!is_remark(name), "{name}");
        }
    }
}
