//! Comparison with apk-tools 3 itself, in the root that `PALISADE_APK_ROOT` names.

use std::io::Write;
use std::process::{Command, Stdio};

use super::*;

/// What a script prints in a folder of its own in Alpine's root, where the input is `input`.
///
/// `None`, with a line that says so, where there is no such root.
fn in_apk_root(script: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told where Alpine is"
    )]
    let Ok(root) = std::env::var("PALISADE_APK_ROOT") else {
        eprintln!("skipped: PALISADE_APK_ROOT names no directory with Alpine");
        return None;
    };
    let script = format!(
        "export PATH=/sbin:/bin:/usr/bin SOURCE_DATE_EPOCH=1700000000
        d=$(mktemp -d) && cd \"$d\" && cat > input && ( set -e\n{script}\n)
        status=$?; cd /; rm -rf \"$d\"; exit $status"
    );
    let mut child = Command::new("chroot")
        .args([&root, "/bin/sh", "-c", &script, "sh"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script}: {}", output.status);
    Some(output.stdout)
}

/// What apk dumps of a document.
fn apk_dump(bytes: &[u8]) -> Option<Value> {
    let dump = in_apk_root("apk adbdump --format json input", &[], bytes)?;
    Some(serde_json::from_slice(&dump).unwrap())
}

fn assert_dumped_alike(name: &str, bytes: &[u8]) {
    if let Some(dump) = apk_dump(bytes) {
        let ours = dump::content(&content(bytes));
        assert!(ours == dump, "{name}: {}", difference(&ours, &dump));
    }
}

/// The first lines that differ.
fn difference(ours: &Value, theirs: &Value) -> String {
    let (ours, theirs) = (format!("{ours:#}"), format!("{theirs:#}"));
    let mut lines = ours.lines().zip(theirs.lines());
    let found = lines.find(|(ours, theirs)| ours != theirs);
    found.map_or_else(String::new, |(ours, theirs)| {
        format!("{ours:?} is {theirs:?}")
    })
}

#[test]
fn apk_dumps_its_own_documents_alike() {
    for file in [
        "Packages.adb",
        "hello-1.1-r0.apk",
        "hello-2sigs.apk",
        "hello-deflate.apk",
        "hello-none.apk",
    ] {
        let Some(bytes) = shared_data::bytes(&format!("alpine/adb-v3/{file}")) else {
            return;
        };
        assert_dumped_alike(file, &bytes);
    }
}

#[test]
fn apk_dumps_the_index_of_v3_17_alike() {
    let Some(bytes) = shared_data::bytes(V3_17) else {
        return;
    };
    let Some(mut dump) = apk_dump(&bytes) else {
        return;
    };
    // What apk did not accept when it made the index, it dumps as empty.
    let packages = dump["packages"].as_array_mut().unwrap();
    packages.retain(|package| package["version"] != "");
    for package in packages.iter_mut().filter_map(Value::as_object_mut) {
        if package.get("provides") == Some(&Value::Array(Vec::new())) {
            package.remove("provides");
        }
    }
    assert!(dump::content(&read_leniently(&bytes).0.unwrap().content) == dump);
}

#[test]
fn an_installed_database_is_read_as_apk_dumps_it() {
    let Some(bytes) = in_apk_root("apk convdb >&2; cat installed.adb", &[], b"") else {
        return;
    };
    assert_dumped_alike("installed.adb", &bytes);
    let inventory = inventory(&bytes);
    let names: Vec<_> = inventory.packages.iter().map(|it| &*it.name).collect();
    assert!(names.contains(&"musl") && names.contains(&"apk-tools"));
    let listed = in_apk_root("grep -c ^P: /lib/apk/db/installed", &[], b"").unwrap();
    let listed = String::from_utf8(listed).unwrap();
    assert_eq!(names.len().to_string(), listed.trim());
}

