//! Finding vulnerabilities, packages and maintainers by what somebody remembers of their names.

use palisade_matching::key;
use serde::Serialize;
use utoipa::ToSchema;

use super::roster::MaintainerHit;
use super::types::Score;
use super::{Reading, Views};
use crate::TrackerError;
use crate::encoding::key_hash;

/// Results of each kind.
const RESULTS: usize = 40;

/// Similar names that are told.
const SIMILAR: usize = 12;

/// Advisories of a product that are looked at: the newest ones.
const PRODUCT_ADVISORIES: i64 = 1000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
pub struct SearchView {
    /// What was asked.
    pub query: String,
    /// The vulnerability whose name it is, in whatever spelling.
    pub exact: Option<String>,
    /// Vulnerabilities by name.
    pub vulnerabilities: Vec<VulnerabilityHit>,
    /// Packages by name.
    pub packages: Vec<PackageHit>,
    /// Packages that are left out here.
    pub more_packages: usize,
    /// Maintainers by parts of their names or addresses.
    pub maintainers: Vec<MaintainerHit>,
    /// Packages with a name much like it, where nothing is called so.
    pub similar: Vec<PackageHit>,
    /// Vulnerabilities of the product of that name, the worst first.
    pub product: Vec<VulnerabilityHit>,
}

/// A vulnerability that was found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VulnerabilityHit {
    /// Its name.
    pub name: String,
    /// The other name by which it was found.
    pub alias: Option<String>,
    /// Its heading.
    pub title: Option<String>,
    /// Its foremost base score.
    pub score: Option<Score>,
    /// The day on which exploitation became known.
    pub exploited_since: Option<String>,
}

/// A package that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackageHit {
    /// The distribution.
    pub distribution: String,
    /// The source package's name.
    pub name: String,
}

/// The names of all source packages.
#[derive(Debug)]
pub(crate) struct Names {
    labels: Vec<(String, String)>,
    /// The names in lower case, one to a line.
    text: String,
    /// Where each begins.
    starts: Vec<usize>,
}

impl Names {
    pub(super) fn of(names: Vec<(String, String)>) -> Self {
        let (mut text, mut starts) = (String::new(), Vec::with_capacity(names.len()));
        for (_, name) in &names {
            starts.push(text.len());
            text.push_str(&name.to_lowercase());
            text.push('\n');
        }
        Self {
            labels: names,
            text,
            starts,
        }
    }

    /// Places of the names that contain this, which is in lower case.
    fn containing(&self, needle: &str) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for (at, _) in self.text.match_indices(needle) {
            let place = self.starts.partition_point(|start| *start <= at) - 1;
            if found.last() != Some(&place) {
                found.push(place);
            }
        }
        found
    }

    fn lower(&self, place: usize) -> &str {
        let end = self
            .starts
            .get(place + 1)
            .copied()
            .unwrap_or(self.text.len());
        &self.text[self.starts[place]..end - 1]
    }

    /// Those that contain this: the same first, then those that begin so, then the others.
    fn search(&self, needle: &str) -> Vec<PackageHit> {
        let mut places = self.containing(needle);
        let rank = |place: usize| {
            let name = self.lower(place);
            (name != needle, !name.starts_with(needle), name.len())
        };
        places.sort_by_cached_key(|&place| (rank(place), self.lower(place)));
        places.into_iter().map(|place| self.hit(place)).collect()
    }

    fn hit(&self, place: usize) -> PackageHit {
        let (distribution, name) = &self.labels[place];
        PackageHit {
            distribution: distribution.clone(),
            name: name.clone(),
        }
    }

    /// Those that differ from this by few letters: one in short names, two in longer ones.
    fn similar(&self, needle: &str) -> Vec<PackageHit> {
        let letters = needle.chars().count();
        if letters < 3 {
            return Vec::new();
        }
        let most = if letters < 6 { 1 } else { 2 };
        let mut found: Vec<(usize, usize)> = Vec::new();
        for place in 0..self.labels.len() {
            let name = self.lower(place);
            if name.len().abs_diff(needle.len()) > most * 4 {
                continue;
            }
            let distance = strsim::osa_distance(name, needle);
            if distance <= most {
                found.push((distance, place));
            }
        }
        found.sort_by_key(|&(distance, place)| (distance, self.lower(place)));
        let nearest = found.into_iter().take(SIMILAR);
        nearest.map(|(_, place)| self.hit(place)).collect()
    }
}

impl Views {
    /// Finds vulnerabilities by identifiers and parts of them, packages and maintainers by parts
    /// of their names, and what is known of a product by its name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn search(&self, query: &str) -> Result<SearchView, TrackerError> {
        let query = query.trim();
        let mut view = SearchView {
            query: query.to_owned(),
            ..SearchView::default()
        };
        if query.len() < 2 || query.contains(['\n', '\0']) {
            return Ok(view);
        }
        let mut reading = self.reading().await?;
        identifiers(&mut reading, query, &mut view).await?;
        let names = self.cache.names(&mut reading).await?;
        let lower = query.to_lowercase();
        view.packages = names.search(&lower);
        view.more_packages = view.packages.len().saturating_sub(RESULTS);
        view.packages.truncate(RESULTS);
        let people = self.cache.people(&mut reading).await?;
        let found = people.containing(&lower).take(RESULTS);
        view.maintainers = found.cloned().collect();
        if view.packages.is_empty()
            && view.vulnerabilities.is_empty()
            && view.maintainers.is_empty()
        {
            view.similar = names.similar(&lower);
        }
        let key = key_hash(&key::of_name(query));
        let limit = i64::try_from(RESULTS).unwrap_or(i64::MAX);
        let heads = reading
            .session
            .vulnerabilities_of_key(key, PRODUCT_ADVISORIES, limit)
            .await?;
        view.product = heads.into_iter().map(|head| hit(head, None)).collect();
        Ok(view)
    }
}

