//! An advisory in its own words: parsed again from the raw record, nothing merged.

use palisade_formats::feed::FeedKind;
use palisade_matching::span_words;
use palisade_model::{
    Advisory, Affected, Cpe, Level, Product, RangeScheme, Rating, Severity, Span, Ssvc, Timestamp,
    VersionStatus,
};
use palisade_store::AdvisoryRecord;
use serde::Serialize;
use utoipa::ToSchema;

use super::schema;

use crate::derive::feed_name;

/// Products of one advisory that are told; some records list thousands.
const PRODUCTS: usize = 60;

/// Ranges of one product that are told.
const RANGES: usize = 40;

/// Links of one advisory that are told.
const REFERENCES: usize = 80;

/// Characters of a description; none that says something is longer.
const DETAILS: usize = 20_000;

/// What one record of one feed says.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AdvisoryView {
    /// The feed: `nvd`, `secdb alpine/v3.17/main`.
    pub feed: String,
    /// The record's name in the feed.
    pub record: String,
    /// The record's identifier.
    pub identifier: String,
    /// Where its source shows it to people.
    pub link: Option<String>,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published: Option<Timestamp>,
    /// When it was last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub modified: Option<Timestamp>,
    /// Why it no longer counts, if it was withdrawn.
    pub withdrawn: Option<String>,
    /// Whether its source says that the issue is disputed.
    pub disputed: bool,
    /// Its heading.
    pub title: Option<String>,
    /// Its description.
    pub details: Option<String>,
    /// Its ratings.
    pub severities: Vec<SeverityView>,
    /// CWE identifiers.
    pub weaknesses: Vec<String>,
    /// Links.
    pub references: Vec<ReferenceView>,
    /// Links that are left out here.
    pub more_references: usize,
    /// What it says is affected.
    pub affected: Vec<AffectedView>,
    /// Products that are left out here.
    pub more_affected: usize,
    /// That it is exploited, when the record says so.
    pub exploitation: Option<ExploitationView>,
    /// CISA's categorisation.
    #[schema(value_type = Option<schema::Ssvc>)]
    pub ssvc: Option<Ssvc>,
}

/// An entry of the catalogue of known exploited vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExploitationView {
    /// The day on which it was added.
    pub added: String,
    /// The day by which federal agencies have to act.
    pub due: Option<String>,
    /// Whether ransomware campaigns are known to use it.
    pub ransomware: bool,
    /// What to do.
    pub action: Option<String>,
}

/// A rating.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SeverityView {
    /// Who rated.
    pub scorer: String,
    /// The system: `CVSS 3.1`, or nothing for a word of the scorer's own scale.
    pub system: Option<String>,
    /// The vector, or the word.
    pub rating: String,
    /// The base score.
    pub score: Option<f64>,
    /// Its level.
    #[schema(value_type = Option<schema::Level>)]
    pub level: Option<Level>,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReferenceView {
    /// The address as the source wrote it: of any scheme, and not to be trusted.
    pub url: String,
    /// The source's tags.
    pub tags: Vec<String>,
}

/// A product with its versions in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AffectedView {
    /// The product in the source's naming system.
    pub product: String,
    /// Affected versions in words.
    pub affected: Vec<String>,
    /// Versions that are said not to be affected, in words.
    pub unaffected: Vec<String>,
    /// Versions of which the source says that it does not know, in words.
    pub unknown: Vec<String>,
    /// What must be there beside it.
    pub requires: Vec<String>,
    /// What the source says of it to people.
    pub note: Option<String>,
}

impl AdvisoryView {
    /// Parses a raw record; what can no longer be parsed is told as such.
    pub(crate) fn of(row: &AdvisoryRecord, raw: &[u8]) -> Self {
        let parsed = row
            .feed_kind
            .parse::<FeedKind>()
            .ok()
            .map(|kind| kind.parse(raw));
        match parsed {
            Some(Ok(record)) => Self::told(row, record.advisory),
            _ => Self::unreadable(row),
        }
    }

