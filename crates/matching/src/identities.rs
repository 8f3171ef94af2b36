//! What people state of identities, on top of the curated tables: the latest statement that speaks of
//! a product decides, before names, tables and packagers' hints are asked.
//!
//! What a record is bound to stands all the same: no statement makes hardware, an edition for
//! another system or a plugin of another program the package.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use palisade_model::{Cpe, Ecosystem, IdentityStatement, Product, ProductName, Registry, Sense};

use crate::environment::foreign;
use crate::key::{self, ecosystem_name, is_normal_of, normal_name};
use crate::names::NameSource;
use crate::origins;
use crate::subject::Subject;
use crate::wording;

/// Statements by the package of which they speak.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    by_package: HashMap<String, Vec<Arc<IdentityStatement>>>,
}

impl Identities {
    /// The statements in force, in whatever order: their times tell which is the latest.
    pub fn of(statements: impl IntoIterator<Item = IdentityStatement>) -> Self {
        let mut by_package: HashMap<String, Vec<Arc<IdentityStatement>>> = HashMap::new();
        for statement in statements {
            let known = by_package.entry(statement.package.clone()).or_default();
            known.push(Arc::new(statement));
        }
        for known in by_package.values_mut() {
            known.sort_by(|a, b| latest_first(a).cmp(&latest_first(b)));
        }
        Self { by_package }
    }

    /// What is stated of a package, the latest first.
    pub(crate) fn about(&self, subject: &Subject) -> Vec<Arc<IdentityStatement>> {
        let known = self.by_package.get(&subject.name).into_iter().flatten();
        let concerns = |statement: &&Arc<IdentityStatement>| match &statement.distribution {
            Some(distribution) => {
                subject.ecosystem.is_distribution() && *distribution == subject.distribution
            }
            // What people found out of distributions' packages says nothing of a registry's.
            None => !matches!(subject.ecosystem, Ecosystem::Registry(_)),
        };
        known.filter(concerns).cloned().collect()
    }
}

/// Of two that were made at one time the order must not depend on which was read first.
fn latest_first(statement: &IdentityStatement) -> impl Ord + '_ {
    let IdentityStatement {
        time,
        distribution,
        product,
        sense,
        reason,
        by,
        ..
    } = statement;
    Reverse((time, sense, distribution, product, reason, by))
}

/// The statement that decides whether a subject is a product.
pub(crate) fn said<'s>(subject: &'s Subject, product: &Product) -> Option<&'s IdentityStatement> {
    let mut stated = subject.stated.iter().map(|statement| &**statement);
    stated.find(|statement| speaks_of(statement, subject, product))
}

/// The keys of the products that a subject is stated to be.
pub(crate) fn keys(subject: &Subject, keys: &mut Vec<String>) {
    let stated = subject.stated.iter();
    for statement in stated.filter(|statement| statement.sense == Sense::Is) {
        match &statement.product {
            ProductName::Cpe { product, .. } => {
                let name = normal_name(product);
                keys.extend(wording::joined(&name).as_deref().map(key::of_name));
                keys.push(key::of_name(&name));
            }
            ProductName::Package { registry, name } => {
                keys.push(key::of_ecosystem_package(registry, name));
            }
            // Only what has the package's name already.
            ProductName::Vendor(_) => {}
        }
    }
}

/// How a statement names a product; none for what no statement can speak of.
pub fn name_of(product: &Product) -> Option<ProductName> {
    let written = match product {
        Product::Distribution { .. } => return None,
        Product::Cpe(cpe) => cpe_name(cpe),
        Product::Ecosystem {
            ecosystem, name, ..
        } => package_name(ecosystem, name)?,
        Product::Named {
            vendor,
            product,
            package_name: package,
            collection_url,
            cpes,
            ..
        } => {
            let in_registry = origins::in_registry(collection_url.as_deref(), package.as_deref())
                .and_then(|(registry, name)| package_name(registry, name));
            let words = || {
                let vendor = normal_name(vendor).replace('-', "_");
                let product = wording::known(&vendor, product)
                    .map_or_else(|| normal_name(product), str::to_owned);
                format!("cpe:{vendor}:{product}")
            };
            in_registry
                .or_else(|| cpes.first().map(cpe_name))
                .unwrap_or_else(words)
        }
    };
    written.parse().ok()
}

fn cpe_name(cpe: &Cpe) -> String {
    format!("cpe:{}:{}", cpe.vendor, cpe.product)
}

fn package_name(ecosystem: &str, name: &str) -> Option<String> {
    Registry::named(ecosystem).map(|registry| format!("{}:{name}", registry.name))
}

fn speaks_of(statement: &IdentityStatement, subject: &Subject, product: &Product) -> bool {
    match product {
        Product::Distribution { .. } => false,
        Product::Cpe(cpe) => speaks_of_cpe(statement, subject, cpe),
        Product::Ecosystem {
            ecosystem, name, ..
        } => speaks_of_package(statement, ecosystem, name),
        Product::Named {
            vendor,
            product,
            package_name,
            collection_url,
            cpes,
            ..
        } => {
            let in_registry =
                origins::in_registry(collection_url.as_deref(), package_name.as_deref());
            let mut names = [Some(product.as_str()), package_name.as_deref()]
                .into_iter()
                .flatten();
            in_registry.is_some_and(|(registry, name)| speaks_of_package(statement, registry, name))
                || cpes
                    .iter()
                    .any(|cpe| speaks_of_cpe(statement, subject, cpe))
                || names.any(|name| speaks_of_words(statement, subject, vendor, name))
        }
    }
}

