//! What one signature is worth: does it verify, was the key worth anything then, is it now.
//!
//! Three policies are asked in turn. Sequoia's own refuses keys whose owners bound them with SHA-1,
//! which many honest ones still have, and which nobody can forge without a second preimage: so a
//! second one lets those through and calls them weak. A third lets everything through, only to tell
//! apart what verifies by an algorithm too weak from what does not verify.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sequoia_openpgp::KeyHandle;
use sequoia_openpgp::cert::amalgamation::ValidAmalgamation;
use sequoia_openpgp::cert::prelude::*;
use sequoia_openpgp::packet::{Packet, Signature, key};
use sequoia_openpgp::policy::{HashAlgoSecurity, Policy, StandardPolicy};
use sequoia_openpgp::types::{HashAlgorithm, RevocationStatus, RevocationType, SignatureType};

use super::anything::Anything;
use super::digests::Digests;
use super::keyring::Keyring;
use super::packets::Found;
use crate::service;
use crate::{Judgement, Method, Signed, Signer, Verdict};

/// By how much clocks may differ.
const CLOCK_SKEW: Duration = Duration::from_hours(1);

/// Keys that are tried for one signature; a name may be that of several, by accident or malice.
const CANDIDATES: usize = 8;

type Key<'a> = ErasedKeyAmalgamation<'a, key::PublicParts>;
type ValidKey<'a> = ValidErasedKeyAmalgamation<'a, key::PublicParts>;

/// Judges one signature.
pub(super) fn judge(
    found: &Found,
    digests: &Digests,
    keyring: &Keyring,
    now: Timestamp,
) -> Judgement {
    let signature = match found {
        Found::Signature(signature) => signature,
        Found::Unreadable(reason) => {
            let why = format!("it cannot be read: {reason}");
            return Judgement::new(Verdict::Malformed, Method::Openpgp, why);
        }
    };
    let mut judged = match judge_readable(signature, digests, keyring, now) {
        Ok(judged) => judged,
        Err((verdict, why)) => Judgement::new(verdict, Method::Openpgp, why),
    };
    judged.made = signature.signature_creation_time().and_then(timestamp);
    if judged.signer.is_none() {
        judged.signer = issuer(signature).as_ref().map(unknown_signer);
    }
    judged
}

/// Whose signature it says that it is, with the fingerprint if it has that.
fn issuer(signature: &Signature) -> Option<KeyHandle> {
    let issuers = signature.get_issuers();
    let is_whole = |it: &&KeyHandle| matches!(it, KeyHandle::Fingerprint(_));
    issuers
        .iter()
        .find(is_whole)
        .or_else(|| issuers.first())
        .cloned()
}

fn judge_readable(
    signature: &Signature,
    digests: &Digests,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Judgement, (Verdict, String)> {
    if !matches!(signature.typ(), SignatureType::Binary | SignatureType::Text) {
        let why = format!(
            "it is no signature of a document, but of type {}",
            signature.typ()
        );
        return Err((Verdict::Bad, why));
    }
    let Some(made) = signature.signature_creation_time() else {
        let why = "it does not say when it was made".to_owned();
        return Err((Verdict::Malformed, why));
    };
    let candidates = candidates(signature, keyring);
    if candidates.is_empty() {
        return Err((Verdict::UnknownSigner, unknown(signature)));
    }
    let algorithm = signature.hash_algo();
    let Some(digest) = digests.of(signature) else {
        let why = format!("its digest {algorithm} is not known here");
        return Err((Verdict::Malformed, why));
    };
    let mut failed = None;
    for key in &candidates {
        match signature.verify_hash(key.key(), digest.clone()) {
            Ok(()) => {
                let judging = Judging {
                    signature,
                    key,
                    made,
                    now: now.into(),
                };
                return Ok(judging.judge());
            }
            Err(error) => failed = Some((key, error)),
        }
    }
    let (key, error) = failed.expect("there are candidates and none succeeded");
    let why = format!("it does not belong to these bytes: {}", lowercase(&error));
    let judged = Judgement::new(Verdict::Bad, Method::Openpgp, why);
    Ok(judged.by(signer(key)))
}

/// The keys that may have made it. One without a name is compared with none: nobody makes such.
fn candidates<'a>(signature: &Signature, keyring: &'a Keyring) -> Vec<Key<'a>> {
    let mut candidates: Vec<Key<'a>> = Vec::new();
    for issuer in signature.get_issuers() {
        for certificate in keyring.with_key(&issuer) {
            for key in certificate.keys().key_handle(issuer.clone()) {
                let known = |it: &Key<'_>| {
                    it.key().fingerprint() == key.key().fingerprint()
                        && it.cert().fingerprint() == key.cert().fingerprint()
                };
                if candidates.len() < CANDIDATES && !candidates.iter().any(known) {
                    candidates.push(key);
                }
            }
        }
    }
    candidates
}

