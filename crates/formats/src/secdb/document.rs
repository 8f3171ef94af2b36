//! The file as a structure, and its JSON.

use std::borrow::Cow;
use std::fmt;
use std::io;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::item::shown;
use super::record::{Report, is_package_name};
use crate::container::Elements;
use crate::{BadRecord, ReadError, limits};

/// A file of the security database, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Secdb {
    /// The template of a package's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apkurl: Option<String>,
    /// The architectures of the repository.
    pub archs: Vec<String>,
    /// The repository's name: `main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reponame: Option<String>,
    /// The mirror's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urlprefix: Option<String>,
    /// The branch: `v3.17`, `edge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distroversion: Option<String>,
    /// The packages.
    pub packages: Vec<PackageFixes>,
}

/// A source package and its fixes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackageFixes {
    /// The source package's name.
    pub name: String,
    /// Its versions that fixed something.
    pub fixes: Vec<Fix>,
}

/// A version of a package and what it fixed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fix {
    /// The version as written; `0` stands for "never affected".
    pub version: String,
    /// The entries as written; one may hold several identifiers.
    pub ids: Vec<String>,
}

/// Writes a file as the security database publishes it: the same keys in the same order.
///
/// # Errors
/// When `out` fails.
pub fn write(secdb: &Secdb, out: impl io::Write) -> io::Result<()> {
    serde_json::to_writer(out, secdb).map_err(io::Error::from)
}

impl Secdb {
    /// A file without packages.
    pub(super) fn headed(outline: &Outline<'_>) -> Self {
        let text = |field: &Option<Cow<'_, str>>| field.as_deref().map(str::to_owned);
        Self {
            apkurl: text(&outline.apkurl),
            archs: outline
                .archs
                .iter()
                .flatten()
                .cloned()
                .map(String::from)
                .collect(),
            reponame: text(&outline.reponame),
            urlprefix: text(&outline.urlprefix),
            distroversion: text(&outline.distroversion),
            packages: Vec::new(),
        }
    }
}

impl Serialize for PackageFixes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Pkg<'a>(&'a PackageFixes);
        struct Secfixes<'a>(&'a [Fix]);
        impl Serialize for Pkg<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("name", &self.0.name)?;
                map.serialize_entry("secfixes", &Secfixes(&self.0.fixes))?;
                map.end()
            }
        }
        impl Serialize for Secfixes<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|fix| (&fix.version, &fix.ids)))
            }
        }
        serializer.collect_map([("pkg", Pkg(self))])
    }
}

/// The file's head, its packages not yet parsed.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Outline<'a> {
    #[serde(borrow)]
    apkurl: Option<Cow<'a, str>>,
    #[serde(borrow)]
    archs: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    pub(super) reponame: Option<Cow<'a, str>>,
    #[serde(borrow)]
    urlprefix: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) distroversion: Option<Cow<'a, str>>,
    #[serde(borrow)]
    packages: Option<Elements<'a>>,
}

impl<'a> Outline<'a> {
    /// # Errors
    /// When the text is no JSON object with at least one of a secdb's keys.
    pub(super) fn parse(document: &str, bytes: &'a [u8]) -> Result<Self, ReadError> {
        let malformed = |reason: String| ReadError::Malformed {
            document: document.to_owned(),
            reason,
        };
        let outline: Self =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        let named = outline.reponame.is_some() || outline.distroversion.is_some();
        if named || outline.apkurl.is_some() || outline.packages.is_some() {
            Ok(outline)
        } else {
            Err(malformed(
                "it has none of the keys of a security database".to_owned(),
            ))
        }
    }

    /// Whether there is a list of packages, be it empty.
    pub(super) fn has_list(&self) -> bool {
        self.packages.is_some()
    }

    pub(super) fn elements(&self) -> &[&'a RawValue] {
        self.packages.as_ref().map_or(&[], |elements| &elements.0)
    }
}

/// A package of the file, its fixes not yet parsed.
pub(super) struct Listed<'a> {
    pub(super) index: u64,
    pub(super) name: String,
    pub(super) secfixes: Vec<&'a RawValue>,
}

impl<'a> Listed<'a> {
    pub(super) fn parse(index: u64, raw: &'a RawValue) -> Result<Self, BadRecord> {
        #[derive(serde::Deserialize)]
        struct Element<'a> {
            #[serde(borrow)]
            pkg: Pkg<'a>,
        }
        #[derive(serde::Deserialize)]
        struct Pkg<'a> {
            name: String,
            #[serde(borrow)]
            secfixes: Option<&'a RawValue>,
        }
        if raw.get().len() > limits::RECORD_BYTES {
            return Err(BadRecord::new("it is larger than a record may be"));
        }
        let element: Element<'a> = serde_json::from_str(raw.get())?;
        let Pkg { name, secfixes } = element.pkg;
        if !is_package_name(&name) {
            return Err(BadRecord::new("its name is not that of a package").of(shown(&name)));
        }
        Ok(Self {
            index,
            name,
            secfixes: secfixes.into_iter().collect(),
        })
    }
}

/// The fixes of a package; what cannot be read goes to `reject` with `PACKAGE` or
/// `PACKAGE/VERSION` as its identifier, a reason, and whether it was used all the same.
pub(super) fn fixes(package: &str, raw: &RawValue, reject: &mut Report<'_>) -> Vec<Fix> {
    let versions: Versions<'_> = match serde_json::from_str(raw.get()) {
        Ok(versions) => versions,
        Err(error) => {
            reject(
                package.to_owned(),
                format!("its secfixes cannot be read: {error}"),
                false,
            );
            return Vec::new();
        }
    };
    let mut fixes = Vec::with_capacity(versions.0.len());
    for (version, raw) in versions.0 {
        let mut report = |reason, mended| {
            reject(format!("{package}/{}", shown(&version)), reason, mended);
        };
        let ids = items(raw, &mut report);
        fixes.push(Fix { version, ids });
    }
    fixes
}

fn items(raw: &RawValue, report: &mut dyn FnMut(String, bool)) -> Vec<String> {
    if let Ok(single) = serde_json::from_str::<String>(raw.get()) {
        report(
            "its entry is no list, and is read as a list of one".to_owned(),
            true,
        );
        return vec![single];
    }
    let elements = match serde_json::from_str::<Option<Elements<'_>>>(raw.get()) {
        Ok(elements) => elements.unwrap_or_default().0,
        Err(error) => {
            report(format!("its entries cannot be read: {error}"), false);
            return Vec::new();
        }
    };
    if elements.is_empty() {
        report("it lists nothing".to_owned(), true);
    }
    let mut items = Vec::with_capacity(elements.len());
    for (number, element) in (1..).zip(elements) {
        match serde_json::from_str(element.get()) {
            Ok(item) => items.push(item),
            Err(error) => report(format!("entry {number} is no text: {error}"), false),
        }
    }
    items
}

/// `secfixes`: versions in the file's order, their entries not yet parsed.
struct Versions<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Versions<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VersionsVisitor).map(Self)
    }
}

struct VersionsVisitor;

impl<'de> Visitor<'de> for VersionsVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of versions")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut versions = Vec::new();
        while let Some(entry) = map.next_entry()? {
            versions.push(entry);
        }
        Ok(versions)
    }

    /// An empty table of Lua may come out as a list.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        match list.next_element::<&RawValue>()? {
            None => Ok(Vec::new()),
            Some(_) => Err(A::Error::custom(
                "a list where an object of versions should be",
            )),
        }
    }
}
