//! Is this package that product? How sure, and on what evidence.

use palisade_model::{Affected, Confidence, Cpe, CpePart, Product, Sense};

use crate::cna::{of_named, other_wording};
use crate::curated;
use crate::environment::{Target, foreign};
use crate::how::{How, Identity};
use crate::identities;
use crate::key::{ecosystem_name, is_normal_of, normal_name};
use crate::names::{Language, Name, NameSource};
use crate::origins::{self, letters};
use crate::refusal::Refusal;
use crate::subject::{Place, Subject};

/// Whether a subject is the product of an advisory's entry, or which rule refuses it.
pub(crate) fn identify(
    subject: &Subject,
    affected: &Affected,
    place: Place<'_>,
) -> Result<Identity, Refusal> {
    if let Some(statement) = identities::said(subject, &affected.product) {
        return match statement.sense {
            Sense::Is => Ok(Identity::new(Confidence::Certain, How::stated(statement))),
            Sense::IsNot => Err(Refusal::Stated),
        };
    }
    match &affected.product {
        Product::Distribution {
            distribution,
            branch,
            name,
            ..
        } => {
            let place = subject.place(place);
            let here = match (branch, place.branch) {
                (Some(branch), Some(place)) => branch == place,
                _ => true,
            };
            let its = subject.ecosystem.is_distribution() && *distribution == subject.distribution;
            if !its {
                return Err(Refusal::Distribution);
            }
            if *name != subject.name {
                return Err(Refusal::Unlike);
            }
            if here {
                return Ok(Identity::new(Confidence::Certain, How::OwnPackage));
            }
            let branches = branch.as_deref().zip(place.branch);
            branches
                .and_then(|(named, here)| on_other_branch(subject, named, here))
                .ok_or(Refusal::Branch)
        }
        Product::Ecosystem {
            ecosystem,
            name,
            repository,
        } => of_ecosystem(subject, ecosystem, name)
            .or_else(|| of_repository(subject, repository.as_deref()?))
            .ok_or(Refusal::Registry),
        Product::Cpe(cpe) => of_cpe(subject, cpe, affected),
        Product::Named { .. } => of_named(subject, affected),
    }
}

/// Debian's tracker states for each release what it knows of a package, and leaves out the releases
/// in which it has found the package not affected. Of releases newer than all that a record names
/// it may not know, and a backport is not what the release has.
fn on_other_branch(subject: &Subject, named: &str, here: &str) -> Option<Identity> {
    let is_complete = subject.distribution.as_str() == "debian";
    let release = |branch: &str| branch.parse::<u32>().ok();
    let knows = release(here)? < release(named)?;
    (is_complete && knows && !subject.version.contains("~bpo")).then(|| {
        let how = How::OnOtherBranch {
            named: named.to_owned(),
            here: here.to_owned(),
        };
        Identity::new(Confidence::Likely, how)
    })
}

pub(crate) fn of_ecosystem(subject: &Subject, ecosystem: &str, name: &str) -> Option<Identity> {
    if !subject
        .ecosystems
        .iter()
        .any(|(system, _, _)| system.eq_ignore_ascii_case(ecosystem))
    {
        return None;
    }
    let wanted = ecosystem_name(ecosystem, name);
    let (system, found, sure) = subject
        .ecosystems
        .iter()
        .find(|(system, found, _)| system.eq_ignore_ascii_case(ecosystem) && *found == wanted)?;
    let package = format!("{system} package {found}");
    Some(if *sure {
        Identity::new(Confidence::Certain, How::EcosystemSource { package })
    } else {
        Identity::new(Confidence::Likely, How::EcosystemPrefix { package })
    })
}

/// The source's repository is the one that a record names. A library of a language beside the package
/// of that name, as `python-olm` beside `olm`, is its binding, which may be kept in the same repository.
pub(crate) fn of_repository(subject: &Subject, address: &str) -> Option<Identity> {
    let is_binding = subject.language.is_some() && subject.hints.bare_name_taken;
    if subject.repositories.is_empty() || is_binding {
        return None;
    }
    let wanted = origins::repository(address)?;
    subject
        .repositories
        .contains(&wanted)
        .then(|| Identity::new(Confidence::Likely, How::Repository(wanted)))
}

