//! An archive of Debian's form is synced: only what changed, and only what was signed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use palisade_model::Timestamp;
use palisade_tracker::sync::{DebianArchive, Source, SourceKind, Trust};
use ring::digest::{SHA256, digest};

use crate::signer::Signer;
use crate::sync::World;

const FRIDAY: &str = "2026-01-09T12:00:00Z";
const SATURDAY: &str = "2026-01-10T06:00:00Z";

/// A mirror with the suite bookworm, and whoever asks it.
struct Mirror {
    world: World,
    signer: Signer,
    source: Source,
    /// Packages by the folders of their indexes.
    indexes: BTreeMap<&'static str, String>,
    by_hash: bool,
    endings: &'static [&'static str],
    head: &'static str,
}

const MAIN: &str = "main/binary-amd64/Packages";
const CONTRIB: &str = "contrib/binary-amd64/Packages";

const NOT_THERE: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

const BOOKWORM: &str = "Origin: Debian\nSuite: oldstable\nVersion: 12.15\nCodename: bookworm\nComponents: main contrib\n";

impl Mirror {
    async fn new() -> Self {
        let world = World::new().await;
        let signer = Signer::new(1);
        let keyring = world.folder.path().join("archive.pgp");
        fs_err::write(&keyring, signer.keyring()).unwrap();
        let source = World::source(SourceKind::Debian(DebianArchive {
            url: format!("{}/debian", world.address).parse().unwrap(),
            suites: vec!["bookworm".to_owned()],
            components: vec!["main".to_owned(), "contrib".to_owned()],
            architectures: vec!["amd64".to_owned()],
            trust: Trust::Keys(vec![keyring]),
            branch: None,
        }));
        let indexes = [
            (MAIN, packages(&["zlib", "openssl", "curl"], 1)),
            (CONTRIB, packages(&["game"], 1)),
        ];
        Self {
            world,
            signer,
            source,
            indexes: indexes.into(),
            by_hash: true,
            endings: &["", ".gz", ".xz"],
            head: BOOKWORM,
        }
    }

    /// A mirror of which everything was had on a Friday.
    async fn had() -> Self {
        let mirror = Self::new().await;
        mirror.publish(FRIDAY);
        mirror.sync().await;
        mirror
    }

    /// Puts other packages into an index: the first, second … build of each.
    fn put(&mut self, index: &'static str, names: &[&str], build: u32) {
        self.indexes.insert(index, packages(names, build));
    }

    fn archive(&mut self) -> &mut DebianArchive {
        match &mut self.source.kind {
            SourceKind::Debian(archive) => archive,
            other => panic!("{other:?}"),
        }
    }

    /// Puts indexes on the mirror and gives the Release that lists them, valid for a week.
    fn release(&self, date: &str) -> String {
        let stamp = |time: Timestamp| time.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string();
        let date: Timestamp = date.parse().unwrap();
        let until = date + jiff::SignedDuration::from_hours(7 * 24);
        let mut text = format!(
            "{}Date: {}\nValid-Until: {}\nAcquire-By-Hash: {}\nSHA256:\n",
            self.head,
            stamp(date),
            stamp(until),
            if self.by_hash { "yes" } else { "no" },
        );
        for (path, packages) in &self.indexes {
            for ending in self.endings {
                let bytes = packed(packages, ending);
                let sum = sum(&bytes);
                writeln!(text, " {sum} {} {path}{ending}", bytes.len()).unwrap();
                // As at Debian, nothing is there that is not compressed.
                if !ending.is_empty() {
                    self.world.answer(&self.file(path, ending), "", &bytes);
                }
            }
        }
        text
    }

    fn publish(&self, date: &str) {
        let signed = self.signer.clearsign(&self.release(date), date);
        self.answer_with("InRelease", &signed);
    }

    fn answer_with(&self, file: &str, text: &str) {
        let etag = format!("ETag: \"{}\"\r\n", &sum(text.as_bytes())[..16]);
        let path = format!("/debian/dists/bookworm/{file}");
        self.world.answer(&path, &etag, text.as_bytes());
    }