    fn told(row: &AdvisoryRecord, advisory: Advisory) -> Self {
        let exploitation = advisory.exploitation.map(|known| ExploitationView {
            added: known.added,
            due: known.due,
            ransomware: known.ransomware,
            action: known.action,
        });
        Self {
            feed: feed_name(&row.feed_kind, &row.feed_scope),
            record: row.name.clone(),
            identifier: advisory.id.to_string(),
            link: link(&row.feed_kind, &row.feed_scope, &row.name),
            published: advisory.published,
            modified: advisory.modified,
            withdrawn: advisory.withdrawn,
            disputed: advisory.disputed,
            title: advisory.title,
            details: advisory.details.map(|details| cut(details, DETAILS)),
            severities: advisory.severities.iter().map(severity).collect(),
            weaknesses: advisory.weaknesses,
            more_references: advisory.references.len().saturating_sub(REFERENCES),
            references: advisory
                .references
                .into_iter()
                .take(REFERENCES)
                .map(|reference| ReferenceView {
                    url: reference.url,
                    tags: reference.tags,
                })
                .collect(),
            more_affected: advisory.affected.len().saturating_sub(PRODUCTS),
            affected: advisory
                .affected
                .iter()
                .take(PRODUCTS)
                .map(affected)
                .collect(),
            exploitation,
            ssvc: advisory.ssvc,
        }
    }

    fn unreadable(row: &AdvisoryRecord) -> Self {
        Self {
            feed: feed_name(&row.feed_kind, &row.feed_scope),
            record: row.name.clone(),
            identifier: row.name.clone(),
            link: link(&row.feed_kind, &row.feed_scope, &row.name),
            published: None,
            modified: None,
            withdrawn: None,
            disputed: false,
            title: None,
            details: Some("The stored record can no longer be read.".to_owned()),
            severities: Vec::new(),
            weaknesses: Vec::new(),
            references: Vec::new(),
            more_references: 0,
            affected: Vec::new(),
            more_affected: 0,
            exploitation: None,
            ssvc: None,
        }
    }
}

fn cut(text: String, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

fn severity(severity: &Severity) -> SeverityView {
    let level = severity
        .score()
        .map(|(version, score)| Level::of_score(version, score));
    let (system, rating, score) = match &severity.rating {
        Rating::Cvss {
            version,
            vector,
            score,
        } => (
            Some(format!("CVSS {}", version.number())),
            vector.clone(),
            *score,
        ),
        Rating::Word(word) => (None, word.clone(), None),
    };
    SeverityView {
        scorer: severity.scorer.clone(),
        system,
        rating,
        score,
        level,
    }
}

fn affected(entry: &Affected) -> AffectedView {
    let words = |wanted: VersionStatus| {
        let ranges = entry.versions.iter().filter(|range| range.status == wanted);
        range_words(ranges.map(|range| (&range.span, range.scheme)))
    };
    let mut affected = words(VersionStatus::Affected);
    if entry.otherwise == Some(VersionStatus::Affected) {
        affected.push("every version that is not named otherwise".to_owned());
    }
    let requires = entry.requires.iter().map(|group| {
        let names = group.iter().take(8).map(|companion| cpe(&companion.cpe));
        names.collect::<Vec<_>>().join(" or ")
    });
    AffectedView {
        product: product(&entry.product),
        affected,
        unaffected: words(VersionStatus::Unaffected),
        unknown: words(VersionStatus::Unknown),
        requires: requires.take(8).collect(),
        note: entry.note.clone(),
    }
}

/// Ranges in words; single versions, which come by the hundred, are one entry.
fn range_words<'a>(ranges: impl Iterator<Item = (&'a Span, RangeScheme)>) -> Vec<String> {
    let (mut words, mut single, mut more) = (Vec::new(), Vec::new(), 0);
    for (span, scheme) in ranges {
        match span {
            _ if words.len() + single.len() >= RANGES => more += 1,
            Span::Exact(version) => single.push(version.as_str()),
            Span::Listed(list) => {
                let space = RANGES - words.len() - single.len();
                single.extend(list.iter().take(space));
                more += list.iter().skip(space).count();
            }
            span if scheme == RangeScheme::Git => {
                words.push(format!("commits {}", span_words(span)));
            }
            span => words.push(span_words(span)),
        }
    }
    if !single.is_empty() {
        words.push(single.join(", "));
    }
    if more > 0 {
        words.push(format!("and {more} more"));
    }
    words
}

