//! Bundles of Sigstore in a log of our own: with keys of every kind, and wrong in one way each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use jiff::Timestamp;
use palisade_signature::ed25519::Legacy;
use palisade_signature::sigstore::{Believed, Root};
use palisade_signature::{Answer, Data, Keys, Question, Verdict, verify};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::shared_data::now;

const DATA: &[u8] = b"a release\n";
const LOGGED: i64 = 1_700_000_000;

/// Before a point of P-256 or P-384, or a key of Ed25519, that makes it a key of any kind.
const P256: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
const P384: &str = "3076301006072a8648ce3d020106052b81040022036200";
const ED25519: &str = "302a300506032b6570032100";

const RSA: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAleh7QwRpnkB/E2FmQ7kWJPE39DOuLwzsU1R+OoHFbKqVumQFoQnymvMcKGQedJ09MxKtSWvtxcxe3BBth+oexWQsirxSuFPNzpavPLci/vnytVyMCpwEWqvSQjpEyZe1MfeG8974xN56vyqi9a/szFCxeSNGyKgSaBwBKKUplPhlUDiAlf+//blQStYzTESITPG2TbovcR7Snm7M7T9KLXM+lMl0f3NBCvY4rsyXGlorkoCua+mUkmGRH40LmCZxVY5HTQHgabyem3bYx25jFCaU9yw7CFTvlKEUwNpd9Vdr/dJL8A3bRpdQsuOi8lT3d0P4r23PgluU9h6SabK9ZwIDAQAB";
/// Of that key over the data, by openssl dgst -sha256 -sign.
const RSA_SIGNATURE: &str = "g/tneJJ5xA2DuIYvY19g+GnYOyDO2D4Zy9ndtWyNkyKYIKolBmSb5hcXseVsNMR6SxHx6H7SVdeBdTIEwRey4TKmXwmSesF3OJAHATJy2DZql8ByodY9n1gJmKHR8HvseBBSDjmJ9o7kjDIoG6CesGasNwr3vjTas1WNVzf5nAgpFe86GbVF7vd1WpId3hzDgxAxi/dNJJIAZ3/0OrxOt/rlZeASl+DopMCf/aHffhTG0gytOo+QTwdV6aYobDGPliAuUiDHN8JHDST6Ikj9bqtWd4CQ8DhO3/LBnxwVWZSrsdDSr8cvopy+zxgKhh9ET6A5CmY+hl0cuIqsarIk6g==";

/// Who signs.
enum Signer {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    /// Signs the data and nothing else.
    Rsa,
}

impl Signer {
    fn p256(seed: u8) -> Self {
        Self::P256(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    fn public(&self) -> Vec<u8> {
        let (before, key) = match self {
            Self::P256(key) => (P256, key.verifying_key().to_encoded_point(false).to_bytes()),
            Self::P384(key) => (P384, key.verifying_key().to_encoded_point(false).to_bytes()),
            Self::Ed25519(key) => (ED25519, key.verifying_key().as_bytes().as_slice().into()),
            Self::Rsa => return STANDARD.decode(RSA).unwrap(),
        };
        [
            data_encoding::HEXLOWER.decode(before.as_bytes()).unwrap(),
            key.to_vec(),
        ]
        .concat()
    }

    fn pem(&self) -> String {
        let body = STANDARD.encode(self.public());
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }

    fn hint(&self) -> String {
        STANDARD.encode(Sha256::digest(self.public()))
    }

    fn sign(&self, message: &[u8]) -> String {
        let bytes = match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            // The log's kind of entry is over SHA-256, whatever the key would choose.
            Self::P384(key) => {
                use p384::ecdsa::signature::hazmat::PrehashSigner;
                let digest = Sha256::digest(message);
                let signature: p384::ecdsa::Signature = key.sign_prehash(&digest).unwrap();
                signature.to_der().as_bytes().to_vec()
            }
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::Rsa => return RSA_SIGNATURE.to_owned(),
        };
        STANDARD.encode(bytes)
    }
}

fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// A log that has one entry.
struct Log(Signer);

impl Log {
    fn new() -> Self {
        Self(Signer::p256(1))
    }

    fn id(&self) -> Vec<u8> {
        Sha256::digest(self.0.public()).to_vec()
    }