    /// Where an index is.
    fn file(&self, path: &str, ending: &str) -> String {
        if !self.by_hash {
            return format!("/debian/dists/bookworm/{path}{ending}");
        }
        let (folder, _) = path.rsplit_once('/').unwrap();
        let sum = sum(&packed(&self.indexes[path], ending));
        format!("/debian/dists/bookworm/{folder}/by-hash/SHA256/{sum}")
    }

    async fn sync(&self) -> Vec<String> {
        self.world.asked();
        self.world.sync(&self.source).await
    }

    /// What failed, of the only part that did.
    async fn failure(&self) -> String {
        let told = self.sync().await;
        let mut failed = told.into_iter().filter(|line| line.contains("failed: "));
        let first = failed.next().unwrap();
        assert_eq!(failed.next(), None);
        first
    }

    /// The packages of each repository, and who signed for them.
    async fn stored(&self) -> Vec<(String, i64)> {
        let mut session = self.world.syncer.store.read().await.unwrap();
        let repositories = session.repositories().await.unwrap();
        let name = |name: &str, architecture: &str| format!("{name} {architecture}");
        repositories
            .into_iter()
            .map(|it| (name(&it.name, &it.architecture), it.packages))
            .collect()
    }

    /// That nothing is stored but what the first run brought.
    async fn nothing_lost(&self) {
        let first = [
            ("contrib amd64".to_owned(), 1),
            ("main amd64".to_owned(), 3),
        ];
        assert_eq!(self.stored().await, first);
        assert_eq!(self.world.cached(), Vec::<PathBuf>::new());
    }
}

fn packages(names: &[&str], version: u32) -> String {
    let paragraph = |name: &&str| {
        format!(
            "Package: {name}\nVersion: {version}.0-1\nArchitecture: all\nFilename: pool/{name}.deb\n"
        )
    };
    names.iter().map(paragraph).collect::<Vec<_>>().join("\n")
}

fn packed(text: &str, ending: &str) -> Vec<u8> {
    use std::io::Write as _;
    match ending {
        ".gz" => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        }
        ".xz" => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        }
        _ => text.as_bytes().to_vec(),
    }
}

fn sum(bytes: &[u8]) -> String {
    let sum = digest(&SHA256, bytes);
    let digits = |text: String, byte: &u8| text + &format!("{byte:02x}");
    sum.as_ref().iter().fold(String::new(), digits)
}

#[tokio::test]
async fn indexes_are_had_once_and_then_those_that_changed() {
    let mut mirror = Mirror::new().await;
    mirror.publish(FRIDAY);
    let told = mirror.sync().await;
    assert_eq!(
        told,
        [
            "bookworm/main/amd64: +3 ~0 -0",
            "bookworm/contrib/amd64: +1 ~0 -0",
        ]
    );
    let release = "/debian/dists/bookworm/InRelease";
    let asked = mirror.world.asked();
    assert_eq!(
        asked,
        [
            release,
            &mirror.file(MAIN, ".xz"),
            &mirror.file(CONTRIB, ".xz")
        ]
    );
    mirror.nothing_lost().await;
    let mut session = mirror.world.syncer.store.read().await.unwrap();
    let branches = session.branches().await.unwrap();
    assert_eq!(
        (branches[0].1.as_str(), branches[0].2.as_str()),
        ("debian", "12")
    );
    let revision = session.repositories().await.unwrap().remove(0);
    assert!(
        revision
            .signed_by
            .unwrap()
            .starts_with("Archive <archive@example.org> (")
    );
    assert_eq!(
        revision.time,
        FRIDAY.parse::<Timestamp>().unwrap().as_microsecond()
    );
    drop(session);

    // Nothing changed: one question.
    mirror.sync().await;
    assert_eq!(mirror.world.asked(), [release]);
    // A new Release of the same indexes: one question.
    mirror.publish(SATURDAY);
    mirror.sync().await;
    assert_eq!(mirror.world.asked(), [release]);
    // One index changed: that one.
    mirror.put(MAIN, &["zlib", "openssl", "curl"], 2);
    mirror.publish("2026-01-10T07:00:00Z");
    let told = mirror.sync().await;
    assert_eq!(told[0], "bookworm/main/amd64: +0 ~3 -0");
    assert_eq!(mirror.world.asked(), [release, &mirror.file(MAIN, ".xz")]);
}

