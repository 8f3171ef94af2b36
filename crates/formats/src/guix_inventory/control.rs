//! The lines around the packages: header and trailer.

use palisade_model::{InventoryHead, Timestamp};
use serde::Deserialize;

/// The version of the format that is read and written.
pub(super) const VERSION: u64 = 1;

/// What a control line calls itself.
pub(super) const HEADER: &str = "guix-inventory";
pub(super) const END: &str = "end";

/// A line that is no package.
pub(super) enum Control {
    /// The first line.
    Header(InventoryHead),
    /// The last line.
    End {
        /// How many lines of packages there are.
        packages: u64,
        /// The sum over them.
        sha256: String,
    },
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
        let wrong = |error: serde_json::Error| format!("not a header or trailer: {error}");
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
                Ok(Self::Header(InventoryHead {
                    branch: header.branch,
                    revision: header.commit,
                    time: header.time,
                    ..InventoryHead::default()
                }))
            }
            END => {
                let End { packages, sha256 } = serde_json::from_slice(line).map_err(wrong)?;
                Ok(Self::End { packages, sha256 })
            }
            other => Err(format!("{} is no inventory of Guix", super::quoted(other))),
        }
    }
}