fn product(product: &Product) -> String {
    match product {
        Product::Cpe(name) => cpe(name),
        Product::Named {
            vendor,
            product,
            package_name,
            ..
        } => {
            let name = if product.is_empty() {
                package_name.as_deref()
            } else {
                Some(&**product)
            };
            [vendor.as_str(), name.unwrap_or_default()]
                .join(" ")
                .trim()
                .to_owned()
        }
        Product::Ecosystem {
            ecosystem, name, ..
        } => format!("{ecosystem}: {name}"),
        Product::Distribution {
            distribution,
            branch,
            repository,
            name,
        } => {
            let place = [branch.as_deref(), repository.as_deref()];
            let place = place
                .into_iter()
                .flatten()
                .fold(distribution.to_string(), |at, part| format!("{at}/{part}"));
            format!("{place}: {name}")
        }
    }
}

fn cpe(name: &Cpe) -> String {
    let mut words = format!("{} {}", name.vendor, name.product);
    if let Some(target) = &name.target_sw {
        words.push_str(" for ");
        words.push_str(target);
    }
    words
}

/// Where a feed's source shows a record to people.
fn link(kind: &str, scope: &str, record: &str) -> Option<String> {
    let is_plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    };
    let plain = is_plain(record);
    match kind {
        "nvd" if plain => Some(format!("https://nvd.nist.gov/vuln/detail/{record}")),
        "cve5" if plain => Some(format!("https://www.cve.org/CVERecord?id={record}")),
        "osv" if plain => Some(format!("https://osv.dev/vulnerability/{record}")),
        "kev" => Some(format!(
            "https://www.cisa.gov/known-exploited-vulnerabilities-catalog?search_api_fulltext={record}"
        ))
        .filter(|_| plain),
        "rustsec" if plain => Some(format!("https://rustsec.org/advisories/{record}.html")),
        "avg" if plain => Some(format!("https://security.archlinux.org/{record}")),
        "debian_tracker" | "debsecan" => {
            let issue = record.rsplit('/').next().filter(|issue| is_plain(issue))?;
            Some(format!("https://security-tracker.debian.org/tracker/{issue}"))
        }
        "wolfi" => {
            let issue = record.rsplit('/').next().filter(|issue| is_plain(issue))?;
            Some(format!("https://images.chainguard.dev/security/{issue}"))
        }
        "secdb" => {
            let place = scope.strip_prefix("alpine/")?;
            Some(format!("https://secdb.alpinelinux.org/{place}.json"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use palisade_model::{Upper, VersionRange};

    use super::*;

    #[test]
    fn single_versions_are_told_together() {
        let range = |span| VersionRange::affected(span, RangeScheme::Unstated);
        let entry = Affected::of(
            Product::Ecosystem {
                ecosystem: "PyPI".into(),
                name: "x".into(),
                repository: None,
            },
            vec![
                range(Span::Exact("1.0".into())),
                range(Span::before("2")),
                range(Span::Exact("1.1".into())),
                range(Span::Between(
                    palisade_model::Lower::Including("3".into()),
                    Upper::Including("4".into()),
                )),
            ],
        );
        let view = affected(&entry);
        assert_eq!(view.product, "PyPI: x");
        assert_eq!(view.affected, ["before 2", "from 3 up to 4", "1.0, 1.1"]);
    }

    #[test]
    fn only_plain_names_become_links() {
        assert!(link("nvd", "", "CVE-2021-1").is_some());
        assert_eq!(link("nvd", "", "\"><script>"), None);
        assert_eq!(link("osv", "", "a/../../b"), None);
        assert_eq!(link("wolfi", "wolfi", "git/\"x"), None);
        assert_eq!(
            link("debsecan", "debian/12", "git/CVE-2021-1").as_deref(),
            Some("https://security-tracker.debian.org/tracker/CVE-2021-1")
        );
    }
}
