//! The lines around the packages: header and trailer.

use palisade_model::{InventoryHead, Timestamp};
use serde::Deserialize;

use super::record::RecordInput;

/// The version of the format that is read and written.
pub(super) const VERSION: u64 = 1;

/// What a control line calls itself.
pub(super) const HEADER: &str = "guix-inventory";
pub(super) const END: &str = "end";
pub(super) const INPUTS: &str = "inputs";
const ERROR: &str = "error";

/// A line that is no package.
pub(super) enum Control {
    /// The first line, and the systems that are usual.
    Header(InventoryHead, Option<Vec<String>>),
    /// Implicit inputs that many packages share, and by which number those name them.
    Inputs {
        /// The number.
        set: u64,
        /// The inputs.
        inputs: Vec<RecordInput>,
    },
    /// What could not be evaluated.
    Error(Unevaluated),
    /// The last line.
    End {
        /// How many lines of packages there are.
        packages: u64,
        /// The sum over them.
        sha256: String,
    },
}

/// A module or a package that could not be evaluated, or a part of one.
#[derive(Deserialize)]
pub(super) struct Unevaluated {
    package: Option<String>,
    module: Option<String>,
    reason: String,
    /// Whether the package stands in the file all the same, without that part.
    #[serde(default)]
    pub(super) kept: bool,
}

impl Unevaluated {
    /// What it is of: a package as `NAME@VERSION`, or a module.
    pub(super) fn id(&self) -> Option<String> {
        let module = || Some(format!("the module ({})", self.module.as_ref()?));
        self.package.clone().or_else(module)
    }

    /// What went wrong, for people.
    pub(super) fn reason(&self) -> String {
        format!("Guix could not evaluate it: {}", self.reason)
    }
}

#[derive(Deserialize)]
struct Inputs {
    set: u64,
    inputs: Vec<RecordInput>,
}

#[derive(Deserialize)]
struct Kind {
    palisade: String,
}

#[derive(Deserialize)]
struct Header {
    version: u64,
    commit: Option<String>,
    branch: Option<String>,
    time: Option<Timestamp>,
    supported_systems: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct End {
    packages: u64,
    sha256: String,
}

impl Control {
    /// Reads a line whose first field is `palisade`; other lines are packages.
    pub(super) fn parse(line: &[u8]) -> Option<Result<Self, String>> {
        let inside = line
            .trim_ascii_start()
            .strip_prefix(b"{")?
            .trim_ascii_start();
        inside
            .starts_with(b"\"palisade\"")
            .then(|| Self::read(line))
    }

    fn read(line: &[u8]) -> Result<Self, String> {
        let wrong = |error: serde_json::Error| format!("not a line of control: {error}");
        let kind: Kind = serde_json::from_slice(line).map_err(wrong)?;
        match kind.palisade.as_str() {
            HEADER => {
                let header: Header = serde_json::from_slice(line).map_err(wrong)?;
                if header.version != VERSION {
                    return Err(format!(
                        "version {} of the format is not known",
                        header.version
                    ));
                }
                let head = InventoryHead {
                    branch: header.branch,
                    revision: header.commit,
                    time: header.time,
                    ..InventoryHead::default()
                };
                Ok(Self::Header(head, header.supported_systems))
            }
            END => {
                let End { packages, sha256 } = serde_json::from_slice(line).map_err(wrong)?;
                Ok(Self::End { packages, sha256 })
            }
            INPUTS => {
                let Inputs { set, inputs } = serde_json::from_slice(line).map_err(wrong)?;
                Ok(Self::Inputs { set, inputs })
            }
            ERROR => Ok(Self::Error(serde_json::from_slice(line).map_err(wrong)?)),
            other => Err(format!("{} is no inventory of Guix", super::quoted(other))),
        }
    }
}
