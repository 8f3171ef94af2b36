//! Under which upstream names a distribution's package may be known, and in which language it is.

use std::borrow::Cow;

use palisade_model::{Ecosystem, Package, Registry};

use crate::key::normal_name;
use crate::origins;

/// A name under which advisories may speak of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// In the spelling of [`normal_name`].
    pub text: String,
    /// Where it comes from.
    pub source: NameSource,
}

/// Where a package's upstream name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameSource {
    /// The packager's hint for CPE names.
    Hint,
    /// The packager's word for the project's upstream name.
    Upstream,
    /// The package is called so.
    Own,
    /// The package's name without a language's prefix (`py3-urllib3`, `perl-dbi`).
    LanguageStripped,
    /// The package's name without its version (`postgresql15`, `openssl1.1-compat`).
    VersionStripped,
    /// A name that distributions make of a project's, or the other way round: with `lib` in front,
    /// with what Debian says of freed sources behind (`libmatio`, `proftpd-dfsg`).
    Kin,
}

impl NameSource {
    /// Whether it is what the package or the project is called, nothing left out and nothing added.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Self::Own | Self::Upstream)
    }

    /// Whether the name may be that of something else to which the package belongs.
    pub(crate) fn is_loose(self) -> bool {
        matches!(self, Self::LanguageStripped | Self::Kin)
    }
}

/// A programming language whose packages distributions prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// Python.
    Python,
    /// Perl.
    Perl,
    /// Ruby.
    Ruby,
    /// JavaScript under Node.js.
    Node,
    /// PHP.
    Php,
    /// Lua.
    Lua,
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// Haskell.
    Haskell,
    /// R.
    R,
    /// OCaml.
    Ocaml,
    /// Java.
    Java,
    /// Emacs Lisp.
    Emacs,
    /// Erlang and Elixir.
    Erlang,
    /// TeX.
    Tex,
    /// Common Lisp, Scheme and their like.
    Lisp,
}

const PREFIXES: &[(&str, Language)] = &[
    ("python-", Language::Python),
    ("python2-", Language::Python),
    ("python3-", Language::Python),
    ("py3-", Language::Python),
    ("py-", Language::Python),
    ("perl-", Language::Perl),
    ("ruby-", Language::Ruby),
    ("node-", Language::Node),
    ("php-", Language::Php),
    ("lua-", Language::Lua),
    ("lua5.1-", Language::Lua),
    ("lua5.2-", Language::Lua),
    ("go-", Language::Go),
    ("golang-", Language::Go),
    ("rust-", Language::Rust),
    ("ghc-", Language::Haskell),
    ("haskell-", Language::Haskell),
    ("r-cran-", Language::R),
    ("r-bioc-", Language::R),
    ("r-", Language::R),
    ("ocaml-", Language::Ocaml),
    ("java-", Language::Java),
    ("emacs-", Language::Emacs),
    ("erlang-", Language::Erlang),
    ("elixir-", Language::Erlang),
    ("texlive-", Language::Tex),
    ("sbcl-", Language::Lisp),
    ("cl-", Language::Lisp),
    ("ecl-", Language::Lisp),
    ("guile-", Language::Lisp),
    ("chicken-", Language::Lisp),
];

/// How Debian ends the names of libraries that begin with `lib`.
const LIBRARY_SUFFIXES: &[(&str, Language)] =
    &[("-perl", Language::Perl), ("-java", Language::Java)];

