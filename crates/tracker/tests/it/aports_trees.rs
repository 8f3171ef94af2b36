//! Trees of aports: commits of a Git repository, and folders as they lie.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use palisade_formats::Reject;
use palisade_formats::feed::FeedKind;
use palisade_model::Timestamp;
use palisade_store::Content;
use palisade_tracker::{
    AportsImport, AportsImported, NoProgress, TrackerError, error_line, import_aports,
};
use tempfile::TempDir;

use crate::documents::{apkindex, nvd_before, page, product, secdb};
use crate::guix_sync::git;
use crate::tracker::Tracker;

/// The text of an APKBUILD with fixes: `1.2-r0 CVE-2024-0001`.
pub(crate) fn apkbuild(name: &str, version: &str, fixes: &[&str], sources: &str) -> String {
    let (version, release) = version.split_once("-r").unwrap();
    let mut text = format!(
        "# Maintainer: A <a@example.org>\npkgname={name}\npkgver={version}\npkgrel={release}\n\
         source=\"{sources}\"\n# secfixes:\n"
    );
    for fix in fixes {
        let (version, id) = fix.split_once(' ').unwrap();
        writeln!(text, "#   {version}:\n#     - {id}").unwrap();
    }
    text
}

/// A repository of aports.
pub(crate) struct Aports {
    folder: TempDir,
    pub(crate) commits: Vec<String>,
}

impl Aports {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        git(folder.path(), &["init", "-q", "-b", "master", "aports"], 0);
        let commits = Vec::new();
        Self { folder, commits }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("aports")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    pub(crate) fn commit(&mut self) {
        let hour = i64::try_from(self.commits.len()).unwrap();
        git(&self.path(), &["add", "-A"], hour);
        git(
            &self.path(),
            &["commit", "-q", "--allow-empty", "-m", "x"],
            hour,
        );
        self.commits
            .push(git(&self.path(), &["rev-parse", "HEAD"], 0));
    }

    /// zlib is fixed by an upgrade, openssl by a patch, and musl goes; meanwhile a fix of busybox is
    /// taken back.
    pub(crate) fn with_history() -> Self {
        let mut aports = Self::new();
        aports.write(
            "main/zlib/APKBUILD",
            &apkbuild("zlib", "1.2.11-r0", &[], ""),
        );
        aports.write("main/musl/APKBUILD", &apkbuild("musl", "1.2.3-r4", &[], ""));
        let fixes = ["1.36.0-r1 CVE-2024-0004"];
        let busybox = |fixes: &[&str]| apkbuild("busybox", "1.36.0-r1", fixes, "");
        aports.write("main/busybox/APKBUILD", &busybox(&fixes));
        let openssl = |version: &str, sources: &str| apkbuild("openssl", version, &[], sources);
        aports.write(
            "community/openssl/APKBUILD",
            &openssl("3.0.7-r0", "a.patch"),
        );
        aports.write("community/openssl/a.patch", "Subject: tests\n");
        aports.commit();
        let fixes = ["1.2.12-r0 CVE-2024-0001"];
        aports.write(
            "main/zlib/APKBUILD",
            &apkbuild("zlib", "1.2.12-r0", &fixes, ""),
        );
        aports.write(
            "community/openssl/APKBUILD",
            &openssl("3.0.7-r1", "a.patch b.patch"),
        );
        aports.write("community/openssl/b.patch", "Subject: fix CVE-2024-0002\n");
        aports.commit();
        fs_err::remove_dir_all(aports.path().join("main/musl")).unwrap();
        aports.write("main/busybox/APKBUILD", &busybox(&[]));
        aports.commit();
        aports
    }
}

pub(crate) fn tree(path: &Path, commit: Option<&str>) -> AportsImport {
    AportsImport {
        path: path.to_owned(),
        branch: "alpine/v3.99".parse().unwrap(),
        repository: None,
        commit: commit.map(str::to_owned),
        revision: None,
        time: None,
        present: None,
        believe: false,
        now: "2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap(),
    }
}

async fn import(tracker: &Tracker, import: AportsImport) -> Result<AportsImported, TrackerError> {
    import_aports(&tracker.store, import, Arc::new(NoProgress)).await
}

