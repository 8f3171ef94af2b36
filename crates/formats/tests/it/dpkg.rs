//! Debian's lists of packages.

use std::io::Write;

use palisade_formats::{ReadError, Reject, dpkg};
use palisade_model::{Inventory, SourceKind};
use proptest::prelude::*;

fn try_read(bytes: &[u8]) -> (Result<Inventory, ReadError>, Vec<Reject>) {
    let mut rejects = Vec::new();
    let read = dpkg::read("x", &mut &bytes[..], &mut |reject| rejects.push(reject));
    (read, rejects)
}

fn read(text: &str) -> Inventory {
    let (read, rejects) = try_read(text.as_bytes());
    assert_eq!(rejects, []);
    read.unwrap()
}

const STATUS: &str = "\
Package: libdemo1
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Maintainer: Some One <one@demo.example>
Source: demo (1.2-3)
Version: 1.2-3+b1
Provides: libdemo,
 libdemo-abi (= 1)
Pre-Depends: dpkg (>= 1)
Depends: libc6 (>= 2.36),
 zlib1g | zlib2
Description: library that demonstrates
 More of it.
Homepage: https://demo.example/

Package: held
Status: hold ok installed
Architecture: all
Version: 1:2
Source: other

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 3

Package: half
Status: install reinstreq half-installed
Architecture: amd64
Version: 3

Package: never
Status: unknown ok not-installed
Architecture: amd64
";

#[test]
fn of_a_status_file_only_what_is_installed_counts() {
    let inventory = read(STATUS);
    let names: Vec<_> = inventory
        .packages
        .iter()
        .map(|package| &*package.name)
        .collect();
    assert_eq!(names, ["libdemo1", "held"]);
    let package = &inventory.packages[0];
    assert_eq!(
        (&*package.source_name, &*package.source_version),
        ("demo", "1.2-3")
    );
    assert_eq!(package.version, "1.2-3+b1");
    assert_eq!(package.architecture.as_deref(), Some("amd64"));
    assert_eq!(
        package.maintainer.as_deref(),
        Some("Some One <one@demo.example>")
    );
    assert_eq!(package.homepage.as_deref(), Some("https://demo.example/"));
    assert_eq!(
        package.synopsis.as_deref(),
        Some("library that demonstrates")
    );
    assert_eq!(
        package.depends,
        ["dpkg (>= 1)", "libc6 (>= 2.36)", "zlib1g | zlib2"]
    );
    assert_eq!(package.provides, ["libdemo", "libdemo-abi (= 1)"]);
    let held = &inventory.packages[1];
    assert_eq!(
        (&*held.source_name, &*held.source_version),
        ("other", "1:2")
    );
    assert_eq!(inventory.head.distribution.as_deref(), Some("debian"));
    assert_eq!(inventory.head.architecture.as_deref(), Some("amd64"));
    assert_eq!(inventory.head.branch, None);
}

#[test]
fn a_repositorys_packages_have_checksums() {
    let inventory =
        read("Package: a\nVersion: 1\nArchitecture: arm64\nFilename: pool/a.deb\nSHA256: ab12\n");
    assert_eq!(inventory.packages[0].checksum.as_deref(), Some("ab12"));
    assert_eq!(inventory.packages[0].source_name, "a");
}

