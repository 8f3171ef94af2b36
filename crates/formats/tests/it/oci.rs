//! Images of containers.

use std::io::Write as _;

use palisade_formats::inventory::InventoryKind;
use palisade_model::{Ecosystem, Inventory};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{inventory, package, printed, real, refused, try_inventory};

const KIND: InventoryKind = InventoryKind::Oci;

const ALPINE: &str = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\n";
const DEBIAN: &str = "ID=debian\nVERSION_ID=\"12\"\n";
const INSTALLED: &str = "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:musl\nV:1.2.5-r0\nA:x86_64\nS:1\nI:2\n\
    T:the musl c library\nU:https://musl.libc.org/\nL:MIT\no:musl\nm:Some One <one@example.org>\n\
    t:1711000000\nc:00\nF:lib\nM:0:0:755\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1xx\n\n\
    P:libcrypto3\nV:3.3.2-r0\nA:x86_64\no:openssl\nF:\n\n";
const STATUS: &str = "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1\n\
    Architecture: amd64\nSource: openssl\n\n";

/// An archive of files; a name that ends in `->` is a symbolic link.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        if let Some(name) = name.strip_suffix("->") {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            archive.append_link(&mut header, name, "elsewhere").unwrap();
        } else {
            header.set_size(bytes.len() as u64);
            archive.append_data(&mut header, name, *bytes).unwrap();
        }
    }
    archive.into_inner().unwrap()
}

fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    archive(&files)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A digest; what stands in one is not checked.
fn digest(number: usize) -> String {
    format!("sha256:{number:064x}")
}

fn blob(number: usize) -> String {
    format!("blobs/sha256/{number:064x}")
}

fn configuration() -> Value {
    json!({"architecture": "amd64", "os": "linux", "created": "2026-03-01T12:00:00Z", "rootfs": {"type": "layers"}})
}

fn manifest(layers: usize) -> Value {
    let list: Vec<Value> = (0..layers)
        .map(|number| json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(100 + number), "size": 5000}))
        .collect();
    json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
           "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(2), "size": 1},
           "layers": list})
}

/// An image in OCI's layout, with whatever else belongs in the archive.
fn image_with(layers: &[Vec<u8>], index: &Value, more: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut members: Vec<(String, Vec<u8>)> = vec![
        (blob(1), manifest(layers.len()).to_string().into_bytes()),
        (blob(2), configuration().to_string().into_bytes()),
        ("index.json".to_owned(), index.to_string().into_bytes()),
        (
            "oci-layout".to_owned(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        ),
    ];
    for (number, bytes) in layers.iter().enumerate() {
        members.push((blob(100 + number), bytes.clone()));
    }
    members.extend_from_slice(more);
    let members: Vec<_> = members
        .iter()
        .map(|(name, bytes)| (name.as_str(), &bytes[..]))
        .collect();
    archive(&members)
}

fn descriptor(number: usize) -> Value {
    json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(number), "size": 1,
           "annotations": {"io.containerd.image.name": "registry.example/team/shop:1.2", "org.opencontainers.image.ref.name": "1.2"}})
}

fn image(layers: &[Vec<u8>]) -> Vec<u8> {
    image_with(
        layers,
        &json!({"schemaVersion": 2, "manifests": [descriptor(1)]}),
        &[],
    )
}

fn names(found: &Inventory) -> Vec<&str> {
    found.packages.iter().map(|it| it.name.as_str()).collect()
}

fn alpine() -> Vec<u8> {
    layer(&[
        ("etc/os-release", ALPINE),
        ("lib/apk/db/installed", INSTALLED),
    ])
}

#[test]
fn an_image_of_alpine_is_read() {
    let found = inventory(KIND, "x.tar", &image(&[gzip(&alpine())]));
    let head = &found.head;
    assert_eq!(head.distribution.as_deref(), Some("alpine"));
    assert_eq!(head.branch.as_deref(), Some("v3.20"));
    assert_eq!(head.repository.as_deref(), Some("shop"));
    assert_eq!(head.architecture.as_deref(), Some("x86_64"));
    assert_eq!(head.revision.as_deref(), Some(&*digest(1)));
    assert_eq!(head.time.unwrap().to_string(), "2026-03-01T12:00:00Z");
    assert_eq!(names(&found), ["musl", "libcrypto3"]);
    let musl = package(&found, "musl");
    assert_eq!(musl.version, "1.2.5-r0");
    assert_eq!(musl.homepage.as_deref(), Some("https://musl.libc.org/"));
    assert_eq!(
        musl.checksum.as_deref(),
        Some("Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=")
    );
    assert_eq!(package(&found, "libcrypto3").source_name, "openssl");
    assert!(
        found
            .packages
            .iter()
            .all(|it| it.ecosystem == Ecosystem::Inventory)
    );
}

