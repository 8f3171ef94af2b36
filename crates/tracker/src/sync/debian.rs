//! Debian's archives: what a suite's `Release` lists, if it is believed ("DebianRepository/Format" in
//! Debian's wiki).
//!
//! The signature of `InRelease` is what everything rests on: it lists the sums of all indexes, so an
//! index is asked for when its sum is another one than of what was imported last, and imported when
//! what comes has that sum. A mirror that keeps to an old state betrays itself when `Valid-Until` has
//! passed, and one that goes back to an older state than was seen is refused.

use std::path::PathBuf;

use palisade_fetch::{Answer, FetchError, Request, Url, Validators};
use palisade_formats::debian_release::{self, Listed, Release};
use palisade_formats::inventory::InventoryKind;
use palisade_formats::openpgp::{At, CLOCK_SKEW_SECONDS, Keyring};
use palisade_model::{BranchName, Timestamp};
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::part::{Memory, Parts};
use super::trust::Trust;
use crate::TrackerError;
use crate::input::{Input, Kind};
use crate::sources::Document;

/// An archive, and what of it is wanted.
#[derive(Debug, Clone)]
pub struct DebianArchive {
    /// Its root, in which `dists` is.
    pub url: Url,
    /// Such as `bookworm` and `bookworm-security`.
    pub suites: Vec<String>,
    /// Such as `main`.
    pub components: Vec<String>,
    /// Such as `amd64`; `source` are the source packages.
    pub architectures: Vec<String>,
    /// Who is believed.
    pub trust: Trust,
    /// The branch of all suites, if they do not say it.
    pub branch: Option<BranchName>,
}

/// What is remembered of the last `Release` that was believed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Believed {
    date: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

/// What is remembered of an index.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Had {
    /// The SHA-256 of what was imported, or held back, before it was compressed.
    sha256: String,
}

/// A `Release` that is believed, of a suite of an archive.
struct Found<'a> {
    archive: &'a DebianArchive,
    suite: &'a str,
    release: Release,
    signed_by: Option<String>,
    branch: BranchName,
    validators: Validators,
}

/// An index that is wanted.
struct Index<'a> {
    /// The part's name.
    part: String,
    component: &'a str,
    architecture: &'a str,
    /// Its folder below the suite, and its name there.
    folder: String,
    file: &'static str,
}

/// How indexes are compressed, the smallest first.
const ENDINGS: [&str; 3] = [".xz", ".gz", ""];

pub(super) async fn sync(
    parts: &mut Parts<'_, '_>,
    archive: &DebianArchive,
) -> Result<(), TrackerError> {
    for suite in &archive.suites {
        one(parts, archive, suite).await?;
    }
    Ok(())
}

async fn one(
    parts: &mut Parts<'_, '_>,
    archive: &DebianArchive,
    suite: &str,
) -> Result<(), TrackerError> {
    let mut memory: Memory<Believed> = parts.memory(suite);
    let indexes = archive.indexes(suite);
    let is_had = |index: &Index<'_>| !parts.memory::<Had>(&index.part).cursor.sha256.is_empty();
    if !indexes.iter().all(is_had) {
        // One that the configuration did not name before: the same Release is needed once more.
        memory.validators = Validators::default();
    }
    let found = match release(parts, archive, suite, &memory).await {
        Err(error) => return parts.remember(suite, &memory, Err(error)).await,
        Ok(found) => found,
    };
    let mut complete = true;
    for index in &indexes {
        let mut had: Memory<Had> = parts.memory(&index.part);
        let outcome = match &found {
            None => Ok(Outcome::Unchanged),
            Some(found) => import(parts, index, found, &mut had).await,
        };
        complete &= matches!(outcome, Ok(_) | Err(TrackerError::HeldBack { .. }));
        parts.remember(&index.part, &had, outcome).await?;
    }
    if let Some(Found {
        release,
        validators,
        ..
    }) = found
    {
        memory.cursor = Believed {
            date: Some(release.date),
            valid_until: release.valid_until,
        };
        // As long as an index is missing, the Release is asked for again.
        memory.validators = if complete {
            validators
        } else {
            Validators::default()
        };
    }
    // Its indexes were told of.
    parts.write(suite, &memory, &Outcome::Unchanged).await
}

