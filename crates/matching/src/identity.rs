//! Is this package that product? How sure, and on what evidence.

use palisade_model::{Affected, Confidence, Cpe, CpePart, IdentityStatement, Product, Sense};

use crate::curated;
use crate::identities;
use crate::key::{ecosystem_name, is_normal_of, normal_name};
use crate::names::{Language, Name, NameSource};
use crate::origins::{self, letters};
use crate::refusal::Refusal;
use crate::subject::{Place, Subject};
use crate::wording::{self, is_joined};

/// That a subject is a product, how sure, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// How sure.
    pub confidence: Confidence,
    /// Why.
    pub how: How,
}

/// Why a subject is taken for a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The record names the distribution's own source package.
    OwnPackage,
    /// The record names the distribution's own source package on later branches, and where it
    /// says nothing of a branch, the package is not affected there.
    OnOtherBranch {
        /// The branch that it names.
        named: String,
        /// The branch that it does not.
        here: String,
    },
    /// The packager's hint names the product.
    PackagerHint,
    /// The table of curated aliases says so.
    Curated {
        /// The product, `vendor:product`.
        product: String,
    },
    /// Somebody stated it.
    Stated {
        /// The product, as the statement names it.
        product: String,
        /// Who stated it, when and why, in words.
        source: String,
    },
    /// The source was downloaded from the ecosystem as that package.
    EcosystemSource {
        /// The package in the ecosystem.
        package: String,
    },
    /// The package's name has the prefix that the distribution gives to that ecosystem's packages.
    EcosystemPrefix {
        /// The package in the ecosystem.
        package: String,
    },
    /// The source comes from the repository that the record names.
    Repository(String),
    /// The product is partly made of the package's code; its versions are not those of the package.
    SharedCode {
        /// The product, `vendor:product`.
        product: String,
    },
    /// Another distributor's list has a package of that name; its versions say nothing of others.
    Distributor {
        /// The package there.
        package: String,
    },
    /// The names agree, and an address of the package vouches for the vendor.
    NameAndVendor {
        /// The product, `vendor:product`.
        product: String,
        /// What vouches for it.
        voucher: String,
    },
    /// The names agree, and the name is not one that many projects share.
    DistinctiveName {
        /// The product, `vendor:product`.
        product: String,
    },
    /// The names agree and nothing else speaks for it.
    NameOnly {
        /// The product, `vendor:product`.
        product: String,
    },
}

impl How {
    fn stated(statement: &IdentityStatement) -> Self {
        Self::Stated {
            product: statement.product.to_string(),
            source: statement.source_words(),
        }
    }

    /// The reason in words, for a package of a given name.
    pub fn words(&self, package: &str) -> String {
        match self {
            Self::OwnPackage => format!("the record names the distribution's package {package}"),
            Self::OnOtherBranch { named, here } => format!(
                "the record names the distribution's package {package} on {named}, and nothing on {here}"
            ),
            Self::Distributor { package: named } => format!(
                "another distributor's package {named} has the name of {package}; its versions say nothing of this one"
            ),
            Self::SharedCode { product } => format!(
                "{product} is partly made of the code of {package}; its versions say nothing of this one"
            ),
            Self::PackagerHint => format!("the packager of {package} names this product"),
            Self::Curated { product } => format!("{package} is known to be {product}"),
            Self::Stated { product, source } => format!("{package} is {product}, {source}"),
            Self::EcosystemSource { package: named } => {
                format!("the source of {package} is {named}")
            }
            Self::EcosystemPrefix { package: named } => {
                format!("the name {package} is how the distribution calls {named}")
            }
            Self::Repository(repository) => {
                format!("the source of {package} comes from {repository}, which the record names")
            }
            Self::NameAndVendor { product, voucher } => format!(
                "{package} has the name of {product}, and its addresses vouch for the vendor ({voucher})"
            ),
            Self::DistinctiveName { product } => format!(
                "{package} has the name of {product}, a name that no other project is known by"
            ),
            Self::NameOnly { product } => {
                format!(
                    "{package} has the name of {product}; nothing else tells that they are the same"
                )
            }
        }
    }
}

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

impl Identity {
    fn is_sure(&self) -> bool {
        self.confidence == Confidence::Certain
    }

    fn new(confidence: Confidence, how: How) -> Self {
        Self { confidence, how }
    }
}