pub(crate) fn of_cpe(
    subject: &Subject,
    cpe: &Cpe,
    affected: &Affected,
) -> Result<Identity, Refusal> {
    let alias = subject
        .aliases
        .iter()
        .any(|alias| alias.is(&cpe.vendor, &cpe.product, affected));
    let name = subject
        .names
        .iter()
        .find(|name| is_normal_of(&name.text, &cpe.product));
    if !alias && name.is_none() {
        return match of_shared_code(subject, &cpe.vendor, &cpe.product, affected) {
            Some(identity) => Ok(identity),
            None => of_joined_words(subject, cpe),
        };
    }
    let words = || format!("{}:{}", cpe.vendor, cpe.product);
    if let Some(refusal) = refused(subject, cpe) {
        return Err(refusal);
    }
    if alias {
        return Ok(Identity::new(
            Confidence::Certain,
            How::Curated { product: words() },
        ));
    }
    let name = name.ok_or(Refusal::Unlike)?;
    let is_system = cpe.part == CpePart::OperatingSystem && subject.hints.cpe_name.is_none();
    if is_system || Target::of(subject, cpe) == Target::Other {
        // An operating system is a package only where somebody said which, and a program for other
        // software often only shares the name; but NVD mistakes either for what a package is.
        return of_vouched_name(subject, name, cpe);
    }
    if name.source == NameSource::Hint {
        let certain = subject.hints.cpe_vendor.is_some() || !curated::is_common(&name.text);
        let confidence = if certain {
            Confidence::Certain
        } else {
            Confidence::Likely
        };
        return Ok(Identity::new(confidence, How::PackagerHint));
    }
    by_name(
        subject,
        name,
        &cpe.vendor,
        words(),
        cpe.target_sw.as_deref(),
    )
}

/// What speaks against a CPE name, whatever it is called.
fn refused(subject: &Subject, cpe: &Cpe) -> Option<Refusal> {
    if let Some(refusal) = foreign(subject, cpe) {
        return Some(refusal);
    }
    if subject.hints.hidden_cpe_vendors.contains(&cpe.vendor) {
        return Some(Refusal::HiddenVendor);
    }
    let named = subject.hints.cpe_vendor.as_ref();
    named
        .is_some_and(|vendor| *vendor != cpe.vendor)
        .then_some(Refusal::OtherVendor)
}

/// A CPE name that differs from the package's in nothing but what divides its words
/// (`traffic_server` and `trafficserver`).
fn of_joined_words(subject: &Subject, cpe: &Cpe) -> Result<Identity, Refusal> {
    let name = other_wording(subject, &cpe.vendor, &normal_name(&cpe.product), None)?;
    if let Some(refusal) = refused(subject, cpe) {
        return Err(refusal);
    }
    let other = cpe.part == CpePart::OperatingSystem || Target::of(subject, cpe) == Target::Other;
    if other {
        return Err(Refusal::Target);
    }
    // That the vendor has the name too says little of a name that is not quite the same: git-hub is
    // not github:github.
    let voucher = address_voucher(subject, name, &vendor_letters(&cpe.vendor));
    let how = How::NameAndVendor {
        product: format!("{}:{}", cpe.vendor, cpe.product),
        voucher: voucher.ok_or(Refusal::Unvouched)?,
    };
    Ok(Identity::new(Confidence::Likely, how))
}

/// A product that is partly made of the package's code.
pub(crate) fn of_shared_code(
    subject: &Subject,
    vendor: &str,
    product: &str,
    affected: &Affected,
) -> Option<Identity> {
    let mut known = subject.shared_code.iter();
    let is_known = known.any(|it| it.is(vendor, product, affected));
    is_known.then(|| {
        let product = format!("{vendor}:{product}");
        Identity::new(Confidence::Likely, How::SharedCode { product })
    })
}

/// The names agree, which counts only if the package's own addresses vouch for a vendor that is not
/// called after the product.
fn of_vouched_name(subject: &Subject, name: &Name, cpe: &Cpe) -> Result<Identity, Refusal> {
    let named_after = cpe.vendor.ends_with("_project") || cpe.vendor.ends_with("-project");
    let own = name.source.is_whole();
    if curated::homonym(&subject.distribution, &subject.name, &cpe.vendor).is_some() {
        return Err(Refusal::Homonym);
    }
    let unvouched = if cpe.part == CpePart::OperatingSystem {
        Refusal::OperatingSystem
    } else {
        Refusal::Target
    };
    if named_after || !own {
        return Err(unvouched);
    }
    let vendor = letters(&cpe.vendor);
    let mut words = subject.vouchers.iter();
    let voucher = words.find(|word| vendor.len() >= 2 && vouches(word, &vendor));
    let how = How::NameAndVendor {
        product: format!("{}:{}", cpe.vendor, cpe.product),
        voucher: voucher.ok_or(unvouched)?.clone(),
    };
    Ok(Identity::new(Confidence::Likely, how))
}

