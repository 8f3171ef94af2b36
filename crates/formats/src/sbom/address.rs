//! Addresses as bills of materials write them.

use crate::purl::Purl;

/// The address of a repository without the tool's name in front, and the commit or tag behind it:
/// `git+https://example.org/a.git@v1` (SPDX 2.3, 7.7).
pub(super) fn repository(text: &str) -> (String, Option<String>) {
    let rest = text.trim();
    let rest = match rest.split_once('+') {
        Some(("git" | "hg" | "svn" | "bzr" | "scm:git", rest)) => rest,
        _ => rest.strip_prefix("scm:git:").unwrap_or(rest),
    };
    let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
    match rest.rsplit_once('@') {
        // The one in `git@host:path` names a user.
        Some((url, reference)) if url.contains('/') && !reference.contains('/') => {
            (url.to_owned(), Some(reference.to_owned()))
        }
        _ => (rest.to_owned(), None),
    }
}

/// The repository of a package that is named by it.
pub(super) fn of_forge(purl: &Purl) -> Option<String> {
    let host = match purl.kind.as_str() {
        "github" | "githubactions" => "github.com",
        "gitlab" => "gitlab.com",
        "bitbucket" => "bitbucket.org",
        "codeberg" => "codeberg.org",
        _ => return None,
    };
    let path = purl.full_name('/');
    (!purl.namespace.is_empty()).then(|| format!("https://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repositorys_address_is_apart_from_its_reference() {
        for (text, url, reference) in [
            (
                "git+https://e.org/a.git@v1#sub",
                "https://e.org/a.git",
                Some("v1"),
            ),
            ("git+ssh://git@e.org/a.git", "ssh://git@e.org/a.git", None),
            ("git@github.com:a/b.git", "git@github.com:a/b.git", None),
            ("scm:git:https://e.org/a", "https://e.org/a", None),
            ("https://e.org/a", "https://e.org/a", None),
        ] {
            assert_eq!(
                repository(text),
                (url.to_owned(), reference.map(str::to_owned)),
                "{text}"
            );
        }
    }
}
