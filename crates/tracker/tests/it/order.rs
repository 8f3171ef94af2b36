//! The order of imports makes no difference to what is known in the end.

use palisade_formats::feed::FeedKind;
use palisade_store::Content;

use crate::tracker::{Tracker, apkindex, nvd, osv, page, secdb};

/// Something that is imported.
type Step = fn(&Tracker);

const STEPS: [Step; 8] = [
    |tracker| {
        // The library's entry does not stand beside the program built from the same source, so
        // another speaks for the source here.
        let packages = [
            "zlib 1.2.11-r0",
            "libssl3 3.0.7-r0 openssl",
            "musl 1.2.3-r4",
        ];
        tracker.inventory("alpine/v3.17", 1000, &apkindex(&packages));
    },
    |tracker| {
        let packages = [
            "zlib 1.2.13-r0",
            "openssl 3.0.7-r0",
            "libssl3 3.0.7-r0 openssl",
            "musl 1.2.3-r4",
        ];
        tracker.inventory("alpine/v3.17", 2000, &apkindex(&packages));
    },
    |tracker| {
        let packages = [
            "zlib 1.2.13-r0",
            "openssl 3.0.8-r0",
            "libssl3 3.0.8-r0 openssl",
        ];
        tracker.inventory("alpine/v3.17", 3000, &apkindex(&packages));
    },
    |tracker| {
        tracker.inventory(
            "alpine/v3.18",
            2500,
            &apkindex(&["zlib 1.2.11-r0", "openssl 3.0.7-r0"]),
        );
    },
    |tracker| {
        let records = [
            nvd("CVE-2024-0001", "zlib", "1.2.12", "2024-01-02T00:00:00.000"),
            nvd(
                "CVE-2024-0002",
                "openssl",
                "3.0.8",
                "2024-01-02T00:00:00.000",
            ),
            nvd("CVE-2024-0003", "musl", "1.2.2", "2024-01-02T00:00:00.000"),
        ];
        tracker.feed(FeedKind::Nvd, &page(&records));
    },
    |tracker| {
        let fixes = ["openssl 3.0.7-r0 CVE-2024-0002", "musl 0 CVE-2024-0003"];
        tracker.feed(FeedKind::Secdb, &secdb("v3.17", &fixes));
    },
    |tracker| {
        let one = osv(
            "GHSA-2222-3333-4444",
            &["CVE-2024-0001"],
            "v3.17",
            "zlib",
            "1.2.12-r0",
        );
        let other = osv(
            "OSV-2024-1",
            &["GHSA-2222-3333-4444"],
            "v3.18",
            "zlib",
            "1.2.12-r0",
        );
        tracker.feed(FeedKind::Osv, &format!("{other}\n{one}\n"));
    },
    |tracker| {
        let alone = osv("GHSA-5555-6666-7777", &[], "v3.17", "musl", "1.2.4-r0");
        tracker.feed(FeedKind::Osv, &alone.to_string());
    },
];

/// What is known when the steps were done in an order; what was told on the way depends on it.
fn after(order: &[usize]) -> Content {
    let tracker = Tracker::new();
    for &step in order {
        STEPS[step](&tracker);
    }
    tracker.content().without(&["event"])
}

#[test]
fn feeds_before_or_after_inventories_give_the_same() {
    let inventories_first = after(&[0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(inventories_first.tables["finding"].len(), 9);
    for order in [
        [4, 5, 6, 7, 0, 1, 2, 3],
        [7, 6, 5, 4, 3, 2, 1, 0],
        [2, 4, 0, 6, 1, 5, 3, 7],
        [1, 3, 0, 2, 7, 5, 6, 4],
        [6, 0, 4, 1, 5, 2, 3, 7],
    ] {
        let differences = inventories_first.differences(&after(&order), 9);
        assert_eq!(differences, Vec::<String>::new(), "{order:?}");
    }
}
