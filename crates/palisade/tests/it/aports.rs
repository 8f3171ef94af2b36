//! Trees of aports, imported as their user does.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{palisade, said};

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
        .args(["-c", "commit.gpgsign=false"])
        .args(arguments)
        .env("GIT_COMMITTER_DATE", "1767225600 +0000")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository of one package, in a folder of its own.
fn aports() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("main/zlib");
    fs_err::create_dir_all(&package).unwrap();
    let text = "pkgname=zlib\npkgver=1.2.12\npkgrel=0\n# secfixes:\n#   1.2.12-r0:\n#     - CVE-2024-0001\n";
    fs_err::write(package.join("APKBUILD"), text).unwrap();
    git(folder.path(), &["init", "-q", "-b", "master"]);
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "zlib"]);
    folder
}

#[test]
fn a_tree_is_imported_with_its_fixes() {
    let (folder, aports) = (tempfile::tempdir().unwrap(), aports());
    let run = |arguments: &[&str]| -> Output {
        let mut command = palisade();
        command
            .arg("--database")
            .arg(folder.path().join("palisade.sqlite"));
        command.args(["import", "aports"]).arg(aports.path());
        command.args(arguments).output().unwrap()
    };
    let output = run(&["--branch", "alpine/edge"]);
    let told = said(&output).replace(&aports.path().display().to_string(), "APORTS");
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.contains("APORTS: 1 record, 1 new, 0 changed\n"),
        "{told}"
    );
    assert!(
        told.contains("APORTS, secfixes: 1 record, 1 new, 0 changed\n"),
        "{told}"
    );
    let unsaid = run(&[]);
    assert_eq!(unsaid.status.code(), Some(2));
    assert!(
        said(&unsaid).contains("--branch alpine/edge"),
        "{}",
        said(&unsaid)
    );
    let unknown = run(&["--branch", "alpine/edge", "--commit", "none"]);
    assert_eq!(unknown.status.code(), Some(2));
    let told = said(&unknown);
    assert!(told.contains("there is no commit \"none\" in it"), "{told}");
}

#[test]
fn a_commit_is_for_trees_alone() {
    let mut command = palisade();
    command.args([
        "import",
        "apkindex",
        "x",
        "--branch",
        "alpine/edge",
        "--commit",
        "y",
    ]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("--commit is for folders of aports"),
        "{}",
        said(&output)
    );
}