async fn identifiers(
    reading: &mut Reading,
    query: &str,
    view: &mut SearchView,
) -> Result<(), TrackerError> {
    let limit = i64::try_from(RESULTS).unwrap_or(i64::MAX);
    for prefix in prefixes(query) {
        let left = limit - i64::try_from(view.vulnerabilities.len()).unwrap_or(limit);
        if left <= 0 {
            break;
        }
        let heads = reading
            .session
            .vulnerabilities_beginning(&prefix, left)
            .await?;
        if heads.first().is_some_and(|head| head.name == prefix) {
            view.exact.get_or_insert(prefix.clone());
        }
        view.vulnerabilities
            .extend(heads.into_iter().map(|head| hit(head, None)));
    }
    let alias = alias_spelling(query);
    for found in reading.session.aliases_beginning(&alias, limit).await? {
        if found.name == alias {
            view.exact.get_or_insert(found.vulnerability.clone());
        }
        let known = view
            .vulnerabilities
            .iter()
            .any(|hit| hit.name == found.vulnerability);
        if !known && view.vulnerabilities.len() < RESULTS {
            view.vulnerabilities.push(VulnerabilityHit {
                name: found.vulnerability,
                alias: Some(found.name),
                title: None,
                score: None,
                exploited_since: None,
            });
        }
    }
    Ok(())
}

/// What identifiers may begin with, if this is what somebody remembers of one: `CVE-2021-44228`,
/// `2021-44228`, `cve 2021 44228`, `44228`.
fn prefixes(query: &str) -> Vec<String> {
    let spelled = query.to_ascii_uppercase().replace([' ', '_'], "-");
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b))
    };
    if !plain(&spelled) {
        return Vec::new();
    }
    let rest = spelled.strip_prefix("CVE-").unwrap_or(&spelled);
    let year = |text: &str| text.starts_with("19") || text.starts_with("20");
    match rest.split_once('-') {
        Some((before, _)) if before.len() == 4 && year(before) => vec![format!("CVE-{rest}")],
        None if rest.bytes().all(|b| b.is_ascii_digit()) && rest.len() == 4 && year(rest) => {
            vec![format!("CVE-{rest}-")]
        }
        None if rest.bytes().all(|b| b.is_ascii_digit()) && (4..=7).contains(&rest.len()) => {
            // A number without its year: the newest years first.
            (1999..=2035)
                .rev()
                .map(|year| format!("CVE-{year}-{rest}"))
                .collect()
        }
        _ if query.contains('-') => vec![alias_spelling(query)],
        _ => Vec::new(),
    }
}

/// The canonical spelling of an identifier that is no CVE: `GHSA-` in front of lower case, other
/// letters in front in upper case.
fn alias_spelling(query: &str) -> String {
    let text = query.trim();
    match text.split_once('-') {
        Some((front, rest)) if front.eq_ignore_ascii_case("ghsa") => {
            format!("GHSA-{}", rest.to_ascii_lowercase())
        }
        Some((front, rest)) => format!("{}-{rest}", front.to_ascii_uppercase()),
        None => text.to_owned(),
    }
}

fn hit(head: palisade_store::VulnerabilityHead, alias: Option<String>) -> VulnerabilityHit {
    VulnerabilityHit {
        score: Score::of(head.score.as_ref()),
        name: head.name,
        alias,
        title: head.title,
        exploited_since: head.exploited_since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_of_an_identifier_is_enough() {
        assert_eq!(prefixes("cve-2021-44228"), ["CVE-2021-44228"]);
        assert_eq!(prefixes("2021-44228"), ["CVE-2021-44228"]);
        assert_eq!(prefixes("CVE 2021 442"), ["CVE-2021-442"]);
        assert_eq!(prefixes("2021"), ["CVE-2021-"]);
        assert!(prefixes("44228").contains(&"CVE-2021-44228".to_owned()));
        assert_eq!(prefixes("ghsa-JFH8"), ["GHSA-jfh8"]);
        assert!(prefixes("openssl").is_empty());
        assert!(prefixes("<script>").is_empty());
    }

    #[test]
    fn the_same_name_comes_before_those_that_contain_it() {
        let name = |name: &str| ("guix".to_owned(), name.to_owned());
        let names = Names::of(vec![
            name("libcurl"),
            name("curl-minimal"),
            name("curl"),
            name("Zcurl"),
        ]);
        let found: Vec<String> = names
            .search("curl")
            .into_iter()
            .map(|hit| hit.name)
            .collect();
        assert_eq!(found, ["curl", "curl-minimal", "Zcurl", "libcurl"]);
        assert!(names.search("nothing").is_empty());
        let similar: Vec<String> = names
            .similar("libcrul")
            .into_iter()
            .map(|it| it.name)
            .collect();
        assert_eq!(similar, ["libcurl"]);
        assert!(names.similar("xy").is_empty());
    }
}
