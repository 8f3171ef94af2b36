//! What is told of a vulnerability beside its advisories: EPSS scores.

use std::collections::BTreeMap;

use crate::StoreError;
use crate::session::{Dialect, Session, json_rows, params};

/// A score of the Exploit Prediction Scoring System.
#[derive(Debug, Clone, PartialEq)]
pub struct EpssRow {
    /// The CVE identifier.
    pub name: String,
    /// The probability of exploitation within 30 days, 0 to 1.
    pub score: f64,
    /// The share of vulnerabilities that score lower or the same, 0 to 1.
    pub percentile: Option<f64>,
}

const UPSERT: Dialect = Dialect {
    sqlite: "INSERT INTO epss (name, score, percentile, day) \
             SELECT value ->> 0, value ->> 1, value ->> 2, $2 FROM json_each($1) WHERE true \
             ON CONFLICT (name) DO UPDATE SET score = excluded.score, \
             percentile = excluded.percentile, day = excluded.day \
             WHERE excluded.day > epss.day OR (excluded.day = epss.day \
             AND (epss.score IS DISTINCT FROM excluded.score \
             OR epss.percentile IS DISTINCT FROM excluded.percentile))",
    postgres: "INSERT INTO epss (name, score, percentile, day) \
               SELECT value ->> 0, (value ->> 1)::double precision, \
               (value ->> 2)::double precision, $2 FROM jsonb_array_elements($1::jsonb) AS r(value) \
               ON CONFLICT (name) DO UPDATE SET score = excluded.score, \
               percentile = excluded.percentile, day = excluded.day \
               WHERE excluded.day > epss.day OR (excluded.day = epss.day \
               AND (epss.score IS DISTINCT FROM excluded.score \
               OR epss.percentile IS DISTINCT FROM excluded.percentile))",
};

const DAY: &str = "SELECT max(day) FROM epss";

impl Session {
    /// The day (`YYYY-MM-DD`) of the newest scores; none where there are no scores.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn epss_day(&mut self) -> Result<Option<String>, StoreError> {
        match self.query_one(DAY, Vec::new()).await? {
            Some(row) => row.opt_text(0),
            None => Ok(None),
        }
    }

    /// Writes the scores of a day (`YYYY-MM-DD`); older ones never replace newer ones, and of a name
    /// that stands twice the later score counts. Tells how many were new, changed or confirmed by a
    /// newer day.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_epss(&mut self, day: &str, scores: &[EpssRow]) -> Result<u64, StoreError> {
        // One statement may not touch a row twice.
        let last: BTreeMap<&str, &EpssRow> =
            scores.iter().map(|row| (row.name.as_str(), row)).collect();
        let rows: Vec<_> = last
            .iter()
            .map(|(name, row)| (name, row.score, row.percentile))
            .collect();
        let rows = json_rows(&rows);
        self.execute(UPSERT, params![rows, day]).await
    }
}
