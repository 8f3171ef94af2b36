//! Databases of either kind that the program is run on, and a look into them past it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use palisade_store::{Session, Store};

/// The variable with the address of a PostgreSQL server in which databases may be made.
const SERVER: &str = "PALISADE_TEST_POSTGRES";

/// Runs a test on a new database of each kind, by its address.
pub(crate) fn on_each(test: impl Fn(&str)) {
    let folder = tempfile::tempdir().unwrap();
    test(folder.path().join("test.sqlite").to_str().unwrap());
    match server() {
        Some(server) if has_programs() => on_postgres(&server, &test),
        Some(_) => eprintln!("skipped on PostgreSQL: there is no createdb"),
        None => eprintln!("skipped on PostgreSQL: {SERVER} is not set"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests learn of the server by the environment"
)]
fn server() -> Option<String> {
    std::env::var(SERVER).ok()
}

fn has_programs() -> bool {
    let version = Command::new("createdb").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

fn on_postgres(server: &str, test: &impl Fn(&str)) {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("palisade_command_{}_{number}", std::process::id());
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).args(["--maintenance-db", server]);
        assert!(command.arg(&name).status().unwrap().success(), "{program}");
    };
    run("createdb", &[]);
    // The database goes when the test has failed, too.
    let address = with_database(server, &name);
    let done = catch_unwind(AssertUnwindSafe(|| test(&address)));
    run("dropdb", &["--force"]);
    if let Err(panic) = done {
        eprintln!("the test failed on PostgreSQL");
        resume_unwind(panic);
    }
}

/// The address of another database of the same server: `postgres://USER@HOST/NAME?PARAMETERS`.
fn with_database(server: &str, name: &str) -> String {
    let (place, parameters) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = place.split_once("://").unwrap();
    let host = rest.split('/').next().unwrap();
    format!("{scheme}://{host}/{name}?{parameters}")
}

/// Does something with a database in one transaction of a writer.
pub(crate) fn with<T>(address: &str, work: impl AsyncFnOnce(&mut Session) -> T) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open(address).await.unwrap();
        let mut session = store.write().await.unwrap();
        let value = work(&mut session).await;
        session.commit().await.unwrap();
        store.close().await;
        value
    })
}
