//! What addresses tell: the repository, the ecosystem package and the makers behind a source.

use palisade_model::{Package, SourceOrigin};

use crate::key::ecosystem_name;

/// Hosts that serve many projects: the project's maker stands in the path, not in the host.
const FORGES: &[&str] = &[
    "github.com",
    "gitlab.com",
    "codeberg.org",
    "bitbucket.org",
    "git.sr.ht",
    "sr.ht",
    "gitlab.gnome.org",
    "gitlab.freedesktop.org",
    "salsa.debian.org",
    "invent.kde.org",
    "framagit.org",
    "notabug.org",
    "gitea.com",
    "git.savannah.gnu.org",
    "git.savannah.nongnu.org",
    "launchpad.net",
    "sourceforge.net",
    "savannah.gnu.org",
    "savannah.nongnu.org",
    "0xacab.org",
    "code.google.com",
    "pagure.io",
];

/// Host labels that name nobody.
const NOBODY: &[&str] = &[
    "www",
    "ftp",
    "com",
    "org",
    "net",
    "io",
    "dev",
    "co",
    "uk",
    "de",
    "fr",
    "eu",
    "edu",
    "gov",
    "info",
    "me",
    "app",
    "sh",
    "xyz",
    "us",
    "ch",
    "nl",
    "jp",
    "git",
    "svn",
    "cgit",
    "code",
    "download",
    "downloads",
    "dl",
    "cdn",
    "static",
    "files",
    "archive",
    "archives",
    "releases",
    "release",
    "src",
    "source",
    "sources",
    "dist",
    "pub",
    "projects",
    "project",
    "software",
    "wiki",
    "docs",
    "doc",
    "github",
    "gitlab",
    "sourceforge",
    "codeberg",
    "bitbucket",
    "launchpad",
    "googlecode",
    "sr",
    "ht",
    "pages",
    "home",
    "web",
    "blog",
    "s3",
    "amazonaws",
    "pypi",
    "pythonhosted",
    "crates",
    "rubygems",
    "npmjs",
    "hackage",
    "cpan",
    "metacpan",
    "cran",
    "registry",
    "readthedocs",
    "packages",
    "mirror",
    "mirrors",
    "http",
    "https",
    "tar",
    "gz",
    "index",
    "html",
    "php",
    "api",
    "gnu",
    "en",
];

/// The repository of an address: host and path without scheme, user, `.git` and trailing slash.
///
/// `None` unless the address has a host with a dot and a path of two parts or more.
pub(crate) fn repository(address: &str) -> Option<String> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let rest = rest.trim_end_matches('/');
    let rest = rest
        .strip_suffix(".git")
        .unwrap_or(rest)
        .trim_end_matches('/');
    let (host, path) = rest.split_once('/')?;
    let forge = FORGES.contains(&host.to_ascii_lowercase().as_str());
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let (owner, name) = (parts.next()?, parts.next());
    if !host.contains('.') || host.contains(char::is_whitespace) {
        return None;
    }
    let rest = match (forge, name) {
        (true, Some(name)) => format!("{host}/{owner}/{}", name.trim_end_matches(".git")),
        (true, None) => return None,
        (false, _) => rest.to_owned(),
    };
    Some(rest.to_ascii_lowercase())
}

/// The ecosystem, in OSV's words, of which an address in a CVE 5 record's `collectionURL` is the
/// registry.
fn collection_ecosystem(address: &str) -> Option<&'static str> {
    const REGISTRIES: &[(&str, &str)] = &[
        ("pypi.org", "PyPI"),
        ("pypi.python.org", "PyPI"),
        ("npmjs.com", "npm"),
        ("npmjs.org", "npm"),
        ("crates.io", "crates.io"),
        ("rubygems.org", "RubyGems"),
        ("hackage.haskell.org", "Hackage"),
        ("cpan.org", "CPAN"),
        ("packagist.org", "Packagist"),
        ("repo.maven.apache.org", "Maven"),
        ("repo1.maven.org", "Maven"),
        ("pkg.go.dev", "Go"),
        ("proxy.golang.org", "Go"),
        ("hex.pm", "Hex"),
    ];
    let host = host_of(address)?;
    let matches = |known: &str| host == known || host.ends_with(&format!(".{known}"));
    REGISTRIES
        .iter()
        .find(|(known, _)| matches(known))
        .map(|&(_, ecosystem)| ecosystem)
}

/// The registry's package that an entry of a CVE record names by `collectionURL` and `packageName`.
pub(crate) fn in_registry<'a>(
    collection_url: Option<&str>,
    package_name: Option<&'a str>,
) -> Option<(&'static str, &'a str)> {
    collection_url
        .and_then(collection_ecosystem)
        .zip(package_name)
}

fn host_of(address: &str) -> Option<String> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?.split(':').next()?;
    Some(host.to_ascii_lowercase())
}

