//! Sources are fetched from first run to increment, from a server that also fails.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use palisade_fetch::{Client, Settings};
use palisade_formats::feed::FeedKind;
use palisade_formats::inventory::InventoryKind;
use palisade_model::Timestamp;
use palisade_tracker::sync::{
    CveReleases, DocumentPart, Doubtful, NvdApi, OsvBucket, Outcome, Ran, Source, SourceKind,
    Syncer, Trust,
};
use palisade_tracker::{Kind, NoProgress, Store};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::documents::{exploited, kev, modified, nvd_before, product};

/// Answers by path and query; what has none is not found.
type Answers = Arc<Mutex<HashMap<String, Vec<u8>>>>;

pub(crate) struct World {
    pub(crate) address: String,
    answers: Answers,
    asked: Arc<Mutex<Vec<String>>>,
    pub(crate) syncer: Syncer,
    pub(crate) folder: TempDir,
}

fn noon() -> Timestamp {
    "2026-01-10T12:00:00Z".parse().unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (answers, asked) = (Answers::default(), Arc::new(Mutex::new(Vec::new())));
        tokio::spawn(serve(listener, Arc::clone(&answers), Arc::clone(&asked)));
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("test.sqlite");
        let settings = Settings {
            first_pause: Duration::from_millis(1),
            attempts: 2,
            ..Settings::new("Palisade/test".to_owned(), noon)
        };
        let syncer = Syncer {
            store: Store::open(database.to_str().unwrap()).await.unwrap(),
            client: Arc::new(Client::new(settings).unwrap()),
            cache: folder.path().join("cache"),
            clock: noon,
            doubtful: Doubtful::HeldBack,
        };
        Self {
            address,
            answers,
            asked,
            syncer,
            folder,
        }
    }

    pub(crate) fn source(kind: SourceKind) -> Source {
        Source {
            name: "source".to_owned(),
            kind,
            every: Duration::from_hours(1),
            hosts: Vec::new(),
            private: true,
        }
    }

    pub(crate) fn answer(&self, path: &str, headers: &str, body: &[u8]) {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n"
        );
        let answer = [head.as_bytes(), body].concat();
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    pub(crate) fn raw(&self, path: &str, answer: &str) {
        let answer = answer.as_bytes().to_vec();
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// Runs a source, and tells what became of its parts: `PART: unchanged`, `PART: +2 ~1 -0`.
    pub(crate) async fn sync(&self, source: &Source) -> Vec<String> {
        let told = Mutex::new(Vec::new());
        let tell = |part: &str, outcome: &Outcome| {
            let what = match outcome {
                Outcome::Unchanged => "unchanged".to_owned(),
                Outcome::StillHeldBack { reason } => format!("still held back: {reason}"),
                Outcome::Imported(it, _) => {
                    format!("+{} ~{} -{}", it.added, it.changed, it.withdrawn)
                }
                Outcome::Failed(error) => format!("failed: {error}"),
            };
            told.lock().unwrap().push(format!("{part}: {what}"));
        };
        let ran = self
            .syncer
            .sync(source, Arc::new(NoProgress), &tell, std::future::pending())
            .await
            .unwrap();
        assert!(matches!(ran, Ran::Done { .. }), "{ran:?}");
        told.into_inner().unwrap()
    }

    /// What was asked for since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    pub(crate) async fn state(&self) -> palisade_store::SourceRecord {
        let mut session = self.syncer.store.read().await.unwrap();
        session.sources().await.unwrap().remove(0)
    }

    async fn advisories(&self) -> usize {
        let mut session = self.syncer.store.read().await.unwrap();
        session.all_advisories().await.unwrap().len()
    }

    /// Documents that are kept, without the file that says who has a source.
    pub(crate) fn cached(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().join("cache")];
        while let Some(folder) = folders.pop() {
            for entry in fs_err::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                let hidden = path
                    .file_name()
                    .unwrap()
                    .as_encoded_bytes()
                    .starts_with(b".");
                if path.is_dir() {
                    folders.push(path);
                } else if !hidden {
                    found.push(path);
                }
            }
        }
        found
    }
}