impl Language {
    /// The ecosystem in OSV's words.
    pub(crate) fn ecosystem(self) -> Option<&'static str> {
        Some(match self {
            Self::Python => "PyPI",
            Self::Perl => "CPAN",
            Self::Ruby => "RubyGems",
            Self::Node => "npm",
            Self::Php => "Packagist",
            Self::Go => "Go",
            Self::Rust => "crates.io",
            Self::Haskell => "Hackage",
            Self::R => "CRAN",
            Self::Erlang => "Hex",
            Self::Lua | Self::Ocaml | Self::Java | Self::Emacs | Self::Tex | Self::Lisp => {
                return None;
            }
        })
    }

    /// The language that a `target_sw` of a CPE name stands for.
    pub(crate) fn of_target_software(target: &str) -> Option<Self> {
        Some(match target {
            "python" => Self::Python,
            "perl" => Self::Perl,
            "ruby" | "ruby_on_rails" | "rails" => Self::Ruby,
            "node.js" | "nodejs" | "node" | "npm" => Self::Node,
            "php" => Self::Php,
            "lua" => Self::Lua,
            "go" | "golang" => Self::Go,
            "rust" => Self::Rust,
            "haskell" => Self::Haskell,
            "r" => Self::R,
            "ocaml" => Self::Ocaml,
            "java" | "maven" => Self::Java,
            "erlang" | "elixir" => Self::Erlang,
            _ => return None,
        })
    }

    /// The language of a registry, by OSV's name of it.
    fn of_registry(name: &str) -> Option<Self> {
        Some(match name {
            "PyPI" => Self::Python,
            "CPAN" => Self::Perl,
            "RubyGems" => Self::Ruby,
            "npm" => Self::Node,
            "Packagist" => Self::Php,
            "Go" => Self::Go,
            "crates.io" => Self::Rust,
            "Hackage" => Self::Haskell,
            "CRAN" | "Bioconductor" => Self::R,
            "opam" => Self::Ocaml,
            "Maven" => Self::Java,
            "Hex" => Self::Erlang,
            _ => return None,
        })
    }

    fn of_build_system(name: &str) -> Option<Self> {
        Some(match name {
            "python" | "pyproject" => Self::Python,
            "perl" => Self::Perl,
            "ruby" => Self::Ruby,
            "node" => Self::Node,
            "go" => Self::Go,
            "cargo" => Self::Rust,
            "haskell" => Self::Haskell,
            "r" => Self::R,
            "ocaml" | "dune" => Self::Ocaml,
            "ant" | "maven" => Self::Java,
            "emacs" => Self::Emacs,
            "rebar" | "mix" => Self::Erlang,
            "texlive" => Self::Tex,
            _ => return None,
        })
    }
}

/// The language whose library a package is, by its prefix; a program in a language (which has no
/// prefix) is of none.
pub(crate) fn language(package: &Package) -> Option<Language> {
    match &package.ecosystem {
        Ecosystem::Registry(registry) => return Language::of_registry(registry),
        Ecosystem::Upstream => return None,
        Ecosystem::Inventory | Ecosystem::Distribution { .. } => {}
    }
    let name = package.source_name.as_str();
    let prefixed = PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix));
    let library = || {
        let bare = name.strip_prefix("lib")?;
        let of = |(suffix, language)| bare.ends_with(suffix).then_some(language);
        LIBRARY_SUFFIXES.iter().copied().find_map(of)
    };
    prefixed.map(|&(_, language)| language).or_else(library)
}

/// The language in which a package is built, library or program.
pub(crate) fn build_language(package: &Package) -> Option<Language> {
    language(package).or_else(|| Language::of_build_system(package.build_system.as_deref()?))
}

/// The names under which advisories may speak of a package, the most telling first.
pub(crate) fn names(package: &Package) -> Vec<Name> {
    let mut names = Vec::new();
    let mut add = |text: &str, source| {
        let text = normal_name(text);
        if !text.is_empty() && !names.iter().any(|known: &Name| known.text == text) {
            names.push(Name { text, source });
        }
    };
    if let Some(hint) = &package.hints.cpe_name {
        // The packager's word replaces guessing: Guix sets a name that no product has to say
        // "none of those".
        add(hint, NameSource::Hint);
        return names;
    }
    match &package.ecosystem {
        Ecosystem::Registry(_) => {
            // A name in a registry says as little of programs as a library's bare name does.
            for name in registry_names(&package.source_name) {
                add(name, NameSource::LanguageStripped);
            }
            return names;
        }
        Ecosystem::Upstream => {
            add(&package.source_name, NameSource::Own);
            return names;
        }
        Ecosystem::Inventory | Ecosystem::Distribution { .. } => {}
    }
    if let Some(upstream) = &package.hints.upstream_name {
        // A library's name in its registry is often that of the program it binds (ghc-mysql: mysql).
        let library = language(package).is_some();
        add(
            upstream,
            if library {
                NameSource::LanguageStripped
            } else {
                NameSource::Upstream
            },
        );
    }
    add(&package.source_name, NameSource::Own);
    if let Some(stripped) = without_language(&package.source_name) {
        add(stripped, NameSource::LanguageStripped);
        if language(package) == Some(Language::Perl) {
            // libdata-validate-ip-perl: Data::Validate::IP.
            add(&stripped.replace('-', "::"), NameSource::LanguageStripped);
        }
    }
    if let Some(module) = package.source_name.strip_prefix("libapache2-") {
        // libapache2-mod-auth-mellon: mod_auth_mellon.
        add(module, NameSource::Upstream);
    }
    if let Some(stripped) = without_version(&package.source_name, &package.source_version) {
        add(stripped, NameSource::VersionStripped);
    }
    if language(package).is_none() {
        for name in kin(&package.source_name) {
            add(&name, NameSource::Kin);
        }
    }
    names
}

