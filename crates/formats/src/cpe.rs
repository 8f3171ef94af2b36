//! CPE names: formatted strings (`cpe:2.3:a:…`) and the older URI binding (`cpe:/a:…`).
//!
//! A name is cut into its attributes without allocating ([`Attributes`]); only what is kept is
//! unquoted, in lower case. Wildcards within a value (`1.2.*`) stay as they are.
//!
//! # The version of a name
//!
//! CPE puts what stands behind a release's number into an attribute of its own, *update*. Joined
//! again the way upstreams write it:
//!
//! - no update (`*`, `-`, or empty): the version alone;
//! - an update that is one letter, or begins with one letter that no other letter follows, is a
//!   patch level and joins directly: `6.8:p1` is `6.8p1`, `12.1:r2-s3` is `12.1r2-s3`;
//! - any other joins with `-`: `1.0:rc1` is `1.0-rc1`;
//! - an underscore between a word and its number goes, since NVD spells both ways: `1.0:update_5`
//!   is `1.0-update5`.

use palisade_model::{Cpe, CpePart};

/// The attributes of a CPE name, quoted as in the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes<'a> {
    binding: Binding,
    part: CpePart,
    vendor: &'a str,
    product: &'a str,
    version: &'a str,
    update: &'a str,
    edition: &'a str,
    software_edition: &'a str,
    target_sw: &'a str,
}

/// What a CPE name says of the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionAttribute {
    /// Any version (`*`).
    Any,
    /// The notion does not apply (`-`); in practice: not told.
    NotApplicable,
    /// This version, with its update.
    Version(String),
}

/// Why a text is no CPE name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCpe {
    /// It begins with neither `cpe:2.3:` nor `cpe:/`.
    #[error("a CPE name begins with cpe:2.3: or cpe:/")]
    Prefix,
    /// Its part is none of `a`, `o`, `h`.
    #[error("the part of a CPE name is a, o or h")]
    Part,
    /// It has no product.
    #[error("a CPE name has a vendor and a product")]
    Incomplete,
    /// It has more attributes than there are.
    #[error("a CPE name has at most 11 attributes")]
    TooLong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Binding {
    Formatted,
    Uri,
}

impl<'a> Attributes<'a> {
    /// Cuts a name into its attributes. Attributes that are missing at the end are "any".
    pub fn parse(name: &'a str) -> Result<Self, InvalidCpe> {
        if let Some(rest) = name.strip_prefix("cpe:2.3:") {
            let values = split::<11>(rest)?;
            return Self::new(
                Binding::Formatted,
                &values,
                [values[5], values[7], values[8]],
            );
        }
        let rest = name.strip_prefix("cpe:/").ok_or(InvalidCpe::Prefix)?;
        let values = split::<7>(rest)?;
        // A packed edition: ~edition~software edition~target software~target hardware~other.
        let editions = match values[5].strip_prefix('~') {
            Some(packed) => {
                let mut fields = packed.split('~');
                [(); 3].map(|()| fields.next().unwrap_or_default())
            }
            None => [values[5], "", ""],
        };
        Self::new(Binding::Uri, &values, editions)
    }

