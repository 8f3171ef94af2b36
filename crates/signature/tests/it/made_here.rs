//! Keys and signatures that were made to be wrong in one way each.

use std::io::Write;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use palisade_signature::ed25519::Legacy;
use palisade_signature::openpgp::{self, Keyring};
use palisade_signature::sigstore::Believed;
use palisade_signature::{Data, Keys, Question, Report, Verdict, verify};
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::{CertBuilder, CertRevocationBuilder};
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::signature::subpacket::NotationDataFlags;
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::serialize::SerializeInto;
use sequoia_openpgp::serialize::stream::{Message, Signer};
use sequoia_openpgp::types::{ReasonForRevocation, SignatureType};

const DAY: Duration = Duration::from_hours(24);
const DATA: &[u8] = b"a release\n";

fn day(number: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + 20_000 * DAY + number * DAY
}

pub(crate) fn now() -> Timestamp {
    Timestamp::try_from(day(100)).unwrap()
}

/// A key of day 0.
pub(crate) fn cert() -> Cert {
    let builder = CertBuilder::new()
        .add_userid("Alice <alice@example.invalid>")
        .set_creation_time(day(0))
        .add_signing_subkey();
    builder.generate().unwrap().0
}

/// A signature of day 10.
fn sign(cert: &Cert, template: SignatureBuilder) -> Vec<u8> {
    let policy = StandardPolicy::new();
    let key = cert.keys().with_policy(&policy, day(10)).for_signing();
    let key = key.secret().next().unwrap().key().clone();
    let mut bytes = Vec::new();
    let signer = Signer::with_template(
        Message::new(&mut bytes),
        key.into_keypair().unwrap(),
        template,
    );
    let mut message = signer
        .unwrap()
        .creation_time(day(10))
        .detached()
        .build()
        .unwrap();
    message.write_all(DATA).unwrap();
    message.finalize().unwrap();
    bytes
}

fn plain() -> SignatureBuilder {
    SignatureBuilder::new(SignatureType::Binary)
}

fn revoke(cert: &Cert, reason: ReasonForRevocation, at: SystemTime) -> Cert {
    let policy = StandardPolicy::new();
    let key = cert
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .unwrap();
    let mut signer = key.into_keypair().unwrap();
    let revocation = CertRevocationBuilder::new()
        .set_signature_creation_time(at)
        .unwrap()
        .set_reason_for_revocation(reason, b"told")
        .unwrap()
        .build(&mut signer, cert, None)
        .unwrap();
    let revoked = cert.clone().insert_packets(revocation).unwrap().0;
    assert!(revoked.with_policy(&policy, day(0)).is_ok());
    revoked
}

fn judge(signature: &[u8], certs: &[&Cert]) -> Report {
    let mut keyring = Keyring::new();
    for cert in certs {
        keyring.add(&cert.to_vec().unwrap()).unwrap();
    }
    let data = Some(Data::Bytes(DATA));
    openpgp::verify(data, signature, &keyring, now()).unwrap().1
}

#[test]
fn a_key_lost_to_others_proves_nothing_ever() {
    let cert = cert();
    let signature = sign(&cert, plain());
    assert_eq!(judge(&signature, &[&cert]).verdict, Verdict::Good);
    for reason in [
        ReasonForRevocation::KeyCompromised,
        ReasonForRevocation::Unspecified,
    ] {
        let revoked = revoke(&cert, reason, day(50));
        let report = judge(&signature, &[&revoked]);
        assert_eq!(report.verdict, Verdict::KeyRevoked, "{reason}");
        assert!(report.why().contains("told"), "{}", report.why());
    }
}

#[test]
fn a_key_retired_before_it_signed_proves_nothing_and_one_retired_later_does() {
    let cert = cert();
    let signature = sign(&cert, plain());
    let before = revoke(&cert, ReasonForRevocation::KeyRetired, day(5));
    assert_eq!(judge(&signature, &[&before]).verdict, Verdict::KeyRevoked);
    let after = revoke(&cert, ReasonForRevocation::KeySuperseded, day(50));
    let report = judge(&signature, &[&after]);
    assert_eq!(report.verdict, Verdict::GoodKeyExpiredSince);
}

