//! A body on its way into a file.
//!
//! What came so far is in `FILE.part`, and by what the server knows it again in `FILE.part.json`.
//! As long as both are there and the server still has the same state, only the rest is asked for.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use jiff::SignedDuration;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, DATE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::request::Validators;
use crate::retry::header_time;

/// A file that is filled, perhaps by several answers.
pub(crate) struct Download {
    target: PathBuf,
}

/// What is kept beside a part.
#[derive(Debug, Serialize, Deserialize)]
struct Origin {
    url: String,
    validators: Validators,
}

/// A part that the rest can be asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) length: u64,
    /// What the server has to have still: a strong `ETag`, or a date.
    pub(crate) condition: String,
}

impl Download {
    pub(crate) fn into_file(target: &Path) -> Self {
        Self {
            target: target.to_owned(),
        }
    }

    fn part_path(&self) -> PathBuf {
        with_ending(&self.target, ".part")
    }

    fn origin_path(&self) -> PathBuf {
        with_ending(&self.target, ".part.json")
    }

    /// What came of this address so far, if it can be gone on with.
    pub(crate) fn part(&self, url: &Url) -> Option<Part> {
        let length = fs::metadata(self.part_path()).ok()?.len();
        let origin = fs::read(self.origin_path()).ok()?;
        let origin: Origin = serde_json::from_slice(&origin).ok()?;
        let condition = condition(&origin.validators)?;
        (length > 0 && origin.url == url.as_str()).then_some(Part { length, condition })
    }

    /// Opens the file for the body of an answer: behind what is there if the answer goes on from
    /// there, else anew. Tells how much is there. None, and nothing is there any longer, for an answer
    /// that goes on from elsewhere: the caller begins again.
    pub(crate) fn open(
        &self,
        url: &Url,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> io::Result<Option<(fs::File, u64)>> {
        let path = self.part_path();
        if status == StatusCode::PARTIAL_CONTENT {
            let length = fs::metadata(&path).map_or(0, |about| about.len());
            if length > 0 && start_of(headers) == Some(length) {
                let file = fs::OpenOptions::new().append(true).open(&path)?;
                return Ok(Some((file, length)));
            }
            self.forget()?;
            return Ok(None);
        }
        if let Some(folder) = self.target.parent() {
            fs::create_dir_all(folder)?;
        }
        let origin = Origin {
            url: url.to_string(),
            validators: validators(headers),
        };
        // A part without an origin is never gone on with, so the order matters.
        let mut file = fs::File::create(&path)?;
        fs::write(self.origin_path(), serde_json::to_vec(&origin)?)?;
        file.flush()?;
        Ok(Some((file, 0)))
    }

    /// Nothing of what came so far is worth anything.
    pub(crate) fn forget(&self) -> io::Result<()> {
        for path in [self.origin_path(), self.part_path()] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The whole body is there.
    pub(crate) fn finish(&self, file: fs::File) -> io::Result<PathBuf> {
        file.sync_all()?;
        drop(file);
        fs::rename(self.part_path(), &self.target)?;
        fs::remove_file(self.origin_path())?;
        Ok(self.target.clone())
    }

    pub(crate) fn part_file(&self) -> PathBuf {
        self.part_path()
    }
}

/// How much older than its answer a document has to be for its date to tell it from any later state.
/// Dates have whole seconds, and an answer is dated a moment after its document was opened.
const SETTLED: SignedDuration = SignedDuration::from_secs(2);

/// The validators in an answer: a date only where it is a strong one (RFC 9110, section 8.8.2.2), since
/// a document may change again in the second in which it was fetched.
pub(crate) fn validators(headers: &HeaderMap) -> Validators {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::to_owned);
    let time = |name| header_time(headers, name);
    let is_settled = match (time(LAST_MODIFIED), time(DATE)) {
        (Some(modified), Some(now)) => now.duration_since(modified) >= SETTLED,
        _ => false,
    };
    Validators {
        etag: text(ETAG),
        last_modified: text(LAST_MODIFIED).filter(|_| is_settled),
    }
}

/// What `If-Range` may hold: a strong `ETag`, or a date (RFC 9110, section 13.1.5).
fn condition(validators: &Validators) -> Option<String> {
    let strong = validators.etag.as_ref().filter(|it| !it.starts_with("W/"));
    strong.or(validators.last_modified.as_ref()).cloned()
}

/// Where a part of a body begins: `bytes 100-199/200`.
fn start_of(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (start, _) = range.strip_prefix("bytes ")?.split_once('-')?;
    start.trim().parse().ok()
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
