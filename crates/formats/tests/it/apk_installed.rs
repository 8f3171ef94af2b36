//! What apk installed, and the files beside that.

use palisade_formats::apk_repositories::{Layout, Repositories};
use palisade_formats::apk_world::{Wanted, World};
use palisade_formats::{ReadError, Reject, apk_installed};
use palisade_model::{Inventory, Package};
use proptest::prelude::*;

use crate::support::{real, tar};

fn try_read(bytes: &[u8]) -> (Result<Inventory, ReadError>, Vec<String>) {
    let mut rejects = Vec::new();
    let read = apk_installed::read("d", &mut &*bytes, &mut |reject: Reject| {
        let mended = if reject.mended { "~" } else { "" };
        rejects.push(format!("{mended}{reject}"));
    });
    (read, rejects)
}

const INSTALLED: &str = "\
C:Q1VFqm8pEgmviZMrdh2eQiwneFlsw=
P:libfoo
V:1.2-r3
A:x86_64
S:847
I:10
T:a library
U:https://foo.example/
L:MIT
o:foo
m:B <b@b.org>
t:1774422169
c:15b3b78187b3808104f98f765e9632e0b09281a7
D:so:libc.musl-x86_64.so.1
p:so:libfoo.so.1=1.2 cmd:foo=1.2-r3
i:bar baz
k:10
r:foo-old
q:1000
s:edge
f:S
g:a:b c
F:usr
M:0:0:755
F:usr/lib
R:libfoo.so.1
a:0:0:755
Z:Q1qAdtPSjSHgIBKyDq99v3VAmmJ3E=

P:bar
V:2-r0
A:noarch
F:etc
R:bar.conf
";

#[test]
fn a_database_is_read_without_its_files() {
    let (read, rejects) = try_read(INSTALLED.as_bytes());
    let inventory = read.unwrap();
    assert_eq!(rejects, [""; 0]);
    let head = &inventory.head;
    assert_eq!(
        (
            head.distribution.as_deref(),
            head.branch.as_deref(),
            head.architecture.as_deref()
        ),
        (Some("alpine"), None, Some("x86_64"))
    );
    assert_eq!(head.time, None);
    let [foo, bar] = &inventory.packages[..] else {
        panic!("{:?}", inventory.packages)
    };
    assert_eq!(
        (&*foo.name, &*foo.source_name, &*foo.source_version),
        ("libfoo", "foo", "1.2-r3")
    );
    assert_eq!(foo.maintainer.as_deref(), Some("B <b@b.org>"));
    assert_eq!(
        foo.checksum.as_deref(),
        Some("Q1VFqm8pEgmviZMrdh2eQiwneFlsw=")
    );
    assert_eq!(foo.provides, ["so:libfoo.so.1=1.2", "cmd:foo=1.2-r3"]);
    let properties: Vec<_> = foo
        .properties
        .iter()
        .map(|(name, json)| format!("{name}={json}"))
        .collect();
    assert_eq!(
        properties,
        [
            "flags=\"S\"",
            "install_if=[\"bar\",\"baz\"]",
            "installed_size=10",
            "provider_priority=10",
            "replaces=[\"foo-old\"]",
            "replaces_priority=1000",
            "repository_tag=\"edge\"",
            "size=847",
            "tags=[\"a:b\",\"c\"]",
        ]
    );
    assert_eq!((&*bar.name, &*bar.source_name), ("bar", "bar"));
}

