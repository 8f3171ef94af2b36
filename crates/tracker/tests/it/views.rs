//! Answers to questions about a small world.

use palisade_formats::feed::FeedKind;
use palisade_model::{Confidence, Level, VerdictStatus};
use palisade_tracker::views::{
    BranchView, FindingFilter, FindingQuery, LevelFilter, PackageQuery, Section, Sort,
    StatusFilter, VulnerabilityAnswer, VulnerabilityHit,
};

use crate::documents::{guix, metrics, named_package, nvd_before, page, product};
use crate::tracker::{Tracker, now, says};

/// Why demo 1.6 is affected.
const WHY: [&str; 2] = [
    "the packager of demo names this product",
    "1.6 is affected: before 2.0",
];

/// A page of NVD: a product's versions before `fixed` are affected.
fn nvd(id: &str, name: &str, fixed: &str, score: f64) -> String {
    let mut record = nvd_before(id, &product(name), fixed);
    record["cve"]["descriptions"][0]["value"] = format!("An overflow in {name}.").into();
    record["cve"]["metrics"] = metrics(score);
    page(&[record])
}

/// An inventory of packages, each a name and a version.
fn packages(packages: [(&str, &str); 2]) -> String {
    guix(&packages.map(|(name, version)| named_package(name, version)))
}

fn query(filter: FindingFilter) -> FindingQuery {
    FindingQuery {
        filter,
        limit: 50,
        ..FindingQuery::default()
    }
}

/// guix/master at a revision, or now.
async fn branch(
    tracker: &Tracker,
    revision: Option<&str>,
    query: &FindingQuery,
) -> Option<BranchView> {
    let branch = "guix/master".parse().unwrap();
    let view = tracker.views.branch(&branch, revision, query, now()).await;
    view.unwrap()
}

/// guix/master now, with all that is affected.
async fn listed(tracker: &Tracker) -> BranchView {
    let all = query(FindingFilter::default());
    branch(tracker, None, &all).await.unwrap()
}

/// demo is affected from the second revision on, in two versions; calm never is.
async fn small() -> Tracker {
    let tracker = Tracker::new().await;
    tracker
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1000", "demo", "2.0", 9.8))
        .await;
    tracker
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1001", "demo", "1.5", 5.0))
        .await;
    tracker
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1002", "calm", "0.5", 7.0))
        .await;
    let calm = ("calm", "1.0");
    tracker
        .inventory("guix/master", 1000, &packages([("demo", "2.0"), calm]))
        .await;
    tracker
        .inventory("guix/master", 2000, &packages([("demo", "1.0"), calm]))
        .await;
    tracker
        .inventory("guix/master", 3000, &packages([("demo", "1.6"), calm]))
        .await;
    tracker
}

#[tokio::test]
async fn a_branch_lists_what_affects_it_now() {
    let tracker = small().await;
    let view = listed(&tracker).await;
    assert_eq!(
        (
            view.total,
            view.counts.affected,
            view.counts.levels.critical
        ),
        (1, 1, 1)
    );
    let finding = &view.findings[0];
    assert_eq!(finding.vulnerability, "CVE-2025-1000");
    assert_eq!(
        (finding.package.as_str(), finding.version.as_str()),
        ("demo", "1.6")
    );
    assert_eq!(finding.status, VerdictStatus::Affected);
    assert_eq!(finding.confidence, Confidence::Likely);
    assert_eq!(finding.fixed_in.as_deref(), Some("2.0"));
    let score = finding.score.as_ref().unwrap();
    assert_eq!(
        (score.score, score.scorer.as_str(), score.level),
        (9.8, "nvd@nist.gov", Level::Critical)
    );
    assert_eq!(view.repositories[0].revision.name, "r3000");
    assert_eq!(
        view.revisions
            .iter()
            .map(|it| it.name.as_str())
            .collect::<Vec<_>>(),
        ["r3000", "r2000", "r1000"]
    );
}

#[tokio::test]
async fn a_run_goes_on_over_versions_and_begins_where_it_began() {
    let tracker = small().await;
    let view = listed(&tracker).await;
    let since = view.findings[0].since.clone().unwrap();
    assert_eq!(
        (since.name.as_str(), since.time.to_string().as_str()),
        ("r2000", "1970-01-01T00:33:20Z")
    );
}

