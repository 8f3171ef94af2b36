//! What a change makes of some packages of a branch is what the comparison with the whole state after
//! the change would tell.

use palisade_formats::feed::FeedKind::Nvd;
use palisade_tracker::views::{ComparisonAnswer, ComparisonView, GraftEdit, PackageEdit, Remedy};

use crate::documents::{guix, named_package, nvd_before, package, page, product};
use crate::tracker::Tracker;
use serde_json::{Value, json};

async fn edited(tracker: &Tracker, edits: &[PackageEdit]) -> (ComparisonView, Vec<String>) {
    let from = "guix/master".parse().unwrap();
    let asked = tracker.views.compare_edited(&from, edits, "a patch", 100);
    match asked.await.unwrap() {
        (ComparisonAnswer::Found(view), unknown) => (*view, unknown),
        (ComparisonAnswer::Unknown(reason), _) => panic!("{reason}"),
    }
}

fn patched(name: &str, version: &str, patches: &[&str]) -> Value {
    let source = json!({"type": "url", "urls": [], "patches": patches});
    let properties = json!({"cpe-name": name, "cpe-vendor": name});
    package(
        name,
        version,
        &json!({"source": source, "properties": properties}),
    )
}

/// `demo` 1.0, open to one vulnerability and patched against another, beside `other`.
async fn branch() -> Tracker {
    let tracker = Tracker::new().await;
    let records = [
        nvd_before("CVE-2025-0001", &product("demo"), "1.2"),
        nvd_before("CVE-2025-0002", &product("demo"), "2.0"),
    ];
    tracker.feed(Nvd, &page(&records)).await;
    let packages = [
        patched("demo", "1.0", &["demo-CVE-2025-0002.patch"]),
        named_package("other", "3"),
    ];
    tracker
        .inventory("guix/master", 1000, &guix(&packages))
        .await;
    tracker
}

fn demo() -> PackageEdit {
    PackageEdit {
        name: "demo".to_owned(),
        from_version: Some("1.0".to_owned()),
        ..PackageEdit::default()
    }
}

#[tokio::test]
async fn an_upgrade_fixes_and_a_patch_that_goes_with_it_is_lost() {
    let tracker = branch().await;
    let upgrade = PackageEdit {
        to_version: Some("1.2".to_owned()),
        ..demo()
    };
    let (view, unknown) = edited(&tracker, std::slice::from_ref(&upgrade)).await;
    assert_eq!(unknown, Vec::<String>::new());
    assert_eq!(view.fixed.len(), 1);
    assert_eq!(view.fixed[0].vulnerability, "CVE-2025-0001");
    assert_eq!(view.fixed[0].remedy, Some(Remedy::Upgrade));
    assert!(!view.is_worse(None));
    let without = PackageEdit {
        patches_removed: vec!["demo-CVE-2025-0002.patch".to_owned()],
        ..upgrade
    };
    let (view, _) = edited(&tracker, &[without]).await;
    assert_eq!(view.net.lost, 1);
    assert_eq!(view.introduced[0].vulnerability, "CVE-2025-0002");
    assert!(view.is_worse(None));
    assert_eq!(
        view.packages.changed, 1,
        "the other package is not spoken of"
    );
}

#[tokio::test]
async fn a_graft_and_a_removal_are_judged() {
    let tracker = branch().await;
    let graft = PackageEdit {
        graft: Some(GraftEdit::Given {
            version: None,
            patches: vec!["demo-CVE-2025-0001.patch".to_owned()],
        }),
        ..demo()
    };
    let (view, _) = edited(&tracker, &[graft]).await;
    assert_eq!(view.fixed[0].remedy, Some(Remedy::Graft));
    let removal = PackageEdit {
        removed: true,
        ..demo()
    };
    let (view, _) = edited(&tracker, &[removal]).await;
    assert_eq!(view.fixed[0].remedy, Some(Remedy::Removal));
    assert_eq!(view.packages.removed, 1);
}

#[tokio::test]
async fn what_the_branch_does_not_have_is_named() {
    let tracker = branch().await;
    let new = PackageEdit {
        name: "new".to_owned(),
        ..PackageEdit::default()
    };
    let (_, unknown) = edited(&tracker, &[demo(), new.clone()]).await;
    assert_eq!(unknown, ["new"]);
    let from = "guix/master".parse().unwrap();
    let only = [new];
    let asked = tracker.views.compare_edited(&from, &only, "a patch", 100);
    let (answer, _) = asked.await.unwrap();
    assert!(matches!(answer, ComparisonAnswer::Unknown(_)));
}
