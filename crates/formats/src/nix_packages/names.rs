//! Names of Nix packages.

/// Sets of attributes whose members belong to a language, by what their names begin with, and the
/// prefix that stands for it.
const SETS: [(&str, &str); 13] = [
    ("chickenPackages", "chicken-"),
    ("emacsPackages", "emacs-"),
    ("haskellPackages", "haskell-"),
    ("lua", "lua-"),
    ("nodePackages", "node-"),
    ("ocamlPackages", "ocaml-"),
    ("perl", "perl-"),
    ("php", "php-"),
    ("pypy", "python3-"),
    ("python", "python3-"),
    ("rPackages", "r-"),
    ("ruby", "ruby-"),
    ("texlive", "texlive-"),
];

/// The source package's name: the derivation's, with a prefix that is the same whichever version of
/// the language it was built for: `python3-requests` of `python312Packages.requests`, whose
/// derivation is called `python3.12-requests`.
pub(super) fn source_name(attribute: &str, name: &str) -> String {
    let Some((set, _)) = attribute.split_once('.') else {
        return name.to_owned();
    };
    // Sets for one version of a language: `rubyPackages_3_3`, `python312Packages`.
    let set = set.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
    let is_set = |set: &str| set.ends_with("Packages") || set.ends_with("Extensions");
    let found = SETS
        .iter()
        .find(|(known, _)| set.starts_with(known) && is_set(set));
    let Some((known, prefix)) = found else {
        return name.to_owned();
    };
    let language = known.trim_end_matches("Packages");
    let is_version = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_language = |word: &str| {
        let words = [language, "ghc", "luajit"].into_iter();
        let mut versions = words.filter_map(|language| word.strip_prefix(language));
        versions.any(is_version)
    };
    let bare = name
        .split_once('-')
        .filter(|(first, rest)| !rest.is_empty() && is_language(first));
    format!("{prefix}{}", bare.map_or(name, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_librarys_name_does_not_change_with_the_language() {
        for (attribute, name, expected) in [
            (
                "python312Packages.requests",
                "python3.12-requests",
                "python3-requests",
            ),
            (
                "python3Packages.requests",
                "python3.13-requests",
                "python3-requests",
            ),
            ("perlPackages.DBI", "perl5.40.0-DBI", "perl-DBI"),
            ("haskellPackages.aeson", "aeson", "haskell-aeson"),
            ("rPackages.curl", "r-curl", "r-curl"),
            ("luajitPackages.lpeg", "luajit2.1-lpeg", "lua-lpeg"),
            ("rubyPackages_3_3.rack", "ruby3.3-rack", "ruby-rack"),
            ("rubyPackages.rack", "ruby3.3-rack", "ruby-rack"),
            ("openssl", "openssl", "openssl"),
            ("kdePackages.kio", "kio", "kio"),
            ("pythonTools.x", "python3.12-x", "python3.12-x"),
        ] {
            assert_eq!(source_name(attribute, name), expected, "{attribute}");
        }
    }
}
