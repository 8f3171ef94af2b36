//! A release against the version control it says it comes from: every file that only the release
//! has is explained, or told.

use std::collections::{BTreeMap, HashMap, HashSet};

use bstr::ByteSlice;

use crate::compare::Comparison;
use crate::explain::{Explainer, KnownBlobs, Reason};
use crate::signal::{Severity, Signal, Specificity};
use crate::tree::{File, Kind, Tree};

/// What a release has that version control has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgainstGit {
    /// Files that are the same in both.
    pub same: usize,
    /// Files that only version control has: releases leave out what users do not need.
    pub only_in_git: usize,
    /// Files that only the release has and that are explained, by reason.
    pub explained: BTreeMap<Reason, usize>,
    /// What is left, as signals.
    pub signals: Vec<Signal>,
}

/// Names that making a release writes, whose content nothing in them explains.
const WRITTEN: [&str; 12] = [
    ".tarball-version",
    ".version",
    ".tarball-git-version.txt",
    "ChangeLog",
    "AUTHORS",
    "INSTALL",
    "METADATA",
    "RECORD",
    "PKG-INFO",
    ".cargo_vcs_info.json",
    "Cargo.toml.orig",
    "NEWS",
];

/// Compares a release with the tree of its tag.
pub fn compare_with_git(release: &Tree, git: &Tree, known: &KnownBlobs) -> AgainstGit {
    let comparison = Comparison::of(git, release);
    let explainer = Explainer::new(&comparison, known);
    let in_git: HashSet<_> = git.files.iter().map(|file| file.content.blob).collect();
    let by_path: HashMap<&[u8], &File> = git
        .files
        .iter()
        .map(|file| (file.path.as_slice(), file))
        .collect();
    let mut found = AgainstGit {
        same: comparison.unchanged,
        only_in_git: git.files.iter().filter(|file| !has(release, file)).count(),
        ..AgainstGit::default()
    };
    for change in &comparison.changes {
        let Some(file) = change.new else {
            continue;
        };
        let there = by_path.get(file.path.as_slice());
        if file.kind != Kind::Regular {
            if !is_linked(release, file, there.copied()) {
                match there {
                    Some(_) => found.differing(file, None),
                    None => found.additional(file, None),
                }
            }
            continue;
        }
        match there {
            Some(other) if other.content.blob == file.content.blob => {}
            Some(_) => {
                // Generated files that a project keeps are written anew for a release; so are
                // version stamps.
                let why = explainer.explain(change);
                found.differing(file, why.map(|why| why.kind));
            }
            None if in_git.contains(&file.content.blob) => found.explain(Reason::Moved),
            None => {
                let why = explainer.known_blob(file);
                let why = why
                    .or_else(|| explainer.by_origin(file, None))
                    .map(|why| why.kind);
                found.additional(file, why);
            }
        }
    }
    found
}

fn has(tree: &Tree, file: &File) -> bool {
    tree.files
        .binary_search_by(|other| other.path.cmp(&file.path))
        .is_ok()
}

/// Whether a hard link leads to what version control has in its place: packers write so the second
/// of two names of one file.
fn is_linked(release: &Tree, link: &File, there: Option<&File>) -> bool {
    let (Kind::Hardlink(target), Some(there)) = (&link.kind, there) else {
        return false;
    };
    let files = &release.files;
    let target = files.binary_search_by(|other| other.path.cmp(target));
    target.is_ok_and(|at| files[at].content.blob == there.content.blob)
}

impl AgainstGit {
    fn explain(&mut self, reason: Reason) {
        *self.explained.entry(reason).or_default() += 1;
    }

    fn differing(&mut self, file: &File, why: Option<Reason>) {
        match why {
            Some(reason) => self.explain(reason),
            None => self.tell("tarball-file-differs-from-git", file, DIFFERS),
        }
    }

