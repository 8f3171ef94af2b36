//! The highest serial of each macro file of the Autotools, from unpacked packages of their upstreams.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use crate::programs::root;

/// Files that every project makes for itself.
const OF_EACH_PROJECT: &[&str] = &[
    "aclocal.m4",
    "acinclude.m4",
    "gnulib-cache.m4",
    "gnulib-comp.m4",
];

const TABLE: &str = "crates/review/data/m4-serials.tsv";

/// A file starts with its serial; further down the word means something else.
const LINES: usize = 60;

const HEAD: &str = "# Macro files of Autotools and the highest serial that their upstreams gave them, 0 where they give none.
# Made by `cargo xtask m4-serials DIRECTORY...` from packages of Debian: docs/review-rules.md says which.\n";

/// Writes the table from all macro files below the directories.
pub(crate) fn run(directories: &[String]) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        !directories.is_empty(),
        "tell the directories of unpacked packages"
    );
    let mut highest = BTreeMap::new();
    for directory in directories {
        gather(Path::new(directory), &mut highest)?;
    }
    let lines: String = highest
        .iter()
        .fold(HEAD.to_owned(), |text, (name, serial)| {
            text + &format!("{name}\t{serial}\n")
        });
    fs_err::write(root().join(TABLE), lines).context("write the table of serials")?;
    Ok(ExitCode::SUCCESS)
}

fn gather(directory: &Path, highest: &mut BTreeMap<String, u32>) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() {
            gather(&entry.path(), highest)?;
        } else if kind.is_file()
            && Path::new(&name)
                .extension()
                .is_some_and(|extension| extension == "m4")
            && !OF_EACH_PROJECT.contains(&&*name)
        {
            let bytes = fs_err::read(entry.path())?;
            let known = highest.entry(name).or_default();
            *known = (*known).max(serial(&String::from_utf8_lossy(&bytes)).unwrap_or(0));
        }
    }
    Ok(())
}

fn serial(text: &str) -> Option<u32> {
    text.lines().take(LINES).find_map(|line| {
        let (before, after) = line.split_once("serial")?;
        let before = before.trim();
        if !before.starts_with('#') && !before.starts_with("dnl") {
            return None;
        }
        let digits = after.trim_start();
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        digits[..end].parse().ok()
    })
}
