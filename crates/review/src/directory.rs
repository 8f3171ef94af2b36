//! A directory as a tree. Links are read, never followed; `.git` is left out.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bstr::BString;

use crate::archive::Gather;
use crate::budget::{Budget, Meter};
use crate::material::{self, Error};
use crate::odd;
use crate::tree::{Kind, Tree};

/// Reads all files below a directory.
pub(crate) fn read(path: &Path, budget: &Budget) -> Result<Tree, Error> {
    let mut gather = Gather::new(Rc::new(Meter::new(budget)));
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let result = read_folder(&mut gather, path, &folder, &mut folders);
        if gather.meter.is_over() {
            break;
        }
        result.map_err(|source| Error::Read {
            path: path.join(&folder),
            source,
        })?;
    }
    if let Some(stop) = gather.meter.take_stop() {
        gather.meter.report(stop.rule(), b"", b"", "");
    }
    Ok(material::whole_tree(&path.display().to_string(), gather))
}

fn read_folder(
    gather: &mut Gather,
    root: &Path,
    folder: &Path,
    folders: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for entry in fs_err::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type()?;
        let below = folder.join(&name);
        if name == OsStr::new(".git") {
            continue;
        }
        if kind.is_dir() {
            gather.meter.entry()?;
            folders.push(below);
            continue;
        }
        let path = below.as_os_str().as_bytes().to_vec();
        let mode = entry.metadata()?.permissions().mode();
        if kind.is_symlink() {
            let target = fs_err::read_link(entry.path())?.into_os_string().into_vec();
            gather.file(
                &path,
                Kind::Symlink(BString::from(target)),
                mode,
                b"",
                false,
            )?;
        } else if kind.is_file() {
            let bytes = contents(gather, &entry.path(), &path)?;
            gather.file(&path, Kind::Regular, mode, &bytes, true)?;
        } else {
            let what = if kind.is_fifo() {
                "pipe"
            } else if kind.is_socket() {
                "socket"
            } else {
                "device"
            };
            gather.file(&path, Kind::Special(what), mode, b"", false)?;
        }
    }
    Ok(())
}

fn contents(gather: &Gather, path: &Path, name: &[u8]) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let limit = gather.meter.budget.file;
    let mut bytes = Vec::new();
    fs_err::File::open(path)?
        .take(limit + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        gather
            .meter
            .report(&odd::TOO_LARGE, name, b"", "so it is left out");
        bytes.clear();
    }
    Ok(bytes)
}
