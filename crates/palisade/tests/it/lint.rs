//! `palisade lint`.

use crate::support::{palisade, printed, said, with_input};

const CLEAN: &str =
    "pkgname=foo\npkgver=1\npkgrel=0\n# secfixes:\n#   1-r0:\n#     - CVE-2020-0001\n";
const DIRTY: &str = "pkgname=bar\npkgver=1\npkgrel=0\n# secfixes:\n#   1-r0:\n#     - CVE 2020-0001\n#     - CVE-2020-0002 XSA-1\n#     - CVE-46838\n";

/// A folder of aports with these packages.
fn aports(packages: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in packages {
        let package = folder.path().join("main").join(name);
        fs_err::create_dir_all(&package).unwrap();
        fs_err::write(package.join("APKBUILD"), text).unwrap();
        fs_err::write(package.join("README"), "x").unwrap();
    }
    folder
}

#[test]
fn clean_files_have_status_0() {
    let folder = aports(&[("foo", CLEAN)]);
    let file = folder.path().join("main/foo/APKBUILD");
    for path in [folder.path(), &file] {
        let output = palisade()
            .args(["lint", "secfixes"])
            .arg(path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(printed(&output), "");
        assert_eq!(said(&output), "1 file: nothing found\n");
    }
}

#[test]
fn findings_are_told_with_what_to_write() {
    let folder = aports(&[("foo", CLEAN), ("bar", DIRTY)]);
    let mut command = palisade();
    let output = command
        .args(["lint", "secfixes", "main"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(printed(&output), @r#"
    main/bar/APKBUILD:6: error: "CVE 2020-0001" is read as CVE-2020-0001, which other readers do not guess [id]
        #     - CVE 2020-0001
      write
        #     - CVE-2020-0001
    main/bar/APKBUILD:8: error: "CVE-46838" is no identifier: the fix is lost [id]
        #     - CVE-46838
      needed: the year of it, to write CVE-YEAR-46838
    "#);
    insta::assert_snapshot!(said(&output), @r"
    2 files: 2 of level error
    1 more below that level; --level note tells them
    ");
}

#[test]
fn findings_are_json_for_programs() {
    let mut command = palisade();
    command.args([
        "lint", "secfixes", "--format", "json", "--level", "note", "-",
    ]);
    let output = with_input(&mut command, DIRTY.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["files"], &report["below"]), (&1.into(), &0.into()));
    assert_eq!(report["findings"].as_array().unwrap().len(), 3);
    insta::assert_json_snapshot!(report["findings"][1], @r##"
    {
      "decide": null,
      "file": "standard input",
      "level": "note",
      "line": 7,
      "message": "names of one issue may share an entry, but readers of the first word see CVE-2020-0002 alone",
      "rule": "id",
      "text": "#     - CVE-2020-0002 XSA-1",
      "write": [
        "#     - CVE-2020-0002",
        "#     - XSA-1"
      ]
    }
    "##);
}

#[test]
fn archives_are_looked_through() {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, text) in [("main/bar/APKBUILD", DIRTY), ("main/bar/x.patch", "x")] {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    let mut command = palisade();
    command.args(["lint", "secfixes", "-"]);
    let output = with_input(&mut command, &tar.into_inner().unwrap());
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output).starts_with("standard input!main/bar/APKBUILD:6: error: "));
}

#[test]
fn what_cannot_be_read_has_status_2() {
    let folder = aports(&[]);
    let empty = folder.path().to_owned();
    let html = folder.path().join("x.html");
    fs_err::write(&html, "<html>").unwrap();
    for (path, reason) in [
        (empty, "there is no APKBUILD below"),
        (html, "it names no package"),
        (folder.path().join("nowhere"), "error: there is no file /"),
    ] {
        let output = palisade()
            .args(["lint", "secfixes"])
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains(reason), "{}", said(&output));
    }
}

/// A database with a revision of Guix in which a property is misspelt.
fn database(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let packages = folder.path().join("packages.jsonl");
    let line = r#"{"name":"indent","version":"2.2.13","location":"gnu/packages/code.scm:7:2","properties":{"lint-hidden-cves":["CVE-2024-0911"]}}"#;
    fs_err::write(&packages, format!("{line}\n")).unwrap();
    let database = folder.path().join("palisade.sqlite");
    let mut command = palisade();
    command.arg("--database").arg(&database);
    command.args(["import", "guix_inventory", "--revision", "one"]);
    let output = command.arg(&packages).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    database
}

#[test]
fn mistakes_of_a_branch_are_told_with_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(&folder);
    let run = |arguments: &[&str]| {
        let mut command = palisade();
        command.arg("--database").arg(&database);
        command
            .args(["lint", "branch"])
            .args(arguments)
            .output()
            .unwrap()
    };
    let output = run(&["guix/master"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    insta::assert_snapshot!(printed(&output), @r#"
    gnu/packages/code.scm:7:2: indent@2.2.13: error: Guix knows no property lint-hidden-cves and ignores it; lint-hidden-cve was meant [misspelt-property]
        (lint-hidden-cves . ("CVE-2024-0911"))
      write
        (lint-hidden-cve . ("CVE-2024-0911"))
    "#);
    assert!(
        said(&output).ends_with("guix/master: 1 mistake\n"),
        "{}",
        said(&output)
    );
    let json = run(&["guix/master", "--revision", "one", "--format", "json"]);
    assert_eq!(json.status.code(), Some(1));
    let view: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(view["mistakes"][0]["rule"], "misspelt-property");
    assert_eq!(view["revision"]["name"], "one");
    for (unknown, told) in [
        (
            &["guix/none"][..],
            "error: there is no branch guix/none\nhint: there is guix/master\n",
        ),
        (
            &["guix/master", "--revision", "x"],
            "error: there is no revision \"x\" of guix/master\nhint: it has, the latest first, one\n",
        ),
    ] {
        let output = run(unknown);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert_eq!(said(&output), told);
    }
}