#[tokio::test]
async fn the_past_is_listed_as_it_was() {
    let tracker = small().await;
    let all = query(FindingFilter::default());
    let names = async |revision: &str| {
        let view = branch(&tracker, Some(revision), &all).await.unwrap();
        assert_eq!(view.revision.unwrap().name, revision);
        view.findings
            .into_iter()
            .map(|it| (it.vulnerability, it.version))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("r1000").await, []);
    assert_eq!(
        names("r2000").await,
        [
            ("CVE-2025-1000".into(), "1.0".into()),
            ("CVE-2025-1001".into(), "1.0".into())
        ]
    );
    assert_eq!(branch(&tracker, Some("r4000"), &all).await, None);
}

#[tokio::test]
async fn filters_leave_what_fits() {
    let tracker = small().await;
    tracker
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1003", "calm", "2.9", 4.0))
        .await;
    tracker
        .feed(
            FeedKind::Kev,
            r#"{"catalogVersion":"1","dateReleased":"2025-02-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2025-1003","vendorProject":"Acme","product":"Calm","vulnerabilityName":"Calm overflow","dateAdded":"2025-02-01","shortDescription":"x","requiredAction":"Update.","dueDate":"2025-02-21","knownRansomwareCampaignUse":"Known","notes":""}]}"#,
        )
        .await;
    tracker
        .epss("#model_version:v2025.03.14,score_date:2026-01-01T00:00:00+0000\ncve,epss,percentile\nCVE-2025-1003,0.9,0.99\n")
        .await;
    let names = async |query: FindingQuery| {
        let view = branch(&tracker, None, &query).await.unwrap();
        view.findings
            .into_iter()
            .map(|it| it.vulnerability)
            .collect::<Vec<_>>()
    };
    let all = FindingFilter::default();
    assert_eq!(
        names(query(all.clone())).await,
        ["CVE-2025-1000", "CVE-2025-1003"]
    );
    assert_eq!(
        names(FindingQuery {
            sort: Sort::Epss,
            ..query(all.clone())
        })
        .await,
        ["CVE-2025-1003", "CVE-2025-1000"]
    );
    let exploited = FindingFilter {
        exploited: true,
        ..all.clone()
    };
    assert_eq!(names(query(exploited)).await, ["CVE-2025-1003"]);
    let high = FindingFilter {
        minimum_level: Some(Level::High),
        ..all.clone()
    };
    assert_eq!(names(query(high)).await, ["CVE-2025-1000"]);
    let medium = FindingFilter {
        level: Some(LevelFilter::Medium),
        ..all.clone()
    };
    assert_eq!(names(query(medium)).await, ["CVE-2025-1003"]);
    let package = FindingFilter {
        package: Some("DEM".into()),
        ..all.clone()
    };
    assert_eq!(names(query(package)).await, ["CVE-2025-1000"]);
    let text = FindingFilter {
        text: Some("overflow in calm".into()),
        ..all.clone()
    };
    assert_eq!(names(query(text)).await, ["CVE-2025-1003"]);
    let queue = FindingFilter {
        status: StatusFilter::UnderInvestigation,
        ..all
    };
    assert_eq!(names(query(queue)).await, [""; 0]);
}

#[tokio::test]
async fn an_import_is_seen_at_once() {
    let tracker = small().await;
    let before = listed(&tracker).await;
    assert_eq!(before.total, 1);
    tracker
        .inventory(
            "guix/master",
            4000,
            &packages([("demo", "2.1"), ("calm", "1.0")]),
        )
        .await;
    let after = listed(&tracker).await;
    assert_eq!(after.total, 0);
}

#[tokio::test]
async fn a_finding_tells_why() {
    let tracker = small().await;
    let found = tracker
        .views
        .finding(&"guix".parse().unwrap(), "demo", "CVE-2025-1000")
        .await;
    let found = found.unwrap().unwrap();
    let [place] = &found.places[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (place.status, place.version.as_str()),
        (VerdictStatus::Affected, "1.6")
    );
    assert_eq!(says(&place.evidence), WHY);
    let [_, range] = &place.evidence.0[..] else {
        panic!("{place:?}")
    };
    assert_eq!(
        (range.feed.as_deref(), range.record.as_deref()),
        (Some("nvd"), Some("CVE-2025-1000"))
    );
    let nothing = tracker
        .views
        .finding(&"guix".parse().unwrap(), "calm", "CVE-2025-1000")
        .await;
    assert_eq!(nothing.unwrap(), None);
}

