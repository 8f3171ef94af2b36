//! Source packages of one branch that look the same in a list: two repositories may each hold one
//! of the same name and version that is not the same otherwise. What parts them is the repository.

use std::collections::{BTreeSet, HashMap};

use palisade_store::{BranchId, SourcePackageId, SourceRepositoryRow};

use super::Reading;
use super::listing::{Entry, Listing};
use crate::TrackerError;

/// A repository without a name, in words.
const NAMELESS: &str = "the nameless one";

/// In which repositories those of the entries' source packages are that have a twin, on a branch
/// with several repositories.
pub(super) async fn repositories(
    reading: &mut Reading,
    listing: &Listing,
    branch: BranchId,
    position: Option<i64>,
    entries: &[&Entry],
) -> Result<HashMap<SourcePackageId, String>, TrackerError> {
    let places = reading.places.repositories.iter();
    if places.filter(|row| row.branch == branch).count() < 2 {
        return Ok(HashMap::new());
    }
    let twins = entries.iter().filter(|entry| listing.has_twin(entry));
    let twins: BTreeSet<SourcePackageId> = twins.map(|entry| listing.source(entry).id).collect();
    if twins.is_empty() {
        return Ok(HashMap::new());
    }
    let twins: Vec<SourcePackageId> = twins.into_iter().collect();
    let rows = reading
        .session
        .source_repositories(branch, &twins, position)
        .await?;
    Ok(named(rows))
}

/// Repositories in words: by name, and by architecture as well where they differ in nothing else.
fn named(rows: Vec<SourceRepositoryRow>) -> HashMap<SourcePackageId, String> {
    let mut architectures: HashMap<String, BTreeSet<String>> = HashMap::new();
    for row in &rows {
        let known = architectures.entry(row.name.clone()).or_default();
        known.insert(row.architecture.clone());
    }
    let mut named: HashMap<SourcePackageId, Vec<String>> = HashMap::new();
    for row in rows {
        let name = match &*row.name {
            "" => NAMELESS,
            name => name,
        };
        let words = if architectures[&row.name].len() > 1 {
            format!("{name} {}", row.architecture).trim_end().to_owned()
        } else {
            name.to_owned()
        };
        named.entry(row.source).or_default().push(words);
    }
    let joined = named.into_iter().map(|(id, names)| (id, names.join(", ")));
    joined.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(rows: &[(i64, &str, &str)]) -> Vec<(i64, String)> {
        let rows = rows
            .iter()
            .map(|(id, name, architecture)| SourceRepositoryRow {
                source: SourcePackageId(*id),
                name: (*name).to_owned(),
                architecture: (*architecture).to_owned(),
            });
        let mut found: Vec<_> = named(rows.collect())
            .into_iter()
            .map(|(id, words)| (id.0, words))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn the_architecture_is_told_where_the_name_does_not_part_them() {
        let is = |expected: &[(i64, &str)]| {
            let owned = expected
                .iter()
                .map(|(id, words)| (*id, (*words).to_owned()));
            owned.collect::<Vec<_>>()
        };
        assert_eq!(
            words(&[(1, "main", "x86_64"), (2, "community", "x86_64")]),
            is(&[(1, "main"), (2, "community")])
        );
        assert_eq!(
            words(&[(1, "main", "aarch64"), (2, "main", "x86_64")]),
            is(&[(1, "main aarch64"), (2, "main x86_64")])
        );
        assert_eq!(
            words(&[(1, "", ""), (1, "main", ""), (2, "testing", "")]),
            is(&[(1, "the nameless one, main"), (2, "testing")])
        );
    }
}
