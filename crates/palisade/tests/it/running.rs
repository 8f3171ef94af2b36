//! Programs that run until they are told to end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::support::palisade;

/// A program that was started.
pub(crate) struct Started {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

/// A program that has ended, with what it said since somebody last listened.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) printed: String,
    pub(crate) said: String,
}

impl Started {
    pub(crate) fn new(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Waits for the next line on standard error.
    pub(crate) fn read_said(&mut self, line: &mut String) {
        self.stderr.read_line(line).unwrap();
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id();
        Command::new("sh")
            .args(["-c", &format!("kill -{signal} {id}")])
            .status()
            .unwrap();
    }

    /// Waits for a line on standard error that has this in it.
    pub(crate) fn wait_until_said(&mut self, text: &str) -> String {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "it has ended");
        }
        line
    }

    /// Asks it to end as a system does, and waits until it has.
    pub(crate) fn end(self) -> Ended {
        self.end_by("TERM")
    }

    /// Sends it a signal that ends it, and waits until it has.
    pub(crate) fn end_by(mut self, signal: &str) -> Ended {
        let id = self.child.id();
        self.signal(signal);
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let (mut printed, mut said) = (String::new(), String::new());
            self.stderr.read_to_string(&mut said).unwrap();
            self.stdout.read_to_string(&mut printed).unwrap();
            let status = self.child.wait().unwrap();
            let _ = sender.send(Ended {
                status,
                printed,
                said,
            });
        });
        let ended = receiver.recv_timeout(Duration::from_mins(1));
        ended.unwrap_or_else(|_| panic!("program {id} does not end"))
    }
}

/// A server that is there.
pub(crate) struct Running {
    pub(crate) program: Started,
    /// HOST:PORT at which it serves.
    pub(crate) address: String,
}

impl Running {
    /// Starts `palisade NAME` and waits until it prints its address.
    pub(crate) fn start(name: &str, configure: impl FnOnce(&mut Command)) -> Self {
        let mut command = palisade();
        command.arg(name);
        configure(&mut command);
        let mut program = Started::new(&mut command);
        let mut line = String::new();
        program.stdout.read_line(&mut line).unwrap();
        let address = line
            .strip_prefix("Palisade is at http://")
            .and_then(|rest| rest.strip_suffix("/\n"));
        let Some(address) = address.map(str::to_owned) else {
            panic!("{name} printed {line:?} and said {:?}", program.end().said);
        };
        Self { program, address }
    }

    /// The first line of the answer to a request for the first page.
    pub(crate) fn request(&self) -> String {
        let host = &self.address;
        let answer = self.ask(&format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ));
        answer.lines().next().unwrap_or_default().to_owned()
    }

    /// The whole answer to a request, after which the connection is closed.
    pub(crate) fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Asks it to end as a system does, and waits until it has.
    pub(crate) fn end(self) -> Ended {
        self.program.end()
    }
}