fn unknown(signature: &Signature) -> String {
    match issuer(signature) {
        Some(issuer) => format!("{issuer} is not among the keys given"),
        None => "it does not say whose it is".to_owned(),
    }
}

/// Whose key it is.
fn signer(key: &Key<'_>) -> Signer {
    let certificate = key.cert();
    let fingerprint = certificate.fingerprint();
    let own = key.key().fingerprint();
    // The name is for people to recognize; it is not asked whether its binding is strong.
    let policy = Anything;
    let primary = certificate
        .with_policy(&policy, None)
        .ok()
        .and_then(|valid| valid.primary_userid().ok().map(|it| it.userid().clone()));
    let any = || certificate.userids().next().map(|it| it.userid().clone());
    let name = primary.or_else(any);
    let name = name.map(|it| {
        String::from_utf8_lossy(it.value())
            .chars()
            .take(200)
            .collect()
    });
    Signer {
        kind: service::kind_of_openpgp(&fingerprint.to_hex()),
        key: (own != fingerprint).then(|| own.to_hex()),
        fingerprint: fingerprint.to_hex(),
        name,
        on_behalf_of: None,
    }
}

/// A signature that verifies, and the key that made it.
struct Judging<'a> {
    signature: &'a Signature,
    key: &'a Key<'a>,
    made: SystemTime,
    now: SystemTime,
}

/// How a key was bound when the signature was made.
struct Binding {
    /// Not by Sequoia's policy, but by one that lets SHA-1 bind keys.
    weak: Option<String>,
    /// The copy of the key at hand was bound only later.
    later: bool,
}

