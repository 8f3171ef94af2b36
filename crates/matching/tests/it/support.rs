//! Packages and entries in few words, and what comes of them.

use palisade_matching::{Claim, Identity, Place, Provenance, Refusal, Silence, Subject, judge};
use palisade_model::{
    Affected, Confidence, Cpe, CpePart, Lower, Package, Product, RangeScheme, SourceOrigin, Span,
    Upper, Verdict, VersionRange, VersionStatus,
};

/// A package of Alpine with its homepage.
pub(crate) fn package(name: &str, version: &str, homepage: &str) -> Package {
    Package {
        name: name.into(),
        version: version.into(),
        source_name: name.into(),
        source_version: version.into(),
        homepage: Some(homepage.into()),
        ..Package::default()
    }
}

/// The same with the address of its source.
pub(crate) fn from_source(package: Package, address: &str) -> Package {
    let source = SourceOrigin {
        urls: vec![address.to_owned()],
        ..SourceOrigin::default()
    };
    Package {
        sources: vec![source],
        ..package
    }
}

pub(crate) fn subject(package: &Package) -> Subject {
    Subject::of(package, &"alpine".parse().unwrap())
}

/// An application by its CPE name, `vendor:product`.
pub(crate) fn cpe(name: &str) -> Product {
    let (vendor, product) = name.split_once(':').unwrap();
    Product::Cpe(Cpe {
        part: CpePart::Application,
        vendor: vendor.into(),
        product: product.into(),
        edition: None,
        target_sw: None,
    })
}

/// A product in the words of a CNA.
pub(crate) fn named(vendor: &str, product: &str) -> Product {
    Product::Named {
        vendor: vendor.into(),
        product: product.into(),
        package_name: None,
        collection_url: None,
        repository: None,
        cpes: Vec::new(),
        platforms: Vec::new(),
    }
}

pub(crate) fn range(status: VersionStatus, span: Span) -> VersionRange {
    VersionRange {
        status,
        span,
        scheme: RangeScheme::Unstated,
    }
}

/// An entry that has these spans as affected and nothing else.
pub(crate) fn affects(product: Product, spans: &[Span]) -> Affected {
    let bad = |span: &Span| range(VersionStatus::Affected, span.clone());
    Affected::of(product, spans.iter().map(bad).collect())
}

/// From one version before another.
pub(crate) fn between(from: &str, before: &str) -> Span {
    Span::Between(
        Lower::Including(from.into()),
        Upper::Excluding(before.into()),
    )
}

/// All up to a version, which is affected too.
pub(crate) fn up_to(last: &str) -> Span {
    Span::Between(Lower::Open, Upper::Including(last.into()))
}

const RECORD: Provenance<'_> = Provenance {
    feed: "test",
    record: "CVE-2024-1000",
};

/// What the entries of one record come to; nothing where none is about the package.
pub(crate) fn judged(package: &Package, entries: &[Affected]) -> Option<Verdict> {
    judged_with_words(package, entries).map(|(verdict, _)| verdict)
}

/// The same with why it is no surer.
pub(crate) fn judged_with_words(
    package: &Package,
    entries: &[Affected],
) -> Option<(Verdict, String)> {
    let subject = subject(package);
    let claims = entries
        .iter()
        .filter_map(|entry| Claim::of(&subject, entry, RECORD, Place::default()));
    let claims = claims.collect();
    let judgement = judge(
        &subject,
        &["CVE-2024-1000".parse().unwrap()],
        claims,
        Vec::new(),
    );
    judgement.map(|it| (it.verdict(), it.confidence_words().join("; ")))
}

/// How sure it is that the package is the product, or why it is not.
pub(crate) fn identity(package: &Package, product: Product) -> Result<Confidence, Refusal> {
    identified(package, product).map(|identity| identity.confidence)
}

/// Why the package is the product, in words.
pub(crate) fn identity_words(package: &Package, product: Product) -> String {
    let identity = identified(package, product).unwrap();
    identity.how.words(&package.name)
}

fn identified(package: &Package, product: Product) -> Result<Identity, Refusal> {
    let subject = subject(package);
    let entry = affects(product, &[Span::All]);
    match Claim::heard(&subject, &entry, RECORD, Place::default()) {
        Ok(claim) => Ok(claim.identity),
        Err(Silence::Refused(refusal)) => Err(refusal),
        Err(Silence::OtherVersions) => panic!("an entry on all versions was silent"),
    }
}