fn speaks_of_cpe(statement: &IdentityStatement, subject: &Subject, cpe: &Cpe) -> bool {
    let refuses = statement.sense == Sense::IsNot;
    let named = match &statement.product {
        ProductName::Cpe { vendor, product } => {
            *vendor == cpe.vendor && is_normal_of(&normal_name(product), &cpe.product)
        }
        ProductName::Vendor(vendor) => {
            *vendor == cpe.vendor && (refuses || has_name(subject, &normal_name(&cpe.product)))
        }
        ProductName::Package { .. } => false,
    };
    named && (refuses || foreign(subject, cpe).is_none())
}

fn speaks_of_package(statement: &IdentityStatement, ecosystem: &str, name: &str) -> bool {
    let ProductName::Package {
        registry,
        name: stated,
    } = &statement.product
    else {
        return false;
    };
    registry.eq_ignore_ascii_case(ecosystem)
        && ecosystem_name(ecosystem, stated) == ecosystem_name(ecosystem, name)
}

/// Whether a statement speaks of a product in a CNA's words.
fn speaks_of_words(
    statement: &IdentityStatement,
    subject: &Subject,
    vendor: &str,
    product: &str,
) -> bool {
    let known = wording::known(vendor, product);
    let vendors = [normal_name(vendor), wording::short_vendor(vendor)];
    let is_vendor = |stated: &str| {
        let mut vendors = vendors.iter().map(|vendor| vendor.replace('-', "_"));
        vendors.any(|vendor| !vendor.is_empty() && vendor == stated.replace('-', "_"))
    };
    let names = [
        Some(normal_name(product)),
        wording::without_vendor(vendor, product),
    ];
    let mut names = names.into_iter().flatten();
    match &statement.product {
        ProductName::Cpe {
            vendor: stated,
            product,
        } => {
            let product = normal_name(product);
            match known {
                Some(known) => product == known,
                None => is_vendor(stated) && names.any(|name| name == product),
            }
        }
        ProductName::Vendor(stated) => {
            let refuses = statement.sense == Sense::IsNot;
            is_vendor(stated) && (refuses || names.any(|name| has_name(subject, &name)))
        }
        ProductName::Package { .. } => false,
    }
}

fn has_name(subject: &Subject, normal: &str) -> bool {
    let mut names = subject.names.iter();
    names.any(|name| name.text == normal && name.source != NameSource::Kin)
}

#[cfg(test)]
mod tests {
    use palisade_model::{Affected, CpePart, Distribution, Package, Timestamp};

    use super::*;
    use crate::identity::identify;
    use crate::{How, Identity, Place, Refusal};

    fn subject(package: &str, homepage: &str, statements: &[IdentityStatement]) -> Subject {
        let package = Package {
            name: package.into(),
            version: "2.0".into(),
            source_name: package.into(),
            source_version: "2.0".into(),
            homepage: Some(homepage.into()),
            ..Package::default()
        };
        let identities = Identities::of(statements.iter().cloned());
        Subject::of(&package, &Distribution::guix()).with(&identities)
    }

    fn statement(second: i64, sense: Sense, package: &str, product: &str) -> IdentityStatement {
        IdentityStatement {
            time: Timestamp::from_second(second).unwrap(),
            distribution: None,
            package: package.into(),
            product: product.parse().unwrap(),
            sense,
            reason: "it was looked up".into(),
            by: "Ada".into(),
        }
    }

    fn cpe(vendor: &str, product: &str, target: Option<&str>) -> Product {
        Product::Cpe(Cpe {
            part: CpePart::Application,
            vendor: vendor.into(),
            product: product.into(),
            edition: None,
            target_sw: target.map(str::to_owned),
        })
    }

    fn pypi(name: &str) -> Product {
        Product::Ecosystem {
            ecosystem: "PyPI".into(),
            name: name.into(),
            repository: None,
        }
    }

    fn cna(vendor: &str, product: &str) -> Product {
        Product::Named {
            vendor: vendor.into(),
            product: product.into(),
            package_name: None,
            collection_url: None,
            repository: None,
            platforms: Vec::new(),
            cpes: Vec::new(),
        }
    }

    fn identified(subject: &Subject, product: &Product) -> Result<Identity, Refusal> {
        let entry = Affected::of(product.clone(), Vec::new());
        identify(subject, &entry, Place::default())
    }

    /// `true` if it is the product by a statement, `false` if it is not by one.
    fn stated(subject: &Subject, product: &Product) -> Option<bool> {
        match identified(subject, product) {
            Ok(identity) => matches!(identity.how, How::Stated { .. }).then_some(true),
            Err(refusal) => (refusal == Refusal::Stated).then_some(false),
        }
    }