    fn additional(&mut self, file: &File, why: Option<Reason>) {
        let base = file.path.rsplit_str("/").next().unwrap_or(&file.path);
        let is_written = || WRITTEN.iter().any(|name| name.as_bytes() == base);
        match why {
            Some(reason) => self.explain(reason),
            None if file.kind == Kind::Regular && is_written() => self.explain(Reason::Generated),
            None => self.tell("tarball-only-file", file, ONLY),
        }
    }

    fn tell(&mut self, rule: &'static str, file: &File, why: &str) {
        let severity = if is_read_by_people(file) {
            Severity::Note
        } else {
            Severity::Warning
        };
        let first = file.content.bytes.lines().next().unwrap_or_default();
        self.signals.push(Signal {
            rule,
            severity,
            specificity: Specificity::Medium,
            path: file.path.clone(),
            line: None,
            excerpt: first[..first.len().min(200)].into(),
            why: why.to_owned(),
        });
    }
}

const ONLY: &str = "the release has this file, version control does not, and nothing explains it: \
                    nobody who reads the history has seen it";
const DIFFERS: &str = "the release has this file otherwise than version control: what is built is \
                       not what was developed in the open";

/// Documentation: text that no build reads.
fn is_read_by_people(file: &File) -> bool {
    let path = file.path.to_ascii_lowercase();
    let base = path.rsplit_str("/").next().unwrap_or(&path);
    let endings: [&[u8]; 10] = [
        b".md", b".rst", b".html", b".pdf", b".man", b".nro", b".info", b".1", b".3", b".texi",
    ];
    let names: [&[u8]; 5] = [b"readme", b"changes", b"changelog", b"copying", b"todo"];
    endings.iter().any(|ending| base.ends_with(ending))
        || names.iter().any(|name| base.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tree;
    use crate::tree::Content;

    #[test]
    fn what_only_the_release_has_is_explained_or_told() {
        let git = tree(&[("configure.ac", "AC_INIT\n"), ("a.c", "int a;\n")]);
        let release = tree(&[
            ("configure.ac", "AC_INIT\n"),
            ("a.c", "int a;\nint b;\n"),
            ("configure", "# Generated by GNU Autoconf 2.72.\n"),
            ("m4/extra.m4", "AC_DEFUN([X])\n"),
        ]);
        let found = compare_with_git(&release, &git, &KnownBlobs::default());
        let told: Vec<_> = found
            .signals
            .iter()
            .map(|it| (it.rule, it.path.to_string()))
            .collect();
        assert_eq!(
            told,
            [
                ("tarball-file-differs-from-git", "a.c".to_owned()),
                ("tarball-only-file", "m4/extra.m4".to_owned()),
            ]
        );
        assert_eq!(found.explained.get(&Reason::Generated), Some(&1));
        assert_eq!(found.same, 1);
    }

    #[test]
    fn a_link_in_place_of_a_file_is_told() {
        let git = tree(&[("a.c", "int a;\n"), ("b.c", "int b;\n")]);
        let mut release = tree(&[("a.c", ""), ("b.c", "int b;\n"), ("c.c", "")]);
        let told = |release: &Tree| {
            let found = compare_with_git(release, &git, &KnownBlobs::default());
            let told = found
                .signals
                .iter()
                .map(|it| (it.rule, it.path.to_string()));
            told.collect::<Vec<_>>()
        };
        let differs = ("tarball-file-differs-from-git", "a.c".to_owned());
        let only = ("tarball-only-file", "c.c".to_owned());
        for (at, kind) in [
            (0, Kind::Hardlink("b.c".into())),
            (2, Kind::Symlink("/etc/c".into())),
        ] {
            release.files[at].content = Content::default();
            release.files[at].kind = kind;
        }
        assert_eq!(told(&release), [differs, only]);
        // Of two names of one file packers write the second one as a link.
        let git = tree(&[("a.c", "int b;\n"), ("b.c", "int b;\n")]);
        let found = compare_with_git(&release, &git, &KnownBlobs::default());
        assert_eq!(found.signals.len(), 1);
    }
}