    fn root(&self) -> Root {
        let root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [{
                "baseUrl": "https://log.example.invalid",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": STANDARD.encode(self.0.public()),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": {"start": "2020-01-01T00:00:00Z"},
                },
                "logId": {"keyId": STANDARD.encode(self.id())},
            }],
        });
        Root::read(&root.to_string()).unwrap()
    }

    /// What a bundle holds of the entry, which is the only one: it is the tree.
    fn entry(&self, kind: &str, specification: &Value) -> Value {
        let body = json!({"apiVersion": "0.0.1", "kind": kind, "spec": specification});
        let body = body.to_string();
        let leaf = STANDARD.encode(Sha256::digest([b"\0", body.as_bytes()].concat()));
        let note = format!("log.example.invalid\n1\n{leaf}\n");
        let signature = STANDARD.decode(self.0.sign(note.as_bytes())).unwrap();
        let signature = STANDARD.encode([&self.id()[..4], &signature].concat());
        let promised = json!({
            "body": STANDARD.encode(&body),
            "integratedTime": LOGGED,
            "logID": data_encoding::HEXLOWER.encode(&self.id()),
            "logIndex": 0,
        });
        json!({
            "logIndex": "0",
            "logId": {"keyId": STANDARD.encode(self.id())},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": LOGGED.to_string(),
            "inclusionPromise": {"signedEntryTimestamp": self.0.sign(promised.to_string().as_bytes())},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": leaf,
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": format!("{note}\n\u{2014} log.example.invalid {signature}\n")},
            },
            "canonicalizedBody": STANDARD.encode(&body),
        })
    }

    /// A bundle over data.
    fn sign(&self, signer: &Signer, data: &[u8]) -> Value {
        let signature = signer.sign(data);
        let entry = json!({
            "data": {"hash": {"algorithm": "sha256", "value": sha256(data)}},
            "signature": {"content": signature, "publicKey": {"content": STANDARD.encode(signer.pem())}},
        });
        let mut bundle = bundle(signer, &self.entry("hashedrekord", &entry));
        bundle["messageSignature"] = json!({
            "messageDigest": {
                "algorithm": "SHA2_256",
                "digest": STANDARD.encode(Sha256::digest(data)),
            },
            "signature": signature,
        });
        bundle
    }

    /// A bundle over a statement.
    fn state(&self, signer: &Signer, statement: &Value) -> Value {
        let payload = statement.to_string();
        let kind = "application/vnd.in-toto+json";
        let message = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
        let signature = signer.sign(message.as_bytes());
        let entry = json!({
            "envelopeHash": {"algorithm": "sha256", "value": sha256(b"")},
            "payloadHash": {"algorithm": "sha256", "value": sha256(payload.as_bytes())},
            "signatures": [{"signature": signature, "verifier": STANDARD.encode(signer.pem())}],
        });
        let mut bundle = bundle(signer, &self.entry("dsse", &entry));
        bundle["dsseEnvelope"] = json!({
            "payload": STANDARD.encode(payload),
            "payloadType": kind,
            "signatures": [{"sig": signature}],
        });
        bundle
    }
}

fn bundle(signer: &Signer, entry: &Value) -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "publicKey": {"hint": signer.hint()},
            "tlogEntries": [entry],
        },
    })
}

fn statement(of: &[u8]) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
        "subject": [{"name": "pkg:npm/demo@1.0", "digest": {"sha256": sha256(of)}}],
        "predicate": {"name": "demo", "version": "1.0", "registry": "https://npm.example.invalid"},
    })
}

fn ask_at(bundle: &Value, data: &[u8], keys: &[&Signer], log: &Log, now: Timestamp) -> Answer {
    let mut read = Keys::default();
    for key in keys {
        read.add(key.pem().as_bytes()).unwrap();
    }
    let bundle = bundle.to_string();
    let question = Question {
        data: Some(Data::Bytes(data)),
        name: None,
        signature: bundle.as_bytes(),
        checksums: None,
        keys: &read,
        believed: &Believed {
            identity: None,
            root: Some(log.root()),
        },
        namespace: "file",
        legacy: Legacy::Accept,
        now,
    };
    verify(&question).unwrap()
}

fn ask(bundle: &Value, data: &[u8], keys: &[&Signer], log: &Log) -> Answer {
    ask_at(bundle, data, keys, log, now())
}

#[test]
fn keys_of_every_kind_sign_and_only_for_their_bytes() {
    let log = Log::new();
    let signers = [
        Signer::p256(2),
        Signer::P384(p384::ecdsa::SigningKey::from_slice(&[3; 48]).unwrap()),
        Signer::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[4; 32])),
        Signer::Rsa,
    ];
    for signer in &signers {
        let bundle = log.sign(signer, DATA);
        let report = ask(&bundle, DATA, &[signer], &log).report;
        assert_eq!(report.verdict, Verdict::Good, "{}", report.why());
        let made = report.deciding().made.unwrap();
        assert_eq!(made.as_second(), LOGGED);
        let fingerprint = &report.signer().unwrap().fingerprint;
        assert!(fingerprint.starts_with("SHA256:"), "{fingerprint}");

        let report = ask(&bundle, b"another release\n", &[signer], &log).report;
        assert_eq!(report.verdict, Verdict::Bad, "{}", report.why());
        let mut forged = bundle.clone();
        let signature = &mut forged["messageSignature"]["signature"];
        let (begin, end) = signature.as_str().unwrap().split_at(20);
        let letter = if end.starts_with('A') { 'B' } else { 'A' };
        *signature = json!(format!("{begin}{letter}{}", &end[1..]));
        let report = ask(&forged, DATA, &[signer], &log).report;
        assert!(!report.verdict.accepts(), "{}", report.why());
    }
}

