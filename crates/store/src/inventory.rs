//! Branches, repositories and packages. A package is stored once, by its content, whatever revisions
//! have it.

use std::collections::HashMap;

use crate::StoreError;
use crate::advisories::digest;
use crate::block::{BlockSpan, BlockWriter, FACTS_BYTES};
use crate::bulk::{Rows, Table};
use crate::keys::SOURCE_KEY;
use crate::session::{Dialect, Session, json_texts, params};

/// A branch's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BranchId(pub i64);

/// A repository's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RepositoryId(pub i64);

/// A source package's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourcePackageId(pub i64);

/// A package's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageId(pub i64);

/// A source package to be written.
#[derive(Debug, Clone)]
pub struct NewSourcePackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it has a graft.
    pub grafted: bool,
    /// The digest of its facts.
    pub digest: [u8; 16],
    /// What matching needs of it, encoded by the caller.
    pub facts: Vec<u8>,
    /// Hashes of matching's keys.
    pub keys: Vec<i64>,
}

/// A package to be written.
#[derive(Debug, Clone)]
pub struct NewPackage {
    /// Its source package.
    pub source: SourcePackageId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its maintainer.
    pub maintainer: Option<String>,
    /// The digest of its content.
    pub digest: [u8; 16],
    /// The digest of its content without the lines on which it is defined.
    pub substance: [u8; 16],
    /// All of it, encoded by the caller.
    pub facts: Vec<u8>,
}

static SOURCE_PACKAGE: Table = Table {
    name: "source_package",
    columns: &[
        "id",
        "distribution",
        "name",
        "version",
        "grafted",
        "digest",
        "facts_block",
        "facts_offset",
        "facts_length",
    ],
};
static PACKAGE: Table = Table {
    name: "package",
    columns: &[
        "id",
        "source_package_id",
        "name",
        "version",
        "maintainer",
        "digest",
        "substance",
        "facts_block",
        "facts_offset",
        "facts_length",
    ],
};
const BRANCH_INSERT: &str = "INSERT INTO branch (id, distribution, name) VALUES ($1, $2, $3)";
const REPOSITORY: &str =
    "SELECT id FROM repository WHERE branch_id = $1 AND name = $2 AND architecture = $3";
const REPOSITORY_INSERT: &str =
    "INSERT INTO repository (id, branch_id, name, architecture) VALUES ($1, $2, $3, $4)";
const SOURCES_BY_DIGEST: Dialect = Dialect {
    sqlite: "SELECT digest, id FROM source_package \
             WHERE digest IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "SELECT digest, id FROM source_package WHERE digest = ANY (ARRAY(SELECT \
               decode(value, 'hex') FROM jsonb_array_elements_text($1::jsonb)))",
};
const PACKAGES_BY_DIGEST: Dialect = Dialect {
    sqlite: "SELECT digest, id FROM package \
             WHERE digest IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "SELECT digest, id FROM package WHERE digest = ANY (ARRAY(SELECT decode(value, \
               'hex') FROM jsonb_array_elements_text($1::jsonb)))",
};