    #[test]
    fn a_package_of_another_name_becomes_the_product() {
        let is = [statement(1, Sense::Is, "moon", "luna_project:luna-server")];
        let product = cpe("luna_project", "luna_server", None);
        let before = subject("moon", "https://moon.example/", &[]);
        let after = subject("moon", "https://moon.example/", &is);
        assert_eq!(identified(&before, &product), Err(Refusal::Unlike));
        assert_eq!(stated(&after, &product), Some(true));
        let entry = Affected::of(product.clone(), Vec::new());
        let shared = |subject: &Subject| {
            let keys = subject.keys();
            key::of_affected(std::slice::from_ref(&entry))
                .iter()
                .any(|key| keys.contains(key))
        };
        assert!(!shared(&before) && shared(&after));
        assert_eq!(
            stated(&after, &cna("Luna Project", "Luna Server")),
            Some(true)
        );
        assert_eq!(stated(&after, &cpe("other", "luna_server", None)), None);
        assert_eq!(
            stated(
                &after,
                &cpe("luna_project", "luna_server", Some("wordpress"))
            ),
            None,
            "a plugin stays one"
        );
    }

    #[test]
    fn what_is_stated_comes_before_what_is_built_in() {
        let curl = cpe("haxx", "curl", None);
        let built_in = How::Curated {
            product: "haxx:curl".into(),
        };
        let found = identified(&subject("curl", "", &[]), &curl).unwrap();
        assert_eq!(found.how, built_in);
        let is_not = [statement(1, Sense::IsNot, "curl", "haxx:*")];
        assert_eq!(stated(&subject("curl", "", &is_not), &curl), Some(false));
        let other = cpe("jenkins", "audit", None);
        let audit = subject("audit", "", &[]);
        let refused = identified(&audit, &cpe("rocket_chat", "audit", None));
        assert_eq!(refused, Err(Refusal::Homonym));
        let is = [statement(1, Sense::Is, "audit", "rocket_chat:*")];
        let audit = subject("audit", "", &is);
        assert_eq!(
            stated(&audit, &cpe("rocket_chat", "audit", None)),
            Some(true)
        );
        assert_eq!(
            stated(&audit, &cpe("rocket_chat", "server", None)),
            None,
            "of a vendor only what has the package's name"
        );
        assert_eq!(stated(&audit, &other), None);
    }

    #[test]
    fn the_latest_that_speaks_of_a_product_decides_in_whatever_order_they_come() {
        let mut all = [
            statement(1, Sense::Is, "moon", "luna:moon"),
            statement(2, Sense::IsNot, "moon", "luna:*"),
            statement(3, Sense::Is, "moon", "luna:moon"),
        ];
        let product = cpe("luna", "moon", None);
        assert_eq!(stated(&subject("moon", "", &all), &product), Some(true));
        assert_eq!(
            stated(&subject("moon", "", &all[..2]), &product),
            Some(false)
        );
        all.reverse();
        assert_eq!(stated(&subject("moon", "", &all), &product), Some(true));
        let elsewhere = cpe("luna", "sun", None);
        assert_eq!(stated(&subject("moon", "", &all), &elsewhere), Some(false));
    }

    #[test]
    fn a_registrys_package_is_named_as_its_registry_compares_names() {
        let is = [statement(1, Sense::Is, "zope", "PyPI:Zope.Interface")];
        let zope = subject("zope", "", &is);
        assert_eq!(stated(&zope, &pypi("zope-interface")), Some(true));
        assert!(zope.keys().contains(&"e:pypi/zope-interface".to_owned()));
        let is_not = [statement(1, Sense::IsNot, "python-zope", "PyPI:zope")];
        let zope = subject("python-zope", "", &is_not);
        assert_eq!(stated(&zope, &pypi("zope")), Some(false));
    }

    #[test]
    fn it_holds_for_the_package_of_that_name_in_the_distribution_alone() {
        let mut one = statement(1, Sense::IsNot, "moon", "luna:moon");
        let product = cpe("luna", "moon", None);
        assert_eq!(
            stated(&subject("moon2", "", &[one.clone()]), &product),
            None
        );
        one.distribution = Some(Distribution::alpine());
        assert_eq!(stated(&subject("moon", "", &[one.clone()]), &product), None);
        one.distribution = Some(Distribution::guix());
        assert_eq!(stated(&subject("moon", "", &[one]), &product), Some(false));
    }

    #[test]
    fn how_a_statement_names_a_product_is_how_it_speaks_of_it() {
        let products = [
            cpe("luna", "moon_base", None),
            cpe("npm", "npm", None),
            pypi("Zope.Interface"),
            cna("Apache Software Foundation", "Apache Traffic Server"),
            cna("Linux", "Linux"),
            cna("Go standard library", "net/http"),
        ];
        for product in products {
            let name = name_of(&product).unwrap();
            for (sense, expected) in [(Sense::Is, true), (Sense::IsNot, false)] {
                let one = statement(1, sense, "moon", &name.to_string());
                let subject = subject("moon", "", &[one]);
                assert_eq!(stated(&subject, &product), Some(expected), "{product:?}");
            }
        }
    }
}
