//! APKBUILD files: what package they build, from what, and which vulnerabilities it fixed.
//!
//! An APKBUILD is a shell script (APKBUILD(5)). Nothing of it is ever executed: its assignments
//! are followed as far as that can be done without a shell, and what could not be told is named.
//! As a feed it speaks through the comment block that begins with `# secfixes:`. Records have the
//! form of [`crate::secdb`], because Alpine makes its security database of these very comments.

mod block;
pub mod lint;
mod problem;
mod recipe;
mod shell;

use std::io::Read;

use palisade_model::{BranchName, Distribution};

use crate::container::read_whole;
use crate::feed::{FeedContext, FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::secdb::{Fix, Fixes, PackageFixes, Scope, is_kept, is_package_name};
use crate::{BadRecord, Place, ReadError, limits};

pub use block::{Entry, Listed, Secfixes, secfixes};
pub use problem::{Problem, ProblemKind};
pub use recipe::{Recipe, Source, Untold};

use recipe::Fields;
use shell::Script;

/// Repositories of aports, as they stand in a path.
const REPOSITORIES: [&str; 6] = [
    "main",
    "community",
    "testing",
    "unmaintained",
    "non-free",
    "backports",
];

/// What is read of an APKBUILD.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Apkbuild {
    /// `pkgname`.
    pub name: Option<String>,
    /// `pkgver`.
    pub version: Option<String>,
    /// `pkgrel`.
    pub release: Option<String>,
    /// What else is said of the package.
    pub recipe: Recipe,
    /// The comment block.
    pub secfixes: Secfixes,
}

impl Apkbuild {
    /// Reads the text of an APKBUILD.
    pub fn parse(text: &str) -> Self {
        let script = Script::read(text);
        let mut fields = Fields::of(&script);
        let name = fields.text("pkgname").filter(|name| is_package_name(name));
        let (version, release) = (fields.text("pkgver"), fields.text("pkgrel"));
        let number = |text: &String| text.bytes().all(|b| b.is_ascii_digit());
        Self {
            name,
            version: version.filter(|version| is_word(version)),
            release: release.filter(number),
            recipe: fields.recipe(text),
            secfixes: secfixes(text),
        }
    }

    /// The package's version as apk writes it, `PKGVER-rPKGREL`, when both are plain.
    pub fn full_version(&self) -> Option<String> {
        Some(format!(
            "{}-r{}",
            self.version.as_ref()?,
            self.release.as_ref()?
        ))
    }
}

fn is_word(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Cuts an APKBUILD into raw records, one for each vulnerability.
///
/// Its scope is the context's branch, else Alpine's edge, with the repository that the context
/// or else the document's path names (`…/community/foo/APKBUILD`).
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    context: &FeedContext,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    let bytes = read_whole(document, reader, limits::RECORD_BYTES as u64)?;
    let apkbuild = Apkbuild::parse(&String::from_utf8_lossy(&bytes));
    let mut handing = Handing::new(document, sink);
    if apkbuild.name.is_none() && apkbuild.secfixes.header.is_none() {
        return Err(handing.malformed("it has neither a pkgname nor a secfixes comment"));
    }
    let place = PathInAports::of(document);
    let package = apkbuild.name.as_deref().or(place.package);
    let package = package
        .ok_or_else(|| handing.malformed("neither its pkgname nor its path names the package"))?;
    let repository = context.repository.as_deref().or(place.repository);
    if repository.is_some_and(|name| !is_package_name(name)) {
        return Err(handing.malformed("its repository has no name that repositories have"));
    }
    let scope = Scope {
        branch: context.branch.clone().unwrap_or_else(edge),
        repository: repository.map(str::to_owned),
    };
    handing.begin(&FeedHead {
        scope: Some(scope.name()),
        complete: false,
        as_of: None,
    });
    let Secfixes {
        entries, problems, ..
    } = &apkbuild.secfixes;
    for problem in problems.iter().filter(|problem| problem.is_doubtful()) {
        let bad = BadRecord::new(problem.kind.reason()).of(package);
        let place = Place::Line(problem.line);
        match problem.kind {
            ProblemKind::Stray => handing.pass_over(place, bad),
            _ => handing.mend(place, bad),
        }
    }
    let mut fixes = Fixes::default();
    for Entry {
        line,
        version,
        items,
    } in entries
    {
        if !is_kept(package, version, &mut handing.report(Place::Line(*line))) {
            continue;
        }
        for Listed { line, text } in items {
            let place = Place::Line(*line);
            fixes.add(place, package, version, text, &mut handing.report(place));
        }
    }
    fixes.hand_over(&scope, package, &mut handing)
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    crate::secdb::parse(raw)
}

impl Secfixes {
    /// The block as the security database publishes it for a package of this name.
    pub fn published(&self, package: &str) -> PackageFixes {
        let fix = |entry: &Entry| Fix {
            version: entry.version.clone(),
            ids: entry
                .items
                .iter()
                .map(Listed::without_comment)
                .map(str::to_owned)
                .collect(),
        };
        PackageFixes {
            name: package.to_owned(),
            fixes: self.entries.iter().map(fix).collect(),
        }
    }
}

/// Whether aports has a repository of this name.
pub(crate) fn is_repository(name: &str) -> bool {
    REPOSITORIES.contains(&name)
}

fn edge() -> BranchName {
    BranchName::new(Distribution::alpine(), "edge").expect("edge is a branch's name")
}

/// What a path such as `aports/community/foo/APKBUILD` tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PathInAports<'a> {
    pub(crate) repository: Option<&'a str>,
    pub(crate) package: Option<&'a str>,
}

impl<'a> PathInAports<'a> {
    pub(crate) fn of(document: &'a str) -> Self {
        let mut parts = document.rsplit(['/', '!']);
        if parts.next() != Some("APKBUILD") {
            return Self::default();
        }
        Self {
            package: parts.next().filter(|name| is_package_name(name)),
            repository: parts.next().filter(|name| is_repository(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_repository_and_package() {
        let of = |path| {
            let PathInAports {
                repository,
                package,
            } = PathInAports::of(path);
            (repository, package)
        };
        assert_eq!(
            of("a.tar.xz!community/foo/APKBUILD"),
            (Some("community"), Some("foo"))
        );
        assert_eq!(of("/home/me/aports/foo/APKBUILD"), (None, Some("foo")));
        assert_eq!(of("APKBUILD"), (None, None));
        assert_eq!(of("main/foo/README"), (None, None));
    }
}
