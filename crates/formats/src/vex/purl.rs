//! Package URLs: `pkg:deb/debian/openssl@3.0.11-1?arch=source&distro=bookworm`.
//!
//! Read as the package-url project's specification parses them, from the right to the left, and
//! lenient where it does not matter: any case of the type, unquoted signs.

/// A package URL's parts, unquoted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Purl {
    /// `deb`, `apk`, `npm` …, in lower case.
    pub(crate) kind: String,
    /// What stands before the name, with its slashes.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) version: String,
    qualifiers: Vec<(String, String)>,
}

/// Bytes of a package URL. The longest in use carry addresses and checksums.
const LONGEST: usize = 4096;

impl Purl {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix("pkg:")?.trim_start_matches('/');
        if rest.len() > LONGEST {
            return None;
        }
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (rest, version) = match rest.rsplit_once('@') {
            // An unquoted `@scope` is no version.
            Some((rest, version)) if !version.contains('/') && !rest.ends_with('/') => {
                (rest, version)
            }
            _ => (rest, ""),
        };
        let (kind, path) = rest.trim_end_matches('/').split_once('/')?;
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parts = namespace.split('/').filter(|part| !part.is_empty());
        let purl = Self {
            kind: kind.to_ascii_lowercase(),
            namespace: parts.map(decoded).collect::<Vec<_>>().join("/"),
            name: decoded(name),
            version: decoded(version),
            qualifiers: qualifiers.split('&').filter_map(qualifier).collect(),
        };
        (!purl.kind.is_empty() && !purl.name.is_empty()).then_some(purl)
    }

    /// A qualifier's value, if it has one.
    pub(crate) fn qualifier(&self, name: &str) -> Option<&str> {
        let found = self.qualifiers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| &**value)
    }
}

fn qualifier(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    (!value.is_empty()).then(|| (key.to_ascii_lowercase(), decoded(value)))
}

/// Text without its percent signs; what they quote wrongly stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let code = behind
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok());
        let code = code.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(code) if byte == b'%' => {
                bytes.push(code);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(byte);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<[String; 4]> {
        let purl = Purl::parse(text)?;
        Some([purl.kind, purl.namespace, purl.name, purl.version])
    }

    #[test]
    fn the_parts_of_a_package_url() {
        for (text, expected) in [
            (
                "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=source",
                ["deb", "debian", "openssl", "3.0.11-1~deb12u2"],
            ),
            (
                "pkg:npm/%40babel/core@7.1",
                ["npm", "@babel", "core", "7.1"],
            ),
            ("pkg:npm/@babel/core", ["npm", "@babel", "core", ""]),
            (
                "pkg:golang/github.com/x/y@v1.2#sub/path",
                ["golang", "github.com/x", "y", "v1.2"],
            ),
            ("pkg:PyPI/Django", ["pypi", "", "Django", ""]),
            (
                "pkg:rpm/redhat/gcc-c%2B%2B@1%3A2",
                ["rpm", "redhat", "gcc-c++", "1:2"],
            ),
            (
                "pkg://apk/wolfi/git@2.39.0-r1?a",
                ["apk", "wolfi", "git", "2.39.0-r1"],
            ),
            ("pkg:generic/a%zz%4", ["generic", "", "a%zz%4", ""]),
        ] {
            assert_eq!(parts(text), Some(expected.map(str::to_owned)), "{text}");
        }
        for bad in ["", "pkg:", "pkg:deb", "pkg:deb/", "deb/debian/x", "pkg:/x"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }

    #[test]
    fn qualifiers_are_found_by_their_names() {
        let purl = Purl::parse("pkg:deb/debian/libssl3@3?Upstream=openssl%403.1&arch=").unwrap();
        assert_eq!(purl.qualifier("upstream"), Some("openssl@3.1"));
        assert_eq!(purl.qualifier("arch"), None);
    }
}
