//! Reviews of merge requests as the server has them made: by this program, started again as
//! `palisade review patch` in a process of its own, which in turn has sources read by a confined one.
//!
//! What a patch makes a process do ends with the process: the server only takes its answer.

use std::path::Path;
use std::process::Stdio;

use palisade_review::patch::PatchReport;
use palisade_tracker::reviews::{Examination, Examine, Forge, NotExamined};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// Bytes of an answer at the most, and of what is said beside it.
const ANSWER: u64 = 256 << 20;
const SAID: u64 = 64 << 10;

/// Variables that the process keeps. Tokens may stand in others.
const KEPT: [&str; 10] = [
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "NO_PROXY",
    "PATH",
    "RUST_LOG",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
];

/// Has patches examined by this program.
pub(crate) struct Examiner {
    /// The database that knows what branches have.
    pub(crate) database: String,
}

impl Examine for Examiner {
    async fn examine(&self, patch: &Path, forge: &Forge) -> Result<Examination, NotExamined> {
        let mut log = String::new();
        if let Some(tree) = &forge.tree {
            match self.examined(patch, forge, Some(tree)).await {
                // The tree may be behind the request, or not be there.
                Err(NotExamined::Ever(why)) => {
                    log = format!("With the tree: {why}\nSeen without it.\n");
                }
                other => return other,
            }
        }
        let seen = self.examined(patch, forge, None).await?;
        let log = format!("{log}{}", seen.log);
        Ok(Examination { log, ..seen })
    }
}

impl Examiner {
    async fn examined(
        &self,
        patch: &Path,
        forge: &Forge,
        tree: Option<&str>,
    ) -> Result<Examination, NotExamined> {
        let broken =
            |error: std::io::Error| NotExamined::ForNow(format!("run the review: {error}"));
        let mut command = command(patch, forge, tree).map_err(broken)?;
        command
            .env_clear()
            .envs(kept())
            // An address may have a password in it, which no argument should have.
            .env("PALISADE_DATABASE", &self.database)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut running = Running(command.spawn().map_err(broken)?);
        let (stdout, stderr) = (running.0.stdout.take(), running.0.stderr.take());
        let (answer, said) = tokio::join!(read(stdout, ANSWER), hear(stderr, SAID));
        let answer = answer.map_err(broken)?;
        if answer.len() as u64 > ANSWER {
            let why = format!("the report has more than {ANSWER} bytes");
            return Err(NotExamined::Ever(why));
        }
        let said = said.map_err(broken)?;
        let status = running.0.wait().await.map_err(broken)?;
        let hidden = [
            (patch.display().to_string(), "the patch"),
            (tree.unwrap_or_default().to_owned(), "the tree"),
            (self.database.clone(), "the database"),
        ];
        let said = without(&hidden, &String::from_utf8_lossy(&said));
        match status.code() {
            Some(0 | 1) => {
                let mut report: PatchReport = serde_json::from_slice(&answer)
                    .map_err(|error| NotExamined::Ever(format!("read the report: {error}")))?;
                hide_places(&mut report);
                Ok(Examination { report, log: said })
            }
            Some(_) => Err(NotExamined::Ever(said.trim().to_owned())),
            // For want of memory, for example.
            None => Err(NotExamined::ForNow(format!(
                "the review ended without an answer ({status})"
            ))),
        }
    }
}

/// The one place that knows how `palisade review patch` is asked.
fn command(patch: &Path, forge: &Forge, tree: Option<&str>) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["review", "patch", "--format", "json"]);
    if let Some(tree) = tree {
        command.args(["--tree", tree]);
    }
    if let Some(folder) = &forge.sources {
        command.arg("--sources").arg(folder);
    }
    if forge.offline {
        command.arg("--offline");
    }
    if let Some(branch) = &forge.branch {
        command.args(["--branch", &branch.to_string()]);
    }
    command.arg("--").arg(patch);
    Ok(command)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the binary hands its environment on, without secrets"
)]
fn kept() -> impl Iterator<Item = (&'static str, String)> {
    KEPT.into_iter()
        .filter_map(|name| Some((name, std::env::var(name).ok()?)))
}

/// What is written, up to one byte more than may be.
async fn read(reader: Option<impl AsyncRead + Unpin>, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(reader) = reader {
        reader.take(most + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// What is said, to so many bytes. The rest is heard all the same: who is not heard waits for ever.
async fn hear(reader: Option<impl AsyncRead + Unpin>, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut reader) = reader {
        (&mut reader).take(most).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut reader, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

/// What was said, without where things are on this machine: everybody may read it.
fn without(hidden: &[(String, &str)], said: &str) -> String {
    let hidden = hidden.iter().filter(|(place, _)| !place.is_empty());
    hidden.fold(said.to_owned(), |said, (place, name)| {
        said.replace(place, name)
    })
}

/// Takes from a report where files were on this machine, and leaves their names.
fn hide_places(report: &mut PatchReport) {
    let name = |place: &str| place.rsplit('/').next().unwrap_or_default().to_owned();
    let sources = report.packages.iter_mut().flat_map(|it| &mut it.sources);
    for source in sources {
        // What was fetched is told by its address.
        for from in source.from.iter_mut().filter(|from| from.starts_with('/')) {
            *from = format!("the server's folder of sources: {}", name(from));
        }
        let Some(review) = &mut source.review else {
            continue;
        };
        for side in ["old", "new"] {
            if let Some(place) = review[side]["name"].as_str() {
                review[side]["name"] = name(place).into();
            }
        }
    }
}

/// A process that does not outlive the wait for it, nor do those that it started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // None any more once it has ended.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            // It may end just now.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn who_says_much_is_heard_to_the_end() {
        let (mut speaker, listener) = tokio::io::duplex(4);
        let speaking = async move { speaker.write_all(b"0123456789").await.unwrap() };
        let ((), heard) = tokio::join!(speaking, hear(Some(listener), 3));
        assert_eq!(heard.unwrap(), b"012");
    }

    #[test]
    fn places_on_this_machine_are_not_told() {
        let hidden = [
            ("/tmp/x/request.patch".to_owned(), "the patch"),
            (String::new(), "the tree"),
        ];
        let said = without(&hidden, "error: read /tmp/x/request.patch: no\n");
        assert_eq!(said, "error: read the patch: no\n");
    }
}
