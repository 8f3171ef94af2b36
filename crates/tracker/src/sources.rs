//! Documents to be imported: files, standard input, or what is in memory.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use palisade_formats::container::{self, Expansion, Seekable, for_each_zipped_document, is_zip};
use palisade_formats::{ReadError, Reject};

/// Repositories of aports, which [`palisade_formats::apkbuild`] looks for in a path.
const APORTS: [&str; 6] = [
    "main",
    "community",
    "testing",
    "unmaintained",
    "non-free",
    "backports",
];

/// Something to be read from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// What is in memory, such as a sample that is part of the program.
    Memory {
        /// The name in messages.
        name: String,
        /// The content.
        bytes: Cow<'static, [u8]>,
    },
}

/// Why a document could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("open {name}")]
pub struct InputError {
    name: String,
    #[source]
    source: io::Error,
}

/// An open document that counts what was read of it.
pub(crate) struct OpenDocument {
    pub name: String,
    pub size: Option<u64>,
    pub read: Arc<AtomicU64>,
    pub reader: Box<dyn Read + Send>,
}

impl Document {
    /// A file's path, or `-` for standard input.
    pub fn of(path: &Path) -> Self {
        if path.as_os_str() == "-" {
            Self::Stdin
        } else {
            Self::File(path.to_owned())
        }
    }

    /// The name under which it is read, stored and published: a file's without its folders, which
    /// say where this machine keeps it. Only an APKBUILD in aports keeps the two above it, as they
    /// are the same everywhere and name its repository and package.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => without_folders(path),
            Self::Stdin | Self::Memory { .. } => self.given_name(),
        }
    }

    /// The name by which the user knows it, for the terminal alone: a file's path as it was given.
    pub fn given_name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
            Self::Memory { name, .. } => name.clone(),
        }
    }

    /// Visits the document, which was opened, or each member of the archive that it is whose name passes
    /// `wanted`.
    pub(crate) fn for_each(
        &self,
        name: &str,
        reader: Box<dyn Read + Send>,
        wanted: &dyn Fn(&str) -> bool,
        visit: &mut dyn FnMut(&str, &mut dyn Read) -> Result<(), ReadError>,
        passed_over: &mut dyn FnMut(Reject),
    ) -> Result<(), ReadError> {
        let failed = |error| container::read_error(name, error);
        let mut reader = BufReader::new(reader);
        if !is_zip(reader.fill_buf().map_err(failed)?) {
            return container::for_each_document(name, reader, wanted, visit, passed_over);
        }
        let archive: Box<dyn Seekable> = match self {
            Self::File(path) => Box::new(open_file(path).map_err(failed)?),
            Self::Memory { bytes, .. } => Box::new(io::Cursor::new(bytes.clone())),
            Self::Stdin => spool(&mut reader).map_err(failed)?,
        };
        let expansion = Expansion::default();
        let spool = &mut spool;
        for_each_zipped_document(expansion, name, archive, wanted, spool, visit, passed_over)
    }

    pub(crate) fn open(&self) -> Result<OpenDocument, InputError> {
        let name = self.name();
        let read = Arc::new(AtomicU64::new(0));
        let (size, source): (_, Box<dyn Read + Send>) = match self {
            Self::Stdin => (None, Box::new(io::stdin())),
            Self::Memory { bytes, .. } => (
                Some(bytes.len() as u64),
                Box::new(io::Cursor::new(bytes.clone())),
            ),
            Self::File(path) => {
                let error = |source| InputError {
                    name: self.given_name(),
                    source,
                };
                let file = open_file(path).map_err(error)?;
                let metadata = file.metadata().map_err(error)?;
                if metadata.is_dir() {
                    return Err(error(io::Error::other("it is a folder, not a file")));
                }
                (Some(metadata.len()), Box::new(file))
            }
        };
        let reader = Box::new(Counted {
            source,
            read: Arc::clone(&read),
        });
        Ok(OpenDocument {
            name,
            size,
            read,
            reader,
        })
    }
}

fn without_folders(path: &Path) -> String {
    let mut parts = path.iter().rev().map(|part| part.to_string_lossy());
    let file = parts.next().unwrap_or_default();
    match (parts.next(), parts.next()) {
        (Some(package), Some(repository))
            if file == "APKBUILD" && APORTS.contains(&&*repository) =>
        {
            format!("{repository}/{package}/{file}")
        }
        _ => file.into_owned(),
    }
}

/// Copies a stream to a file without a name, from which it can be read from any place.
fn spool(reader: &mut dyn Read) -> io::Result<Box<dyn Seekable>> {
    let mut file = tempfile::tempfile()?;
    io::copy(reader, &mut file)?;
    file.rewind()?;
    Ok(Box::new(file))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the error around it names the path"
)]
fn open_file(path: &Path) -> io::Result<std::fs::File> {
    std::fs::File::open(path)
}

struct Counted {
    source: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_a_machine_are_told_to_its_user_alone() {
        for (given, name) in [
            ("/home/user/feeds/nvd.json.gz", "nvd.json.gz"),
            ("../nvd.json", "nvd.json"),
            ("nvd.json", "nvd.json"),
            ("/home/user/aports/main/zlib/APKBUILD", "main/zlib/APKBUILD"),
            ("/home/user/zlib/APKBUILD", "APKBUILD"),
            ("/main/zlib/status", "status"),
            ("-", "standard input"),
        ] {
            let document = Document::of(Path::new(given));
            assert_eq!(document.name(), name);
            assert_eq!(document.given_name(), given.replace('-', "standard input"));
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named_once() {
        let error = Document::of(Path::new("/nowhere/x.json"))
            .open()
            .err()
            .unwrap();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(error.to_string(), "open /nowhere/x.json");
        assert!(!cause.contains("x.json"), "{cause}");
    }

    #[test]
    fn memory_is_read_to_its_end_and_counted() {
        let document = Document::Memory {
            name: "sample".to_owned(),
            bytes: b"text".into(),
        };
        let mut open = document.open().unwrap();
        let mut text = String::new();
        open.reader.read_to_string(&mut text).unwrap();
        assert_eq!(
            (open.name.as_str(), open.size, text.as_str()),
            ("sample", Some(4), "text")
        );
        assert_eq!(open.read.load(Ordering::Relaxed), 4);
    }
}
