//! `palisade review verify` over Debian's control files and indexes, signed by GnuPG with a key of our
//! own; passes where GnuPG is missing.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{palisade, printed, said};

const TARBALL: &str = "libssh2_1.11.1.orig.tar.gz";

/// A home of GnuPG with one key, in which the files of a test lie as well.
struct Gnupg(TempDir);

impl Drop for Gnupg {
    fn drop(&mut self) {
        let mut agent = Command::new("gpgconf");
        agent.arg("--homedir").arg(self.0.path());
        let _ = agent.args(["--kill", "gpg-agent"]).status();
    }
}

impl Gnupg {
    fn new() -> Option<Self> {
        let mut gpg = Command::new("gpg");
        let there = gpg.arg("--version").stdout(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            eprintln!("skipped: gpg is absent");
            return None;
        }
        let home = Self(TempDir::new().unwrap());
        let user = "An archive <archive@example.invalid>";
        home.run(&["--quick-gen-key", user, "ed25519", "sign", "never"]);
        let key = home.run(&["--armor", "--export"]);
        fs_err::write(home.path("key.asc"), key).unwrap();
        Some(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.0.path());
        command.args(["--batch", "--no-tty", "--quiet", "--passphrase", ""]);
        command
            .args(["--pinentry-mode", "loopback"])
            .args(arguments);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        output.stdout
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs_err::write(&path, text).unwrap();
        path
    }

    /// Writes a text and signs it in clear.
    fn write_signed(&self, name: &str, text: &str) -> PathBuf {
        let plain = self.write("plain", text);
        let signed = self.run(&["--clearsign", "--output", "-", plain.to_str().unwrap()]);
        fs_err::write(self.path(name), signed).unwrap();
        self.path(name)
    }
}

fn sum(path: &Path) -> (String, u64) {
    let bytes = fs_err::read(path).unwrap();
    let mut digest = String::new();
    for byte in Sha256::digest(&bytes) {
        write!(digest, "{byte:02x}").unwrap();
    }
    (digest, bytes.len() as u64)
}

/// The fields that a source package's own file and an index of them share.
fn fields(tarball: &Path) -> String {
    let (digest, size) = sum(tarball);
    let name = tarball.file_name().unwrap().to_str().unwrap();
    format!("Version: 1.11.1-1\nChecksums-Sha256:\n {digest} {size} {name}\n")
}

/// The tarball of a real release, or a stand-in where it is not here.
fn tarball(home: &Gnupg) -> PathBuf {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let root = std::env::var_os("PALISADE_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let real = root.join("review/tarballs").join(TARBALL);
    if real.exists() {
        return real;
    }
    home.write(TARBALL, "a release\n")
}

fn verify(data: &Path, signature: &Path, more: &[&Path]) -> Output {
    let mut command = palisade();
    command.args(["review", "verify", "--format", "json", "--data"]);
    command
        .arg(data)
        .arg("--signature")
        .arg(signature)
        .args(more);
    command.output().unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&printed(output)).unwrap_or_else(|_| panic!("{}", said(output)))
}

#[test]
fn a_source_package_of_a_known_signer_vouches_for_its_tarball() {
    let Some(home) = Gnupg::new() else { return };
    let tarball = tarball(&home);
    let text = format!("Format: 3.0 (quilt)\nSource: libssh2\n{}", fields(&tarball));
    let package = home.write_signed("libssh2_1.11.1-1.dsc", &text);
    let key = [Path::new("--key"), &home.path("key.asc")];
    let output = verify(&tarball, &package, &key);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let answer = json(&output);
    assert_eq!(answer["verdict"], "good");
    assert_eq!(answer["signatures"][0]["signed"], "checksums");
    assert_eq!(answer["says"][0]["value"], "libssh2");

    let output = verify(&tarball, &package, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["verdict"], "unknown-signer");

    fs_err::create_dir(home.path("other")).unwrap();
    let other = home.write(&format!("other/{TARBALL}"), "another release\n");
    let output = verify(&other, &package, &key);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["verdict"], "bad");
}

#[test]
fn a_signed_index_corroborates_and_a_changed_or_foreign_one_does_not() {
    let Some(home) = Gnupg::new() else { return };
    let tarball = tarball(&home);
    let text = format!("Source: libssh2\n{}", fields(&tarball));
    let package = home.write_signed("libssh2_1.11.1-1.dsc", &text);
    let index = format!("Package: libssh2\n{}", fields(&tarball));
    let sources = home.write("Sources", &index);
    let (digest, size) = sum(&sources);
    let release = home.write_signed(
        "InRelease",
        &format!(
            "Origin: Debian\nSuite: stable\nCodename: trixie\nDate: Sun, 22 Nov 2026 10:00:00 UTC\n\
             SHA256:\n {digest} {size} main/source/Sources\n"
        ),
    );
    let (option, key_option) = (Path::new("--corroborate"), Path::new("--key"));
    let key = home.path("key.asc");
    let asked = [option, &release, &sources, key_option, &key];
    let output = verify(&tarball, &package, &asked);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let answer = json(&output);
    assert_eq!(answer["lights"]["corroborated"]["light"], "green");
    let held = &answer["corroboration"][0];
    assert_eq!(held["who"], "Debian trixie");
    assert_eq!(held["agreement"], "same");
    assert_eq!(held["under"], answer["signer"]);

    fs_err::write(&sources, format!("{index}Comment: changed\n")).unwrap();
    let answer = json(&verify(&tarball, &package, &asked));
    assert_eq!(answer["lights"]["corroborated"]["light"], "yellow");
    assert_eq!(answer["corroboration"][0]["under"], serde_json::Value::Null);

    // An index whose signer is not known is not read at all.
    let output = verify(&tarball, &package, &asked[..3]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("unknown-signer"),
        "{}",
        said(&output)
    );
}