fn feed() -> String {
    page(&[
        nvd_before("CVE-2024-0001", &product("zlib"), "1.2.12"),
        nvd_before("CVE-2024-0002", &product("openssl"), "3.0.8"),
        nvd_before("CVE-2024-0003", &product("musl"), "1.2.4"),
        nvd_before("CVE-2024-0004", &product("busybox"), "1.36.1"),
    ])
}

fn told(rejects: &[Reject]) -> Vec<String> {
    rejects.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_commit_is_a_revision_with_its_fixes_and_patches() {
    let aports = Aports::with_history();
    let tracker = Tracker::new().await;
    tracker.feed(FeedKind::Nvd, &feed()).await;
    let imported = import(&tracker, tree(&aports.path(), Some(&aports.commits[1])))
        .await
        .unwrap();
    assert_eq!(told(&imported.packages.1), [""; 0]);
    assert_eq!(imported.packages.0.records, 4);
    assert_eq!(imported.fixes.unwrap().0.added, 2);
    assert_eq!(
        tracker.findings().await,
        [
            "v3.99 busybox 1.36.0-r1 CVE-2024-0004: fixed",
            "v3.99 musl 1.2.3-r4 CVE-2024-0003: affected",
            "v3.99 openssl 3.0.7-r1 CVE-2024-0002: fixed",
            "v3.99 zlib 1.2.12-r0 CVE-2024-0001: fixed",
        ]
    );
    let revisions = &tracker.content().await.tables["revision"];
    assert!(revisions[0].contains(&aports.commits[1]), "{revisions:?}");
    // The second commit is an hour after the beginning of 2026.
    assert!(revisions[0].contains("1767229200000000"), "{revisions:?}");
    // What lies in the folder meanwhile says nothing of a commit.
    aports.write("main/zlib/APKBUILD", "garbage");
    let again = import(&tracker, tree(&aports.path(), Some(&aports.commits[1]))).await;
    let again = again.unwrap();
    assert_eq!(again.packages.0.number, None, "it is there already");
    assert_eq!(again.fixes.unwrap().0.changed, 0);
}

#[tokio::test]
async fn commits_in_any_order_give_the_same() {
    let aports = Aports::with_history();
    let mut expected: Option<Content> = None;
    for order in [
        &[0, 1, 2][..],
        &[2, 1, 0],
        &[1, 2, 0],
        &[2, 0, 1, 2, 0],
        &[0, 2, 1],
    ] {
        let tracker = Tracker::new().await;
        tracker.feed(FeedKind::Nvd, &feed()).await;
        for number in order {
            let commit = Some(aports.commits[*number].as_str());
            import(&tracker, tree(&aports.path(), commit))
                .await
                .unwrap();
        }
        let known = tracker.content().await.without(&["event"]);
        let Some(expected) = &expected else {
            let findings = tracker.findings().await;
            let busybox = "v3.99 busybox 1.36.0-r1 CVE-2024-0004: affected".to_owned();
            assert!(
                findings.contains(&busybox),
                "it is taken back: {findings:?}"
            );
            expected = Some(known);
            continue;
        };
        let differences = expected.differences(&known, 9);
        assert_eq!(differences, Vec::<String>::new(), "{order:?}");
    }
}

#[tokio::test]
async fn a_commit_is_named_as_people_name_it() {
    let aports = Aports::with_history();
    git(&aports.path(), &["tag", "-a", "-m", "x", "v1", "HEAD~1"], 0);
    let [first, second, third] = [0, 1, 2].map(|number| aports.commits[number].clone());
    for (name, commit) in [
        (None, &third),
        (Some("master"), &third),
        (Some("v1"), &second),
        (Some(&first[..9]), &first),
        (Some(&first), &first),
    ] {
        let tracker = Tracker::new().await;
        import(&tracker, tree(&aports.path(), name)).await.unwrap();
        let revisions = &tracker.content().await.tables["revision"];
        assert!(revisions[0].contains(commit), "{name:?}: {revisions:?}");
    }
    let tracker = Tracker::new().await;
    for name in ["nothing", "0123456789", "HEAD^{tree}", "../x"] {
        let error = import(&tracker, tree(&aports.path(), Some(name))).await;
        let error = error_line(&error.unwrap_err());
        assert!(
            error.ends_with(&format!("there is no commit {name:?} in it")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_folder_without_a_history_is_read_as_it_lies() {
    let aports = Aports::with_history();
    let path = aports.path();
    fs_err::remove_dir_all(path.join(".git")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", path.join("community/openssl/c.patch")).unwrap();
    std::os::unix::fs::symlink("/", path.join("main/root")).unwrap();
    let tracker = Tracker::new().await;
    tracker.feed(FeedKind::Nvd, &feed()).await;
    let at = AportsImport {
        time: Some("2026-01-05T00:00:00Z".parse().unwrap()),
        ..tree(&path, None)
    };
    let imported = import(&tracker, at).await.unwrap();
    assert_eq!(imported.packages.0.records, 3);
    assert_eq!(
        tracker.findings().await,
        [
            "v3.99 busybox 1.36.0-r1 CVE-2024-0004: affected",
            "v3.99 openssl 3.0.7-r1 CVE-2024-0002: fixed",
            "v3.99 zlib 1.2.12-r0 CVE-2024-0001: fixed",
        ]
    );
    let error = import(&tracker, tree(&path, Some("master")))
        .await
        .unwrap_err();
    assert!(
        error_line(&error).contains("it is no Git repository"),
        "{error}"
    );
    let empty = TempDir::new().unwrap();
    let error = import(&tracker, tree(empty.path(), None))
        .await
        .unwrap_err();
    assert!(
        error_line(&error).contains("there is no APKBUILD in it"),
        "{error}"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
    let mut aports = Aports::with_history();
    aports.write("main/broken/APKBUILD", "pkgver=1\npkgrel=0\n");
    aports.write(
        "main/asks/APKBUILD",
        "pkgname=asks\npkgver=$(date)\npkgrel=0\n",
    );
    aports.write("main/huge/APKBUILD", &"# padding\n".repeat(200_000));
    let link = aports.path().join("main/link");
    fs_err::create_dir_all(&link).unwrap();
    std::os::unix::fs::symlink("../zlib/APKBUILD", link.join("APKBUILD")).unwrap();
    aports.write("main/a/b/c/d/e/f/g/h.patch", "x");
    aports.commit();
    let tracker = Tracker::new().await;
    let imported = import(&tracker, tree(&aports.path(), None)).await.unwrap();
    assert_eq!(imported.packages.0.records, 3);
    let rejects = told(&imported.packages.1).join("\n");
    let commit = &aports.commits[3][..12];
    let rejects = rejects.replace(commit, "COMMIT");
    insta::assert_snapshot!(rejects, @"
    aports-COMMIT.tar!main/asks/APKBUILD, line 2, asks: pkgver is not certain: only running a command would tell
    aports-COMMIT.tar!main/asks/APKBUILD, the whole document, asks: it has no version that can be told without running it
    aports-COMMIT.tar!main/broken/APKBUILD, the whole document, broken: it has no name that can be told without running it
    aports-COMMIT.tar!main/huge/APKBUILD, the whole document, huge: its size in bytes is more than 1048576
    aports-COMMIT.tar!main/link/APKBUILD, the whole document: it is a symbolic link, which is not followed
    main/a/b/c/d/e/f, the whole document: folders lie too deep within one another here
    ");
    // Where an APKBUILD cannot be read, its fixes are not taken for withdrawn.
    let fixes = imported.fixes.unwrap();
    assert_eq!(fixes.0.added, 1);
}

#[tokio::test]
async fn a_file_that_the_repository_lacks_is_told_with_the_import_and_withdraws_nothing() {
    let mut aports = Aports::with_history();
    let tracker = Tracker::new().await;
    import(&tracker, tree(&aports.path(), None)).await.unwrap();
    aports.write("main/musl/APKBUILD", &apkbuild("musl", "1.2.4-r0", &[], ""));
    aports.commit();
    let name = git(&aports.path(), &["rev-parse", "HEAD:main/zlib/APKBUILD"], 0);
    let (folder, file) = name.split_at(2);
    let object = aports.path().join(".git/objects").join(folder).join(file);
    fs_err::remove_file(object).unwrap();
    let imported = import(&tracker, tree(&aports.path(), None)).await.unwrap();
    assert_eq!(imported.fixes.unwrap().0.withdrawn, 0);
    let number = imported.packages.0.number.unwrap();
    let stored = tracker.views.import(number, 10, 0).await.unwrap().unwrap();
    assert_eq!(stored.import.rejected, 1);
    let reject = &stored.rejects[0];
    assert_eq!(reject.record.as_deref(), Some("zlib"));
    assert!(
        reject.reason.contains("not in the repository"),
        "{reject:?}"
    );
}

#[tokio::test]
async fn one_repository_alone_can_be_read() {
    let aports = Aports::with_history();
    let tracker = Tracker::new().await;
    let only = |repository: &str| AportsImport {
        repository: Some(repository.to_owned()),
        ..tree(&aports.path(), None)
    };
    let imported = import(&tracker, only("community")).await.unwrap();
    assert_eq!(imported.packages.0.records, 1);
    let error = import(&tracker, only("testing")).await.unwrap_err();
    assert!(
        error_line(&error).contains("it has no repository \"testing\""),
        "{error}"
    );
}

#[tokio::test]
async fn a_tree_does_not_stand_beside_indexes_of_what_was_built_from_it() {
    let aports = Aports::with_history();
    let tracker = Tracker::new().await;
    tracker
        .inventory("alpine/v3.99", 1000, &apkindex(&["zlib 1.2.11-r0"]))
        .await;
    let before = tracker.content().await;
    let error = import(&tracker, tree(&aports.path(), None))
        .await
        .unwrap_err();
    assert!(
        error_line(&error).contains("alpine/v3.99 has indexes of what was built (main"),
        "{error}"
    );
    let findings = |content: &Content| content.tables["package"].clone();
    assert_eq!(findings(&tracker.content().await), findings(&before));
}

#[tokio::test]
async fn a_repository_that_comes_later_is_of_the_same_tree() {
    let mut aports = Aports::new();
    aports.write(
        "main/zlib/APKBUILD",
        &apkbuild("zlib", "1.2.11-r0", &[], ""),
    );
    aports.commit();
    aports.write(
        "community/curl/APKBUILD",
        &apkbuild("curl", "8.0-r0", &[], ""),
    );
    aports.commit();
    let tracker = Tracker::new().await;
    for commit in &aports.commits {
        import(&tracker, tree(&aports.path(), Some(commit)))
            .await
            .unwrap();
    }
    assert_eq!(tracker.views.branches().await.unwrap()[0].packages, 2);
}

#[tokio::test]
async fn an_index_with_the_security_database_says_the_same() {
    let aports = Aports::with_history();
    let of_aports = Tracker::new().await;
    of_aports.feed(FeedKind::Nvd, &feed()).await;
    import(&of_aports, tree(&aports.path(), Some(&aports.commits[1])))
        .await
        .unwrap();
    let of_index = Tracker::new().await;
    of_index.feed(FeedKind::Nvd, &feed()).await;
    let fixes = [
        "zlib 1.2.12-r0 CVE-2024-0001",
        "busybox 1.36.0-r1 CVE-2024-0004",
    ];
    of_index
        .feed(FeedKind::Secdb, &secdb("v3.99", &fixes))
        .await;
    let built = [
        "zlib 1.2.12-r0",
        "musl 1.2.3-r4",
        "busybox 1.36.0-r1",
        "openssl 3.0.7-r1",
    ];
    of_index
        .inventory("alpine/v3.99", 1000, &apkindex(&built))
        .await;
    let mut aports = of_aports.findings().await;
    let mut index = of_index.findings().await;
    // But for patches, of which an index knows nothing.
    let patched = "v3.99 openssl 3.0.7-r1 CVE-2024-0002";
    aports.retain(|line| line != &format!("{patched}: fixed"));
    index.retain(|line| line != &format!("{patched}: affected"));
    assert_eq!(aports, index);
    assert_eq!(aports.len(), 3);
}