/// Makes a package with files of every kind, and an index of it.
const MAKE: &str = r#"
    mkdir -p fs/usr/bin fs/etc fs/empty fs/dev fs/var/lib/deep
    echo hello > fs/usr/bin/hi; ln fs/usr/bin/hi fs/usr/bin/hi2; chmod 4755 fs/usr/bin/hi
    ln -s ../usr/bin/hi fs/etc/link; : > fs/etc/zero; chown 100:101 fs/etc/zero
    mknod fs/dev/c c 1 3; mknod fs/dev/b b 8 1
    head -c 100000 /bin/busybox > fs/var/lib/deep/big
    printf '#!/bin/sh\necho hi\n' > script
    apk mkpkg -F fs -I name:full -I version:1.2_rc1-r3 -I arch:noarch -o full.apk \
        -I "depends:a>1 !b c<=2 d~3 e<~4 f>~5 g>=6 i=8" -I "provides:cmd:hi=1.2" \
        -I "replaces:old<2" -I "install-if:x y=1" -I "recommends:r1 r2>3" -I layer:1 \
        -I "tags:a b" -I provider-priority:10 -I replaces-priority:5 \
        -I "maintainer:Zoe <z@example>" -I url:https://x.example/ -I license:MIT \
        -I "description:Ünïcode" -I repo-commit:0714a84b7f79009ae8b96aef50216ed72f54b885 \
        -I build-time:1700000001 -I origin:source -s pre-install:script -s trigger:script \
        -t "/usr/lib/*" -t /usr/share >&2
    apk mkndx --allow-untrusted -d v3.22.1-7-gabcdef0 --pkgname-spec '${name}-${version}.apk' \
        -o index.adb full.apk >&2
"#;

#[test]
fn every_kind_of_file_is_read_as_apk_dumps_it() {
    let Some(package) = in_apk_root(&format!("{MAKE}\ncat full.apk"), &[], b"") else {
        return;
    };
    assert_dumped_alike("full.apk", &package);
    let index = in_apk_root(&format!("{MAKE}\ncat index.adb"), &[], b"").unwrap();
    assert_dumped_alike("index.adb", &index);
    let Content::Index(index) = content(&index) else {
        panic!("no index")
    };
    let mut reader = &*package;
    let context = InventoryContext::default();
    let reader = PackageReader::open("x", &mut reader, &context, &mut |it| panic!("{it}")).unwrap();
    assert_eq!(
        index.packages[0].hashes.as_deref(),
        Some(&reader.identity()[..])
    );
}

#[test]
fn apk_verifies_and_dumps_what_is_written() {
    let Some(bytes) = shared_data::bytes(V3_17) else {
        return;
    };
    let pair = Pair::new();
    let sign = |message: &[u8]| pair.sign(message);
    let signer = || Signer {
        id: *pair.public.id(),
        sign: &sign,
    };
    let Content::Index(index) = read_leniently(&bytes).0.unwrap().content else {
        panic!("no index")
    };
    let (manifest, contents) = small_package();
    for compression in [Compression::None, Compression::Deflate] {
        let index = write_index(&index, &[signer()], compression).unwrap();
        let small = write_index(&small_index(), &[signer()], compression).unwrap();
        let package = write_package(&manifest, &contents, &[signer()], compression).unwrap();
        for bytes in [index, small, package] {
            let verify = r#"mkdir keys; echo "$1" > keys/ours.pub
                apk --keys-dir "$PWD/keys" verify input"#;
            let Some(said) = in_apk_root(verify, &[PEM], &bytes) else {
                return;
            };
            assert_eq!(said, b"input: OK\n");
            assert_dumped_alike("ours", &bytes);
        }
    }
}

#[test]
fn apk_installs_a_package_that_is_written() {
    let (mut manifest, contents) = small_package();
    // What is needed is not there, and making a device may not be allowed.
    manifest.info.depends.clear();
    manifest.info.provides = vec!["cmd:demo=1.2.3-r4".to_owned()];
    manifest.info.replaces.clear();
    manifest.info.install_if.clear();
    manifest.info.layer = None;
    manifest.scripts.clear();
    manifest.triggers.clear();
    manifest.directories[1].files.truncate(4);
    let access = Access {
        attributes: Vec::new(),
        ..root_may(0o755)
    };
    for directory in &mut manifest.directories {
        directory.access = Some(access.clone());
        for file in &mut directory.files {
            file.access = Some(access.clone());
        }
    }
    let pair = Pair::new();
    let sign = |message: &[u8]| pair.sign(message);
    let signer = Signer {
        id: *pair.public.id(),
        sign: &sign,
    };
    let package = write_package(&manifest, &contents, &[signer], Compression::Deflate).unwrap();
    let install = r#"mkdir keys; echo "$1" > keys/ours.pub; mv input demo.apk
        apk --keys-dir "$PWD/keys" --root "$PWD/root" --initdb --arch x86_64 --no-network \
            --repositories-file /dev/null add ./demo.apk >&2
        cd root; cat usr/bin/demo usr/bin/demo2 usr/lib/x; readlink usr/bin/link
        grep '^[PVZ]:' lib/apk/db/installed"#;
    let Some(said) = in_apk_root(install, &[PEM], &package) else {
        return;
    };
    let said = String::from_utf8(said).unwrap();
    assert_eq!(
        said.lines().take(3).collect::<Vec<_>>(),
        ["contentcontentlibrary../lib/x", "P:demo-libs", "V:1.2.3-r4"],
    );
}
