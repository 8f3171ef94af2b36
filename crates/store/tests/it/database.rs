//! Databases for tests: each test gets a new one of every kind, and leaves none behind.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use palisade_store::{Backend, Content, Session, Store, StoreError};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use tokio::runtime::Runtime;

/// The variable with the address of a PostgreSQL server in which databases may be made.
const SERVER: &str = "PALISADE_TEST_POSTGRES";

/// A new database and a way to wait for it.
pub(crate) struct Database {
    pub(crate) store: Store,
    address: String,
    runtime: Runtime,
}

/// Runs a test on a new database of each kind.
pub(crate) fn on_each(test: impl Fn(&Database)) {
    on_sqlite(&test);
    let Some(server) = server() else {
        static SAID: Once = Once::new();
        SAID.call_once(|| eprintln!("skipped on PostgreSQL: {SERVER} is not set"));
        return;
    };
    on_postgres(&server, &test);
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests learn of the server by the environment"
)]
fn server() -> Option<String> {
    std::env::var(SERVER).ok()
}

fn on_sqlite(test: &impl Fn(&Database)) {
    let folder = tempfile::tempdir().unwrap();
    test(&Database::open(
        folder.path().join("test.sqlite").to_str().unwrap(),
    ));
}

fn on_postgres(server: &str, test: &impl Fn(&Database)) {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("palisade_test_{}_{number}", std::process::id());
    let runtime = runtime();
    let run = |statement: String| {
        runtime.block_on(async {
            let mut connection = sqlx::PgConnection::connect(server).await.unwrap();
            connection.execute(AssertSqlSafe(statement)).await.unwrap();
            connection.close().await.unwrap();
        });
    };
    run(format!("CREATE DATABASE {name}"));
    // The database goes when the test has failed, too.
    let address = with_database(server, &name);
    let done = catch_unwind(AssertUnwindSafe(|| test(&Database::open(&address))));
    run(format!("DROP DATABASE {name} WITH (FORCE)"));
    if let Err(panic) = done {
        eprintln!("the test failed on PostgreSQL");
        resume_unwind(panic);
    }
}