fn of_ecosystem(subject: &Subject, ecosystem: &str, name: &str) -> Option<Identity> {
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

fn of_repository(subject: &Subject, address: &str) -> Option<Identity> {
    if subject.repositories.is_empty() {
        return None;
    }
    let wanted = origins::repository(address)?;
    subject
        .repositories
        .contains(&wanted)
        .then(|| Identity::new(Confidence::Likely, How::Repository(wanted)))
}

fn of_cpe(subject: &Subject, cpe: &Cpe, affected: &Affected) -> Result<Identity, Refusal> {
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
fn of_shared_code(
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

/// What makes a CPE name one of something that is no package of ours, whoever bears the name.
pub(crate) fn foreign(subject: &Subject, cpe: &Cpe) -> Option<Refusal> {
    if cpe.part == CpePart::Hardware {
        Some(Refusal::Hardware)
    } else if Target::of(subject, cpe) == Target::Foreign {
        Some(Refusal::Target)
    } else {
        foreign_edition(cpe).then_some(Refusal::Edition)
    }
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

/// How the software environment of a CPE name stands to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// It names none, or one in which the subject works.
    Own,
    /// It names another language, or other software.
    Other,
    /// It names another system, or software of which the product is an extension.
    Foreign,
}

impl Target {
    fn of(subject: &Subject, cpe: &Cpe) -> Self {
        const OWN: &[&str] = &[
            "linux",
            "linux_kernel",
            "unix",
            "gnu",
            "-",
            "x11",
            "gnome",
            "kde",
        ];
        // Systems, and software with extensions of all kinds.
        const FOREIGN: &[&str] = &[
            "android",
            "chrome",
            "confluence",
            "drupal",
            "firefox",
            "iphone_os",
            "ipad_os",
            "ipados",
            "jenkins",
            "jira",
            "joomla",
            "joomla\\!",
            "joomla!",
            "laravel",
            "mac",
            "mac_os",
            "mac_os_x",
            "macos",
            "magento",
            "mediawiki",
            "moodle",
            "phpbb",
            "prestashop",
            "seafile",
            "typo3",
            "vbulletin",
            "visual_studio_code",
            "windows",
            "wordpress",
            "xenforo",
        ];
        let Some(target) = cpe.target_sw.as_deref() else {
            return Self::Own;
        };
        if OWN.contains(&target) {
            return Self::Own;
        }
        if FOREIGN.contains(&target) || target.starts_with("windows") {
            return Self::Foreign;
        }
        let language = Language::of_target_software(target);
        if language.is_some()
            && (subject.language == language || subject.build_language == language)
        {
            Self::Own
        } else {
            Self::Other
        }
    }
}

/// Whether the CPE name is that of the edition for another system (`http_server:*:*:win32`): before
/// there was a field for it, NVD wrote there what `target_sw` says now.
fn foreign_edition(cpe: &Cpe) -> bool {
    const SYSTEMS: &[&str] = &[
        "win",
        "win16",
        "win32",
        "win64",
        "winnt",
        "mac",
        "macintosh",
        "macos",
        "mac_os",
        "solaris",
        "sunos",
        "aix",
        "hp-ux",
        "hp_ux",
        "hpux",
        "irix",
        "netware",
        "os2",
        "os_2",
        "android",
        "iphone_os",
        "openvms",
        "vms",
    ];
    cpe.edition.as_deref().is_some_and(|edition| {
        SYSTEMS.contains(&edition)
            || edition.starts_with("windows")
            || edition.starts_with("mac_os")
    })
}

/// The names agree; how sure that is depends on the vendor and on how telling the name is.
fn by_name(
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
fn voucher(subject: &Subject, name: &Name, vendor: &str) -> Option<String> {
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

fn of_named(subject: &Subject, affected: &Affected) -> Result<Identity, Refusal> {
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
    let by_collection = collection_url
        .as_deref()
        .and_then(origins::collection_ecosystem)
        .zip(package_name.as_deref())
        .map(|(ecosystem, name)| (ecosystem, name, of_ecosystem(subject, ecosystem, name)));
    if let Some((_, _, found)) = by_collection {
        // A record that names a registry speaks of that registry's package and no other; but Go's
        // own library is in none.
        let by_words = || of_words(subject, vendor, product, None, affected).ok();
        return found
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
    let Some(name) = subject.names.iter().find(|name| name.text == text) else {
        if let Some(found) = of_shared_code(subject, &short, &text, affected) {
            return Ok(found);
        }
        return of_other_wording(subject, (vendor, &short), &text, rest.as_deref());
    };
    if name.source == NameSource::Hint {
        return Ok(Identity::new(Confidence::Likely, How::PackagerHint));
    }
    let shared = home.and_then(|home| {
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
    let same = |name: &&Name| {
        let other = rest.is_some_and(|rest| name.text == rest || is_joined(&name.text, rest));
        name.source != NameSource::LanguageStripped && (other || is_joined(&name.text, text))
    };
    let name = subject.names.iter().find(same).ok_or(Refusal::Unlike)?;
    if curated::is_common(&name.text) {
        return Err(Refusal::Common);
    }
    if curated::is_company(short) {
        return Err(Refusal::Company);
    }
    if curated::homonym(&subject.distribution, &subject.name, short).is_some() {
        return Err(Refusal::Homonym);
    }
    let voucher = voucher(subject, name, short).ok_or(Refusal::Unvouched)?;
    let how = How::NameAndVendor {
        product: format!("{vendor} {text}"),
        voucher,
    };
    Ok(Identity::new(Confidence::Likely, how))
}

/// A distributor's list has the package's name, which is that of the project for both.
fn of_distributor(subject: &Subject, name: &str) -> Result<Identity, Refusal> {
    let name = normal_name(name);
    let own = subject.names.iter().find(|it| it.text == name);
    let own = own.ok_or(Refusal::Unlike)?;
    if !matches!(own.source, NameSource::Own | NameSource::Upstream) || subject.language.is_some() {
        return Err(Refusal::Library);
    }
    if curated::is_common(&name) {
        return Err(Refusal::Common);
    }
    let how = How::Distributor { package: name };
    Ok(Identity::new(Confidence::Likely, how))
}
