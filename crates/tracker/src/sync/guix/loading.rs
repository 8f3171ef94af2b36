//! Runs the program that prints an inventory, within limits of time and output, and keeps what it
//! says on standard error.

use std::io::BufRead;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use palisade_formats::guix_inventory;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::GuixChannel;
use crate::git::Commit;

/// How much of what the program says is kept, from its end.
const LOG_BYTES: usize = 256 << 10;

/// The longest header.
const HEADER_BYTES: u64 = 64 << 10;

/// Why there is no inventory.
pub(super) enum LoadError {
    /// The program cannot be started, whatever the revision.
    Start(String),
    /// It failed with this revision.
    Revision(String),
}

/// A program and all that it started: ended with this.
struct Running {
    child: Child,
    group: Option<Pid>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Those that ended already are no longer there.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs the program for a commit; its output goes to one file, and what it says to another.
pub(super) async fn load(
    channel: &GuixChannel,
    command: &[String],
    folder: &Path,
    commit: &Commit,
    output: &Path,
    log: &Path,
) -> Result<(), LoadError> {
    let limit = channel.time_limit;
    let mut running = start(command, folder)?;
    let mut said = Vec::new();
    let printed = print(&mut running, channel.output_limit, output, &mut said);
    let ended = tokio::time::timeout(limit, printed).await;
    drop(running);
    // A log that cannot be kept is no reason to lose the revision.
    let _ = fs_err::write(log, &said);
    let ended = ended.unwrap_or_else(|_| {
        let limit = jiff::SignedDuration::try_from(limit).unwrap_or_default();
        Err(format!("the loader was not done within {limit:#}"))
    });
    let status = ended.map_err(LoadError::Revision)?;
    if !status.success() {
        let log = log.file_name().unwrap_or_default().display();
        return Err(LoadError::Revision(format!(
            "the loader failed ({status}); what it said is in {log} in the cache"
        )));
    }
    check(output, commit).map_err(LoadError::Revision)
}

fn start(command: &[String], folder: &Path) -> Result<Running, LoadError> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(LoadError::Start("it has no loader".to_owned()));
    };
    let child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // All that it starts ends with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let child = child.map_err(|error| {
        LoadError::Start(format!("the loader {program:?} cannot be started: {error}"))
    })?;
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let group = id.and_then(Pid::from_raw);
    Ok(Running { child, group })
}

/// Writes down what is printed until the program ends.
async fn print(
    running: &mut Running,
    limit: u64,
    output: &Path,
    said: &mut Vec<u8>,
) -> Result<ExitStatus, String> {
    let stdout = running.child.stdout.take();
    let stderr = running.child.stderr.take();
    let written = async {
        match stdout {
            Some(stdout) => write(stdout, limit, output).await,
            None => Ok(()),
        }
    };
    let kept = async {
        if let Some(stderr) = stderr {
            keep(stderr, said).await;
        }
        Ok(())
    };
    tokio::try_join!(written, kept)?;
    let status = running.child.wait().await;
    status.map_err(|error| format!("the loader's end is not known: {error}"))
}

async fn write(mut from: impl AsyncRead + Unpin, limit: u64, output: &Path) -> Result<(), String> {
    use std::io::Write;
    let failed = |error: std::io::Error| format!("what the loader prints cannot be kept: {error}");
    let mut file = fs_err::File::create(output).map_err(failed)?;
    let (mut bytes, mut left) = (vec![0; 64 << 10], limit);
    loop {
        let count = from.read(&mut bytes).await.map_err(failed)?;
        if count == 0 {
            return file.sync_all().map_err(failed);
        }
        left = left.checked_sub(count as u64).ok_or_else(|| {
            let limit = limit >> 20;
            format!("the loader printed more than {limit} MiB")
        })?;
        file.write_all(&bytes[..count]).map_err(failed)?;
    }
}

/// Keeps the end of what is said.
async fn keep(mut from: impl AsyncRead + Unpin, said: &mut Vec<u8>) {
    let mut bytes = vec![0; 8 << 10];
    while let Ok(count) = from.read(&mut bytes).await {
        if count == 0 {
            break;
        }
        said.extend_from_slice(&bytes[..count]);
        if said.len() > 2 * LOG_BYTES {
            said.drain(..said.len() - LOG_BYTES);
        }
    }
    let over = said.len().saturating_sub(LOG_BYTES);
    said.drain(..over);
}

/// Checks that an inventory has a header, without which nobody would notice that it is cut, and that
/// it is not of another commit.
fn check(output: &Path, commit: &Commit) -> Result<(), String> {
    use std::io::Read;
    let failed = |error: std::io::Error| format!("what the loader printed cannot be read: {error}");
    let file = fs_err::File::open(output).map_err(failed)?;
    let mut line = Vec::new();
    let mut reader = std::io::BufReader::new(file).take(HEADER_BYTES);
    reader.read_until(b'\n', &mut line).map_err(failed)?;
    let Some(head) = guix_inventory::head(&line) else {
        return Err("the loader printed no inventory: it has no header".to_owned());
    };
    match head.revision {
        Some(told) if !told.starts_with(&commit.name) && !commit.name.starts_with(&told) => Err(
            format!("the loader printed the packages of another commit, {told}"),
        ),
        _ => Ok(()),
    }
}
