//! What people say of identities: which product a package is, or is not.
//!
//! A statement is somebody's word, with a reason and a time. It is never changed: a later one about
//! the same package and product takes its place, or it is withdrawn.

use std::fmt;
use std::str::FromStr;

use crate::{Distribution, Registry, Timestamp};

/// Bytes of a name; the longest of NVD's have about a hundred.
const NAME_BYTES: usize = 256;

/// Characters of a reason.
const REASON_CHARACTERS: usize = 1000;

/// Characters of the name of whoever says it.
const AUTHOR_CHARACTERS: usize = 200;

/// What stands in front of a CPE name whose vendor is called as a registry is.
const CPE: &str = "cpe:";

/// A product as statements name it.
///
/// Written `VENDOR:PRODUCT` or `VENDOR:*` for CPE names, and `REGISTRY:NAME` for a registry's package
/// where the registry is spelled as OSV spells it (`PyPI:requests`); `cpe:VENDOR:PRODUCT` is a CPE
/// name whatever its vendor is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProductName {
    /// A product of CPE names.
    Cpe {
        /// Its vendor.
        vendor: String,
        /// Its name.
        product: String,
    },
    /// What a vendor of CPE names has under the package's name.
    Vendor(String),
    /// A package of a registry.
    Package {
        /// The registry, in OSV's words.
        registry: &'static str,
        /// The package's name there.
        name: String,
    },
}

/// Whether a package is said to be a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sense {
    /// It is the product.
    Is,
    /// It is not the product.
    IsNot,
}

/// Somebody's word on whether a package is a product.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdentityStatement {
    /// When it was made.
    pub time: Timestamp,
    /// Of which distribution's package; without it, of every one's.
    pub distribution: Option<Distribution>,
    /// The source package's name.
    pub package: String,
    /// Which product.
    pub product: ProductName,
    /// Whether it is or is not.
    pub sense: Sense,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub by: String,
}

/// Why a text names no product, or a statement cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStatement {
    /// Not one of the forms of a product.
    #[error(
        "{0:?} is no product: write VENDOR:PRODUCT or VENDOR:* as CPE names have them, or \
         REGISTRY:NAME such as PyPI:requests"
    )]
    Product(String),
    /// A package's name that is none.
    #[error(
        "{0:?} is no package's name: one word of at most {NAME_BYTES} bytes, without # in front"
    )]
    Package(String),
    /// Neither `is` nor `is_not`.
    #[error("{0:?} is neither is nor is_not")]
    Sense(String),
    /// No reason, or one that is too long or of several lines.
    #[error("a reason is needed: one line of at most {REASON_CHARACTERS} characters")]
    Reason,
    /// Nobody, or a name that is too long or of several lines.
    #[error("it is needed who says so: one line of at most {AUTHOR_CHARACTERS} characters")]
    Author,
}

/// Whether a text is a name of one word.
fn is_word(text: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace();
    (1..=NAME_BYTES).contains(&text.len()) && !text.contains(odd)
}

/// Whether a text says something in one line.
fn is_line(text: &str, characters: usize) -> bool {
    !text.trim().is_empty()
        && !text.contains(char::is_control)
        && text.chars().count() <= characters
}

impl FromStr for ProductName {
    type Err = InvalidStatement;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || InvalidStatement::Product(text.chars().take(NAME_BYTES).collect());
        let (cpe, rest) = match text.strip_prefix(CPE) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (first, second) = rest.split_once(':').ok_or_else(bad)?;
        let registry = Registry::named(first).filter(|_| !cpe);
        if !is_word(second) || (registry.is_none() && (!is_word(first) || first == "*")) {
            return Err(bad());
        }
        if let Some(registry) = registry {
            return Ok(Self::Package {
                registry: registry.name,
                name: second.to_owned(),
            });
        }
        let vendor = first.to_lowercase();
        Ok(match second {
            "*" => Self::Vendor(vendor),
            product => Self::Cpe {
                vendor,
                product: product.to_lowercase(),
            },
        })
    }
}

impl fmt::Display for ProductName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (vendor, product) = match self {
            Self::Package { registry, name } => return write!(f, "{registry}:{name}"),
            Self::Cpe { vendor, product } => (vendor, product.as_str()),
            Self::Vendor(vendor) => (vendor, "*"),
        };
        let ambiguous = Registry::named(vendor).is_some() || vendor == "cpe";
        let mark = if ambiguous { CPE } else { "" };
        write!(f, "{mark}{vendor}:{product}")
    }
}

