//! Signatures of OpenPGP over releases and tags.

use palisade_signature::openpgp::{self, Keyring};
use palisade_signature::{Data, Report, Signed, Verdict};
use serde::Deserialize;

use crate::shared_data::{bytes, now, path};

#[derive(Deserialize)]
struct Case {
    id: String,
    data: Option<String>,
    sig: String,
    key: String,
    verdict: String,
}

pub(crate) fn keyring(name: &str) -> Keyring {
    let mut keyring = Keyring::new();
    keyring.add(&bytes(name).unwrap()).unwrap();
    keyring
}

fn verify(data: Option<&str>, signature: &str, key: &str) -> Report {
    let data = data.map(|data| path(data).unwrap());
    let data = data.as_deref().map(Data::File);
    openpgp::verify(data, &bytes(signature).unwrap(), &keyring(key), now())
        .unwrap()
        .1
}

#[test]
fn every_case_gets_its_verdict() {
    let Some(cases) = bytes("signature-cases.jsonl") else {
        return;
    };
    let mut wrong = Vec::new();
    for line in cases
        .split(|&byte| byte == b'\n')
        .filter(|it| !it.is_empty())
    {
        let case: Case = serde_json::from_slice(line).unwrap();
        let report = verify(case.data.as_deref(), &case.sig, &case.key);
        if report.verdict.name() != case.verdict {
            wrong.push(format!(
                "{}: {} instead of {}: {}",
                case.id,
                report.verdict,
                case.verdict,
                report.why()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_unknown_signer_is_told_by_fingerprint() {
    if path("sigs").is_none() {
        return;
    }
    let report = verify(
        None,
        "sigs/openssl_3.0.22.orig.tar.gz.asc",
        "keys/openssl_3.0.20-1~deb12u2.asc",
    );
    assert_eq!(report.verdict, Verdict::UnknownSigner);
    let signer = report.signer().unwrap();
    assert_eq!(
        signer.fingerprint,
        "C46ED3F2CBEFDA1FDAADA44264ED7B1DCCE71CB2"
    );
}

#[test]
fn a_signature_over_the_tar_holds_for_the_compressed_file_and_says_so() {
    if path("synth/pgp").is_none() {
        return;
    }
    let sign = "synth/pgp/demo-1.0.tar.sign";
    let key = "synth/pgp/alice.pub.asc";
    let report = verify(Some("synth/pgp/demo-1.0.tar.xz"), sign, key);
    assert_eq!(report.verdict, Verdict::Good);
    assert_eq!(report.deciding().signed, Signed::Inner);
    let report = verify(Some("synth/pgp/demo-1.0.tar"), sign, key);
    assert_eq!(report.deciding().signed, Signed::File);
    let report = verify(Some("synth/pgp/demo-1.0.tampered.tar.xz"), sign, key);
    assert_eq!(report.verdict, Verdict::Bad);
}

#[test]
fn one_good_signature_beside_an_unknown_one_is_enough() {
    let (Some(alice), Some(other)) = (
        bytes("synth/pgp/alice.asc"),
        bytes("synth/pgp/revoked-key.asc"),
    ) else {
        return;
    };
    let data = path("synth/pgp/demo-1.0.tar.xz").unwrap();
    let both = [alice, other].concat();
    let keys = keyring("synth/pgp/alice.pub.asc");
    let (_, report) = openpgp::verify(Some(Data::File(&data)), &both, &keys, now()).unwrap();
    assert_eq!(report.verdict, Verdict::Good);
    assert_eq!(report.signatures.len(), 2);
    assert_eq!(report.signatures[1].verdict, Verdict::UnknownSigner);
}

#[test]
fn text_before_the_armor_is_passed_over() {
    let Some(alice) = bytes("synth/pgp/alice.asc") else {
        return;
    };
    let data = path("synth/pgp/demo-1.0.tar.xz").unwrap();
    let keys = keyring("synth/pgp/alice.pub.asc");
    let before = [b"File: demo\nSize: 1\n\n".as_slice(), &alice].concat();
    let (_, report) = openpgp::verify(Some(Data::File(&data)), &before, &keys, now()).unwrap();
    assert_eq!(report.verdict, Verdict::Good);
}

#[test]
fn a_signature_cut_off_anywhere_is_never_accepted() {
    let Some(alice) = bytes("synth/pgp/alice.asc") else {
        return;
    };
    let data = path("synth/pgp/demo-1.0.tar.xz").unwrap();
    let keys = keyring("synth/pgp/alice.pub.asc");
    let end = alice.windows(8).position(|it| it == b"-----END").unwrap();
    for length in (0..end - 8).step_by(7) {
        let cut = &alice[..length];
        let (_, report) = openpgp::verify(Some(Data::File(&data)), cut, &keys, now()).unwrap();
        assert!(!report.verdict.accepts(), "{length}: {}", report.why());
    }
}

#[test]
fn a_signature_from_the_future_is_bad() {
    let Some(alice) = bytes("synth/pgp/alice.asc") else {
        return;
    };
    let data = path("synth/pgp/demo-1.0.tar.xz").unwrap();
    let keys = keyring("synth/pgp/alice.pub.asc");
    let before = "2010-01-01T00:00:00Z".parse().unwrap();
    let (_, report) = openpgp::verify(Some(Data::File(&data)), &alice, &keys, before).unwrap();
    assert_eq!(report.verdict, Verdict::Bad);
    assert!(report.why().contains("in the future"), "{}", report.why());
}
