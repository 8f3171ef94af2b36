//! A line of the format as JSON has it: fields that are not listed here are passed over.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A package.
#[derive(Deserialize)]
pub(super) struct Record<'a> {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) outputs: Option<Vec<String>>,
    pub(super) location: Option<Location>,
    pub(super) home_page: Option<String>,
    pub(super) synopsis: Option<String>,
    pub(super) license: Option<OneOrMany<String>>,
    pub(super) build_system: Option<String>,
    pub(super) source: Option<OneOrMany<Source>>,
    #[serde(borrow)]
    pub(super) properties: Option<&'a RawValue>,
    pub(super) inputs: Option<Vec<RecordInput>>,
    pub(super) native_inputs: Option<Vec<RecordInput>>,
    pub(super) propagated_inputs: Option<Vec<RecordInput>>,
    pub(super) implicit_inputs: Option<Vec<ImplicitInput>>,
    pub(super) supported_systems: Option<Vec<String>>,
    pub(super) hidden: Option<bool>,
    pub(super) superseded: Option<Superseded>,
    #[serde(borrow)]
    pub(super) replacement: Option<Box<Record<'a>>>,
}

/// An origin.
#[derive(Deserialize)]
pub(super) struct Source {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) urls: Option<OneOrMany<String>>,
    pub(super) git_url: Option<String>,
    pub(super) git_ref: Option<String>,
    pub(super) svn_url: Option<String>,
    pub(super) svn_revision: Option<Scalar>,
    pub(super) hg_url: Option<String>,
    pub(super) hg_changeset: Option<String>,
    pub(super) cvs_root: Option<String>,
    pub(super) cvs_revision: Option<String>,
    pub(super) bzr_url: Option<String>,
    pub(super) bzr_revision: Option<Scalar>,
    pub(super) file_name: Option<String>,
    pub(super) hash: Option<RecordHash>,
    pub(super) patches: Option<Vec<RecordPatch>>,
    pub(super) snippet: Option<bool>,
}

/// A content hash; its other spellings (`nix-base32`) say the same.
#[derive(Deserialize)]
pub(super) struct RecordHash {
    pub(super) algorithm: Option<String>,
    pub(super) base16: Option<String>,
}

/// An input: a package, an origin, or something else, of which only the label is told.
#[derive(Deserialize)]
pub(super) struct RecordInput {
    pub(super) label: Option<String>,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) output: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) source: Option<Box<InputSource>>,
    pub(super) other: Option<serde::de::IgnoredAny>,
}

/// An input of the build system: a set of inputs by its number, or an input.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ImplicitInput {
    Set(u64),
    One(Box<RecordInput>),
}

/// As much of an input's origin as tells one state of it from another.
#[derive(Deserialize)]
pub(super) struct InputSource {
    pub(super) git_ref: Option<String>,
    pub(super) hg_changeset: Option<String>,
    pub(super) svn_revision: Option<Scalar>,
}

/// Where a package is defined.
pub(super) struct Location(pub(super) String);

/// The package that supersedes another, as `NAME@VERSION`.
pub(super) struct Superseded(pub(super) String);

/// A text or a number, as text.
pub(super) struct Scalar(pub(super) String);

/// A value, or a list of such.
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

/// A patch: its file's name, or an object that tells more.
#[derive(Default, Deserialize)]
#[serde(from = "PatchForm")]
pub(super) struct RecordPatch {
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
    pub(super) hash: Option<RecordHash>,
    pub(super) cves: Vec<String>,
}

/// The name in a line that is no package, for a message.
pub(super) fn name(line: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    serde_json::from_slice(line)
        .ok()
        .map(|named: Named| named.name)
}

#[derive(Deserialize)]
struct LocationParts {
    file: String,
    line: Option<u64>,
    column: Option<u64>,
}

#[derive(Deserialize)]
struct SupersededParts {
    #[serde(alias = "package")]
    name: String,
    version: Option<String>,
}

#[derive(Deserialize)]
struct PatchParts {
    name: Option<String>,
    #[serde(rename = "origin-file-name")]
    origin_file_name: Option<String>,
    #[serde(rename = "file-name", alias = "file_name")]
    file_name: Option<String>,
    uri: Option<PatchUri>,
    hash: Option<RecordHash>,
    cves: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct PatchUriParts {
    #[serde(alias = "url")]
    urls: Option<OneOrMany<String>>,
}

/// What an object or a text says, whichever there is.
enum Form<T> {
    Text(String),
    Parts(T),
}

type PatchForm = Form<PatchParts>;
struct PatchUri(Option<String>);

impl From<PatchForm> for RecordPatch {
    fn from(form: PatchForm) -> Self {
        match form {
            Form::Text(name) => Self {
                name: Some(name),
                ..Self::default()
            },
            Form::Parts(parts) => Self {
                name: parts.name.or(parts.origin_file_name).or(parts.file_name),
                url: parts.uri.and_then(|uri| uri.0),
                hash: parts.hash,
                cves: parts.cves.unwrap_or_default(),
            },
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Form<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FormVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for FormVisitor<T> {
            type Value = Form<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or an object")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Form::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Form::Parts)
            }
        }
        deserializer.deserialize_any(FormVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for PatchUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            match Form::<PatchUriParts>::deserialize(deserializer)? {
                Form::Text(url) => Some(url),
                Form::Parts(parts) => parts.urls.and_then(|urls| urls.0.into_iter().next()),
            },
        ))
    }
}

impl<'de> Deserialize<'de> for Location {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            match Form::<LocationParts>::deserialize(deserializer)? {
                Form::Text(text) => text,
                Form::Parts(LocationParts {
                    file,
                    line: Some(line),
                    column,
                }) => {
                    format!("{file}:{line}:{}", column.unwrap_or(0))
                }
                Form::Parts(LocationParts {
                    file, line: None, ..
                }) => file,
            },
        ))
    }
}

impl<'de> Deserialize<'de> for Superseded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            match Form::<SupersededParts>::deserialize(deserializer)? {
                Form::Text(text) => text,
                Form::Parts(SupersededParts {
                    name,
                    version: Some(version),
                }) => {
                    format!("{name}@{version}")
                }
                Form::Parts(SupersededParts {
                    name,
                    version: None,
                }) => name,
            },
        ))
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a whole number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ManyVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ManyVisitor<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(OneOrMany(vec![T::deserialize(text.into_deserializer())?]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(OneOrMany(vec![T::deserialize(
                    MapAccessDeserializer::new(map),
                )?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                crate::json_records::list(SeqAccessDeserializer::new(list)).map(OneOrMany)
            }
        }
        deserializer.deserialize_any(ManyVisitor(PhantomData))
    }
}
