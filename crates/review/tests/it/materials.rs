//! Sources of every kind make the same trees.

use std::path::Path;
use std::process::Command;

use palisade_review::{Budget, Kind, Material, Tree, read_tree};

use crate::support::{paths, real, rules};

fn read(name: &str) -> Tree {
    Material::open(name)
        .unwrap()
        .read(&Budget::default())
        .unwrap()
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no {program}");
        return false;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    true
}

fn write(folder: &Path, name: &str, text: &str) {
    fs_err::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    fs_err::write(folder.join(name), text).unwrap();
}

#[test]
fn a_directory_is_read_without_following_links() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "src/main.c",
        "int main(void) { return 0; }\n",
    );
    write(folder.path(), ".git/config", "[core]\n");
    fs_err::os::unix::fs::symlink("/etc", folder.path().join("out")).unwrap();
    let tree = read(&folder.path().to_string_lossy());
    assert_eq!(paths(&tree), ["out", "src/main.c"]);
    assert_eq!(tree.files[0].kind, Kind::Symlink("/etc".into()));
    assert_eq!(rules(&tree), ["symlink-escapes-tree"]);
}

#[test]
fn a_revision_is_read_from_its_objects() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, "a.c", "one\r\n");
    // A filter and an attribute that a checkout or an archive would heed.
    write(path, ".gitattributes", "*.c text eol=lf export-ignore\n");
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    if !run(path, "git", &["init", "-q", "-b", "main"]) {
        return;
    }
    run(path, "git", &["-c", "core.autocrlf=false", "add", "-A"]);
    run(
        path,
        "git",
        &[&identity[..], &["commit", "-qm", "one"]].concat(),
    );
    run(
        path,
        "git",
        &[&identity[..], &["tag", "-am", "v1", "v1"]].concat(),
    );
    write(path, "b.c", "two\n");
    run(path, "git", &["add", "-A"]);
    run(
        path,
        "git",
        &[&identity[..], &["commit", "-qm", "two"]].concat(),
    );
    let name = path.to_string_lossy();
    assert_eq!(
        paths(&read(&format!("{name}@v1"))),
        [".gitattributes", "a.c"]
    );
    let newest = read(&format!("{name}@main"));
    assert_eq!(paths(&newest), [".gitattributes", "a.c", "b.c"]);
    let commit = newest.commit.unwrap();
    assert_eq!(paths(&read(&format!("{name}@{}", &commit[..10]))).len(), 3);
    // What a repository calls so does not count against a commit's whole name.
    let other = format!("refs/tags/{commit}");
    run(path, "git", &["update-ref", &other, "refs/tags/v1"]);
    assert_eq!(paths(&read(&format!("{name}@{commit}"))).len(), 3);
    let missing = Material::open(&format!("{name}@v2"))
        .unwrap()
        .read(&Budget::default());
    assert!(missing.unwrap_err().to_string().contains("no revision"));
}

#[test]
fn a_debian_source_package_is_all_of_its_archives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, "demo-1.0/debian/old", "upstream's\n");
    write(path, "demo-1.0/a.c", "one\n");
    write(path, "debian/rules", "#!/usr/bin/make -f\n");
    if !run(path, "tar", &["czf", "demo_1.0.orig.tar.gz", "demo-1.0"]) {
        return;
    }
    run(path, "tar", &["czf", "demo_1.0-1.debian.tar.gz", "debian"]);
    let line = |name: &str| {
        let bytes = fs_err::read(path.join(name)).unwrap();
        let tree = read_tree(&path.join(name), &Budget::default()).unwrap();
        let digest = tree.layers[0]
            .sha256
            .map(|byte| format!("{byte:02x}"))
            .concat();
        format!(" {digest} {} {name}\n", bytes.len())
    };
    let lines = line("demo_1.0.orig.tar.gz") + &line("demo_1.0-1.debian.tar.gz");
    let text = format!("Format: 3.0 (quilt)\nSource: demo\nChecksums-Sha256:\n{lines}");
    write(path, "demo_1.0-1.dsc", &text);
    let tree = read(&path.join("demo_1.0-1.dsc").to_string_lossy());
    assert_eq!(paths(&tree), ["a.c", "debian/rules"]);
    assert_eq!(rules(&tree), [""; 0]);
    write(path, "demo-1.0/a.c", "another one\n");
    run(path, "tar", &["czf", "demo_1.0.orig.tar.gz", "demo-1.0"]);
    let other = read(&path.join("demo_1.0-1.dsc").to_string_lossy());
    assert_eq!(rules(&other), ["checksum-list-mismatch"]);
}

#[test]
fn archives_in_archives_are_listed_below_them() {
    let Some(path) = real("synth/changes/c25-nested.new.tar.xz") else {
        return;
    };
    let tree = read_tree(&path, &Budget::default()).unwrap();
    let inner = paths(&tree)
        .into_iter()
        .filter(|path| path.matches("!/").count() == 2);
    assert_eq!(inner.count(), 1, "{:?}", paths(&tree));
}

#[test]
fn crates_and_packages_of_npm_lose_their_top() {
    for (name, member) in [
        ("semver-7.7.2.tgz", "package.json"),
        ("tar-0.4.46.crate", "Cargo.toml"),
    ] {
        let Some(path) = real(&format!("pairs/{name}")) else {
            return;
        };
        let tree = read_tree(&path, &Budget::default()).unwrap();
        assert!(paths(&tree).iter().any(|path| path == member), "{name}");
    }
}
