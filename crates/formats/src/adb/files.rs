//! The list of files in a package: directories, what lies in them, and who may do what with it.
//!
//! Names are bytes, as the file system has them. A name that leads elsewhere than into its
//! directory is refused, so that whoever follows a path stays within the package.

use super::values::{Fault, Value, Values};

/// A directory of a package, with its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directory {
    /// The path from the root, without a `/` at either end; the root's own is empty.
    pub path: Vec<u8>,
    /// Who may do what; apk's default where it is not told.
    pub access: Option<Access>,
    /// What lies in it but directories.
    pub files: Vec<File>,
}

/// What lies in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    /// The name in its directory.
    pub name: Vec<u8>,
    /// Who may do what; apk's default where it is not told.
    pub access: Option<Access>,
    /// The size in bytes.
    pub size: Option<u64>,
    /// When it was changed, in seconds since 1970.
    pub modified: Option<u64>,
    /// The hash of its content: SHA-256 in a package; SHA-1 is known, too.
    pub hash: Option<Vec<u8>>,
    /// What it is in place of a file of its own.
    pub target: Option<Target>,
}

/// Who may do what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// The lower twelve bits of the mode.
    pub mode: u32,
    /// The owner's name.
    pub user: Vec<u8>,
    /// The group's name.
    pub group: Vec<u8>,
    /// Extended attributes: each a name, a zero byte, and a value.
    pub attributes: Vec<Vec<u8>>,
}

/// What a file is that has no content of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A symbolic link to this path.
    Symlink(Vec<u8>),
    /// Another name of the file with this path from the root.
    Hardlink(Vec<u8>),
    /// A device, or a pipe.
    Device(DeviceKind, u64),
}

/// Kinds of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// A block device.
    Block,
    /// A character device.
    Character,
    /// A named pipe.
    Pipe,
}

/// The type of a file in the mode that stands before its target, as Linux has it.
const TYPES: [(u16, Option<DeviceKind>); 5] = [
    (HARDLINK, None),
    (SYMLINK, None),
    (0o060_000, Some(DeviceKind::Block)),
    (0o020_000, Some(DeviceKind::Character)),
    (0o010_000, Some(DeviceKind::Pipe)),
];
const HARDLINK: u16 = 0o100_000;
const SYMLINK: u16 = 0o120_000;

impl Directory {
    /// The path of a file of the directory.
    #[must_use]
    pub fn path_of(&self, file: &File) -> Vec<u8> {
        let mut path = self.path.clone();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&file.name);
        path
    }

    pub(super) fn read(values: &Values<'_>, value: Value) -> Result<Self, Fault> {
        values.take(size_of::<Self>())?;
        let slots = values.slots(value)?;
        let path = bytes(values, slots.get(1))?;
        let steps = || path.split(|byte| *byte == b'/');
        if !path.is_empty() && !steps().all(is_name) {
            return Err(Fault::Broken("the path of a directory leads elsewhere"));
        }
        let files = values.slots(slots.get(3))?;
        let files = files.iter().map(|value| File::read(values, value));
        Ok(Self {
            access: Access::read(values, slots.get(2))?,
            files: files.collect::<Result<_, _>>()?,
            path,
        })
    }
}

impl File {
    /// The size of the content that the package holds for it: 0 of what has none of its own.
    #[must_use]
    pub fn content_size(&self) -> u64 {
        match self.target {
            Some(_) => 0,
            None => self.size.unwrap_or(0),
        }
    }

    fn read(values: &Values<'_>, value: Value) -> Result<Self, Fault> {
        values.take(size_of::<Self>())?;
        let slots = values.slots(value)?;
        let name = bytes(values, slots.get(1))?;
        if !is_name(&name) {
            return Err(Fault::Broken("the name of a file leads elsewhere"));
        }
        let target = values.blob(slots.get(6))?;
        Ok(Self {
            name,
            access: Access::read(values, slots.get(2))?,
            size: values.number(slots.get(3))?,
            modified: values.number(slots.get(4))?,
            hash: values.blob(slots.get(5))?.map(<[u8]>::to_vec),
            target: target.map(Target::read).transpose()?,
        })
    }
}

impl Access {
    fn read(values: &Values<'_>, value: Value) -> Result<Option<Self>, Fault> {
        if value.is_null() {
            return Ok(None);
        }
        values.take(size_of::<Self>())?;
        let slots = values.slots(value)?;
        let mode = values.number(slots.get(1))?.unwrap_or(0);
        let attributes = values.slots(slots.get(4))?;
        let attributes = attributes.iter().map(|value| bytes(values, value));
        Ok(Some(Self {
            mode: u32::try_from(mode).map_err(|_| Fault::Broken("a mode is too large"))?,
            user: bytes(values, slots.get(2))?,
            group: bytes(values, slots.get(3))?,
            attributes: attributes.collect::<Result<_, _>>()?,
        }))
    }
}

impl Target {
    fn read(blob: &[u8]) -> Result<Self, Fault> {
        let fault = Fault::Broken("the target of a file is of no known type");
        let Some(([low, high], rest)) = blob.split_first_chunk() else {
            return Err(fault);
        };
        let mode = u16::from_le_bytes([*low, *high]);
        let kind = TYPES.iter().find(|(kind, _)| *kind == mode);
        match (kind.ok_or(fault)?, <[u8; 8]>::try_from(rest)) {
            ((SYMLINK, _), _) => Ok(Self::Symlink(rest.to_vec())),
            ((_, None), _) => Ok(Self::Hardlink(rest.to_vec())),
            ((_, Some(kind)), Ok(number)) => Ok(Self::Device(*kind, u64::from_le_bytes(number))),
            _ => Err(fault),
        }
    }

    /// The value for it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let of = |wanted: Option<DeviceKind>| {
            let found = TYPES.iter().find(|(_, kind)| *kind == wanted);
            found.map_or(HARDLINK, |(mode, _)| *mode)
        };
        let device;
        let (mode, rest): (_, &[u8]) = match self {
            Self::Hardlink(path) => (HARDLINK, path),
            Self::Symlink(path) => (SYMLINK, path),
            Self::Device(kind, number) => {
                device = number.to_le_bytes();
                (of(Some(*kind)), &device)
            }
        };
        [&mode.to_le_bytes(), rest].concat()
    }
}

fn bytes(values: &Values<'_>, value: Value) -> Result<Vec<u8>, Fault> {
    Ok(values.blob(value)?.unwrap_or_default().to_vec())
}

/// Whether this is a name in a directory and nothing else.
fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(|byte| matches!(byte, b'/' | 0))
}
