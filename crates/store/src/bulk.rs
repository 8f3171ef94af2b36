//! Writing many rows of one table at once: many rows a statement on SQLite, COPY on PostgreSQL.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteArguments;

use crate::StoreError;
use crate::session::{Inner, Session, Value, add_sqlite};

/// A table with the columns that are written.
#[derive(Debug)]
pub(crate) struct Table {
    pub name: &'static str,
    pub columns: &'static [&'static str],
}

/// Rows on their way into a table.
#[derive(Debug)]
pub(crate) struct Rows {
    table: &'static Table,
    values: Vec<Value>,
}

/// Values bound in one statement: under SQLite's limit of 32,766, and few enough that preparing
/// the statement costs nothing beside running it.
const VALUES_PER_STATEMENT: usize = 4096;

/// Rows held back before they are written.
const ROWS_HELD: usize = 2048;

impl Rows {
    pub(crate) fn of(table: &'static Table) -> Self {
        Self {
            table,
            values: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, row: Vec<Value>) {
        debug_assert_eq!(row.len(), self.table.columns.len(), "{}", self.table.name);
        self.values.extend(row);
    }

    /// How many rows wait.
    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.table.columns.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.values.len() >= ROWS_HELD * self.table.columns.len()
    }

    /// Writes the rows. None of them may be in the table yet.
    pub(crate) async fn insert(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let values = std::mem::take(&mut self.values);
        if values.is_empty() {
            return Ok(());
        }
        match &mut session.transaction {
            Inner::Sqlite(transaction) => {
                let width = self.table.columns.len();
                let chunk = VALUES_PER_STATEMENT / width * width;
                let mut values = values.into_iter().peekable();
                while values.peek().is_some() {
                    let mut arguments = SqliteArguments::default();
                    let mut count = 0;
                    for value in values.by_ref().take(chunk) {
                        add_sqlite(&mut arguments, value)?;
                        count += 1;
                    }
                    let statement = AssertSqlSafe(insert_text(self.table, count / width));
                    sqlx::query_with(statement, arguments)
                        .persistent(count == chunk)
                        .execute(&mut **transaction)
                        .await?;
                }
            }
            Inner::Postgres(transaction) => {
                let statement = format!(
                    "COPY {} ({}) FROM STDIN",
                    self.table.name,
                    self.table.columns.join(",")
                );
                let mut copy = transaction.copy_in_raw(&statement).await?;
                copy.send(copy_text(self.table, &values).into_bytes())
                    .await?;
                copy.finish().await?;
            }
        }
        Ok(())
    }
}

/// `INSERT INTO t(a,b) VALUES (?,?),(?,?)`: made of names that stand in this crate's own text.
fn insert_text(table: &Table, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.columns.len()].join(","));
    let rows = vec![row.as_str(); rows].join(",");
    format!(
        "INSERT INTO {} ({}) VALUES {rows}",
        table.name,
        table.columns.join(",")
    )
}

/// The text format of PostgreSQL's COPY (PostgreSQL manual, COPY, "Text Format").
fn copy_text(table: &Table, values: &[Value]) -> String {
    let mut text = String::with_capacity(values.len() * 12);
    for row in values.chunks(table.columns.len()) {
        for (column, value) in row.iter().enumerate() {
            if column > 0 {
                text.push('\t');
            }
            copy_value(&mut text, value);
        }
        text.push('\n');
    }
    text
}

fn copy_value(text: &mut String, value: &Value) {
    match value {
        Value::Int(Some(number)) => {
            let _ = write!(text, "{number}");
        }
        Value::Real(Some(number)) => {
            let _ = write!(text, "{number}");
        }
        Value::Bool(flag) => text.push(if *flag { 't' } else { 'f' }),
        Value::Int(None) | Value::Real(None) | Value::Text(None) => text.push_str("\\N"),
        Value::Bytes(bytes) => {
            text.push_str("\\\\x");
            for byte in bytes {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                text.push(char::from(DIGITS[usize::from(byte >> 4)]));
                text.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
        Value::Text(Some(content)) => {
            for c in content.chars() {
                match c {
                    '\\' => text.push_str("\\\\"),
                    '\t' => text.push_str("\\t"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    c => text.push(c),
                }
            }
        }
    }
}
