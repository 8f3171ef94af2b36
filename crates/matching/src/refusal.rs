//! Why a subject is not taken for a product.
//!
//! Matching itself only needs to know that it is not; which rule said so is a small number until
//! somebody asks for words.

use palisade_model::{Cpe, Product};

use crate::curated;
use crate::environment::foreign;
use crate::identities;
use crate::key::normal_name;
use crate::subject::Subject;

/// The rule by which a subject is not a product. Where an entry names a product in several ways, the
/// greatest is the one that tells most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// The names differ.
    Unlike,
    /// It is another distribution's package.
    Distribution,
    /// It is the distribution's package on another branch.
    Branch,
    /// It is a registry's package, and nothing says that the subject is that.
    Registry,
    /// It is an operating system, and nobody said which package that is.
    OperatingSystem,
    /// It is hardware.
    Hardware,
    /// It is software for another environment (`target_sw`).
    Target,
    /// It is an edition for another system.
    Edition,
    /// A library's bare name says nothing of programs.
    Library,
    /// A library's bare name is that of a program.
    Program,
    /// The name is that of another package.
    Taken,
    /// Only the names are alike, and no address vouches for the vendor.
    Unvouched,
    /// The name is an ordinary word.
    Common,
    /// The vendor has many products, and no address vouches for it.
    Company,
    /// The curated table says that the vendor is somebody else.
    Homonym,
    /// The packager's hint names another vendor.
    OtherVendor,
    /// The packager's hint says that the vendor is somebody else.
    HiddenVendor,
    /// Somebody stated that it is not.
    Stated,
}

impl Refusal {
    /// Whether the product was looked at closely: the names agree, or somebody spoke of it.
    pub fn is_close(self, subject: &Subject, product: &Product) -> bool {
        match self {
            Self::Unlike => false,
            Self::Distribution | Self::Branch | Self::Registry => resembles(subject, product),
            _ => true,
        }
    }

    /// The rule in words, for a product that it refused.
    pub fn words(self, subject: &Subject, product: &Product) -> String {
        let package = &subject.name;
        let words = product_words(product);
        let vendor = || vendor_of(product);
        match self {
            Self::Unlike => format!("{words} is no name of {package}"),
            Self::Distribution => {
                format!("it speaks of {words}, not of {}'s", subject.distribution)
            }
            Self::Branch => format!("it speaks of {words}, and nothing on this branch"),
            Self::Registry => {
                format!("it speaks of the {words}, and nothing says that {package} is that")
            }
            Self::OperatingSystem => format!(
                "{words} is an operating system; that is a package only where a table, a hint or a statement says which"
            ),
            Self::Hardware => format!("{words} is hardware"),
            Self::Target => {
                match bound(subject, product).and_then(|cpe| cpe.target_sw.as_deref()) {
                    Some(target) => format!("{words} is software for {target}"),
                    None => format!("{words} is software for another environment"),
                }
            }
            Self::Edition => match bound(subject, product).and_then(|cpe| cpe.edition.as_deref()) {
                Some(edition) => format!("{words} is the edition for {edition}"),
                None => format!("{words} is the edition for another system"),
            },
            Self::Library => format!(
                "{package} is a library of a language, which shares its bare name with programs of all kinds"
            ),
            Self::Program => {
                format!("{package} is a library whose bare name is that of a program")
            }
            Self::Taken => format!("another package has that name, which {package} only resembles"),
            Self::Unvouched => format!(
                "{words} is only alike, and no address of {package} vouches for {}",
                vendor()
            ),
            Self::Common => format!(
                "the name is an ordinary word, and no address of {package} vouches for {}",
                vendor()
            ),
            Self::Company => format!(
                "{} is a company or collection with many products, and no address of {package} vouches for it",
                vendor()
            ),
            Self::Homonym => homonym_words(subject, product),
            Self::OtherVendor => {
                let named = subject.hints.cpe_vendor.as_deref().unwrap_or("another");
                format!(
                    "the packager of {package} names the vendor {named}, not {}",
                    vendor()
                )
            }
            Self::HiddenVendor => format!(
                "the packager of {package} says that {} is somebody else",
                vendor()
            ),
            Self::Stated => match identities::said(subject, product) {
                Some(statement) => {
                    let source = statement.source_words();
                    format!("{package} is not {}, {source}", statement.product)
                }
                None => format!("{package} is stated not to be {words}"),
            },
        }
    }
}

fn homonym_words(subject: &Subject, product: &Product) -> String {
    let package = &subject.name;
    let vendor = vendor_of(product);
    let known = curated::homonym(&subject.distribution, package, &vendor).or_else(|| {
        curated::homonym(
            &subject.distribution,
            package,
            &crate::wording::short_vendor(&vendor),
        )
    });
    match known.map(|homonym| homonym.note.as_str()) {
        Some(note) if !note.is_empty() => {
            format!("the curated table has {vendor} as somebody else: {note}")
        }
        _ => format!("the curated table has {vendor} as somebody else"),
    }
}

/// Whether one of a subject's names is that of a product.
fn resembles(subject: &Subject, product: &Product) -> bool {
    let is_name = |text: &str| {
        let text = normal_name(text.rsplit(['/', ':']).next().unwrap_or(text));
        subject.names.iter().any(|name| name.text == text)
    };
    match product {
        Product::Distribution { name, .. } | Product::Ecosystem { name, .. } => is_name(name),
        Product::Cpe(cpe) => is_name(&cpe.product),
        Product::Named {
            product,
            package_name,
            ..
        } => is_name(product) || package_name.as_deref().is_some_and(is_name),
    }
}

/// The CPE name that is bound to what the subject is not.
fn bound<'p>(subject: &Subject, product: &'p Product) -> Option<&'p Cpe> {
    let of_named = match product {
        Product::Named { cpes, .. } => cpes.as_slice(),
        _ => &[],
    };
    let own = match product {
        Product::Cpe(cpe) => Some(cpe),
        _ => None,
    };
    let all = own.into_iter().chain(of_named);
    let is_bound = |cpe: &&Cpe| foreign(subject, cpe).is_some();
    all.clone()
        .find(is_bound)
        .or_else(|| all.clone().find(|cpe| cpe.target_sw.is_some()))
}

fn vendor_of(product: &Product) -> String {
    match product {
        Product::Cpe(cpe) => cpe.vendor.clone(),
        Product::Named { vendor, cpes, .. } => match cpes.first() {
            Some(cpe) => cpe.vendor.clone(),
            None if vendor.is_empty() => "a vendor without name".to_owned(),
            None => vendor.clone(),
        },
        Product::Ecosystem { ecosystem, .. } => ecosystem.clone(),
        Product::Distribution { distribution, .. } => distribution.to_string(),
    }
}

/// A product as an entry names it, in words.
pub fn product_words(product: &Product) -> String {
    match product {
        Product::Cpe(cpe) => format!("{}:{}", cpe.vendor, cpe.product),
        Product::Ecosystem {
            ecosystem, name, ..
        } => format!("{ecosystem} package {name}"),
        Product::Distribution {
            distribution,
            branch,
            name,
            ..
        } => match branch {
            Some(branch) => format!("{distribution}'s package {name} on {branch}"),
            None => format!("{distribution}'s package {name}"),
        },
        Product::Named {
            vendor,
            product,
            package_name,
            ..
        } => {
            let name = if product.is_empty() {
                package_name.as_deref().unwrap_or("something without name")
            } else {
                product
            };
            if vendor.is_empty() {
                name.to_owned()
            } else {
                format!("{name} by {vendor}")
            }
        }
    }
}
