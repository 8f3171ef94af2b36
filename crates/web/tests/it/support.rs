//! A small site for each test, filled from files.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use palisade_fetch::Client;
use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::Timestamp;
use palisade_tracker::reviews::{Desk, Forge, ForgeKind, Recipes, Reviewer};
use palisade_tracker::sync::{Doubtful, Receiver, Sender, Source, SourceKind, Syncer};
use palisade_tracker::{
    Document, FeedImport, InventoryImport, NoProgress, Store, Views, import_epss, import_feed,
    import_inventory,
};
use palisade_web::{Conduct, Live, Settings};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) struct Site {
    router: Router,
    /// For those who want a socket.
    pub(crate) served: palisade_web::Site,
    store: Store,
    folder: TempDir,
    pub(crate) live: Live,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(
            self.header("content-type"),
            "application/json",
            "{}",
            self.body
        );
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Another state of the database is seen a tenth of a second later at the most.
pub(crate) async fn let_be_seen() {
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
}

const NOW: i64 = 1_800_000_000_000_000;

impl Site {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("test.sqlite");
        let store = Store::open(path.to_str().unwrap()).await.unwrap();
        let live = Live::new(Settings {
            receiver: Some(Arc::new(receiver(&store, folder.path()))),
            desk: Some(Arc::new(desk(&store))),
            conduct: Conduct::default(),
        });
        let views = Views::new(store.clone());
        let site = palisade_web::Site::new(views, live.clone(), clock);
        Self {
            router: palisade_web::router(site.clone()),
            served: site,
            store,
            folder,
            live,
        }
    }

    /// Treats clients in this way from now on.
    pub(crate) fn treat(&self, conduct: Conduct) {
        let settings = Settings {
            conduct,
            ..self.live.settings()
        };
        self.live.replace(settings);
    }

    /// Asks from an address, as over a connection.
    pub(crate) async fn ask_from(
        &self,
        peer: &str,
        address: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let peer: SocketAddr = peer.parse().unwrap();
        let mut request = Request::builder().uri(address).extension(ConnectInfo(peer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.body(Body::empty()).unwrap()).await
    }

    /// The store in which all is.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// demo, which CVE-2025-1000 affects, and calm, which nothing does.
    pub(crate) async fn small() -> Self {
        let site = Self::new().await;
        site.feed(
            FeedKind::Nvd,
            &nvd(
                "CVE-2025-1000",
                "demo",
                "An overflow in demo.",
                "https://acme.example/1",
            ),
        )
        .await;
        site.feed(
            FeedKind::Osv,
            r#"{"id":"GHSA-aaaa-bbbb-cccc","modified":"2025-01-05T00:00:00Z","aliases":["CVE-2025-1000"],"summary":"Another heading","details":"In other words.","affected":[]}"#,
        )
        .await;
        site.revision("one", &[&package("demo"), &package("calm")])
            .await;
        site
    }

    fn document(&self, text: &str) -> Document {
        let path = self.folder.path().join("document");
        fs_err::write(&path, text).unwrap();
        Document::of(&path)
    }

    pub(crate) async fn feed(&self, kind: FeedKind, text: &str) {
        let (document, context) = (self.document(text), FeedContext::default());
        let import = FeedImport {
            kind,
            document,
            context,
            believe: false,
            now: NOW,
        };
        let (_, rejects) = import_feed(&self.store, import, Arc::new(NoProgress))
            .await
            .unwrap();
        assert_eq!(rejects, []);
    }

    /// EPSS scores of a day: identifier and score.
    pub(crate) async fn epss(&self, day: &str, scores: &[(&str, f64)]) {
        let lines = scores
            .iter()
            .map(|(id, score)| format!("{id},{score},0.5\n"));
        let lines: String = lines.collect();
        let document = self.document(&format!("#score_date:{day}\ncve,epss,percentile\n{lines}"));
        let (_, rejects) = import_epss(&self.store, document, NOW).await.unwrap();
        assert_eq!(rejects, []);
    }

    pub(crate) async fn revision(&self, name: &str, packages: &[&str]) {
        self.revision_in(None, name, packages).await;
    }

    pub(crate) async fn revision_in(
        &self,
        repository: Option<&str>,
        name: &str,
        packages: &[&str],
    ) {
        let text = packages.join("\n") + "\n";
        let mut import = self.inventory(InventoryKind::GuixInventory, &text);
        import.branch = Some("guix/master".parse().unwrap());
        import.repository = repository.map(str::to_owned);
        import.revision = Some(name.to_owned());
        import.time = Some("2026-01-01T10:00:00Z".parse().unwrap());
        self.place(import).await;
    }

    /// Writes how many seconds there are from one run of each source to the next.
    pub(crate) async fn plan(&self, sources: &[(&str, i64)]) {
        let mut session = self.store.write().await.unwrap();
        session.plan_sources(sources).await.unwrap();
        session.commit().await.unwrap();
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.send(method, address, headers, Body::empty()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.body(body).unwrap()).await
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// An inventory of Alpine's `main` on v3.17: `NAME VERSION ORIGIN MAINTAINER` for each package.
    pub(crate) async fn alpine(&self, day: u8, packages: &[&str]) {
        self.place(self.packages(day, packages)).await;
    }

    /// Packages of Alpine as the state of main of v3.17 on a day.
    pub(crate) fn packages(&self, day: u8, packages: &[&str]) -> InventoryImport {
        let mut import = self.inventory(InventoryKind::Apkindex, &apkindex(packages));
        import.branch = Some("alpine/v3.17".parse().unwrap());
        import.repository = Some("main".to_owned());
        import.architecture = Some("x86_64".to_owned());
        import.revision = Some(format!("day {day}"));
        import.time = Some(format!("2026-01-{day:02}T00:00:00Z").parse().unwrap());
        import
    }

    /// Packages of Guix as the state of a branch on a day, with a revision named after both.
    pub(crate) async fn guix(&self, branch: &str, day: u8, packages: &[serde_json::Value]) {
        let lines: Vec<String> = packages.iter().map(ToString::to_string).collect();
        let mut import = self.inventory(InventoryKind::GuixInventory, &(lines.join("\n") + "\n"));
        import.branch = Some(format!("guix/{branch}").parse().unwrap());
        import.revision = Some(format!("{branch}{day}"));
        import.time = Some(format!("2026-01-{day:02}T00:00:00Z").parse().unwrap());
        self.place(import).await;
    }

    fn inventory(&self, kind: InventoryKind, text: &str) -> InventoryImport {
        InventoryImport {
            kind,
            document: self.document(text),
            branch: None,
            repository: None,
            architecture: None,
            signed_by: None,
            revision: None,
            time: None,
            present: None,
            keys: Vec::new(),
            require_signature: false,
            believe: false,
            now: Timestamp::from_microsecond(NOW).unwrap(),
        }
    }

    pub(crate) async fn place(&self, import: InventoryImport) {
        import_inventory(&self.store, import, Arc::new(NoProgress))
            .await
            .unwrap();
    }

    /// Sends a question as JSON.
    pub(crate) async fn post(&self, address: &str, question: &serde_json::Value) -> Answer {
        let headers = [("content-type", "application/json")];
        let body = Body::from(question.to_string());
        self.send(Method::POST, address, &headers, body).await
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        self.ask(Method::GET, address, &[("accept", "text/html")])
            .await
    }

    /// A page that must be there.
    pub(crate) async fn page(&self, address: &str) -> String {
        let answer = self.get(address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        answer.body
    }

    pub(crate) async fn json(&self, address: &str) -> serde_json::Value {
        let answer = self.get(address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.body);
        answer.json()
    }
}

/// The token of `ci`, who may send anything; `sbom` may send Guix's inventories alone.
pub(crate) const TOKENS: [&str; 2] = ["a token of the CI's own", "a token of another one"];

/// What forges know.
pub(crate) const HOOK_SECRET: &str = "a secret of the forges";

/// The token of the reviewer alice, and its digest.
pub(crate) const REVIEWER: &str = "a token of the reviewer alice";
const REVIEWER_SHA256: &str = "cd9db921aa755ef0937dbab12cbe4883ada72bfd08f8bcccb36d128f7d506723";

fn clock() -> Timestamp {
    Timestamp::from_microsecond(NOW).unwrap()
}

/// A desk that hears of one project of each kind of forge, with one reviewer.
fn desk(store: &Store) -> Desk {
    let forge = |kind, url: &str| Forge {
        kind,
        url: url.parse().unwrap(),
        project: "alpine/aports".to_owned(),
        webhook_secret: Some(HOOK_SECRET.to_owned()),
        token: None,
        branch: None,
        recipes: Recipes::Aports,
        tree: None,
        sources: None,
        offline: true,
        private: false,
    };
    let forges = vec![
        forge(ForgeKind::Gitlab, "https://gitlab.example"),
        forge(ForgeKind::Forgejo, "https://forgejo.example"),
    ];
    let alice = Reviewer {
        name: "alice".to_owned(),
        token_sha256: REVIEWER_SHA256.to_owned(),
    };
    Desk::new(store.clone(), forges, vec![alice], None, clock)
}

/// Receives into a store.
fn receiver(store: &Store, folder: &Path) -> Receiver {
    let settings = palisade_fetch::Settings::new("Palisade/test".to_owned(), clock);
    let syncer = Syncer {
        store: store.clone(),
        client: Arc::new(Client::new(settings).unwrap()),
        cache: folder.join("cache"),
        clock,
        doubtful: Doubtful::HeldBack,
    };
    let source = |name: &str, token, formats| Source {
        name: name.to_owned(),
        kind: SourceKind::Sender(Sender::new(token, formats)),
        every: Duration::from_hours(24),
        hosts: Vec::new(),
        private: false,
    };
    let some = vec!["guix_inventory".to_owned()];
    let sources = [
        source("ci", TOKENS[0], Vec::new()),
        source("sbom", TOKENS[1], some),
    ];
    Receiver::new(syncer, &sources)
}

/// A package whose packager names the product of its name.
pub(crate) fn package(name: &str) -> String {
    format!(
        r#"{{"name":"{name}","version":"1.0","home_page":"https://{name}.example/","synopsis":"Show things","properties":{{"cpe-name":"{name}","cpe-vendor":"acme"}}}}"#
    )
}

/// An index of Alpine: `NAME VERSION ORIGIN MAINTAINER` for each package, the last two if there are.
fn apkindex(packages: &[&str]) -> String {
    let record = |line: &&str| {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let (name, version) = (words[0], words[1]);
        let origin = words.get(2).unwrap_or(&name);
        let maintainer = words.get(3).map(|it| format!("m:{it}\n"));
        format!(
            "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:{name}\nV:{version}\nA:x86_64\n\
             U:https://{name}.example/\no:{origin}\n{}\n",
            maintainer.unwrap_or_default()
        )
    };
    packages.iter().map(record).collect()
}

/// A document of NVD with one record: everything before 2.0 of a product is affected.
pub(crate) fn nvd(id: &str, product: &str, details: &str, reference: &str) -> String {
    serde_json::json!({"vulnerabilities": [{"cve": {
        "id": id, "published": "2025-01-02T00:00:00.000", "lastModified": "2025-01-03T00:00:00.000",
        "vulnStatus": "Analyzed",
        "descriptions": [{"lang": "en", "value": details}],
        "metrics": {"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {
            "version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "baseScore": 9.8}}]},
        "configurations": [{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [{
            "vulnerable": true, "criteria": format!("cpe:2.3:a:acme:{product}:*:*:*:*:*:*:*:*"),
            "versionEndExcluding": "2.0"}]}]}],
        "references": [{"url": reference, "source": "x", "tags": ["Patch"]}]
    }}]})
    .to_string()
}
