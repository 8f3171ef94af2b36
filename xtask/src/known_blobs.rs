//! `cargo xtask known-blobs`: the table of files that build tools copy into other people's
//! releases, by git's name of their content.
//!
//! It is made from Debian's packages of these tools, fetched and verified by apt in a folder of
//! its own, so the machine's packages stay as they are. Only ids, file names and the packages'
//! names and versions go into the table, none of the content. With `--releases FOLDER`, what several
//! projects' releases hold alike goes in as well.

mod releases;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, bail, ensure};

use crate::programs::{must, output, root};

/// Debian's releases whose packages are read: each brings other versions of the same tools.
const SUITES: [&str; 3] = ["bullseye", "bookworm", "trixie"];

/// Where the packages are.
const MIRROR: &str = "http://deb.debian.org/debian";

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The tools that copy files. One that a release of Debian has not is left out there.
const PACKAGES: [&str; 22] = [
    "autoconf",
    "autoconf-archive",
    "autoconf2.13",
    "autoconf2.64",
    "autoconf2.69",
    "automake",
    "automake1.11",
    "autopoint",
    "autotools-dev",
    "gettext",
    "gnulib",
    "gobject-introspection",
    "gtk-doc-tools",
    "intltool",
    "libgirepository1.0-dev",
    "libglib2.0-dev",
    "libltdl-dev",
    "libtool",
    "pkg-config",
    "pkgconf",
    "texinfo",
    "valac",
];

/// Below these folders lies what is copied.
const FOLDERS: [&str; 14] = [
    "usr/share/aclocal/",
    "usr/share/aclocal-",
    "usr/share/autoconf",
    "usr/share/automake-",
    "usr/share/gettext/",
    "usr/share/gnulib/build-aux/",
    "usr/share/gnulib/lib/",
    "usr/share/gnulib/m4/",
    "usr/share/gnulib/top/",
    "usr/share/gtk-doc/data/",
    "usr/share/intltool/",
    "usr/share/libtool/",
    "usr/share/misc/config.",
    "usr/share/texmf/tex/texinfo/",
];

/// Shorter files are the same by chance.
const AT_LEAST: u64 = 100;

/// Git's name of a content, to the file's name and the package.
type Table = BTreeMap<[u8; 20], (String, String)>;

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let releases = match arguments {
        [] => None,
        [option, folder] if option == "--releases" => Some(Path::new(folder)),
        _ => bail!("usage: cargo xtask known-blobs [--releases FOLDER]"),
    };
    let folder = std::env::temp_dir().join(format!("palisade-known-blobs-{}", std::process::id()));
    fs_err::create_dir_all(&folder)?;
    let made = make(&folder, releases);
    fs_err::remove_dir_all(&folder)?;
    let table = made?;
    let data = root().join("crates/review/data");
    fs_err::create_dir_all(&data)?;
    fs_err::write(data.join("known-blobs.bin"), written(&table)?)?;
    fs_err::write(data.join("known-blobs.md"), provenance(&table))?;
    eprintln!("known-blobs: {} contents", table.len());
    Ok(ExitCode::SUCCESS)
}

fn make(folder: &Path, releases: Option<&Path>) -> anyhow::Result<Table> {
    let mut table = Table::new();
    for suite in SUITES {
        let apt = Apt::of(folder, suite)?;
        for package in PACKAGES {
            let Some((archive, name)) = apt.download(package)? else {
                eprintln!("known-blobs: {suite} has no {package}");
                continue;
            };
            eprintln!("known-blobs: {suite}: {name}");
            let unpacked = apt.folder.join("unpacked");
            must(
                Command::new("dpkg-deb")
                    .arg("-x")
                    .arg(&archive)
                    .arg(&unpacked),
            )?;
            collect(&unpacked, &name, &mut table)?;
            fs_err::remove_dir_all(&unpacked)?;
            fs_err::remove_file(&archive)?;
        }
    }
    if let Some(releases) = releases {
        releases::collect(releases, &folder.join("release"), &mut table)?;
    }
    Ok(table)
}

/// Apt with lists and packages of its own.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn of(folder: &Path, suite: &str) -> anyhow::Result<Self> {
        let apt = Self {
            folder: folder.join(suite),
        };
        for part in ["lists/partial", "archives/partial", "parts"] {
            fs_err::create_dir_all(apt.folder.join(part))?;
        }
        fs_err::write(apt.folder.join("status"), "")?;
        let source = format!("deb [signed-by={KEYRING}] {MIRROR} {suite} main\n");
        fs_err::write(apt.folder.join("sources.list"), source)?;
        must(apt.command("apt-get").args(["--quiet=2", "update"]))?;
        Ok(apt)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let mut set = |key: &str, path: &str| {
            let value = format!("{key}={}", self.folder.join(path).display());
            command.args(["-o", &value]);
        };
        set("Dir::State::lists", "lists");
        set("Dir::State::status", "status");
        set("Dir::Cache", "");
        set("Dir::Cache::archives", "archives");
        set("Dir::Etc::sourcelist", "sources.list");
        set("Dir::Etc::sourceparts", "parts");
        // Lists stay readable for the one who runs it.
        command.args(["-o", "APT::Sandbox::User="]);
        command.current_dir(&self.folder);
        command
    }

    /// Fetches a package; none if there is none of this name. Gives the file and `name version`.
    fn download(&self, package: &str) -> anyhow::Result<Option<(PathBuf, String)>> {
        let policy = output(self.command("apt-cache").args(["policy", package]))?;
        let candidate = policy
            .lines()
            .find_map(|line| line.trim().strip_prefix("Candidate: "));
        let Some(version) = candidate.filter(|version| *version != "(none)") else {
            return Ok(None);
        };
        must(
            self.command("apt-get")
                .args(["--quiet=2", "download", package]),
        )?;
        let archive = fs_err::read_dir(&self.folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "deb"));
        let archive = archive.with_context(|| format!("apt left no package {package}"))?;
        Ok(Some((archive, format!("{package} {version}"))))
    }
}