#[test]
fn layers_may_be_compressed_in_any_way_and_so_may_the_archive() {
    let plain = inventory(KIND, "x", &image(&[alpine()]));
    let zstd = zstd::encode_all(&alpine()[..], 1).unwrap();
    assert_eq!(inventory(KIND, "x", &image(&[zstd])), plain);
    assert_eq!(
        inventory(KIND, "x", &gzip(&image(&[gzip(&alpine())]))),
        plain
    );
}

#[test]
fn upper_layers_replace_and_remove() {
    let upper = "P:busybox\nV:1-r0\n\n";
    let base = || vec![gzip(&alpine())];
    let with = |files: &[(&str, &str)]| {
        let mut layers = base();
        layers.push(gzip(&layer(files)));
        try_inventory(KIND, "x", &image(&layers)).0
    };
    let replaced = with(&[("lib/apk/db/installed", upper)]).unwrap();
    assert_eq!(names(&replaced), ["busybox"]);
    let list = [("usr/lib/apk/db/installed", upper)];
    for gone in [
        "lib/apk/db/.wh.installed",
        "lib/apk/.wh.db",
        ".wh.lib",
        "lib/.wh..wh..opq",
        ".wh..wh..opq",
    ] {
        let mut files = vec![(gone, "")];
        files.extend(list);
        assert_eq!(names(&with(&files).unwrap()), ["busybox"], "{gone}");
    }
    // What an opaque folder has in its own layer stays, wherever the mark stands.
    let own = with(&[
        ("lib/apk/db/installed", upper),
        ("lib/apk/db/.wh..wh..opq", ""),
    ])
    .unwrap();
    assert_eq!(names(&own), ["busybox"]);
    for kept in [
        "lib/apk/db/.wh.installe",
        "lib/apk/.wh.d",
        "etc/.wh..wh..opq",
    ] {
        assert_eq!(
            names(&with(&[(kept, "")]).unwrap()),
            ["musl", "libcrypto3"],
            "{kept}"
        );
    }
    assert!(
        with(&[("lib/.wh.apk", "")])
            .unwrap_err()
            .to_string()
            .contains("none of the lists")
    );
}

#[test]
fn an_image_of_debian_is_read_with_or_without_dpkg() {
    let whole = layer(&[
        ("usr/lib/os-release", DEBIAN),
        ("etc/os-release->", ""),
        ("var/lib/dpkg/status", STATUS),
    ]);
    let found = inventory(KIND, "x", &image(&[whole]));
    assert_eq!(found.head.distribution.as_deref(), Some("debian"));
    assert_eq!(found.head.branch.as_deref(), Some("12"));
    assert_eq!(found.head.architecture.as_deref(), Some("amd64"));
    assert_eq!(package(&found, "libssl3").source_name, "openssl");
    let pieces = layer(&[
        ("etc/os-release", DEBIAN),
        (
            "var/lib/dpkg/status.d/base",
            "Package: base-files\nVersion: 12.4+deb12u5\nArchitecture: amd64\n",
        ),
        (
            "var/lib/dpkg/status.d/libssl3",
            "Package: libssl3\nVersion: 3.0.11-1\nArchitecture: amd64\nSource: openssl\n",
        ),
        ("var/lib/dpkg/status.d/libssl3.md5sums", "00  usr/lib/x\n"),
        ("var/lib/dpkg/status.d/deeper/x", "Package: x\nVersion: 1\n"),
    ]);
    let removed = layer(&[("var/lib/dpkg/status.d/.wh.base", "")]);
    assert_eq!(
        names(&inventory(KIND, "x", &image(std::slice::from_ref(&pieces)))),
        ["base-files", "libssl3"]
    );
    assert_eq!(
        names(&inventory(KIND, "x", &image(&[pieces, removed]))),
        ["libssl3"]
    );
}

