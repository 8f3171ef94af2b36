//! Signed tags and commits of a repository.

use std::path::PathBuf;

use palisade_signature::Verdict;
use palisade_signature::git::{Object, Standing, read_commit, read_tag};

use crate::every_kind::keys;
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
