//! Whether what is stored hangs together: the database's own structures, rows that point at rows
//! which are not there, blocks that cannot be read. Finds; repairs nothing.

use std::collections::HashMap;

use crate::block::unpacked_size;
use crate::session::{Session, params};
use crate::store::Backend;
use crate::{Store, StoreError};

/// The database's own check; 20 lines tell enough of one that is broken.
const STRUCTURE: &str = "PRAGMA integrity_check(20)";

/// Blocks that are in memory at once.
const BLOCKS: &str = "SELECT id, bytes FROM block WHERE id > $1 ORDER BY id LIMIT 64";

/// Where the last record of each block ends, by the tables that point into blocks.
const ENDS: [&str; 4] = [
    "SELECT raw_block, MAX(raw_offset + raw_length) FROM advisory GROUP BY raw_block",
    "SELECT facts_block, MAX(facts_offset + facts_length) FROM advisory GROUP BY facts_block",
    "SELECT facts_block, MAX(facts_offset + facts_length) FROM source_package GROUP BY facts_block",
    "SELECT facts_block, MAX(facts_offset + facts_length) FROM package GROUP BY facts_block",
];

/// Bad blocks that are named; the rest is counted.
const NAMED: usize = 20;

/// A column whose value is the key of a row of another table.
struct Pointer {
    /// `TABLE.COLUMN`.
    from: &'static str,
    to: &'static str,
    /// How many point at nothing.
    dangling: &'static str,
}

macro_rules! pointer {
    ($table:literal, $column:literal => $target:literal) => {
        pointer!($table, $column => $target, "id")
    };
    ($table:literal, $column:literal => $target:literal, $key:literal) => {
        Pointer {
            from: concat!($table, ".", $column),
            to: $target,
            // Not a statement before it is put together, hence cut behind its verb.
            dangling: concat!(
                "SELECT", " COUNT(*) FROM ", $table, " a WHERE a.", $column, " IS NOT NULL AND NOT \
                 EXISTS (SELECT 1 FROM ", $target, " b WHERE b.", $key, " = a.", $column, ")"
            ),
        }
    };
}

const POINTERS: &[Pointer] = &[
    pointer!("advisory", "feed_id" => "feed"),
    pointer!("advisory_alias", "advisory_id" => "advisory"),
    pointer!("advisory_key", "advisory_id" => "advisory"),
    pointer!("advisory_vulnerability", "advisory_id" => "advisory"),
    pointer!("advisory_vulnerability", "vulnerability_id" => "vulnerability"),
    pointer!("vulnerability", "lead_advisory" => "advisory"),
    pointer!("repository", "branch_id" => "branch"),
    pointer!("revision", "repository_id" => "repository"),
    pointer!("source_package_key", "source_package_id" => "source_package"),
    pointer!("package", "source_package_id" => "source_package"),
    pointer!("package_interval", "package_id" => "package"),
    pointer!("package_interval", "repository_id" => "repository"),
    pointer!("source_interval", "source_package_id" => "source_package"),
    pointer!("source_interval", "branch_id" => "branch"),
    pointer!("finding", "branch_id" => "branch"),
    pointer!("finding", "source_package_id" => "source_package"),
    pointer!("finding", "vulnerability_id" => "vulnerability"),
    pointer!("event", "branch_id" => "branch"),
    pointer!("import_reject", "import_id" => "import"),
    pointer!("source_part", "source" => "source", "name"),
    pointer!("identity_withdrawal", "statement_id" => "identity_statement"),
    pointer!("review_report", "review_id" => "review"),
    pointer!("review_page", "review_id" => "review"),
    pointer!("review_hunk", "review_id" => "review"),
    pointer!("review_mark", "review_id" => "review"),
];

/// What a check looks at, in the order in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Examined {
    /// The database's own structures: SQLite's, since a PostgreSQL server keeps its own.
    Structure,
    /// Rows that point at others.
    Rows,
    /// Blocks of records.
    Blocks,
}

impl Store {
    /// Looks through everything that is stored and hands over what is wrong, a line each, with what
    /// was looked at. Needs a schema that fits.
    ///
    /// # Errors
    /// When the database cannot be read at all.
    pub async fn check(
        &self,
        mut found: impl FnMut(Examined, String),
        mut begins: impl FnMut(Examined),
    ) -> Result<(), StoreError> {
        let mut session = self.read().await?;
        if self.backend() == Backend::Sqlite {
            begins(Examined::Structure);
            let mut is_broken = false;
            let line = |line| {
                is_broken = true;
                found(Examined::Structure, line);
            };
            session.check_structure(line).await?;
            // What the rows of a broken file say is worth nothing.
            if is_broken {
                return Ok(());
            }
        }
        begins(Examined::Rows);
        for pointer in POINTERS {
            let dangling = session.number(pointer.dangling).await?;
            if dangling > 0 {
                let Pointer { from, to, .. } = pointer;
                let line = format!("{from} points at {to}s that are not there: {dangling} rows");
                found(Examined::Rows, line);
            }
        }
        begins(Examined::Blocks);
        session
            .check_blocks(|line| found(Examined::Blocks, line))
            .await
    }
}

impl Session {
    async fn check_structure(&mut self, mut found: impl FnMut(String)) -> Result<(), StoreError> {
        for row in self.query(STRUCTURE, Vec::new()).await? {
            let line = row.text(0)?;
            if line != "ok" {
                found(line);
            }
        }
        Ok(())
    }

    /// Unpacks every block, and looks whether all that points into it lies within.
    async fn check_blocks(&mut self, mut found: impl FnMut(String)) -> Result<(), StoreError> {
        let mut ends = self.ends_in_blocks().await?;
        let mut bad = 0_usize;
        let mut tell = |line: String| {
            bad += 1;
            if bad <= NAMED {
                found(line);
            }
        };
        let mut last = i64::MIN;
        loop {
            let rows = self.query(BLOCKS, params![last]).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                last = row.int(0)?;
                let end = ends.remove(&last).unwrap_or(0);
                match unpacked_size(last, &row.bytes(1)?) {
                    Err(error) => tell(error.to_string()),
                    Ok(size) if size < end => {
                        tell(format!(
                            "block {last} has {size} bytes, a record ends at {end}"
                        ));
                    }
                    Ok(_) => {}
                }
            }
        }
        for block in ends.keys() {
            tell(format!(
                "block {block} is missing, and records are said to be in it"
            ));
        }
        if bad > NAMED {
            found(format!("{} more blocks are bad", bad - NAMED));
        }
        Ok(())
    }

    async fn ends_in_blocks(&mut self) -> Result<HashMap<i64, i64>, StoreError> {
        let mut ends: HashMap<i64, i64> = HashMap::new();
        for statement in ENDS {
            self.query_each(statement, Vec::new(), |row| {
                let (block, end) = (row.int(0)?, row.int(1)?);
                let known = ends.entry(block).or_default();
                *known = end.max(*known);
                Ok(())
            })
            .await?;
        }
        Ok(ends)
    }
}
