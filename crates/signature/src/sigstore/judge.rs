//! What one bundle is worth.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256, Sha512};
use sigstore_verify::crypto::{
    CertificateInfo, KeyAlgorithm, SubjectAltName, parse_certificate_info,
};
use sigstore_verify::types::bundle::VerificationMaterialContent;
use sigstore_verify::types::{Bundle, SignatureContent};
use sigstore_verify::{
    CertificateError, Error as Refusal, Policy, PublicKeyVerificationPolicy, VerificationPolicy,
    VerificationResult,
};

use super::statement::{Digests, Refused, Statement};
use super::{Asked, Certificate, Told};
use crate::{Data, Error, Judgement, Method, Signer, SignerKind, Verdict};

/// Files that must be held in memory to be verified.
const WHOLE_BYTES: u64 = 512 << 20;

fn say(verdict: Verdict, why: impl Into<String>) -> Judgement {
    Judgement::new(verdict, Method::Sigstore, why)
}

impl Asked<'_> {
    pub(super) fn judge(&self, bundle: &Bundle) -> Result<(Judgement, Told), Error> {
        let material = &bundle.verification_material.content;
        let (judged, certificate) = match material {
            VerificationMaterialContent::PublicKey(key) => (self.by_key(bundle, &key.hint)?, None),
            _ => self.by_certificate(bundle)?,
        };
        // Of what is not authentic nothing is told.
        if !judged.verdict.accepts() && certificate.is_none() {
            return Ok((judged, Told::default()));
        }
        self.with_statement(bundle, judged, certificate)
    }

    /// The certificate is told when all of the bundle verifies, whoever signed.
    fn by_certificate(&self, bundle: &Bundle) -> Result<(Judgement, Option<Certificate>), Error> {
        let unreadable = |why: &str| {
            let why = format!("it cannot be read: {why}");
            Ok((say(Verdict::Malformed, why), None))
        };
        let Some(certificate) = bundle.signing_certificate() else {
            return unreadable("it has no certificate");
        };
        let info = match parse_certificate_info(certificate) {
            Ok(info) => info,
            Err(error) => return unreadable(&error.to_string()),
        };
        let signer = signer(&info);
        let policy = self.root.policy();
        let verified = match self.verify(bundle, &policy, Some(info.key_algorithm))? {
            Ok(verified) => verified,
            Err(refusal) => {
                let judged = match self.outside_of_its_time(bundle, &info, &refusal)? {
                    Some(judged) => judged,
                    None => refused(refusal)?,
                };
                return Ok((judged.by(signer), None));
            }
        };
        let mut judged = self.of_identity(&info).by(signer);
        if !self.root.has_logs() {
            let why = "the instance of Sigstore that is believed keeps no public log of it";
            judged.why.push(why.to_owned());
        }
        Ok((
            self.at_its_time(judged, &verified),
            Some(Certificate::of(&info)),
        ))
    }

    /// Whether a certificate was refused because of when it was used; the library tells that in
    /// prose only.
    fn outside_of_its_time(
        &self,
        bundle: &Bundle,
        info: &CertificateInfo,
        refusal: &Refusal,
    ) -> Result<Option<Judgement>, Error> {
        let Refusal::Certificate(CertificateError::ChainInvalid(_)) = refusal else {
            return Ok(None);
        };
        let times_alone = VerificationPolicy::any_identity()
            .skip_certificate_chain()
            .skip_tlog_unsafe();
        let verified = self.verify(bundle, &times_alone, Some(info.key_algorithm))?;
        let Ok(verified) = verified else {
            return Ok(None);
        };
        let (from, until) = (info.not_before, info.not_after);
        let times = verified.verified_timestamps();
        Ok(times.iter().find_map(|&time| {
            let (verdict, how) = if time > until {
                (Verdict::KeyExpiredAtSigning, "had expired at")
            } else if time < from {
                (Verdict::Bad, "was not valid yet at")
            } else {
                return None;
            };
            let why = format!("its certificate {how} {time}: it is valid from {from} to {until}");
            Some(say(verdict, why))
        }))
    }

    fn of_identity(&self, info: &CertificateInfo) -> Judgement {
        let name = info.identity.as_ref().map_or("", SubjectAltName::as_str);
        let issuer = info.issuer.as_deref().unwrap_or("");
        let (told, vouching) = (or_nobody(name), or_nobody(issuer));
        let signed = format!("{told} signed it, for whom {vouching} vouched");
        match self.identity {
            None => say(Verdict::UnknownSigner, signed)
                .because("nobody was named who should have signed it"),
            Some(asked) if asked.name.is_empty() || asked.name != name => {
                let other = format!("not {}", or_nobody(&asked.name));
                say(Verdict::UnknownSigner, signed).because(other)
            }
            Some(asked) if asked.issuer.is_empty() || asked.issuer != issuer => {
                let other = format!("not {}", or_nobody(&asked.issuer));
                let why = format!("{other} vouched for the signer");
                say(Verdict::UnknownSigner, signed).because(why)
            }
            Some(_) => say(Verdict::Good, signed),
        }
    }

    /// The hint is not signed, so it is believed only for what is told of a failure.
    fn by_key(&self, bundle: &Bundle, hint: &str) -> Result<Judgement, Error> {
        let hinted = self.keys.iter().any(|key| key.is_hinted(hint));
        let mut decides = None;
        for key in self.keys {
            let policy = PublicKeyVerificationPolicy::new(key.der.clone());
            match self.verify(bundle, &policy, key.algorithm())? {
                Ok(verified) => {
                    let why = "a key given made it, and the log has it";
                    let judged = say(Verdict::Good, why).by(key.signer());
                    return Ok(self.at_its_time(judged, &verified));
                }
                Err(Refusal::SignatureInvalid(_)) if !hinted && !hint.is_empty() => {}
                Err(refusal) => decides = Some(refused(refusal)?),
            }
        }
        Ok(decides.unwrap_or_else(|| {
            let why = "its key is not among those given";
            let judged = say(Verdict::UnknownSigner, why);
            if hint.is_empty() {
                return judged;
            }
            judged.by(Signer::of(hint))
        }))
    }

    /// The outer error is of what could not be read or is not understood.
    fn verify(
        &self,
        bundle: &Bundle,
        policy: &dyn Policy,
        algorithm: Option<KeyAlgorithm>,
    ) -> Result<Result<VerificationResult, Refusal>, Error> {
        use KeyAlgorithm::{Ed25519, MlDsa44, MlDsa65, MlDsa87};
        let data = self.data.ok_or(Error::Missing)?;
        let verifier = self.root.verifier();
        let of_message = matches!(bundle.content, SignatureContent::MessageSignature(_));
        match algorithm {
            Some(MlDsa44 | MlDsa65 | MlDsa87) => Err(Error::Unsupported("keys of ML-DSA")),
            Some(Ed25519) if of_message => {
                let whole = data.whole(WHOLE_BYTES)?;
                Ok(verifier.verify(&whole, bundle, policy))
            }
            _ => Ok(verifier.verify_reader(data.open()?, bundle, policy)),
        }
    }

    /// Adds when it was signed, by the word of logs and authorities of time.
    fn at_its_time(&self, mut judged: Judgement, verified: &VerificationResult) -> Judgement {
        let times = verified.verified_timestamps();
        judged.made = times.iter().min().copied();
        if let Some(later) = times.iter().find(|time| **time > self.now) {
            judged.verdict = Verdict::Bad;
            judged.why.insert(0, format!("it was made only at {later}"));
        }
        judged
    }

    fn with_statement(
        &self,
        bundle: &Bundle,
        mut judged: Judgement,
        certificate: Option<Certificate>,
    ) -> Result<(Judgement, Told), Error> {
        let mut statement = None;
        if let SignatureContent::DsseEnvelope(envelope) = &bundle.content {
            let file = digests(&self.data.ok_or(Error::Missing)?)?;
            match Statement::read(envelope.payload.as_bytes(), &file) {
                Ok(read) => statement = Some(read),
                Err(refused) => {
                    (judged.verdict, judged.why) = match refused {
                        Refused::Malformed(why) => (Verdict::Malformed, vec![why]),
                        Refused::OfAnother => {
                            let why = "its statement is of other files".to_owned();
                            (Verdict::Bad, vec![why])
                        }
                    };
                }
            }
        }
        if let (Some(statement), Some(certificate)) = (&statement, &certificate) {
            judged.why.extend(statement.contradicts(certificate));
        }
        let told = Told {
            certificate,
            statement,
        };
        Ok((judged, told))
    }
}

