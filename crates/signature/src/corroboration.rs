//! Who else had the same file: what others hold under signatures of their own.
//!
//! That proves sameness and nothing else. The malicious releases of xz were held alike by
//! everybody. A recompressed file has another digest, but what it holds has the same: so both are
//! compared.

use serde::Serialize;
use sha2::{Digest, Sha256, Sha512};

use crate::{Data, Error};

/// Digests of a file and of what it holds once decompressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    outer: Layer,
    inner: Option<Layer>,
}

/// Digests of one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Layer {
    sha256: Vec<u8>,
    sha512: Vec<u8>,
}

/// What somebody holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// Who: `Debian bookworm`, `Guix`, `Alpine`.
    pub who: String,
    /// What they call it: a package with its version, a file.
    pub what: String,
    /// In hexadecimal digits; its length tells SHA-256 from SHA-512.
    pub digest: String,
    /// Under whose signature; none if only somebody's word brings it.
    pub under: Option<String>,
    /// As of when.
    pub date: Option<String>,
}

/// What a claim says of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// It is of the same bytes.
    Same,
    /// It is of the same bytes once both are decompressed.
    SameInside,
    /// It is of other bytes.
    Different,
}

/// A claim, compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// What somebody holds.
    #[serde(flatten)]
    pub claim: Claim,
    /// What that says of the file.
    pub agreement: Agreement,
}

impl Digests {
    /// Reads a file. What cannot be decompressed has no inner digest.
    pub fn of(data: &Data<'_>) -> Result<Self, Error> {
        let mut outer = (Sha256::new(), Sha512::new());
        data.each(|piece| {
            outer.0.update(piece);
            outer.1.update(piece);
        })?;
        let mut inner = (Sha256::new(), Sha512::new());
        let unpacked = data.each_inner(|piece| {
            inner.0.update(piece);
            inner.1.update(piece);
        });
        Ok(Self {
            outer: layer(outer),
            inner: matches!(unpacked, Ok(true)).then(|| layer(inner)),
        })
    }

    /// Whether it is one of the file's, or of what the file holds.
    pub fn has(&self, digest: &[u8]) -> bool {
        let is = |layer: &Layer| digest == layer.sha256 || digest == layer.sha512;
        is(&self.outer) || self.inner.as_ref().is_some_and(is)
    }

    /// Compares what others hold with the file.
    pub fn compare(&self, claims: impl IntoIterator<Item = Claim>) -> Vec<Compared> {
        let compared = claims.into_iter().map(|claim| {
            let has = |layer: &Layer| layer.has(&claim.digest);
            let agreement = if has(&self.outer) {
                Agreement::Same
            } else if self.inner.as_ref().is_some_and(has) {
                Agreement::SameInside
            } else {
                Agreement::Different
            };
            Compared { claim, agreement }
        });
        compared.collect()
    }
}

impl Layer {
    fn has(&self, digest: &str) -> bool {
        let lower = digest.to_ascii_lowercase();
        let Ok(digest) = data_encoding::HEXLOWER.decode(lower.as_bytes()) else {
            return false;
        };
        digest == self.sha256 || digest == self.sha512
    }
}

fn layer((sha256, sha512): (Sha256, Sha512)) -> Layer {
    Layer {
        sha256: sha256.finalize().to_vec(),
        sha512: sha512.finalize().to_vec(),
    }
}

/// How many, independently of each other, hold the same under signatures of their own.
pub fn independent(compared: &[Compared]) -> usize {
    let same = compared
        .iter()
        .filter(|it| it.agreement != Agreement::Different && it.claim.under.is_some());
    let mut who: Vec<&str> = same.map(|it| first_word(&it.claim.who)).collect();
    who.sort_unstable();
    who.dedup();
    who.len()
}

/// Releases of one distribution are not independent of each other.
fn first_word(who: &str) -> &str {
    who.split_whitespace().next().unwrap_or(who)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const ABC: &str = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";

    fn claim(who: &str, digest: &str, under: Option<&str>) -> Claim {
        Claim {
            who: who.to_owned(),
            what: "abc 1".to_owned(),
            digest: digest.to_owned(),
            under: under.map(str::to_owned),
            date: None,
        }
    }

    #[test]
    fn a_recompressed_file_is_the_same_inside() {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(b"abc").unwrap();
        let packed = writer.finish().unwrap();
        let digests = Digests::of(&Data::Bytes(&packed)).unwrap();
        let compared = digests.compare([claim("Debian bookworm", ABC, None)]);
        assert_eq!(compared[0].agreement, Agreement::SameInside);
    }

    #[test]
    fn only_the_signed_word_of_others_counts_and_once_each() {
        let digests = Digests::of(&Data::Bytes(b"abc")).unwrap();
        let claims = [
            claim("Debian bookworm", ABC, Some("4D64")),
            claim("Debian trixie", ABC, Some("4D64")),
            claim("Alpine", ABC, None),
            claim("Guix", "00", Some("27D5")),
        ];
        let compared = digests.compare(claims);
        assert_eq!(compared[3].agreement, Agreement::Different);
        assert_eq!(independent(&compared), 1);
    }
}
