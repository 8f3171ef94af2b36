//! pacman's databases.

use palisade_formats::inventory::InventoryKind;
use proptest::prelude::*;

use crate::support::{inventory, package, printed, refused, try_inventory};

const KIND: InventoryKind = InventoryKind::Pacman;

const OPENSSL: &str =
    "%FILENAME%\nopenssl-3.3.2-1-x86_64.pkg.tar.zst\n\n%NAME%\nopenssl\n\n%BASE%\nopenssl\n
%VERSION%\n3.3.2-1\n\n%DESC%\nThe Open Source toolkit\n\n%CSIZE%\n5120\n\n%ISIZE%\n10240\n
%SHA256SUM%\n00ff\n\n%URL%\nhttps://www.openssl.org\n\n%LICENSE%\nApache-2.0\n
%ARCH%\nx86_64\n\n%BUILDDATE%\n1725400000\n\n%PACKAGER%\nSome One <one@archlinux.org>\n
%CONFLICTS%\nopenssl-a\nopenssl-b\n\n%DEPENDS%\nglibc\nsh>=1\n\n%PROVIDES%\nlibssl.so=3-64\n\n";

const TERMINFO: &str = "%NAME%\nncurses-terminfo\n\n%VERSION%\n1:6.5-3\n\n%BASE%\nncurses\n
%ARCH%\nany\n\n%BUILDDATE%\n1725500000\n\n%PACKAGER%\nUnknown Packager\n";

