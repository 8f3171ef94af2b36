//! Keys and signatures that GnuPG makes, of each kind; passes where it is missing.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use palisade_formats::openpgp::{At, KeyAlgorithm, Keyring, Why};
use tempfile::TempDir;

use super::{certificates, later, why};

/// A home of GnuPG with keys of its own.
struct Gnupg(TempDir);

impl Drop for Gnupg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.0.path())
            .args(["--kill", "gpg-agent"])
            .status();
    }
}

impl Gnupg {
    /// `None`, with a line that says so, where there is no GnuPG.
    fn new(test: &str) -> Option<Self> {
        let there = Command::new("gpg")
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if !there.is_ok_and(|status| status.success()) {
            eprintln!("skipped: {test}: gpg is absent");
            return None;
        }
        Some(Self(TempDir::new().unwrap()))
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, day: &str, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("gpg")
            .arg("--homedir")
            .arg(self.0.path())
            .args([
                "--batch",
                "--yes",
                "--no-tty",
                "--quiet",
                "--pinentry-mode",
                "loopback",
            ])
            .args([
                "--passphrase",
                "",
                "--allow-weak-digest-algos",
                "--faked-system-time",
            ])
            .arg(format!("{day}T000000!"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        output.stdout
    }

    /// Makes a key on the first of January and tells its fingerprint.
    fn key(&self, algorithm: &str, usage: &str, lapses: &str) -> String {
        let user = format!("{algorithm} <{algorithm}@example.org>");
        self.run(
            "20260101",
            &["--quick-gen-key", &user, algorithm, usage, lapses],
        );
        let list = self.run("20260101", &["--with-colons", "--list-keys", &user]);
        let list = String::from_utf8(list).unwrap();
        let line = list.lines().find(|line| line.starts_with("fpr:")).unwrap();
        line.trim_end_matches(':')
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned()
    }

    /// Answers what GnuPG asks while a key is edited, on the fifth of January.
    fn edit(&self, key: &str, answers: &str) {
        let mut child = Command::new("gpg")
            .arg("--homedir")
            .arg(self.0.path())
            .args(["--no-tty", "--quiet", "--pinentry-mode", "loopback"])
            .args([
                "--passphrase",
                "",
                "--faked-system-time",
                "20260105T000000!",
            ])
            .args(["--command-fd", "0", "--edit-key", key])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(answers.as_bytes()).unwrap();
        drop(input);
        assert!(child.wait().unwrap().success());
    }

    fn keyring(&self) -> Keyring {
        let mut keyring = Keyring::default();
        keyring.add(&self.run("20260101", &["--export"])).unwrap();
        keyring
    }

    fn document(&self) -> (Vec<u8>, String) {
        let path = self.path("document");
        let text = b"first \t\r\n- second\nF\xc3\xbcnf".to_vec();
        fs_err::write(&path, &text).unwrap();
        (text, path.to_str().unwrap().to_owned())
    }

    /// The document, and a key's signature of it in a file of its own.
    fn signed(&self, key: &str) -> (Vec<u8>, Vec<u8>) {
        (self.document().0, self.sign(key, &["--detach-sign"]))
    }

    /// Signs the document on the second of January.
    fn sign(&self, key: &str, how: &[&str]) -> Vec<u8> {
        let (_, path) = self.document();
        let arguments = [&["--local-user", key, "--output", "-"], how, &[&path]].concat();
        self.run("20260102", &arguments)
    }
}

#[test]
fn signatures_of_all_kinds_count() {
    let Some(gnupg) = Gnupg::new("signatures of all kinds") else {
        return;
    };
    let (document, _) = gnupg.document();
    for (name, algorithm) in [
        ("rsa2048", KeyAlgorithm::Rsa { bits: 2048 }),
        ("ed25519", KeyAlgorithm::Ed25519),
        ("nistp256", KeyAlgorithm::P256),
        ("nistp384", KeyAlgorithm::P384),
        ("nistp521", KeyAlgorithm::P521),
    ] {
        let key = gnupg.key(name, "sign", "never");
        let keyring = gnupg.keyring();
        for how in [
            &["--detach-sign"][..],
            &["--detach-sign", "--armor"],
            &["--detach-sign", "--textmode"],
        ] {
            let signature = gnupg.sign(&key, how);
            let signers = keyring.verify_detached(&document, &signature, later());
            let signers = signers.unwrap_or_else(|error| panic!("{name} {how:?}: {error}"));
            assert_eq!(signers[0].certificate.to_string(), key);
            assert_eq!(signers[0].algorithm, algorithm);
        }
        let signed = keyring.verify_cleartext(&gnupg.sign(&key, &["--clearsign"]), later());
        let text = String::from_utf8(signed.unwrap().text).unwrap();
        assert_eq!(text, "first\n- second\nFünf\n");
    }
}

#[test]
fn one_signature_that_counts_is_enough() {
    let Some(gnupg) = Gnupg::new("one signature is enough") else {
        return;
    };
    let (first, second) = (
        gnupg.key("ed25519", "sign", "never"),
        gnupg.key("rsa2048", "sign", "never"),
    );
    let (document, _) = gnupg.document();
    let both = gnupg.sign(&first, &["--local-user", &second, "--detach-sign"]);
    assert_eq!(
        gnupg
            .keyring()
            .verify_detached(&document, &both, later())
            .unwrap()
            .len(),
        2
    );
    let mut keyring = Keyring::default();
    keyring
        .add(&gnupg.run("20260101", &["--armor", "--export", &second]))
        .unwrap();
    let signers = keyring.verify_detached(&document, &both, later()).unwrap();
    assert_eq!(signers.len(), 1);
    assert_eq!(signers[0].certificate.to_string(), second);
}

#[test]
fn weak_algorithms_prove_nothing() {
    let Some(gnupg) = Gnupg::new("weak algorithms") else {
        return;
    };
    let (document, _) = gnupg.document();
    let check = |key: &str, hash: &str| {
        let signature = gnupg.sign(key, &["--digest-algo", hash, "--detach-sign"]);
        why(gnupg
            .keyring()
            .verify_detached(&document, &signature, later()))
    };
    let key = gnupg.key("rsa2048", "sign", "never");
    assert_eq!(check(&key, "SHA1"), Why::WeakHash("SHA-1"));
    assert_eq!(check(&key, "RIPEMD160"), Why::WeakHash("RIPEMD-160"));
    assert_eq!(
        check(&key, "SHA224"),
        Why::Unsupported("the digest's algorithm")
    );
    let short = gnupg.key("rsa1024", "sign", "never");
    assert_eq!(check(&short, "SHA256"), Why::WeakKey(1024));
    let dsa = gnupg.key("dsa2048", "sign", "never");
    assert_eq!(
        check(&dsa, "SHA256"),
        Why::Unsupported("the key's algorithm")
    );
}

#[test]
fn a_key_signs_until_it_lapses() {
    let Some(gnupg) = Gnupg::new("a key that lapses") else {
        return;
    };
    let key = gnupg.key("ed25519", "sign", "10d");
    let (document, signature) = gnupg.signed(&key);
    let keyring = gnupg.keyring();
    let check = |at| keyring.verify_detached(&document, &signature, at);
    let in_time = check(super::at("2026-01-10T00:00:00Z"));
    assert_eq!(certificates(in_time), [&*key]);
    assert_eq!(
        why(check(super::at("2026-01-12T00:00:00Z"))),
        Why::KeyLapsed
    );
    let at_its_time = check(At::WhenSigned("2026-01-12T00:00:00Z".parse().unwrap()));
    assert_eq!(certificates(at_its_time), [&*key]);
    // A later word of the owner counts: the key goes on.
    gnupg.run("20260105", &["--quick-set-expire", &key, "100d"]);
    let newer = gnupg.keyring();
    // Wherever the older word stands, too.
    let mut both = keyring.clone();
    both.add(&gnupg.run("20260105", &["--export"])).unwrap();
    for longer in [newer, both] {
        let at = super::at("2026-02-01T00:00:00Z");
        let signers = longer.verify_detached(&document, &signature, at);
        assert_eq!(certificates(signers), [&*key]);
    }
}

#[test]
fn a_revoked_key_signs_nothing_whatever_the_date() {
    let Some(gnupg) = Gnupg::new("a revoked key") else {
        return;
    };
    let key = gnupg.key("rsa2048", "sign", "never");
    let (document, signature) = gnupg.signed(&key);
    let mut keyring = gnupg.keyring();
    let signers = keyring.verify_detached(&document, &signature, later());
    assert_eq!(certificates(signers), [&*key]);
    revoke(&gnupg, &key);
    // The revocation counts from whichever file it comes.
    keyring.add(&gnupg.run("20260105", &["--export"])).unwrap();
    assert_eq!(
        why(keyring.verify_detached(&document, &signature, later())),
        Why::Revoked
    );
    let at = At::WhenSigned("2026-06-01T00:00:00Z".parse().unwrap());
    assert_eq!(
        why(keyring.verify_detached(&document, &signature, at)),
        Why::Revoked
    );
}

#[test]
fn a_revoked_subkey_signs_nothing() {
    let Some(gnupg) = Gnupg::new("a revoked subkey") else {
        return;
    };
    let key = gnupg.key("ed25519", "cert", "never");
    gnupg.run(
        "20260101",
        &["--quick-add-key", &key, "ed25519", "sign", "never"],
    );
    let (document, signature) = gnupg.signed(&key);
    let check = || {
        gnupg
            .keyring()
            .verify_detached(&document, &signature, later())
    };
    let signers = check().unwrap();
    assert_eq!(signers[0].certificate.to_string(), key);
    assert_ne!(signers[0].key, signers[0].certificate);
    gnupg.edit(&key, "key 1\nrevkey\ny\n1\n\ny\nsave\n");
    assert_eq!(why(check()), Why::Revoked);
}

#[test]
fn a_key_that_only_certifies_signs_no_document() {
    let Some(gnupg) = Gnupg::new("a key that only certifies") else {
        return;
    };
    let key = gnupg.key("ed25519", "sign,cert", "never");
    let (document, signature) = gnupg.signed(&key);
    let check = || {
        gnupg
            .keyring()
            .verify_detached(&document, &signature, later())
    };
    assert_eq!(certificates(check()), [&*key]);
    // The owner's newest word counts.
    gnupg.edit(&key, "change-usage\nS\nQ\nsave\n");
    assert_eq!(why(check()), Why::Unbound);
}

/// Imports the revocation that GnuPG makes with each key; a colon keeps it from being used by chance.
fn revoke(gnupg: &Gnupg, key: &str) {
    let path = gnupg.path("openpgp-revocs.d").join(format!("{key}.rev"));
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, text.replace(":-----", "-----")).unwrap();
    gnupg.run("20260105", &["--import", path.to_str().unwrap()]);
}

#[test]
fn debians_own_keyring_is_read_and_believes_what_apt_fetched() {
    let file = Path::new("/usr/share/keyrings/debian-archive-keyring.gpg");
    let Ok(file) = fs_err::read(file) else {
        eprintln!("skipped: Debian's keyring: debian-archive-keyring is absent");
        return;
    };
    let mut keyring = Keyring::default();
    assert!(keyring.add(&file).unwrap() >= 3);
    let lists = fs_err::read_dir("/var/lib/apt/lists").into_iter().flatten();
    let lists = lists.map(|entry| entry.unwrap().path());
    for path in lists.filter(|path| path.to_string_lossy().contains("debian.org")) {
        if !path.to_string_lossy().ends_with("_InRelease") {
            continue;
        }
        let document = fs_err::read(&path).unwrap();
        let at = At::WhenSigned("2038-01-01T00:00:00Z".parse().unwrap());
        let release = keyring.verify_cleartext(&document, at).unwrap();
        assert!(release.text.starts_with(b"Origin: Debian\n"));
        let user = release.signers[0].user.clone().unwrap();
        assert!(user.contains("debian.org>"), "{user}");
        let place = document.len() / 3;
        let mut changed = document.clone();
        changed[place] = if changed[place] == b'1' { b'2' } else { b'1' };
        assert!(keyring.verify_cleartext(&changed, at).is_err());
    }
}
