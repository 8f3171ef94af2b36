//! The commands, one module each.

pub(crate) mod admin;
pub(crate) mod affected_by;
pub(crate) mod compare;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod findings;
pub(crate) mod generate;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod lint;
pub(crate) mod r#match;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod sync;
pub(crate) mod version;

use std::path::{Path, PathBuf};

use anyhow::Context;
use palisade_formats::apk_signature::PublicKey;
use palisade_model::{BranchName, Timestamp};
use palisade_tracker::sync::read_key;
use palisade_tracker::views::{FindingQuery, Unknown};
use palisade_tracker::{Store, StoreError, TrackerError, Views, follow_rules};

use crate::ui::{Steps, plain};

/// Revisions that are named where another one is not there.
const REVISIONS: usize = 3;

/// Runs what waits for the database or the network.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?
        .block_on(work)
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// The time now; the only place that reads the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the clock, here and nowhere else"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Opens the database.
pub(crate) async fn open_store(address: &str) -> anyhow::Result<Store> {
    let opened = Store::open(address).await;
    opened.map_err(|error| not_opened(address, error))
}

/// What was being done, and what to do. Only a file is named in errors: other addresses have passwords
/// in them.
fn not_opened(address: &str, error: StoreError) -> anyhow::Error {
    if address.contains("://") {
        return anyhow::Error::from(error).context("open the database");
    }
    let hint = hint_to_open(Path::new(address), &error);
    let hint = hint.map(|hint| format!("\nhint: {hint}"));
    let hint = hint.unwrap_or_default();
    anyhow::Error::from(error).context(format!("open the database {address}{hint}"))
}

/// Why a file cannot be opened, which SQLite does not tell, and what to do.
fn hint_to_open(file: &Path, error: &StoreError) -> Option<String> {
    if error.is_malformed() {
        return Some("--database names another file".to_owned());
    }
    if file.is_dir() {
        return Some(format!(
            "that is a folder; name a file, such as {}",
            file.join("palisade.sqlite").display()
        ));
    }
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Some(format!("there is no folder {}", folder.display()));
    }
    let refused = |tried: std::io::Error| tried.kind() == std::io::ErrorKind::PermissionDenied;
    let opened = fs_err::OpenOptions::new().read(true).write(true).open(file);
    if opened.err().is_some_and(refused) {
        return Some("this user may not read and write it".to_owned());
    }
    // SQLite writes beside the file, too.
    let made = tempfile::tempfile_in(folder);
    let may_not = made.err().is_some_and(refused);
    may_not.then(|| format!("this user may not write into {}", folder.display()))
}

/// Opens a database that is there, to read from it: a name that is mistyped is no empty database.
pub(crate) async fn open_existing_store(address: &str) -> anyhow::Result<Store> {
    must_exist(address)?;
    open_store(address).await
}

/// Opens a database that is there, to change what it says.
pub(crate) async fn open_existing_current_store(address: &str) -> anyhow::Result<Store> {
    must_exist(address)?;
    open_current_store(address).await
}

fn must_exist(address: &str) -> anyhow::Result<()> {
    if address.contains("://") || Path::new(address).exists() {
        return Ok(());
    }
    anyhow::bail!(
        "there is no database {address}; \"palisade import\" and \"palisade sync\" make one"
    )
}

/// Why a branch is not found, or a revision of it, and what there is instead.
pub(crate) async fn not_found(
    views: &Views,
    branch: &BranchName,
    revision: Option<&str>,
) -> anyhow::Error {
    let found = async {
        let branches = views.branch_names().await?;
        let query = FindingQuery::default();
        let view = views.branch(branch, None, &query, now()).await?;
        Ok::<_, TrackerError>((branches, view))
    };
    match found.await.context("read the branches") {
        Err(error) => error,
        Ok((_, Some(view))) => {
            let revisions = view.revisions.iter().take(REVISIONS);
            let revisions: Vec<&str> = revisions.map(|it| it.name.as_str()).collect();
            anyhow::anyhow!(
                "there is no revision {:?} of {branch}\nhint: it has, the latest first, {}",
                revision.unwrap_or_default(),
                plain(&revisions.join(", "))
            )
        }
        Ok((branches, None)) => {
            anyhow::anyhow!("there is no branch {branch}\nhint: {}", which(&branches))
        }
    }
}

/// Why something cannot be told, and which branches there are where none is called as was said.
pub(crate) fn with_branches(unknown: &Unknown) -> String {
    match &unknown.branches {
        Some(branches) => format!("{unknown}\nhint: {}", which(branches)),
        None => unknown.to_string(),
    }
}

/// Which branches there are, for whoever named another one.
pub(crate) fn which(branches: &[BranchName]) -> String {
    let names: Vec<String> = branches.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => "none is stored; \"palisade import\" takes inventories of branches".to_owned(),
        [only] => format!("there is {only}"),
        names => format!("there are {}", names.join(", ")),
    }
}

/// Opens the database to import into it or to serve it. Findings that come from other rules are
/// derived again first, so that all in it follow the same.
pub(crate) async fn open_current_store(address: &str) -> anyhow::Result<Store> {
    let store = open_store(address).await?;
    follow_rules(&store, now().as_microsecond(), &Steps)
        .await
        .context("judge again by the new rules")?;
    Ok(store)
}

/// Refuses a file that is not there, before anything is made for it; `-` is standard input.
pub(crate) fn must_be_there(file: &Path) -> anyhow::Result<()> {
    let is_missing = file.as_os_str() != "-" && file.try_exists().is_ok_and(|there| !there);
    anyhow::ensure!(!is_missing, "there is no file {}", file.display());
    Ok(())
}

/// Reads public keys; a key's name is its file's.
pub(crate) fn read_keys(paths: &[PathBuf]) -> anyhow::Result<Vec<PublicKey>> {
    let keys = paths.iter().map(|path| read_key(path));
    Ok(keys.collect::<Result<_, _>>()?)
}
