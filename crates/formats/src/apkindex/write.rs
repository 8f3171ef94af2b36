//! The text of an index, written as apk writes it.

use std::fmt::Write;

use palisade_model::Package;
use serde_json::Value;

use super::text::INDEX_FIELDS;

/// The text of an index of these packages, which [`read`](super::read) reads back.
///
/// Fields stand in apk's order. Line ends within a value become blanks.
pub fn write_text(packages: &[Package]) -> String {
    let mut out = String::new();
    for package in packages {
        for letter in INDEX_FIELDS {
            let value = value(package, *letter);
            let mut words = value
                .split('\n')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            let Some(first) = words.next() else { continue };
            // Writing to a string cannot fail.
            let _ = write!(out, "{}:{first}", char::from(*letter));
            for word in words {
                out.push(' ');
                out.push_str(word);
            }
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

fn value(package: &Package, letter: u8) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    match letter {
        b'C' => text(&package.checksum),
        b'P' => package.name.clone(),
        b'V' => package.version.clone(),
        b'A' => text(&package.architecture),
        b'S' => property(package, "size"),
        b'I' => property(package, "installed_size"),
        b'T' => text(&package.synopsis),
        b'U' => text(&package.homepage),
        b'L' => package.licenses.join(" AND "),
        b'o' => package.source_name.clone(),
        b'm' => text(&package.maintainer),
        b't' => package
            .built
            .map(|seconds| seconds.to_string())
            .unwrap_or_default(),
        b'c' => text(&package.commit),
        b'k' => property(package, "provider_priority"),
        b'g' => property(package, "tags"),
        b'D' => package.depends.join(" "),
        b'p' => package.provides.join(" "),
        b'i' => property(package, "install_if"),
        _ => String::new(),
    }
}

/// A property's value without the quotes and brackets of JSON.
fn property(package: &Package, name: &str) -> String {
    let Some(json) = package.properties.get(name) else {
        return String::new();
    };
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => text,
        Ok(Value::Array(items)) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            words.join(" ")
        }
        Ok(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}