/// Adds what a package copies into releases.
fn collect(unpacked: &Path, package: &str, table: &mut Table) -> anyhow::Result<()> {
    let archive = unpacked.join("usr/share/gettext/archive.dir.tar.xz");
    if archive.exists() {
        // What each version of gettext since 0.10.35 copied.
        let parent = unpacked.join("usr/share/gettext");
        must(
            Command::new("tar")
                .arg("-xJf")
                .arg(&archive)
                .arg("-C")
                .arg(parent),
        )?;
    }
    let mut files = Vec::new();
    walk(unpacked, unpacked, &mut files)?;
    let names = hashed(&files)?;
    for (file, id) in files.iter().zip(names) {
        let name = file.file_name().and_then(|name| name.to_str());
        let name = name.context("a file's name is not UTF-8")?;
        // The oldest release that has it names it.
        let entry = (name.to_owned(), package.to_owned());
        table.entry(id).or_insert(entry);
    }
    Ok(())
}

fn walk(top: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let mut entries: Vec<PathBuf> = fs_err::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        let about = fs_err::symlink_metadata(&path)?;
        if about.is_dir() {
            walk(top, &path, files)?;
            continue;
        }
        let below = path.strip_prefix(top)?.to_string_lossy().into_owned();
        let wanted = FOLDERS.iter().any(|folder| below.starts_with(folder));
        let code = [".pm", ".el", ".elc", ".pl", ".xz", ".jar"];
        let own = code.iter().any(|ending| below.ends_with(ending));
        if wanted && !own && about.is_file() && about.len() >= AT_LEAST {
            files.push(path);
        }
    }
    Ok(())
}

/// Git's names of files, in their order.
fn hashed(files: &[PathBuf]) -> anyhow::Result<Vec<[u8; 20]>> {
    // Git would take an empty list for a file without a name.
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let mut git = Command::new("git")
        .args(["hash-object", "--no-filters", "--stdin-paths"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("start git")?;
    let mut input = git.stdin.take().context("git takes no input")?;
    let names: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
    let list = names.join("\n") + "\n";
    let writing = std::thread::spawn(move || input.write_all(list.as_bytes()));
    let output = git.wait_with_output()?;
    ensure!(output.status.success(), "git ended with {}", output.status);
    if writing.join().is_err() {
        bail!("git took no list of files");
    }
    let ids: Vec<[u8; 20]> = String::from_utf8(output.stdout)?
        .lines()
        .map(id)
        .collect::<anyhow::Result<_>>()?;
    ensure!(
        ids.len() == files.len(),
        "git named {} of {} files",
        ids.len(),
        files.len()
    );
    Ok(ids)
}

fn id(hexadecimal: &str) -> anyhow::Result<[u8; 20]> {
    let mut id = [0; 20];
    ensure!(hexadecimal.len() == 40, "{hexadecimal:?} is no SHA-1");
    for (byte, at) in id.iter_mut().zip((0..40).step_by(2)) {
        let digits = hexadecimal.get(at..at + 2).context("not ASCII")?;
        *byte = u8::from_str_radix(digits, 16)?;
    }
    Ok(id)
}

/// The table as the review reads it: two lines of head, the packages and the names a line each,
/// then for each content 20 bytes of id and the numbers of its package and its name.
fn written(table: &Table) -> anyhow::Result<Vec<u8>> {
    let packages: BTreeSet<&str> = table
        .values()
        .map(|(_, package)| package.as_str())
        .collect();
    let names: BTreeSet<&str> = table.values().map(|(name, _)| name.as_str()).collect();
    let numbered = |all: &BTreeSet<&str>| -> anyhow::Result<BTreeMap<String, u16>> {
        let number = |(number, text): (usize, &&str)| Ok(((*text).to_owned(), number.try_into()?));
        all.iter().enumerate().map(number).collect()
    };
    let (package_numbers, name_numbers) = (numbered(&packages)?, numbered(&names)?);
    let mut bytes = b"palisade known blobs 1\n".to_vec();
    writeln!(bytes, "{} {} {}", packages.len(), names.len(), table.len())?;
    for line in packages.iter().chain(&names) {
        writeln!(bytes, "{line}")?;
    }
    for (id, (name, package)) in table {
        bytes.extend(id);
        bytes.extend(package_numbers[package].to_be_bytes());
        bytes.extend(name_numbers[name].to_be_bytes());
    }
    Ok(bytes)
}

/// Where the table is from, in words.
fn provenance(table: &Table) -> String {
    let mut packages: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, package) in table.values() {
        *packages.entry(package).or_default() += 1;
    }
    let row = |(package, count): (&_, &_)| format!("| {package} | {count} |\n");
    let rows = packages.iter().map(row).collect::<Vec<_>>().concat();
    format!(
        "# Known blobs\n\n\
         `known-blobs.bin` lists git's names of {} files that build tools copy into other \
         people's releases,\neach with its base name and the package that brings it. \
         `cargo xtask known-blobs` made it from the packages below,\nfetched from {MIRROR} \
         ({}) and verified by apt. The files themselves are not\npart of it. A content that \
         several packages have counts for the oldest. A row \"and others\" counts macro files and \
         build scripts\nthat the releases of at least {} projects in Debian hold alike and none of \
         these packages has: copies from other\nversions of the same tools.\n\n\
         | package | contents |\n|---|--:|\n{rows}",
        table.len(),
        SUITES.join(", "),
        releases::PROJECTS,
    )
}
