//! The text of an index: records of lines `X:value`, with blank lines between them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use palisade_model::Package;
use serde_json::Value;

use crate::{Place, ReadError, Reject, apk_maintainer, limits};

/// Complaints about one record that are handed on; hostile input could have one a line.
const COMPLAINTS: usize = 16;

/// The fields that this reader knows, those of an index first, in the order in which apk writes
/// them; then those that only the database of installed packages has.
const FIELDS: &[u8] = b"CPVASITULomtckgDpirqsf";

/// The fields of an index.
pub(super) const INDEX_FIELDS: &[u8] = FIELDS.split_at(18).0;

/// The fields of installed packages alone.
const INSTALLED_FIELDS: &[u8] = FIELDS.split_at(18).1;

/// The fields of installed files: folder and its owner, file, its owner and digest.
const FILE_FIELDS: &[u8] = b"FMRaZ";

/// Of what a text is a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    /// What a repository offers.
    Index,
    /// What is installed on a system, with the files.
    Installed,
}

/// Reads the records of a text.
pub(crate) fn read(
    document: &str,
    text: &[u8],
    listing: Listing,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Vec<Package>, ReadError> {
    let mut reader = Reader {
        document,
        listing,
        packages: Vec::new(),
        rejects,
        carriage_return: false,
    };
    let mut draft = Draft::default();
    let (mut start, mut number) = (0, 0);
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
        number += 1;
        reader.line(&mut draft, number, &text[start..end])?;
        if end == text.len() && !text[start..].trim_ascii().is_empty() {
            return Err(ReadError::cut_off(document, number));
        }
        start = end + 1;
    }
    reader.finish(&mut draft)?;
    Ok(reader.packages)
}

struct Reader<'d, 'r> {
    document: &'d str,
    listing: Listing,
    packages: Vec<Package>,
    rejects: &'r mut dyn FnMut(Reject),
    carriage_return: bool,
}

/// A record as far as it has been read.
#[derive(Default)]
struct Draft<'a> {
    /// The line in which it begins; 0 before that.
    line: u64,
    /// The values of [`FIELDS`].
    values: [Option<Cow<'a, str>>; FIELDS.len()],
    /// The field in the line before; one that is not known has no place.
    last: Option<(u8, Option<usize>)>,
    complaints: Vec<(u64, String)>,
}

/// Where in [`FIELDS`] a letter stands.
fn slot(letter: u8) -> Option<usize> {
    const PLACES: [usize; 128] = {
        let mut places = [usize::MAX; 128];
        let mut place = 0;
        while place < FIELDS.len() {
            places[FIELDS[place] as usize] = place;
            place += 1;
        }
        places
    };
    let place = *PLACES.get(usize::from(letter))?;
    (place < FIELDS.len()).then_some(place)
}

impl<'a> Reader<'_, '_> {
    fn line(
        &mut self,
        draft: &mut Draft<'a>,
        number: u64,
        bytes: &'a [u8],
    ) -> Result<(), ReadError> {
        let line = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if line.trim_ascii().is_empty() {
            return self.finish(draft);
        }
        let text = String::from_utf8_lossy(line);
        let field = match line {
            [letter, b':', ..] if letter.is_ascii_graphic() => Some(*letter),
            _ => None,
        };
        // Every record has one name and one checksum: a second one means a lost blank line.
        let begins = field.is_some_and(|letter| matches!(letter, b'P' | b'C') && draft.has(letter));
        if begins {
            self.finish(draft)?;
        }
        if draft.line == 0 {
            draft.line = number;
        }
        if begins {
            draft.complain(number, || "no blank line before the record".into());
        }
        if line.len() < bytes.len() && !self.carriage_return {
            self.carriage_return = true;
            draft.complain(number, || "lines end in CR LF".into());
        }
        if matches!(text, Cow::Owned(_)) {
            draft.complain(number, || "the line is not UTF-8".into());
        }
        match field {
            Some(letter) if self.is_passed_over(letter) => draft.last = Some((letter, None)),
            Some(letter) => draft.set(number, letter, text),
            None => draft.go_on(number, line[0], &text),
        }
        Ok(())
    }

    /// Whether a field is none of an index, or is of files, whose names matter to nobody here.
    fn is_passed_over(&self, letter: u8) -> bool {
        match self.listing {
            Listing::Index => INSTALLED_FIELDS.contains(&letter),
            Listing::Installed => FILE_FIELDS.contains(&letter),
        }
    }

    fn finish(&mut self, draft: &mut Draft<'a>) -> Result<(), ReadError> {
        if draft.line == 0 {
            return Ok(());
        }
        let line = std::mem::take(&mut draft.line);
        draft.last = None;
        let (name, version) = (draft.take(b'P'), draft.take(b'V'));
        let reason = match (&name, &version) {
            (None, _) => Some("it has no name (P:)"),
            (_, None) => Some("it has no version (V:)"),
            (Some(name), Some(version)) if !is_word(name) || !is_word(version) => {
                Some("its name or version has blanks or control characters")
            }
            _ => None,
        };
        if let Some(reason) = reason {
            *draft = Draft::default();
            self.reject(line, name, reason.to_owned(), false);
            return Ok(());
        }
        if self.packages.len() == limits::PACKAGES {
            return Err(ReadError::too_many_packages(self.document));
        }
        let package = draft.package(line, name.unwrap_or_default(), version.unwrap_or_default());
        for (line, reason) in draft.complaints.drain(..) {
            self.reject(line, Some(package.name.clone()), reason, true);
        }
        self.packages.push(package);
        Ok(())
    }

    fn reject(&mut self, line: u64, id: Option<String>, reason: String, mended: bool) {
        let document = self.document.to_owned();
        (self.rejects)(Reject {
            document,
            place: Place::Line(line),
            id,
            reason,
            mended,
        });
    }
}

