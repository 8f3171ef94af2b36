//! What the tests share: a sink that remembers, and the way to the real data.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Record, Stop};
use palisade_formats::inventory::{InventoryContext, InventoryKind};
use palisade_formats::{Place, ReadError, Reject, container};
use palisade_model::{Inventory, Package};

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
            .push((raw.place, String::from_utf8(raw.bytes.to_vec()).unwrap()));
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