pub(crate) fn archive(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, text.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn a_repositorys_database_is_read() {
    let members = [
        ("openssl-3.3.2-1/desc", OPENSSL),
        ("openssl-3.3.2-1/files", "%FILES%\nusr/\n"),
        ("ncurses-terminfo-1:6.5-3/desc", TERMINFO),
    ];
    let bytes = zstd::encode_all(&archive(&members)[..], 1).unwrap();
    let found = inventory(KIND, "core.db.tar.zst", &bytes);
    let head = &found.head;
    assert_eq!(head.distribution.as_deref(), Some("archlinux"));
    assert_eq!(head.branch.as_deref(), Some("rolling"));
    assert_eq!(head.repository.as_deref(), Some("core"));
    assert_eq!(head.architecture.as_deref(), Some("x86_64"));
    assert_eq!(head.time, None);
    assert_eq!(found.packages.len(), 2);
    let openssl = package(&found, "openssl");
    assert_eq!(openssl.version, "3.3.2-1");
    assert_eq!(openssl.synopsis.as_deref(), Some("The Open Source toolkit"));
    assert_eq!(openssl.homepage.as_deref(), Some("https://www.openssl.org"));
    assert_eq!(
        openssl.maintainer.as_deref(),
        Some("Some One <one@archlinux.org>")
    );
    assert_eq!(openssl.licenses, ["Apache-2.0"]);
    assert_eq!(openssl.depends, ["glibc", "sh>=1"]);
    assert_eq!(openssl.provides, ["libssl.so=3-64"]);
    assert_eq!(openssl.checksum.as_deref(), Some("00ff"));
    assert_eq!(openssl.built, Some(1_725_400_000));
    assert_eq!(openssl.properties["size"], "5120");
    assert_eq!(openssl.properties["installed_size"], "10240");
    assert_eq!(
        openssl.properties["conflicts"],
        r#"["openssl-a","openssl-b"]"#
    );
    let terminfo = package(&found, "ncurses-terminfo");
    assert_eq!(
        (&*terminfo.source_name, &*terminfo.source_version),
        ("ncurses", "1:6.5-3")
    );
    assert_eq!(terminfo.maintainer, None);
}

#[test]
fn the_local_database_is_read_from_an_archive_and_from_its_files_in_a_row() {
    let members = [
        ("local/ALPM_DB_VERSION", "9\n"),
        (
            "local/openssl-3.3.2-1/desc",
            OPENSSL.trim_start_matches("%FILENAME%\nopenssl-3.3.2-1-x86_64.pkg.tar.zst\n\n"),
        ),
        ("local/openssl-3.3.2-1/files", "%FILES%\n"),
        ("local/ncurses-terminfo-1:6.5-3/desc", TERMINFO),
    ];
    let from_archive = inventory(KIND, "local.tar", &archive(&members));
    let row = members[1].1.to_owned() + members[3].1;
    let from_row = inventory(KIND, "standard input", row.as_bytes());
    assert_eq!(from_archive, from_row);
    assert_eq!(from_row.packages.len(), 2);
    assert_eq!(from_row.head.repository, None);
    let with_files = inventory(
        KIND,
        "x",
        (OPENSSL.to_owned() + OPENSSL + TERMINFO).as_bytes(),
    );
    assert_eq!(with_files.packages.len(), 3);
}

#[test]
fn packagers_from_elsewhere_are_of_no_branch_of_archs() {
    let other = OPENSSL.replace("archlinux.org", "manjaro.org");
    assert_eq!(inventory(KIND, "x", other.as_bytes()).head.branch, None);
}

#[test]
fn bad_packages_are_passed_over() {
    let text = "stray\n%NAME%\na\n\n%VERSION%\n1-1\n\n%NAME%\nb\n\n%NAME%\nc d\n\n%VERSION%\n1\n\n\
                %NAME%\ne\n\n%VERSION%\n2\n\n%VERSION%\n3\nlost\n";
    let (read, rejects) = try_inventory(KIND, "x", text.as_bytes());
    let found: Vec<_> = read
        .unwrap()
        .packages
        .into_iter()
        .map(|it| it.name + &it.version)
        .collect();
    assert_eq!(found, ["a1-1", "e2"]);
    let said: Vec<_> = rejects
        .iter()
        .map(|it| format!("{it} {}", it.mended))
        .collect();
    assert_eq!(
        said,
        [
            "x, line 1, a: a line belongs to no field and was passed over true",
            "x, line 8, b: it has no version false",
            "x, line 11, c d: its name or version has blanks or control characters false",
            "x, line 17, e: a line belongs to no field and was passed over true",
        ]
    );
}

#[test]
fn what_is_no_database_is_refused() {
    assert!(refused(KIND, b"").contains("it lists no package"));
    assert!(refused(KIND, b"hello\n").contains("it lists no package"));
    let other = archive(&[("a/b", "x")]);
    assert!(refused(KIND, &other).contains("it is no database of packages"));
}

#[test]
fn a_database_by_repo_add_is_read() {
    let folder = tempfile::tempdir().unwrap();
    // It looks into packages with this one.
    if printed("bsdtar", &["--version"], folder.path()).is_none() {
        return;
    }
    let file = |name: &str, version: &str| format!("{name}-{version}-x86_64.pkg.tar");
    for (name, base, version) in [("libdemo", "demo", "2:1.4-2"), ("demo", "demo", "2:1.4-2")] {
        let info = format!(
            "pkgname = {name}\npkgbase = {base}\npkgver = {version}\npkgdesc = Shows something\n\
             url = https://demo.example\nbuilddate = 1725400000\npackager = One <one@archlinux.org>\n\
             size = 7\narch = x86_64\nlicense = MIT\ndepend = glibc\n"
        );
        let path = folder.path().join(file(name, version));
        fs_err::write(path, archive(&[(".PKGINFO", &info)])).unwrap();
    }
    let (one, two) = (file("libdemo", "2:1.4-2"), file("demo", "2:1.4-2"));
    for database in ["demo.db.tar.gz", "demo.db.tar.zst"] {
        let arguments = ["--quiet", "--nocolor", database, &one, &two];
        if printed("repo-add", &arguments, folder.path()).is_none() {
            return;
        }
        let bytes = fs_err::read(folder.path().join(database)).unwrap();
        let found = inventory(KIND, database, &bytes);
        assert_eq!(found.head.repository.as_deref(), Some("demo"));
        assert_eq!(found.head.branch.as_deref(), Some("rolling"));
        assert_eq!(found.packages.len(), 2, "{database}");
        let library = package(&found, "libdemo");
        assert_eq!(
            (&*library.source_name, &*library.version),
            ("demo", "2:1.4-2")
        );
        assert_eq!(library.checksum.as_ref().unwrap().len(), 64);
        assert_eq!(library.depends, ["glibc"]);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = try_inventory(KIND, "x", &bytes);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(%(NAME|VERSION|BASE|FILENAME|CSIZE)%\n|[a-z0-9]{0,3}\n){0,20}") {
        let _ = try_inventory(KIND, "x", text.as_bytes());
    }
}
