//! One transaction, on either database, with the few ways in which statements are run.

use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Arguments, Row as _, Transaction};
use tokio::sync::OwnedSemaphorePermit;

use crate::StoreError;

/// A transaction. Dropped without [`Session::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Session {
    pub(crate) transaction: Inner,
    /// A writer's turn within this process, which it gives back when the transaction has ended.
    _turn: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A statement: one text for both databases, or two where the dialects part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

impl From<&'static str> for Dialect {
    fn from(text: &'static str) -> Self {
        Self {
            sqlite: text,
            postgres: text,
        }
    }
}

/// A value of a column or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
    Bool(bool),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(Some(value))
    }
}

impl From<Option<f64>> for Value {
    fn from(value: Option<f64>) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(storable(value.to_owned())))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(storable(value)))
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value.map(storable))
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        value.map(str::to_owned).into()
    }
}

/// PostgreSQL has no NUL in text, and what a feed says must be the same on both databases.
fn storable(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Parameters of a statement: `params![a, b]`.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::session::Value::from($value)),*] };
}
pub(crate) use params;

/// A row of a result.
#[derive(Debug)]
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Makes an accessor for one type of column.
macro_rules! accessor {
    ($(#[$doc:meta])* $name:ident -> $type:ty) => {
        $(#[$doc])*
        pub(crate) fn $name(&self, column: usize) -> Result<$type, StoreError> {
            match self {
                Self::Sqlite(row) => Ok(row.try_get(column)?),
                Self::Postgres(row) => Ok(row.try_get(column)?),
            }
        }
    };
}

impl Row {
    accessor!(int -> i64);
    accessor!(opt_int -> Option<i64>);
    accessor!(opt_real -> Option<f64>);
    accessor!(text -> String);
    accessor!(opt_text -> Option<String>);
    accessor!(bytes -> Vec<u8>);
    accessor!(opt_bytes -> Option<Vec<u8>>);
    accessor!(bool -> bool);
}

impl Session {
    pub(crate) fn sqlite(transaction: Transaction<'static, Sqlite>) -> Self {
        Self {
            transaction: Inner::Sqlite(transaction),
            _turn: None,
        }
    }

    pub(crate) fn postgres(
        transaction: Transaction<'static, Postgres>,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            transaction: Inner::Postgres(transaction),
            _turn: turn,
        }
    }

    /// Makes everything that was written in this session last.
    ///
    /// # Errors
    /// When the database refuses; then nothing was written.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.transaction {
            Inner::Sqlite(transaction) => transaction.commit().await?,
            Inner::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Runs a statement and tells how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        statement: impl Into<Dialect>,
        params: Vec<Value>,
    ) -> Result<u64, StoreError> {
        let statement = statement.into();
        Ok(match &mut self.transaction {
            Inner::Sqlite(transaction) => {
                let query = sqlx::query_with(statement.sqlite, sqlite_arguments(params)?);
                query.execute(&mut **transaction).await?.rows_affected()
            }
            Inner::Postgres(transaction) => {
                let query = sqlx::query_with(statement.postgres, postgres_arguments(params)?);
                query.execute(&mut **transaction).await?.rows_affected()
            }
        })
    }

    /// Runs a query and gives all its rows.
    pub(crate) async fn query(
        &mut self,
        statement: impl Into<Dialect>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let statement = statement.into();
        Ok(match &mut self.transaction {
            Inner::Sqlite(transaction) => {
                let query = sqlx::query_with(statement.sqlite, sqlite_arguments(params)?);
                let rows = query.fetch_all(&mut **transaction).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Inner::Postgres(transaction) => {
                let query = sqlx::query_with(statement.postgres, postgres_arguments(params)?);
                let rows = query.fetch_all(&mut **transaction).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs a query and hands over its rows one by one: for results too large to be held as rows.
    pub(crate) async fn query_each(
        &mut self,
        statement: impl Into<Dialect>,
        params: Vec<Value>,
        mut visit: impl FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let statement = statement.into();
        match &mut self.transaction {
            Inner::Sqlite(transaction) => {
                let query = sqlx::query_with(statement.sqlite, sqlite_arguments(params)?);
                let mut rows = query.fetch(&mut **transaction);
                while let Some(row) = rows.try_next().await? {
                    visit(&Row::Sqlite(row))?;
                }
            }
            Inner::Postgres(transaction) => {
                let query = sqlx::query_with(statement.postgres, postgres_arguments(params)?);
                let mut rows = query.fetch(&mut **transaction);
                while let Some(row) = rows.try_next().await? {
                    visit(&Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }

    /// Runs a query of which at most one row is wanted.
    pub(crate) async fn query_one(
        &mut self,
        statement: impl Into<Dialect>,
        params: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.query(statement, params).await?.into_iter().next())
    }

    /// The first identifier that is free in a table whose statement gives the highest in use.
    pub(crate) async fn next_id(&mut self, highest: &'static str) -> Result<i64, StoreError> {
        let row = self.query_one(highest, Vec::new()).await?;
        Ok(row
            .map(|row| row.opt_int(0))
            .transpose()?
            .flatten()
            .unwrap_or(0)
            + 1)
    }
}

fn sqlite_arguments(params: Vec<Value>) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in params {
        add_sqlite(&mut arguments, value)?;
    }
    Ok(arguments)
}

pub(crate) fn add_sqlite(arguments: &mut SqliteArguments, value: Value) -> Result<(), StoreError> {
    match value {
        Value::Int(value) => arguments.add(value),
        Value::Real(value) => arguments.add(value),
        Value::Text(value) => arguments.add(value),
        Value::Bytes(value) => arguments.add(value),
        Value::Bool(value) => arguments.add(value),
    }
    .map_err(sqlx::Error::Encode)?;
    Ok(())
}

fn postgres_arguments(params: Vec<Value>) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for value in params {
        match value {
            Value::Int(value) => arguments.add(value),
            Value::Real(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Bool(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// A list of numbers as the JSON text that statements take a list in.
pub(crate) fn json_ints(numbers: impl IntoIterator<Item = i64>) -> String {
    let mut text = String::from("[");
    for number in numbers {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&number.to_string());
    }
    text.push(']');
    text
}

/// A list of texts as JSON.
pub(crate) fn json_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts
        .into_iter()
        .map(|text| storable(text.to_owned()))
        .collect();
    serde_json::to_string(&texts).expect("a list of texts is JSON")
}

/// Rows of numbers and texts as JSON.
pub(crate) fn json_rows<T: serde::Serialize>(rows: &[T]) -> String {
    serde_json::to_string(rows).expect("numbers and texts are JSON")
}
