//! Answers to questions about a small world.

use palisade_formats::feed::FeedKind;
use palisade_model::{Confidence, Level, StepKind, VerdictStatus};
use palisade_tracker::views::{
    FindingFilter, FindingQuery, LevelFilter, PackageQuery, Section, Sort, StatusFilter,
    VulnerabilityAnswer,
};

use crate::support::{World, nvd, package};

fn query(filter: FindingFilter) -> FindingQuery {
    FindingQuery {
        filter,
        limit: 50,
        ..FindingQuery::default()
    }
}

/// demo is affected from the second revision on, in two versions; calm never is.
async fn small() -> World {
    let mut world = World::new().await;
    world
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1000", "demo", "2.0", 9.8))
        .await;
    world
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1001", "demo", "1.5", 5.0))
        .await;
    world
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1002", "calm", "0.5", 7.0))
        .await;
    let calm = package("calm", "1.0");
    world
        .revision("one", "01:00", &[&package("demo", "2.0"), &calm])
        .await;
    world
        .revision("two", "02:00", &[&package("demo", "1.0"), &calm])
        .await;
    world
        .revision("three", "03:00", &[&package("demo", "1.6"), &calm])
        .await;
    world
}

#[tokio::test]
async fn a_branch_lists_what_affects_it_now() {
    let world = small().await;
    let branch = "guix/master".parse().unwrap();
    let view = world
        .views
        .branch(&branch, None, &query(FindingFilter::default()))
        .await;
    let view = view.unwrap().unwrap();
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
    assert_eq!(finding.confidence, Confidence::Certain);
    assert_eq!(finding.fixed_in.as_deref(), Some("2.0"));
    let score = finding.score.as_ref().unwrap();
    assert_eq!(
        (score.score, score.scorer.as_str(), score.level),
        (9.8, "nvd@nist.gov", Level::Critical)
    );
    assert_eq!(view.repositories[0].revision.name, "three");
    assert_eq!(
        view.revisions
            .iter()
            .map(|it| it.name.as_str())
            .collect::<Vec<_>>(),
        ["three", "two", "one"]
    );
}

#[tokio::test]
async fn a_run_goes_on_over_versions_and_begins_where_it_began() {
    let world = small().await;
    let branch = "guix/master".parse().unwrap();
    let view = world
        .views
        .branch(&branch, None, &query(FindingFilter::default()))
        .await;
    let since = view.unwrap().unwrap().findings[0].since.clone().unwrap();
    assert_eq!(
        (since.name.as_str(), since.time.to_string().as_str()),
        ("two", "2026-01-01T02:00:00Z")
    );
}

#[tokio::test]
async fn the_past_is_listed_as_it_was() {
    let world = small().await;
    let branch = "guix/master".parse().unwrap();
    let names = async |revision: &str| {
        let view = world
            .views
            .branch(&branch, Some(revision), &query(FindingFilter::default()))
            .await;
        let view = view.unwrap().unwrap();
        assert_eq!(view.revision.unwrap().name, revision);
        view.findings
            .into_iter()
            .map(|it| (it.vulnerability, it.version))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("one").await, []);
    assert_eq!(
        names("two").await,
        [
            ("CVE-2025-1000".into(), "1.0".into()),
            ("CVE-2025-1001".into(), "1.0".into())
        ]
    );
    let unknown = world
        .views
        .branch(&branch, Some("four"), &query(FindingFilter::default()))
        .await;
    assert_eq!(unknown.unwrap(), None);
}

