//! Bundles of Sigstore: the cases by which its own implementations are measured.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use palisade_signature::ed25519::Legacy;
use palisade_signature::sigstore::{Believed, Identity, Root};
use palisade_signature::{Answer, Data, Error, Keys, Question, SignerKind, Verdict, verify};

use crate::shared_data::{now, path};

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// A case as its directory has it.
struct Case {
    data: PathBuf,
    bundle: Vec<u8>,
    believed: Believed,
    keys: Keys,
}

impl Case {
    /// None if the root or the key is none, which is a failure as well.
    fn read(directory: &Path) -> Option<Self> {
        let text = |name: &str| fs_err::read_to_string(directory.join(name)).ok();
        let own = directory.join("artifact");
        let mut keys = Keys::default();
        let key = text("key.pub");
        if let Some(key) = &key {
            keys.add(key.as_bytes()).ok()?;
        }
        let identity = Identity {
            name: text("identity").map_or(IDENTITY.to_owned(), |it| it.trim().to_owned()),
            issuer: text("issuer").map_or(ISSUER.to_owned(), |it| it.trim().to_owned()),
        };
        let root = match text("trusted_root.json") {
            Some(root) => Some(Root::read(&root).ok()?),
            None => None,
        };
        Some(Self {
            data: if own.exists() {
                own
            } else {
                directory.join("../a.txt")
            },
            bundle: fs_err::read(directory.join("bundle.sigstore.json")).unwrap(),
            believed: Believed {
                identity: key.is_none().then_some(identity),
                root,
            },
            keys,
        })
    }

    fn ask(&self) -> Result<Answer, Error> {
        verify(&Question {
            data: Some(Data::File(&self.data)),
            name: None,
            signature: &self.bundle,
            checksums: None,
            keys: &self.keys,
            believed: &self.believed,
            namespace: "file",
            legacy: Legacy::Accept,
            now: now(),
        })
    }
}

fn case(name: &str) -> Option<Case> {
    Case::read(&path(&format!("sigstore-conformance/{name}"))?)
}

#[test]
fn every_case_of_the_conformance_suite_is_judged_as_its_name_says() {
    let Some(all) = path("sigstore-conformance") else {
        return;
    };
    let (mut right, mut wrong) = ([0, 0], Vec::new());
    for entry in fs_err::read_dir(all).unwrap() {
        let directory = entry.unwrap().path();
        if !directory.is_dir() {
            continue;
        }
        let name = directory.file_name().unwrap().to_str().unwrap();
        let should_fail = name.ends_with("_fail");
        let answer = Case::read(&directory).map(|case| case.ask());
        let (accepted, said) = match &answer {
            Some(Ok(Answer { report, .. })) => (
                report.verdict.accepts(),
                format!("{}: {}", report.verdict, report.why()),
            ),
            Some(Err(error)) => (false, error.to_string()),
            None => (false, "the root or the key is none".to_owned()),
        };
        eprintln!("{name}: {said}");
        if accepted == should_fail {
            wrong.push(format!("{name}: {said}"));
        } else {
            right[usize::from(should_fail)] += 1;
        }
    }
    eprintln!("right: {} that pass, {} that fail", right[0], right[1]);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(right[0] >= 21 && right[1] >= 49, "{right:?}");
}

#[test]
fn the_signer_has_to_be_named_and_is_told_if_not() {
    let Some(mut case) = case("happy-path-v0.3") else {
        return;
    };
    let report = case.ask().unwrap().report;
    assert_eq!(report.verdict, Verdict::Good);
    assert_eq!(report.signer().unwrap().fingerprint, IDENTITY);
    assert_eq!(report.signer().unwrap().kind, SignerKind::Service);
    assert!(report.deciding().made.is_some());

    let asked = case.believed.identity.take().unwrap();
    let nobody = case.ask().unwrap().report;
    assert_eq!(nobody.verdict, Verdict::UnknownSigner);
    assert_eq!(nobody.signer().unwrap().fingerprint, IDENTITY);

    for (name, issuer) in [
        (IDENTITY, "https://accounts.google.com"),
        ("https://github.com/somebody/else", ISSUER),
        ("", ISSUER),
        (IDENTITY, ""),
        (&IDENTITY[..60], ISSUER),
    ] {
        let (name, issuer) = (name.to_owned(), issuer.to_owned());
        case.believed.identity = Some(Identity { name, issuer });
        let report = case.ask().unwrap().report;
        assert_eq!(report.verdict, Verdict::UnknownSigner, "{}", report.why());
    }
    case.believed.identity = Some(asked);
    case.data = path("sigstore-conformance/README.md").unwrap();
    assert_eq!(case.ask().unwrap().report.verdict, Verdict::Bad);
}