#[test]
fn an_image_of_arch_is_read() {
    let desc = "%NAME%\nzlib\n\n%VERSION%\n1:1.3.1-2\n\n%ARCH%\nx86_64\n";
    let files = layer(&[
        ("usr/lib/os-release", "ID=arch\nBUILD_ID=rolling\n"),
        ("var/lib/pacman/local/ALPM_DB_VERSION", "9\n"),
        ("var/lib/pacman/local/zlib-1:1.3.1-2/desc", desc),
        (
            "var/lib/pacman/local/old-1-1/desc",
            "%NAME%\nold\n\n%VERSION%\n1-1\n",
        ),
    ]);
    let upper = layer(&[("var/lib/pacman/local/.wh.old-1-1", "")]);
    let found = inventory(KIND, "x", &image(&[files, upper]));
    assert_eq!(found.head.distribution.as_deref(), Some("archlinux"));
    assert_eq!(found.head.branch.as_deref(), Some("rolling"));
    assert_eq!(names(&found), ["zlib"]);
}

#[test]
fn packages_of_a_second_distribution_stay_its_own() {
    let both = layer(&[
        ("etc/os-release", DEBIAN),
        ("lib/apk/db/installed", INSTALLED),
        ("var/lib/dpkg/status", STATUS),
    ]);
    let found = inventory(KIND, "x", &image(&[both]));
    assert_eq!(found.head.distribution.as_deref(), Some("debian"));
    assert_eq!(package(&found, "libssl3").ecosystem, Ecosystem::Inventory);
    let alpine = Ecosystem::Distribution {
        distribution: "alpine".parse().unwrap(),
        branch: None,
    };
    assert_eq!(package(&found, "musl").ecosystem, alpine);
}

#[test]
fn what_docker_saved_is_read_in_its_old_form() {
    let list = json!([{"Config": "00ff.json", "RepoTags": ["shop:latest"], "Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"]}]);
    let (one, two) = (
        alpine(),
        layer(&[("lib/apk/db/installed", "P:a\nV:1-r0\n\n")]),
    );
    let members: Vec<(&str, Vec<u8>)> = vec![
        ("a/layer.tar", one),
        ("b/layer.tar", two),
        // A layer that is there twice.
        ("c/layer.tar->", Vec::new()),
        ("00ff.json", configuration().to_string().into_bytes()),
        ("manifest.json", list.to_string().into_bytes()),
        ("repositories", b"{}".to_vec()),
    ];
    let members: Vec<_> = members
        .iter()
        .map(|(name, bytes)| (*name, &bytes[..]))
        .collect();
    let found = inventory(KIND, "x", &archive(&members));
    assert_eq!(names(&found), ["a"]);
    assert_eq!(found.head.repository.as_deref(), Some("shop"));
    assert_eq!(found.head.revision.as_deref(), Some("sha256:00ff"));
    assert_eq!(found.head.branch.as_deref(), Some("v3.20"));
}

#[test]
fn an_index_within_an_index_leads_to_the_image_and_not_to_its_attestation() {
    let inner = json!({"manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(1), "platform": {"architecture": "amd64", "os": "linux"}},
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(8), "platform": {"architecture": "arm64", "os": "linux"}},
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(9), "platform": {"architecture": "unknown", "os": "unknown"}}
    ]});
    let attestation = json!({"config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(2)},
        "layers": [{"mediaType": "application/vnd.in-toto+json", "digest": digest(2)}]});
    let index = json!({"manifests": [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest(7)}]});
    let more = [
        (blob(7), inner.to_string().into_bytes()),
        (blob(9), attestation.to_string().into_bytes()),
    ];
    let found = inventory(KIND, "x", &image_with(&[alpine()], &index, &more));
    assert_eq!(names(&found), ["musl", "libcrypto3"]);
    let circle = json!({"manifests": [{"digest": digest(7)}]});
    let more = [(blob(7), circle.to_string().into_bytes())];
    assert!(refused(KIND, &image_with(&[], &index, &more)).contains("it holds no image"));
}

