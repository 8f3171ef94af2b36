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
        let Some(file) = change.new.filter(|file| file.kind == Kind::Regular) else {
            continue;
        };
        match by_path.get(file.path.as_slice()) {
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

impl AgainstGit {
    fn explain(&mut self, reason: Reason) {
        *self.explained.entry(reason).or_default() += 1;
    }

    fn differing(&mut self, file: &File, why: Option<Reason>) {
        let Some(reason) = why else {
            let severity = if is_read_by_people(file) {
                Severity::Note
            } else {
                Severity::Warning
            };
            self.tell("tarball-file-differs-from-git", severity, file, DIFFERS);
            return;
        };
        self.explain(reason);
    }

    fn additional(&mut self, file: &File, why: Option<Reason>) {
        if let Some(reason) = why {
            return self.explain(reason);
        }
        let base = file.path.rsplit_str("/").next().unwrap_or(&file.path);
        if WRITTEN.iter().any(|name| name.as_bytes() == base) {
            return self.explain(Reason::Generated);
        }
        let severity = if is_read_by_people(file) {
            Severity::Note
        } else {
            Severity::Warning
        };
        self.tell("tarball-only-file", severity, file, ONLY);
    }

    fn tell(&mut self, rule: &'static str, severity: Severity, file: &File, why: &str) {
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
}