/// The names that are a distribution's package's only if no other package of the inventory bears
/// them: without its language's prefix, or made of it otherwise.
pub fn bare_names(package: &Package) -> impl Iterator<Item = Cow<'_, str>> {
    let name = package.source_name.as_str();
    let of_language = without_language(name).map(Cow::Borrowed);
    let others = of_language.is_none().then(|| kin(name).map(Cow::Owned));
    let all = of_language.into_iter().chain(others.into_iter().flatten());
    all.filter(|_| package.ecosystem.is_distribution())
}

/// What projects may be called whose packages distributions call so: `matio` of `libmatio`, `libvips`
/// of `vips`, `proftpd` of `proftpd-dfsg`.
fn kin(name: &str) -> impl Iterator<Item = String> {
    /// A shorter name is too common.
    const LETTERS: usize = 3;
    let library = match name.strip_prefix("lib") {
        Some(rest) => rest.trim_start_matches('-').to_owned(),
        None => format!("lib{name}"),
    };
    let freed = ["-dfsg", "-free"].into_iter();
    let freed = freed.filter_map(|suffix| name.strip_suffix(suffix).map(str::to_owned));
    let all = std::iter::once(library).chain(freed);
    all.filter(|name| name.len() >= LETTERS)
}

/// A registry's name of a package, and the last part of it: `log4j-core` of
/// `org.apache.logging.log4j:log4j-core`, `mux` of `github.com/gorilla/mux/v2`.
fn registry_names(name: &str) -> impl Iterator<Item = &str> {
    let major = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let last = name.rsplit(['/', ':']).find(|part| !major(part));
    std::iter::once(name).chain(last)
}

fn without_language(name: &str) -> Option<&str> {
    // The longest prefix: `r-cran-` before `r-`.
    let prefix = PREFIXES
        .iter()
        .map(|(prefix, _)| prefix)
        .filter(|prefix| name.starts_with(**prefix));
    if let Some(prefix) = prefix.max_by_key(|prefix| prefix.len()) {
        return Some(&name[prefix.len()..]).filter(|rest| !rest.is_empty());
    }
    let bare = name.strip_prefix("lib")?;
    LIBRARY_SUFFIXES
        .iter()
        .find_map(|(suffix, _)| bare.strip_suffix(suffix))
}

/// `postgresql15` 15.3 is postgresql, `php81` 8.1.2 is php, `openssl1.1-compat` 1.1.1t is openssl.
fn without_version<'a>(name: &'a str, version: &str) -> Option<&'a str> {
    let base = name.strip_suffix("-compat").or(name.strip_suffix("-lts"));
    let base = base.unwrap_or(name);
    let stem = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let stem = stem.trim_end_matches(['-', '_']);
    let suffix = origins::letters(&base[stem.len()..]);
    let digits = origins::letters(version.rsplit_once(':').map_or(version, |(_, rest)| rest));
    if stem.is_empty() || (suffix.is_empty() && base == name) {
        return None;
    }
    digits
        .starts_with(&suffix)
        .then_some(stem)
        .filter(|stem| *stem != name)
}

