//! What apk installed: `lib/apk/db/installed`, or `usr/lib/apk/db/installed` where apk 3 keeps it.
//!
//! The text has the records of an index ([`crate::apkindex`]) with a list of files each. A tar
//! archive of a root file system is read too: then the repositories from which the system is
//! installed tell the branch, and `os-release` the distribution. Files are not kept.

use std::io::Read;

use palisade_model::{Inventory, InventoryHead, Package};

use crate::apk_repositories::Repositories;
use crate::apkindex::{self, Listing};
use crate::container::{for_each_document, read_whole};
use crate::releases::Release;
use crate::{Place, ReadError, Reject, limits};

/// Other files of a root are short.
const FILE_BYTES: u64 = 1 << 20;

/// Reads an inventory from a database, or from the archive of a root that has one.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Inventory, ReadError> {
    let mut root = Root::default();
    let (mut odd, mut passed_over, mut alone) = (Vec::new(), Vec::new(), false);
    for_each_document(
        document,
        reader,
        &|member| File::of(member).is_some(),
        &mut |name, reader| {
            let member = name
                .strip_prefix(document)
                .and_then(|rest| rest.strip_prefix('!'));
            alone = member.is_none();
            let file = member.and_then(File::of).unwrap_or(File::Database);
            root.add(name, file, reader, &mut |reject| odd.push(reject))
        },
        &mut |reject| passed_over.push(reject),
    )?;
    odd.into_iter().for_each(&mut *rejects);
    // A root is full of links, of which none but these could have mattered.
    let matters = |reject: &Reject| {
        reject.document.rsplit('!').next().and_then(File::of) == Some(File::Database)
    };
    passed_over
        .into_iter()
        .filter(matters)
        .for_each(&mut *rejects);
    // Nothing is installed in an empty root, but an empty file may be anything.
    let packages = root.packages.filter(|list| !(alone && list.is_empty()));
    let Some(packages) = packages else {
        let reason = "it has no database of installed packages";
        return Err(ReadError::malformed(document, reason));
    };
    let head = apkindex::head(document, None, &packages, rejects);
    let (distribution, branch) = match root.release {
        Some(release) => (Some(release.distribution), release.branch),
        None => (head.distribution.clone(), None),
    };
    Ok(Inventory {
        head: InventoryHead {
            distribution,
            branch: root.repositories.branch().or(branch),
            ..head
        },
        packages,
    })
}

/// A file of a root that is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum File {
    Database,
    Repositories,
    Release,
}

impl File {
    fn of(path: &str) -> Option<Self> {
        match path.strip_prefix("usr/").unwrap_or(path) {
            "lib/apk/db/installed" => Some(Self::Database),
            "etc/apk/repositories" => Some(Self::Repositories),
            "etc/os-release" | "lib/os-release" => Some(Self::Release),
            _ => None,
        }
    }
}

/// What is known of a root.
#[derive(Default)]
struct Root {
    packages: Option<Vec<Package>>,
    repositories: Repositories,
    release: Option<Release>,
}

impl Root {
    fn add(
        &mut self,
        name: &str,
        file: File,
        reader: &mut dyn Read,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<(), ReadError> {
        match file {
            File::Database if self.packages.is_some() => rejects(Reject {
                document: name.to_owned(),
                place: Place::Whole,
                id: None,
                reason: "it is a second database of installed packages".to_owned(),
                mended: false,
            }),
            File::Database => {
                let bytes = read_whole(name, reader, limits::WHOLE_DOCUMENT_BYTES)?;
                if !bytes.is_empty() && !apkindex::looks_like_text(&bytes) {
                    let reason = "it is no database of installed packages";
                    return Err(ReadError::malformed(name, reason));
                }
                self.packages = Some(apkindex::read_text(
                    name,
                    &bytes,
                    Listing::Installed,
                    rejects,
                )?);
            }
            File::Repositories => {
                let text = read_whole(name, reader, FILE_BYTES)?;
                self.repositories = Repositories::parse(&String::from_utf8_lossy(&text));
            }
            File::Release => {
                let text = read_whole(name, reader, FILE_BYTES)?;
                self.release = Release::of_file(&String::from_utf8_lossy(&text));
            }
        }
        Ok(())
    }
}
