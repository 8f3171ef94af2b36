//! What the tests share: a sink that remembers, and the way to the real data.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Record, Stop};
use palisade_formats::inventory::{InventoryContext, InventoryKind};
use palisade_formats::{Place, ReadError, Reject, container};
use palisade_model::{
    Advisory, Affected, Inventory, Lower, Package, Product, Span, Upper, VersionStatus,
};

/// Remembers everything that a reader hands over.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) heads: Vec<FeedHead>,
    pub(crate) raws: Vec<(Place, String)>,
    pub(crate) rejects: Vec<Reject>,
}

impl FeedSink for Collected {
    fn begin(&mut self, head: &FeedHead) {
        self.heads.push(head.clone());
    }

    fn record(&mut self, raw: RawRecord<'_>) -> Result<(), Stop> {
        assert!(
            !self.heads.is_empty(),
            "a record came before its document's head"
        );
        self.raws
            .push((raw.place, String::from_utf8_lossy(raw.bytes).into_owned()));
        Ok(())
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

impl Collected {
    pub(crate) fn read(
        kind: FeedKind,
        document: &str,
        bytes: &[u8],
        context: &FeedContext,
    ) -> Result<Self, ReadError> {
        let mut sink = Self::default();
        kind.read(document, &mut &*bytes, context, &mut sink)?;
        Ok(sink)
    }

    pub(crate) fn records(&self, kind: FeedKind) -> Vec<Record> {
        self.raws
            .iter()
            .map(|(_, raw)| kind.parse(raw.as_bytes()).unwrap())
            .collect()
    }

    /// The rejects, one a line, mended ones with a `~` in front.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let line = |r: &Reject| {
            let id = r.id.as_deref().unwrap_or("-");
            format!(
                "{}{}: {id}: {}",
                if r.mended { "~" } else { "" },
                r.place,
                r.reason
            )
        };
        self.rejects.iter().map(line).collect()
    }
}

/// A sink that has had enough.
pub(crate) struct Full;

impl FeedSink for Full {
    fn begin(&mut self, _: &FeedHead) {}

    fn record(&mut self, _: RawRecord<'_>) -> Result<(), Stop> {
        Err(Stop)
    }

    fn reject(&mut self, _: Reject) {}
}

pub(crate) fn context(branch: &str) -> FeedContext {
    FeedContext {
        branch: Some(branch.parse().unwrap()),
        repository: None,
        whole_at: None,
    }
}

/// What a format of inventories makes of bytes, and what it passes over or mends.
pub(crate) fn try_inventory(
    kind: InventoryKind,
    document: &str,
    bytes: &[u8],
) -> (Result<Inventory, ReadError>, Vec<Reject>) {
    let mut rejects = Vec::new();
    let context = InventoryContext::default();
    let read = kind.read(document, &mut &*bytes, &context, &mut |reject| {
        rejects.push(reject);
    });
    (read, rejects)
}

/// An inventory that is read without a word.
pub(crate) fn inventory(kind: InventoryKind, document: &str, bytes: &[u8]) -> Inventory {
    let (read, rejects) = try_inventory(kind, document, bytes);
    assert_eq!(rejects, []);
    read.unwrap()
}

/// Why a document as a whole is refused.
pub(crate) fn refused(kind: InventoryKind, bytes: &[u8]) -> String {
    try_inventory(kind, "x", bytes).0.unwrap_err().to_string()
}

/// The package of a name.
pub(crate) fn package<'a>(inventory: &'a Inventory, name: &str) -> &'a Package {
    let found = inventory.packages.iter().find(|it| it.name == name);
    found.unwrap_or_else(|| panic!("there is no package {name}"))
}

/// What a program prints; none, with a line that says so, where the program is not there.
pub(crate) fn printed(program: &str, arguments: &[&str], folder: &Path) -> Option<Vec<u8>> {
    let mut command = std::process::Command::new(program);
    command.args(arguments).current_dir(folder);
    for (variable, place) in [
        ("HOME", "home"),
        ("NIX_LOG_DIR", "log"),
        ("NIX_STATE_DIR", "var"),
        ("NIX_STORE_DIR", "store"),
    ] {
        command.env(variable, folder.join(place));
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: {program} cannot be run: {error}");
            return None;
        }
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    Some(output.stdout)
}