#[test]
fn an_inventory_is_of_one_image() {
    let other = manifest(0).to_string().into_bytes();
    let index = json!({"manifests": [descriptor(1), descriptor(5)]});
    let bytes = image_with(&[alpine()], &index, &[(blob(5), other)]);
    assert!(refused(KIND, &bytes).contains("it holds 2 images"));
}

#[test]
fn damaged_and_foreign_archives_are_refused() {
    let whole = image(&[gzip(&alpine())]);
    for (bytes, reason) in [
        (&b""[..], "it is no archive"),
        (b"hello", "it is no archive"),
        (&archive(&[("a", b"b")]), "it holds no image"),
        (
            &archive(&[("index.json", b"{")]),
            "its index.json cannot be read",
        ),
        (&whole[..whole.len() / 2], "read x"),
        (
            &image(&[layer(&[("etc/os-release", ALPINE)])]),
            "none of the lists of packages",
        ),
    ] {
        let said = refused(KIND, bytes);
        assert!(said.contains(reason), "{said}");
    }
    let index = json!({"manifests": [descriptor(1)]});
    let members = [
        (blob(1), manifest(1).to_string().into_bytes()),
        ("index.json".to_owned(), index.to_string().into_bytes()),
    ];
    let members: Vec<_> = members
        .iter()
        .map(|(name, bytes)| (name.as_str(), &bytes[..]))
        .collect();
    assert!(refused(KIND, &archive(&members)).contains("is missing"));
    let mut damaged = gzip(&alpine());
    let end = damaged.len() - 6;
    damaged[end] ^= 1;
    assert!(
        try_inventory(KIND, "x", &image(&[damaged])).0.is_err(),
        "a checksum does not agree"
    );
}

#[test]
fn paths_that_lead_elsewhere_are_not_taken() {
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    header.set_mode(0o644);
    let name = b"../lib/apk/db/installed";
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_cksum();
    let mut odd = tar::Builder::new(alpine());
    odd.append(&header, &b"P:x\n"[..]).unwrap();
    // The builder writes behind the first archive's end mark, which readers go over.
    let found = inventory(KIND, "x", &image(&[odd.into_inner().unwrap()]));
    assert_eq!(names(&found), ["musl", "libcrypto3"]);
}

#[test]
fn images_of_real_systems_of_alpine_have_their_packages() {
    for (root, branch) in [
        ("v3.6-x86_64", "v3.6"),
        ("v3.10-x86_64", "v3.10"),
        ("v3.16-x86_64", "v3.16"),
        ("v3.20-aarch64", "v3.20"),
        ("v3.23.6-x86_64-vm", "v3.23"),
        ("edge-x86_64", "edge"),
    ] {
        let Some(path) = real(&format!("alpine/installed/{root}")) else {
            return;
        };
        let installed = fs_err::read(path.join("lib/apk/db/installed")).unwrap();
        let release = ["etc/os-release", "usr/lib/os-release"];
        let release = release
            .iter()
            .filter_map(|name| fs_err::read(path.join(name)).ok())
            // Where it is a link, the file beside it may hold no more than its target.
            .find(|text| text.contains(&b'='))
            .unwrap();
        let files = [
            ("lib/apk/db/installed", &installed[..]),
            ("usr/lib/os-release", &release[..]),
        ];
        let found = inventory(KIND, "x", &image(&[gzip(&archive(&files))]));
        let expected = installed
            .split(|byte| *byte == b'\n')
            .filter(|line| line.starts_with(b"P:"))
            .count();
        assert_eq!(found.packages.len(), expected, "{root}");
        assert_eq!(found.head.branch.as_deref(), Some(branch), "{root}");
        assert!(
            found.packages.iter().all(|it| !it.version.is_empty()),
            "{root}"
        );
    }
}

#[test]
fn repositories_tell_the_branch_before_the_release_does() {
    for (line, branch) in [
        ("https://dl-cdn.alpinelinux.org/alpine/edge/main", "edge"),
        ("https://mirror.example/of/nothing", "v3.20"),
    ] {
        let files = layer(&[
            ("etc/os-release", ALPINE),
            ("etc/apk/repositories", line),
            ("lib/apk/db/installed", INSTALLED),
        ]);
        let found = inventory(KIND, "x", &image(&[files]));
        assert_eq!(found.head.branch.as_deref(), Some(branch), "{line}");
    }
}