async fn serve(listener: TcpListener, answers: Answers, asked: Arc<Mutex<Vec<String>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
            request.extend(byte);
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let path = String::from_utf8_lossy(&request);
        let path = path.split(' ').nth(1).unwrap_or_default().to_owned();
        asked.lock().unwrap().push(path.clone());
        let not_found = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let answer = answers.lock().unwrap().get(&path).cloned();
        let answer = answer.unwrap_or_else(|| not_found.to_vec());
        let etag = String::from_utf8_lossy(&answer);
        let etag = etag
            .lines()
            .find_map(|line| line.strip_prefix("ETag: "))
            .map(str::to_owned);
        let same = etag.is_some_and(|etag| text.contains(&format!("if-none-match: {etag}")));
        let answer = if same {
            b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_vec()
        } else {
            answer
        };
        let _ = stream.write_all(&answer).await;
        if answer.windows(6).any(|it| it == b"X-Hang") {
            // The rest never comes; others are answered meanwhile.
            tokio::spawn(async move { stream.read_u8().await });
            continue;
        }
        let _ = stream.shutdown().await;
    }
}

pub(crate) fn catalogue(day: &str, count: usize) -> Vec<u8> {
    catalogue_of(day, 0..count)
}

fn catalogue_of(day: &str, numbers: std::ops::Range<usize>) -> Vec<u8> {
    let entries: Vec<_> = numbers
        .map(|number| exploited(&format!("CVE-2024-{number:04}")))
        .collect();
    kev(day, &entries).into_bytes()
}

pub(crate) fn documents(world: &World, paths: &[&str]) -> Source {
    let part = |path: &&str| DocumentPart {
        name: path.trim_matches('/').to_owned(),
        url: format!("{}{path}", world.address).parse().unwrap(),
        kind: Kind::Feed(FeedKind::Kev),
        branch: None,
        repository: None,
        trust: Trust::Anybody,
    };
    World::source(SourceKind::Documents(paths.iter().map(part).collect()))
}

#[tokio::test]
async fn a_document_is_had_once_and_then_only_when_it_changed() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    world.answer("/kev.json", "ETag: \"1\"\r\n", &catalogue("2026-01-01", 2));
    assert_eq!(world.sync(&source).await, ["kev.json: +2 ~0 -0"]);
    assert_eq!(world.sync(&source).await, ["kev.json: unchanged"]);
    world.answer("/kev.json", "ETag: \"2\"\r\n", &catalogue("2026-01-02", 3));
    assert_eq!(world.sync(&source).await, ["kev.json: +1 ~0 -0"]);
    assert_eq!(world.cached(), Vec::<PathBuf>::new());
    let state = world.state().await;
    assert_eq!((state.failures, &state.error), (0, &None));
    assert_eq!(state.next_at, noon().as_microsecond() + 3_600_000_000);
}

#[tokio::test]
async fn one_part_that_fails_keeps_no_other_from_being_had() {
    let world = World::new().await;
    let source = documents(&world, &["/gone.json", "/kev.json"]);
    world.answer("/kev.json", "", &catalogue("2026-01-01", 2));
    let told = world.sync(&source).await;
    assert!(
        told[0].starts_with("gone.json: failed: fetch http://127.0.0.1"),
        "{told:?}"
    );
    assert!(
        told[0].ends_with("the server says 404 Not Found"),
        "{told:?}"
    );
    assert_eq!(told[1], "kev.json: +2 ~0 -0");
    let state = world.state().await;
    assert_eq!((state.failures, state.succeeded_at), (1, None));
    assert!(state.error.unwrap().contains("404"));
    assert_eq!(state.next_at, noon().as_microsecond() + 900_000_000);
}

#[tokio::test]
async fn a_catalogue_that_shrank_is_held_back_until_there_is_another() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    world.answer("/kev.json", "ETag: \"1\"\r\n", &catalogue("2026-01-01", 40));
    world.sync(&source).await;
    world.answer("/kev.json", "ETag: \"2\"\r\n", &catalogue("2026-01-02", 3));
    let told = world.sync(&source).await;
    assert!(
        told[0].contains("it lacks 37 of the 40 records"),
        "{told:?}"
    );
    assert_eq!(world.advisories().await, 40);
    // It is not fetched again, and still told.
    assert_eq!(
        world.sync(&source).await,
        ["kev.json: still held back: it lacks 37 of the 40 records that are stored"]
    );
    assert!(world.state().await.error.unwrap().contains("held back"));
    world.answer("/kev.json", "ETag: \"3\"\r\n", &catalogue("2026-01-03", 41));
    assert_eq!(world.sync(&source).await, ["kev.json: +1 ~0 -0"]);
    assert_eq!(world.state().await.error, None);
}