/// The ecosystem packages that a package may be: by its source's address (sure), by its name's
/// prefix (less so).
pub(crate) fn ecosystem_packages(package: &Package) -> Vec<(&'static str, String, bool)> {
    match &package.ecosystem {
        Ecosystem::Registry(registry) => {
            let name = crate::key::ecosystem_name(registry, &package.source_name);
            return Registry::named(registry)
                .map(|known| (known.name, name, true))
                .into_iter()
                .collect();
        }
        // Where it was downloaded from does not make it the registry's package: `purl` would say.
        Ecosystem::Upstream => return Vec::new(),
        Ecosystem::Inventory | Ecosystem::Distribution { .. } => {}
    }
    let urls = package
        .sources
        .iter()
        .flat_map(|source| &source.urls)
        .chain(&package.homepage);
    let mut found: Vec<(&'static str, String, bool)> = Vec::new();
    for (ecosystem, name) in urls.filter_map(|url| origins::ecosystem_package(url)) {
        if !found.iter().any(|(e, n, _)| *e == ecosystem && *n == name) {
            found.push((ecosystem, name, true));
        }
    }
    let by_prefix = language(package).and_then(Language::ecosystem);
    let stripped = without_language(&package.source_name);
    if let (Some(ecosystem), Some(stripped)) = (by_prefix, stripped) {
        let name = crate::key::ecosystem_name(ecosystem, stripped);
        if !found.iter().any(|(e, _, _)| *e == ecosystem) {
            found.push((ecosystem, name, false));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str) -> Package {
        Package {
            name: name.into(),
            version: version.into(),
            source_name: name.into(),
            source_version: version.into(),
            ..Package::default()
        }
    }

    fn texts(package: &Package) -> Vec<String> {
        let told = names(package)
            .into_iter()
            .filter(|name| name.source != NameSource::Kin);
        told.map(|name| name.text).collect()
    }

    fn kin_of(package: &Package) -> Vec<String> {
        let kin = names(package)
            .into_iter()
            .filter(|name| name.source == NameSource::Kin);
        kin.map(|name| name.text).collect()
    }

    #[test]
    fn distributions_put_lib_in_front_of_names_and_marks_behind() {
        assert_eq!(kin_of(&package("libmatio", "1.5")), ["matio"]);
        assert_eq!(kin_of(&package("vips", "8.1")), ["libvips"]);
        let freed = kin_of(&package("netpbm-free", "10.0"));
        assert_eq!(freed, ["libnetpbm-free", "netpbm"]);
        assert_eq!(kin_of(&package("libdbi-perl", "1.6")), [""; 0]);
        assert_eq!(kin_of(&package("libx", "1.6")), [""; 0]);
    }

    #[test]
    fn a_version_in_the_name_is_left_out_when_it_is_the_version() {
        assert_eq!(
            texts(&package("postgresql15", "15.3-r0")),
            ["postgresql15", "postgresql"]
        );
        assert_eq!(texts(&package("php81", "8.1.2-r0")), ["php81", "php"]);
        assert_eq!(
            texts(&package("openssl1.1-compat", "1.1.1t-r0")),
            ["openssl1.1-compat", "openssl"]
        );
        assert_eq!(texts(&package("libxml2", "2.10.3")), ["libxml2", "libxml"]);
        assert_eq!(texts(&package("libgcrypt20", "1.8.7-6")), ["libgcrypt20"]);
    }

    #[test]
    fn a_language_prefix_is_left_out() {
        assert_eq!(
            texts(&package("py3-urllib3", "1.26")),
            ["py3-urllib3", "urllib3"]
        );
        assert_eq!(
            texts(&package("r-cran-curl", "5.0")),
            ["r-cran-curl", "curl"]
        );
        assert_eq!(
            texts(&package("libdbi-perl", "1.6")),
            ["libdbi-perl", "dbi"]
        );
    }

    #[test]
    fn a_cpe_hint_replaces_all_other_names() {
        let mut chromium = package("ungoogled-chromium", "140.0");
        chromium.hints.cpe_name = Some("chrome".into());
        assert_eq!(texts(&chromium), ["chrome"]);
    }

    #[test]
    fn a_prefix_names_an_ecosystem_package_less_surely_than_a_source_address() {
        let mut requests = package("python-requests", "2.31");
        assert_eq!(
            ecosystem_packages(&requests),
            [("PyPI", "requests".to_owned(), false)]
        );
        requests.sources = vec![palisade_model::SourceOrigin {
            urls: vec![
                "https://files.pythonhosted.org/packages/source/r/requests/requests-2.31.tar.gz"
                    .into(),
            ],
            ..Default::default()
        }];
        assert_eq!(
            ecosystem_packages(&requests),
            [("PyPI", "requests".to_owned(), true)]
        );
    }
}