impl Judging<'_> {
    fn judge(&self) -> Judgement {
        let (verdict, why) = self.verdict().unwrap_or_else(|refused| refused);
        Judgement {
            verdict,
            method: Method::Openpgp,
            signed: Signed::File,
            signer: Some(signer(self.key)),
            made: None,
            why,
        }
    }

    /// What it is worth; the first that speaks against it ends the questions.
    fn verdict(&self) -> Result<(Verdict, Vec<String>), (Verdict, Vec<String>)> {
        let refuse = |verdict, why: String| (verdict, vec![why]);
        if self.made > self.now + CLOCK_SKEW {
            let why = format!("it was made in the future, {}", day(self.made));
            return Err(refuse(Verdict::Bad, why));
        }
        let retired = self
            .not_revoked()
            .map_err(|why| refuse(Verdict::KeyRevoked, why))?;
        let binding = self.bound()?;
        self.strong()
            .map_err(|why| refuse(Verdict::GoodWeakRefuse, why))?;
        self.lawful().map_err(|why| refuse(Verdict::Bad, why))?;
        self.alive_at_signing(&binding)
            .map_err(|why| refuse(Verdict::KeyExpiredAtSigning, why))?;
        if let Some(expired) = self.signature.signature_expiration_time()
            && expired <= self.now
        {
            let why = format!("it says that it holds until {} only", day(expired));
            return Err(refuse(Verdict::SignatureExpired, why));
        }
        let mut verdict = Verdict::Good;
        let mut why = vec![format!(
            "{} with {}, made {}",
            self.key.key().pk_algo(),
            self.signature.hash_algo(),
            day(self.made)
        )];
        if let Some(reason) = binding.weak {
            verdict = Verdict::GoodWeak;
            why.push(format!("the key is {reason}"));
        }
        if binding.later {
            verdict = Verdict::GoodWeak;
            why.push("this copy of the key was bound only after the signature was made".to_owned());
        }
        if let Some(expired) = self.expired_since() {
            verdict = Verdict::GoodKeyExpiredSince;
            why.push(format!(
                "the key, as it is at hand, has expired since: {expired}"
            ));
        }
        if let Some(retired) = retired {
            verdict = Verdict::GoodKeyExpiredSince;
            why.push(retired);
        }
        Ok((verdict, why))
    }

    /// Whether the key is revoked. If it was merely retired after it had signed, that is told.
    ///
    /// A revocation counts however weak its digest: who revokes harms nobody but the owner.
    fn not_revoked(&self) -> Result<Option<String>, String> {
        let policy = Anything;
        let mut retired = None;
        for at in [self.made, self.now] {
            let valid = self.valid(&policy, at).ok();
            let certificate = self.key.cert().revocation_status(&policy, at);
            let key = valid.as_ref().map(ValidAmalgamation::revocation_status);
            let each = [("the certificate", Some(certificate)), ("the key", key)];
            for (what, status) in each {
                let Some(RevocationStatus::Revoked(revocations)) = status else {
                    continue;
                };
                for revocation in revocations {
                    let (kind, reason) = reason(revocation);
                    let since = revocation.signature_creation_time().unwrap_or(self.made);
                    let told = format!("{what} is revoked since {}: {reason}", day(since));
                    if kind == RevocationType::Hard || since <= self.made {
                        return Err(told);
                    }
                    retired = Some(told);
                }
            }
        }
        Ok(retired)
    }

    /// Whether the owner bound the key, by which policy, and whether it may sign.
    fn bound(&self) -> Result<Binding, (Verdict, Vec<String>)> {
        let refuse = |verdict, why: String| Err((verdict, vec![why]));
        let (strict, lenient, any) = policies(self.now);
        let error = match self.signing(&strict, self.made) {
            Ok(()) => {
                return Ok(Binding {
                    weak: None,
                    later: false,
                });
            }
            Err(Unfit::MayNotSign) => {
                return refuse(Verdict::Bad, "the key may not sign".to_owned());
            }
            Err(Unfit::Unbound(error)) => error,
        };
        if self.signing(&lenient, self.made).is_ok() {
            // Between the two policies stands nothing else than this.
            let weak = "bound with SHA-1, which only a second preimage could forge".to_owned();
            return Ok(Binding {
                weak: Some(weak),
                later: false,
            });
        }
        // A copy of a key may hold its newest signatures only.
        let existed = self.key.key().creation_time() <= self.made;
        if existed && self.signing(&lenient, self.now).is_ok() && self.first_bound_after() {
            return Ok(Binding {
                weak: None,
                later: true,
            });
        }
        match self.signing(&any, self.made) {
            Ok(()) => refuse(
                Verdict::GoodWeakRefuse,
                format!("the key is too weak: {}", lowercase(&error)),
            ),
            Err(Unfit::MayNotSign) => refuse(Verdict::Bad, "the key may not sign".to_owned()),
            Err(Unfit::Unbound(error)) => refuse(
                Verdict::UnknownSigner,
                format!(
                    "the certificate's owner did not bind the key {}: {}",
                    self.key.key().fingerprint(),
                    lowercase(&error)
                ),
            ),
        }
    }

    /// Whether no policy knows a binding as old as the signature.
    fn first_bound_after(&self) -> bool {
        let any = Anything;
        matches!(self.signing(&any, self.made), Err(Unfit::Unbound(_)))
    }

    fn signing(&self, policy: &dyn Policy, at: SystemTime) -> Result<(), Unfit> {
        let valid = self.valid(policy, at).map_err(Unfit::Unbound)?;
        // Old main keys say nothing of their use; then they may do what their algorithm can.
        let unsaid = valid.primary() && valid.key_flags().is_none();
        if valid.for_signing() || (unsaid && valid.key().pk_algo().for_signing()) {
            Ok(())
        } else {
            Err(Unfit::MayNotSign)
        }
    }

    fn valid<'p>(
        &'p self,
        policy: &'p dyn Policy,
        at: SystemTime,
    ) -> sequoia_openpgp::Result<ValidKey<'p>> {
        let valid = self.key.clone().with_policy(policy, at)?;
        policy.key(&valid)?;
        Ok(valid)
    }

    /// Whether the digest over the data may still be relied on.
    fn strong(&self) -> Result<(), String> {
        let (strict, ..) = policies(self.now);
        let algorithm = self.signature.hash_algo();
        let cutoff = strict.hash_cutoff(algorithm, HashAlgoSecurity::CollisionResistance);
        if let Some(cutoff) = cutoff.filter(|cutoff| *cutoff <= self.now) {
            let since = if cutoff > SystemTime::UNIX_EPOCH {
                format!(" since {}", day(cutoff))
            } else {
                String::new()
            };
            return Err(format!(
                "the digest over the data, {algorithm}, is not to be relied on{since}"
            ));
        }
        let packet = Packet::Signature(self.signature.clone());
        strict
            .packet(&packet)
            .map_err(|error| format!("its form is too old: {}", lowercase(&error)))
    }

    /// Whether nothing in the signature demands what is not known here.
    fn lawful(&self) -> Result<(), String> {
        let (strict, ..) = policies(self.now);
        strict
            .signature(self.signature, HashAlgoSecurity::CollisionResistance)
            .map_err(|error| lowercase(&error))
    }

    fn alive_at_signing(&self, binding: &Binding) -> Result<(), String> {
        let (_, lenient, _) = policies(self.now);
        let at = if binding.later { self.now } else { self.made };
        self.alive(&lenient, at).map_err(|why| {
            format!(
                "the key had expired when it was made, {}: {why}",
                day(self.made)
            )
        })
    }

    fn expired_since(&self) -> Option<String> {
        let (_, lenient, _) = policies(self.now);
        self.alive(&lenient, self.now).err()
    }

    fn alive(&self, policy: &dyn Policy, at: SystemTime) -> Result<(), String> {
        let valid = self.valid(policy, at).map_err(|error| lowercase(&error))?;
        let told = |error: sequoia_openpgp::anyhow::Error| lowercase(&error);
        valid.valid_cert().alive().map_err(told)?;
        valid.alive().map_err(told)
    }
}

