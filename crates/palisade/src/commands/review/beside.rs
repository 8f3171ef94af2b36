//! What a review is given beside its materials: rules, packs, lists and decisions of one's own. They
//! are read here and handed to the worker as texts, since it can open nothing.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use palisade_review::explain::KnownBlobs;
use palisade_review::{Baseline, Decisions, Pack, Scanner, Suppressions, Yara};
use serde::{Deserialize, Serialize};

/// All of it together has no more bytes.
const LARGEST: u64 = 32 << 20;

#[derive(Debug, Args)]
pub(super) struct Beside {
    /// Rules of one's own, in the form of docs/review-rules.md: a file or a folder of .toml files
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,

    /// YARA rules: a file or a folder of .yar and .yara files
    #[arg(long, value_name = "PATH")]
    yara: Vec<PathBuf>,

    /// More files that upstreams of build tools published: lines of git's id, name and origin, with tabs
    /// between; it may be compressed
    #[arg(long, value_name = "FILE")]
    known_blobs: Vec<PathBuf>,

    /// What somebody has accepted, with reason, owner and last day
    #[arg(long, value_name = "FILE")]
    suppressions: Vec<PathBuf>,

    /// An earlier report in JSON: what it told is no news
    #[arg(long, value_name = "REPORT")]
    baseline: Option<PathBuf>,
}

/// A file's name and its text.
type Named = (String, String);

/// The same as it goes to the worker.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Texts {
    rules: Vec<Named>,
    yara: Vec<Named>,
    known_blobs: Vec<Named>,
    suppressions: Vec<Named>,
    baseline: Option<Named>,
    /// The day on which suppressions are looked at.
    today: String,
}

impl Beside {
    /// Reads everything that was named.
    pub(super) fn texts(&self) -> anyhow::Result<Texts> {
        let mut left = LARGEST;
        let mut all = |paths: &[PathBuf], endings: &[&str]| -> anyhow::Result<Vec<Named>> {
            let mut texts = Vec::new();
            for path in paths {
                for file in files(path, endings)? {
                    texts.push(text(&file, &mut left)?);
                }
            }
            Ok(texts)
        };
        let baseline = all(self.baseline.as_slice(), &["json"])?;
        Ok(Texts {
            rules: all(&self.rules, &["toml"])?,
            yara: all(&self.yara, &["yar", "yara"])?,
            known_blobs: all(&self.known_blobs, &["tsv"])?,
            suppressions: all(&self.suppressions, &["toml"])?,
            baseline: baseline.into_iter().next(),
            // Another day is another question only where something ends.
            today: match self.suppressions.as_slice() {
                [] => String::new(),
                _ => crate::commands::now().strftime("%Y-%m-%d").to_string(),
            },
        })
    }
}

/// A file, or those of a folder with one of the endings, in the order of their names.
fn files(path: &Path, endings: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs_err::read_dir(path)? {
        let file = entry?.path();
        let ending = file.extension().and_then(|ending| ending.to_str());
        if file.is_file() && ending.is_some_and(|ending| endings.contains(&ending)) {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        let endings = endings.join(" or .");
        bail!("{} holds no file that ends in .{endings}", path.display());
    }
    Ok(files)
}

/// The text of a file, decompressed if need be, and what it leaves of the bytes that may be read.
fn text(path: &Path, left: &mut u64) -> anyhow::Result<Named> {
    let mut text = Vec::new();
    let name = path.display().to_string();
    let file = BufReader::new(fs_err::File::open(path)?);
    let reader = palisade_formats::container::decompress(&name, file)?;
    reader
        .take(*left + 1)
        .read_to_end(&mut text)
        .with_context(|| format!("read {name}"))?;
    let size = text.len() as u64;
    *left = left.checked_sub(size).with_context(|| {
        format!(
            "{}: what is given beside the sources has more than {LARGEST} bytes",
            path.display()
        )
    })?;
    let text = String::from_utf8(text).with_context(|| format!("read {name}"))?;
    Ok((name, text))
}

impl Texts {
    /// All rules that look.
    pub(super) fn scanner(&self) -> anyhow::Result<Scanner> {
        let packs = self
            .rules
            .iter()
            .map(|(name, text)| Pack::parse(name, text));
        let scanner = Scanner::with(packs.collect::<Result<_, _>>()?)?;
        if self.yara.is_empty() {
            return Ok(scanner);
        }
        Ok(scanner.and(Yara::compile(&self.yara)?))
    }

    /// All contents that are known.
    pub(super) fn known(&self) -> anyhow::Result<KnownBlobs> {
        let mut known = KnownBlobs::shipped();
        for (name, text) in &self.known_blobs {
            if known.add_list(text) == 0 {
                bail!("{name} lists no content that is not known already");
            }
        }
        Ok(known)
    }

    /// What was decided before.
    pub(super) fn decisions(&self) -> anyhow::Result<Decisions> {
        let suppressions = self.suppressions.iter();
        let suppressions = suppressions.map(|(name, text)| Suppressions::parse(name, text));
        let baseline = self.baseline.as_ref();
        let baseline = baseline.map(|(name, text)| Baseline::parse(name, text.as_bytes()));
        Ok(Decisions {
            suppressions: suppressions.collect::<Result<_, _>>()?,
            baseline: baseline.transpose()?,
            today: self.today.clone(),
        })
    }
}
