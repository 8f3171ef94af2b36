//! Is this package what a CNA names in its own words? (CVE JSON 5, `affected`)

use palisade_model::{Affected, Confidence, Product};

use crate::curated;
use crate::how::{How, Identity};
use crate::identity::{by_name, of_cpe, of_ecosystem, of_repository, of_shared_code, voucher};
use crate::key::normal_name;
use crate::names::{Name, NameSource};
use crate::origins::{self, letters};
use crate::refusal::Refusal;
use crate::subject::Subject;
use crate::wording::{self, is_joined};

/// Whether a subject is what an entry names, by registry, repository, CPE names or words.
pub(crate) fn of_named(subject: &Subject, affected: &Affected) -> Result<Identity, Refusal> {
    let Product::Named {
        vendor,
        product,
        package_name,
        collection_url,
        repository,
        cpes,
        ..
    } = &affected.product
    else {
        return Err(Refusal::Unlike);
    };
    let in_registry = origins::in_registry(collection_url.as_deref(), package_name.as_deref());
    if let Some((ecosystem, name)) = in_registry {
        // A record that names a registry speaks of that registry's package and no other; but Go's
        // own library is in none.
        let by_words = || of_words(subject, vendor, product, None, affected).ok();
        return of_ecosystem(subject, ecosystem, name)
            .or_else(|| by_words().filter(Identity::is_sure))
            .ok_or(Refusal::Registry);
    }
    let listed = collection_url
        .as_deref()
        .is_some_and(wording::is_distributors);
    if let Some(name) = package_name.as_deref().filter(|_| listed) {
        return of_distributor(subject, name);
    }
    let by_repository = repository
        .as_deref()
        .and_then(|address| of_repository(subject, address));
    let mut refusal = Refusal::Unlike;
    let mut kept = |result: Result<Identity, Refusal>| match result {
        Ok(identity) => Some(identity),
        Err(why) => {
            refusal = refusal.max(why);
            None
        }
    };
    let by_cpe = cpes
        .iter()
        .filter_map(|cpe| kept(of_cpe(subject, cpe, affected)));
    let surest = by_repository
        .into_iter()
        .chain(by_cpe)
        .max_by_key(|identity| identity.confidence);
    if let Some(identity) = surest {
        return Ok(identity);
    }
    let names = [Some(product.as_str()), package_name.as_deref()];
    let home = collection_url.as_deref();
    let mut by_words = names
        .into_iter()
        .flatten()
        .map(|name| of_words(subject, vendor, name, home, affected));
    let found = by_words.find_map(kept);
    found.ok_or(refusal)
}

/// A vendor and a product in a CNA's own words, and the address where it is kept, if one is given.
fn of_words(
    subject: &Subject,
    vendor: &str,
    product: &str,
    home: Option<&str>,
    affected: &Affected,
) -> Result<Identity, Refusal> {
    let words = || {
        if vendor.is_empty() {
            product.to_owned()
        } else {
            format!("{vendor} {product}")
        }
    };
    let is_curated = |vendor: &str, product: &str| {
        let mut aliases = subject.aliases.iter();
        aliases.any(|it| it.is(vendor, product, affected))
    };
    let curated = || Identity::new(Confidence::Certain, How::Curated { product: words() });
    if let Some(known) = wording::known(vendor, product) {
        let mut aliases = subject.aliases.iter();
        let is_known = aliases.any(|alias| alias.product == known);
        return is_known.then(curated).ok_or(Refusal::Unlike);
    }
    let text = normal_name(product);
    let vendor_name = normal_name(vendor).replace('-', "_");
    if text.is_empty() {
        return Err(Refusal::Unlike);
    }
    if subject.hints.hidden_cpe_vendors.contains(&vendor_name) {
        return Err(Refusal::HiddenVendor);
    }
    let short = wording::short_vendor(vendor).replace('-', "_");
    let rest = wording::without_vendor(vendor, product);
    let mut wordings = [Some(&text), rest.as_ref()].into_iter().flatten();
    if wordings.any(|text| is_curated(&vendor_name, text) || is_curated(&short, text)) {
        return Ok(curated());
    }
    if vendor.is_empty() && subject.aliases.iter().any(|it| it.is_named(&text)) {
        // Nobody is named, and the name is that of a product that the package is known to be.
        let how = How::Curated { product: words() };
        return Ok(Identity::new(Confidence::Likely, how));
    }
    let Some(name) = subject.names.iter().find(|name| name.text == text) else {
        if let Some(found) = of_shared_code(subject, &short, &text, affected) {
            return Ok(found);
        }
        return of_other_wording(subject, (vendor, &short), &text, rest.as_deref());
    };
    if name.source == NameSource::Hint {
        return Ok(Identity::new(Confidence::Likely, How::PackagerHint));
    }
    // A library and what it is called after may both be kept there, so it says nothing of kin.
    let shared = home.filter(|_| name.source != NameSource::Kin);
    let shared = shared.and_then(|home| {
        let words = origins::words_of(home);
        words
            .into_iter()
            .find(|word| subject.vouchers.contains(word) && *word != letters(&name.text))
    });
    if let Some(voucher) = shared {
        let how = How::NameAndVendor {
            product: words(),
            voucher,
        };
        return Ok(Identity::new(Confidence::Likely, how));
    }
    by_name(subject, name, &vendor_name, words(), None)
}

/// A product whose name is the package's but for its vendor in front or what divides its words; the
/// package's addresses have to vouch for the vendor.
fn of_other_wording(
    subject: &Subject,
    (vendor, short): (&str, &str),
    text: &str,
    rest: Option<&str>,
) -> Result<Identity, Refusal> {
    let name = other_wording(subject, short, text, rest)?;
    let voucher = voucher(subject, name, short).ok_or(Refusal::Unvouched)?;
    let how = How::NameAndVendor {
        product: format!("{vendor} {text}"),
        voucher,
    };
    Ok(Identity::new(Confidence::Likely, how))
}

/// The name of the package that a product has but for its vendor in front or what divides its words,
/// unless the name or the vendor speaks against it.
pub(crate) fn other_wording<'s>(
    subject: &'s Subject,
    vendor: &str,
    text: &str,
    rest: Option<&str>,
) -> Result<&'s Name, Refusal> {
    let same = |name: &&Name| {
        let other = rest.is_some_and(|rest| name.text == rest || is_joined(&name.text, rest));
        !name.source.is_loose() && (other || is_joined(&name.text, text))
    };
    let name = subject.names.iter().find(same).ok_or(Refusal::Unlike)?;
    if curated::is_common(&name.text) {
        return Err(Refusal::Common);
    }
    if curated::is_company(vendor) {
        return Err(Refusal::Company);
    }
    if curated::homonym(&subject.distribution, &subject.name, vendor).is_some() {
        return Err(Refusal::Homonym);
    }
    Ok(name)
}

/// A distributor's list has the package's name, which is that of the project for both.
fn of_distributor(subject: &Subject, name: &str) -> Result<Identity, Refusal> {
    let name = normal_name(name);
    let mut names = subject.names.iter();
    let own = names.find(|it| it.text == name && it.source != NameSource::Kin);
    if !subject.aliases.iter().any(|alias| alias.is_named(&name)) {
        let own = own.ok_or(Refusal::Unlike)?;
        if !own.source.is_whole() || subject.language.is_some() {
            return Err(Refusal::Library);
        }
        if curated::is_common(&name) {
            return Err(Refusal::Common);
        }
    }
    let how = How::Distributor { package: name };
    Ok(Identity::new(Confidence::Likely, how))
}
