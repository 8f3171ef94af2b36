//! All that a package says of itself: its information, its files, its scripts.

use super::files::Directory;
use super::info::{Info, Mended};
use super::values::{Allowance, Fault, Value, Values};

/// A package without the contents of its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// What it is.
    pub info: Info,
    /// Its directories, with their files.
    pub directories: Vec<Directory>,
    /// Its scripts.
    pub scripts: Vec<(Script, Vec<u8>)>,
    /// Paths whose change runs its script for triggers.
    pub triggers: Vec<Vec<u8>>,
    /// Which of those that own a file keeps it.
    pub replaces_priority: Option<u64>,
}

/// When a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Script {
    /// When one of the package's triggers was touched.
    Trigger,
    /// Before the package is installed.
    PreInstall,
    /// After it was installed.
    PostInstall,
    /// Before it is removed.
    PreDeinstall,
    /// After it was removed.
    PostDeinstall,
    /// Before it is replaced by another version.
    PreUpgrade,
    /// After it was.
    PostUpgrade,
}

impl Script {
    /// All scripts, in the order of the schema.
    pub const ALL: [Self; 7] = [
        Self::Trigger,
        Self::PreInstall,
        Self::PostInstall,
        Self::PreDeinstall,
        Self::PostDeinstall,
        Self::PreUpgrade,
        Self::PostUpgrade,
    ];

    /// The name that apk has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDeinstall => "pre-deinstall",
            Self::PostDeinstall => "post-deinstall",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
        }
    }
}

impl Manifest {
    /// Reads a block of values; the second value tells what had to be mended.
    pub(super) fn read(bytes: &[u8], allowance: &Allowance) -> Result<(Self, Mended), Fault> {
        let (values, root) = Values::open(bytes, allowance)?;
        values.take(size_of::<Self>())?;
        let slots = values.slots(root)?;
        let (info, mended) = Info::read(&values, slots.get(1))?;
        let directories = values.slots(slots.get(2))?;
        let directories = directories
            .iter()
            .map(|value| Directory::read(&values, value));
        let manifest = Self {
            info,
            directories: directories.collect::<Result<_, _>>()?,
            scripts: scripts(&values, slots.get(3))?,
            triggers: triggers(&values, slots.get(4))?,
            replaces_priority: values.number(slots.get(5))?,
        };
        Ok((manifest, mended))
    }
}

fn scripts(values: &Values<'_>, value: Value) -> Result<Vec<(Script, Vec<u8>)>, Fault> {
    let slots = values.slots(value)?;
    let mut scripts = Vec::new();
    for (place, script) in Script::ALL.into_iter().enumerate() {
        if let Some(text) = values.blob(slots.get(place + 1))? {
            scripts.push((script, text.to_vec()));
        }
    }
    Ok(scripts)
}

fn triggers(values: &Values<'_>, value: Value) -> Result<Vec<Vec<u8>>, Fault> {
    let slots = values.slots(value)?;
    let blobs = slots.iter().map(|value| values.blob(value));
    blobs
        .filter_map(Result::transpose)
        .map(|blob| Ok(blob?.to_vec()))
        .collect()
}
