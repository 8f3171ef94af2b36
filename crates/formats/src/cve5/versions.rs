//! The versions of a CVE record's entry as ranges.
//!
//! The schema's rules, and what CNAs make of them:
//!
//! - `version` alone is one version; many CNAs write a range in words or signs there, which
//!   [`words`] reads. `*` and "all versions" are all; text without a digit says nothing.
//! - With `lessThan` or `lessThanOrEqual`, `version` is the lower bound; `0`, `*`, `unspecified`,
//!   `n/a` and other text without a digit leave it open. `*` and `unspecified` leave the upper
//!   bound open; other text without a digit ("publication") makes the range say nothing.
//! - `1.2.*` as upper bound is the end of the 1.2 series: before 1.3. Any other text with `*` at
//!   its end stands for an arbitrarily high version.
//! - `version` equal to `lessThan` would be empty, so it is read as "before".
//! - `changes` split a range at each `at`.

use std::cmp::Ordering;

use palisade_model::{Lower, RangeScheme, Span, Upper, VersionRange, VersionStatus};
use palisade_version::Scheme;

use super::record::Statement;
use super::words;

/// Reads a status; the schema's default is "unknown".
pub(super) fn status(text: &str) -> VersionStatus {
    match text {
        "affected" => VersionStatus::Affected,
        "unaffected" => VersionStatus::Unaffected,
        _ => VersionStatus::Unknown,
    }
}

/// Adds what one element of `versions` says.
pub(super) fn add_ranges(ranges: &mut Vec<VersionRange>, statement: &Statement<'_>) {
    let status = status(&statement.status);
    let scheme = scheme(statement);
    let mut push = |status, span| {
        let range = VersionRange {
            status,
            span,
            scheme,
        };
        // Lists of models with nothing but names would repeat "not stated" a hundred times.
        if range.span != Span::NotStated || ranges.last() != Some(&range) {
            ranges.push(range);
        }
    };
    let upper = match (&statement.less_than, &statement.less_than_or_equal) {
        (Some(bound), _) => upper(bound, Upper::Excluding),
        (None, Some(bound)) => upper(bound, Upper::Including),
        (None, None) if statement.changes.is_empty() => {
            for span in words::spans(&statement.version) {
                push(status, span);
            }
            return;
        }
        (None, None) => Some(Upper::Open),
    };
    let Some(upper) = upper else {
        push(status, Span::NotStated);
        return;
    };
    let mut lower = lower(&statement.version, &upper);
    if statement.changes.is_empty() {
        if let (Lower::Including(from), Upper::Including(to)) = (&lower, &upper)
            && from == to
        {
            return push(status, Span::Exact(from.clone()));
        }
        return push(status, between(lower, upper));
    }
    let mut current = status;
    for change in &statement.changes {
        let at = change.at.trim().to_owned();
        push(current, Span::Between(lower, Upper::Excluding(at.clone())));
        lower = Lower::Including(at);
        current = self::status(&change.status);
    }
    if !is_empty(&lower, &upper, scheme) {
        push(current, Span::Between(lower, upper));
    }
}

/// Whether nothing lies between: a change at the end of the range, or behind it (Zabbix names the
/// last affected version and the next one, in which it is fixed).
fn is_empty(lower: &Lower, upper: &Upper, scheme: RangeScheme) -> bool {
    let Lower::Including(from) = lower else {
        return false;
    };
    let order = |to: &str| {
        let stated = match scheme {
            RangeScheme::Stated(stated) => stated.0.compare(from, to),
            RangeScheme::Unstated | RangeScheme::Git => None,
        };
        stated.or_else(|| Scheme::Generic.compare(from, to))
    };
    match upper {
        Upper::Excluding(to) => from == to || order(to).is_some_and(Ordering::is_ge),
        Upper::Including(to) => from != to && order(to).is_some_and(Ordering::is_gt),
        Upper::Open => false,
    }
}

fn between(lower: Lower, upper: Upper) -> Span {
    match (lower, upper) {
        (Lower::Open, Upper::Open) => Span::All,
        (lower, upper) => Span::Between(lower, upper),
    }
}

fn lower(text: &str, upper: &Upper) -> Lower {
    let text = words::without_signs(text);
    let is_open = matches!(text, "0" | "0.0" | "0.0.0") || !words::has_digit(text);
    let is_upper = matches!(upper, Upper::Excluding(bound) if bound == text);
    if is_open || is_upper {
        Lower::Open
    } else {
        Lower::Including(text.to_owned())
    }
}

/// The upper bound; `None` where the text names no version.
fn upper(text: &str, bound: fn(String) -> Upper) -> Option<Upper> {
    let text = words::without_signs(text);
    if let Some(series) = text.strip_suffix('*') {
        return Some(end_of_series(series).map_or(Upper::Open, Upper::Excluding));
    }
    if text.eq_ignore_ascii_case("unspecified") {
        return Some(Upper::Open);
    }
    words::has_digit(text).then(|| bound(text.to_owned()))
}

/// The first version behind a series such as `1.2.`, which is `1.3`.
fn end_of_series(series: &str) -> Option<String> {
    let series = series.trim_end_matches(['.', '-']);
    let (front, last) = match series.rsplit_once('.') {
        Some((front, last)) => (Some(front), last),
        None => (None, series),
    };
    let next = last.parse::<u64>().ok()?.checked_add(1)?;
    Some(front.map_or_else(|| next.to_string(), |front| format!("{front}.{next}")))
}

fn scheme(statement: &Statement<'_>) -> RangeScheme {
    let stated = match &*statement.version_type.to_ascii_lowercase() {
        // The kernel's CNA writes the release that has the original fix, in numbers.
        "semver" | "npm" | "original_commit_for_fix" => Scheme::Semver,
        "git" => {
            return if names_a_commit(statement) {
                RangeScheme::Git
            } else {
                RangeScheme::Unstated
            };
        }
        "rpm" => Scheme::Rpm,
        "deb" | "dpkg" => Scheme::Deb,
        "apk" => Scheme::Apk,
        "python" | "pep440" | "pypi" => Scheme::Pep440,
        "maven" => Scheme::Maven,
        "gem" | "rubygems" => Scheme::RubyGems,
        "go" => Scheme::Go,
        "cpan" => Scheme::Cpan,
        _ => return RangeScheme::Unstated,
    };
    RangeScheme::stated(stated)
}

/// Some CNAs write "git" for "as tagged in Git".
fn names_a_commit(statement: &Statement<'_>) -> bool {
    let is_commit =
        |text: &str| (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    let bounds = [
        Some(&statement.version),
        statement.less_than.as_ref(),
        statement.less_than_or_equal.as_ref(),
    ];
    bounds.into_iter().flatten().any(|text| is_commit(text))
}
