//! Package URLs, `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH` (ECMA-427).
//!
//! Tools write less strictly than the standard says, so reading is lenient where nothing can be
//! mistaken: slashes behind `pkg:`, an `@` that was not escaped in front of an npm scope, a `+` or
//! a blank that was not escaped, a percent sign that escapes nothing. Writing is strict. What the single types say of upper and lower
//! case is left to those who compare names.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

mod owner;
pub(crate) use owner::Owner;

/// No package needs more.
const MOST_BYTES: usize = 8 << 10;

/// What is escaped: all but letters, digits and `-._~:`, as the standard has it.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

/// A package URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Purl {
    /// The type, in lower case: `deb`, `pypi`, `npm` …
    pub kind: String,
    /// What stands before the name, its parts joined by `/`; empty where there is nothing.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The version.
    pub version: Option<String>,
    /// Qualifiers, their keys in lower case, in the order of the keys.
    pub qualifiers: Vec<(String, String)>,
    /// The path within the package.
    pub subpath: Option<String>,
}

/// Why a text is no package URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPurl {
    /// It does not begin with `pkg:`.
    #[error("a package URL begins with pkg:")]
    Scheme,
    /// Its type is missing or no word.
    #[error("a package URL has a type of letters, digits and .+-")]
    Type,
    /// It has no name.
    #[error("a package URL has a name")]
    Name,
    /// An escaped part of it is not UTF-8, or holds control characters.
    #[error("a package URL is text")]
    Text,
    /// It is longer than any that means something.
    #[error("a package URL has at most 8192 bytes")]
    TooLong,
}

impl Purl {
    /// The value of a qualifier that is there and not empty.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        let found = self.qualifiers.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str())
    }

    /// Namespace and name, with something between where there are both.
    pub fn full_name(&self, between: char) -> String {
        if self.namespace.is_empty() {
            self.name.clone()
        } else {
            format!("{}{between}{}", self.namespace, self.name)
        }
    }
}

impl FromStr for Purl {
    type Err = InvalidPurl;

    fn from_str(text: &str) -> Result<Self, InvalidPurl> {
        if text.len() > MOST_BYTES {
            return Err(InvalidPurl::TooLong);
        }
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or(InvalidPurl::Scheme)?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return Err(InvalidPurl::Scheme);
        }
        let (rest, subpath) = match rest.split_once('#') {
            Some((rest, subpath)) => (rest, Some(path(subpath)?)),
            None => (rest, None),
        };
        let (rest, qualifiers) = match rest.split_once('?') {
            Some((rest, list)) => (rest, qualifiers(list)?),
            None => (rest, Vec::new()),
        };
        let rest = rest.trim_matches('/');
        let (kind, rest) = rest.split_once('/').ok_or(InvalidPurl::Name)?;
        if !is_type(kind) {
            return Err(InvalidPurl::Type);
        }
        let (rest, version) = version(rest)?;
        let rest = rest.trim_matches('/');
        let (namespace, name) = rest.rsplit_once('/').unwrap_or(("", rest));
        let name = decoded(name)?;
        if name.is_empty() {
            return Err(InvalidPurl::Name);
        }
        let purl = Self {
            kind: kind.to_ascii_lowercase(),
            namespace: path(namespace)?,
            name,
            version,
            qualifiers,
            subpath: subpath.filter(|path| !path.is_empty()),
        };
        // Each byte may take three when it is written, and what is written is to be read again.
        if text.len() > MOST_BYTES / 3 && purl.to_string().len() > MOST_BYTES {
            return Err(InvalidPurl::TooLong);
        }
        Ok(purl)
    }
}

fn is_type(kind: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-');
    kind.starts_with(|c: char| c.is_ascii_alphabetic()) && kind.bytes().all(allowed)
}

/// The version behind the last `@`, unless that begins an npm scope.
fn version(rest: &str) -> Result<(&str, Option<String>), InvalidPurl> {
    match rest.rsplit_once('@') {
        Some((before, version)) if !before.is_empty() && !before.ends_with('/') => {
            let version = Some(decoded(version)?).filter(|version| !version.is_empty());
            Ok((before, version))
        }
        _ => Ok((rest, None)),
    }
}

fn qualifiers(list: &str) -> Result<Vec<(String, String)>, InvalidPurl> {
    let mut found: Vec<(String, String)> = Vec::new();
    for pair in list.split('&') {
        let Some((key, value)) = pair.split_once('=') else {
            continue;
        };
        let value = decoded(value)?;
        if !key.is_empty() && !value.is_empty() {
            found.push((decoded(key)?.to_ascii_lowercase(), value));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.dedup_by(|(later, _), (first, _)| later == first);
    Ok(found)
}

/// The parts of a path that name something, joined again.
fn path(text: &str) -> Result<String, InvalidPurl> {
    let parts = text.split('/').map(decoded);
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let names = |part: &&String| !matches!(part.as_str(), "" | "." | "..");
    let parts: Vec<&str> = parts.iter().filter(names).map(String::as_str).collect();
    Ok(parts.join("/"))
}

/// Text without its percent signs; one that quotes nothing stays as it is.
pub(crate) fn decoded(text: &str) -> Result<String, InvalidPurl> {
    let text = percent_decode_str(text).decode_utf8();
    let text = text.map_err(|_| InvalidPurl::Text)?;
    if text.chars().any(char::is_control) {
        return Err(InvalidPurl::Text);
    }
    Ok(text.into_owned())
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |text| utf8_percent_encode(text, ESCAPED);
        write!(f, "pkg:{}/", self.kind)?;
        for part in self.namespace.split('/').filter(|part| !part.is_empty()) {
            write!(f, "{}/", escaped(part))?;
        }
        f.write_str(&escaped(&self.name).to_string())?;
        if let Some(version) = &self.version {
            write!(f, "@{}", escaped(version))?;
        }
        for (place, (key, value)) in self.qualifiers.iter().enumerate() {
            let mark = if place == 0 { '?' } else { '&' };
            write!(f, "{mark}{}={}", escaped(key), escaped(value))?;
        }
        let parts = self.subpath.iter().flat_map(|path| path.split('/'));
        for (place, part) in parts.enumerate() {
            let mark = if place == 0 { '#' } else { '/' };
            write!(f, "{mark}{}", escaped(part))?;
        }
        Ok(())
    }
}