#[test]
fn source_packages_have_files_with_hashes() {
    let sum = "00".repeat(32);
    let inventory = read(&format!(
        "Package: demo\nBinary: demo,\n libdemo1\nVersion: 1.2-3\nFormat: 3.0 (quilt)\n\
         Vcs-Git: https://git.example/demo.git -b debian\nDirectory: pool/main/d/demo\n\
         Files:\n d41d8cd98f00b204e9800998ecf8427e 5 demo_1.2-3.dsc\n\
         Checksums-Sha256:\n {sum} 5 demo_1.2-3.dsc\n nonsense 6 demo_1.2.tar.xz\n short\n"
    ));
    let package = &inventory.packages[0];
    assert_eq!(package.properties["binaries"], r#"["demo","libdemo1"]"#);
    assert_eq!(
        package.properties["vcs_git"],
        r#""https://git.example/demo.git -b debian""#
    );
    assert_eq!(package.sources.len(), 2);
    let file = &package.sources[0];
    assert_eq!(file.kind, SourceKind::Url);
    assert_eq!(file.urls, ["pool/main/d/demo/demo_1.2-3.dsc"]);
    assert_eq!(file.file_name.as_deref(), Some("demo_1.2-3.dsc"));
    assert_eq!(file.hash.as_ref().unwrap().hex, sum);
    assert_eq!(package.sources[1].hash, None);
}

#[test]
fn the_release_is_that_of_base_files() {
    let status = |version: &str| {
        let text = format!("Package: base-files\nVersion: {version}\nArchitecture: amd64\n");
        read(&text).head
    };
    for (version, branch) in [("12.4+deb12u5", "12"), ("13", "13"), ("13.8+deb13u1", "13")] {
        let head = status(version);
        assert_eq!(head.branch.as_deref(), Some(branch), "{version}");
        assert_eq!(head.distribution.as_deref(), Some("debian"), "{version}");
    }
    let head = status("12ubuntu4.6");
    assert_eq!(
        (head.distribution.as_deref(), head.branch),
        (Some("ubuntu"), None)
    );
    assert_eq!(status("x").branch, None);
}

#[test]
fn without_base_files_the_marks_of_versions_tell() {
    let list = |versions: &[&str]| {
        let text: Vec<_> = versions
            .iter()
            .map(|version| format!("Package: a\nVersion: {version}\n"))
            .collect();
        read(&text.join("\n")).head
    };
    assert_eq!(
        list(&["1+deb12u1", "2~deb12u3", "3-1", "4+deb11u1"])
            .branch
            .as_deref(),
        Some("12")
    );
    assert_eq!(list(&["1+deb12u1", "4+deb11u1"]).branch, None);
    assert_eq!(list(&["1", "2"]).branch, None);
    let ubuntu = list(&["1-1ubuntu2", "2-0ubuntu1", "3-1"]);
    assert_eq!(
        (ubuntu.distribution.as_deref(), ubuntu.branch),
        (Some("ubuntu"), None)
    );
    assert_eq!(
        list(&["1-1ubuntu2", "2-1", "3-1"]).distribution.as_deref(),
        Some("debian")
    );
}

#[test]
fn ubuntu_is_known_by_origin_and_maintainer() {
    for line in [
        "Origin: Ubuntu",
        "Maintainer: Ubuntu Developers <x@lists.ubuntu.com>",
    ] {
        let inventory = read(&format!("Package: a\nVersion: 1\n{line}\n"));
        assert_eq!(
            inventory.head.distribution.as_deref(),
            Some("ubuntu"),
            "{line}"
        );
    }
    let inventory = read("Package: a\nVersion: 1\nMaintainer: Debian <x@debian.org>\n");
    assert_eq!(inventory.head.distribution.as_deref(), Some("debian"));
}

#[test]
fn of_several_architectures_dpkgs_own_counts() {
    let inventory = read(
        "Package: a\nVersion: 1\nArchitecture: i386\n\nPackage: dpkg\nVersion: 1\nArchitecture: amd64\n",
    );
    assert_eq!(inventory.head.architecture.as_deref(), Some("amd64"));
}

#[test]
fn paragraphs_that_are_no_packages_are_passed_over() {
    let (read, rejects) =
        try_read(b"Origin: x\n\nPackage: a\n\nPackage: b c\nVersion: 1\n\nPackage: d\nVersion: 1\nv:2\nversion: 3\n");
    assert_eq!(read.unwrap().packages.len(), 1);
    let said: Vec<_> = rejects
        .iter()
        .map(|it| format!("{it} {}", it.mended))
        .collect();
    assert_eq!(
        said,
        [
            "x, line 1: it is no paragraph of a package false",
            "x, line 3, a: it has no version false",
            "x, line 5, b c: its name or version has blanks or control characters false",
            "x, line 11, d: the field version is repeated; the first one counts true",
        ]
    );
}

#[test]
fn files_that_list_no_package_are_refused() {
    for text in ["", "hello\n", "Origin: Debian\nSuite: stable\n"] {
        assert!(
            matches!(
                try_read(text.as_bytes()).0,
                Err(ReadError::Malformed { .. })
            ),
            "{text}"
        );
    }
    // An installation of nothing is no fault of the file.
    let inventory = read("Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n");
    assert_eq!(inventory.packages.len(), 0);
}

#[test]
fn compression_is_seen_through() {
    let plain = read(STATUS);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(STATUS.as_bytes()).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(STATUS.as_bytes()).unwrap();
    let zstd = zstd::encode_all(STATUS.as_bytes(), 1).unwrap();
    for bytes in [gzip.finish().unwrap(), xz.finish().unwrap(), zstd] {
        assert_eq!(try_read(&bytes).0.unwrap(), plain);
    }
}

#[test]
fn this_machines_packages_are_read() {
    let path = "/var/lib/dpkg/status";
    let Ok(bytes) = fs_err::read(path) else {
        eprintln!("skipped: there is no {path}");
        return;
    };
    let (read, rejects) = try_read(&bytes);
    let inventory = read.unwrap();
    assert_eq!(rejects, []);
    let mark = |line: &&[u8]| line.starts_with(b"Status:") && line.ends_with(b" installed");
    let installed = bytes.split(|byte| *byte == b'\n').filter(mark).count();
    assert_eq!(inventory.packages.len(), installed);
    assert!(inventory.head.distribution.is_some());
    assert!(
        inventory
            .packages
            .iter()
            .all(|package| !package.source_version.is_empty())
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = try_read(&bytes);
    }

    #[test]
    fn no_text_makes_the_reader_panic(
        text in "((Package|Version|Source|Status|Directory|Files|Checksums-Sha256|Depends):[ -~]{0,9}\n( [ -~]{0,5}\n)?|\n){0,20}"
    ) {
        let _ = try_read(text.as_bytes());
    }
}
