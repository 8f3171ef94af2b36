//! What people found out: which product a package is where names do not tell, and which not.
//!
//! The tables are data (`data/*.tsv`), open to contributions; `docs/matching.md` tells how.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use palisade_model::{Affected, Distribution, Sense};

use crate::key::{is_normal_of, normal_name};
use crate::names::Name;
use crate::series::ends_before;

/// "This package is that product."
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// The CPE vendor.
    pub vendor: String,
    /// The CPE product, in the spelling of [`normal_name`].
    pub product: String,
    /// Of which versions of the product this holds.
    pub window: Window,
}

/// The versions of a product of which a row of a table holds: those in which an entry ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// All.
    All,
    /// Those before this one.
    Before(&'static str),
    /// This one and later.
    Since(&'static str),
}

impl Window {
    fn words(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Before(version) => Some(format!("of versions before {version}")),
            Self::Since(version) => Some(format!("of versions since {version}")),
        }
    }
}

impl Alias {
    /// Whether an entry that names the product in these words speaks of the package.
    pub(crate) fn is(&self, vendor: &str, product: &str, affected: &Affected) -> bool {
        self.vendor == vendor
            && is_normal_of(&self.product, product)
            && match self.window {
                Window::All => true,
                Window::Before(version) => ends_before(affected, version),
                Window::Since(version) => !ends_before(affected, version),
            }
    }

    /// Whether the product is called so, in the spelling of [`normal_name`], whoever makes it.
    pub(crate) fn is_named(&self, product: &str) -> bool {
        self.window == Window::All && self.product == product
    }
}

/// "This package is not that product."
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Homonym {
    /// The CPE vendor, or `*` for all that the package's addresses do not vouch for.
    pub vendor: String,
    /// Whose product it is.
    pub note: String,
}

const ALIAS_ROWS: &str = include_str!("../data/aliases.tsv");
const HOMONYM_ROWS: &str = include_str!("../data/homonyms.tsv");
const SHARED_CODE_ROWS: &str = include_str!("../data/shared-code.tsv");

const PARALLEL_SERIES_ROWS: &str = include_str!("../data/parallel-series.tsv");

/// A row of the tables for one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltIn {
    /// The table.
    pub table: &'static str,
    /// The distribution of whose package it speaks; none stands for all.
    pub distribution: Option<&'static str>,
    /// The package's name.
    pub package: &'static str,
    /// Whether the package is the product, or is not.
    pub sense: Sense,
    /// The CPE vendor; `*` for all that the package's addresses do not vouch for.
    pub vendor: &'static str,
    /// The CPE product; `*` for all of the vendor.
    pub product: &'static str,
    /// Of which versions of the product it holds, in words; nothing if of all.
    pub versions: Option<String>,
    /// What the table says of it.
    pub note: &'static str,
}

/// All rows of the tables, each package of a row by itself.
pub fn built_in() -> impl Iterator<Item = BuiltIn> {
    let aliases = rows(ALIAS_ROWS).filter_map(|[packages, product, note]| {
        let (vendor, product) = product.split_once(':')?;
        Some(("aliases", packages, Sense::Is, vendor, product, note))
    });
    let homonyms = rows(HOMONYM_ROWS)
        .map(|[packages, vendor, note]| ("homonyms", packages, Sense::IsNot, vendor, "*", note));
    let all = aliases.chain(homonyms);
    all.flat_map(|(table, packages, sense, vendor, product, note)| {
        packages.split(' ').map(move |package| {
            let (distribution, package) = match package.split_once('/') {
                Some((distribution, package)) => (Some(distribution), package),
                None => (None, package),
            };
            let (product, window) = windowed(product);
            BuiltIn {
                table,
                distribution,
                package,
                sense,
                vendor,
                product,
                versions: window.words(),
                note,
            }
        })
    })
}

/// Package name → products.
static ALIASES: LazyLock<HashMap<&'static str, Vec<Alias>>> =
    LazyLock::new(|| products(ALIAS_ROWS));

/// Package name → products that are partly made of the same code.
static SHARED_CODE: LazyLock<HashMap<&'static str, Vec<Alias>>> =
    LazyLock::new(|| products(SHARED_CODE_ROWS));

/// Package name → homonyms.
static HOMONYMS: LazyLock<HashMap<&'static str, Vec<Homonym>>> = LazyLock::new(|| {
    let mut table: HashMap<&'static str, Vec<Homonym>> = HashMap::new();
    for [packages, vendor, note] in rows(HOMONYM_ROWS) {
        for package in packages.split(' ') {
            let homonym = Homonym {
                vendor: vendor.to_owned(),
                note: note.to_owned(),
            };
            table.entry(package).or_default().push(homonym);
        }
    }
    table
});

/// Package name → how many numbers of a version name its series, where each is mended by itself.
static PARALLEL_SERIES: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    let mut table = HashMap::new();
    for [packages, numbers, _] in rows(PARALLEL_SERIES_ROWS) {
        let numbers = numbers.parse().unwrap_or(1);
        table.extend(packages.split(' ').map(|package| (package, numbers)));
    }
    table
});

static COMMON_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../data/common-words.txt")
        .split_whitespace()
        .collect()
});

static COMPANIES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../data/companies.txt")
        .split_whitespace()
        .collect()
});

