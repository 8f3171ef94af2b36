//! Signed tags and commits of a repository.

use std::io::Write as _;
use std::path::PathBuf;

use palisade_signature::git::{Object, Standing, read_commit, read_tag};
use palisade_signature::{Keys, Verdict};
use sequoia_openpgp::armor;
use sequoia_openpgp::serialize::SerializeInto as _;

use crate::every_kind::keys;
use crate::made_here;
use crate::shared_data::{bytes, now};

/// The repository, unpacked; it goes with the directory.
fn repository() -> Option<(tempfile::TempDir, PathBuf)> {
    let packed = bytes("ssh/ssh-signed.git.tar")?;
    let directory = tempfile::tempdir().unwrap();
    tar::Archive::new(&packed[..])
        .unpack(directory.path())
        .unwrap();
    let path = directory.path().join("sr.git");
    Some((directory, path))
}

fn verdict(standing: &Standing) -> Verdict {
    match standing {
        Standing::Signed(report) => report.verdict,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tags_are_judged_and_a_replayed_one_is_told() {
    let Some((_directory, path)) = repository() else {
        return;
    };
    let keys = keys("ssh/allowed_signers");
    let of = |name: &str| {
        let tag = read_tag(&path, name).unwrap();
        tag.map_or(Standing::NoTagObject, |tag| {
            tag.judge(Some(name), &keys, now())
        })
    };
    assert_eq!(verdict(&of("v1.0")), Verdict::Good);
    assert_eq!(verdict(&of("v1.1")), Verdict::UnknownSigner);
    assert!(matches!(of("v1.2"), Standing::Unsigned));
    assert!(matches!(of("v1.3-light"), Standing::NoTagObject));
    let Standing::Signed(replayed) = of("v9.9-replayed") else {
        panic!("it is signed");
    };
    assert_eq!(replayed.verdict, Verdict::Bad);
    assert!(
        replayed.why().starts_with("tag name differs"),
        "{}",
        replayed.why()
    );
    assert!(read_tag(&path, "v0").is_err());
    assert!(read_tag(&path, "../heads/main").is_err());
}

#[test]
fn commits_are_judged_too() {
    let Some((_directory, path)) = repository() else {
        return;
    };
    let keys = keys("ssh/allowed_signers");
    let of = |name: &str| read_commit(&path, name).unwrap().judge(None, &keys, now());
    assert!(matches!(of("main"), Standing::Unsigned));
    assert_eq!(
        verdict(&of("ac6222a59f9a90e4155cb805f59ad257fe7c9e9a")),
        Verdict::UnknownSigner
    );
    assert_eq!(verdict(&of("8fd9db8a9b")), Verdict::Good);
}

#[test]
fn real_tags_verify_as_git_stores_them() {
    let names = [
        ("c-ares-v1.34.5", "v1.34.5", "c-ares_1.34.5-1+deb13u1"),
        (
            "libssh2-1.11.1",
            "libssh2-1.11.1",
            "libssh2_1.11.1-1+deb13u2",
        ),
    ];
    for (file, name, key) in names {
        let Some(payload) = bytes(&format!("git/{file}.tag.payload")) else {
            return;
        };
        let signature = bytes(&format!("git/{file}.tag.asc")).unwrap();
        let keys = keys(&format!("keys/{key}.asc"));
        let tag = Object::tag(&[payload, signature].concat());
        assert_eq!(verdict(&tag.judge(Some(name), &keys, now())), Verdict::Good);
        assert_eq!(verdict(&tag.judge(Some("v2"), &keys, now())), Verdict::Bad);
    }
}

#[test]
fn a_message_of_the_signer_does_not_vouch_for_a_tag_it_is_put_into() {
    let cert = made_here::cert();
    let mut keys = Keys::default();
    keys.add(&cert.to_vec().unwrap()).unwrap();
    let message = made_here::sign_inline(&cert, b"see you tomorrow\n");
    let mut armored = armor::Writer::new(Vec::new(), armor::Kind::Message).unwrap();
    armored.write_all(&message).unwrap();
    let armored = armored.finalize().unwrap();
    let tag = b"object 00\ntype commit\ntag v1\ntagger A <a@x> 1728900000 +0000\n\nnews\n";
    let tag = Object::tag(&[&tag[..], &armored].concat());
    let Standing::Signed(report) = tag.judge(Some("v1"), &keys, made_here::now()) else {
        panic!("it has a signature");
    };
    assert_eq!(report.verdict, Verdict::Bad, "{}", report.why());
    assert!(
        report.why().contains("a text of its own"),
        "{}",
        report.why()
    );
}
