//! A process of its own for each job that reads hostile bytes.
//!
//! The parent starts this program again, gives it the job on standard input, and takes the answer
//! from its standard output: so many bytes within so much time, or the process is ended. The child
//! confines itself ([`crate::sandbox`]) before it reads a byte of what is reviewed.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The most bytes of complaints that are shown.
const COMPLAINT: u64 = 8 << 10;

/// What a worker may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long it may run by the clock on the wall.
    pub time: Duration,
    /// The most bytes of an answer.
    pub answer: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_mins(5),
            answer: 1 << 30,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be started or spoken to.
    #[error("run the worker: {0}")]
    Run(#[from] io::Error),
    /// It ran too long and was ended.
    #[error("the worker took longer than {} seconds and was ended", .0.as_secs())]
    Time(Duration),
    /// It answered too much and was ended.
    #[error("the worker answered more than {0} bytes and was ended")]
    Answer(u64),
    /// It said why it could not.
    #[error("{0}")]
    Refused(String),
    /// It ended without a word: by a signal, or for want of memory.
    #[error("the worker ended without an answer ({0})")]
    Ended(ExitStatus),
}

/// Gives a job to a worker and waits for its answer.
pub fn run(mut command: Command, job: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let child = command
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut child = Ending(child);
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (
        child.0.stdin.take(),
        child.0.stdout.take(),
        child.0.stderr.take(),
    ) else {
        return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
    };
    // A child that refuses at once does not read its job; its complaint says more than the pipe's.
    let _ = stdin.write_all(job);
    drop(stdin);
    let answer = collect(stdout, limits.answer + 1);
    let complaint = collect(stderr, COMPLAINT);
    let answer = answer
        .recv_timeout(limits.time)
        .map_err(|_| Error::Time(limits.time))??;
    if answer.len() as u64 > limits.answer {
        return Err(Error::Answer(limits.answer));
    }
    let complaint = complaint
        .recv_timeout(limits.time)
        .map_err(|_| Error::Time(limits.time))??;
    let status = child.0.wait()?;
    if status.success() {
        return Ok(answer);
    }
    match String::from_utf8_lossy(&complaint).trim() {
        "" => Err(Error::Ended(status)),
        said => Err(Error::Refused(said.to_owned())),
    }
}

/// Reads to the end in a thread of its own.
fn collect(reader: impl Read + Send + 'static, limit: u64) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = reader.take(limit).read_to_end(&mut bytes);
        // Nobody waits any more when the time is over.
        let _ = sender.send(read.map(|_| bytes));
    });
    receiver
}

/// A child that does not outlive the wait for it.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_answer_is_what_it_wrote() {
        let answer = run(shell("exec /bin/cat"), b"job", &Limits::default()).unwrap();
        assert_eq!(answer, b"job");
    }

    #[test]
    fn who_takes_too_long_is_ended() {
        let limits = Limits {
            time: Duration::from_millis(50),
            ..Limits::default()
        };
        let result = run(shell("exec /bin/sleep 60"), b"", &limits);
        assert!(matches!(result, Err(Error::Time(_))), "{result:?}");
    }

    #[test]
    fn who_answers_too_much_is_ended() {
        let limits = Limits {
            answer: 1000,
            ..Limits::default()
        };
        let result = run(shell("exec /bin/cat /dev/zero"), b"", &limits);
        assert!(matches!(result, Err(Error::Answer(1000))), "{result:?}");
    }

    #[test]
    fn a_refusal_is_told() {
        let result = run(
            shell("echo no sandbox >&2; exit 2"),
            b"",
            &Limits::default(),
        );
        assert_eq!(result.unwrap_err().to_string(), "no sandbox");
    }
}
