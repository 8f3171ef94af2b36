//! Whether a database has the schema that this program works with. Nothing is changed here:
//! [`Store::open`] brings a schema up to date.

use crate::migrations::newest;
use crate::{Session, Store, StoreError};

const STEPS: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success";
const TABLES: crate::session::Dialect = crate::session::Dialect {
    sqlite: "SELECT COUNT(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'",
    postgres: "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = '_sqlx_migrations' \
               AND table_schema = ANY (current_schemas(false))",
};

/// How a database's schema stands to this program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// It is the one that this program works with.
    Fits,
    /// It lacks steps; opening the database to work with it takes them.
    Older {
        /// The last step that it has.
        step: i64,
        /// The last step that it would get.
        newest: i64,
    },
    /// A newer program took steps that this one does not know.
    Newer {
        /// The last step that it has.
        step: i64,
        /// The last step that this program knows.
        newest: i64,
    },
    /// It is no database of Palisade, or an empty one.
    Missing,
}

impl Store {
    /// How the schema stands to this program's.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        self.read().await?.schema().await
    }
}

impl Session {
    /// How the schema stands to this program's.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn schema(&mut self) -> Result<Schema, StoreError> {
        let newest = newest();
        if self.number(TABLES).await? == 0 {
            return Ok(Schema::Missing);
        }
        let step = self.number(STEPS).await?;
        Ok(match step.cmp(&newest) {
            std::cmp::Ordering::Equal => Schema::Fits,
            std::cmp::Ordering::Less if step == 0 => Schema::Missing,
            std::cmp::Ordering::Less => Schema::Older { step, newest },
            std::cmp::Ordering::Greater => Schema::Newer { step, newest },
        })
    }

    /// The one number that a statement without parameters gives.
    pub(crate) async fn number(
        &mut self,
        statement: impl Into<crate::session::Dialect>,
    ) -> Result<i64, StoreError> {
        let row = self.query_one(statement, Vec::new()).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }
}

impl std::fmt::Display for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fits => write!(f, "the schema fits"),
            Self::Older { step, newest } => {
                write!(
                    f,
                    "the schema is of step {step}, this Palisade needs {newest}"
                )
            }
            Self::Newer { step, newest } => write!(
                f,
                "the schema is of step {step}, of a newer Palisade; this one knows {newest}"
            ),
            Self::Missing => write!(f, "it has no schema of Palisade"),
        }
    }
}