/// The ecosystem package that a source address downloads: `(ecosystem, name)`.
pub(crate) fn ecosystem_package(url: &str) -> Option<(&'static str, String)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/')?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let found = match host.to_ascii_lowercase().as_str() {
        "files.pythonhosted.org" | "pypi.io" | "pypi.python.org" | "pypi.org" | "pypi" => {
            ("PyPI", pypi_name(&parts)?)
        }
        "crates.io" | "static.crates.io" => {
            let at = parts.iter().position(|&part| part == "crates")?;
            ("crates.io", (*parts.get(at + 1)?).to_owned())
        }
        "rubygems.org" => (
            "RubyGems",
            without_version(parts.last()?.strip_suffix(".gem")?)?,
        ),
        "registry.npmjs.org" | "registry.npmjs.com" => ("npm", npm_name(&parts)?),
        "hackage.haskell.org" | "hackage" => {
            let at = parts.iter().position(|&part| part == "package")?;
            let name = parts.get(at + 1)?;
            (
                "Hackage",
                without_version(name).unwrap_or_else(|| (*name).to_owned()),
            )
        }
        "cpan" | "www.cpan.org" | "search.cpan.org" | "cpan.metacpan.org" => {
            ("CPAN", without_version(parts.last()?)?)
        }
        "cran" | "cran.r-project.org" => {
            let file = parts.last()?;
            (
                "CRAN",
                file.split_once('_')
                    .map_or(*file, |(name, _)| name)
                    .to_owned(),
            )
        }
        "proxy.golang.org" => {
            let at = parts.iter().position(|&part| part == "@v")?;
            ("Go", parts[..at].join("/"))
        }
        _ => return None,
    };
    let name = ecosystem_name(found.0, &found.1);
    (!name.is_empty()).then_some((found.0, name))
}

fn pypi_name(parts: &[&str]) -> Option<String> {
    // packages/source/u/urllib3/urllib3-1.26.tar.gz, packages/ab/cd/…/urllib3-1.26.tar.gz,
    // project/urllib3/
    if let Some(at) = parts.iter().position(|&part| part == "project") {
        return parts.get(at + 1).map(|&name| name.to_owned());
    }
    if let Some(at) = parts
        .iter()
        .position(|&part| part == "source" || part == "py3")
    {
        return parts.get(at + 2).map(|&name| name.to_owned());
    }
    without_version(parts.last()?)
}

fn npm_name(parts: &[&str]) -> Option<String> {
    match parts {
        [scope, name, ..] if scope.starts_with('@') => Some(format!("{scope}/{name}")),
        [name, ..] => Some((*name).to_owned()),
        [] => None,
    }
}

/// The name in front of `-VERSION`.
fn without_version(file: &str) -> Option<String> {
    let cut = file.match_indices('-').find(|&(at, _)| {
        let behind = file[at + 1..].strip_prefix('v').unwrap_or(&file[at + 1..]);
        behind.starts_with(|c: char| c.is_ascii_digit())
    })?;
    Some(file[..cut.0].to_owned()).filter(|name| !name.is_empty())
}

/// The words of a package's addresses that may name who makes it, in small letters and digits only.
pub(crate) fn vouchers(package: &Package) -> Vec<String> {
    let mut words = Vec::new();
    let sources = package
        .sources
        .iter()
        .flat_map(|source: &SourceOrigin| &source.urls);
    for address in package
        .homepage
        .iter()
        .chain(sources)
        .chain(&package.hints.release_monitoring_url)
    {
        vouchers_of(address, &mut words);
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The words of one address that may name who makes what is there.
pub(crate) fn words_of(address: &str) -> Vec<String> {
    let mut words = Vec::new();
    vouchers_of(address, &mut words);
    words
}

fn vouchers_of(address: &str, words: &mut Vec<String>) {
    let Some((scheme, rest)) = address.split_once("://") else {
        return;
    };
    let mut parts = rest.split(['?', '#']).next().unwrap_or_default().split('/');
    let host = parts.next().unwrap_or_default().to_ascii_lowercase();
    if scheme == "mirror" {
        // mirror://gnu/tar/…, mirror://gnome/…: the mirror's name is the maker's.
        words.push(host);
        words.extend(parts.next().map(letters));
        return;
    }
    let host = host.rsplit('@').next().unwrap_or_default();
    let labels = host.split('.').map(letters);
    words.extend(labels.filter(|label| label.len() > 1 && !NOBODY.contains(&label.as_str())));
    if host == "gnu.org" || host.ends_with(".gnu.org") {
        words.push("gnu".to_owned());
    }
    let path = parts.filter(|part| !part.is_empty()).take(3).map(letters);
    words.extend(path.filter(|part| part.len() > 1 && !NOBODY.contains(&part.as_str())));
}

/// Only the letters and digits of a text, in lower case.
pub(crate) fn letters(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_repository() {
        let of = |address: &str| repository(address);
        assert_eq!(
            of("https://github.com/OpenSSL/openssl.git"),
            Some("github.com/openssl/openssl".into())
        );
        assert_eq!(
            of("https://github.com/a/b/releases/x.tar.gz"),
            Some("github.com/a/b".into())
        );
        assert_eq!(of("git@gitlab.com/x/y/"), Some("gitlab.com/x/y".into()));
        assert_eq!(of("https://example.org/"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn a_source_address_names_its_ecosystem_package() {
        let of = ecosystem_package;
        assert_eq!(
            of("https://files.pythonhosted.org/packages/source/u/Urllib3/urllib3-1.26.tar.gz"),
            Some(("PyPI", "urllib3".into()))
        );
        assert_eq!(
            of("https://crates.io/api/v1/crates/serde/1.0.0/download"),
            Some(("crates.io", "serde".into()))
        );
        assert_eq!(
            of("https://rubygems.org/downloads/rack-2.0.gem"),
            Some(("RubyGems", "rack".into()))
        );
        assert_eq!(
            of("https://registry.npmjs.org/@types/node/-/node-1.0.tgz"),
            Some(("npm", "@types/node".into()))
        );
        assert_eq!(
            of("mirror://cpan/authors/id/A/AB/ABC/Foo-Bar-1.2.tar.gz"),
            Some(("CPAN", "foo-bar".into()))
        );
        assert_eq!(of("https://example.org/foo-1.0.tar.gz"), None);
    }
}
