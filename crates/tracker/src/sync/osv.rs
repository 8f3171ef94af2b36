//! OSV's bucket: for each ecosystem an archive of all records, and a list of when each changed.
//!
//! The list is fetched before the archive, so what changes in between is fetched again the next
//! time. Where few records changed, they are fetched one by one. ("Data dumps",
//! `ECOSYSTEM/all.zip`, `ECOSYSTEM/modified_id.csv`, `ECOSYSTEM/ID.json`.)

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade_fetch::{Answer, FetchError, Request, Url};
use palisade_formats::feed::FeedKind;
use palisade_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::part::{Memory, Parts};
use crate::TrackerError;
use crate::input::{Input, Kind};
use crate::sources::Document;

/// The bucket and what of it is wanted.
#[derive(Debug, Clone)]
pub struct OsvBucket {
    /// Its address, with a slash at the end.
    pub url: Url,
    /// Ecosystems, as OSV spells them.
    pub ecosystems: Vec<String>,
}

/// Records that are fetched one by one at the most; beyond, the archive is smaller.
const SINGLE: usize = 500;

/// The time from one record to the next.
const PACE: Duration = Duration::from_millis(50);

/// What of an ecosystem is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// The newest change.
    newest: Option<Timestamp>,
}

/// What a list of changes says.
#[derive(Debug, PartialEq, Eq)]
struct Changes {
    newest: Option<Timestamp>,
    /// Names of records that changed at or after the cursor.
    names: Vec<String>,
}

pub(super) async fn sync(
    parts: &mut Parts<'_, '_>,
    bucket: &OsvBucket,
) -> Result<(), TrackerError> {
    for ecosystem in &bucket.ecosystems {
        let mut memory: Memory<Cursor> = parts.memory(ecosystem);
        let outcome = one(parts, bucket, ecosystem, &mut memory).await;
        parts.remember(ecosystem, &memory, outcome).await?;
    }
    Ok(())
}

async fn one(
    parts: &Parts<'_, '_>,
    bucket: &OsvBucket,
    ecosystem: &str,
    memory: &mut Memory<Cursor>,
) -> Result<Outcome, TrackerError> {
    let request = Request {
        known: memory.validators.clone(),
        ..parts.request(address(parts, bucket, ecosystem, "modified_id.csv")?)
    };
    let list = match parts.fetch(ecosystem, &request).await? {
        Answer::NotModified => return Ok(Outcome::Unchanged),
        Answer::Body(body) => body,
    };
    let text = fs_err::read_to_string(&list.path).map_err(FetchError::from)?;
    fs_err::remove_file(&list.path).map_err(FetchError::from)?;
    let changes = changes(&text, memory.cursor.newest);
    let outcome = if memory.cursor.newest.is_none() || changes.names.len() > SINGLE {
        all(parts, bucket, ecosystem).await?
    } else if changes.names.is_empty() {
        Outcome::Unchanged
    } else {
        match singly(parts, bucket, ecosystem, &changes.names).await {
            // The list tells of a record that is not there, and would again the next time.
            Err(TrackerError::Fetch(FetchError::Status { code: 404, .. })) => {
                all(parts, bucket, ecosystem).await?
            }
            outcome => outcome?,
        }
    };
    memory.validators = list.validators;
    memory.cursor.newest = changes.newest.or(memory.cursor.newest);
    Ok(outcome)
}

async fn all(
    parts: &Parts<'_, '_>,
    bucket: &OsvBucket,
    ecosystem: &str,
) -> Result<Outcome, TrackerError> {
    let request = parts.request(address(parts, bucket, ecosystem, "all.zip")?);
    match parts.fetch(ecosystem, &request).await? {
        Answer::NotModified => Ok(Outcome::Unchanged),
        Answer::Body(body) => import(parts, &body.path).await,
    }
}