/// The address of another database of the same server.
fn with_database(server: &str, name: &str) -> String {
    let options: sqlx::postgres::PgConnectOptions = server.parse().unwrap();
    let mut url = options.database(name).to_url_lossy();
    // The host of a socket's folder is written as a parameter by some and as a host by others.
    if let Some((_, parameters)) = server.split_once('?') {
        url.set_query(Some(parameters));
    }
    url.to_string()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

impl Database {
    fn open(address: &str) -> Self {
        let runtime = runtime();
        let store = runtime.block_on(Store::open(address)).unwrap();
        Self {
            store,
            address: address.to_owned(),
            runtime,
        }
    }

    /// Opens the same database once more.
    pub(crate) fn open_again(&self) -> Result<Store, StoreError> {
        self.wait(Store::open(&self.address))
    }

    /// Waits for something.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Writes in one transaction.
    pub(crate) fn write<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, StoreError>,
    ) -> T {
        self.wait(async {
            let mut session = self.store.write().await.unwrap();
            let value = work(&mut session).await.unwrap();
            session.commit().await.unwrap();
            value
        })
    }

    /// Reads in one transaction.
    pub(crate) fn read<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, StoreError>,
    ) -> T {
        self.wait(async {
            let mut session = self.store.read().await.unwrap();
            work(&mut session).await.unwrap()
        })
    }

    /// What the store says.
    pub(crate) fn content(&self) -> Content {
        self.read(async |session| session.content().await)
    }

    /// Runs a statement past the store.
    pub(crate) fn execute(&self, statement: &'static str) {
        self.wait(async {
            match self.store.backend() {
                Backend::Sqlite => {
                    let mut connection = self.sqlite().await;
                    connection.execute(statement).await.unwrap();
                }
                Backend::Postgres => {
                    let mut connection = sqlx::PgConnection::connect(&self.address).await.unwrap();
                    connection.execute(statement).await.unwrap();
                }
            }
        });
    }

    /// Prepares a statement past the store, without running it.
    pub(crate) fn prepare(&self, statement: &str) -> Result<(), sqlx::Error> {
        let statement = AssertSqlSafe(statement.to_owned());
        self.wait(async {
            match self.store.backend() {
                Backend::Sqlite => {
                    let mut connection = self.sqlite().await;
                    connection
                        .prepare(sqlx::SqlSafeStr::into_sql_str(statement))
                        .await?;
                }
                Backend::Postgres => {
                    let mut connection = sqlx::PgConnection::connect(&self.address).await?;
                    connection
                        .prepare(sqlx::SqlSafeStr::into_sql_str(statement))
                        .await?;
                }
            }
            Ok(())
        })
    }

    /// How the database would find what a statement asks for.
    pub(crate) fn plan(&self, statement: &str) -> String {
        self.wait(async {
            match self.store.backend() {
                Backend::Sqlite => {
                    let text = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
                    let rows = sqlx::query(text).fetch_all(&mut self.sqlite().await).await;
                    let lines = rows.unwrap();
                    lines.iter().map(|row| row.get::<String, _>(3)).collect()
                }
                Backend::Postgres => {
                    let mut connection = sqlx::PgConnection::connect(&self.address).await.unwrap();
                    let text = AssertSqlSafe(format!("EXPLAIN {statement}"));
                    let rows = sqlx::query(text).fetch_all(&mut connection).await;
                    let lines = rows.unwrap();
                    lines.iter().map(|row| row.get::<String, _>(0)).collect()
                }
            }
        })
    }

    /// Asks past the store: rows of numbers.
    pub(crate) fn numbers(&self, statement: &'static str) -> Vec<Vec<Option<i64>>> {
        self.wait(async {
            match self.store.backend() {
                Backend::Sqlite => {
                    let rows = sqlx::query(statement)
                        .fetch_all(&mut self.sqlite().await)
                        .await;
                    rows.unwrap()
                        .iter()
                        .map(|row| (0..row.len()).map(|at| row.get(at)).collect())
                        .collect()
                }
                Backend::Postgres => {
                    let mut connection = sqlx::PgConnection::connect(&self.address).await.unwrap();
                    let rows = sqlx::query(statement)
                        .fetch_all(&mut connection)
                        .await
                        .unwrap();
                    rows.iter()
                        .map(|row| (0..row.len()).map(|at| row.get(at)).collect())
                        .collect()
                }
            }
        })
    }

    async fn sqlite(&self) -> sqlx::SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&self.address);
        options.connect().await.unwrap()
    }

    /// Every row of every table with every column, the numbers of rows and times included.
    pub(crate) fn dump(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for table in tables() {
            lines.extend(
                self.rows_of(table)
                    .into_iter()
                    .map(|row| format!("{table}: {row}")),
            );
        }
        lines.sort_unstable();
        lines
    }

    fn rows_of(&self, table: &str) -> Vec<String> {
        self.wait(async {
            match self.store.backend() {
                Backend::Sqlite => {
                    let mut connection = self.sqlite().await;
                    let columns = format!(
                        "SELECT group_concat('quote(' || name || ')', '||'' | ''||') \
                         FROM pragma_table_info('{table}')"
                    );
                    let columns: String = sqlx::query_scalar(AssertSqlSafe(columns))
                        .fetch_one(&mut connection)
                        .await
                        .unwrap();
                    let rows = format!("SELECT {columns} FROM {table}");
                    sqlx::query_scalar(AssertSqlSafe(rows))
                        .fetch_all(&mut connection)
                        .await
                        .unwrap()
                }
                Backend::Postgres => {
                    let mut connection = sqlx::PgConnection::connect(&self.address).await.unwrap();
                    let rows = format!("SELECT t::text FROM {table} AS t");
                    sqlx::query_scalar(AssertSqlSafe(rows))
                        .fetch_all(&mut connection)
                        .await
                        .unwrap()
                }
            }
        })
    }
}

/// All tables whose content is the same however it came there, as the migrations make them.
pub(crate) fn tables() -> Vec<&'static str> {
    const SCHEMA: [&str; 2] = [
        include_str!("../../migrations/sqlite/0001_foundation.sql"),
        include_str!("../../migrations/sqlite/0003_identities.sql"),
    ];
    let made = SCHEMA
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.strip_prefix("CREATE TABLE "));
    made.filter_map(|rest| rest.split(' ').next()).collect()
}
