//! How values are written on pages.

use palisade_model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::format::is_suffix;

/// What stands for itself in one part of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b'@')
    .remove(b':');

/// Bytes of an address that is still made a link.
const LINK_BYTES: usize = 2000;

/// One part of a path. The end of a name that looks like a form's suffix is quoted: the page of
/// `node-x.json` is not that of `node-x` as JSON.
pub(crate) fn segment(text: &str) -> String {
    let quoted = utf8_percent_encode(text, SEGMENT).to_string();
    match quoted.rsplit_once('.') {
        Some((before, end)) if is_suffix(end) => format!("{before}%2E{end}"),
        _ => quoted,
    }
}

/// A value in a query.
pub(crate) fn query_value(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

pub(crate) fn branch_address(branch: &palisade_model::BranchName) -> String {
    format!(
        "/branch/{}/{}",
        segment(branch.distribution().as_str()),
        segment(branch.name())
    )
}

/// The page of a branch's grafts, now or at a revision.
pub(crate) fn grafts_address(branch: &palisade_model::BranchName, at: Option<&str>) -> String {
    format!("{}/grafts{}", branch_address(branch), revision_query(at))
}

/// The page of those who use a package of a branch, now or at a revision.
pub(crate) fn affected_by_address(
    branch: &palisade_model::BranchName,
    package: &str,
    at: Option<&str>,
) -> String {
    let (branch, package) = (branch_address(branch), segment(package));
    format!("{branch}/affected-by/{package}{}", revision_query(at))
}

fn revision_query(at: Option<&str>) -> String {
    at.map_or_else(String::new, |at| format!("?revision={}", query_value(at)))
}

/// The page of what packagers of a branch wrote wrongly.
pub(crate) fn mistakes_address(branch: &palisade_model::BranchName) -> String {
    format!("{}/mistakes", branch_address(branch))
}

/// The page of a branch over time.
pub(crate) fn branch_history_address(branch: &palisade_model::BranchName) -> String {
    format!("{}/history", branch_address(branch))
}

/// The report of a month, of one branch or of all.
pub(crate) fn report_address(month: &str, branch: Option<&str>) -> String {
    let path = format!("/report/{}", segment(month));
    match branch {
        Some(branch) => format!("{path}?branch={}", query_value(branch)),
        None => path,
    }
}

/// The page on which two states of branches are compared, as they are named in questions.
pub(crate) fn comparison_address(from: &str, to: &str) -> String {
    format!(
        "/comparison?from={}&to={}",
        query_value(from),
        query_value(to)
    )
}

pub(crate) fn package_address(distribution: &str, name: &str) -> String {
    format!("/package/{}/{}", segment(distribution), segment(name))
}

/// The page of a package's versions through time.
pub(crate) fn package_history_address(distribution: &str, name: &str) -> String {
    format!("{}/history", package_address(distribution, name))
}

pub(crate) fn distribution_address(distribution: &str) -> String {
    format!("/distribution/{}", segment(distribution))
}

pub(crate) fn maintainers_address(distribution: &str) -> String {
    format!("/maintainers/{}", segment(distribution))
}

/// The page of a maintainer's packages; of nobody's without a name.
pub(crate) fn maintainer_address(distribution: &str, name: Option<&str>) -> String {
    let path = maintainers_address(distribution);
    match name {
        Some(name) => format!("{path}/packages?name={}", query_value(name)),
        None => format!("{path}/orphaned"),
    }
}

/// The feed of what happens to a package of a distribution.
pub(crate) fn package_feed_address(distribution: &str, name: &str) -> String {
    let (distribution, name) = (query_value(distribution), query_value(name));
    format!("/events.atom?distribution={distribution}&package={name}")
}

/// The feed of what happens to a vulnerability.
pub(crate) fn vulnerability_feed_address(name: &str) -> String {
    format!("/events.atom?vulnerability={}", query_value(name))
}

pub(crate) fn vulnerability_address(name: &str) -> String {
    format!("/vulnerability/{}", segment(name))
}

pub(crate) fn finding_address(distribution: &str, package: &str, vulnerability: &str) -> String {
    format!(
        "{}/{}",
        package_address(distribution, package),
        segment(vulnerability)
    )
}

/// The address of a record on the page of its vulnerability.
pub(crate) fn record_address(vulnerability: &str, feed: &str, record: &str) -> String {
    format!(
        "{}#{}",
        vulnerability_address(vulnerability),
        record_anchor(feed, record)
    )
}

/// The name of a record within the page of its vulnerability.
pub(crate) fn record_anchor(feed: &str, record: &str) -> String {
    let mut anchor = String::with_capacity(feed.len() + record.len() + 1);
    for c in feed.chars().chain([' ']).chain(record.chars()) {
        if c.is_ascii_alphanumeric() {
            anchor.push(c.to_ascii_lowercase());
        } else if !anchor.ends_with('-') {
            anchor.push('-');
        }
    }
    anchor
}

/// An address that may be made a link: `http` or `https`, of printable characters.
pub(crate) fn safe_link(address: &str) -> Option<String> {
    let lower = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    let plain = address.len() <= LINK_BYTES && address.chars().all(|c| c.is_ascii_graphic());
    (web && plain).then(|| address.to_owned())
}

/// A number with its thousands apart.
pub(crate) fn number(number: impl TryInto<i64>) -> String {
    let digits = number.try_into().unwrap_or(0_i64).to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same where nothing is told of none.
pub(crate) fn number_unless_none(count: usize) -> String {
    match count {
        0 => String::new(),
        count => number(count),
    }
}

/// A probability in percent.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 10.0 {
        format!("{percent:.0}\u{a0}%")
    } else {
        format!("{percent:.1}\u{a0}%")
    }
}

