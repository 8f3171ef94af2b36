//! Records as values, in the order of their schemas.

use std::cmp::Ordering;

use palisade_version::Scheme;

use super::values::{Values, Word};
use super::{Directory, File, Info, Script, WriteError};
use crate::adb::dependency::Dependency;
use crate::adb::files::Access;

/// Writes records.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) values: Values,
}

type Written = Result<Word, WriteError>;

/// The order of packages in an index.
pub(super) fn order(one: &Info, other: &Info) -> Ordering {
    one.name
        .cmp(&other.name)
        .then_with(|| order_of_versions(&one.version, &other.version))
        .then_with(|| one.hashes.cmp(&other.hashes))
}

/// The order of versions, those that apk would not accept behind all others.
fn order_of_versions(one: &str, other: &str) -> Ordering {
    let valid = |version| Scheme::Apk.is_valid(version);
    match (valid(one), valid(other)) {
        (true, true) => Scheme::Apk.compare(one, other).unwrap_or(Ordering::Equal),
        (false, false) => one.cmp(other),
        (one, other) => other.cmp(&one),
    }
}

impl Records {
    pub(super) fn text(&mut self, text: Option<&str>) -> Written {
        self.bytes(text.map(str::as_bytes))
    }

    pub(super) fn number(&mut self, number: Option<u64>) -> Written {
        number.map_or(Ok(Word::NULL), |number| self.values.number(number))
    }

    pub(super) fn infos(&mut self, infos: &[&Info]) -> Written {
        self.array(infos, |records, info| {
            let hashes = records.bytes(info.hashes.as_deref())?;
            records.info(info, hashes)
        })
    }

    /// A package with this identity.
    pub(super) fn info(&mut self, info: &Info, hashes: Word) -> Written {
        let members = [
            self.text(Some(&info.name))?,
            self.text(Some(&info.version))?,
            hashes,
            self.text(info.description.as_deref())?,
            self.text(info.architecture.as_deref())?,
            self.text(info.license.as_deref())?,
            self.text(info.origin.as_deref())?,
            self.text(info.maintainer.as_deref())?,
            self.text(info.url.as_deref())?,
            self.bytes(info.commit.as_deref())?,
            self.number(info.build_time)?,
            self.number(info.installed_size)?,
            self.number(info.file_size)?,
            self.number(info.provider_priority)?,
            self.dependencies(&info.depends)?,
            self.dependencies(&info.provides)?,
            self.dependencies(&info.replaces)?,
            self.dependencies(&info.install_if)?,
            self.dependencies(&info.recommends)?,
            self.number(info.layer)?,
            self.array(&info.tags, |records, tag| records.text(Some(tag)))?,
        ];
        self.values.object(&members)
    }

    pub(super) fn directories(&mut self, directories: &[Directory]) -> Written {
        self.array(directories, |records, directory| {
            let members = [
                records.bytes(Some(&directory.path))?,
                records.access(directory.access.as_ref())?,
                records.array(&directory.files, Self::file)?,
            ];
            records.values.object(&members)
        })
    }

    pub(super) fn scripts(&mut self, scripts: &[(Script, Vec<u8>)]) -> Written {
        // An object, but all its members are alike.
        self.array(&Script::ALL, |records, wanted| {
            let script = scripts.iter().find(|(script, _)| script == wanted);
            records.bytes(script.map(|(_, text)| &**text))
        })
    }

    pub(super) fn triggers(&mut self, triggers: &[Vec<u8>]) -> Written {
        self.array(triggers, |records, path| records.bytes(Some(path)))
    }

    fn file(&mut self, file: &File) -> Written {
        let target = file.target.as_ref().map(super::super::Target::to_bytes);
        let members = [
            self.bytes(Some(&file.name))?,
            self.access(file.access.as_ref())?,
            self.number(file.size)?,
            self.number(file.modified)?,
            self.bytes(file.hash.as_deref())?,
            self.bytes(target.as_deref())?,
        ];
        self.values.object(&members)
    }

    fn access(&mut self, access: Option<&Access>) -> Written {
        let Some(access) = access else {
            return Ok(Word::NULL);
        };
        let members = [
            self.number(Some(access.mode.into()))?,
            self.bytes(Some(&access.user))?,
            self.bytes(Some(&access.group))?,
            self.array(&access.attributes, |records, it| records.bytes(Some(it)))?,
        ];
        self.values.object(&members)
    }

    /// Dependencies; apk has them sorted by name, and each once.
    fn dependencies(&mut self, words: &[String]) -> Written {
        let mut dependencies = Vec::with_capacity(words.len());
        for word in words {
            let dependency = Dependency::parse(word);
            dependencies.push(dependency.ok_or_else(|| WriteError::Dependency(word.clone()))?);
        }
        dependencies.sort_by_key(|it| (it.name, it.version, it.operator));
        dependencies.dedup();
        self.array(&dependencies, |records, dependency| {
            let members = [
                records.text(Some(dependency.name))?,
                records.text(dependency.version)?,
                records.number(dependency.operator.map(u64::from))?,
            ];
            records.values.object(&members)
        })
    }

    fn bytes(&mut self, bytes: Option<&[u8]>) -> Written {
        bytes.map_or(Ok(Word::NULL), |bytes| self.values.blob(bytes))
    }

    fn array<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T) -> Written) -> Written {
        let words = items.iter().map(|item| write(self, item));
        let words = words.collect::<Result<Vec<_>, _>>()?;
        self.values.object(&words)
    }
}
