//! `palisade import`: what is broken changes nothing and is named.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::database::with;
use crate::support::{palisade, said, sample};

fn import(database: &Path, arguments: &[&str], file: &Path) -> Output {
    let mut command = palisade();
    command
        .arg("import")
        .arg("--database")
        .arg(database)
        .args(arguments)
        .arg(file);
    command.output().unwrap()
}

/// A database that has the sample's NVD records, and its folder.
fn imported() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.sqlite");
    let output = import(&database, &["nvd"], &sample("nvd.json"));
    assert!(output.status.success(), "{}", said(&output));
    (folder, database)
}

/// Imports a file of the sample of which the end is missing, and says what the program said.
fn refused(arguments: &[&str], path: &str) -> String {
    let (folder, database) = imported();
    let before = fs_err::read(&database).unwrap();
    let whole = fs_err::read(sample(path)).unwrap();
    let cut = folder.path().join("cut-in-half");
    fs_err::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let output = import(&database, arguments, &cut);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        before == fs_err::read(&database).unwrap(),
        "the database was changed"
    );
    said(&output)
}

#[test]
fn a_cut_feed_is_named_and_changes_nothing() {
    let said = refused(&["nvd"], "nvd.json");
    assert!(
        said.starts_with("error: /") && said.contains("/cut-in-half: read cut-in-half: "),
        "{said}"
    );
    assert!(refused(&["osv"], "osv.json").contains("cut-in-half"));
    assert!(refused(&["secdb"], "alpine/secdb-v3.17-main.json").contains("cut-in-half"));
}

#[test]
fn a_file_that_is_not_there_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.sqlite");
    let missing = folder.path().join("nvd.json");
    for arguments in [&["import", "nvd"][..], &["identity", "import"]] {
        let mut command = palisade();
        command.args(arguments).arg(&missing).arg("--database");
        let output = command.arg(&database).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let told = format!("error: there is no file {}\n", missing.display());
        assert_eq!(said(&output), told);
        assert!(!database.exists(), "{arguments:?}");
    }
}

#[test]
fn a_cut_inventory_is_named_and_changes_nothing() {
    let said = refused(&["guix_inventory"], "guix/2024-07-14.jsonl");
    assert!(said.contains("cut-in-half"), "{said}");
}

#[test]
fn a_file_of_another_kind_is_an_error_and_changes_nothing() {
    let (_folder, database) = imported();
    let before = fs_err::read(&database).unwrap();
    let output = import(&database, &["cve5"], &sample("osv.json"));
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains("osv.json: nothing in it can be read as cve5"),
        "{said}"
    );
    assert!(
        before == fs_err::read(&database).unwrap(),
        "the database was changed"
    );
}

#[test]
fn a_database_of_fixes_without_one_good_entry_withdraws_nothing() {
    let (folder, database) = imported();
    let good = import(
        &database,
        &["secdb"],
        &sample("alpine/secdb-edge-main.json"),
    );
    assert!(good.status.success(), "{}", said(&good));
    let before = fs_err::read(&database).unwrap();
    let bad = folder.path().join("bad.json");
    let text = r#"{"distroversion": "edge", "reponame": "main", "packages": [{"pkg": {}}]}"#;
    fs_err::write(&bad, text).unwrap();
    let output = import(&database, &["secdb"], &bad);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("bad.json"), "{}", said(&output));
    assert!(
        before == fs_err::read(&database).unwrap(),
        "the database was changed"
    );
}

#[test]
fn importing_the_same_again_writes_nothing() {
    let (_folder, database) = imported();
    let before = fs_err::read(&database).unwrap();
    let output = import(&database, &["nvd"], &sample("nvd.json"));
    assert!(output.status.success());
    assert!(
        said(&output).contains("40 records, 0 new, 0 changed"),
        "{}",
        said(&output)
    );
    assert!(
        before == fs_err::read(&database).unwrap(),
        "the database was changed"
    );
}

