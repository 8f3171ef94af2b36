//! The shapes of the Guix Data Service.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use palisade_model::{Package, Timestamp};
use palisade_tracker::views::{GuixComparison, RevisionRef};
use serde_json::{Map, Value, json};

use super::error::GuixError;

/// The language of what packages say of themselves; no translation is kept.
pub(super) const LOCALE: &str = "en_US.UTF-8";

/// Which of a package's fields are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields(u8);

const NAMES: [(&str, u8); 6] = [
    ("version", 1),
    ("synopsis", 2),
    // Not kept: it is known as a field and never there.
    ("description", 4),
    ("home-page", 8),
    ("location", 16),
    ("licenses", 32),
];

impl Fields {
    pub(super) const ALL: Self = Self(63);

    pub(super) fn of(names: &[String]) -> Result<Self, GuixError> {
        let mut fields = 0;
        for name in names {
            let known = NAMES.iter().find(|(known, _)| known == name);
            let (_, bit) = known.ok_or_else(|| {
                let words: Vec<&str> = NAMES.iter().map(|(word, _)| *word).collect();
                GuixError::Bad(format!("field must be one of {}", words.join(", ")))
            })?;
            fields |= bit;
        }
        Ok(Self(fields))
    }

    /// Whether more is wanted than names and versions.
    pub(super) fn need_details(self) -> bool {
        self.0 & !1 != 0
    }

    fn has(self, name: &str) -> bool {
        let mut all = NAMES.iter();
        all.any(|(known, bit)| *known == name && self.0 & bit != 0)
    }

    pub(super) fn package(self, package: &Package) -> Value {
        let mut node = Map::new();
        let told = [
            ("version", Some(package.version.clone().into())),
            ("synopsis", package.synopsis.as_deref().map(rendered)),
            ("home-page", package.homepage.clone().map(Value::from)),
            ("location", package.location.as_deref().and_then(location)),
            ("licenses", Some(licenses(&package.licenses))),
        ];
        node.insert("name".to_owned(), package.name.clone().into());
        for (name, value) in told {
            if let Some(value) = value.filter(|_| self.has(name)) {
                node.insert(name.to_owned(), value);
            }
        }
        Value::Object(node)
    }
}

/// A text in the forms in which the service tells it: as it was written, and for pages.
fn rendered(text: &str) -> Value {
    let html = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    json!({ "source": text, "plain": text, "html": format!("<p>{html}</p>"), "locale": LOCALE })
}

/// `gnu/packages/tls.scm:42:2`.
fn location(text: &str) -> Option<Value> {
    let (file, line, column) = located(text)?;
    Some(json!({ "file": file, "line": line, "column": column }))
}

/// The same in the keys of lint warnings.
pub(super) fn numbered_location(text: &str) -> Option<Value> {
    let (file, line, column) = located(text)?;
    Some(json!({ "file": file, "line-number": line, "column-number": column }))
}

fn located(text: &str) -> Option<(&str, u64, u64)> {
    let mut parts = text.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?, line, column))
}

fn licenses(names: &[String]) -> Value {
    let one = |name: &String| json!({ "name": name, "uri": null, "comment": null });
    names.iter().map(one).collect()
}

/// A revision by its commit and time.
pub(super) fn revision(revision: &RevisionRef) -> Value {
    json!({ "commit": revision.name, "datetime": date(revision.time) })
}

/// A time in UTC as the service writes it.
pub(super) fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time in UTC as the service, or a form, writes it; a day is its beginning.
pub(super) fn time(text: Option<String>) -> Result<Option<Timestamp>, GuixError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let civil = || {
        let time = text.parse::<DateTime>().ok();
        let time = time.or_else(|| text.parse::<Date>().ok().map(DateTime::from))?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let time = text.parse::<Timestamp>().ok().or_else(civil);
    time.map(Some)
        .ok_or_else(|| GuixError::Bad("a date is written 2026-02-20 12:00:00".to_owned()))
}

/// Refuses a language that is not kept.
pub(super) fn only_locale(locale: Option<&str>) -> Result<(), GuixError> {
    match locale {
        None | Some(LOCALE) => Ok(()),
        Some(_) => Err(GuixError::Bad(format!("locale must be {LOCALE}"))),
    }
}

type Names = BTreeMap<String, BTreeSet<String>>;

/// Packages with their versions.
pub(super) fn listed(names: &Names) -> Vec<Value> {
    let pairs = names.iter();
    let pairs = pairs.flat_map(|(name, versions)| versions.iter().map(move |it| (name, it)));
    pairs
        .map(|(name, version)| json!({ "name": name, "version": version }))
        .collect()
}

/// Names that are in one and not in the other.
fn without(names: &Names, other: &Names) -> Names {
    let own = names.iter().filter(|(name, _)| !other.contains_key(*name));
    own.map(|(name, versions)| (name.clone(), versions.clone()))
        .collect()
}

/// What two revisions differ in.
pub(super) fn comparison(base: &str, target: &str, found: &GuixComparison) -> Value {
    let changes = found.base.iter().filter_map(|(name, before)| {
        let after = found.target.get(name).filter(|after| *after != before)?;
        Some(json!({ "name": name, "base": before, "target": after }))
    });
    json!({
        "base-commit": base, "target-commit": target, "channel-news": [],
        "new-packages": listed(&without(&found.target, &found.base)),
        "removed-packages": listed(&without(&found.base, &found.target)),
        "version-changes": changes.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for text in [
            "2026-02-20 12:00:00",
            "2026-02-20T12:00:00Z",
            "2026-02-20T12:00:00",
        ] {
            let read = time(Some(text.to_owned())).unwrap().unwrap();
            assert_eq!(date(read), "2026-02-20 12:00:00");
        }
        let day = time(Some("2026-02-20".to_owned())).unwrap().unwrap();
        assert_eq!(date(day), "2026-02-20 00:00:00");
        assert!(time(Some("yesterday".to_owned())).is_err());
    }

    #[test]
    fn a_location_is_told_in_parts() {
        let parts = json!({ "file": "gnu/packages/tls.scm", "line": 42, "column": 2 });
        assert_eq!(location("gnu/packages/tls.scm:42:2"), Some(parts));
        assert_eq!(location("gnu/packages/tls.scm"), None);
    }
}