#[test]
fn only_keys_given_are_believed_whatever_the_bundle_hints() {
    let (log, signer, other) = (Log::new(), Signer::p256(2), Signer::p256(5));
    let mut bundle = log.sign(&signer, DATA);
    let verdict = |bundle: &Value, keys: &[&Signer]| ask(bundle, DATA, keys, &log).report.verdict;
    assert_eq!(verdict(&bundle, &[]), Verdict::UnknownSigner);
    assert_eq!(verdict(&bundle, &[&other]), Verdict::UnknownSigner);
    assert_eq!(verdict(&bundle, &[&other, &signer]), Verdict::Good);
    bundle["verificationMaterial"]["publicKey"]["hint"] = json!(other.hint());
    assert_eq!(verdict(&bundle, &[&other]), Verdict::Bad);
    assert_eq!(verdict(&bundle, &[&other, &signer]), Verdict::Good);
}

#[test]
fn what_another_log_has_is_not_believed() {
    let (log, signer) = (Log::new(), Signer::p256(2));
    let bundle = Log(Signer::p256(9)).sign(&signer, DATA);
    let report = ask(&bundle, DATA, &[&signer], &log).report;
    assert_eq!(report.verdict, Verdict::Bad, "{}", report.why());
}

#[test]
fn a_bundle_is_not_good_before_it_was_made() {
    let (log, signer) = (Log::new(), Signer::p256(2));
    let bundle = log.sign(&signer, DATA);
    let before = Timestamp::from_second(LOGGED - 1).unwrap();
    let report = ask_at(&bundle, DATA, &[&signer], &log, before).report;
    assert_eq!(report.verdict, Verdict::Bad);
    assert!(
        report.why().contains("only at 2023-11-14"),
        "{}",
        report.why()
    );
}

#[test]
fn a_statement_is_told_and_vouches_for_its_subjects_alone() {
    let (log, signer) = (Log::new(), Signer::p256(2));
    let stated = log.state(&signer, &statement(DATA));
    let answer = ask(&stated, DATA, &[&signer], &log);
    assert_eq!(
        answer.report.verdict,
        Verdict::Good,
        "{}",
        answer.report.why()
    );
    let told = answer.told.statement.unwrap();
    assert_eq!(told.subject, "pkg:npm/demo@1.0");
    assert_eq!(told.package.unwrap(), "demo 1.0");

    for other in [
        log.state(&signer, &statement(b"another release\n")),
        log.state(&Signer::p256(5), &statement(DATA)),
    ] {
        let answer = ask(&other, DATA, &[&signer], &log);
        assert!(!answer.report.verdict.accepts());
        assert_eq!(answer.told.statement, None);
    }
}

#[test]
fn a_statement_of_an_unknown_form_is_malformed() {
    let (log, signer) = (Log::new(), Signer::p256(2));
    let mut unknown = statement(DATA);
    unknown["_type"] = json!("https://in-toto.io/Statement/v9");
    let bundle = log.state(&signer, &unknown);
    let report = ask(&bundle, DATA, &[&signer], &log).report;
    assert_eq!(report.verdict, Verdict::Malformed, "{}", report.why());
}

#[test]
fn what_is_no_bundle_is_malformed() {
    let (log, signer) = (Log::new(), Signer::p256(2));
    let entry = log.sign(&signer, DATA)["verificationMaterial"]["tlogEntries"][0].clone();
    let mut many = log.sign(&signer, DATA);
    many["verificationMaterial"]["tlogEntries"] = json!(vec![entry; 33]);
    let of_many = json!({"attestations": vec![json!({"bundle": {}}); 33]});
    let mut witnessed = log.sign(&signer, DATA);
    let proof = &mut witnessed["verificationMaterial"]["tlogEntries"][0]["inclusionProof"];
    let note = proof["checkpoint"]["envelope"].as_str().unwrap();
    let line = note.lines().last().unwrap();
    proof["checkpoint"]["envelope"] = json!(format!("{note}{}", format!("{line}\n").repeat(64)));
    let empty = json!({"attestations": []});
    for none in [json!({}), empty, many, of_many, witnessed] {
        let report = ask(&none, DATA, &[&signer], &log).report;
        assert_eq!(report.verdict, Verdict::Malformed, "{}", report.why());
        assert_eq!(report.signatures.len(), 1);
    }
}
