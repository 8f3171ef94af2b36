//! What is stored of advisories, source packages and vulnerabilities, for those who judge: where
//! their facts are, and what they are called.

use std::collections::HashMap;

use crate::block::BlockSpan;
use crate::lists::{CHUNK, with_numbers, with_texts};
use crate::session::{Dialect, Row, Session, json_ints, json_texts, params};
use crate::{AdvisoryRow, BranchId, SourcePackageId, StoreError};

/// Of an NVD record, whether somebody's correction stands in its place.
const ADVISORIES: Dialect = with_numbers!(
    "SELECT a.id, f.kind, f.scope, a.name, a.identifier, a.facts_block, a.facts_offset, \
     a.facts_length, a.raw_block, a.raw_offset, a.raw_length, f.kind = 'nvd' AND EXISTS (SELECT 1 \
     FROM advisory o WHERE o.feed_id = a.feed_id AND o.name = 'override ' || a.name \
     AND NOT o.withdrawn) FROM advisory a JOIN feed f ON f.id = a.feed_id WHERE a.id",
    "$1",
    " AND NOT a.withdrawn"
);
const SOURCES: Dialect = with_numbers!(
    "SELECT id, distribution, facts_block, facts_offset, facts_length FROM source_package WHERE id",
    "$1",
    ""
);
const VULNERABILITY_NAMES: Dialect =
    with_numbers!("SELECT id, name FROM vulnerability WHERE id", "$1", "");
const VULNERABILITIES_BY_NAME: Dialect =
    with_texts!("SELECT id, name FROM vulnerability WHERE name", "$1", "");
const SOURCE_LABELS: Dialect = with_numbers!(
    "SELECT id, name, version FROM source_package WHERE id",
    "$1",
    ""
);
const VERSIONS: Dialect = with_texts!(
    "SELECT s.name, s.version FROM source_package s JOIN source_interval i ON i.branch_id = $1 \
     AND i.source_package_id = s.id AND i.until IS NULL WHERE s.name",
    "$2",
    " ORDER BY s.name, s.id"
);
const ANY_SOURCE: &str = "SELECT id FROM source_package LIMIT 1";

impl Session {
    /// Where these advisories' facts are; withdrawn ones are left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn standing_advisories(
        &mut self,
        ids: &[i64],
    ) -> Result<Vec<AdvisoryRow>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            for row in self
                .query(ADVISORIES, params![json_ints(chunk.iter().copied())])
                .await?
            {
                found.push(AdvisoryRow {
                    id: row.int(0)?,
                    feed_kind: row.text(1)?,
                    feed_scope: row.text(2)?,
                    name: row.text(3)?,
                    identifier: row.text(4)?,
                    facts: span(&row, 5)?,
                    raw: span(&row, 8)?,
                    overruled: row.bool(11)?,
                });
            }
        }
        Ok(found)
    }

    /// Where these source packages' facts are, with their distribution.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_facts(
        &mut self,
        ids: &[SourcePackageId],
    ) -> Result<Vec<(SourcePackageId, String, BlockSpan)>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|id| id.0));
            for row in self.query(SOURCES, params![list]).await? {
                found.push((SourcePackageId(row.int(0)?), row.text(1)?, span(&row, 2)?));
            }
        }
        Ok(found)
    }

    /// The versions in which source packages are on a branch now, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn present_versions(
        &mut self,
        branch: BranchId,
        names: impl Iterator<Item = &str>,
    ) -> Result<HashMap<String, Vec<String>>, StoreError> {
        let mut versions: HashMap<String, Vec<String>> = HashMap::new();
        let parameters = params![branch.0, json_texts(names)];
        for row in self.query(VERSIONS, parameters).await? {
            versions.entry(row.text(0)?).or_default().push(row.text(1)?);
        }
        Ok(versions)
    }

    /// Whether any source package is stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn has_sources(&mut self) -> Result<bool, StoreError> {
        Ok(self.query_one(ANY_SOURCE, Vec::new()).await?.is_some())
    }

    /// The names of vulnerabilities.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerability_names(
        &mut self,
        ids: &[i64],
    ) -> Result<HashMap<i64, String>, StoreError> {
        let mut names = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().copied());
            for row in self.query(VULNERABILITY_NAMES, params![list]).await? {
                names.insert(row.int(0)?, row.text(1)?);
            }
        }
        Ok(names)
    }

    /// The vulnerabilities of names, as far as they are known.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerabilities_by_name<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<HashMap<String, i64>, StoreError> {
        let rows = self
            .query(VULNERABILITIES_BY_NAME, params![json_texts(names)])
            .await?;
        rows.iter()
            .map(|row| Ok((row.text(1)?, row.int(0)?)))
            .collect()
    }

    /// The names and versions of source packages.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_labels(
        &mut self,
        ids: &[SourcePackageId],
    ) -> Result<HashMap<SourcePackageId, (String, String)>, StoreError> {
        let mut labels = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|id| id.0));
            for row in self.query(SOURCE_LABELS, params![list]).await? {
                labels.insert(SourcePackageId(row.int(0)?), (row.text(1)?, row.text(2)?));
            }
        }
        Ok(labels)
    }
}

pub(crate) fn span(row: &Row, column: usize) -> Result<BlockSpan, StoreError> {
    Ok(BlockSpan {
        block: row.int(column)?,
        offset: row.int(column + 1)?,
        length: row.int(column + 2)?,
    })
}
