//! What people state of identities, and what of it stands.

use std::collections::HashMap;

use palisade_model::{IdentityStatement, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::Views;
use crate::TrackerError;

/// A statement with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IdentityView {
    /// Its number.
    pub number: i64,
    /// The source package's name.
    pub package: String,
    /// Of which distribution; none stands for all.
    pub distribution: Option<String>,
    /// `is` or `is_not`.
    pub says: &'static str,
    /// The product.
    pub product: String,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub by: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// What became of it.
    pub state: IdentityState,
    /// Who took it back, when and why, in words.
    pub withdrawn: Option<String>,
    /// The statement itself.
    #[serde(skip)]
    pub statement: IdentityStatement,
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityState {
    /// It is in force.
    Stands,
    /// A later one about the same package and product took its place.
    Superseded,
    /// It was taken back.
    Withdrawn,
}

impl IdentityState {
    /// The state in a word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Stands => "stands",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Views {
    /// All statements of identity, in the order of their numbers.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn identities(&self) -> Result<Vec<IdentityView>, TrackerError> {
        let rows = self.reading().await?.session.identity_statements().await?;
        let order = |it: &IdentityStatement| (it.time, it.sense, it.reason.clone(), it.by.clone());
        let mut latest: HashMap<_, i64> = HashMap::new();
        let mut standing: Vec<_> = rows.iter().filter(|row| row.withdrawn.is_none()).collect();
        standing.sort_by_cached_key(|row| order(&row.statement));
        for row in standing {
            latest.insert(row.statement.about(), row.id);
        }
        let view = |row: &palisade_store::IdentityRow| {
            let it = &row.statement;
            let withdrawn = row.withdrawn.as_ref();
            let state = if withdrawn.is_some() {
                IdentityState::Withdrawn
            } else if latest.get(&it.about()) == Some(&row.id) {
                IdentityState::Stands
            } else {
                IdentityState::Superseded
            };
            IdentityView {
                number: row.id,
                package: it.package.clone(),
                distribution: it.distribution.as_ref().map(ToString::to_string),
                says: it.sense.label(),
                product: it.product.to_string(),
                reason: it.reason.clone(),
                by: it.by.clone(),
                time: it.time,
                state,
                withdrawn: withdrawn.map(|it| format!("withdrawn by {}: {}", it.by, it.reason)),
                statement: it.clone(),
            }
        };
        Ok(rows.iter().map(view).collect())
    }
}
