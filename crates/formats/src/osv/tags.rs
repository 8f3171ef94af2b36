//! Tags of a repository that name versions of what the repository is called after.
//!
//! Entries without a package list the tags of their repositories by the thousand. A repository with
//! many packages tags each of them (`@jupyterlab/completer@3.3.0`, `ldb-2.0.1` beside
//! `samba-4.11.0`), and the version of one is no version of another.

/// Words that stand before a version in any project's tags.
const WORDS: [&str; 8] = [
    "v", "ver", "version", "rel", "release", "stable", "final", "tag",
];

/// Whether a tag is a version of the repository's own project: a number, perhaps behind a part of
/// the repository's name, a usual word, or a single letter.
pub(super) fn is_own_version(repository: &str, tag: &str) -> bool {
    let tag = tag.strip_prefix("refs/tags/").unwrap_or(tag);
    let Some(first) = tag.find(|c: char| c.is_ascii_digit()) else {
        return false;
    };
    let name = repository.trim_end_matches('/').rsplit('/').next();
    let name = name.unwrap_or_default();
    let name = name.strip_suffix(".git").unwrap_or(name);
    let is_own = |word: &str| {
        word.len() <= 1
            || WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
            || words(name).any(|part| part.eq_ignore_ascii_case(word))
            || name.eq_ignore_ascii_case(word)
    };
    let before = &tag[..first];
    !before.contains(['@', '/']) && words(before).all(is_own)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::is_own_version;

    #[test]
    fn versions_of_the_project_itself_are_told_from_those_of_its_parts() {
        let own = [
            ("https://github.com/jupyter/notebook", "v6.1.5"),
            ("https://github.com/openssl/openssl", "OpenSSL_1_1_1a"),
            ("https://github.com/php/php-src.git", "php-7.4.0"),
            ("https://github.com/FFmpeg/FFmpeg", "n4.1"),
            ("https://git.postgresql.org/git/postgresql.git", "REL_12_1"),
            ("https://github.com/nginx/nginx/", "release-1.17.0"),
            ("https://github.com/sqlite/sqlite", "3.31.0"),
        ];
        for (repository, tag) in own {
            assert!(is_own_version(repository, tag), "{repository} {tag}");
        }
        let other = [
            (
                "https://github.com/jupyterlab/jupyterlab",
                "@jupyterlab/completer@3.3.0",
            ),
            ("https://github.com/samba-team/samba", "ldb-2.0.1"),
            ("https://github.com/openssl/openssl", "OpenSSL-fips-1_2_0"),
            ("https://github.com/golang/go", "gopls/v0.1.0"),
            ("https://github.com/curl/curl", "before_ftp_statemachine"),
        ];
        for (repository, tag) in other {
            assert!(!is_own_version(repository, tag), "{repository} {tag}");
        }
    }
}
