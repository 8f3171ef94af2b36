//! What is said of a file's signatures: of each by itself, and of all together.

use jiff::Timestamp;
use serde::Serialize;

use crate::Verdict;

/// By what means something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// OpenPGP (RFC 9580, RFC 4880).
    Openpgp,
    /// minisign.
    Minisign,
    /// signify, of OpenBSD.
    Signify,
    /// SSH signatures, as `ssh-keygen -Y sign` makes them.
    Ssh,
    /// Sigstore bundles.
    Sigstore,
}

/// Which bytes a signature is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signed {
    /// The file as it is.
    #[default]
    File,
    /// What the file holds once it is decompressed, as kernel.org signs.
    Inner,
    /// A text within the signature's own file.
    Text,
    /// A list of sums in which the file stands.
    Checksums,
    /// A tag or a commit of git.
    GitObject,
}

/// Whether a person stands behind a key, or a machine that signs for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignerKind {
    /// Nothing else is known than that it is a key.
    #[default]
    Key,
    /// A machine that signs what others hand it.
    Service,
}

/// Whose signature it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// The certificate's fingerprint or the key's; of an unknown signer what the signature says.
    /// With certificates of Sigstore, which last for minutes, the identity that they name.
    pub fingerprint: String,
    /// The subkey that made it, when it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whom the key names; with Sigstore who vouched for the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is a machine's key.
    pub kind: SignerKind,
    /// For whom a machine says that it signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

impl Signer {
    /// A signer of whom only the fingerprint is known.
    pub fn of(fingerprint: impl Into<String>) -> Self {
        Self {
            fingerprint: fingerprint.into(),
            ..Self::default()
        }
    }
}

/// What one signature is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Its worth.
    pub verdict: Verdict,
    /// By what means it was made.
    pub method: Method,
    /// Over which bytes.
    pub signed: Signed,
    /// Whose it is, as far as it says so.
    pub signer: Option<Signer>,
    /// When, by the signer's own clock; with Sigstore by a log's or an authority's.
    pub made: Option<Timestamp>,
    /// Why it is worth that: each a sentence without its full stop.
    pub why: Vec<String>,
}

impl Judgement {
    /// A judgement with one reason.
    pub fn new(verdict: Verdict, method: Method, why: impl Into<String>) -> Self {
        Self {
            verdict,
            method,
            signed: Signed::File,
            signer: None,
            made: None,
            why: vec![why.into()],
        }
    }

    /// The same, by this signer.
    #[must_use]
    pub fn by(mut self, signer: Signer) -> Self {
        self.signer = Some(signer);
        self
    }

    /// The same, with one more reason.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why.push(why.into());
        self
    }
}

/// What all signatures of a file are worth together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The best that may be relied on; else what weighs most.
    pub verdict: Verdict,
    /// Each signature, the one that decides first.
    pub signatures: Vec<Judgement>,
}

impl Report {
    /// Decides by all signatures. One that may be relied on is enough, whatever the others are
    /// worth; they are told all the same. A file without any has none that can be read.
    pub fn of(mut signatures: Vec<Judgement>, method: Method) -> Self {
        if signatures.is_empty() {
            let none = Judgement::new(Verdict::Malformed, method, "there is no signature in it");
            signatures.push(none);
        }
        signatures.sort_by_key(|it| it.verdict.rank());
        Self {
            verdict: signatures[0].verdict,
            signatures,
        }
    }

    /// The signature that decides.
    pub fn deciding(&self) -> &Judgement {
        &self.signatures[0]
    }

    /// The signer whose signature decides.
    pub fn signer(&self) -> Option<&Signer> {
        self.deciding().signer.as_ref()
    }

    /// Why, in one line: the reasons of the signature that decides, and how many others there are.
    pub fn why(&self) -> String {
        let mut why = self.deciding().why.join("; ");
        for other in &self.signatures[1..] {
            let whose = other.signer.as_ref().map_or("nobody", |it| &it.fingerprint);
            why += "; also signed by ";
            why += whose;
            why += ": ";
            why += other.verdict.name();
        }
        why
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(verdict: Verdict) -> Judgement {
        Judgement::new(verdict, Method::Openpgp, "because").by(Signer::of("AB"))
    }

    #[test]
    fn one_good_signature_is_enough_and_the_others_are_told() {
        let both = vec![judgement(Verdict::UnknownSigner), judgement(Verdict::Good)];
        let report = Report::of(both, Method::Openpgp);
        assert_eq!(report.verdict, Verdict::Good);
        assert_eq!(report.why(), "because; also signed by AB: unknown-signer");
    }

    #[test]
    fn among_those_that_fail_the_one_of_a_known_key_is_told() {
        let both = vec![
            judgement(Verdict::UnknownSigner),
            judgement(Verdict::KeyExpiredAtSigning),
        ];
        let report = Report::of(both, Method::Openpgp);
        assert_eq!(report.verdict, Verdict::KeyExpiredAtSigning);
    }

    #[test]
    fn no_signature_at_all_is_malformed() {
        let report = Report::of(Vec::new(), Method::Minisign);
        assert_eq!(report.verdict, Verdict::Malformed);
        assert_eq!(report.why(), "there is no signature in it");
    }
}
