//! What people said of identities. A statement is added, and taken back by adding a withdrawal;
//! nothing here changes or removes one.

use palisade_model::{Distribution, IdentityStatement, ProductName, Sense, Timestamp};

use crate::lists::{CHUNK, with_numbers, with_texts};
use crate::session::{Dialect, Row, Session, json_ints, json_texts, params};
use crate::{SourcePackageId, StoreError};

/// A statement with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// Its number.
    pub id: i64,
    /// The statement.
    pub statement: IdentityStatement,
    /// That it was taken back.
    pub withdrawn: Option<Withdrawal>,
}

/// That a statement was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// When.
    pub time: Timestamp,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: String,
}

const ALL: &str = "SELECT s.id, s.time, s.distribution, s.package, s.product, s.is_product, \
    s.reason, s.author, w.time, w.reason, w.author FROM identity_statement s \
    LEFT JOIN identity_withdrawal w ON w.statement_id = s.id ORDER BY s.id";
const OF_SOURCES: Dialect = with_numbers!(
    "SELECT s.id, s.time, s.distribution, s.package, s.product, s.is_product, s.reason, s.author, \
     w.time, w.reason, w.author FROM identity_statement s \
     LEFT JOIN identity_withdrawal w ON w.statement_id = s.id WHERE w.statement_id IS NULL \
     AND s.package IN (SELECT name FROM source_package WHERE id",
    "$1",
    ") ORDER BY s.id"
);
const ANY: &str = "SELECT id FROM identity_statement LIMIT 1";
const ADD: &str = "INSERT INTO identity_statement \
    (id, time, distribution, package, product, is_product, reason, author) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const WITHDRAW: &str = "INSERT INTO identity_withdrawal (statement_id, time, reason, author) \
    VALUES ($1, $2, $3, $4)";
const SOURCES: Dialect = with_texts!(
    "SELECT id FROM source_package WHERE name",
    "$1",
    " ORDER BY id"
);

impl Session {
    /// All statements of identity in the order in which they came, those withdrawn included.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn identity_statements(&mut self) -> Result<Vec<IdentityRow>, StoreError> {
        let rows = self.query(ALL, Vec::new()).await?;
        rows.iter().map(identity).collect()
    }

    /// What is stated, and not withdrawn, of packages that are called as these are; of very many
    /// packages some of it twice.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn identities_of(
        &mut self,
        sources: &[SourcePackageId],
    ) -> Result<Vec<IdentityStatement>, StoreError> {
        let mut found = Vec::new();
        if self.query_one(ANY, Vec::new()).await?.is_none() {
            return Ok(found);
        }
        for chunk in sources.chunks(CHUNK) {
            let list = json_ints(chunk.iter().map(|source| source.0));
            for row in self.query(OF_SOURCES, params![list]).await? {
                found.push(identity(&row)?.statement);
            }
        }
        Ok(found)
    }

    /// Adds a statement and gives its number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_identity_statement(
        &mut self,
        statement: &IdentityStatement,
    ) -> Result<i64, StoreError> {
        let id = self
            .next_id("SELECT max(id) FROM identity_statement")
            .await?;
        let distribution = statement.distribution.as_ref();
        let row = params![
            id,
            statement.time.as_microsecond(),
            distribution.map(Distribution::as_str),
            statement.package.as_str(),
            statement.product.to_string(),
            statement.sense == Sense::Is,
            statement.reason.as_str(),
            statement.by.as_str(),
        ];
        self.execute(ADD, row).await?;
        Ok(id)
    }

    /// Takes a statement back.
    ///
    /// # Errors
    /// When the database refuses, as it does when the statement was taken back before.
    pub async fn withdraw_identity_statement(
        &mut self,
        id: i64,
        withdrawal: &Withdrawal,
    ) -> Result<(), StoreError> {
        let row = params![
            id,
            withdrawal.time.as_microsecond(),
            withdrawal.reason.as_str(),
            withdrawal.by.as_str(),
        ];
        self.execute(WITHDRAW, row).await?;
        Ok(())
    }

    /// All source packages of these names, in whatever distribution and version.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sources_called<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<SourcePackageId>, StoreError> {
        let rows = self.query(SOURCES, params![json_texts(names)]).await?;
        rows.iter()
            .map(|row| Ok(SourcePackageId(row.int(0)?)))
            .collect()
    }
}

fn identity(row: &Row) -> Result<IdentityRow, StoreError> {
    let id = row.int(0)?;
    let odd = |what: &dyn std::fmt::Display| {
        StoreError::value(format!("statement {id} of an identity: {what}"))
    };
    let time =
        |microseconds: i64| Timestamp::from_microsecond(microseconds).map_err(|error| odd(&error));
    let distribution = row.opt_text(2)?.map(|name| name.parse()).transpose();
    let product = row.text(4)?.parse::<ProductName>();
    let withdrawn = match row.opt_int(8)? {
        Some(at) => Some(Withdrawal {
            time: time(at)?,
            reason: row.text(9)?,
            by: row.text(10)?,
        }),
        None => None,
    };
    Ok(IdentityRow {
        id,
        statement: IdentityStatement {
            time: time(row.int(1)?)?,
            distribution: distribution.map_err(|error| odd(&error))?,
            package: row.text(3)?,
            product: product.map_err(|error| odd(&error))?,
            sense: if row.bool(5)? {
                Sense::Is
            } else {
                Sense::IsNot
            },
            reason: row.text(6)?,
            by: row.text(7)?,
        },
        withdrawn,
    })
}