#[tokio::test]
async fn evidence_is_added_to_a_list_when_asked_for() {
    let tracker = small().await;
    let view = listed(&tracker).await;
    let mut findings = view.findings;
    assert_eq!(findings[0].evidence, None);
    tracker.views.explain(&mut findings).await.unwrap();
    assert_eq!(says(findings[0].evidence.as_ref().unwrap()), WHY);
}

#[tokio::test]
async fn a_package_knows_its_versions_findings_and_history() {
    let tracker = small().await;
    let guix = "guix".parse().unwrap();
    let ask = async |section| {
        let query = PackageQuery {
            section,
            limit: 10,
            ..PackageQuery::default()
        };
        tracker
            .views
            .package(&guix, "demo", &query, now())
            .await
            .unwrap()
            .unwrap()
    };
    let open = ask(Section::Open).await;
    let versions: Vec<_> = open
        .versions
        .iter()
        .map(|it| (it.version.as_str(), it.affected))
        .collect();
    assert_eq!(versions, [("1.6", 1)]);
    assert_eq!(
        open.details.unwrap().homepage.as_deref(),
        Some("https://demo.example/")
    );
    assert_eq!((open.sections.open, open.sections.fixed), (1, 1));
    assert_eq!(open.findings[0].vulnerability, "CVE-2025-1000");
    assert_eq!(says(open.findings[0].evidence.as_ref().unwrap()), WHY);
    let history: Vec<_> = open
        .history
        .iter()
        .map(|it| {
            (
                it.version.as_str(),
                it.since.as_ref().map(|it| it.name.as_str()),
                it.until.as_ref().map(|it| it.name.as_str()),
            )
        })
        .collect();
    assert_eq!(
        history,
        [
            ("1.6", Some("r3000"), None),
            ("1.0", Some("r2000"), Some("r3000")),
            ("2.0", Some("r1000"), Some("r2000"))
        ]
    );
    let fixed = ask(Section::Fixed).await;
    assert_eq!(fixed.findings[0].vulnerability, "CVE-2025-1001");
    let none = tracker
        .views
        .package(&guix, "nothing", &PackageQuery::default(), now())
        .await;
    assert_eq!(none.unwrap(), None);
}

#[tokio::test]
async fn a_graft_is_shown_with_what_users_get() {
    let tracker = Tracker::new().await;
    tracker
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1000", "demo", "2.0", 9.8))
        .await;
    let mut grafted = named_package("demo", "1.0");
    grafted["replacement"] = named_package("demo", "2.0");
    let packages = guix(&[grafted]);
    tracker.inventory("guix/master", 1000, &packages).await;
    let query = PackageQuery {
        section: Section::Fixed,
        limit: 10,
        ..PackageQuery::default()
    };
    let view = tracker
        .views
        .package(&"guix".parse().unwrap(), "demo", &query, now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.versions[0].graft.as_ref().unwrap().version, "2.0");
    let evidence = view.findings[0].evidence.as_ref().unwrap();
    assert_eq!(
        says(evidence).last(),
        Some(&"fixed by graft: users get 2.0 in its place")
    );
}