/// Fetches a suite's `Release`; none when it is still the one that is known.
async fn release<'a>(
    parts: &Parts<'_, '_>,
    archive: &'a DebianArchive,
    suite: &'a str,
    memory: &Memory<Believed>,
) -> Result<Option<Found<'a>>, TrackerError> {
    let file = match archive.trust {
        Trust::Keys(_) => "InRelease",
        Trust::Anybody => "Release",
    };
    let now = (parts.syncer.clock)();
    let request = Request {
        known: memory.validators.clone(),
        max_bytes: debian_release::MOST_BYTES,
        ..parts.request(archive.address(suite, file))
    };
    let body = match parts.fetch(suite, &request).await? {
        Answer::Body(body) => body,
        // What does not change can be too old all the same.
        Answer::NotModified => {
            check_limit(memory.cursor.valid_until, now).map_err(|reason| parts.wrong(reason))?;
            return Ok(None);
        }
    };
    let document = fs_err::read(&body.path).map_err(FetchError::from)?;
    fs_err::remove_file(&body.path).map_err(FetchError::from)?;
    let (text, signed_by) = believed(&archive.trust, document, now).map_err(|why| match why {
        NotBelieved::Key(error) => error,
        NotBelieved::Signature(reason) => {
            parts.wrong(format!("the {file} of {suite} is not believed: {reason}"))
        }
    })?;
    let release = Release::read(file, &text)?;
    check_times(&release, &memory.cursor, now).map_err(|reason| parts.wrong(reason))?;
    let branch = archive.branch_of(suite, &release);
    Ok(Some(Found {
        archive,
        suite,
        branch: branch.map_err(|reason| parts.wrong(reason))?,
        release,
        signed_by,
        validators: body.validators,
    }))
}

/// Imports an index if its content is another than it was.
async fn import(
    parts: &Parts<'_, '_>,
    index: &Index<'_>,
    found: &Found<'_>,
    had: &mut Memory<Had>,
) -> Result<Outcome, TrackerError> {
    let files = index.files(&found.release);
    // The last one is the least compressed: the content itself, which Debian lists always.
    let Some((_, content)) = files.last() else {
        let path = index.path("");
        return Err(parts.wrong(format!(
            "the Release of {} does not list {path}",
            found.suite
        )));
    };
    if content.sha256 == had.cursor.sha256 {
        return Ok(Outcome::Unchanged);
    }
    let outcome = if content.size == 0 {
        // A component without packages, such as most have of security's.
        Ok(Outcome::Unchanged)
    } else {
        let path = fetch(parts, index, found, &files).await?;
        let kind = Kind::Inventory(InventoryKind::Dpkg);
        let input = Input {
            branch: Some(found.branch.clone()),
            repository: Some(index.repository(&found.release)),
            architecture: Some(index.architecture.to_owned()),
            signed_by: found.signed_by.clone(),
            time: Some(found.release.date),
            ..Input::new(kind, Document::File(path))
        };
        parts.import(input).await
    };
    // What is held back is held back until the archive has something else.
    if matches!(outcome, Ok(_) | Err(TrackerError::HeldBack { .. })) {
        had.cursor.sha256.clone_from(&content.sha256);
    }
    outcome
}

/// Fetches the first of an index's files that is there. Not all that are listed are: Debian keeps the
/// sum of what is only to be had compressed.
async fn fetch(
    parts: &Parts<'_, '_>,
    index: &Index<'_>,
    found: &Found<'_>,
    files: &[(&str, &Listed)],
) -> Result<PathBuf, TrackerError> {
    let mut missing = None;
    for (ending, listed) in files {
        let path = if found.release.by_hash {
            format!("{}/by-hash/SHA256/{}", index.folder, listed.sha256)
        } else {
            index.path(ending)
        };
        let request = Request {
            sha256: Some(listed.sha256.clone()),
            max_bytes: listed.size,
            ..parts.request(found.archive.address(found.suite, &path))
        };
        match parts.fetch(&index.part, &request).await {
            Err(error @ TrackerError::Fetch(FetchError::Status { code: 404, .. })) => {
                missing.get_or_insert(error);
            }
            Err(error) => return Err(error),
            Ok(Answer::NotModified) => {
                return Err(parts.wrong("it says that an index did not change"));
            }
            Ok(Answer::Body(body)) => {
                // The name by which people know it, not its sum.
                let path = body.path.with_file_name(format!("{}{ending}", index.file));
                fs_err::rename(&body.path, &path).map_err(FetchError::from)?;
                return Ok(path);
            }
        }
    }
    Err(missing.unwrap_or_else(|| parts.wrong("it lists no index")))
}