#[tokio::test]
async fn what_is_new_does_not_make_up_for_what_is_missing() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    world.answer("/kev.json", "", &catalogue_of("2026-01-01", 0..40));
    world.sync(&source).await;
    world.answer("/kev.json", "", &catalogue_of("2026-01-02", 30..70));
    let told = world.sync(&source).await;
    assert!(
        told[0].contains("it lacks 30 of the 40 records"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_revision_that_changed_is_its_documents_fault_and_no_others() {
    let world = World::new().await;
    let commit = "0123456789012345678901234567890123456789";
    let path = format!("/packages-{commit}.jsonl");
    let mut source = documents(&world, &[&path, "/kev.json"]);
    let SourceKind::Documents(parts) = &mut source.kind else {
        panic!("{source:?}");
    };
    parts[0].kind = Kind::Inventory(InventoryKind::GuixInventory);
    let packages = |version: &str| format!("{}\n", json!({"name": "demo", "version": version}));
    world.answer(&path, "", packages("1").as_bytes());
    world.answer("/kev.json", "", &catalogue("2026-01-01", 2));
    let told = world.sync(&source).await;
    assert!(!told[0].contains("failed"), "{told:?}");
    world.answer(&path, "", packages("2").as_bytes());
    world.answer("/kev.json", "", &catalogue("2026-01-02", 3));
    let told = world.sync(&source).await;
    assert!(told[0].contains("imported before with other"), "{told:?}");
    assert_eq!(told[1], "kev.json: +1 ~0 -0");
    assert!(world.state().await.error.unwrap().contains(commit));
}

#[tokio::test]
async fn what_is_held_back_can_be_believed() {
    let mut world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    world.answer("/kev.json", "ETag: \"1\"\r\n", &catalogue("2026-01-01", 40));
    world.sync(&source).await;
    world.answer("/kev.json", "ETag: \"2\"\r\n", &catalogue("2026-01-02", 3));
    world.sync(&source).await;
    world.syncer.doubtful = Doubtful::Believed;
    assert_eq!(world.sync(&source).await, ["kev.json: +0 ~0 -37"]);
    assert_eq!(world.state().await.error, None);
    world.syncer.doubtful = Doubtful::HeldBack;
    assert_eq!(world.sync(&source).await, ["kev.json: unchanged"]);
    assert_eq!(world.advisories().await, 3);
}

#[tokio::test]
async fn an_error_that_passed_is_forgotten_when_nothing_changed() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    let document = catalogue("2026-01-01", 2);
    world.answer("/kev.json", "ETag: \"1\"\r\n", &document);
    world.sync(&source).await;
    world.raw("/kev.json", "HTTP/1.1 403 No\r\nConnection: close\r\n\r\n");
    world.sync(&source).await;
    assert!(world.state().await.error.unwrap().contains("403"));
    world.answer("/kev.json", "ETag: \"1\"\r\n", &document);
    assert_eq!(world.sync(&source).await, ["kev.json: unchanged"]);
    assert_eq!(world.state().await.error, None);
}

#[tokio::test]
async fn broken_documents_change_nothing_and_are_asked_for_again() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    world.answer("/kev.json", "ETag: \"1\"\r\n", &catalogue("2026-01-01", 2));
    world.sync(&source).await;
    let whole = String::from_utf8(catalogue("2026-01-02", 9)).unwrap();
    let page = "<!DOCTYPE html><title>Log in to the network</title>";
    for broken in [&whole[..whole.len() / 2], page, "", "[]x"] {
        world.answer("/kev.json", "ETag: \"2\"\r\n", broken.as_bytes());
        let told = world.sync(&source).await;
        assert!(
            told[0].starts_with("kev.json: failed: "),
            "{broken:?}: {told:?}"
        );
        assert_eq!(world.advisories().await, 2);
    }
    let mut packed = gzip(whole.as_bytes());
    packed.truncate(packed.len() - 9);
    world.answer("/kev.json", "ETag: \"2\"\r\n", &packed);
    let told = world.sync(&source).await;
    assert!(told[0].starts_with("kev.json: failed: "), "{told:?}");
    assert_eq!(world.advisories().await, 2);
    world.answer("/kev.json", "ETag: \"2\"\r\n", &gzip(whole.as_bytes()));
    assert_eq!(world.sync(&source).await, ["kev.json: +7 ~0 -0"]);
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn nvd_page(start: usize, total: usize, records: &[serde_json::Value]) -> Vec<u8> {
    json!({"resultsPerPage": records.len(), "startIndex": start, "totalResults": total,
        "format": "NVD_CVE", "version": "2.0", "timestamp": "2026-01-10T12:00:01.000",
        "vulnerabilities": records})
    .to_string()
    .into_bytes()
}

fn cve(number: usize, time: &str) -> serde_json::Value {
    let id = format!("CVE-2024-{number:04}");
    modified(nvd_before(&id, &product("zlib"), "1.2.12"), time)
}

#[tokio::test]
async fn nvd_is_read_page_by_page_and_then_by_what_changed() {
    let world = World::new().await;
    let source = World::source(SourceKind::Nvd(NvdApi {
        url: format!("{}/cves", world.address).parse().unwrap(),
        key: Some("geheim".to_owned()),
        pace: Duration::ZERO,
    }));
    let (early, late) = ("2024-01-02T00:00:00.000", "2026-01-10T11:00:00.000");
    let first = "/cves?resultsPerPage=2000&startIndex=0";
    let second = "/cves?resultsPerPage=2000&startIndex=2";
    world.answer(first, "", &nvd_page(0, 3, &[cve(1, early), cve(2, early)]));
    // The second page fails at first: the next run goes on with it.
    let told = world.sync(&source).await;
    assert_eq!(told[0], "cves: +2 ~0 -0");
    assert!(told[1].contains("404"), "{told:?}");
    world.answer(second, "", &nvd_page(2, 3, &[cve(3, early)]));
    world.asked();
    assert_eq!(world.sync(&source).await, ["cves: +1 ~0 -0"]);
    assert_eq!(world.asked(), [second]);
    let window = "/cves?lastModStartDate=2026-01-10T11%3A30%3A01.000Z\
                  &lastModEndDate=2026-01-10T12%3A30%3A01.000Z&resultsPerPage=2000&startIndex=0";
    world.answer(window, "", &nvd_page(0, 1, &[cve(2, late)]));
    assert_eq!(world.sync(&source).await, ["cves: +0 ~1 -0"]);
    assert_eq!(world.asked(), [window]);
    assert_eq!(world.advisories().await, 3);
}

#[tokio::test]
async fn a_window_of_nvd_with_nothing_that_can_be_read_grows() {
    let mut world = World::new().await;
    let source = World::source(SourceKind::Nvd(NvdApi {
        url: format!("{}/cves", world.address).parse().unwrap(),
        key: None,
        pace: Duration::ZERO,
    }));
    let first = "/cves?resultsPerPage=2000&startIndex=0";
    let time = "2024-01-02T00:00:00.000";
    world.answer(first, "", &nvd_page(0, 1, &[cve(1, time)]));
    world.sync(&source).await;
    let window = |end: &str| {
        format!(
            "/cves?lastModStartDate=2026-01-10T11%3A30%3A01.000Z&lastModEndDate={end}\
             &resultsPerPage=2000&startIndex=0"
        )
    };
    let bad = json!({ "cve": { "id": 7 } });
    let soon = window("2026-01-10T12%3A30%3A01.000Z");
    world.answer(&soon, "", &nvd_page(0, 1, std::slice::from_ref(&bad)));
    let told = world.sync(&source).await;
    assert!(told[0].contains("nothing in it can be read"), "{told:?}");
    world.syncer.clock = || "2026-01-10T18:00:00Z".parse().unwrap();
    let later = window("2026-01-10T18%3A00%3A00.000Z");
    world.answer(&later, "", &nvd_page(0, 2, &[bad, cve(2, time)]));
    assert_eq!(world.sync(&source).await[0], "cves: +1 ~0 -0");
}

#[tokio::test]
async fn osv_is_had_as_a_whole_and_then_record_by_record() {
    let world = World::new().await;
    let source = World::source(SourceKind::Osv(OsvBucket {
        url: format!("{}/osv/", world.address).parse().unwrap(),
        ecosystems: vec!["Alpine".to_owned()],
    }));
    let record = |id: &str, modified: &str| {
        json!({"id": id, "modified": modified, "affected": [{
            "package": {"ecosystem": "Alpine:v3.17", "name": "zlib"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2.12-r0"}]}]
        }]})
        .to_string()
    };
    let (old, new) = ("2026-01-01T00:00:00Z", "2026-01-09T00:00:00Z");
    let all = zip(&[
        ("A-1.json", &record("A-1", old)),
        ("A-2.json", &record("A-2", old)),
    ]);
    let list = |lines: &str| lines.as_bytes().to_vec();
    world.answer(
        "/osv/Alpine/modified_id.csv",
        "ETag: \"1\"\r\n",
        &list(&format!("{old},A-1\n")),
    );
    world.answer("/osv/Alpine/all.zip", "", &all);
    assert_eq!(world.sync(&source).await, ["Alpine: +2 ~0 -0"]);
    assert_eq!(world.sync(&source).await, ["Alpine: unchanged"]);
    let changed = format!("{new},A-3\n{new},A-1\n{old},A-2\n");
    world.answer(
        "/osv/Alpine/modified_id.csv",
        "ETag: \"2\"\r\n",
        &list(&changed),
    );
    for id in ["A-1", "A-3"] {
        world.answer(
            &format!("/osv/Alpine/{id}.json"),
            "",
            record(id, new).as_bytes(),
        );
    }
    world.answer("/osv/Alpine/A-2.json", "", record("A-2", old).as_bytes());
    world.asked();
    assert_eq!(world.sync(&source).await, ["Alpine: +1 ~1 -0"]);
    assert!(!world.asked().contains(&"/osv/Alpine/all.zip".to_owned()));
    assert_eq!(world.cached(), Vec::<PathBuf>::new());
    // A record that is listed and not there must not keep the others from being had.
    let newer = "2026-01-10T00:00:00Z";
    let listed = format!("{newer},A-9\n{newer},A-1\n");
    let path = "/osv/Alpine/modified_id.csv";
    world.answer(path, "ETag: \"3\"\r\n", listed.as_bytes());
    let all = zip(&[("A-1.json", &record("A-1", newer))]);
    world.answer("/osv/Alpine/all.zip", "", &all);
    assert_eq!(world.sync(&source).await, ["Alpine: +0 ~1 -0"]);
    assert_eq!(world.sync(&source).await, ["Alpine: unchanged"]);
    assert_eq!(world.cached(), Vec::<PathBuf>::new());
}

fn zip(members: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn the_cve_list_is_had_from_its_baseline_and_its_changes() {
    let world = World::new().await;
    let source = World::source(SourceKind::CveList(CveReleases {
        url: format!("{}/releases", world.address).parse().unwrap(),
    }));
    let record = |id: &str, updated: &str| {
        json!({"dataType": "CVE_RECORD", "dataVersion": "5.1",
            "cveMetadata": {"cveId": id, "state": "PUBLISHED", "dateUpdated": updated},
            "containers": {"cna": {"affected": [{"vendor": "zlib", "product": "zlib",
                "versions": [{"version": "0", "lessThan": "1.2.12", "status": "affected"}]}]}}})
        .to_string()
    };
    let release = |names: &[&str]| {
        let asset = |name: &&str| json!({"name": name, "browser_download_url": format!("{}/{name}", world.address)});
        let assets: Vec<_> = names.iter().map(asset).collect();
        json!([{"tag_name": "x", "assets": assets}]).to_string()
    };
    let list = "/releases?per_page=100";
    let baseline = "2026-01-10_all_CVEs_at_midnight.zip.zip";
    let delta = "2026-01-10_delta_CVEs_at_0100Z.zip";
    let inner = zip(&[(
        "cves/CVE-2024-0001.json",
        &record("CVE-2024-0001", "2026-01-01T00:00:00Z"),
    )]);
    let mut outer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    outer
        .start_file("cves.zip", zip::write::SimpleFileOptions::default())
        .unwrap();
    std::io::Write::write_all(&mut outer, &inner).unwrap();
    world.answer(
        &format!("/{baseline}"),
        "",
        &outer.finish().unwrap().into_inner(),
    );
    world.answer(list, "", release(&[baseline]).as_bytes());
    assert_eq!(world.sync(&source).await, ["releases: +1 ~0 -0"]);
    assert_eq!(world.sync(&source).await, ["releases: unchanged"]);
    let changes = zip(&[
        (
            "CVE-2024-0001.json",
            &record("CVE-2024-0001", "2026-01-10T00:30:00Z"),
        ),
        (
            "CVE-2024-0002.json",
            &record("CVE-2024-0002", "2026-01-10T00:40:00Z"),
        ),
    ]);
    world.answer(&format!("/{delta}"), "", &changes);
    world.answer(list, "", release(&[baseline, delta]).as_bytes());
    world.asked();
    assert_eq!(world.sync(&source).await, ["releases: +1 ~1 -0"]);
    assert_eq!(world.asked(), [list.to_owned(), format!("/{delta}")]);
}

#[tokio::test]
async fn a_cut_connection_is_gone_on_with_in_the_same_run() {
    let world = World::new().await;
    let source = documents(&world, &["/kev.json"]);
    let text = String::from_utf8(catalogue("2026-01-01", 2)).unwrap();
    let cut = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        text.len(),
        &text[..20]
    );
    world.raw("/kev.json", &cut);
    let told = world.sync(&source).await;
    assert!(told[0].contains("the connection failed"), "{told:?}");
    assert_eq!(world.asked().len(), 2);
    world.answer("/kev.json", "", text.as_bytes());
    assert_eq!(world.sync(&source).await, ["kev.json: +2 ~0 -0"]);
}