/// Why a key does not stand for its owner.
enum Unfit {
    Unbound(sequoia_openpgp::anyhow::Error),
    MayNotSign,
}

/// Sequoia's policy, one that lets SHA-1 bind keys, and one that lets everything through.
fn policies(now: SystemTime) -> (StandardPolicy<'static>, StandardPolicy<'static>, Anything) {
    let strict = StandardPolicy::at(now);
    let mut lenient = strict.clone();
    lenient.accept_hash_property(
        HashAlgorithm::SHA1,
        HashAlgoSecurity::SecondPreImageResistance,
    );
    (strict, lenient, Anything)
}

fn reason(revocation: &Signature) -> (RevocationType, String) {
    match revocation.reason_for_revocation() {
        Some((reason, text)) => {
            let text = String::from_utf8_lossy(text);
            let text: String = text.chars().take(200).collect();
            let told = match text.trim() {
                "" => reason.to_string(),
                text => format!("{reason} ({text})"),
            };
            (reason.revocation_type(), told)
        }
        None => (RevocationType::Hard, "no reason given".to_owned()),
    }
}

fn timestamp(time: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}

fn day(time: SystemTime) -> String {
    timestamp(time).map_or_else(
        || "at an unknown time".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}

/// An error with its causes. Sequoia's sentences begin with a capital letter, and go on after one
/// of ours here.
fn lowercase(error: &sequoia_openpgp::anyhow::Error) -> String {
    let text = format!("{error:#}");
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().collect::<String>() + &text[first.len_utf8()..]
        }
        _ => text,
    }
}

/// A signer of whom only the key's name is known.
fn unknown_signer(issuer: &KeyHandle) -> Signer {
    let name = issuer.to_hex();
    Signer {
        kind: service::kind_of_openpgp(&name),
        ..Signer::of(name)
    }
}