#[tokio::test]
async fn a_vulnerability_keeps_each_source_apart() {
    let tracker = small().await;
    tracker
        .feed(
            FeedKind::Osv,
            r#"{"id":"GHSA-aaaa-bbbb-cccc","modified":"2025-01-05T00:00:00Z","aliases":["CVE-2025-1000"],"summary":"Another heading","details":"In other words.","affected":[{"package":{"ecosystem":"PyPI","name":"demo"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}]}]}"#,
        )
        .await;
    let answer = tracker
        .views
        .vulnerability("CVE-2025-1000", now())
        .await
        .unwrap();
    let VulnerabilityAnswer::Found(view) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(view.aliases, ["GHSA-aaaa-bbbb-cccc"]);
    let told: Vec<_> = view
        .advisories
        .iter()
        .map(|it| {
            (
                it.feed.as_str(),
                it.details.as_deref().unwrap_or_default(),
                it.affected[0].affected.join("; "),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("nvd", "An overflow in demo.", "before 2.0".to_owned()),
            ("osv", "In other words.", "before 2.0".to_owned()),
        ]
    );
    let places: Vec<_> = view.places.iter().map(|it| it.version.as_str()).collect();
    assert_eq!(places, ["1.6"]);
    let alias = tracker
        .views
        .vulnerability("GHSA-aaaa-bbbb-cccc", now())
        .await
        .unwrap();
    assert_eq!(alias, VulnerabilityAnswer::Alias("CVE-2025-1000".into()));
    let unknown = tracker
        .views
        .vulnerability("CVE-1999-9999", now())
        .await
        .unwrap();
    assert_eq!(unknown, VulnerabilityAnswer::Unknown);
}

#[tokio::test]
async fn search_finds_by_what_is_remembered() {
    let tracker = small().await;
    let names = |hits: Vec<VulnerabilityHit>| -> Vec<String> {
        hits.into_iter().map(|hit| hit.name).collect()
    };
    let found = async |query: &str| {
        let view = tracker.views.search(query).await.unwrap();
        let packages: Vec<String> = view.packages.into_iter().map(|hit| hit.name).collect();
        (
            view.exact,
            names(view.vulnerabilities),
            packages,
            names(view.product),
        )
    };
    let exact = Some("CVE-2025-1000".to_owned());
    assert_eq!(found("cve-2025-1000").await.0, exact);
    assert_eq!(found("2025-1000").await.0, exact);
    assert_eq!(found("1000").await.0, exact);
    assert_eq!(
        found("CVE-2025-10").await.1,
        ["CVE-2025-1000", "CVE-2025-1001", "CVE-2025-1002"]
    );
    assert_eq!(found("dem").await.2, ["demo"]);
    assert_eq!(found("em").await.2, ["demo"]);
    assert_eq!(found("demo").await.3, ["CVE-2025-1000", "CVE-2025-1001"]);
    assert_eq!(found("x").await, (None, vec![], vec![], vec![]));
    assert_eq!(found("' OR 1=1 --").await, (None, vec![], vec![], vec![]));
}

#[tokio::test]
async fn the_front_page_tells_what_matters() {
    let tracker = small().await;
    let home = tracker
        .views
        .home(palisade_model::Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    assert_eq!(home.branches[0].counts.affected, 1);
    assert_eq!(home.worst[0].name, "CVE-2025-1000");
    assert_eq!(home.exploited, []);
    let newest: Vec<_> = home
        .newest
        .iter()
        .map(|it| it.vulnerability.as_str())
        .collect();
    assert_eq!(newest, ["CVE-2025-1000"]);
    assert_eq!(home.imports[0].kind, "guix_inventory");
    assert_eq!(home.imports[0].document, "packages");
    let feeds = tracker.views.feeds().await.unwrap();
    assert_eq!(
        (feeds.feeds[0].kind.as_str(), feeds.feeds[0].records),
        ("nvd", 3)
    );
    let import = tracker.views.import(1, 10, 0).await.unwrap().unwrap();
    assert_eq!(import.import.records, 1);
    assert_eq!(tracker.views.import(99, 10, 0).await.unwrap(), None);
}

#[tokio::test]
async fn an_empty_database_answers() {
    let tracker = Tracker::new().await;
    assert_eq!(tracker.views.branches().await.unwrap(), []);
    assert_eq!(
        tracker
            .views
            .home(palisade_model::Timestamp::UNIX_EPOCH)
            .await
            .unwrap()
            .worst,
        []
    );
    let found = tracker.views.search("anything").await.unwrap();
    assert_eq!(found.packages, []);
    let all = query(FindingFilter::default());
    assert_eq!(branch(&tracker, None, &all).await, None);
}

#[tokio::test]
async fn while_a_state_is_prepared_the_one_before_is_told() {
    let tracker = small().await;
    let affected = async || listed(&tracker).await.total;
    let before = affected().await;
    tracker
        .feed(FeedKind::Nvd, &nvd("CVE-2025-2000", "demo", "2.0", 9.8))
        .await;
    assert_eq!(affected().await, before + 1, "nobody prepares anything");
    tracker.views.warm().await.unwrap();
    tracker
        .feed(FeedKind::Nvd, &nvd("CVE-2025-2001", "demo", "2.0", 9.8))
        .await;
    let told = tracker.views.generation().await.unwrap();
    assert_ne!(told, tracker.views.present().await.unwrap());
    assert_eq!(affected().await, before + 1);
    tracker.views.warm().await.unwrap();
    assert_eq!(affected().await, before + 2);
    assert_eq!(
        tracker.views.generation().await.unwrap(),
        tracker.views.present().await.unwrap()
    );
}