impl Sense {
    /// The sense as tables have it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "is_not",
        }
    }

    /// The sense in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "is not",
        }
    }
}

impl FromStr for Sense {
    type Err = InvalidStatement;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "is" => Ok(Self::Is),
            "is_not" => Ok(Self::IsNot),
            other => Err(InvalidStatement::Sense(other.chars().take(20).collect())),
        }
    }
}

impl IdentityStatement {
    /// The statement, if its texts are such as can be kept and shown in a line.
    ///
    /// # Errors
    /// When one of them is missing, too long or of several lines.
    pub fn checked(self) -> Result<Self, InvalidStatement> {
        // A line that begins so is a comment in tables.
        if !is_word(&self.package) || self.package.starts_with('#') {
            let name = self.package.chars().take(NAME_BYTES).collect();
            return Err(InvalidStatement::Package(name));
        }
        Self::checked_words(&self.reason, &self.by)?;
        Ok(self)
    }

    /// Whether a reason and a name are such as can be kept and shown in a line.
    ///
    /// # Errors
    /// When one of them is missing, too long or of several lines.
    pub fn checked_words(reason: &str, by: &str) -> Result<(), InvalidStatement> {
        if !is_line(reason, REASON_CHARACTERS) {
            return Err(InvalidStatement::Reason);
        }
        if !is_line(by, AUTHOR_CHARACTERS) {
            return Err(InvalidStatement::Author);
        }
        Ok(())
    }

    /// What it is about: a later statement about the same takes its place.
    pub fn about(&self) -> (&str, Option<&str>, &ProductName) {
        let distribution = self.distribution.as_ref().map(Distribution::as_str);
        (&self.package, distribution, &self.product)
    }

    /// Who says so, when and why, in words.
    pub fn source_words(&self) -> String {
        let day: String = self.time.to_string().chars().take(10).collect();
        format!("stated by {} on {day}: {}", self.by, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_written_as_it_is_read() {
        for text in [
            "haxx:curl",
            "jenkins:*",
            "PyPI:requests",
            "Go:github.com/gorilla/mux",
            "Maven:org.apache.logging.log4j:log4j-core",
            "npm:@scope/name",
            "cpe:npm:npm",
            "cpe:cpe:cpe",
            "rubygems:rubygems",
            "perl:dbd::mysql",
        ] {
            let product: ProductName = text.parse().unwrap();
            assert_eq!(product.to_string(), text);
        }
        let product: ProductName = "cpe:Apache:HTTP_Server".parse().unwrap();
        assert_eq!(product.to_string(), "apache:http_server");
    }

    #[test]
    fn what_names_no_product_says_how_to_write_one() {
        for text in [
            "", "curl", ":curl", "haxx:", "*:curl", "*:*", "a b:c", "a:b\nc",
        ] {
            let error = text.parse::<ProductName>().unwrap_err();
            assert!(error.to_string().contains("VENDOR:PRODUCT"), "{text:?}");
        }
        assert!(
            format!("a:{}", "b".repeat(300))
                .parse::<ProductName>()
                .is_err()
        );
    }

    #[test]
    fn a_statement_says_in_one_line_why_and_who() {
        let statement = |reason: &str, by: &str| IdentityStatement {
            time: Timestamp::UNIX_EPOCH,
            distribution: None,
            package: "git".into(),
            product: "jenkins:git".parse().unwrap(),
            sense: Sense::IsNot,
            reason: reason.into(),
            by: by.into(),
        };
        let good = statement("a plugin", "Ada").checked().unwrap();
        assert_eq!(good.source_words(), "stated by Ada on 1970-01-01: a plugin");
        assert_eq!(
            statement(" ", "Ada").checked(),
            Err(InvalidStatement::Reason)
        );
        assert_eq!(
            statement("a\nb", "Ada").checked(),
            Err(InvalidStatement::Reason)
        );
        assert_eq!(statement("a", "").checked(), Err(InvalidStatement::Author));
        let long = statement(&"x".repeat(1001), "Ada").checked();
        assert_eq!(long, Err(InvalidStatement::Reason));
    }
}