/// The path of a real file; `None`, with a line that says so, where the data is not there.
pub(crate) fn real(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("PALISADE_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let path = root.join(path);
    if !path.exists() {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}

/// A real file, decompressed.
pub(crate) fn real_bytes(path: &str) -> Option<Vec<u8>> {
    let file = BufReader::new(fs_err::File::open(real(path)?).unwrap());
    let mut bytes = Vec::new();
    container::decompress(path, file)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    Some(bytes)
}

/// The documents in a real archive.
pub(crate) fn real_documents(
    path: &str,
    wanted: &dyn Fn(&str) -> bool,
) -> Option<Vec<(String, Vec<u8>)>> {
    let file = BufReader::new(fs_err::File::open(real(path)?).unwrap());
    let mut documents = Vec::new();
    let mut visit = |name: &str, reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        documents.push((name.to_owned(), bytes));
        Ok(())
    };
    let mut passed_over = |reject| panic!("{reject}");
    container::for_each_document(path, file, wanted, &mut visit, &mut passed_over).unwrap();
    Some(documents)
}

/// The real files under a folder whose names have this ending, by name.
pub(crate) fn real_tree(path: &str, ending: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let (mut folders, mut files) = (vec![real(path)?], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                files.push((path.display().to_string(), fs_err::read(path).unwrap()));
            }
        }
    }
    files.sort();
    Some(files)
}

/// A tar archive of files.
pub(crate) fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

/// What an advisory says is affected, a line a product: `debian/12 openssl: affected <3.0 (note)`.
pub(crate) fn told(advisory: &Advisory) -> Vec<String> {
    advisory.affected.iter().map(told_of_one).collect()
}

fn told_of_one(entry: &Affected) -> String {
    let ranges = entry.versions.iter().map(|range| {
        let status = match range.status {
            VersionStatus::Affected => "affected",
            VersionStatus::Unaffected => "unaffected",
            VersionStatus::Unknown => "unknown",
        };
        format!("{status} {}", span(&range.span))
    });
    let ranges = ranges.collect::<Vec<_>>().join(", ");
    let note = entry.note.as_ref().map(|note| format!(" ({note})"));
    let product = product(&entry.product);
    format!("{product}: {ranges}{}", note.unwrap_or_default())
}

fn span(span: &Span) -> String {
    match span {
        Span::All => "all".to_owned(),
        Span::Exact(version) => format!("={version}"),
        Span::Between(lower, upper) => {
            let lower = match lower {
                Lower::Open => String::new(),
                Lower::Including(version) => format!(">={version}"),
                Lower::Excluding(version) => format!(">{version}"),
            };
            let upper = match upper {
                Upper::Open => String::new(),
                Upper::Including(version) => format!("<={version}"),
                Upper::Excluding(version) => format!("<{version}"),
            };
            lower + &upper
        }
        other => format!("{other:?}"),
    }
}

fn product(product: &Product) -> String {
    match product {
        Product::Cpe(cpe) => format!("cpe {}:{}", cpe.vendor, cpe.product),
        Product::Named {
            vendor, product, ..
        } => format!("{vendor:?} {product:?}"),
        Product::Ecosystem {
            ecosystem, name, ..
        } => format!("{ecosystem} {name}"),
        Product::Distribution {
            distribution,
            branch,
            name,
            ..
        } => match branch {
            Some(branch) => format!("{distribution}/{branch} {name}"),
            None => format!("{distribution} {name}"),
        },
    }
}

/// Reads bytes by themselves, and a sound document into which they were put; what comes out of it is
/// parsed.
pub(crate) fn survives(kind: FeedKind, sound: &[u8], bytes: &[u8], at: usize) {
    let context = context("debian/12");
    let _ = Collected::read(kind, "d", bytes, &context);
    let _ = kind.parse(bytes);
    let mut broken = sound.to_vec();
    let at = at % (broken.len() + 1);
    let end = (at + bytes.len() / 2).min(broken.len());
    broken.splice(at..end, bytes.iter().copied());
    if let Ok(collected) = Collected::read(kind, "d", &broken, &context) {
        for (_, raw) in collected.raws {
            let _ = kind.parse(raw.as_bytes());
        }
    }
}
