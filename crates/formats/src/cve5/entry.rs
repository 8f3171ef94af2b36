//! One `affected` entry of a CVE record: its product, and what the versions default to.

use palisade_model::{Affected, Cpe, Product, RangeScheme, Span, VersionRange, VersionStatus};

use super::record::Entry;
use super::versions;
use crate::cpe::{Attributes, VersionAttribute};
use crate::json_records::Text;

/// CPE names of one entry that are kept.
const CPES: usize = 1000;

/// What an entry says; `None` where it names no product at all.
pub(super) fn affected(entry: &Entry<'_>) -> Option<Affected> {
    let names: Vec<Attributes<'_>> = entry
        .cpes
        .iter()
        .take(CPES)
        .filter_map(|name| Attributes::parse(name).ok())
        .collect();
    let product = product(entry, &names)?;
    let mut ranges = Vec::new();
    for version in &entry.versions {
        versions::add_ranges(&mut ranges, version);
    }
    let otherwise = versions::status(&entry.default_status);
    if ranges.iter().all(|range| range.span == Span::NotStated)
        && otherwise != VersionStatus::Unaffected
        // Red Hat's names are those of the product that ships the package, not of the package.
        && entry.package_name.is_empty()
    {
        let from_names = ranges_of_names(&names);
        if !from_names.is_empty() {
            ranges = from_names;
        }
    }
    Some(Affected {
        product,
        versions: ranges,
        otherwise: Some(otherwise),
        requires: Vec::new(),
        note: None,
    })
}

fn product(entry: &Entry<'_>, names: &[Attributes<'_>]) -> Option<Product> {
    let vendor = stated(&entry.vendor).unwrap_or_default();
    let product = without_owner(stated(&entry.product).unwrap_or_default(), &vendor);
    let package_name = stated(&entry.package_name);
    let collection_url = stated(&entry.collection_url);
    let repository = stated(&entry.repo);
    let mut cpes: Vec<Cpe> = Vec::new();
    for name in names.iter().map(Attributes::name) {
        // Names of one entry mostly repeat one product.
        if cpes.last() != Some(&name) && !cpes.contains(&name) {
            cpes.push(name);
        }
    }
    let names_nothing =
        product.is_empty() && package_name.is_none() && repository.is_none() && cpes.is_empty();
    if names_nothing {
        return None;
    }
    let platforms = entry.platforms.iter().filter_map(stated).collect();
    Some(Product::Named {
        vendor,
        product,
        package_name,
        collection_url,
        repository,
        cpes,
        platforms,
    })
}

/// A product without its owner: huntr's CNAs name it as GitHub does, `vim/vim` by the vendor `vim`.
fn without_owner(product: String, vendor: &str) -> String {
    match product.split_once('/') {
        Some((owner, name)) if !name.is_empty() && owner.eq_ignore_ascii_case(vendor) => {
            name.to_owned()
        }
        _ => product,
    }
}

fn stated(text: &Text<'_>) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !text.eq_ignore_ascii_case("n/a")).then(|| text.to_owned())
}

/// The versions that stand in CPE names, for entries whose own versions say nothing.
fn ranges_of_names(names: &[Attributes<'_>]) -> Vec<VersionRange> {
    let exact = |name: &Attributes<'_>| match name.version() {
        VersionAttribute::Version(version) => Some(VersionRange::affected(
            Span::Exact(version),
            RangeScheme::Unstated,
        )),
        VersionAttribute::Any | VersionAttribute::NotApplicable => None,
    };
    names.iter().filter_map(exact).collect()
}
