//! `cargo xtask test`: everything that is tested, on SQLite and on PostgreSQL.

use std::process::{Command, ExitCode};

use crate::postgres::{self, Cluster};
use crate::programs::{cargo, has_cargo, status};

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    // Kept until the tests have ended; dropping it stops the server.
    let cluster = postgres::for_tests()?;
    if !has_cargo("nextest") {
        let mut tests = cargo(["test", "--workspace"]);
        return status(with_cluster(tests.args(arguments), cluster.as_ref()));
    }
    if arguments.is_empty() {
        // First, so that the last line is that of the tests proper.
        let mut examples = cargo(["test", "--workspace", "--doc", "--quiet"]);
        let done = status(with_cluster(&mut examples, cluster.as_ref()))?;
        if done != ExitCode::SUCCESS {
            return Ok(done);
        }
    }
    let mut tests = cargo(["nextest", "run", "--workspace"]);
    status(with_cluster(tests.args(arguments), cluster.as_ref()))
}

fn with_cluster<'a>(command: &'a mut Command, cluster: Option<&Cluster>) -> &'a mut Command {
    match cluster {
        Some(cluster) => command.env(postgres::VARIABLE, cluster.address()),
        None => command,
    }
}