    fn new(
        binding: Binding,
        values: &[&'a str],
        [edition, software_edition, target_sw]: [&'a str; 3],
    ) -> Result<Self, InvalidCpe> {
        let part = match values[0] {
            "a" | "A" | "*" => CpePart::Application,
            "o" | "O" => CpePart::OperatingSystem,
            "h" | "H" => CpePart::Hardware,
            _ => return Err(InvalidCpe::Part),
        };
        if values[1].is_empty() || values[2].is_empty() {
            return Err(InvalidCpe::Incomplete);
        }
        let [vendor, product, version, update] = [values[1], values[2], values[3], values[4]];
        Ok(Self {
            binding,
            part,
            vendor,
            product,
            version,
            update,
            edition,
            software_edition,
            target_sw,
        })
    }

    /// What tells products apart, for use as a key.
    pub(crate) fn product_key(&self) -> ([&'a str; 4], CpePart, bool) {
        let texts = [self.product, self.vendor, self.target_sw, self.edition];
        (texts, self.part, self.is_extended_support())
    }

    /// Whether vendor and product are both the word `null`, with which curated data says that
    /// a record affects nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        self.vendor == "null" && self.product == "null"
    }

    /// The naming part. Mozilla's extended support releases are a product of their own
    /// (`firefox_esr`): until 2022 NVD called them so, since then it names a software edition.
    pub fn name(&self) -> Cpe {
        let mut product = self.unquote(self.product);
        if self.is_extended_support() {
            product.push_str("_esr");
        }
        Cpe {
            part: self.part,
            vendor: self.unquote(self.vendor),
            product,
            edition: self.unless_any(self.edition),
            target_sw: self.unless_any(self.target_sw),
        }
    }

    fn is_extended_support(&self) -> bool {
        self.software_edition.eq_ignore_ascii_case("esr")
    }

    /// The version, joined with the update.
    pub fn version(&self) -> VersionAttribute {
        match self.version {
            "" | "*" => return VersionAttribute::Any,
            "-" => return VersionAttribute::NotApplicable,
            _ => {}
        }
        let mut version = self.unquote(self.version);
        if !matches!(self.update, "" | "*" | "-") {
            join_update(&mut version, &self.unquote(self.update));
        }
        VersionAttribute::Version(version)
    }

    fn unless_any(&self, value: &str) -> Option<String> {
        (!matches!(value, "" | "*")).then(|| self.unquote(value))
    }

    fn unquote(&self, value: &str) -> String {
        let plain = |b: &u8| !matches!(b, b'\\' | b'%') && !b.is_ascii_uppercase();
        if value.as_bytes().iter().all(plain) {
            return value.to_owned();
        }
        match self.binding {
            Binding::Formatted => strip_backslashes(value),
            Binding::Uri => decode_percent(value),
        }
    }
}

/// Splits at colons that no backslash quotes; what is missing at the end is empty.
fn split<const N: usize>(text: &str) -> Result<[&str; N], InvalidCpe> {
    let mut values = [""; N];
    let (mut count, mut start, mut quoted) = (0, 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if quoted => quoted = false,
            b'\\' => quoted = true,
            b':' => {
                *values.get_mut(count).ok_or(InvalidCpe::TooLong)? = &text[start..at];
                count += 1;
                start = at + 1;
            }
            _ => {}
        }
    }
    // A backslash at the very end quotes nothing, and is nothing.
    let end = text.len() - usize::from(quoted);
    *values.get_mut(count).ok_or(InvalidCpe::TooLong)? = &text[start..end];
    Ok(values)
}

fn strip_backslashes(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        let character = if character == '\\' {
            characters.next()
        } else {
            Some(character)
        };
        plain.extend(character.map(|c| c.to_ascii_lowercase()));
    }
    plain
}

fn decode_percent(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once('%') {
        plain.push_str(before);
        let code = behind
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let decoded = match code {
            // The wildcards have codes of their own.
            Some(1) => Some('?'),
            Some(2) => Some('*'),
            Some(code) if code.is_ascii_graphic() => Some(char::from(code)),
            _ => None,
        };
        plain.push(decoded.unwrap_or('%'));
        rest = if decoded.is_some() {
            &behind[2..]
        } else {
            behind
        };
    }
    plain.push_str(rest);
    plain.make_ascii_lowercase();
    plain
}

fn join_update(version: &mut String, update: &str) {
    let mut letters = update.bytes().take_while(u8::is_ascii_alphabetic);
    let patch_level = letters.next().is_some() && letters.next().is_none();
    if !patch_level {
        version.push('-');
    }
    let bytes = update.as_bytes();
    let is_divider = |at: usize| {
        bytes[at] == b'_'
            && at > 0
            && bytes[at - 1].is_ascii_alphabetic()
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    };
    version.extend(
        update
            .char_indices()
            .filter(|&(at, _)| !is_divider(at))
            .map(|(_, c)| c),
    );
}

/// A name as a formatted string of CPE 2.3, of any version and of what else the name leaves open.
pub fn formatted(name: &Cpe) -> String {
    let part = match name.part {
        CpePart::Application => "a",
        CpePart::OperatingSystem => "o",
        CpePart::Hardware => "h",
    };
    let any = |text: &Option<String>| text.as_deref().map_or("*".to_owned(), quoted);
    format!(
        "cpe:2.3:{part}:{}:{}:*:*:{}:*:*:{}:*:*",
        quoted(&name.vendor),
        quoted(&name.product),
        any(&name.edition),
        any(&name.target_sw),
    )
}