/// Fetches records one by one and imports them together.
async fn singly(
    parts: &Parts<'_, '_>,
    bucket: &OsvBucket,
    ecosystem: &str,
    names: &[String],
) -> Result<Outcome, TrackerError> {
    let mut together: Option<(PathBuf, fs_err::File)> = None;
    for name in names {
        let request = Request {
            pace: PACE,
            max_bytes: 64 << 20,
            ..parts.request(address(parts, bucket, ecosystem, &format!("{name}.json"))?)
        };
        let Answer::Body(body) = parts.fetch(ecosystem, &request).await? else {
            continue;
        };
        let record = fs_err::read(&body.path).map_err(FetchError::from)?;
        let added = add(&mut together, &body.path, &record);
        added.map_err(FetchError::from)?;
        fs_err::remove_file(&body.path).map_err(FetchError::from)?;
    }
    let Some((path, mut file)) = together else {
        return Ok(Outcome::Unchanged);
    };
    file.write_all(b"]").map_err(FetchError::from)?;
    drop(file);
    import(parts, &path).await
}

/// Adds a record to the list of all, which is begun beside the first of them.
fn add(
    together: &mut Option<(PathBuf, fs_err::File)>,
    beside: &Path,
    record: &[u8],
) -> std::io::Result<()> {
    let mark: &[u8] = if together.is_some() { b"," } else { b"[" };
    let (_, file) = match together {
        Some(begun) => begun,
        none => {
            let path = beside.with_file_name("changed.json");
            let file = fs_err::File::create(&path)?;
            none.insert((path, file))
        }
    };
    file.write_all(mark)?;
    file.write_all(record)
}

async fn import(parts: &Parts<'_, '_>, path: &Path) -> Result<Outcome, TrackerError> {
    let kind = Kind::Feed(FeedKind::Osv);
    let document = Document::File(path.to_owned());
    parts.import(Input::new(kind, document)).await
}

fn address(
    parts: &Parts<'_, '_>,
    bucket: &OsvBucket,
    ecosystem: &str,
    file: &str,
) -> Result<Url, TrackerError> {
    let mut url = bucket.url.clone();
    match url.path_segments_mut() {
        Ok(mut segments) => {
            segments.pop_if_empty().push(ecosystem).push(file);
        }
        Err(()) => {
            return Err(parts.wrong(format!("{} cannot have folders", bucket.url)));
        }
    }
    Ok(url)
}

/// Reads lines of `TIME,ID`. A line that is none is left out: its record comes with the archive.
fn changes(text: &str, since: Option<Timestamp>) -> Changes {
    let lines = text.lines().filter_map(|line| {
        let (time, name) = line.split_once(',')?;
        let name = name.trim();
        let name = name.rsplit('/').next().unwrap_or(name);
        let is_name = !name.is_empty() && name.len() <= 200 && !name.contains(['\\', '?', '#']);
        let time: Timestamp = time.trim().parse().ok()?;
        is_name.then(|| (time, name.to_owned()))
    });
    let lines: Vec<(Timestamp, String)> = lines.collect();
    Changes {
        newest: lines.iter().map(|(time, _)| *time).max(),
        names: lines
            .into_iter()
            // Another record may have changed in the same moment as the newest that is known.
            .filter(|(time, _)| since.is_none_or(|since| *time >= since))
            .map(|(_, name)| name)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_since_a_moment_include_those_of_that_moment() {
        let text = "2026-01-03T00:00:00Z,GO-2026-3\n2026-01-02T00:00:00.5Z,Go/GO-2026-2\n\
                    no line\n2026-01-01T00:00:00Z,GO-2026-1\n";
        let since = "2026-01-02T00:00:00.5Z".parse().ok();
        let found = changes(text, since);
        assert_eq!(found.names, ["GO-2026-3", "GO-2026-2"]);
        assert_eq!(found.newest, "2026-01-03T00:00:00Z".parse().ok());
        assert_eq!(changes(text, None).names.len(), 3);
        assert_eq!(changes("", since).newest, None);
    }
}
