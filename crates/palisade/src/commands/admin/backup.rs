//! `palisade admin backup`: a copy that is whole or not there at all.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use palisade_tracker::{Schema, Store};

use crate::ui;

pub(super) async fn run(store: &Store, file: &Path) -> anyhow::Result<ExitCode> {
    if file.exists() {
        bail!(
            "{} is there already, and a copy overwrites nothing",
            file.display()
        );
    }
    if store.schema().await? == Schema::Missing {
        bail!("there is nothing to copy: it is no database of Palisade");
    }
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Whoever looks at the file while it is written, or after a crash, finds none under its name.
    let copy = tempfile::Builder::new()
        .prefix(".palisade-backup-")
        .tempfile_in(folder)
        .with_context(|| format!("make a file in {}", folder.display()))?
        .into_temp_path();
    store.copy_into(&copy).await.context("copy the database")?;
    let written = fs_err::File::open(&copy)?;
    written.sync_all()?;
    let bytes = written.metadata()?.len();
    copy.persist_noclobber(file)
        .with_context(|| format!("name the copy {}", file.display()))?;
    // The name is on the disk, too.
    fs_err::File::open(folder)?.sync_all()?;
    ui::say(&format!("{}: {}", file.display(), megabytes(bytes)));
    Ok(ExitCode::SUCCESS)
}

/// A size, rounded to a tenth of a megabyte.
fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
