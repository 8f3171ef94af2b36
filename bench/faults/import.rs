//! The palisade program, run to its end or not.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// What follows `palisade import`.
pub(crate) type Import = Vec<String>;

/// The program whose imports are killed.
pub(crate) struct Palisade {
    program: PathBuf,
}

impl Palisade {
    /// The given program, or the one that was built beside this one.
    pub(crate) fn find(given: Option<PathBuf>) -> anyhow::Result<Self> {
        let beside = || Some(std::env::current_exe().ok()?.with_file_name("palisade"));
        let program = given.or_else(beside).context("find palisade")?;
        ensure!(
            program.is_file(),
            "there is no {}; build it first",
            program.display()
        );
        Ok(Self { program })
    }

    fn command(&self, database: &str, import: &Import) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--database")
            .arg(database)
            .arg("import")
            .args(import);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs an import to its end and tells how long it took.
    pub(crate) fn run(&self, database: &str, import: &Import) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let output = self
            .command(database, import)
            .output()
            .context("start palisade")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "palisade import {}: {said}",
            import.join(" ")
        );
        Ok(begun.elapsed())
    }

    /// Starts an import and kills it after a time; `false` when it had ended by then.
    pub(crate) fn kill_after(
        &self,
        database: &str,
        import: &Import,
        time: Duration,
    ) -> anyhow::Result<bool> {
        let mut command = self.command(database, import);
        let mut child = command
            .stderr(Stdio::null())
            .spawn()
            .context("start palisade")?;
        std::thread::sleep(time);
        let running = child.try_wait().context("look after palisade")?.is_none();
        // SIGKILL: nothing of the program's runs after it.
        child.kill().context("kill palisade")?;
        child.wait().context("wait for palisade")?;
        Ok(running)
    }
}
