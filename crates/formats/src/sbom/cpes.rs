//! The CPE names by which a package is called: in a bill of software that nobody packaged, in Nix's
//! list by the packager.

use palisade_model::Hints;

use crate::cpe::{Attributes, VersionAttribute};

/// What the names say, as far as they agree: the first one's product, and its vendor unless other
/// names give others.
pub(crate) fn hints(names: &[String]) -> Hints {
    let is_any = |word: &str| matches!(word, "*" | "-");
    let readable = names.iter().filter_map(|name| Attributes::parse(name).ok());
    let mut told = readable
        .map(|attributes| (attributes.name(), attributes.version()))
        .filter(|(name, _)| !is_any(&name.product));
    let Some((first, version)) = told.next() else {
        return Hints::default();
    };
    let other =
        told.any(|(other, _)| other.product == first.product && other.vendor != first.vendor);
    Hints {
        cpe_vendor: (!other && !is_any(&first.vendor)).then(|| first.vendor.clone()),
        cpe_name: Some(first.product),
        cpe_version: match version {
            VersionAttribute::Version(version) => Some(version),
            VersionAttribute::Any | VersionAttribute::NotApplicable => None,
        },
        ..Hints::default()
    }
}