#[tokio::test]
async fn filters_leave_what_fits() {
    let mut world = small().await;
    world
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1003", "calm", "3.0", 4.0))
        .await;
    world
        .feed(
            FeedKind::Kev,
            r#"{"catalogVersion":"1","dateReleased":"2025-02-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2025-1003","vendorProject":"Acme","product":"Calm","vulnerabilityName":"Calm overflow","dateAdded":"2025-02-01","shortDescription":"x","requiredAction":"Update.","dueDate":"2025-02-21","knownRansomwareCampaignUse":"Known","notes":""}]}"#,
        )
        .await;
    world
        .epss("#model_version:v2025.03.14,score_date:2026-01-01T00:00:00+0000\ncve,epss,percentile\nCVE-2025-1003,0.9,0.99\n")
        .await;
    let branch = "guix/master".parse().unwrap();
    let names = async |query: FindingQuery| {
        let view = world
            .views
            .branch(&branch, None, &query)
            .await
            .unwrap()
            .unwrap();
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
    assert!(names(query(queue)).await.is_empty());
}

#[tokio::test]
async fn an_import_is_seen_at_once() {
    let mut world = small().await;
    let branch = "guix/master".parse().unwrap();
    let before = world
        .views
        .branch(&branch, None, &query(FindingFilter::default()))
        .await;
    assert_eq!(before.unwrap().unwrap().total, 1);
    world
        .revision(
            "four",
            "04:00",
            &[&package("demo", "2.1"), &package("calm", "1.0")],
        )
        .await;
    let after = world
        .views
        .branch(&branch, None, &query(FindingFilter::default()))
        .await;
    assert_eq!(after.unwrap().unwrap().total, 0);
}

#[tokio::test]
async fn a_finding_tells_why() {
    let world = small().await;
    let found = world
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
    let steps = &place.evidence.0;
    assert!(
        steps.iter().any(|step| step.kind == StepKind::Identity),
        "{steps:?}"
    );
    let range = steps
        .iter()
        .find(|step| step.kind == StepKind::Range)
        .unwrap();
    assert_eq!(range.says, "1.6 is affected: before 2.0");
    assert_eq!(
        (range.feed.as_deref(), range.record.as_deref()),
        (Some("nvd"), Some("CVE-2025-1000"))
    );
    let nothing = world
        .views
        .finding(&"guix".parse().unwrap(), "calm", "CVE-2025-1000")
        .await;
    assert_eq!(nothing.unwrap(), None);
}

#[tokio::test]
async fn evidence_is_added_to_a_list_when_asked_for() {
    let world = small().await;
    let branch = "guix/master".parse().unwrap();
    let view = world
        .views
        .branch(&branch, None, &query(FindingFilter::default()))
        .await;
    let mut findings = view.unwrap().unwrap().findings;
    assert_eq!(findings[0].evidence, None);
    world.views.explain(&mut findings).await.unwrap();
    assert!(findings[0].evidence.as_ref().unwrap().0.len() >= 2);
}

#[tokio::test]
async fn a_package_knows_its_versions_findings_and_history() {
    let world = small().await;
    let guix = "guix".parse().unwrap();
    let ask = async |section| {
        let query = PackageQuery {
            section,
            limit: 10,
            ..PackageQuery::default()
        };
        world
            .views
            .package(&guix, "demo", &query)
            .await
            .unwrap()
            .unwrap()
    };
    let open = ask(Section::Open).await;
    assert_eq!(open.versions.len(), 1);
    assert_eq!(
        (open.versions[0].version.as_str(), open.versions[0].affected),
        ("1.6", 1)
    );
    assert_eq!(
        open.details.unwrap().homepage.as_deref(),
        Some("https://demo.example/")
    );
    assert_eq!((open.sections.open, open.sections.fixed), (1, 1));
    assert_eq!(open.findings[0].vulnerability, "CVE-2025-1000");
    assert!(open.findings[0].evidence.is_some());
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
            ("1.6", Some("three"), None),
            ("1.0", Some("two"), Some("three")),
            ("2.0", Some("one"), Some("two"))
        ]
    );
    let fixed = ask(Section::Fixed).await;
    assert_eq!(fixed.findings[0].vulnerability, "CVE-2025-1001");
    let none = world
        .views
        .package(&guix, "nothing", &PackageQuery::default())
        .await;
    assert_eq!(none.unwrap(), None);
}

