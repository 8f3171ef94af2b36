//! The projects and cases of `tests/evaluation`: small files in TOML, in which each change is told
//! as what it does to a project.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use palisade_review::{Budget, Tree, read_archive};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A project: its files, and what its next release changes in them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    /// A project with which it shares files.
    inherits: Option<String>,
    /// Files that it does not share.
    #[serde(default)]
    without: Vec<String>,
    #[serde(default, rename = "file")]
    files: Vec<Shipped>,
    #[serde(default)]
    release: Vec<Edit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    path: String,
    mode: Option<u32>,
    text: String,
}

/// The files of a source by path: bytes and permission bits.
type Files = BTreeMap<String, (Vec<u8>, u32)>;

/// Two releases of a project.
#[derive(Clone, Default)]
pub(crate) struct Project {
    old: Files,
    new: Files,
}

/// The cases of one family.
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) suspicious: Vec<Case>,
    pub(crate) harmless: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    #[serde(default)]
    suspicious: Vec<Case>,
    #[serde(default)]
    harmless: Vec<Case>,
}

/// A release of a project with something more in it than usual.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[expect(dead_code, reason = "for who reads the file")]
    what: Option<String>,
    project: String,
    /// Why it comes out wrong, if that is known.
    pub(crate) known: Option<String>,
    edit: Vec<Edit>,
}

/// What happens to one file of the new side.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    path: String,
    /// What both sides have before the rest of the edit is made.
    old: Option<Content>,
    old_mode: Option<u32>,
    /// The whole file.
    new: Option<Content>,
    mode: Option<u32>,
    /// Text of the file, once, and what comes in its place.
    find: Option<String>,
    put: Option<Content>,
    append: Option<Content>,
    #[serde(default)]
    remove: bool,
    /// The path that the file gets.
    to: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A piece of a file that nobody wants to read, or write down.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Part {
    Text {
        text: String,
    },
    /// `{n}` is the number of the repetition; `{word}`, `{hex}` and `{base64}` are random, of 2, 12
    /// and 32 bytes.
    Repeat {
        repeat: String,
        times: u32,
    },
    Hex {
        hex: String,
    },
    Base64 {
        base64: String,
    },
    Zeros {
        zeros: usize,
    },
    /// So many random bytes, the same each time.
    Random {
        random: u32,
    },
    /// A picture of so many random pixels on each side.
    Png {
        png: u32,
    },
}

pub(crate) fn projects() -> BTreeMap<String, Project> {
    let described: BTreeMap<String, Described> = read("projects").into_iter().collect();
    let project = |name: &String| (name.clone(), made(name, &described));
    described.keys().map(project).collect()
}

fn made(name: &str, described: &BTreeMap<String, Described>) -> Project {
    let own = &described[name];
    let mut project = own
        .inherits
        .as_deref()
        .map_or_else(Project::default, |parent| made(parent, described));
    for side in [&mut project.old, &mut project.new] {
        for path in &own.without {
            side.remove(path).unwrap();
        }
        for Shipped { path, mode, text } in &own.files {
            let file = (text.clone().into_bytes(), mode.unwrap_or(0o644));
            side.insert(path.clone(), file);
        }
    }
    for edit in &own.release {
        edit.make(&mut project);
    }
    project
}

pub(crate) fn families() -> Vec<Family> {
    let family = |(name, cases)| {
        let Cases {
            suspicious,
            harmless,
        } = cases;
        Family {
            name,
            suspicious,
            harmless,
        }
    };
    read("cases").into_iter().map(family).collect()
}

/// All files of a folder, with their names, in order of these.
fn read<T: DeserializeOwned>(folder: &str) -> Vec<(String, T)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/evaluation")
        .join(folder);
    let mut paths: Vec<PathBuf> = fs_err::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = fs_err::read_to_string(path).unwrap();
            let read = toml::from_str(&text);
            let read = read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), read)
        })
        .collect()
}

impl Case {
    /// The tree before and after.
    pub(crate) fn sides(&self, projects: &BTreeMap<String, Project>) -> (Tree, Tree) {
        let mut project = projects[&self.project].clone();
        for edit in &self.edit {
            edit.make(&mut project);
        }
        (tree(&project.old), tree(&project.new))
    }
}