#[tokio::test]
async fn another_file_of_an_index_does_where_one_is_missing() {
    let mut mirror = Mirror::new().await;
    mirror.by_hash = false;
    mirror.endings = &["", ".gz"];
    mirror.publish(FRIDAY);
    mirror.sync().await;
    mirror.nothing_lost().await;
    assert_eq!(
        mirror.world.asked()[1],
        "/debian/dists/bookworm/main/binary-amd64/Packages.gz"
    );

    mirror.endings = &["", ".gz", ".xz"];
    mirror.put(MAIN, &["zlib", "openssl", "curl"], 2);
    mirror.publish(SATURDAY);
    mirror.world.raw(&mirror.file(MAIN, ".xz"), NOT_THERE);
    assert_eq!(mirror.sync().await[0], "bookworm/main/amd64: +0 ~3 -0");
    mirror.nothing_lost().await;
}

#[tokio::test]
async fn a_missing_index_fails_alone_and_is_asked_for_again() {
    let mut mirror = Mirror::had().await;
    mirror.put(MAIN, &["zlib", "openssl", "curl"], 2);
    mirror.put(CONTRIB, &["game"], 2);
    mirror.publish(SATURDAY);
    for ending in [".xz", ".gz"] {
        mirror.world.raw(&mirror.file(MAIN, ending), NOT_THERE);
    }
    let told = mirror.sync().await;
    assert!(
        told[0].ends_with("the server says 404 Not Found"),
        "{told:?}"
    );
    assert_eq!(told[1], "bookworm/contrib/amd64: +0 ~1 -0");
    mirror.nothing_lost().await;
    // It comes later; its Release is the same as before.
    mirror.publish(SATURDAY);
    assert_eq!(mirror.sync().await[0], "bookworm/main/amd64: +0 ~3 -0");
    assert_eq!(mirror.world.state().await.error, None);
    // What the Release does not even list is said.
    mirror.archive().components.push("non-free".to_owned());
    let failure = mirror.failure().await;
    assert!(
        failure.contains("does not list non-free/binary-amd64/Packages"),
        "{failure}"
    );
    mirror.nothing_lost().await;
}

#[tokio::test]
async fn what_nobody_believed_signed_is_not_believed() {
    let mut mirror = Mirror::had().await;
    mirror.put(MAIN, &["trojan"], 1);
    let release = mirror.release(SATURDAY);
    let good = mirror.signer.clearsign(&release, SATURDAY);
    for (document, reason) in [
        (
            Signer::new(2).clearsign(&release, SATURDAY),
            "no such key is in the keyring",
        ),
        (
            good.replace("Version: 12.15", "Version: 12.16"),
            "does not fit the key and the document",
        ),
        (release, "does not begin as a clear-signed document"),
        (
            format!("{good}Origin: me\n"),
            "something stands behind the signature",
        ),
        (
            mirror
                .signer
                .clearsign(&mirror.release(SATURDAY), "2026-01-10T14:00:00Z"),
            "in the future",
        ),
    ] {
        mirror.answer_with("InRelease", &document);
        let failure = mirror.failure().await;
        assert!(failure.contains(reason), "{failure}");
        // No index was asked for.
        assert_eq!(mirror.world.asked().len(), 1);
        mirror.nothing_lost().await;
    }
}

#[tokio::test]
async fn an_index_that_was_not_listed_is_not_imported() {
    let mut mirror = Mirror::had().await;
    mirror.put(MAIN, &["zlib", "openssl", "curl"], 2);
    mirror.publish(SATURDAY);
    let good = packed(&mirror.indexes[MAIN], ".xz");
    let mut changed = good.clone();
    changed[20] ^= 1;
    let longer = [&good[..], b"more"].concat();
    for (body, reason) in [
        (&changed[..], "its SHA-256 is"),
        (&longer, "the body is longer than"),
        (&good[..good.len() - 1], "its SHA-256 is"),
    ] {
        mirror.world.answer(&mirror.file(MAIN, ".xz"), "", body);
        let failure = mirror.failure().await;
        assert!(failure.contains(reason), "{failure}");
        mirror.nothing_lost().await;
    }
    mirror.world.answer(&mirror.file(MAIN, ".xz"), "", &good);
    assert_eq!(mirror.sync().await[0], "bookworm/main/amd64: +0 ~3 -0");
}

