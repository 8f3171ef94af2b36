//! A server that answers each connection with bytes written for it, well-formed or not.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens on one connection.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// These bytes, then the connection is closed.
    Say(Vec<u8>),
    /// These bytes, then the connection is reset or closed in the midst of the body.
    Cut(Vec<u8>),
    /// These bytes, then nothing for as long as somebody waits.
    Hang(Vec<u8>),
    /// These bytes, then zeros without end.
    Flood(Vec<u8>),
}

/// A server with the requests that came to it.
pub(crate) struct Server {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers the first connection by the first step and so on, and the last for ever.
    pub(crate) async fn start(steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let step = steps[usize::min(number, steps.len() - 1)].clone();
                tokio::spawn(answer(stream, step, Arc::clone(&seen)));
            }
        });
        Self { address, requests }
    }

    /// The requests so far, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn answer(mut stream: TcpStream, step: Step, seen: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read_exact(&mut byte).await.is_err() {
            return;
        }
        request.extend(byte);
    }
    let text = String::from_utf8_lossy(&request).to_lowercase();
    seen.lock().unwrap().push(text);
    let (Step::Say(bytes) | Step::Cut(bytes) | Step::Hang(bytes) | Step::Flood(bytes)) = &step;
    if stream.write_all(bytes).await.is_err() {
        return;
    }
    match step {
        Step::Say(_) | Step::Cut(_) => _ = stream.shutdown().await,
        Step::Hang(_) => std::future::pending().await,
        Step::Flood(_) => while stream.write_all(&[b' '; 4096]).await.is_ok() {},
    }
}

/// An answer with a body of the length that it states.
pub(crate) fn ok(headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

/// An answer without a body.
pub(crate) fn bare(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n{headers}\r\n")
        .into_bytes()
}
