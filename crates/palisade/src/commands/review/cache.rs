//! Reports that were made before: kept by what was read, by which program, and dropped when damaged.
//!
//! Only files are known by their contents; a directory or a repository is read anew each time.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use palisade_review::digest::sha256_of_file;

use super::worker::Job;

/// The most bytes that are kept; the oldest reports go first.
const KEPT: u64 = 256 << 20;

/// Where reports are kept.
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The folder that was named, or the user's own; none where neither is to be had.
    pub(super) fn open(named: Option<PathBuf>) -> Option<Self> {
        let folder = named.or_else(own_folder)?;
        fs_err::create_dir_all(&folder).ok()?;
        Some(Self { folder })
    }

    /// What a job is known by: each file's digest, the program's own, and what was asked.
    pub(super) fn key(job: &Job) -> Option<String> {
        let program = fs_err::metadata(std::env::current_exe().ok()?).ok()?;
        let since = program
            .modified()
            .ok()?
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()?;
        let version = env!("CARGO_PKG_VERSION");
        let mut known = format!("{version} {} {}\n", program.len(), since.as_nanos());
        let materials = [job.old.as_deref(), Some(&job.new), job.git.as_deref()];
        for name in materials {
            known.push_str(&match name {
                Some(name) => of_file(Path::new(name))?,
                None => "none".to_owned(),
            });
            known.push('\n');
        }
        let beside = serde_json::to_vec(&job.beside).ok()?;
        known.push_str(&palisade_review::digest::sha256(&beside));
        Some(palisade_review::digest::sha256(known.as_bytes()))
    }

    /// A report that was kept; one that is damaged is dropped.
    pub(super) fn take(&self, key: &str) -> Option<Vec<u8>> {
        let path = self.folder.join(key);
        let bytes = fs_err::read(&path).ok()?;
        let (digest, report) = bytes.split_at_checked(64)?;
        if palisade_review::digest::sha256(report).as_bytes() == digest {
            return Some(report.to_vec());
        }
        tracing::warn!(path = %path.display(), "dropped a damaged report");
        // Where it cannot be removed it is damaged still next time.
        let _ = fs_err::remove_file(&path);
        None
    }

    /// Keeps a report; that it could not be kept is worth a line in the log and no more.
    pub(super) fn keep(&self, key: &str, report: &[u8]) {
        if let Err(error) = self.write(key, report) {
            tracing::debug!(%error, "the report is not kept");
        }
    }

    fn write(&self, key: &str, report: &[u8]) -> anyhow::Result<()> {
        use std::io::Write as _;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(palisade_review::digest::sha256(report).as_bytes())?;
        file.write_all(report)?;
        file.persist(self.folder.join(key))?;
        self.shrink()
    }

    /// Removes the oldest until the rest fits.
    fn shrink(&self) -> anyhow::Result<()> {
        let mut entries = Vec::new();
        for entry in fs_err::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_file() {
                entries.push((metadata.modified()?, metadata.len(), entry.path()));
            }
        }
        entries.sort_unstable();
        let mut total: u64 = entries.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in entries {
            if total <= KEPT {
                break;
            }
            fs_err::remove_file(path)?;
            total -= size;
        }
        Ok(())
    }
}

/// A file by its digest; its name counts too, as the report tells it.
fn of_file(path: &Path) -> Option<String> {
    let description = path.extension().is_some_and(|ending| ending == "dsc");
    if description || !path.is_file() {
        return None;
    }
    let name = path.file_name()?.to_string_lossy();
    Some(format!("{} {name}", sha256_of_file(path).ok()?))
}

fn own_folder() -> Option<PathBuf> {
    let from = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")))?;
    Some(base.join("palisade").join("review"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_kept_and_a_damaged_one_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(folder.path().to_owned())).unwrap();
        assert_eq!(cache.take("a"), None);
        cache.keep("a", b"report");
        assert_eq!(cache.take("a").unwrap(), b"report");
        let mut bytes = fs_err::read(folder.path().join("a")).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs_err::write(folder.path().join("a"), bytes).unwrap();
        assert_eq!(cache.take("a"), None);
        assert!(!folder.path().join("a").exists());
    }
}