/// A source is an archive, and is read as one.
fn tree(files: &Files) -> Tree {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, (bytes, mode)) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(*mode);
        let path = format!("source/{path}");
        if let Some(target) = bytes.strip_prefix(b"-> ") {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            let target = str::from_utf8(target).unwrap();
            archive.append_link(&mut header, path, target).unwrap();
        } else {
            header.set_size(bytes.len() as u64);
            archive.append_data(&mut header, path, &**bytes).unwrap();
        }
    }
    let bytes = archive.into_inner().unwrap();
    read_archive("source.tar", &*bytes, &Budget::default()).unwrap()
}

impl Edit {
    fn make(&self, Project { old, new }: &mut Project) {
        let path = &self.path;
        if let Some(content) = &self.old {
            let file = (content.bytes(), self.old_mode.unwrap_or(0o644));
            old.insert(path.clone(), file.clone());
            new.insert(path.clone(), file);
        }
        if let Some(content) = &self.new {
            let mode = self.mode.unwrap_or(0o644);
            new.insert(path.clone(), (content.bytes(), mode));
        }
        let (bytes, mode) = new
            .get_mut(path)
            .unwrap_or_else(|| panic!("no file {path}"));
        if let (Some(find), Some(put)) = (&self.find, &self.put) {
            *bytes = replaced(bytes, find.as_bytes(), &put.bytes())
                .unwrap_or_else(|| panic!("{path} does not say {find:?}"));
        }
        if let Some(content) = &self.append {
            bytes.extend(content.bytes());
        }
        *mode = self.mode.unwrap_or(*mode);
        if self.remove {
            new.remove(path);
        }
        if let Some(to) = &self.to {
            let file = new.remove(path).unwrap();
            new.insert(to.clone(), file);
        }
    }
}

fn replaced(bytes: &[u8], find: &[u8], put: &[u8]) -> Option<Vec<u8>> {
    let at = bytes
        .windows(find.len())
        .position(|window| window == find)?;
    Some([&bytes[..at], put, &bytes[at + find.len()..]].concat())
}

impl Content {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Parts(parts) => parts.iter().flat_map(Part::bytes).collect(),
        }
    }
}

impl Part {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text { text } => text.clone().into_bytes(),
            Self::Repeat { repeat, times } => {
                let mut random = Random((*times).into());
                (0..*times)
                    .flat_map(|n| filled(repeat, n, &mut random).into_bytes())
                    .collect()
            }
            Self::Hex { hex } => hex
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect(),
            Self::Base64 { base64 } => {
                let text: String = base64.split_whitespace().collect();
                BASE64_STANDARD.decode(text).unwrap()
            }
            Self::Zeros { zeros } => vec![0; *zeros],
            Self::Random { random } => Random((*random).into()).take(*random as usize),
            Self::Png { png } => picture(*png),
        }
    }
}

fn filled(pattern: &str, n: u32, random: &mut Random) -> String {
    let mut text = pattern.replace("{n}", &n.to_string());
    for (place, length) in [("{word}", 2), ("{hex}", 12), ("{base64}", 32)] {
        while text.contains(place) {
            let bytes = random.take(length);
            let word = if place == "{base64}" {
                BASE64_STANDARD.encode(&bytes)
            } else {
                let word = |word, byte| format!("{word}{byte:02x}");
                bytes.iter().fold(String::new(), word)
            };
            text = text.replacen(place, &word, 1);
        }
    }
    text
}

/// Splitmix64: bytes that look random and are the same each time.
struct Random(u64);

impl Random {
    fn take(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

/// A PNG of 8 bits a colour.
fn picture(side: u32) -> Vec<u8> {
    let mut random = Random(side.into());
    let rows = (0..side).flat_map(|_| [vec![0], random.take(3 * side as usize)].concat());
    let rows: Vec<u8> = rows.collect();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&rows).unwrap();
    let head = [
        &side.to_be_bytes()[..],
        &side.to_be_bytes(),
        b"\x08\x02\0\0\0",
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(*b"IHDR", &head),
        chunk(*b"IDAT", &packed.finish().unwrap()),
        chunk(*b"IEND", b""),
    ]
    .concat()
}

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap();
    let body = [&kind[..], data].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&body);
    [&length.to_be_bytes()[..], &body, &sum.sum().to_be_bytes()].concat()
}