#[test]
fn an_unknown_kind_is_answered_with_those_there_are() {
    let output = palisade().args(["import", "rpmdb", "x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    for kind in [
        "rpmdb",
        "nvd",
        "cve5",
        "osv",
        "secdb",
        "kev",
        "epss",
        "guix_inventory",
        "dpkg",
    ] {
        assert!(said.contains(kind), "{kind} is not in: {said}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.sqlite");
    let output = import(&database, &["nvd"], Path::new("/nowhere/nvd.json"));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        said(&output).matches("/nowhere/nvd.json").count(),
        1,
        "{}",
        said(&output)
    );
}

#[test]
fn an_inventory_without_branch_says_how_to_tell_it() {
    let (_folder, database) = imported();
    let index = sample("alpine/v3.17-main-2023-05-27.APKINDEX");
    let output = import(&database, &["apkindex"], &index);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("--branch alpine/BRANCH"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_revision_that_changed_is_refused_with_the_file_that_has_it() {
    let (_folder, database) = imported();
    let revision = ["--branch", "alpine/v3.17", "--revision", "one", "apkindex"];
    let first = import(
        &database,
        &revision,
        &sample("alpine/v3.17-main-2023-05-27.APKINDEX"),
    );
    assert!(first.status.success(), "{}", said(&first));
    let second = import(
        &database,
        &revision,
        &sample("alpine/v3.17-main-2024-11-22.APKINDEX"),
    );
    assert_eq!(second.status.code(), Some(2));
    let said = said(&second);
    assert!(
        said.contains("v3.17-main-2024-11-22") && said.contains("revision one"),
        "{said}"
    );
}

/// What is stored, and so published, of imports: the documents of all, and of what was passed over.
fn documents(database: &Path) -> Vec<String> {
    with(database.to_str().unwrap(), async |session| {
        let mut documents = Vec::new();
        for import in session.imports(9).await.unwrap() {
            let rejects = session.rejects(import.id, 0, 9).await.unwrap();
            documents.push(import.document);
            documents.extend(rejects.into_iter().map(|reject| reject.document));
        }
        documents
    })
}

#[test]
fn the_folders_of_a_machine_are_said_and_not_stored() {
    let (folder, database) = imported();
    let feed = folder.path().join("feeds.tar");
    let text = r#"[{"id": "X-1", "modified": "2024-01-01T00:00:00Z"}, {"id": 7}]"#;
    fs_err::write(&feed, archive("2024/osv.json", text)).unwrap();
    let output = import(&database, &["osv"], &feed);
    assert!(output.status.success(), "{}", said(&output));
    let said = said(&output);
    for line in [
        format!("passed over: {}!2024/osv.json, ", feed.display()),
        format!("{}: 1 record, 1 new", feed.display()),
    ] {
        assert!(said.contains(&line), "{line} is not in: {said}");
    }
    assert_eq!(
        documents(&database),
        ["feeds.tar", "feeds.tar!2024/osv.json", "nvd.json"]
    );
}

#[test]
fn an_apkbuild_keeps_the_folders_that_name_its_repository() {
    let (folder, database) = imported();
    let aports = folder.path().join("aports/community/zlib");
    fs_err::create_dir_all(&aports).unwrap();
    let file = aports.join("APKBUILD");
    fs_err::write(
        &file,
        "pkgname=zlib\n# secfixes:\n#   1.2-r1:\n#     - CVE-2024-0001\n",
    )
    .unwrap();
    let output = import(&database, &["apkbuild"], &file);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(documents(&database)[0], "community/zlib/APKBUILD");
    let scopes = with(database.to_str().unwrap(), async |session| {
        let feeds = session.feeds().await.unwrap();
        feeds.into_iter().map(|feed| feed.scope).collect::<Vec<_>>()
    });
    assert!(
        scopes.contains(&"alpine/edge/community".to_owned()),
        "{scopes:?}"
    );
}

/// An archive with one member.
fn archive(member: &str, text: &str) -> Vec<u8> {
    let mut header = vec![0; 512];
    let mut put = |at: usize, field: &str| {
        header[at..at + field.len()].copy_from_slice(field.as_bytes());
    };
    put(0, member);
    put(100, "0000644\0");
    put(124, &format!("{:011o}\0", text.len()));
    put(136, "00000000000\0");
    // The sum is taken with blanks in its own place.
    put(148, "        0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = [&header, text.as_bytes()].concat();
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    bytes
}
