//! The APKBUILDs that a path names: the file itself, those in an archive, those below a folder.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::bail;
use palisade_formats::{container, limits};

use crate::commands::must_be_there;

/// What becomes of each APKBUILD, by its name and text.
type Visit<'a> = dyn FnMut(&str, &str) -> anyhow::Result<()> + 'a;

/// Visits each APKBUILD that a path names, in the order of their paths.
///
/// # Errors
/// When there is none, one cannot be read, or `visit` fails.
pub(super) fn each_apkbuild(path: &Path, visit: &mut Visit<'_>) -> anyhow::Result<()> {
    if path.as_os_str() == "-" {
        return each_document("standard input", io::stdin().lock(), visit);
    }
    must_be_there(path)?;
    if !path.is_dir() {
        let file = io::BufReader::new(fs_err::File::open(path)?);
        return each_document(&path.display().to_string(), file, visit);
    }
    let files = apkbuilds_below(path)?;
    if files.is_empty() {
        bail!("there is no APKBUILD below {}", path.display());
    }
    for file in files {
        let reader = io::BufReader::new(fs_err::File::open(&file)?);
        each_document(&file.display().to_string(), reader, visit)?;
    }
    Ok(())
}

/// The APKBUILDs below a folder. Links are not followed.
fn apkbuilds_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.file_name() == "APKBUILD" {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn each_document(name: &str, reader: impl Read, visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let (mut any, mut failed) = (false, None);
    container::for_each_document(
        name,
        reader,
        &|member| member.rsplit('/').next() == Some("APKBUILD"),
        &mut |name, reader| {
            any = true;
            let mut bytes = Vec::new();
            let most = limits::RECORD_BYTES as u64;
            reader
                .take(most + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| container::read_error(name, error))?;
            if failed.is_none() {
                failed = if bytes.len() as u64 > most {
                    Some(anyhow::anyhow!(
                        "read {name}: it is larger than {most} bytes"
                    ))
                } else {
                    visit(name, &String::from_utf8_lossy(&bytes)).err()
                };
            }
            Ok(())
        },
        &mut |_| {},
    )?;
    match failed {
        Some(error) => Err(error),
        None if any => Ok(()),
        None => bail!("there is no APKBUILD in {name}"),
    }
}