#[tokio::test]
async fn a_release_that_lapsed_is_refused_even_if_it_did_not_change() {
    let mut mirror = Mirror::had().await;
    // The mirror keeps to the old state, whose time passes on the sixteenth at noon.
    mirror.world.syncer.clock = || "2026-01-16T12:30:00Z".parse().unwrap();
    mirror.sync().await;
    assert_eq!(mirror.world.state().await.error, None, "clocks may differ");
    mirror.world.syncer.clock = || "2026-01-16T13:30:00Z".parse().unwrap();
    let failure = mirror.failure().await;
    assert!(
        failure.contains("was to be believed until 2026-01-16T12:00:00Z"),
        "{failure}"
    );
    mirror.put(MAIN, &["zlib"], 2);
    mirror.publish("2026-01-09T13:00:00Z");
    mirror.world.syncer.clock = || "2026-01-17T13:30:00Z".parse().unwrap();
    assert!(mirror.failure().await.contains("was to be believed until"));
    mirror.nothing_lost().await;
}

#[tokio::test]
async fn an_older_release_is_not_gone_back_to() {
    let mut mirror = Mirror::new().await;
    mirror.publish(SATURDAY);
    mirror.sync().await;
    mirror.put(MAIN, &["zlib", "old"], 1);
    mirror.publish(FRIDAY);
    let failure = mirror.failure().await;
    assert!(
        failure.contains("is older than the one of 2026-01-10T06:00:00Z"),
        "{failure}"
    );
    assert_eq!(mirror.world.asked().len(), 1);
    mirror.nothing_lost().await;
}

#[tokio::test]
async fn the_release_of_another_suite_is_refused() {
    let mut mirror = Mirror::had().await;
    mirror.head = "Origin: Debian\nSuite: oldoldstable\nVersion: 11.11\nCodename: bullseye\n";
    mirror.publish(SATURDAY);
    let failure = mirror.failure().await;
    assert!(
        failure.ends_with("what it has as the Release of bookworm is of bullseye"),
        "{failure}"
    );
    mirror.nothing_lost().await;
}

#[tokio::test]
async fn an_archive_without_signatures_is_had_when_that_is_said() {
    let mut mirror = Mirror::new().await;
    mirror.answer_with("Release", &mirror.release(FRIDAY));
    let absent = mirror.world.folder.path().join("absent.pgp");
    mirror.archive().trust = Trust::Keys(vec![absent]);
    assert!(
        mirror.failure().await.contains("404"),
        "it has no InRelease"
    );
    mirror.publish(FRIDAY);
    assert!(mirror.failure().await.contains("absent.pgp"));
    assert_eq!(mirror.stored().await, []);
    mirror.archive().trust = Trust::Anybody;
    mirror.sync().await;
    mirror.nothing_lost().await;
}

#[tokio::test]
async fn a_suite_for_security_does_not_replace_what_it_repairs() {
    let mut mirror = Mirror::had().await;
    mirror.head = "Origin: Debian\nSuite: bookworm\nVersion: 12\nCodename: bookworm-security\n";
    mirror.put(MAIN, &["zlib"], 2);
    mirror.put(CONTRIB, &[], 2);
    mirror.publish(SATURDAY);
    mirror.sync().await;
    // A component without packages is nothing to be told of.
    let stored = mirror.stored().await;
    assert!(
        stored.contains(&("security/main amd64".to_owned(), 1)),
        "{stored:?}"
    );
    assert!(stored.contains(&("main amd64".to_owned(), 3)), "{stored:?}");
    assert_eq!(stored.len(), 3);
    assert_eq!(mirror.world.state().await.error, None);
}
