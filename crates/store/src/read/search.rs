//! Finding vulnerabilities and packages by parts of their names.

use super::listing::{VulnerabilityHead, head};
use crate::StoreError;
use crate::session::{Session, params};

/// A name that was found, with the vulnerability it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoredName {
    /// The name that fits.
    pub name: String,
    /// The vulnerability's name.
    pub vulnerability: String,
}

const IDENTIFIERS: &str = "SELECT v.id, v.name, a.title, v.score, v.score_version, v.scorer, \
    v.exploited_since, e.score, v.published FROM vulnerability v \
    LEFT JOIN advisory a ON a.id = v.lead_advisory LEFT JOIN epss e ON e.name = v.name \
    WHERE v.name >= $1 AND v.name < $2 ORDER BY v.name LIMIT $3";
const ALIASES: &str = "SELECT n.name, v.name FROM advisory_alias n \
    JOIN advisory_vulnerability l ON l.advisory_id = n.advisory_id \
    JOIN vulnerability v ON v.id = l.vulnerability_id \
    WHERE n.name >= $1 AND n.name < $2 ORDER BY n.name LIMIT $3";

/// The vulnerabilities of a matching key; of the newest advisories that have it, the worst.
const OF_KEY: &str = "SELECT v.id, v.name, a.title, v.score, v.score_version, v.scorer, \
    v.exploited_since, e.score, v.published FROM (SELECT DISTINCT l.vulnerability_id AS id FROM \
    (SELECT advisory_id FROM advisory_key WHERE key = $1 ORDER BY advisory_id DESC LIMIT $2) k \
    JOIN advisory_vulnerability l ON l.advisory_id = k.advisory_id) g \
    JOIN vulnerability v ON v.id = g.id LEFT JOIN advisory a ON a.id = v.lead_advisory \
    LEFT JOIN epss e ON e.name = v.name \
    ORDER BY v.exploited_since IS NULL, CASE WHEN v.score IS NULL THEN -1 \
    WHEN v.score >= 9 AND v.score_version >= '3' THEN 4 WHEN v.score >= 7 THEN 3 \
    WHEN v.score >= 4 THEN 2 WHEN v.score > 0 THEN 1 ELSE 0 END DESC, \
    coalesce(v.score, -1) DESC, v.name DESC LIMIT $3";
const PACKAGE_NAMES: &str =
    "SELECT DISTINCT distribution, name FROM source_package ORDER BY distribution, name";

impl Session {
    /// Vulnerabilities whose names begin so, in the order of their names.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerabilities_beginning(
        &mut self,
        prefix: &str,
        limit: i64,
    ) -> Result<Vec<VulnerabilityHead>, StoreError> {
        let rows = self
            .query(IDENTIFIERS, params![prefix, after(prefix), limit])
            .await?;
        rows.iter().map(head).collect()
    }

    /// Other names of vulnerabilities that begin so.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn aliases_beginning(
        &mut self,
        prefix: &str,
        limit: i64,
    ) -> Result<Vec<ScoredName>, StoreError> {
        let rows = self
            .query(ALIASES, params![prefix, after(prefix), limit])
            .await?;
        let name = |row: &crate::session::Row| {
            Ok(ScoredName {
                name: row.text(0)?,
                vulnerability: row.text(1)?,
            })
        };
        rows.iter().map(name).collect()
    }

    /// Vulnerabilities of the newest advisories with a matching key, the worst first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn vulnerabilities_of_key(
        &mut self,
        key: i64,
        advisories: i64,
        limit: i64,
    ) -> Result<Vec<VulnerabilityHead>, StoreError> {
        let rows = self.query(OF_KEY, params![key, advisories, limit]).await?;
        rows.iter().map(head).collect()
    }

    /// The names of all source packages, by distribution; whoever searches keeps them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn package_names(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.query(PACKAGE_NAMES, Vec::new()).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.text(1)?)))
            .collect()
    }
}

/// The first text in byte order behind all that begin so: identifiers are ASCII.
fn after(prefix: &str) -> String {
    format!("{prefix}\u{7f}")
}