#[test]
fn a_root_tells_its_branch() {
    let repositories = "https://x/alpine/v3.22/main\n@testing https://x/alpine/edge/testing\n";
    let branch = |files: &[(&str, &str)]| {
        let (read, rejects) = try_read(&tar(files));
        assert_eq!(rejects, [""; 0]);
        let head = read.unwrap().head;
        (head.distribution.unwrap(), head.branch.unwrap_or_default())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let database = ("lib/apk/db/installed", INSTALLED);
    assert_eq!(branch(&[database]), pair("alpine", ""));
    assert_eq!(
        branch(&[("etc/apk/repositories", repositories), database]),
        pair("alpine", "v3.22")
    );
    let release = ("usr/lib/os-release", "ID=alpine\nVERSION_ID=3.21.4\n");
    assert_eq!(branch(&[database, release]), pair("alpine", "v3.21"));
    let wolfi = [
        ("usr/lib/apk/db/installed", INSTALLED),
        ("etc/os-release", "ID=wolfi\nVERSION_ID=\"20230201\"\n"),
    ];
    assert_eq!(branch(&wolfi), pair("wolfi", ""));
}

#[test]
fn what_is_no_database_is_an_error() {
    for bytes in [
        b"".to_vec(),
        b"<html>".to_vec(),
        tar(&[("etc/apk/repositories", "x")]),
        tar(&[("lib/apk/db/installed", "<html>")]),
        tar(&[("lib/apk/db/installed", INSTALLED)])[..700].to_vec(),
    ] {
        let (read, _) = try_read(&bytes);
        assert!(read.is_err(), "{:?}", &bytes[..bytes.len().min(20)]);
    }
    let (read, _) = try_read(&tar(&[("lib/apk/db/installed", "")]));
    assert!(read.unwrap().packages.is_empty());
    let twice = tar(&[
        ("lib/apk/db/installed", INSTALLED),
        ("usr/lib/apk/db/installed", INSTALLED),
    ]);
    let (read, rejects) = try_read(&twice);
    assert_eq!(read.unwrap().packages.len(), 2);
    assert_eq!(
        rejects,
        [
            "d!usr/lib/apk/db/installed, the whole document: it is a second database of installed packages"
        ]
    );
}

#[test]
fn the_real_roots_are_read() {
    let mut told = Vec::new();
    for root in [
        "v3.6",
        "v3.8",
        "v3.10",
        "v3.12",
        "v3.14",
        "v3.16",
        "v3.20",
        "edge",
        "v3.23.6",
        "v3.20-aarch64",
    ] {
        let folder = match root {
            "v3.23.6" => "v3.23.6-x86_64-vm".to_owned(),
            "v3.20-aarch64" => root.to_owned(),
            root => format!("{root}-x86_64"),
        };
        let path = |file: &str| real(&format!("alpine/installed/{folder}/{file}"));
        let Some(database) = path("lib/apk/db/installed") else {
            return;
        };
        let (read, rejects) = try_read(&fs_err::read(database).unwrap());
        assert_eq!(rejects, [""; 0]);
        let inventory = read.unwrap();
        let origins: std::collections::BTreeSet<_> = inventory
            .packages
            .iter()
            .map(|it| &it.source_name)
            .collect();
        let text = |file: &str| fs_err::read_to_string(path(file).unwrap()).unwrap();
        let repositories = Repositories::parse(&text("etc/apk/repositories"));
        assert_eq!(
            (repositories.problems.len(), repositories.list.len()),
            (0, 2)
        );
        let world = World::parse(&text("etc/apk/world"));
        assert_eq!(world.problems, []);
        for Wanted { name, .. } in &world.list {
            let provides = |it: &Package| {
                it.provides
                    .iter()
                    .any(|it| it.split('=').next() == Some(name))
            };
            let there = |it: &Package| it.name == *name || provides(it);
            assert!(inventory.packages.iter().any(there), "{name}");
        }
        assert_eq!(
            inventory.head.architecture.as_deref(),
            Some(text("etc/apk/arch").trim())
        );
        told.push(format!(
            "{} packages={} origins={} world={}",
            repositories.branch().unwrap(),
            inventory.packages.len(),
            origins.len(),
            world.list.len()
        ));
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    v3.6 packages=13 origins=9 world=5
    v3.8 packages=13 origins=9 world=5
    v3.10 packages=14 origins=11 world=5
    v3.12 packages=14 origins=11 world=5
    v3.14 packages=14 origins=11 world=5
    v3.16 packages=14 origins=10 world=5
    v3.20 packages=14 origins=9 world=5
    edge packages=14 origins=9 world=5
    v3.23 packages=59 origins=38 world=15
    v3.20 packages=14 origins=9 world=5
    ");
}

#[test]
fn a_database_that_apk_3_wrote_is_read() {
    let Some(path) = real("alpine/adb-v3/installed.after-v3-add") else {
        return;
    };
    let (read, rejects) = try_read(&fs_err::read(path).unwrap());
    assert_eq!(rejects, [""; 0]);
    let package = &read.unwrap().packages[0];
    assert_eq!((&*package.name, &*package.version), ("hello", "1.0-r0"));
    assert_eq!(package.properties["flags"], "\"S\"");
    assert_eq!(
        package.properties["tags"],
        r#"["security=CVE-2024-1","foo"]"#
    );
    assert_eq!(package.homepage, None);
}

/// `LINE LAYOUT TAG URL` for each repository, and the problems.
fn repositories(text: &str) -> (Vec<String>, Vec<String>) {
    let Repositories { list, problems } = Repositories::parse(text);
    let layout = |layout| match layout {
        Layout::V2 => "v2",
        Layout::V3 => "v3",
        Layout::Index => "ndx",
    };
    let line = |it: &palisade_formats::apk_repositories::Repository| {
        format!(
            "{} {} {} {}",
            it.line,
            layout(it.layout),
            it.tag.as_deref().unwrap_or("-"),
            it.url
        )
    };
    (
        list.iter().map(line).collect(),
        problems
            .iter()
            .map(|(line, reason)| format!("{line}: {reason}"))
            .collect(),
    )
}

#[test]
fn lines_of_repositories_are_read_as_apk_3_does() {
    let (list, problems) = repositories(
        "# c\nhttps://x/alpine/edge/main/\n/media/cdrom/apks\n@a https://x/b\nset mirror=https://x\nset -default mirror=https://y\nset -default r=community\nv3 @t ${mirror}/alpine/v3.23 main ${r} ${APK_ARCH}\nndx https://x/a/Packages\nhttps://x/APKINDEX.tar.gz\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(
        list,
        [
            "2 v2 - https://x/alpine/edge/main",
            "3 v2 - /media/cdrom/apks",
            "4 v2 a https://x/b",
            "8 v3 t https://x/alpine/v3.23/main",
            "8 v3 t https://x/alpine/v3.23/community",
            "8 v3 t https://x/alpine/v3.23/${APK_ARCH}",
            "9 ndx - https://x/a/Packages",
            "10 ndx - https://x/APKINDEX.tar.gz",
        ]
    );
    let (list, problems) = repositories(
        "v4 https://x\nv3\n@a\nset a\nset 1=b\nset APK_X=y\n${nowhere}/x\n${a\nset a=x\n${a}/b\n",
    );
    assert_eq!(list, [""; 0]);
    assert_eq!(
        problems,
        [
            "1: \"v4\" is no keyword and no address",
            "2: there is no address",
            "3: there is no address",
            "4: there is no value to set",
            "5: \"1\" is no name of a variable that can be set",
            "6: \"APK_X\" is no name of a variable that can be set",
            "7: the variable \"nowhere\" is not set",
            "8: a ${ is not closed",
            "10: \"x/b\" is no address",
        ]
    );
    let doubling = format!("set a=/xxxxxxxx\n{}${{a}}\n", "set a=${a}${a}\n".repeat(64));
    assert!(Repositories::parse(&doubling).problems.len() > 40);
}

#[test]
fn the_branch_is_that_of_all_untagged_repositories() {
    for (text, branch) in [
        (
            "http://dl-cdn.alpinelinux.org/alpine/v3.22/main\nhttp://dl-cdn.alpinelinux.org/alpine/v3.22/community\n",
            Some("v3.22"),
        ),
        ("https://x/edge/main\n", Some("edge")),
        (
            "https://x/alpine/v3.22/main\n@edge https://x/alpine/edge/testing\n",
            Some("v3.22"),
        ),
        (
            "https://x/alpine/v3.22/main\nhttps://x/alpine/edge/testing\n",
            None,
        ),
        (
            "/media/cdrom/apks\nv3 https://x/alpine/v3.22 main community\n",
            Some("v3.22"),
        ),
        ("https://packages.wolfi.dev/os\n", None),
        ("https://x/alpine/latest-stable/main\n", None),
        (
            "https://x/alpine/v3/main\nhttps://x/alpine/v3.22/x86_64\n",
            None,
        ),
        ("", None),
    ] {
        assert_eq!(
            Repositories::parse(text).branch().as_deref(),
            branch,
            "{text}"
        );
    }
    let list = Repositories::parse("https://x/alpine/v3.22/main\n").list;
    assert_eq!(list[0].place(), Some(("v3.22", "main")));
    assert_eq!(list[0].branch().unwrap().to_string(), "alpine/v3.22");
}

#[test]
fn words_of_world_are_taken_apart() {
    let world = World::parse(
        "busybox\n!foo\nbar@edge\nbaz=1.6.1 qux~=1.6\na@b>=2-r1\nid><Q1abc=\n.virtual=0\n",
    );
    let words: Vec<String> = world
        .list
        .iter()
        .map(|it| {
            let (operator, version) = it.constraint.clone().unwrap_or_default();
            let conflict = if it.conflict { "!" } else { "" };
            format!(
                "{} {conflict}{} {} {operator} {version}",
                it.line,
                it.name,
                it.tag.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        words,
        [
            "1 busybox -  ",
            "2 !foo -  ",
            "3 bar edge  ",
            "4 baz - = 1.6.1",
            "4 qux - ~= 1.6",
            "5 a b >= 2-r1",
            "6 id - >< Q1abc=",
            "7 .virtual - = 0",
        ]
    );
    assert_eq!(world.problems, []);
    let odd = World::parse("!\n@x\na@\nb=\nc>>1\n=1");
    assert_eq!(odd.problems.len(), 6);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = try_read(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = World::parse(&text);
        let _ = Repositories::parse(&text).branch();
        let _ = try_read(&tar(&[("lib/apk/db/installed", &text), ("etc/os-release", &text), ("etc/apk/repositories", &text)]));
    }

    #[test]
    fn no_text_makes_it_panic(text in "([A-Za-z]:[ -~]{0,8}\n{1,2}){0,20}", lines in "((set |v3 |@a |)[$\\{\\}a-c/:=]{0,9}\n){0,9}") {
        let _ = try_read(text.as_bytes());
        let _ = Repositories::parse(&lines).branch();
    }
}
