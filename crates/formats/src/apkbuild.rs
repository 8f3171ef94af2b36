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
use crate::{BadRecord, Place, ReadError};

pub use block::{Entry, Listed, Secfixes, secfixes};
pub use problem::{Problem, ProblemKind};
pub use recipe::{Recipe, Source, Untold};

use recipe::Fields;
use shell::Script;

/// APKBUILDs are scripts written by hand; the longest has 60 kB.
pub(crate) const BYTES: u64 = 1 << 20;

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
    let place = PathInAports::of(document);
    let repository = context.repository.as_deref().or(place.repository);
    let mut handing = Handing::new(document, sink);
    if repository.is_some_and(|name| !is_package_name(name)) {
        return Err(handing.malformed("its repository has no name that repositories have"));
    }
    let scope = Scope {
        branch: context.branch.clone().unwrap_or_else(edge),
        repository: repository.map(str::to_owned),
    };
    let head = FeedHead {
        scope: Some(scope.name()),
        complete: context.whole_at.is_some(),
        as_of: context.whole_at,
    };
    let apkbuild = match parsed(document, reader) {
        Ok(apkbuild) => apkbuild,
        Err(error) => {
            let Some(reason) = of_it_alone(&error).filter(|_| is_one_of_many(document)) else {
                return Err(error);
            };
            handing.begin(&head);
            let id = place.package.map(str::to_owned);
            handing.pass_over(Place::Whole, BadRecord { id, reason });
            return Ok(());
        }
    };
    let package = apkbuild.name.as_deref().or(place.package);
    let package = package
        .ok_or_else(|| handing.malformed("neither its pkgname nor its path names the package"))?;
    handing.begin(&head);
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

/// Reads an APKBUILD that tells something.
fn parsed(document: &str, reader: &mut dyn Read) -> Result<Apkbuild, ReadError> {
    let bytes = read_whole(document, reader, BYTES)?;
    let apkbuild = Apkbuild::parse(&String::from_utf8_lossy(&bytes));
    if apkbuild.name.is_none() && apkbuild.secfixes.header.is_none() {
        let reason = "it has neither a pkgname nor a secfixes comment";
        return Err(ReadError::malformed(document, reason));
    }
    Ok(apkbuild)
}

/// What is wrong with the document itself, and not with what it is read from.
pub(crate) fn of_it_alone(error: &ReadError) -> Option<String> {
    match error {
        ReadError::Malformed { reason, .. } => Some(reason.clone()),
        ReadError::Limit { what, limit, .. } if *limit == BYTES => {
            Some(format!("{what} is more than {limit}"))
        }
        _ => None,
    }
}

/// Whether a document is a member of an archive: the others can be read without it.
fn is_one_of_many(document: &str) -> bool {
    document.contains('!')
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
