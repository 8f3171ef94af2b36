//! Signatures of minisign, signify and SSH, lists of sums, and Debian's control files.

use palisade_signature::ed25519::Legacy;
use palisade_signature::sigstore::Believed;
use palisade_signature::{
    Answer, Data, Keys, Question, Signed, SignerKind, Verdict, debian, verify,
};

use crate::shared_data::{bytes, now, path};

pub(crate) fn keys(name: &str) -> Keys {
    let mut keys = Keys::default();
    keys.add(&bytes(name).unwrap()).unwrap();
    keys
}

fn ask(data: Option<&str>, signature: &str, key: &str) -> Answer {
    let data = data.map(|data| path(data).unwrap());
    let name = data.as_ref().and_then(|data| data.file_name());
    let question = Question {
        data: data.as_deref().map(Data::File),
        name: name.and_then(|name| name.to_str()),
        signature: &bytes(signature).unwrap(),
        checksums: None,
        keys: &keys(key),
        believed: &Believed::default(),
        namespace: "file",
        legacy: Legacy::Accept,
        now: now(),
    };
    verify(&question).unwrap()
}

fn verdict(data: &str, signature: &str, key: &str) -> Verdict {
    ask(Some(data), signature, key).report.verdict
}

#[test]
fn signatures_of_minisign_are_judged_as_by_minisign() {
    let Some(results) = bytes("minisign/results.txt") else {
        return;
    };
    for line in String::from_utf8(results).unwrap().lines() {
        let [_, data, signature, key, code] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let of = |name: &str| format!("minisign/{name}");
        let verdict = verdict(&of(data), &of(signature), &of(key));
        assert_eq!(verdict.accepts(), code == "rc=0", "{line}: {verdict}");
    }
    let of = |signature, key| verdict("minisign/rel.txt", signature, key);
    let (good, old) = (
        "minisign/rel.txt.minisig",
        "minisign/rel.txt.legacy.minisig",
    );
    assert_eq!(of(good, "minisign/a.pub"), Verdict::Good);
    assert_eq!(of(old, "minisign/a.pub"), Verdict::GoodWeak);
    assert_eq!(of(good, "minisign/b.pub"), Verdict::UnknownSigner);
    let changed = "minisign/rel.txt.tampered-comment.minisig";
    assert_eq!(of(changed, "minisign/a.pub"), Verdict::Bad);
}

#[test]
fn signatures_of_signify_are_judged_as_by_signify() {
    if path("signify").is_none() {
        return;
    }
    let of = |data, key| verdict(data, "signify/rel.txt.sig", key);
    assert_eq!(of("signify/rel.txt", "signify/a.pub"), Verdict::Good);
    assert_eq!(
        of("signify/rel.tampered.txt", "signify/a.pub"),
        Verdict::Bad
    );
    assert_eq!(
        of("signify/rel.txt", "signify/b.pub"),
        Verdict::UnknownSigner
    );
}

#[test]
fn a_signed_list_vouches_for_the_file_that_it_lists() {
    if path("signify").is_none() {
        return;
    }
    let answer = ask(
        Some("signify/rel.txt"),
        "signify/SHA256.sig",
        "signify/a.pub",
    );
    assert_eq!(answer.report.verdict, Verdict::Good);
    assert_eq!(answer.report.deciding().signed, Signed::Checksums);
    let other = verdict(
        "signify/rel.tampered.txt",
        "signify/SHA256.sig",
        "signify/a.pub",
    );
    assert_eq!(other, Verdict::Bad);
}

#[test]
fn signatures_of_ssh_are_judged_as_by_ssh_keygen() {
    if path("ssh").is_none() {
        return;
    }
    let of = |signature| verdict("ssh/rel.txt", signature, "ssh/allowed_signers");
    assert_eq!(of("ssh/rel.txt.alice.sig"), Verdict::Good);
    assert_eq!(of("ssh/rel.txt.mallory.sig"), Verdict::UnknownSigner);
    assert_eq!(of("ssh/rel.txt.alice-wrong-namespace.sig"), Verdict::Bad);
    let other = verdict(
        "signify/rel.tampered.txt",
        "ssh/rel.txt.alice.sig",
        "ssh/allowed_signers",
    );
    assert_eq!(other, Verdict::Bad);
}

#[test]
fn a_source_package_says_for_whom_the_service_signed_it() {
    let Some(dsc) = bytes("dsc/openssh_10.0p1-7+deb13u4.dsc") else {
        return;
    };
    // Debian's keyring is not at hand, so the signer is known by its fingerprint alone.
    let question = Question {
        data: None,
        name: None,
        signature: &dsc,
        checksums: None,
        keys: &Keys::default(),
        believed: &Believed::default(),
        namespace: "file",
        legacy: Legacy::Accept,
        now: now(),
    };
    let answer = verify(&question).unwrap();
    assert_eq!(answer.report.verdict, Verdict::UnknownSigner);
    let signer = answer.report.signer().unwrap();
    assert_eq!(
        signer.fingerprint,
        "374D8CE4DB96E9CBD4C0972A606D084E4683C079"
    );
    assert_eq!(signer.kind, SignerKind::Service);
    let tagger = "Colin Watson <cjwatson@debian.org>";
    assert_eq!(signer.on_behalf_of.as_deref(), Some(tagger));
    let origins = debian::origins(&answer.text.unwrap());
    assert!(origins.iter().any(|it| it.name == "Git-Tag-Info"));
}

#[test]
fn every_source_package_names_the_signer_that_gpgv_found() {
    let Some(results) = bytes("dsc/results.txt") else {
        return;
    };
    for line in String::from_utf8(results).unwrap().lines() {
        let (name, rest) = line.split_once(' ').unwrap();
        let fingerprint = rest.rsplit_once("fpr=").unwrap().1;
        let question = Question {
            data: None,
            name: None,
            signature: &bytes(&format!("dsc/{name}")).unwrap(),
            checksums: None,
            keys: &Keys::default(),
            believed: &Believed::default(),
            namespace: "file",
            legacy: Legacy::Accept,
            now: now(),
        };
        let answer = verify(&question).unwrap();
        assert_eq!(answer.report.verdict, Verdict::UnknownSigner, "{name}");
        assert_eq!(answer.report.signer().unwrap().fingerprint, fingerprint);
    }
}