/// Either would take hours if its parts were compared each with each.
#[test]
fn many_files_and_many_whiteouts_cost_little() {
    const MANY: usize = 50_000;
    let piece = |number: usize| format!("var/lib/dpkg/status.d/{number}");
    let text = |number: usize| format!("Package: p{number}\nVersion: 1\n");
    let gone = |number: usize| format!("var/lib/dpkg/status.d/.wh.{number}");
    let mut lower: Vec<_> = (0..MANY)
        .map(|number| (piece(number), text(number)))
        .collect();
    lower.push(("etc/os-release".to_owned(), DEBIAN.to_owned()));
    let upper: Vec<_> = (1..MANY)
        .map(|number| (gone(number), String::new()))
        .collect();
    let layers = [lower, upper].map(|files| {
        let files: Vec<_> = files
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        layer(&files)
    });
    assert_eq!(names(&inventory(KIND, "x", &image(&layers))), ["p0"]);

    // Indexes that all name each other, and one layer a thousand times.
    let all: Vec<Value> = (10..60)
        .map(|number| json!({"digest": digest(number)}))
        .collect();
    let inner = json!({"manifests": all});
    let more: Vec<_> = (10..60)
        .map(|number| (blob(number), inner.to_string().into_bytes()))
        .collect();
    let index = json!({"manifests": [{"digest": digest(10)}, descriptor(1)]});
    let mut list = manifest(1);
    list["layers"] = vec![list["layers"][0].clone(); 1000].into();
    let mut more = more;
    more.push((blob(3), list.to_string().into_bytes()));
    let index_of = |number: usize| {
        let mut index = index.clone();
        index["manifests"][1] = descriptor(number);
        index
    };
    let bytes = image_with(&[alpine()], &index_of(3), &more);
    assert_eq!(names(&inventory(KIND, "x", &bytes)), ["musl", "libcrypto3"]);
}

/// An image by umoci, and copies of it by skopeo, which have the members in another order.
#[test]
fn images_by_umoci_and_skopeo_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = |program, arguments: &[&str]| printed(program, arguments, folder.path());
    let upper = layer(&[
        ("lib/apk/db/.wh.installed", ""),
        ("var/lib/dpkg/status", STATUS),
        ("etc/os-release", DEBIAN),
    ]);
    for (name, bytes) in [("lower.tar", alpine()), ("upper.tar", upper)] {
        fs_err::write(folder.path().join(name), bytes).unwrap();
    }
    if run("umoci", &["--version"]).is_none() || run("skopeo", &["--version"]).is_none() {
        return;
    }
    let image = ["--image", "img:1"];
    run("umoci", &["init", "--layout", "img"]);
    run("umoci", &["new", image[0], image[1]]);
    for layer in ["lower.tar", "upper.tar"] {
        run("umoci", &["raw", "add-layer", image[0], image[1], layer]);
    }
    for (target, file) in [
        ("oci-archive:o.tar:registry.example/team/shop:1", "o.tar"),
        ("docker-archive:d.tar:registry.example/team/shop:1", "d.tar"),
    ] {
        run(
            "skopeo",
            &["--insecure-policy", "copy", "--quiet", "oci:img:1", target],
        );
        let bytes = fs_err::read(folder.path().join(file)).unwrap();
        let found = inventory(KIND, file, &bytes);
        assert_eq!(names(&found), ["libssl3"], "{file}");
        assert_eq!(found.head.distribution.as_deref(), Some("debian"));
        assert_eq!(found.head.branch.as_deref(), Some("12"));
        assert_eq!(found.head.repository.as_deref(), Some("shop"), "{file}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = try_inventory(KIND, "x", &bytes);
    }

    #[test]
    fn no_index_makes_the_reader_panic(
        text in r#"\{"(manifests|layers|config)":(\[(\{"digest":"[a-z0-9:]{0,9}"\},?){0,3}\]|\{\}|null)\}"#
    ) {
        let bytes = archive(&[("index.json", text.as_bytes()), ("manifest.json", b"[]")]);
        let _ = try_inventory(KIND, "x", &bytes);
    }
}
