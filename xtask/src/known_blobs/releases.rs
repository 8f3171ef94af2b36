//! What the releases of several projects hold alike: macro files and build scripts that each copied
//! from some version of a build tool, most of which no release of Debian has as a package.
//!
//! The folder holds upstream's archives as `apt-get source --download-only` leaves them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::{AT_LEAST, Table, hashed};
use crate::programs::{must, output};

/// One project may have changed its copy. That so many did the same without a common source is not
/// to be thought of.
pub(super) const PROJECTS: usize = 3;

/// Build scripts that are copied, beside `*.m4`.
const SCRIPTS: [&str; 16] = [
    "ar-lib",
    "compile",
    "config.guess",
    "config.rpath",
    "config.sub",
    "depcomp",
    "install-sh",
    "ltmain.sh",
    "mdate-sh",
    "missing",
    "mkinstalldirs",
    "py-compile",
    "tap-driver.sh",
    "test-driver",
    "texinfo.tex",
    "ylwrap",
];

/// A content in several projects.
#[derive(Default)]
struct Shared {
    name: String,
    /// Each project that has it, with the oldest of its releases that does.
    projects: BTreeMap<String, String>,
}

/// Adds to `table` what at least [`PROJECTS`] projects hold alike.
pub(super) fn collect(folder: &Path, unpacked: &Path, table: &mut Table) -> anyhow::Result<()> {
    let mut shared: BTreeMap<[u8; 20], Shared> = BTreeMap::new();
    for (archive, project, version) in archives(folder)? {
        fs_err::create_dir_all(unpacked)?;
        let files = copies(&archive, unpacked)?;
        eprintln!("known-blobs: {project} {version}: {} files", files.len());
        for (file, id) in files.iter().zip(hashed(&files)?) {
            let name = file.file_name().and_then(|name| name.to_str());
            let entry = shared.entry(id).or_default();
            name.context("a file's name is not UTF-8")?
                .clone_into(&mut entry.name);
            entry
                .projects
                .entry(project.clone())
                .or_insert_with(|| version.clone());
        }
        fs_err::remove_dir_all(unpacked)?;
    }
    for (id, content) in shared {
        let Some((project, version)) = content.projects.first_key_value() else {
            continue;
        };
        if content.projects.len() >= PROJECTS {
            let origin = format!("{project} {version} and others");
            table.entry(id).or_insert((content.name, origin));
        }
    }
    Ok(())
}

/// Archives of upstreams in `folder`, each with its project and version, as Debian names them.
fn archives(folder: &Path) -> anyhow::Result<Vec<(PathBuf, String, String)>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some((project, rest)) = name.and_then(|name| name.split_once('_')) else {
            continue;
        };
        if let Some((version, ending)) = rest.split_once(".orig.tar.")
            && ["gz", "bz2", "xz"].contains(&ending)
        {
            found.push((path.clone(), project.to_owned(), version.to_owned()));
        }
    }
    found.sort();
    Ok(found)
}

/// Unpacks what build tools copy, and nothing else.
fn copies(archive: &Path, unpacked: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut tar = Command::new("tar");
    tar.args(["--quoting-style=literal", "-tf"]).arg(archive);
    let names = output(&mut tar)?;
    let wanted: BTreeSet<&str> = names.lines().filter(|name| is_copied(name)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let list = unpacked.join("list");
    let lines: Vec<&str> = wanted.into_iter().collect();
    fs_err::write(&list, lines.join("\n"))?;
    let mut tar = Command::new("tar");
    tar.args(["--no-same-owner", "--verbatim-files-from", "-xf"])
        .arg(archive)
        .arg("-C")
        .arg(unpacked)
        .arg("-T")
        .arg(&list);
    must(&mut tar)?;
    let is_file = |path: &PathBuf| {
        fs_err::symlink_metadata(path).is_ok_and(|it| it.is_file() && it.len() >= AT_LEAST)
    };
    let path = |name: &&str| unpacked.join(name);
    Ok(lines.iter().map(path).filter(is_file).collect())
}

fn is_copied(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    // aclocal.m4 is made in each project from its own configure.ac.
    let macros = Path::new(base).extension().is_some_and(|it| it == "m4");
    macros && base != "aclocal.m4" || SCRIPTS.contains(&base)
}
