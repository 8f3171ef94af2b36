//! Servers of Git repositories over HTTP: one that serves, and one that sends everybody on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Sends everybody on to another address, and counts them.
pub(crate) async fn sending_on(to: &str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/old.git", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let (counted, to) = (Arc::clone(&count), to.to_owned());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let answer = format!(
                "HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\nConnection: close\r\n\
                 Location: {to}/info/refs?service=git-upload-pack\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, count)
}

/// Serves a repository as Git's own servers do, by its smart protocol over HTTP.
pub(crate) async fn serve(repository: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/guix.git", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            answer(stream, &repository).await;
        }
    });
    address
}

async fn answer(mut stream: TcpStream, repository: &Path) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let chunked = header("transfer-encoding").is_some();
    let length: usize = header("content-length").map_or(0, |it| it.parse().unwrap());
    let request = if chunked {
        dechunk(&mut stream).await
    } else {
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        body
    };
    let is_advertised = head.starts_with("GET");
    let mut command = Command::new("git");
    command.args(["upload-pack", "--stateless-rpc"]);
    if is_advertised {
        command.arg("--advertise-refs");
    }
    command
        .arg(repository)
        .env("GIT_PROTOCOL", header("git-protocol").unwrap_or_default());
    let input = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(input.path(), &request).unwrap();
    command.stdin(input.reopen().unwrap());
    let output = command.output().unwrap().stdout;
    let (kind, before): (_, &[u8]) = if is_advertised {
        ("advertisement", b"001e# service=git-upload-pack\n0000")
    } else {
        ("result", b"")
    };
    let length = before.len() + output.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-{kind}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let answer = [head.as_bytes(), before, &output].concat();
    let _ = stream.write_all(&answer).await;
}

async fn dechunk(stream: &mut TcpStream) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(stream.read_u8().await.unwrap());
        }
        let size = String::from_utf8(line).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await.unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&chunk[..size]);
    }
}