impl<'a> Draft<'a> {
    fn has(&self, letter: u8) -> bool {
        slot(letter).is_some_and(|slot| self.values[slot].is_some())
    }

    fn complain(&mut self, line: u64, reason: impl FnOnce() -> String) {
        if self.complaints.len() < COMPLAINTS {
            self.complaints.push((line, reason()));
        }
    }

    fn set(&mut self, line: u64, letter: u8, text: Cow<'a, str>) {
        let value = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text[2..].trim()),
            Cow::Owned(text) => Cow::Owned(text[2..].trim().to_owned()),
        };
        let slot = slot(letter);
        self.last = Some((letter, slot));
        let name = char::from(letter);
        match slot {
            Some(slot) => {
                if self.values[slot].replace(value).is_some() {
                    self.complain(line, || {
                        format!("field {name}: is repeated; the last one counts")
                    });
                }
            }
            // apk ignores small letters that it does not know, and refuses to install a package
            // with any other.
            None if letter.is_ascii_lowercase() => {}
            None => self.complain(line, || format!("unknown field {name}: was passed over")),
        }
    }

    /// Takes a line that is no field: the continuation of the last one, if it is indented.
    fn go_on(&mut self, line: u64, first: u8, text: &str) {
        let Some((letter, slot)) = self.last.filter(|_| matches!(first, b' ' | b'\t')) else {
            return self.complain(line, || "the line is no field and was passed over".into());
        };
        if let Some(value) = slot.and_then(|slot| self.values[slot].as_mut()) {
            let (value, more) = (value.to_mut(), text.trim());
            if !value.is_empty() && !more.is_empty() {
                value.push(' ');
            }
            value.push_str(more);
        }
        let letter = char::from(letter);
        self.complain(line, || {
            format!("an indented line was added to field {letter}:")
        });
    }

    fn take(&mut self, letter: u8) -> Option<String> {
        let value = self.values[slot(letter)?].take()?;
        (!value.is_empty()).then(|| value.into_owned())
    }

    fn words(&mut self, letter: u8) -> Vec<String> {
        let value = self.take(letter).unwrap_or_default();
        value.split_ascii_whitespace().map(str::to_owned).collect()
    }

    fn package(&mut self, line: u64, name: String, version: String) -> Package {
        let built = self.take(b't').map(|text| text.parse());
        if let Some(Err(_)) = built {
            self.complain(line, || "field t: is no number".into());
        }
        Package {
            source_name: self.take(b'o').unwrap_or_else(|| name.clone()),
            source_version: version.clone(),
            name,
            version,
            architecture: self.take(b'A'),
            maintainer: self.maintainer(line),
            homepage: self.take(b'U'),
            synopsis: self.take(b'T'),
            licenses: self.take(b'L').into_iter().collect(),
            depends: self.words(b'D'),
            provides: self.words(b'p'),
            checksum: self.take(b'C'),
            commit: self.take(b'c'),
            built: built.and_then(Result::ok),
            properties: self.properties(line),
            ..Package::default()
        }
    }

    fn maintainer(&mut self, line: u64) -> Option<String> {
        let written = self.take(b'm')?;
        let named = apk_maintainer::maintainer(Some(written));
        if named.is_none() {
            self.complain(line, || "field m: names nobody, but a variable".into());
        }
        named
    }

    fn properties(&mut self, line: u64) -> BTreeMap<String, String> {
        let mut properties = BTreeMap::new();
        for (letter, name) in [
            (b'S', "size"),
            (b'I', "installed_size"),
            (b'k', "provider_priority"),
            (b'q', "replaces_priority"),
        ] {
            let Some(text) = self.take(letter) else {
                continue;
            };
            let value = if let Ok(number) = text.parse::<u64>() {
                number.to_string()
            } else {
                let letter = char::from(letter);
                self.complain(line, || format!("field {letter}: is no number"));
                Value::from(text).to_string()
            };
            properties.insert(name.to_owned(), value);
        }
        for (letter, name) in [(b's', "repository_tag"), (b'f', "flags")] {
            if let Some(text) = self.take(letter) {
                properties.insert(name.to_owned(), Value::from(text).to_string());
            }
        }
        for (letter, name) in [(b'g', "tags"), (b'i', "install_if"), (b'r', "replaces")] {
            let words = self.words(letter);
            if !words.is_empty() {
                properties.insert(name.to_owned(), Value::from(words).to_string());
            }
        }
        properties
    }
}

fn is_word(text: &str) -> bool {
    !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