#[test]
fn what_certificate_and_statement_say_is_told() {
    let Some(case) = case("happy-path-intoto-in-dsse-v3") else {
        return;
    };
    let told = case.ask().unwrap().told;
    let certificate = told.certificate.unwrap();
    let repository = "sigstore-conformance/extremely-dangerous-public-oidc-beacon";
    assert!(certificate.repository.unwrap().ends_with(repository));
    assert_eq!(certificate.commit.unwrap().len(), 40);
    let statement = told.statement.unwrap();
    assert!(statement.predicate.starts_with("https://"), "{statement:?}");
}

/// The forms in which registries serve one and the same bundle.
#[test]
fn a_bundle_is_the_same_in_every_form_in_which_it_is_served() {
    let Some(mut case) = case("happy-path-intoto-in-dsse-v3") else {
        return;
    };
    let bundle: serde_json::Value = serde_json::from_slice(&case.bundle).unwrap();
    let material = &bundle["verificationMaterial"];
    let attestation = serde_json::json!({
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {
            "statement": bundle["dsseEnvelope"]["payload"],
            "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
        },
    });
    let published = serde_json::json!({
        "version": 1,
        "attestation_bundles": [{"publisher": {}, "attestations": [attestation]}],
    });
    let listed = serde_json::json!({"attestations": [{"predicateType": "p", "bundle": bundle}]});
    let lines = format!("{bundle}\n{bundle}\n");
    for form in [
        bundle.to_string(),
        attestation.to_string(),
        published.to_string(),
        listed.to_string(),
        lines,
    ] {
        case.bundle = form.into_bytes();
        let answer = case.ask().unwrap();
        let (report, told) = (answer.report, answer.told);
        assert_eq!(report.verdict, Verdict::Good, "{}", report.why());
        assert!(told.statement.is_some());
    }
    let one_bad = serde_json::json!({"attestations": [{"bundle": {}}, {"bundle": bundle}]});
    case.bundle = one_bad.to_string().into_bytes();
    let report = case.ask().unwrap().report;
    assert_eq!(report.verdict, Verdict::Good);
    assert_eq!(report.signatures.len(), 2);
}

#[test]
fn what_cosign_wrote_first_is_judged_alike() {
    let Some(mut case) = case("happy-path-v0.1") else {
        return;
    };
    let bundle: serde_json::Value = serde_json::from_slice(&case.bundle).unwrap();
    let material = &bundle["verificationMaterial"];
    let entry = &material["tlogEntries"][0];
    let number = |name: &str| entry[name].as_str().unwrap().parse::<i64>().unwrap();
    let log = STANDARD.decode(entry["logId"]["keyId"].as_str().unwrap());
    let certificate = &material["x509CertificateChain"]["certificates"][0]["rawBytes"];
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    let pem = format!("{begin}\n{}\n{end}\n", certificate.as_str().unwrap());
    let mut older = serde_json::json!({
        "base64Signature": bundle["messageSignature"]["signature"],
        "cert": STANDARD.encode(pem),
        "rekorBundle": {
            "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
            "Payload": {
                "body": entry["canonicalizedBody"],
                "integratedTime": number("integratedTime"),
                "logIndex": number("logIndex"),
                "logID": data_encoding::HEXLOWER.encode(&log.unwrap()),
            },
        },
    });
    case.bundle = older.to_string().into_bytes();
    let report = case.ask().unwrap().report;
    assert_eq!(report.verdict, Verdict::Good, "{}", report.why());

    older["rekorBundle"]["Payload"]["integratedTime"] = (number("integratedTime") + 1).into();
    case.bundle = older.to_string().into_bytes();
    let report = case.ask().unwrap().report;
    assert_eq!(report.verdict, Verdict::Bad, "{}", report.why());
}

#[test]
fn what_a_log_dates_after_the_time_of_judging_is_refused() {
    let Some(case) = case("happy-path-v0.3") else {
        return;
    };
    let long_ago = verify(&Question {
        data: Some(Data::File(&case.data)),
        name: None,
        signature: &case.bundle,
        checksums: None,
        keys: &case.keys,
        believed: &case.believed,
        namespace: "file",
        legacy: Legacy::Accept,
        now: "2020-01-01T00:00:00Z".parse().unwrap(),
    });
    let report = long_ago.unwrap().report;
    assert_eq!(report.verdict, Verdict::Bad, "{}", report.why());
}
