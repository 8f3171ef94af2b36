//! Documents to be imported: files, standard input, or what is in memory.

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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

    /// The document's name in messages: the file's path, without folders that only say where this
    /// machine keeps it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
            Self::Memory { name, .. } => name.clone(),
        }
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
                    name: name.clone(),
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
