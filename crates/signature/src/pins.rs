//! Whose signatures a package's releases may have, and whose they had.
//!
//! A file in TOML, one table a package. Somebody adds a signer, with the evidence for it; a key
//! that is fetched anew brings new dates but no new signer. That a release is signed by another
//! than the last is told: as news when that one is pinned, as a warning when not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Report, Signer};

/// What the file may have.
const BYTES: usize = 16 << 20;

/// The pins of all packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pins {
    /// By the package's name.
    #[serde(default, rename = "package")]
    pub packages: BTreeMap<String, Package>,
}

/// A package: who may sign, and who did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Package {
    /// Who may sign.
    #[serde(default, rename = "signer")]
    pub signers: Vec<Pin>,
    /// Who signed, the oldest first.
    #[serde(default)]
    pub history: Vec<Release>,
}

/// A signer who is believed for a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pin {
    /// The certificate's fingerprint, or the key's.
    pub fingerprint: String,
    /// Since when.
    pub valid_from: Option<Date>,
    /// Until when, if another one came after.
    pub valid_until: Option<Date>,
    /// Who added it.
    pub added_by: String,
    /// Why that one is believed.
    pub evidence: String,
}

/// A release and who signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Release {
    /// Its version.
    pub version: String,
    /// Whose signature it had.
    pub fingerprint: String,
    /// When that was seen.
    pub seen: Date,
}

/// A file that holds no pins.
#[derive(Debug, thiserror::Error)]
pub enum PinsError {
    /// It is larger than any.
    #[error("the pins have more than {BYTES} bytes")]
    TooLarge,
    /// It is no TOML of this form.
    #[error("the pins cannot be read: {0}")]
    Malformed(String),
}

/// What the pins say of a signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Pinned, and the same as last time or the first.
    Pinned,
    /// Pinned, but another than last time: news.
    OtherThanLastPinned,
    /// Not pinned, though the same as last time: a warning.
    NotPinned,
    /// Not pinned, and another than last time: a warning.
    OtherThanLastNotPinned,
}

impl Standing {
    /// Whether somebody should look.
    pub fn warns(self) -> bool {
        matches!(self, Self::NotPinned | Self::OtherThanLastNotPinned)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pinned => "the signer is pinned",
            Self::OtherThanLastPinned => "other signer than last time (pinned)",
            Self::NotPinned => "the signer is not pinned",
            Self::OtherThanLastNotPinned => "other signer than last time (not pinned)",
        }
    }
}

impl Pins {
    /// Reads a file.
    pub fn read(text: &str) -> Result<Self, PinsError> {
        if text.len() > BYTES {
            return Err(PinsError::TooLarge);
        }
        toml::from_str(text).map_err(|error| PinsError::Malformed(error.to_string()))
    }

    /// What is said of the signer of a package's new release; nothing of a file without any.
    pub fn standing(&self, package: &str, report: &Report, today: Date) -> Option<Standing> {
        let signer = report.signer()?;
        let empty = Package::default();
        let package = self.packages.get(package).unwrap_or(&empty);
        Some(package.standing(signer, today))
    }
}

impl Package {
    fn standing(&self, signer: &Signer, today: Date) -> Standing {
        let is = |fingerprint: &str| {
            same(fingerprint, &signer.fingerprint)
                || signer
                    .key
                    .as_ref()
                    .is_some_and(|key| same(fingerprint, key))
        };
        let valid = |pin: &&Pin| {
            pin.valid_from.is_none_or(|from| from <= today)
                && pin.valid_until.is_none_or(|until| today <= until)
        };
        let pinned = self
            .signers
            .iter()
            .filter(valid)
            .any(|pin| is(&pin.fingerprint));
        let other = self
            .history
            .last()
            .is_some_and(|last| !is(&last.fingerprint));
        match (pinned, other) {
            (true, false) => Standing::Pinned,
            (true, true) => Standing::OtherThanLastPinned,
            (false, false) => Standing::NotPinned,
            (false, true) => Standing::OtherThanLastNotPinned,
        }
    }
}

/// Fingerprints are written with blanks and in any case; those of SSH are told by case, and so are
/// the addresses of signers of Sigstore.
fn same(one: &str, other: &str) -> bool {
    if one.contains([':', '@']) {
        return one == other;
    }
    let letters = |text: &str| -> String {
        let kept = text.chars().filter(|c| !c.is_whitespace());
        kept.map(|c| c.to_ascii_uppercase()).collect()
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINS: &str = r#"
        [package.c-ares]
        history = [{ version = "1.18.1", fingerprint = "27ED EAF2", seen = "2021-10-27" }]

        [[package.c-ares.signer]]
        fingerprint = "27EDEAF2"
        added-by = "alice"
        evidence = "debian/upstream/signing-key.asc of 1.18.1-3"

        [[package.c-ares.signer]]
        fingerprint = "da7d64e4"
        valid-from = "2024-01-01"
        added-by = "alice"
        evidence = "announced on the list"
    "#;

    fn of(fingerprint: &str, day: &str) -> Standing {
        let pins = Pins::read(PINS).unwrap();
        let day = day.parse().unwrap();
        pins.packages["c-ares"].standing(&Signer::of(fingerprint), day)
    }

    #[test]
    fn another_signer_is_news_when_pinned_and_a_warning_when_not() {
        assert_eq!(of("27EDEAF2", "2025-01-01"), Standing::Pinned);
        assert_eq!(of("DA7D64E4", "2025-01-01"), Standing::OtherThanLastPinned);
        assert_eq!(
            of("DA7D64E4", "2023-01-01"),
            Standing::OtherThanLastNotPinned
        );
        let stranger = of("00", "2025-01-01");
        assert_eq!(stranger, Standing::OtherThanLastNotPinned);
        assert!(stranger.warns());
    }

    #[test]
    fn addresses_of_signers_are_compared_to_the_letter() {
        let address = "https://example.org/demo/release.yml@refs/heads/main";
        assert!(same(address, address));
        assert!(!same(address, &address.replace("demo", "Demo")));
        assert!(same("27ed EAF2", "27EDEAF2"));
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        assert!(Pins::read("[package.a]\nsigners = []\n").is_err());
    }
}
