//! Who is believed of what a source has.

use std::path::{Path, PathBuf};

use palisade_formats::apk_signature::PublicKey;

use crate::TrackerError;

/// Who is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Those whose keys are in these files. They are read in each run, as systems renew them.
    Keys(Vec<PathBuf>),
    /// Whoever answers.
    Anybody,
}

impl Trust {
    /// Alpine's keys; none when anybody is believed.
    ///
    /// # Errors
    /// When a file cannot be read, or is no key.
    pub(super) fn apk_keys(&self) -> Result<Vec<PublicKey>, TrackerError> {
        match self {
            Self::Keys(files) => files.iter().map(|file| read_key(file)).collect(),
            Self::Anybody => Ok(Vec::new()),
        }
    }
}

/// Reads one of Alpine's public keys; its name is its file's.
///
/// # Errors
/// When the file cannot be read, or is no key.
pub fn read_key(file: &Path) -> Result<PublicKey, TrackerError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let pem =
        fs_err::read_to_string(file).map_err(|error| TrackerError::unread_key(file, &error))?;
    PublicKey::from_pem(name, &pem).map_err(|error| TrackerError::key(file, &error))
}
