//! Opening a database and handing out sessions.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::sync::Semaphore;

use crate::migrations::migrator;
use crate::{Session, StoreError};

/// Rows that SQLite's thread may be ahead of whoever reads them.
const ROWS_WAITING: usize = 2048;

/// A database of Palisade.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pools: Pools,
}

/// Which database a store is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite, in this process.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

#[derive(Debug, Clone)]
pub(crate) enum Pools {
    /// SQLite has one writer; readers never wait for it.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    /// A PostgreSQL server's connections are for readers and for the one whose turn it is to write.
    Postgres { pool: PgPool, turn: Arc<Semaphore> },
}

/// Readers that work at the same time.
const READERS: u32 = 8;

/// How long SQLite waits for another process's writer.
const BUSY: Duration = Duration::from_secs(30);

/// Imports on PostgreSQL take turns: a number that only Palisade's writers lock.
const WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(5784301112)";

impl Store {
    /// Opens the database at an address (a file's path, or `postgres://…`), makes it if it is a
    /// file that does not exist, and brings its schema up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or was written by a newer Palisade.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        if is_server(address) {
            return Self::open_postgres(PgConnectOptions::from_str(address)?).await;
        }
        if address.contains("://") {
            return Err(StoreError::Address {
                address: address.to_owned(),
            });
        }
        Self::open_sqlite(Path::new(address)).await
    }

    /// Opens a database to look at it as it is: its schema is left alone, and a file is only read.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn open_as_it_is(address: &str) -> Result<Self, StoreError> {
        if is_server(address) {
            let pool = connect(PgConnectOptions::from_str(address)?).await?;
            return Ok(Self::on_server(pool));
        }
        // A copy is in no journal mode in particular, which can only be read, not set.
        let options = SqliteConnectOptions::new()
            .filename(address)
            .read_only(true)
            .busy_timeout(BUSY)
            .row_buffer_size(ROWS_WAITING)
            .pragma("cache_size", "-8192")
            .pragma("temp_store", "memory");
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options)
            .await?;
        Ok(Self {
            pools: Pools::Sqlite {
                writer: readers.clone(),
                readers,
            },
        })
    }

    async fn open_postgres(options: PgConnectOptions) -> Result<Self, StoreError> {
        let pool = connect(options).await?;
        migrator(Backend::Postgres).run(&pool).await?;
        Ok(Self::on_server(pool))
    }

    fn on_server(pool: PgPool) -> Self {
        let turn = Arc::new(Semaphore::new(1));
        Self {
            pools: Pools::Postgres { pool, turn },
        }
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .page_size(4096)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY)
            // Each wait of the reading task for SQLite's thread costs more than many rows.
            .row_buffer_size(ROWS_WAITING)
            // 8 MiB of page cache a reader, 12 MiB the writer, at the most.
            .pragma("cache_size", "-8192")
            .pragma("temp_store", "memory");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_hours(1))
            .connect_with(options.clone().pragma("cache_size", "-12288"))
            .await?;
        migrator(Backend::Sqlite).run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Self {
            pools: Pools::Sqlite { writer, readers },
        })
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        match self.pools {
            Pools::Sqlite { .. } => Backend::Sqlite,
            Pools::Postgres { .. } => Backend::Postgres,
        }
    }

    /// Begins a transaction that only reads and sees one state throughout.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read(&self) -> Result<Session, StoreError> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => Ok(Session::sqlite(readers.begin().await?)),
            Pools::Postgres { pool, .. } => {
                const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Ok(Session::postgres(pool.begin_with(SNAPSHOT).await?, None))
            }
        }
    }

    /// Begins a transaction that writes. Writers take turns; what is not committed never was.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn write(&self) -> Result<Session, StoreError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                Ok(Session::sqlite(writer.begin_with("BEGIN IMMEDIATE").await?))
            }
            Pools::Postgres { pool, turn } => {
                // Who waits for the lock has a connection; all who wait would leave none to readers.
                let turn = Arc::clone(turn).acquire_owned().await;
                let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
                let mut transaction = pool.begin().await?;
                sqlx::query(WRITER_LOCK).execute(&mut *transaction).await?;
                Ok(Session::postgres(transaction, Some(turn)))
            }
        }
    }

    /// Lets the database gather what its query planner wants to know, after large changes.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn optimize(&self) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                sqlx::query("PRAGMA optimize").execute(writer).await?;
            }
            Pools::Postgres { pool, .. } => {
                sqlx::query("ANALYZE").execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }
}

fn is_server(address: &str) -> bool {
    address.starts_with("postgres://") || address.starts_with("postgresql://")
}

async fn connect(options: PgConnectOptions) -> Result<PgPool, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(READERS + 1)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options.clone())
        .await;
    match pool {
        // It waits for a server that is about to start, and does not tell for what it waited.
        Err(sqlx::Error::PoolTimedOut) => {
            let refused = PgConnection::connect_with(&options).await.err();
            Err(refused.unwrap_or(sqlx::Error::PoolTimedOut).into())
        }
        pool => Ok(pool?),
    }
}
