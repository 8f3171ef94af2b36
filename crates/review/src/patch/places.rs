//! Where sources are to be had: their own address, and mirrors that know them by name or digest.

use serde::{Deserialize, Serialize};

use super::nix32;
use super::recipe::{Source, System};

/// The most addresses that are tried for one source.
const ADDRESSES: usize = 20;

/// Addresses of mirrors. `{name}`, `{sha256}`, `{sha512}` and `{base32}` are replaced; one that
/// asks for what is not known is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mirrors {
    /// For what aports builds.
    pub alpine: Vec<String>,
    /// For what Guix builds.
    pub guix: Vec<String>,
    /// For both.
    pub archives: Vec<String>,
    /// What `mirror://NAME/` stands for.
    pub lists: Vec<(String, String)>,
}

impl Default for Mirrors {
    fn default() -> Self {
        let list = |name: &str, url: &str| (name.to_owned(), url.to_owned());
        Self {
            alpine: vec!["https://distfiles.alpinelinux.org/distfiles/edge/{name}".to_owned()],
            guix: vec![
                "https://bordeaux.guix.gnu.org/file/{name}/sha256/{base32}".to_owned(),
                "https://ci.guix.gnu.org/file/{name}/sha256/{base32}".to_owned(),
            ],
            archives: vec![
                "https://archive.softwareheritage.org/api/1/content/sha256:{sha256}/raw/"
                    .to_owned(),
            ],
            lists: vec![
                list("gnu", "https://ftp.gnu.org/gnu/"),
                list("gnupg", "https://www.gnupg.org/ftp/gcrypt/"),
                list("savannah", "https://download.savannah.gnu.org/releases/"),
                list("sourceforge", "https://downloads.sourceforge.net/project/"),
                list("kernel.org", "https://cdn.kernel.org/pub/"),
                list("cpan", "https://www.cpan.org/"),
                list("apache", "https://archive.apache.org/dist/"),
                list("gnome", "https://download.gnome.org/"),
                list("kde", "https://download.kde.org/"),
                list("xorg", "https://www.x.org/releases/"),
                list("debian", "https://deb.debian.org/debian/"),
            ],
        }
    }
}

/// Hosts to which those that keep sources send on. What comes from there is held against its
/// digest.
pub const STORES: &[&str] = &[
    "codeload.github.com",
    "objects.githubusercontent.com",
    "release-assets.githubusercontent.com",
    "static.crates.io",
    "files.pythonhosted.org",
    "master.dl.sourceforge.net",
    "downloads.sourceforge.net",
];

/// A file that is looked for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Addresses in the order in which they are tried.
    pub addresses: Vec<String>,
}

impl Wanted {
    /// Where a source is to be had. Mirrors that know it by its digest come last: they are asked
    /// for what upstream no longer has.
    pub fn of(source: &Source, system: System, mirrors: &Mirrors) -> Self {
        let mut addresses: Vec<String> = source
            .urls
            .iter()
            .filter(|url| !url.contains(['…', '$']))
            .filter_map(|url| mirrors.expanded(url))
            .collect();
        let own = match system {
            System::Alpine => &mirrors.alpine,
            System::Guix => &mirrors.guix,
        };
        let known = own.iter().chain(&mirrors.archives);
        addresses.extend(known.filter_map(|address| filled(address, source)));
        addresses.dedup();
        addresses.truncate(ADDRESSES);
        Self {
            name: source.name.clone(),
            addresses,
        }
    }
}

impl Mirrors {
    /// An address that can be fetched.
    fn expanded(&self, url: &str) -> Option<String> {
        let Some(rest) = url.strip_prefix("mirror://") else {
            let fetched = url.starts_with("https://") || url.starts_with("http://");
            return fetched.then(|| url.to_owned());
        };
        let (list, path) = rest.split_once('/')?;
        let (_, base) = self.lists.iter().find(|(name, _)| name == list)?;
        Some(format!("{base}{path}"))
    }
}

/// Puts what is known of a source into an address.
fn filled(address: &str, source: &Source) -> Option<String> {
    let hash = source.hash.as_ref();
    let digest = |algorithm: &str| {
        hash.filter(|hash| hash.algorithm == algorithm)
            .map(|hash| hash.hex.clone())
    };
    let values = [
        (
            "{name}",
            is_plain(&source.name).then(|| source.name.clone()),
        ),
        ("{sha256}", digest("sha256")),
        ("{sha512}", digest("sha512")),
        (
            "{base32}",
            digest("sha256").and_then(|hex| nix32::of_hexadecimal(&hex)),
        ),
    ];
    let mut address = address.to_owned();
    for (word, value) in values {
        if address.contains(word) {
            address = address.replace(word, &value?);
        }
    }
    Some(address)
}

/// Whether a name is one part of an address.
fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+~".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed) && !name.starts_with('.')
}

/// The address of the patch in a merge request's or pull request's page.
pub fn page_of_request(url: &str) -> Option<String> {
    let plain = url
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let (_, path) = plain.split_once("://")?;
    if matches!(path.rsplit_once('.'), Some((_, "patch" | "diff"))) {
        return Some(url.to_owned());
    }
    let parts: Vec<&str> = plain.split('/').collect();
    // Behind the number may be the page's tab, such as `files` or `diffs`.
    let at = parts.windows(2).position(|pair| {
        let is_number = !pair[1].is_empty() && pair[1].bytes().all(|it| it.is_ascii_digit());
        matches!(pair[0], "merge_requests" | "pull" | "pulls") && is_number
    })?;
    Some(format!("{}.patch", parts[..=at + 1].join("/")))
}

#[cfg(test)]
mod tests {
    use palisade_model::Hash;

    use super::*;

    #[test]
    fn a_source_is_looked_for_at_its_address_and_by_its_digest() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let source = Source {
            name: "hello-1.tar.gz".to_owned(),
            urls: vec!["mirror://gnu/hello/hello-1.tar.gz".to_owned()],
            hash: Some(Hash {
                algorithm: "sha256".to_owned(),
                hex: hex.to_owned(),
            }),
            ..Source::default()
        };
        let wanted = Wanted::of(&source, System::Guix, &Mirrors::default());
        let base32 = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
        assert_eq!(
            wanted.addresses[0],
            "https://ftp.gnu.org/gnu/hello/hello-1.tar.gz"
        );
        assert!(wanted.addresses[1].ends_with(&format!("/file/hello-1.tar.gz/sha256/{base32}")));
        assert!(wanted.addresses[3].ends_with(&format!("sha256:{hex}/raw/")));
    }

    #[test]
    fn a_name_never_changes_an_address() {
        let source = Source {
            name: "../x?y".to_owned(),
            ..Source::default()
        };
        let wanted = Wanted::of(&source, System::Alpine, &Mirrors::default());
        assert_eq!(wanted.addresses, [""; 0]);
    }

    #[test]
    fn requests_have_patches() {
        let cases = [
            (
                "https://g.org/alpine/aports/-/merge_requests/12/diffs",
                "https://g.org/alpine/aports/-/merge_requests/12.patch",
            ),
            (
                "https://c.org/guix/guix/pulls/7#issue",
                "https://c.org/guix/guix/pulls/7.patch",
            ),
            ("https://h.org/a/b/pull/3", "https://h.org/a/b/pull/3.patch"),
            ("https://h.org/x.patch", "https://h.org/x.patch"),
        ];
        for (page, patch) in cases {
            assert_eq!(page_of_request(page).as_deref(), Some(patch));
        }
        assert_eq!(page_of_request("https://h.org/a/b/issues/3"), None);
    }
}
