//! The lists of packages in an image.

use palisade_model::{Ecosystem, Inventory};

use super::layer::{DPKG_PIECES, Files, PACMAN};
use crate::apk_repositories::Repositories;
use crate::apkindex::{self, Listing};
use crate::releases::Release;
use crate::{ReadError, Reject, dpkg, pacman};

/// Which distribution and branch the image's `os-release` names; of Alpine the branch is that of
/// the repositories, if they are of one.
pub(super) fn release(files: &Files) -> Option<Release> {
    let names = ["etc/os-release", "usr/lib/os-release"];
    let mut texts = names.iter().filter_map(|name| files.get(*name));
    let release = texts.find_map(|text| Release::of_file(&String::from_utf8_lossy(text)))?;
    let repositories = files.get("etc/apk/repositories");
    let repositories = repositories.filter(|_| release.distribution == "alpine");
    let branch =
        repositories.and_then(|text| Repositories::parse(&String::from_utf8_lossy(text)).branch());
    Some(Release {
        branch: branch.or(release.branch),
        ..release
    })
}

/// What apk installed, if that is anything.
fn installed(files: &Files) -> Option<(&str, &[u8])> {
    let names = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
    let mut found = names.iter().filter_map(|name| files.get_key_value(*name));
    found
        .find(|(_, text)| apkindex::looks_like_text(text))
        .map(|(name, text)| (name.as_str(), &text[..]))
}

/// Reads the lists that there are.
pub(super) fn read(
    document: &str,
    files: &Files,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Vec<Inventory>, ReadError> {
    let mut found = Vec::new();
    if let Some((name, text)) = installed(files) {
        let name = format!("{document}!{name}");
        let packages = apkindex::read_text(&name, text, Listing::Installed, rejects)?;
        let head = apkindex::head(&name, None, &packages, rejects);
        found.push(Inventory { head, packages });
    }
    let status = files.get("var/lib/dpkg/status").into_iter();
    let status = joined(status.chain(within(files, DPKG_PIECES)));
    if !status.trim_ascii().is_empty() {
        let name = format!("{document}!var/lib/dpkg");
        found.push(dpkg::read(&name, &mut &status[..], rejects)?);
    }
    let local = joined(within(files, PACMAN));
    if !local.trim_ascii().is_empty() {
        let name = format!("{document}!var/lib/pacman/local");
        found.push(pacman::read(&name, &mut &local[..], rejects)?);
    }
    if found.is_empty() {
        let reason =
            "the image has none of the lists of packages that are read: apk's, dpkg's, pacman's";
        return Err(ReadError::malformed(document, reason));
    }
    Ok(found)
}

fn within<'a>(files: &'a Files, folder: &'a str) -> impl Iterator<Item = &'a Vec<u8>> {
    let from = files.range(folder.to_owned()..);
    from.take_while(move |(name, _)| name.starts_with(folder))
        .map(|(_, text)| text)
}

fn joined<'a>(texts: impl Iterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let mut all = Vec::new();
    for text in texts {
        all.extend_from_slice(text);
        all.extend_from_slice(b"\n\n");
    }
    all
}

/// One inventory of all lists: that of the image's own distribution, with the others' packages as
/// strangers in it.
pub(super) fn join(mut found: Vec<Inventory>, release: Option<Release>) -> Inventory {
    let is_own = |inventory: &Inventory| {
        let release = release
            .as_ref()
            .map(|release| release.distribution.as_str());
        release.is_some() && inventory.head.distribution.as_deref() == release
    };
    let home = found.iter().position(is_own).unwrap_or(0);
    let mut inventory = found.swap_remove(home);
    for other in found {
        let ecosystem = match other.head.distribution.as_deref().map(str::parse) {
            Some(Ok(distribution)) => Ecosystem::Distribution {
                distribution,
                branch: other.head.branch,
            },
            _ => Ecosystem::Upstream,
        };
        inventory
            .packages
            .extend(other.packages.into_iter().map(|mut package| {
                package.ecosystem = ecosystem.clone();
                package
            }));
    }
    if let Some(release) = release {
        inventory.head.distribution = Some(release.distribution);
        inventory.head.branch = release.branch;
    }
    inventory
}