#[tokio::test]
async fn a_graft_is_shown_with_what_users_get() {
    let mut world = World::new().await;
    world
        .feed(FeedKind::Nvd, &nvd("CVE-2025-1000", "demo", "2.0", 9.8))
        .await;
    let plain = package("demo", "1.0");
    let grafted = plain.replace(
        "\"synopsis\"",
        &format!("\"replacement\":{},\"synopsis\"", package("demo", "2.0")),
    );
    world.revision("one", "01:00", &[&grafted]).await;
    let query = PackageQuery {
        section: Section::Fixed,
        limit: 10,
        ..PackageQuery::default()
    };
    let view = world
        .views
        .package(&"guix".parse().unwrap(), "demo", &query)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.versions[0].graft.as_ref().unwrap().version, "2.0");
    let evidence = view.findings[0].evidence.as_ref().unwrap();
    assert!(
        evidence.0.iter().any(|step| step.says.contains("graft")),
        "{evidence:?}"
    );
}

#[tokio::test]
async fn a_vulnerability_keeps_each_source_apart() {
    let mut world = small().await;
    world
        .feed(
            FeedKind::Osv,
            r#"{"id":"GHSA-aaaa-bbbb-cccc","modified":"2025-01-05T00:00:00Z","aliases":["CVE-2025-1000"],"summary":"Another heading","details":"In other words.","affected":[{"package":{"ecosystem":"PyPI","name":"demo"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}]}]}"#,
        )
        .await;
    let answer = world.views.vulnerability("CVE-2025-1000").await.unwrap();
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
    assert_eq!(view.places.len(), 1);
    assert_eq!(view.places[0].version, "1.6");
    let alias = world
        .views
        .vulnerability("GHSA-aaaa-bbbb-cccc")
        .await
        .unwrap();
    assert_eq!(alias, VulnerabilityAnswer::Alias("CVE-2025-1000".into()));
    let unknown = world.views.vulnerability("CVE-1999-9999").await.unwrap();
    assert_eq!(unknown, VulnerabilityAnswer::Unknown);
}

#[tokio::test]
async fn search_finds_by_what_is_remembered() {
    let world = small().await;
    let found = async |query: &str| {
        let view = world.views.search(query).await.unwrap();
        let names: Vec<String> = view
            .vulnerabilities
            .into_iter()
            .map(|hit| hit.name)
            .collect();
        let packages: Vec<String> = view.packages.into_iter().map(|hit| hit.name).collect();
        (view.exact, names, packages, view.product.len())
    };
    let exact = Some("CVE-2025-1000".to_owned());
    assert_eq!(found("cve-2025-1000").await.0, exact);
    assert_eq!(found("2025-1000").await.0, exact);
    assert_eq!(found("1000").await.0, exact);
    assert_eq!(found("CVE-2025-10").await.1.len(), 3);
    assert_eq!(found("dem").await.2, ["demo"]);
    assert_eq!(found("em").await.2, ["demo"]);
    assert_eq!(found("demo").await.3, 2);
    assert_eq!(found("x").await, (None, vec![], vec![], 0));
    assert_eq!(found("' OR 1=1 --").await, (None, vec![], vec![], 0));
}

#[tokio::test]
async fn the_front_page_tells_what_matters() {
    let world = small().await;
    let home = world.views.home().await.unwrap();
    assert_eq!(home.branches[0].counts.affected, 1);
    assert_eq!(home.worst[0].name, "CVE-2025-1000");
    assert!(home.exploited.is_empty());
    assert_eq!(home.newest.len(), 1);
    assert_eq!(home.imports[0].kind, "guix_inventory");
    assert_eq!(home.imports[0].document, "packages.jsonl");
    let feeds = world.views.feeds().await.unwrap();
    assert_eq!(
        (feeds.feeds[0].kind.as_str(), feeds.feeds[0].records),
        ("nvd", 3)
    );
    let import = world.views.import(1, 10, 0).await.unwrap().unwrap();
    assert_eq!(import.import.records, 1);
    assert_eq!(world.views.import(99, 10, 0).await.unwrap(), None);
}

#[tokio::test]
async fn an_empty_database_answers() {
    let world = World::new().await;
    assert_eq!(world.views.branches().await.unwrap(), []);
    assert!(world.views.home().await.unwrap().worst.is_empty());
    assert!(
        world
            .views
            .search("anything")
            .await
            .unwrap()
            .packages
            .is_empty()
    );
    let branch = "guix/master".parse().unwrap();
    let view = world
        .views
        .branch(&branch, None, &query(FindingFilter::default()))
        .await;
    assert_eq!(view.unwrap(), None);
}