/// The day of a time.
pub(crate) fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

/// A time to the minute.
pub(crate) fn minute(time: Timestamp) -> String {
    format!("{} {}", day(time), clock(time))
}

/// A time of day, to the minute.
pub(crate) fn clock(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{} UTC", text.get(11..16).unwrap_or_default())
}

/// A revision's name, shortened when it is a commit.
pub(crate) fn short_revision(name: &str) -> String {
    let hexadecimal = name.len() >= 20 && name.bytes().all(|b| b.is_ascii_hexdigit());
    if hexadecimal {
        name[..12].to_owned()
    } else {
        name.to_owned()
    }
}

/// A word with a capital in front.
pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_become_links() {
        assert!(safe_link("https://example.org/a?b=c").is_some());
        assert!(safe_link("HTTP://example.org").is_some());
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//x",
            "https://a b",
            "x",
        ] {
            assert_eq!(safe_link(bad), None, "{bad}");
        }
    }

    #[test]
    fn values_are_written_for_people() {
        assert_eq!(number(34696), "34,696");
        assert_eq!(number(999), "999");
        assert_eq!(
            (number_unless_none(0), number_unless_none(1)),
            (String::new(), "1".into())
        );
        assert_eq!(percent(0.9734), "97\u{a0}%");
        assert_eq!(percent(0.0042), "0.4\u{a0}%");
        let time: Timestamp = "2026-02-20T10:00:00Z".parse().unwrap();
        assert_eq!(
            (day(time), minute(time)),
            ("2026-02-20".into(), "2026-02-20 10:00 UTC".into())
        );
        assert_eq!(capital("high"), "High");
    }

    #[test]
    fn parts_of_paths_are_quoted() {
        assert_eq!(segment("libsigc++"), "libsigc++");
        for form in ["json", "jsonl", "atom", "csv", "md"] {
            assert_eq!(
                segment(&format!("node-x.{form}")),
                format!("node-x%2E{form}")
            );
        }
        assert_eq!(segment("node-x.js"), "node-x.js");
        assert_eq!(segment("a/b?c#d\"<"), "a%2Fb%3Fc%23d%22%3C");
        assert_eq!(
            record_anchor("secdb alpine/v3.17/main", "a/CVE-1"),
            "secdb-alpine-v3-17-main-a-cve-1"
        );
    }
}
