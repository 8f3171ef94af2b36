//! What is said of a package, in an index, in the package itself, and where it is installed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use palisade_model::Package;
use serde_json::Value as Json;

use super::dependency;
use super::values::{Fault, Slots, Value, Values};
use crate::{apk_maintainer, hexadecimal};

mod identity;

/// The fields of a package, in the order of the schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Info {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its identity: the SHA-256 of its values, or the beginning of one; a SHA-1 where it is of
    /// version 2.
    pub hashes: Option<Vec<u8>>,
    /// What it is, in a line.
    pub description: Option<String>,
    /// The architecture.
    pub architecture: Option<String>,
    /// The licence.
    pub license: Option<String>,
    /// The source package.
    pub origin: Option<String>,
    /// The maintainer.
    pub maintainer: Option<String>,
    /// The project's home page.
    pub url: Option<String>,
    /// The commit of the packaging from which it was built.
    pub commit: Option<Vec<u8>>,
    /// When it was built, in seconds since 1970.
    pub build_time: Option<u64>,
    /// What its files take, in bytes.
    pub installed_size: Option<u64>,
    /// What the package takes, in bytes.
    pub file_size: Option<u64>,
    /// Which of those that provide a name is preferred.
    pub provider_priority: Option<u64>,
    /// What it needs, each as apk writes it: `so:libc.musl-x86_64.so.1`, `musl>=1.2`, `!old`.
    pub depends: Vec<String>,
    /// What else it provides.
    pub provides: Vec<String>,
    /// Whose files it replaces.
    pub replaces: Vec<String>,
    /// With what it is installed by itself.
    pub install_if: Vec<String>,
    /// What it recommends.
    pub recommends: Vec<String>,
    /// The layer of the system to which it belongs.
    pub layer: Option<u64>,
    /// Words for which apk has no use of its own.
    pub tags: Vec<String>,
}

impl Info {
    /// Reads the fields; the second value tells what had to be mended.
    pub(super) fn read(values: &Values<'_>, value: Value) -> Result<(Self, Mended), Fault> {
        let mut fields = Fields {
            values,
            slots: values.slots(value)?,
            mended: None,
        };
        if fields.slots.get(2).is_refused() {
            return Err(Fault::Broken("apk did not accept its version"));
        }
        let info = Self {
            name: fields.text(1)?.unwrap_or_default(),
            version: fields.text(2)?.unwrap_or_default(),
            hashes: fields.bytes(3)?,
            description: fields.text(4)?,
            architecture: fields.text(5)?,
            license: fields.text(6)?,
            origin: fields.text(7)?,
            maintainer: fields.text(8)?,
            url: fields.text(9)?,
            commit: fields.bytes(10)?,
            build_time: fields.number(11)?,
            installed_size: fields.number(12)?,
            file_size: fields.number(13)?,
            provider_priority: fields.number(14)?,
            depends: fields.dependencies(15)?,
            provides: fields.dependencies(16)?,
            replaces: fields.dependencies(17)?,
            install_if: fields.dependencies(18)?,
            recommends: fields.dependencies(19)?,
            layer: fields.number(20)?,
            tags: fields.texts(21)?,
        };
        info.check()?;
        Ok((info, fields.mended))
    }

    fn check(&self) -> Result<(), Fault> {
        let is_word = |text: &str| !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if self.name.is_empty() {
            return Err(Fault::Broken("it has no name"));
        }
        if self.version.is_empty() {
            return Err(Fault::Broken("it has no version"));
        }
        if !is_word(&self.name) || !is_word(&self.version) {
            return Err(Fault::Broken(
                "its name or version has blanks or control characters",
            ));
        }
        Ok(())
    }

    /// The package as every inventory of Alpine has it.
    ///
    /// Its identity is written as in an index of version 2: `Q1` and a hash of 20 bytes, `Q2` and
    /// one of 32, in base64.
    #[must_use]
    pub fn into_package(self) -> Package {
        let properties = self.properties();
        Package {
            source_name: said(self.origin).unwrap_or_else(|| self.name.clone()),
            source_version: self.version.clone(),
            name: self.name,
            version: self.version,
            architecture: said(self.architecture),
            maintainer: apk_maintainer::maintainer(said(self.maintainer)),
            homepage: said(self.url),
            synopsis: said(self.description),
            licenses: said(self.license).into_iter().collect(),
            depends: self.depends,
            provides: self.provides,
            checksum: self.hashes.as_deref().map(identity::write),
            commit: self.commit.as_deref().map(hexadecimal::encode),
            built: self.build_time.and_then(|time| time.try_into().ok()),
            properties,
            ..Package::default()
        }
    }

