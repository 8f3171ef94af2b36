//! Reading what is to be reviewed: an archive, a file, a directory.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bstr::BString;

use crate::archive::{Failed, Gather};
use crate::budget::{Budget, Meter};
use crate::names;
use crate::tree::Tree;
use crate::{debian, directory, git, odd};

/// Why a source could not be read at all. What is wrong inside of it is a signal of the tree
/// instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("read {}: {source}", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It is there but nothing that can be reviewed.
    #[error("read {name}: {reason}")]
    Unusable {
        /// What was named.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Something to be reviewed, found but not read yet.
///
/// It is opened before a worker confines itself and read after.
#[derive(Debug)]
pub struct Material {
    name: String,
    source: Place,
}

#[derive(Debug)]
enum Place {
    File(fs_err::File),
    Directory(PathBuf),
    Debian(PathBuf),
    Git(PathBuf, String),
}

impl Material {
    /// Finds what is meant: a file, a Debian source package by its `.dsc`, a directory, a bare git
    /// repository, or a revision as `REPOSITORY@REVISION`.
    pub fn open(name: &str) -> Result<Self, Error> {
        let path = Path::new(name);
        let failed = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        let source = match fs_err::metadata(path) {
            Ok(found) if found.is_dir() && git::is_bare(path) => {
                Place::Git(path.to_owned(), "HEAD".to_owned())
            }
            Ok(found) if found.is_dir() => Place::Directory(path.to_owned()),
            Ok(found) if !found.is_file() => {
                let reason = "neither a file nor a directory".to_owned();
                return Err(Error::Unusable {
                    name: name.to_owned(),
                    reason,
                });
            }
            Ok(_) if path.extension().is_some_and(|ending| ending == "dsc") => {
                Place::Debian(path.to_owned())
            }
            Ok(_) => Place::File(fs_err::File::open(path).map_err(failed)?),
            Err(error) => match git::named(name) {
                Some((repository, revision)) => Place::Git(repository, revision),
                None if error.kind() == std::io::ErrorKind::NotFound => {
                    return Err(Error::Unusable {
                        name: name.to_owned(),
                        reason: "there is no such file or folder".to_owned(),
                    });
                }
                None => return Err(failed(error)),
            },
        };
        let name = name.to_owned();
        Ok(Self { name, source })
    }

    /// The folder that has to be read for it; a file is open already.
    pub fn folder(&self) -> Option<&Path> {
        match &self.source {
            Place::File(_) => None,
            Place::Directory(path) | Place::Git(path, _) => Some(path),
            Place::Debian(path) => match path.parent() {
                Some(parent) if parent != Path::new("") => Some(parent),
                _ => Some(Path::new(".")),
            },
        }
    }

    /// Reads it.
    pub fn read(self, budget: &Budget) -> Result<Tree, Error> {
        match self.source {
            Place::File(file) => read_archive(&base(Path::new(&self.name)), file, budget),
            Place::Directory(path) => directory::read(&path, budget),
            Place::Debian(path) => debian::read(&path, budget),
            Place::Git(path, revision) => git::read(&path, &revision, budget),
        }
    }
}

fn base(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Reads a tree from what a path or a name of [`Material::open`] means.
pub fn read_tree(path: &Path, budget: &Budget) -> Result<Tree, Error> {
    Material::open(&path.to_string_lossy())?.read(budget)
}

/// Reads a file's tree.
pub(crate) fn read_file(path: &Path, budget: &Budget) -> Result<Tree, Error> {
    let opened = fs_err::File::open(path);
    let file = opened.map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    read_archive(&base(path), file, budget)
}

/// Reads a tree from a stream: an archive by its first bytes, else a tree of one file called
/// `name`.
pub fn read_archive(name: &str, reader: impl Read, budget: &Budget) -> Result<Tree, Error> {
    let meter = Rc::new(Meter::new(budget));
    let mut gather = Gather::new(meter);
    let read = gather.open(name.as_bytes(), Box::new(Source(reader)));
    read.map_err(|source| Error::Read {
        path: PathBuf::from(name),
        source,
    })?;
    Ok(tree(name, gather))
}

/// Makes the tree of what was gathered.
pub(crate) fn tree(name: &str, mut gather: Gather) -> Tree {
    let top = names::strip_top(&mut gather.files);
    checked(name, top, gather)
}

/// The same where no directory is taken off: a directory, a commit.
pub(crate) fn whole_tree(name: &str, gather: Gather) -> Tree {
    checked(name, None, gather)
}

fn checked(name: &str, top: Option<BString>, mut gather: Gather) -> Tree {
    names::check(&gather.meter, &mut gather.files);
    let mut signals = gather.signals;
    signals.extend(gather.meter.take_signals());
    if let Some(top) = &top {
        let prefix = [top.as_slice(), b"/"].concat();
        for signal in &mut signals {
            if let Some(rest) = signal.path.strip_prefix(prefix.as_slice()) {
                signal.path = rest.into();
            }
        }
    }
    odd::order(&mut signals);
    Tree {
        name: name.to_owned(),
        top,
        commit: gather.commit,
        layers: gather.layers,
        files: gather.files,
        signals,
    }
}

/// What the system could not read is told from what the decoders could not.
struct Source<R>(R);

impl<R: Read> Read for Source<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        self.0.read(target).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => io::Error::other(Failed(error)),
        })
    }
}