/// The names agree; how sure that is depends on the vendor and on how telling the name is.
pub(crate) fn by_name(
    subject: &Subject,
    name: &Name,
    vendor: &str,
    product: String,
    target: Option<&str>,
) -> Result<Identity, Refusal> {
    if name.source == NameSource::Kin {
        return by_kin(subject, name, vendor, product);
    }
    let binding = subject.hints.bare_name_taken || curated::is_known_program(&name.text);
    if name.source == NameSource::LanguageStripped && binding {
        return Err(Refusal::Program);
    }
    if curated::is_other(&subject.distribution, &subject.name, vendor) {
        return Err(Refusal::Homonym);
    }
    let voucher = voucher(subject, name, vendor);
    if let Some(voucher) = voucher {
        let how = How::NameAndVendor { product, voucher };
        return Ok(Identity::new(Confidence::Likely, how));
    }
    if curated::homonym(&subject.distribution, &subject.name, vendor).is_some() {
        return Err(Refusal::Homonym);
    }
    if curated::is_company(vendor) {
        return Err(Refusal::Company);
    }
    let target = target.and_then(Language::of_target_software);
    let language_agrees = target.is_some() && target == subject.language;
    let own = name.source.is_whole();
    if language_agrees {
        let how = How::NameAndVendor {
            product,
            voucher: "the same language".to_owned(),
        };
        return Ok(Identity::new(Confidence::Likely, how));
    }
    if subject.language.is_some() && !own {
        // A library of a language shares its bare name with programs of all kinds.
        return Err(Refusal::Library);
    }
    if curated::is_common(&name.text) || !own {
        return Ok(Identity::new(
            Confidence::Possible,
            How::NameOnly { product },
        ));
    }
    Ok(Identity::new(
        Confidence::Likely,
        How::DistinctiveName { product },
    ))
}

/// The product is called as projects are whose packages distributions call so: the package's
/// addresses have to name both vendor and product, and no other package may bear the name.
fn by_kin(
    subject: &Subject,
    name: &Name,
    vendor: &str,
    product: String,
) -> Result<Identity, Refusal> {
    let stem = name.text.strip_prefix("lib").unwrap_or(&name.text);
    if subject.hints.bare_name_taken || curated::is_known_program(&name.text) {
        return Err(Refusal::Taken);
    }
    if curated::is_common(&name.text) || curated::is_common(stem) {
        return Err(Refusal::Common);
    }
    if curated::is_company(vendor) {
        return Err(Refusal::Company);
    }
    if curated::homonym(&subject.distribution, &subject.name, vendor).is_some() {
        return Err(Refusal::Homonym);
    }
    let forms = [letters(&name.text), letters(stem)];
    let is_named = subject.vouchers.iter().any(|word| forms.contains(word));
    let voucher = address_voucher(subject, name, &vendor_letters(vendor));
    let voucher = voucher.filter(|_| is_named).ok_or(Refusal::Unvouched)?;
    let how = How::NameAndVendor { product, voucher };
    Ok(Identity::new(Confidence::Likely, how))
}

/// A vendor's letters, without what NVD adds to the names of projects.
fn vendor_letters(vendor: &str) -> String {
    let base = vendor
        .strip_suffix("_project")
        .or_else(|| vendor.strip_suffix("-project"));
    letters(base.unwrap_or(vendor))
}

/// What in the package's own addresses vouches for a vendor.
pub(crate) fn voucher(subject: &Subject, name: &Name, vendor: &str) -> Option<String> {
    let base = vendor_letters(vendor);
    if base.len() < 2 {
        return None;
    }
    if let Some(word) = address_voucher(subject, name, &base) {
        return Some(word);
    }
    if base == subject.distribution.as_str() {
        return Some(format!("the package is {base}'s own"));
    }
    let own = name.source.is_whole();
    let same = base == letters(&name.text);
    (same && own && !curated::is_common(&name.text))
        .then(|| format!("vendor {vendor} has the name too"))
}

/// The word of the package's addresses that stands for a vendor. The project's own name, which its
/// addresses bear as well, stands for nobody who has added a word of his own to it: YETI Platform
/// does not make the language Yeti.
fn address_voucher(subject: &Subject, name: &Name, vendor: &str) -> Option<String> {
    /// What vendors who are called after their product add to its name.
    const ADDED: &[&str] = &[
        "app",
        "cpp",
        "js",
        "php",
        "py",
        "rs",
        "community",
        "core",
        "dev",
        "developers",
        "foundation",
        "group",
        "inc",
        "io",
        "labs",
        "lang",
        "llc",
        "ltd",
        "net",
        "ng",
        "org",
        "os",
        "project",
        "projects",
        "software",
        "team",
    ];
    if vendor.len() < 2 {
        return None;
    }
    let own = letters(&name.text);
    let is_stranger = |word: &str| {
        let added = vendor.strip_prefix(word).unwrap_or_default();
        word == own && !added.is_empty() && !ADDED.contains(&added)
    };
    let mut words = subject.vouchers.iter();
    let found = words.find(|word| vouches(word, vendor) && !is_stranger(word));
    found.cloned()
}

/// Whether a word of an address stands for a vendor: the same, or one begins with the other.
fn vouches(word: &str, vendor: &str) -> bool {
    word == vendor
        || (vendor.len() >= 4 && word.starts_with(vendor))
        || (word.len() >= 4 && vendor.starts_with(word))
}