/// The products of each package in a table.
fn products(text: &'static str) -> HashMap<&'static str, Vec<Alias>> {
    let mut table: HashMap<&'static str, Vec<Alias>> = HashMap::new();
    for [packages, product, _] in rows(text) {
        let Some((vendor, product)) = product.split_once(':') else {
            continue;
        };
        for package in packages.split(' ') {
            let (product, window) = windowed(product);
            let alias = Alias {
                vendor: vendor.to_owned(),
                product: normal_name(product),
                window,
            };
            table.entry(package).or_default().push(alias);
        }
    }
    table
}

/// A product and the versions of it for which a row holds: `firefox <11`, `safari >=9`.
fn windowed(product: &'static str) -> (&'static str, Window) {
    if let Some((product, version)) = product.split_once(" <") {
        (product, Window::Before(version))
    } else if let Some((product, version)) = product.split_once(" >=") {
        (product, Window::Since(version))
    } else {
        (product, Window::All)
    }
}

/// The rows of a table: three columns divided by tabs; `#` begins a comment line.
fn rows(table: &'static str) -> impl Iterator<Item = [&'static str; 3]> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let mut columns = line.split('\t');
            Some([
                columns.next()?,
                columns.next()?,
                columns.next().unwrap_or_default(),
            ])
        })
}

/// What a table has on a package: what it says of all packages of the name, and what it says of the
/// distribution's (`debian/docker`).
fn rows_of<T>(
    table: &'static HashMap<&'static str, Vec<T>>,
    distribution: &Distribution,
    package: &str,
) -> impl Iterator<Item = &'static T> {
    let qualified = format!("{distribution}/{package}");
    let rows = [table.get(package), table.get(qualified.as_str())];
    rows.into_iter().flatten().flatten()
}

/// The products that a package is known to be, by its own name or by one without version.
pub(crate) fn aliases(
    distribution: &Distribution,
    package: &str,
    names: &[Name],
) -> Vec<&'static Alias> {
    // A library's name without its language's prefix is often that of the program it binds.
    let own = names.iter().filter(|name| !name.source.is_loose());
    let known = own.map(|name| name.text.as_str()).chain([package]);
    let mut found: Vec<&'static Alias> = Vec::new();
    for alias in known.flat_map(|name| rows_of(&ALIASES, distribution, name)) {
        if !found.contains(&alias) && !is_other(distribution, package, &alias.vendor) {
            found.push(alias);
        }
    }
    found
}

/// The products that are partly made of a package's code.
pub(crate) fn shared_code(distribution: &Distribution, package: &str) -> Vec<&'static Alias> {
    rows_of(&SHARED_CODE, distribution, package).collect()
}

/// Whether a name is that of a program in the table, so that a library with the same bare name
/// binds it rather than is it.
pub(crate) fn is_known_program(name: &str) -> bool {
    ALIASES.contains_key(name)
}

/// Whether the table names this vendor as somebody else, whatever vouches for it.
pub(crate) fn is_other(distribution: &Distribution, package: &str, vendor: &str) -> bool {
    rows_of(&HOMONYMS, distribution, package).any(|homonym| homonym.vendor == vendor)
}

/// Whose product of the same name the package is not.
pub(crate) fn homonym(
    distribution: &Distribution,
    package: &str,
    vendor: &str,
) -> Option<&'static Homonym> {
    rows_of(&HOMONYMS, distribution, package)
        .find(|homonym| homonym.vendor == vendor || homonym.vendor == "*")
}

/// How many numbers of a version name the series of software that mends each of its series by
/// itself.
pub(crate) fn parallel_series(package: &str) -> Option<usize> {
    PARALLEL_SERIES.get(package).copied()
}

/// Whether a name is an ordinary word or too short to mean one project only.
pub(crate) fn is_common(name: &str) -> bool {
    name.len() < 3 || COMMON_WORDS.contains(name)
}

/// Whether a vendor is a company or collection with so many products that a shared name says
/// nothing.
pub(crate) fn is_company(vendor: &str) -> bool {
    COMPANIES.contains(vendor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_well_formed() {
        for (table, text) in [
            ("aliases", ALIAS_ROWS),
            ("homonyms", HOMONYM_ROWS),
            ("shared-code", SHARED_CODE_ROWS),
            ("parallel-series", PARALLEL_SERIES_ROWS),
        ] {
            for line in text
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                assert_eq!(line.split('\t').count(), 3, "{table}: {line:?}");
            }
        }
        assert!(
            ALIASES
                .values()
                .flatten()
                .all(|alias| !alias.product.is_empty())
        );
        let numbers = rows(PARALLEL_SERIES_ROWS).map(|[_, numbers, _]| numbers.parse::<usize>());
        assert!(numbers.into_iter().all(|it| matches!(it, Ok(1..=3))));
        assert!(is_common("bridge") && is_common("ed") && !is_common("imagemagick"));
        assert!(is_company("adobe"));
    }

    #[test]
    fn a_curated_alias_is_found_by_the_package_name() {
        let found = aliases(&Distribution::alpine(), "apache2", &[]);
        assert!(
            found
                .iter()
                .any(|alias| alias.vendor == "apache" && alias.product == "http-server")
        );
    }
}
