//! How CNAs word vendors and products, against how packages are named.
//!
//! `Apache Traffic Server` by the `Apache Software Foundation` is what packages call `trafficserver`
//! and CPE names `apache:traffic_server`; `Open Babel` is `openbabel`. A wording is only another name
//! to look under: that it is the same project, something else has to say.

use crate::key::normal_name;

/// Letters of names that are the same without what divides their words; fewer are too common.
const LETTERS: usize = 5;

/// What a vendor and a product in a CNA's words are, where its own words name neither package nor
/// CPE: the kernel, which its CNA calls Linux by Linux, and Go, whose CNA names parts of it.
pub(crate) fn known(vendor: &str, product: &str) -> Option<&'static str> {
    let vendor = normal_name(vendor);
    match vendor.as_str() {
        "go-standard-library" | "go-toolchain" => return Some("go"),
        "linux" | "kernel" | "linux-kernel" | "n/a" | "" => {}
        _ => return None,
    }
    let product = normal_name(product);
    matches!(product.as_str(), "linux" | "linux-kernel" | "kernel").then_some("linux-kernel")
}

/// A vendor in the one spelling, and its first word where the rest only says what kind of body it
/// is: `apache` for the Apache Software Foundation.
pub(crate) fn short_vendor(vendor: &str) -> String {
    const BODIES: &[&str] = &[
        "-software-foundation",
        "-foundation",
        "-project",
        "-community",
        "-team",
        "-developers",
        "-inc.",
        "-inc",
        "-gmbh",
        "-ltd",
        "-ltd.",
        "-corporation",
        "-corp",
        "-corp.",
        "-org",
    ];
    let vendor = normal_name(vendor).replace(',', "");
    let vendor = vendor.strip_prefix("the-").unwrap_or(&vendor);
    let body = BODIES.iter().find_map(|body| vendor.strip_suffix(body));
    body.unwrap_or(vendor).to_owned()
}

/// A product without the vendor that its name begins with: `traffic-server` of `Apache Traffic Server`.
pub(crate) fn without_vendor(vendor: &str, product: &str) -> Option<String> {
    let (vendor, product) = (short_vendor(vendor), normal_name(product));
    let rest = product.strip_prefix(&vendor)?.strip_prefix('-')?;
    // Debian Linux is a distribution, and so is every other that is called so.
    (!vendor.is_empty() && !matches!(rest, "" | "linux")).then(|| rest.to_owned())
}

/// A name in the one spelling without what divides its words, where something does: `openbabel` of
/// `open-babel`.
pub(crate) fn joined(normal: &str) -> Option<String> {
    if !normal.contains('-') {
        return None;
    }
    let joined: String = letters(normal).collect();
    (joined.chars().count() >= LETTERS).then_some(joined)
}

/// Whether two names in the one spelling differ in nothing but what divides their words.
pub(crate) fn is_joined(a: &str, b: &str) -> bool {
    letters(a).count() >= LETTERS && letters(a).eq(letters(b))
}

fn letters(normal: &str) -> impl Iterator<Item = char> {
    normal.chars().filter(|&c| c != '-')
}

/// Whether a collection is a distributor's list of packages, whose names are those of projects.
pub(crate) fn is_distributors(collection: &str) -> bool {
    collection.starts_with("https://access.redhat.com/downloads/content/package-browser")
        || collection.starts_with("https://packages.fedoraproject.org")
        || collection.starts_with("https://src.fedoraproject.org")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_named_without_its_vendor() {
        let apache = "Apache Software Foundation";
        assert_eq!(short_vendor(apache), "apache");
        assert_eq!(short_vendor("The OpenSSL Project"), "openssl");
        assert_eq!(short_vendor("ISC"), "isc");
        let rest = without_vendor(apache, "Apache Traffic Server");
        assert_eq!(rest.as_deref(), Some("traffic-server"));
        assert_eq!(without_vendor("Vim", "vim"), None);
        assert_eq!(without_vendor("debian", "debian_linux"), None);
        assert_eq!(without_vendor("", "-x"), None);
    }

    #[test]
    fn words_may_be_joined() {
        assert_eq!(joined("open-babel").as_deref(), Some("openbabel"));
        assert_eq!(joined("bash"), None);
        assert_eq!(joined("a-b"), None);
        assert!(is_joined("fast-dds", "fastdds") && is_joined("fastdds", "fast-dds"));
        assert!(!is_joined("fast-dds", "fast-ddt") && !is_joined("x-y", "xy"));
    }

    #[test]
    fn what_has_no_name_of_its_own_is_known_by_its_vendor() {
        assert_eq!(known("Go standard library", "net/http"), Some("go"));
        assert_eq!(known("Go toolchain", "cmd/go"), Some("go"));
        assert_eq!(known("Linux", "Linux"), Some("linux-kernel"));
        assert_eq!(known("n/a", "Linux Kernel"), Some("linux-kernel"));
        assert_eq!(known("Microsoft", "Linux"), None);
    }
}
