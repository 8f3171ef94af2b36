//! Is this package that product? How sure, and on what evidence.

use palisade_model::{Affected, Confidence, Cpe, CpePart, Product, Sense};

use crate::cna::of_named;
use crate::curated;
use crate::environment::{Target, foreign};
use crate::how::{How, Identity};
use crate::identities;
use crate::key::{ecosystem_name, is_normal_of};
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

pub(crate) fn of_repository(subject: &Subject, address: &str) -> Option<Identity> {
    if subject.repositories.is_empty() {
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
        return of_shared_code(subject, &cpe.vendor, &cpe.product, affected).ok_or(Refusal::Unlike);
    }
    let words = || format!("{}:{}", cpe.vendor, cpe.product);
    if let Some(refusal) = foreign(subject, cpe) {
        return Err(refusal);
    }
    if subject.hints.hidden_cpe_vendors.contains(&cpe.vendor) {
        return Err(Refusal::HiddenVendor);
    }
    if let Some(vendor) = &subject.hints.cpe_vendor
        && *vendor != cpe.vendor
    {
        return Err(Refusal::OtherVendor);
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
    let own = matches!(name.source, NameSource::Own | NameSource::Upstream);
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
    let own = matches!(name.source, NameSource::Own | NameSource::Upstream);
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

/// What in the package's own addresses vouches for a vendor.
pub(crate) fn voucher(subject: &Subject, name: &Name, vendor: &str) -> Option<String> {
    let base = vendor
        .strip_suffix("_project")
        .or_else(|| vendor.strip_suffix("-project"));
    let base = letters(base.unwrap_or(vendor));
    if base.len() < 2 {
        return None;
    }
    if let Some(word) = subject.vouchers.iter().find(|word| vouches(word, &base)) {
        return Some(word.clone());
    }
    if base == subject.distribution.as_str() {
        return Some(format!("the package is {base}'s own"));
    }
    let own = matches!(name.source, NameSource::Own | NameSource::Upstream);
    let same = base == letters(&name.text);
    (same && own && !curated::is_common(&name.text))
        .then(|| format!("vendor {vendor} has the name too"))
}

/// Whether a word of an address stands for a vendor: the same, or one begins with the other.
fn vouches(word: &str, vendor: &str) -> bool {
    word == vendor
        || (vendor.len() >= 4 && word.starts_with(vendor))
        || (word.len() >= 4 && vendor.starts_with(word))
}