impl Session {
    /// The row of a branch; it is made if it is not there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn branch(&mut self, distribution: &str, name: &str) -> Result<BranchId, StoreError> {
        if let Some(known) = self.find_branch(distribution, name).await? {
            return Ok(known);
        }
        let id = self.next_id("SELECT max(id) FROM branch").await?;
        self.execute(BRANCH_INSERT, params![id, distribution, name])
            .await?;
        Ok(BranchId(id))
    }

    /// The row of a repository; it is made if it is not there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn repository(
        &mut self,
        branch: BranchId,
        name: &str,
        architecture: &str,
    ) -> Result<RepositoryId, StoreError> {
        let found = self
            .query_one(REPOSITORY, params![branch.0, name, architecture])
            .await?;
        if let Some(row) = found {
            return Ok(RepositoryId(row.int(0)?));
        }
        let id = self.next_id("SELECT max(id) FROM repository").await?;
        self.execute(REPOSITORY_INSERT, params![id, branch.0, name, architecture])
            .await?;
        Ok(RepositoryId(id))
    }

    /// Writes those of the given source packages that are not stored, and gives the rows of all,
    /// in their order, and which of them are new.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_source_packages(
        &mut self,
        distribution: &str,
        packages: &[NewSourcePackage],
    ) -> Result<(Vec<SourcePackageId>, Vec<SourcePackageId>), StoreError> {
        let digests = packages.iter().map(|package| package.digest);
        let mut known = self.by_digest(SOURCES_BY_DIGEST, digests).await?;
        let mut next = self.next_id("SELECT max(id) FROM source_package").await?;
        let first = self.next_id("SELECT max(id) FROM block").await?;
        let mut blocks = BlockWriter::new(first, 1, FACTS_BYTES)?;
        let (mut rows, mut keys) = (Rows::of(&SOURCE_PACKAGE), Rows::of(&SOURCE_KEY));
        let (mut all, mut new) = (Vec::with_capacity(packages.len()), Vec::new());
        for package in packages {
            if let Some(&id) = known.get(&package.digest) {
                all.push(SourcePackageId(id));
                continue;
            }
            let BlockSpan {
                block,
                offset,
                length,
            } = blocks.add(self, &package.facts).await?;
            rows.push(params![
                next,
                distribution,
                package.name.as_str(),
                package.version.as_str(),
                package.grafted,
                package.digest.to_vec(),
                block,
                offset,
                length,
            ]);
            for &key in &package.keys {
                keys.push(params![key, next]);
            }
            known.insert(package.digest, next);
            all.push(SourcePackageId(next));
            new.push(SourcePackageId(next));
            next += 1;
        }
        blocks.finish(self).await?;
        rows.insert(self).await?;
        keys.insert(self).await?;
        Ok((all, new))
    }

    /// Which source packages are stored, by the digests of their facts.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn known_sources(
        &mut self,
        digests: impl Iterator<Item = [u8; 16]>,
    ) -> Result<HashMap<[u8; 16], SourcePackageId>, StoreError> {
        let known = self.by_digest(SOURCES_BY_DIGEST, digests).await?;
        let known = known.into_iter();
        Ok(known
            .map(|(digest, id)| (digest, SourcePackageId(id)))
            .collect())
    }

    /// Which packages are stored, by the digests of their content.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn known_packages(
        &mut self,
        digests: impl Iterator<Item = [u8; 16]>,
    ) -> Result<HashMap<[u8; 16], PackageId>, StoreError> {
        let known = self.by_digest(PACKAGES_BY_DIGEST, digests).await?;
        Ok(known
            .into_iter()
            .map(|(digest, id)| (digest, PackageId(id)))
            .collect())
    }

    /// Writes packages that are not stored yet.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_packages(
        &mut self,
        packages: &[NewPackage],
    ) -> Result<Vec<PackageId>, StoreError> {
        let first = self.next_id("SELECT max(id) FROM package").await?;
        let first_block = self.next_id("SELECT max(id) FROM block").await?;
        let mut blocks = BlockWriter::new(first_block, 1, FACTS_BYTES)?;
        let mut rows = Rows::of(&PACKAGE);
        let mut ids = Vec::with_capacity(packages.len());
        for (id, package) in (first..).zip(packages) {
            let BlockSpan {
                block,
                offset,
                length,
            } = blocks.add(self, &package.facts).await?;
            rows.push(params![
                id,
                package.source.0,
                package.name.as_str(),
                package.version.as_str(),
                package.maintainer.as_deref(),
                package.digest.to_vec(),
                package.substance.to_vec(),
                block,
                offset,
                length,
            ]);
            ids.push(PackageId(id));
        }
        blocks.finish(self).await?;
        rows.insert(self).await?;
        Ok(ids)
    }

    async fn by_digest(
        &mut self,
        statement: Dialect,
        digests: impl Iterator<Item = [u8; 16]>,
    ) -> Result<HashMap<[u8; 16], i64>, StoreError> {
        let wanted: Vec<String> = digests.map(|digest| hex(&digest)).collect();
        let mut known = HashMap::new();
        for chunk in wanted.chunks(10_000) {
            let list = json_texts(chunk.iter().map(String::as_str));
            for row in self.query(statement, params![list]).await? {
                known.insert(digest(&row, 0)?, row.int(1)?);
            }
        }
        Ok(known)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
