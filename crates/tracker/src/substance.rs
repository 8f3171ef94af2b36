//! What a package is apart from the lines on which it is defined: an edit above a definition moves
//! it, and changes nothing of the package. Nor does another compiler, which comes with every build
//! system and would make all packages differ at once.

use palisade_model::{InputKind, Package};
use palisade_store::{PackageId, Session, Store};

use crate::encoding::{decode_each, digest, encode};
use crate::{Progress, TrackerError};

/// The setting that tells by which definition of this module digests are stored.
const SETTING: &str = "substance";

/// The definition: another one makes other digests.
const DEFINITION: &str = "1";

/// Packages of which digests are made at once.
const CHUNK: i64 = 5000;

/// The digest by which a package is known that only moved within its file.
pub(crate) fn substance(package: &Package) -> [u8; 16] {
    digest(&encode(&unplaced(package)))
}

/// A package whose places, and those of its grafts, tell no lines, with what it names itself.
pub(crate) fn unplaced(package: &Package) -> Package {
    let is_named = |kind: InputKind| kind != InputKind::Implicit;
    let inputs = package.inputs.iter();
    Package {
        inputs: inputs.filter(|it| is_named(it.kind)).cloned().collect(),
        location: package.location.as_deref().map(|it| file(it).to_owned()),
        replacement: package
            .replacement
            .as_deref()
            .map(|graft| Box::new(unplaced(graft))),
        ..package.clone()
    }
}

/// The file of a place such as `gnu/packages/tls.scm:42:2`.
pub(crate) fn file(location: &str) -> &str {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut file = location;
    for _ in 0..2 {
        match file.rsplit_once(':') {
            Some((before, end)) if number(end) => file = before,
            _ => break,
        }
    }
    file
}

/// Makes the digests of packages that an earlier program wrote.
pub(crate) async fn make_substances(
    store: &Store,
    progress: &dyn Progress,
) -> Result<(), TrackerError> {
    let are_made = |known: Option<String>| known.as_deref() == Some(DEFINITION);
    if are_made(store.read().await?.setting(SETTING).await?) {
        return Ok(());
    }
    let mut session = store.write().await?;
    if are_made(session.setting(SETTING).await?) {
        return Ok(());
    }
    let mut last = PackageId(0);
    let mut told = false;
    while let Some(end) = make_some(&mut session, last).await? {
        if !std::mem::replace(&mut told, true) {
            progress.step("telling packages from their places");
        }
        last = end;
    }
    session.set_setting(SETTING, DEFINITION).await?;
    Ok(session.commit().await?)
}

/// Makes some digests and tells of which package the last one is.
async fn make_some(
    session: &mut Session,
    after: PackageId,
) -> Result<Option<PackageId>, TrackerError> {
    let rows = session.packages_without_substance(after, CHUNK).await?;
    let Some((last, _)) = rows.last() else {
        return Ok(None);
    };
    let mut made = Vec::with_capacity(rows.len());
    let spans: Vec<_> = rows.iter().map(|(_, span)| *span).collect();
    let take = |index: usize, package: Package| made.push((rows[index].0, substance(&package)));
    decode_each(session, "a package", &spans, take).await?;
    session.set_substances(&made).await?;
    Ok(Some(*last))
}

#[cfg(test)]
mod tests {
    use palisade_model::Input;

    use super::*;

    fn at(location: &str) -> Package {
        Package {
            name: "demo".to_owned(),
            location: Some(location.to_owned()),
            replacement: Some(Box::new(Package {
                location: Some(location.to_owned()),
                ..Package::default()
            })),
            ..Package::default()
        }
    }

    #[test]
    fn a_package_that_moved_within_its_file_is_the_same() {
        let here = substance(&at("gnu/packages/tls.scm:42:2"));
        assert_eq!(here, substance(&at("gnu/packages/tls.scm:57:2")));
        assert_ne!(here, substance(&at("gnu/packages/crypto.scm:42:2")));
    }

    #[test]
    fn what_a_build_system_adds_is_not_of_the_package() {
        let with = |kind: InputKind| Package {
            inputs: vec![Input {
                kind,
                name: "gcc".to_owned(),
                version: "14".to_owned(),
                output: String::new(),
            }],
            ..Package::default()
        };
        let nothing = substance(&Package::default());
        assert_eq!(substance(&with(InputKind::Implicit)), nothing);
        assert_ne!(substance(&with(InputKind::Native)), nothing);
    }

    #[test]
    fn only_numbers_are_lines() {
        assert_eq!(file("a.scm:1:2"), "a.scm");
        assert_eq!(file("a.nix:7"), "a.nix");
        assert_eq!(file("pkgs:x/a.nix"), "pkgs:x/a.nix");
        assert_eq!(file("a:1:2:3"), "a:1");
    }
}
