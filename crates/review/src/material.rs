//! Reading what is to be reviewed: an archive, a file, a directory.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::archive::{Failed, Gather};
use crate::budget::{Budget, Meter};
use crate::names;
use crate::tree::Tree;
use crate::{directory, odd};

/// Why a source could not be read at all. What is wrong inside of it is a signal of the tree instead.
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

/// Reads a tree from a file or a directory.
pub fn read_tree(path: &Path, budget: &Budget) -> Result<Tree, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let metadata = fs_err::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return directory::read(path, budget);
    }
    if !metadata.is_file() {
        let reason = "neither a file nor a directory".to_owned();
        return Err(Error::Unusable {
            name: path.display().to_string(),
            reason,
        });
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = fs_err::File::open(path).map_err(failed)?;
    read_archive(&name, file, budget)
}

/// Reads a tree from a stream: an archive by its first bytes, else a tree of one file called `name`.
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