fn or_nobody(name: &str) -> &str {
    if name.is_empty() { "nobody" } else { name }
}

/// A workflow is a machine, as is an account of a service; an address of mail is taken for a
/// person's.
fn signer(info: &CertificateInfo) -> Signer {
    let name = info.identity.as_ref().map_or("", SubjectAltName::as_str);
    let person = matches!(&info.identity, Some(SubjectAltName::Email(address))
        if !address.ends_with(".gserviceaccount.com"));
    Signer {
        name: info.issuer.clone(),
        kind: if person {
            SignerKind::Key
        } else {
            SignerKind::Service
        },
        ..Signer::of(or_nobody(name))
    }
}

/// What a refusal is worth; one that is not the bundle's fault gives no verdict.
fn refused(refusal: Refusal) -> Result<Judgement, Error> {
    let (verdict, why) = match &refusal {
        Refusal::SignatureInvalid(_) | Refusal::ArtifactMismatch(_) => {
            (Verdict::Bad, "it does not belong to these bytes: ")
        }
        Refusal::Certificate(
            CertificateError::ChainInvalid(_) | CertificateError::NoValidAuthority { .. },
        ) => {
            let why = "no authority that is believed vouches for the signer: ";
            (Verdict::UnknownSigner, why)
        }
        Refusal::Certificate(CertificateError::Expired { .. }) => {
            (Verdict::KeyExpiredAtSigning, "")
        }
        Refusal::Certificate(CertificateError::Malformed(_))
        | Refusal::InvalidBundle(_)
        | Refusal::UnsupportedBundle(_)
        | Refusal::UnsupportedArtifact(_)
        | Refusal::Types(_)
        | Refusal::Bundle(_) => (Verdict::Malformed, "it cannot be read: "),
        _ => (Verdict::Bad, ""),
    };
    match refusal {
        Refusal::ArtifactRead(error) => Err(Error::Read(error)),
        other => Ok(say(verdict, format!("{why}{other}"))),
    }
}

fn digests(data: &Data<'_>) -> Result<Digests, Error> {
    let (mut sha256, mut sha512) = (Sha256::new(), Sha512::new());
    data.each(|piece| {
        sha256.update(piece);
        sha512.update(piece);
    })?;
    Ok(Digests {
        sha256: HEXLOWER.encode(&sha256.finalize()),
        sha512: HEXLOWER.encode(&sha512.finalize()),
    })
}
