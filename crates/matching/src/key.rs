//! Keys under which advisories and packages find each other.
//!
//! A key only says "look at this pair"; whether the two are the same is decided by
//! [`crate::Claim`]. There are five families: `d:` a distribution's source package, `e:` a package
//! of a language ecosystem, `r:` a source repository, `n:` a bare product name, `v:` a vulnerability that a
//! package itself names.

use palisade_model::{Affected, Cpe, CpePart, Distribution, Product};

use crate::{origins, wording};

/// A product name in the one spelling in which names are compared: lower case, with `-` for blanks
/// and underscores, nothing else changed.
pub fn normal_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            '_' | ' ' | '\t' => normal.push('-'),
            c => normal.extend(c.to_lowercase()),
        }
    }
    normal
}

/// Whether a text in the one spelling is the normal form of another, without writing that down.
pub(crate) fn is_normal_of(normal: &str, name: &str) -> bool {
    let name = name.trim();
    if !name.is_ascii() {
        return normal == normal_name(name);
    }
    normal.len() == name.len()
        && normal
            .bytes()
            .zip(name.bytes())
            .all(|(normal, byte)| match byte {
                b'_' | b' ' | b'\t' => normal == b'-',
                byte => normal == byte.to_ascii_lowercase(),
            })
}

/// The key of a bare product name.
pub fn of_name(name: &str) -> String {
    format!("n:{}", normal_name(name))
}

/// The key of a distribution's source package.
pub fn of_distribution_package(distribution: &Distribution, name: &str) -> String {
    format!("d:{distribution}/{name}")
}

/// The key of a package in a language ecosystem, both in OSV's words.
pub fn of_ecosystem_package(ecosystem: &str, name: &str) -> String {
    format!(
        "e:{}/{}",
        ecosystem.to_ascii_lowercase(),
        ecosystem_name(ecosystem, name)
    )
}

/// The key under which a package is found that itself speaks of a vulnerability, by a patch or a
/// packager's hint.
pub fn of_vulnerability(name: &str) -> String {
    format!("v:{name}")
}

/// The key of a source repository, by its address without scheme, `.git` and trailing slash.
pub fn of_repository(repository: &str) -> String {
    format!("r:{repository}")
}

/// The name of a package in the spelling in which its ecosystem compares names: PEP 503 for
/// PyPI, lower case for the others.
pub(crate) fn ecosystem_name(ecosystem: &str, name: &str) -> String {
    if !ecosystem.eq_ignore_ascii_case("pypi") {
        return name.to_ascii_lowercase();
    }
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        let c = if matches!(c, '_' | '.') {
            '-'
        } else {
            c.to_ascii_lowercase()
        };
        if c != '-' || !normal.ends_with('-') {
            normal.push(c);
        }
    }
    normal
}

/// The keys of everything that an advisory says is affected, sorted, each once.
///
/// Hardware has none: no distribution ships it.
pub fn of_affected(affected: &[Affected]) -> Vec<String> {
    let mut keys = Vec::new();
    for entry in affected {
        of_product(&entry.product, &mut keys);
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The keys of a product in a CNA's words.
fn of_wordings(vendor: &str, product: &str, keys: &mut Vec<String>) {
    let normal = normal_name(product);
    keys.extend(wording::known(vendor, product).map(of_name));
    for name in wording::without_vendor(vendor, product)
        .into_iter()
        .chain([normal])
    {
        keys.extend(wording::joined(&name).as_deref().map(of_name));
        keys.push(of_name(&name));
    }
}

fn of_product(product: &Product, keys: &mut Vec<String>) {
    match product {
        Product::Cpe(cpe) => of_cpe(cpe, keys),
        Product::Named {
            vendor,
            product,
            package_name,
            collection_url,
            repository,
            cpes,
            ..
        } => {
            if !product.is_empty() {
                of_wordings(vendor, product, keys);
            }
            keys.extend(package_name.as_deref().map(of_name));
            let in_registry =
                origins::in_registry(collection_url.as_deref(), package_name.as_deref());
            keys.extend(in_registry.map(|(registry, name)| of_ecosystem_package(registry, name)));
            let repository = repository.as_deref().and_then(origins::repository);
            keys.extend(repository.map(|repository| of_repository(&repository)));
            for cpe in cpes {
                of_cpe(cpe, keys);
            }
        }
        Product::Ecosystem {
            ecosystem,
            name,
            repository,
        } => {
            keys.push(of_ecosystem_package(ecosystem, name));
            let repository = repository.as_deref().and_then(origins::repository);
            keys.extend(repository.map(|repository| of_repository(&repository)));
        }
        Product::Distribution {
            distribution, name, ..
        } => {
            keys.push(of_distribution_package(distribution, name));
        }
    }
}

fn of_cpe(cpe: &Cpe, keys: &mut Vec<String>) {
    if cpe.part == CpePart::Hardware {
        return;
    }
    let key = of_name(&cpe.product);
    // Records have hundreds of rows of one product after another.
    if keys.last() == Some(&key) {
        return;
    }
    let joined = key.strip_prefix("n:").and_then(wording::joined);
    keys.extend(joined.as_deref().map(of_name));
    keys.push(key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(of_name("ImageMagick"), "n:imagemagick");
        assert_eq!(of_name("http_server"), "n:http-server");
        assert_eq!(of_name("Apache HTTP Server"), "n:apache-http-server");
        assert_eq!(of_name("libsigc++"), "n:libsigc++");
    }

    #[test]
    fn pypi_names_are_compared_as_pep_503_says() {
        assert_eq!(
            of_ecosystem_package("PyPI", "Zope.Interface"),
            "e:pypi/zope-interface"
        );
        assert_eq!(
            of_ecosystem_package("crates.io", "Foo_bar"),
            "e:crates.io/foo_bar"
        );
    }
}
