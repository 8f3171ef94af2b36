//! Databases that are made, copied and dropped: files for SQLite, databases of a server for
//! PostgreSQL, by its own programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use fs_err as fs;

/// Where databases are made.
pub(crate) enum Databases {
    Sqlite(PathBuf),
    /// The address of a server's first database.
    Postgres(String),
}

impl Databases {
    pub(crate) fn sqlite(folder: &Path) -> Self {
        Self::Sqlite(folder.to_owned())
    }

    pub(crate) fn postgres(server: &str) -> Self {
        Self::Postgres(server.to_owned())
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// Makes an empty database and gives its address.
    pub(crate) fn create(&self, name: &str) -> anyhow::Result<String> {
        if let Self::Postgres(server) = self {
            program(Command::new("createdb").args(["--maintenance-db", server, &full_name(name)]))?;
        }
        Ok(self.address(name))
    }

    /// Copies a database that nobody uses.
    pub(crate) fn copy(&self, from: &str, to: &str) -> anyhow::Result<String> {
        match self {
            Self::Sqlite(_) => {
                fs::copy(self.address(from), self.address(to))?;
            }
            Self::Postgres(server) => {
                let mut copy = Command::new("createdb");
                copy.args(["--maintenance-db", server, "--template", &full_name(from)]);
                program(copy.arg(full_name(to)))?;
            }
        }
        Ok(self.address(to))
    }

    /// Drops a database.
    pub(crate) fn remove(&self, name: &str) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(_) => {
                for end in ["", "-wal", "-shm"] {
                    let file = self.address(name) + end;
                    if Path::new(&file).exists() {
                        fs::remove_file(file)?;
                    }
                }
                Ok(())
            }
            // A killed import's connection may still be closing.
            Self::Postgres(server) => program(
                Command::new("dropdb")
                    .args(["--force", "--maintenance-db", server])
                    .arg(full_name(name)),
            ),
        }
    }

    fn address(&self, name: &str) -> String {
        match self {
            Self::Sqlite(folder) => folder
                .join(name)
                .with_extension("sqlite")
                .display()
                .to_string(),
            Self::Postgres(server) => with_database(server, &full_name(name)),
        }
    }
}

/// Apart from what others make on the same server.
fn full_name(name: &str) -> String {
    format!("palisade_faults_{}_{name}", std::process::id())
}

/// The address of another database of the same server: `postgres://USER@HOST/NAME?PARAMETERS`.
fn with_database(server: &str, name: &str) -> String {
    let (place, parameters) = server.split_once('?').unwrap_or((server, ""));
    let host_begins = place.find("://").map_or(0, |at| at + 3);
    let host_ends = place[host_begins..]
        .find('/')
        .map_or(place.len(), |at| host_begins + at);
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{}/{name}{mark}{parameters}", &place[..host_ends])
}

fn program(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("start {name}"))?;
    ensure!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server() {
        let address = |server| with_database(server, "x");
        assert_eq!(
            address("postgres://u@h/first?host=/run"),
            "postgres://u@h/x?host=/run"
        );
        assert_eq!(
            address("postgres://u:p@h:5432/first"),
            "postgres://u:p@h:5432/x"
        );
        assert_eq!(address("postgres://h"), "postgres://h/x");
    }
}