#[test]
fn a_revocation_counts_whichever_copy_of_the_key_brings_it() {
    let cert = cert();
    let signature = sign(&cert, plain());
    let revoked = revoke(&cert, ReasonForRevocation::KeyCompromised, day(50));
    for certs in [[&cert, &revoked], [&revoked, &cert]] {
        assert_eq!(judge(&signature, &certs).verdict, Verdict::KeyRevoked);
    }
}

#[test]
fn what_a_signature_demands_and_nobody_knows_makes_it_bad() {
    let cert = cert();
    let flags = NotationDataFlags::empty().set_human_readable();
    let template = plain()
        .add_notation("demand@example.invalid", b"1", flags, true)
        .unwrap();
    let report = judge(&sign(&cert, template), &[&cert]);
    assert_eq!(report.verdict, Verdict::Bad, "{}", report.why());
}

#[test]
fn a_signature_may_end_before_its_key() {
    let cert = cert();
    let template = plain().set_signature_validity_period(DAY).unwrap();
    let report = judge(&sign(&cert, template), &[&cert]);
    assert_eq!(report.verdict, Verdict::SignatureExpired);
}

#[test]
fn a_certificate_without_the_subkey_does_not_know_the_signer() {
    let cert = cert();
    let signature = sign(&cert, plain());
    let bare = cert.clone().retain_subkeys(|_| false);
    assert_eq!(judge(&signature, &[&bare]).verdict, Verdict::UnknownSigner);
}

/// A message with its signature of day 10 and what that is over.
pub(crate) fn sign_inline(cert: &Cert, text: &[u8]) -> Vec<u8> {
    let policy = StandardPolicy::new();
    let key = cert.keys().with_policy(&policy, day(10)).for_signing();
    let key = key.secret().next().unwrap().key().clone();
    let mut bytes = Vec::new();
    let signer = Signer::new(Message::new(&mut bytes), key.into_keypair().unwrap()).unwrap();
    let signer = signer.creation_time(day(10)).build().unwrap();
    let mut message = sequoia_openpgp::serialize::stream::LiteralWriter::new(signer)
        .build()
        .unwrap();
    message.write_all(text).unwrap();
    message.finalize().unwrap();
    bytes
}

#[test]
fn an_inline_message_carries_what_it_signs() {
    let cert = cert();
    let bytes = sign_inline(&cert, DATA);
    let mut keyring = Keyring::new();
    keyring.add(&cert.to_vec().unwrap()).unwrap();
    let (text, report) = openpgp::verify(None, &bytes, &keyring, now()).unwrap();
    assert_eq!(report.verdict, Verdict::Good, "{}", report.why());
    assert_eq!(text.unwrap(), DATA);
}

#[test]
fn a_message_that_is_signed_does_not_vouch_for_a_list_beside_it() {
    let cert = cert();
    let mut keys = Keys::default();
    keys.add(&cert.to_vec().unwrap()).unwrap();
    let list = format!("{}  release.tar\n", sha256(DATA));
    let ask = |signed: &str| {
        let question = Question {
            data: Some(Data::Bytes(DATA)),
            name: Some("release.tar"),
            signature: &sign_inline(&cert, signed.as_bytes()),
            checksums: Some(list.as_bytes()),
            keys: &keys,
            believed: &Believed::default(),
            namespace: "file",
            legacy: Legacy::Accept,
            now: now(),
        };
        verify(&question).unwrap().report
    };
    assert_eq!(ask(&list).verdict, Verdict::Good);
    for other in ["see you tomorrow\n", &list.replace("release", "other")] {
        let report = ask(other);
        assert_eq!(report.verdict, Verdict::Bad, "{}", report.why());
        assert!(report.why().contains("another text"), "{}", report.why());
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(bytes))
}
