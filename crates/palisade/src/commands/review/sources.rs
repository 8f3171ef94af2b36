//! Getting the sources that recipes name: from a folder, from their address, from mirrors.
//!
//! A file counts only if it has the digest that the recipe names; it is checked before anything
//! opens it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use palisade_fetch::{Answer, Client, Request, Settings, Url};
use palisade_review::patch::{Mirrors, STORES, Source, System, Wanted, is_what_it_should_be};

use crate::commands::now;

/// The most bytes of a source; chromium's has 3 GB and is reviewed by nobody in one go.
const SOURCE_BYTES: u64 = 2 << 30;

/// The most files of a folder that are held against a digest when none has the name.
const CANDIDATES: usize = 1000;

/// Where sources come from.
pub(super) struct Sources {
    folder: Option<PathBuf>,
    network: Option<Network>,
}

/// What fetches.
pub(super) struct Network {
    client: Client,
    runtime: tokio::runtime::Runtime,
    mirrors: Mirrors,
    private: bool,
    downloads: tempfile::TempDir,
}

/// A source that was got.
pub(super) struct Got {
    /// Its file.
    pub(super) path: PathBuf,
    /// Where from.
    pub(super) from: String,
}

impl Sources {
    pub(super) fn new(folder: Option<PathBuf>, network: Option<Network>) -> Self {
        Self { folder, network }
    }

    /// Gets a source, or tells why it cannot be had.
    pub(super) fn get(&self, source: &Source, system: System) -> Result<Got, String> {
        if !source.is_file() {
            return Err(format!("what is got by {} is not fetched", source.method));
        }
        let Some(hash) = &source.hash else {
            return Err("the recipe names no digest of it".to_owned());
        };
        let is_it = |path: &Path| {
            let file = fs_err::File::open(path);
            file.and_then(|file| is_what_it_should_be(hash, file))
                .unwrap_or(false)
        };
        if let Some(found) = self
            .folder
            .as_deref()
            .and_then(|it| in_folder(it, source, &is_it))
        {
            let from = found.display().to_string();
            return Ok(Got { path: found, from });
        }
        let Some(network) = &self.network else {
            return Err("no file here has its digest".to_owned());
        };
        let mut reasons = Vec::new();
        for address in Wanted::of(source, system, &network.mirrors).addresses {
            match network.fetch(&address, &hash.hex, SOURCE_BYTES) {
                Ok(path) if is_it(&path) => {
                    return Ok(Got {
                        path,
                        from: address,
                    });
                }
                Ok(path) => {
                    // It is not what was asked for and never opened.
                    let _ = fs_err::remove_file(path);
                    reasons.push(format!("{address}: it has another digest"));
                }
                Err(error) => reasons.push(format!("{error:#}")),
            }
        }
        if reasons.is_empty() {
            return Err("no address is known from which it could be fetched".to_owned());
        }
        Err(reasons.join("; "))
    }

    /// Fetches a patch from the page of a request.
    pub(super) fn patch(&self, address: &str, limit: u64) -> anyhow::Result<Vec<u8>> {
        let network = self
            .network
            .as_ref()
            .context("--offline does not fetch patches")?;
        let path = network.fetch(address, "patch", limit)?;
        Ok(fs_err::read(path)?)
    }
}

/// The file of a folder that is a source: by its name, else by its digest.
fn in_folder(folder: &Path, source: &Source, is_it: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let is_file = |path: &PathBuf| fs_err::symlink_metadata(path).is_ok_and(|it| it.is_file());
    let base = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let names = std::iter::once(&source.name)
        .chain(&source.urls)
        .map(|name| base(name));
    let candidates = names
        .filter(|name| !name.is_empty() && name != "..")
        .map(|name| folder.join(name));
    if let Some(found) = candidates.filter(is_file).find(|path| is_it(path)) {
        return Some(found);
    }
    let entries = fs_err::read_dir(folder).ok()?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(is_file)
        .take(CANDIDATES)
        .find(|path| is_it(path))
}

impl Network {
    /// Sets up fetching. `private` lets it reach the own network.
    pub(super) fn new(mirrors: Mirrors, private: bool) -> anyhow::Result<Self> {
        let agent = format!("Palisade/{}", env!("CARGO_PKG_VERSION"));
        let mut settings = Settings::new(agent, now);
        // Somebody waits for the answer, and there are other mirrors.
        settings.attempts = 2;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            client: Client::new(settings)?,
            runtime,
            mirrors,
            private,
            downloads: tempfile::tempdir().context("make a folder for downloads")?,
        })
    }

    fn fetch(&self, address: &str, name: &str, limit: u64) -> anyhow::Result<PathBuf> {
        let url: Url = address
            .parse()
            .with_context(|| format!("read the address {address}"))?;
        let request = Request {
            private: self.private,
            max_bytes: limit,
            hosts: STORES.iter().map(|host| (*host).to_owned()).collect(),
            ..Request::new(url)
        };
        let target = self.downloads.path().join(name);
        let fetched = self.client.fetch(&request, &target, &|_| {});
        match self.runtime.block_on(fetched)? {
            Answer::Body(body) => Ok(body.path),
            Answer::NotModified => anyhow::bail!("fetch {address}: the server sent nothing"),
        }
    }
}
