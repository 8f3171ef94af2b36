//! Groups of Arch Linux's security tracker.

use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_model::{Rating, VulnerabilityId};
use proptest::prelude::*;

use crate::shared_vuln::{open, parse, read};
use crate::support::{Collected, survives, told};

const GROUP: &str = r#"{"advisories":["ASA-202406-1","ASA-202406-1"],"affected":"1:1.0-1","fixed":"1:1.1-2","issues":["CVE-2024-1000","CVE-2024-1001"],"name":"AVG-7","packages":["demo","lib32-demo"],"severity":"High","status":"Fixed","ticket":"4711","type":"denial of service"}"#;

fn with(status: &str, fixed: &str) -> Vec<String> {
    let text = GROUP
        .replace("\"Fixed\"", &format!("{status:?}"))
        .replace("\"1:1.1-2\"", fixed)
        .replace(",\"lib32-demo\"", "");
    told(&parse(FeedKind::Avg, &text))
}

#[test]
fn a_group_is_about_all_its_issues_in_all_its_packages() {
    let advisory = parse(FeedKind::Avg, GROUP);
    assert_eq!(advisory.id.as_str(), "AVG-7");
    let aliases: Vec<&str> = advisory
        .aliases
        .iter()
        .map(VulnerabilityId::as_str)
        .collect();
    assert_eq!(aliases, ["CVE-2024-1000", "CVE-2024-1001"]);
    assert_eq!(
        told(&advisory),
        [
            "archlinux demo: affected <1:1.1-2 (Arch's status: fixed; seen in 1:1.0-1)",
            "archlinux lib32-demo: affected <1:1.1-2 (Arch's status: fixed; seen in 1:1.0-1)",
        ]
    );
    assert_eq!(advisory.title.as_deref(), Some("denial of service"));
    assert_eq!(advisory.severities[0].scorer, "Arch Linux");
    assert_eq!(advisory.severities[0].rating, Rating::Word("high".into()));
    let urls: Vec<&str> = advisory.references.iter().map(|link| &*link.url).collect();
    assert_eq!(
        urls,
        [
            "https://security.archlinux.org/AVG-7",
            "https://security.archlinux.org/ASA-202406-1",
            "https://bugs.archlinux.org/task/4711",
        ]
    );
}

#[test]
fn a_status_says_which_versions_are_affected() {
    let seen = "seen in 1:1.0-1)";
    for (status, fixed, ranges) in [
        ("Testing", "\"2-1\"", "affected <2-1"),
        ("Vulnerable", "null", "affected all"),
        ("Vulnerable", "\"2-1\"", "affected <2-1"),
        ("Not affected", "null", "unaffected all"),
        ("Not affected", "\"2-1\"", "unaffected all"),
        ("Unknown", "\"2-1\"", "unknown all"),
    ] {
        let lower = status.to_lowercase();
        assert_eq!(
            with(status, fixed),
            [format!(
                "archlinux demo: {ranges} (Arch's status: {lower}; {seen}"
            )]
        );
    }
}

#[test]
fn bad_groups_say_why() {
    for (from, to, reason) in [
        ("AVG-7", "x", "3 to 128 bytes"),
        ("\"1:1.1-2\"", "null", "in no version"),
        ("1:1.1-2", "1 2", "fixed version \"1 2\""),
        ("\"Fixed\"", "\"Gone\"", "status \"Gone\""),
        ("\"demo\"", "\"../demo\"", "no package"),
        ("\"name\"", "\"nom\"", "missing field"),
    ] {
        let bad = FeedKind::Avg.parse(GROUP.replace(from, to).as_bytes());
        let bad = bad.unwrap_err();
        assert!(bad.reason.contains(reason), "{bad:?}");
    }
}

#[test]
fn the_list_of_all_groups_is_an_array_and_one_group_an_object() {
    for document in [
        format!("[{GROUP},\n{GROUP}]"),
        format!("{GROUP}\n{GROUP}\n"),
    ] {
        let found = Collected::read(
            FeedKind::Avg,
            "all.json",
            document.as_bytes(),
            &FeedContext::default(),
        );
        assert_eq!(found.unwrap().records(FeedKind::Avg).len(), 2);
    }
}

#[test]
fn all_real_groups_are_read() {
    let Some(mut feed) = open("vuln/arch-avg-2025-02.jsonl.zst") else {
        return;
    };
    let found = read(FeedKind::Avg, &mut feed, &|_| true);
    assert_eq!(found.rejects, [""; 0]);
    assert_eq!((found.records, found.ranges), (2_507, 2_575));
    let aliases: usize = found.kept.iter().map(|group| group.aliases.len()).sum();
    assert_eq!(aliases, 8_365);
    let count = |words: &str| {
        let with = |group: &&palisade_model::Advisory| told(group)[0].contains(words);
        found.kept.iter().filter(with).count()
    };
    assert_eq!(count("affected <"), 2_214 + 1);
    assert_eq!(count(": affected all"), 82);
    assert_eq!(count("unaffected all"), 195);
    assert_eq!(count("unknown all"), 15);
    let vlc = found
        .kept
        .iter()
        .find(|group| group.id.as_str() == "AVG-1008");
    assert_eq!(
        told(vlc.unwrap()),
        ["archlinux vlc: unaffected all (Arch's status: not affected; seen in 3.0.7.1-2)"]
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..600) {
        survives(FeedKind::Avg, GROUP.as_bytes(), &bytes, at);
    }
}