impl DebianArchive {
    fn indexes(&self, suite: &str) -> Vec<Index<'_>> {
        let mut indexes = Vec::new();
        for component in &self.components {
            for architecture in &self.architectures {
                let (folder, file) = match architecture.as_str() {
                    "source" => (format!("{component}/source"), "Sources"),
                    _ => (format!("{component}/binary-{architecture}"), "Packages"),
                };
                indexes.push(Index {
                    part: format!("{suite}/{component}/{architecture}"),
                    component,
                    architecture,
                    folder,
                    file,
                });
            }
        }
        indexes
    }

    /// The address of a file below a suite.
    fn address(&self, suite: &str, path: &str) -> Url {
        let mut url = self.url.clone();
        // An address of https or http has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            let below = suite.split('/').chain(path.split('/'));
            segments.pop_if_empty().push("dists").extend(below);
        }
        url
    }

    /// The branch of a `Release`, which has to be of the suite that was asked for: another's, such as
    /// an older one's, has as good a signature.
    fn branch_of(&self, suite: &str, release: &Release) -> Result<BranchName, String> {
        if !release.is_of(suite) {
            let own = release.codename.as_ref().or(release.suite.as_ref());
            let own = own.map_or("no suite", String::as_str);
            return Err(format!("what it has as the Release of {suite} is of {own}"));
        }
        let branch = self.branch.clone().or_else(|| release.branch());
        branch.ok_or_else(|| {
            format!("the Release of {suite} does not say its branch; the configuration has to")
        })
    }
}

/// What of a document is believed, and who signed it.
fn believed(
    trust: &Trust,
    document: Vec<u8>,
    now: Timestamp,
) -> Result<(Vec<u8>, Option<String>), NotBelieved> {
    let files = match trust {
        Trust::Anybody => return Ok((document, None)),
        Trust::Keys(files) => files,
    };
    let mut keyring = Keyring::default();
    for file in files {
        let bytes = fs_err::read(file).map_err(|error| TrackerError::unread_key(file, &error));
        let added = keyring.add(&bytes.map_err(NotBelieved::Key)?);
        added.map_err(|error| NotBelieved::Key(TrackerError::key(file, &error)))?;
    }
    let signed = keyring
        .verify_cleartext(&document, At::Now(now))
        .map_err(|error| NotBelieved::Signature(error.to_string()))?;
    let signed_by = signed.signers.first().map(ToString::to_string);
    Ok((signed.text, signed_by))
}

/// Why a document is not believed.
enum NotBelieved {
    Key(TrackerError),
    Signature(String),
}

impl Index<'_> {
    /// Its path below the suite.
    fn path(&self, ending: &str) -> String {
        format!("{}/{}{ending}", self.folder, self.file)
    }

    /// Its files that are listed, the smallest first.
    fn files<'r>(&self, release: &'r Release) -> Vec<(&'static str, &'r Listed)> {
        let listed = |ending| Some((ending, release.listed(&self.path(ending))?));
        ENDINGS.into_iter().filter_map(listed).collect()
    }

    /// Where its packages are within the branch: `main`, `security/main`. The parts of a release do
    /// not replace each other.
    fn repository(&self, release: &Release) -> String {
        match release.pocket() {
            Some(pocket) => format!("{pocket}/{}", self.component),
            None => self.component.to_owned(),
        }
    }
}

/// Whether a `Release` is of a time that makes sense: not of the future, not lapsed, not older than
/// one that was seen. Clocks may differ by an hour.
fn check_times(release: &Release, before: &Believed, now: Timestamp) -> Result<(), String> {
    let date = release.date;
    if date.as_second() > now.as_second() + CLOCK_SKEW_SECONDS {
        return Err(format!(
            "its Release is of the future, {date}; one of the clocks is wrong"
        ));
    }
    if let Some(known) = before.date.filter(|known| date < *known) {
        return Err(format!(
            "its Release of {date} is older than the one of {known} that it had before"
        ));
    }
    check_limit(release.valid_until, now)
}

fn check_limit(until: Option<Timestamp>, now: Timestamp) -> Result<(), String> {
    match until {
        Some(until) if until.as_second() + CLOCK_SKEW_SECONDS < now.as_second() => Err(format!(
            "its Release was to be believed until {until}; the mirror is not kept up, or our clock \
             is wrong"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_keeps_its_folder_with_a_slash_at_its_end_and_without() {
        for slash in ["", "/"] {
            let archive = DebianArchive {
                url: format!("http://example.org/debian{slash}").parse().unwrap(),
                suites: Vec::new(),
                components: Vec::new(),
                architectures: Vec::new(),
                trust: Trust::Anybody,
                branch: None,
            };
            let address = archive.address("bookworm", "main/source/Sources.xz");
            assert_eq!(
                address.path(),
                "/debian/dists/bookworm/main/source/Sources.xz"
            );
        }
    }
}