    fn properties(&self) -> BTreeMap<String, String> {
        let numbers = [
            ("size", self.file_size),
            ("installed_size", self.installed_size),
            ("provider_priority", self.provider_priority),
            ("layer", self.layer),
        ];
        let lists = [
            ("tags", &self.tags),
            ("install_if", &self.install_if),
            ("replaces", &self.replaces),
            ("recommends", &self.recommends),
        ];
        let numbers = numbers
            .into_iter()
            .filter_map(|(name, number)| Some((name, number?.to_string())));
        let lists = lists
            .into_iter()
            .filter(|(_, words)| !words.is_empty())
            .map(|(name, words)| (name, Json::from(words.clone()).to_string()));
        numbers
            .chain(lists)
            .map(|(name, json)| (name.to_owned(), json))
            .collect()
    }

    /// The fields of a package of an inventory of Alpine; what the format cannot hold is left out,
    /// such as that a commit was `-dirty`.
    #[must_use]
    pub fn of(package: &Package) -> Self {
        let property = |name| {
            let json = package.properties.get(name);
            json.and_then(|json| serde_json::from_str::<Json>(json).ok())
        };
        let number = |name| property(name).and_then(|json| json.as_u64());
        let words = |name| match property(name) {
            Some(Json::Array(words)) => words
                .iter()
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        };
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            hashes: package.checksum.as_deref().and_then(identity::read),
            description: package.synopsis.clone(),
            architecture: package.architecture.clone(),
            license: said(Some(package.licenses.join(" AND "))),
            origin: Some(package.source_name.clone()),
            maintainer: package.maintainer.clone(),
            url: package.homepage.clone(),
            commit: package.commit.as_deref().and_then(identity::commit),
            build_time: package.built.and_then(|time| time.try_into().ok()),
            installed_size: number("installed_size"),
            file_size: number("size"),
            provider_priority: number("provider_priority"),
            depends: package.depends.clone(),
            provides: package.provides.clone(),
            replaces: words("replaces"),
            install_if: words("install_if"),
            recommends: words("recommends"),
            layer: number("layer"),
            tags: words("tags"),
        }
    }
}

/// A value that says something.
fn said(text: Option<String>) -> Option<String> {
    let mut text = text?;
    let trimmed = text.trim();
    if trimmed.len() < text.len() {
        text = trimmed.into();
    }
    (!text.is_empty()).then_some(text)
}

/// The members of an object as it is read.
struct Fields<'v, 'a> {
    values: &'v Values<'a>,
    slots: Slots<'a>,
    mended: Mended,
}

/// What had to be mended of a record.
pub(super) type Mended = Option<&'static str>;

impl Fields<'_, '_> {
    /// The value in a place. In an index that apk has converted from version 2, those that it did
    /// not accept are errors, such as all provides where one is of `v2.4`.
    fn value(&mut self, place: usize) -> Value {
        let value = self.slots.get(place);
        if value.is_refused() {
            self.mended = Some("it lacks what apk did not accept");
            return Value::NULL;
        }
        value
    }

    fn text(&mut self, place: usize) -> Result<Option<String>, Fault> {
        let value = self.value(place);
        let blob = self.values.blob(value)?;
        Ok(blob.map(|blob| self.mend(blob)))
    }

    fn mend(&mut self, blob: &[u8]) -> String {
        let text = String::from_utf8_lossy(blob);
        if matches!(text, Cow::Owned(_)) {
            self.mended = Some("it is not all UTF-8");
        }
        text.into_owned()
    }

    fn bytes(&mut self, place: usize) -> Result<Option<Vec<u8>>, Fault> {
        let value = self.value(place);
        let blob = self.values.blob(value)?;
        Ok(blob.map(<[u8]>::to_vec))
    }

    fn number(&mut self, place: usize) -> Result<Option<u64>, Fault> {
        let value = self.value(place);
        self.values.number(value)
    }

    fn dependencies(&mut self, place: usize) -> Result<Vec<String>, Fault> {
        let value = self.value(place);
        let slots = self.values.slots(value)?;
        let read = |value| dependency::read(self.values, value);
        slots.iter().map(read).collect()
    }

    fn texts(&mut self, place: usize) -> Result<Vec<String>, Fault> {
        let value = self.value(place);
        let slots = self.values.slots(value)?;
        let mut texts = Vec::new();
        for value in slots.iter() {
            if let Some(blob) = self.values.blob(value)? {
                texts.push(self.mend(blob));
            }
        }
        Ok(texts)
    }
}
