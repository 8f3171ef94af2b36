//! The order of imports makes no difference to what is known in the end.

use palisade_formats::feed::FeedKind;
use palisade_store::Content;

use crate::documents::{apkindex, nvd_before, osv, page, product, secdb};
use crate::tracker::Tracker;

/// Something that is imported.
enum Step {
    /// The state of a branch at a second.
    State(&'static str, i64, &'static [&'static str]),
    /// A document of a feed.
    Feed(FeedKind, fn() -> String),
}

const STEPS: [Step; 8] = [
    // The library's entry does not stand beside the program built from the same source, so
    // another speaks for the source here.
    Step::State(
        "alpine/v3.17",
        1000,
        &[
            "zlib 1.2.11-r0",
            "libssl3 3.0.7-r0 openssl",
            "musl 1.2.3-r4",
        ],
    ),
    Step::State(
        "alpine/v3.17",
        2000,
        &[
            "zlib 1.2.13-r0",
            "openssl 3.0.7-r0",
            "libssl3 3.0.7-r0 openssl",
            "musl 1.2.3-r4",
        ],
    ),
    Step::State(
        "alpine/v3.17",
        3000,
        &[
            "zlib 1.2.13-r0",
            "openssl 3.0.8-r0",
            "libssl3 3.0.8-r0 openssl",
        ],
    ),
    Step::State(
        "alpine/v3.18",
        2500,
        &["zlib 1.2.11-r0", "openssl 3.0.7-r0"],
    ),
    Step::Feed(FeedKind::Nvd, || {
        page(&[
            nvd_before("CVE-2024-0001", &product("zlib"), "1.2.12"),
            nvd_before("CVE-2024-0002", &product("openssl"), "3.0.8"),
            nvd_before("CVE-2024-0003", &product("musl"), "1.2.2"),
        ])
    }),
    Step::Feed(FeedKind::Secdb, || {
        let fixes = ["openssl 3.0.7-r0 CVE-2024-0002", "musl 0 CVE-2024-0003"];
        secdb("v3.17", &fixes)
    }),
    Step::Feed(FeedKind::Osv, || {
        let (ghsa, cve) = ("GHSA-2222-3333-4444", "CVE-2024-0001");
        let other = osv("OSV-2024-1", &[ghsa], "Alpine:v3.18", "zlib", "1.2.12-r0");
        let one = osv(ghsa, &[cve], "Alpine:v3.17", "zlib", "1.2.12-r0");
        format!("{other}\n{one}\n")
    }),
    Step::Feed(FeedKind::Osv, || {
        osv(
            "GHSA-5555-6666-7777",
            &[],
            "Alpine:v3.17",
            "musl",
            "1.2.4-r0",
        )
        .to_string()
    }),
];

/// A database in which the steps were done in an order.
async fn after(order: &[usize]) -> Tracker {
    let tracker = Tracker::new().await;
    for &step in order {
        match &STEPS[step] {
            Step::State(branch, second, packages) => {
                let packages = apkindex(packages);
                tracker.inventory(branch, *second, &packages).await
            }
            Step::Feed(kind, document) => tracker.feed(*kind, &document()).await,
        };
    }
    tracker
}

/// What is known; what was told on the way depends on the order.
async fn known(tracker: &Tracker) -> Content {
    tracker.content().await.without(&["event"])
}

#[tokio::test]
async fn feeds_before_or_after_inventories_give_the_same() {
    let inventories_first = after(&[0, 1, 2, 3, 4, 5, 6, 7]).await;
    assert_eq!(
        inventories_first.findings().await,
        [
            "-v3.17 musl 1.2.3-r4 CVE-2024-0003: not affected",
            "-v3.17 musl 1.2.3-r4 GHSA-5555-6666-7777: affected",
            // By the library, and by the program built from the same source.
            "-v3.17 openssl 3.0.7-r0 CVE-2024-0002: fixed",
            "-v3.17 openssl 3.0.7-r0 CVE-2024-0002: fixed",
            "-v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected",
            "v3.17 openssl 3.0.8-r0 CVE-2024-0002: fixed",
            "v3.17 zlib 1.2.13-r0 CVE-2024-0001: fixed",
            "v3.18 openssl 3.0.7-r0 CVE-2024-0002: affected",
            "v3.18 zlib 1.2.11-r0 CVE-2024-0001: affected",
        ]
    );
    let expected = known(&inventories_first).await;
    for order in [
        [4, 5, 6, 7, 0, 1, 2, 3],
        [7, 6, 5, 4, 3, 2, 1, 0],
        [2, 4, 0, 6, 1, 5, 3, 7],
        [1, 3, 0, 2, 7, 5, 6, 4],
        [6, 0, 4, 1, 5, 2, 3, 7],
    ] {
        let differences = expected.differences(&known(&after(&order).await).await, 9);
        assert_eq!(differences, Vec::<String>::new(), "{order:?}");
    }
}