/// A value with a backslash before what would mean something else; that it may be any is kept.
fn quoted(value: &str) -> String {
    if value == "*" {
        return value.to_owned();
    }
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '-' | '.' | '_') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(name: &str) -> VersionAttribute {
        Attributes::parse(name).unwrap().version()
    }

    fn is(text: &str) -> VersionAttribute {
        VersionAttribute::Version(text.to_owned())
    }

    #[test]
    fn a_product_of_one_backslash_is_none() {
        assert_eq!(
            Attributes::parse(r"cpe:2.3:a:v:\"),
            Err(InvalidCpe::Incomplete)
        );
        let name = Attributes::parse(r"cpe:2.3:a:v:p:1\").unwrap();
        assert_eq!(name.version(), VersionAttribute::Version("1".into()));
    }

    #[test]
    fn the_update_joins_the_version_as_upstream_writes_it() {
        for (update, joined) in [
            ("p1", "1.0p1"),
            ("a", "1.0a"),
            ("r1-s3", "1.0r1-s3"),
            ("rc1", "1.0-rc1"),
            ("beta_2", "1.0-beta2"),
            ("update_5", "1.0-update5"),
            ("20110419", "1.0-20110419"),
            ("patch_1_hotfix_2", "1.0-patch1_hotfix2"),
            ("-", "1.0"),
            ("*", "1.0"),
        ] {
            let name = format!("cpe:2.3:a:v:p:1.0:{update}:*:*:*:*:*:*");
            assert_eq!(version(&name), is(joined), "{update}");
        }
    }

    #[test]
    fn any_and_not_applicable_are_no_versions() {
        assert_eq!(
            version("cpe:2.3:a:v:p:*:sp1:*:*:*:*:*:*"),
            VersionAttribute::Any
        );
        assert_eq!(
            version("cpe:2.3:a:v:p:-:sp1:*:*:*:*:*:*"),
            VersionAttribute::NotApplicable
        );
    }

    #[test]
    fn escapes_do_not_break_names() {
        let name =
            Attributes::parse(r"cpe:2.3:a:Foo\:Bar:libsigc\+\+:1.0\-rc:*:x\!:*:*:node.js:*:*");
        let name = name.unwrap();
        assert_eq!(
            name.name(),
            Cpe {
                part: CpePart::Application,
                vendor: "foo:bar".into(),
                product: "libsigc++".into(),
                edition: Some("x!".into()),
                target_sw: Some("node.js".into()),
            }
        );
        assert_eq!(name.version(), is("1.0-rc"));
    }

    #[test]
    fn the_uri_binding_is_read_as_well() {
        let name = Attributes::parse("cpe:/a:redhat:enterprise_linux:8::appstream").unwrap();
        assert_eq!(name.version(), is("8"));
        assert_eq!(name.name().edition.as_deref(), Some("appstream"));
        let name = Attributes::parse("cpe:/o:x:lib%2b%2b%zz:1.0:rc1:~~pro~wordpress~~").unwrap();
        assert_eq!(name.name().product, "lib++%zz");
        assert_eq!(name.name().edition, None);
        assert_eq!(name.name().target_sw.as_deref(), Some("wordpress"));
        assert_eq!(name.version(), is("1.0-rc1"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for (text, reason) in [
            ("", InvalidCpe::Prefix),
            ("cpe:2.2:a:v:p", InvalidCpe::Prefix),
            ("cpe:2.3:x:v:p", InvalidCpe::Part),
            ("cpe:2.3:a:v", InvalidCpe::Incomplete),
            ("cpe:2.3:a::p", InvalidCpe::Incomplete),
            ("cpe:2.3:a:v:p:1:2:3:4:5:6:7:8:9", InvalidCpe::TooLong),
        ] {
            assert_eq!(Attributes::parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn a_name_that_is_written_is_read_back() {
        for text in [
            r"cpe:2.3:a:foo\:bar:libsigc\+\+:*:*:*:*:*:node.js:*:*",
            "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*",
            "cpe:2.3:a:*:zlib:*:*:*:*:*:*:*:*",
        ] {
            let name = Attributes::parse(text).unwrap().name();
            assert_eq!(formatted(&name), text);
        }
    }
}
